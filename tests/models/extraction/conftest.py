"""Small models of the families of the registry, pictures and captions for them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repalign.models.libraries import import_timm, import_torch
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.tiny_models import make_tiny_models

SMALL = {"depth": 3, "embed_dim": 32, "num_heads": 4}
VISION = {
    "plain": ("vit_tiny_patch16_224.augreg_in21k", {"img_size": 48}),
    "mae": ("vit_base_patch16_224.mae", {"img_size": 64}),
    "averaged": ("vit_base_patch16_224.mae", {"img_size": 48, "global_pool": "avg"}),
    "dinov2": ("vit_base_patch14_dinov2.lvd142m", {"img_size": 56}),
    "registers": ("vit_small_patch14_reg4_dinov2.lvd142m", {"img_size": 56}),
    "clip": ("vit_base_patch16_clip_224.laion2b", {"img_size": 48}),
    "clip-ft": ("vit_base_patch16_clip_224.laion2b_ft_in12k", {"img_size": 48}),
    "pe-core": ("vit_pe_core_large_patch14_336.fb", {"img_size": 56}),
    "siglip": ("vit_so400m_patch14_siglip_378.v2_webli", {"img_size": 56}),
}
"""Architectures of the registry, made small."""


def make_vit(name: str):
    """Make a small vision model with random weights, and say how it prepares pictures."""
    timm, torch = import_timm(), import_torch()
    model, options = VISION[name]
    torch.manual_seed(1)
    size = options["img_size"]
    overlay = {"input_size": (3, size, size)}
    module = timm.create_model(model, pretrained_cfg_overlay=overlay, **SMALL, **options)
    with torch.no_grad():
        # As trained: no part is switched off, as registers and scales of a new model are.
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return module.eval(), timm.data.resolve_model_data_config(module)


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Seven pictures of different shapes."""
    rng = np.random.default_rng(0)
    shapes = [(60, 60), (80, 60), (40, 90), (64, 64), (60, 60), (200, 100), (70, 71)]
    return [
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).resize(shape, Image.BICUBIC)
        for shape in shapes
    ]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """Folder of the tiny models that belong to the simulated NSD."""
    folder = tmp_path_factory.mktemp("tiny") / "models"
    make_tiny_models(folder, NsdSimulation())
    return folder


@pytest.fixture(autouse=True)
def without_gradients():
    with import_torch().inference_mode():
        yield
