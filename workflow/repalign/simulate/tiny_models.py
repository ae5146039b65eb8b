"""Tiny models with fixed random weights, in the folders and formats of real ones.

They go through all that real models go through, from the registry to the features. Their numbers
mean nothing: a matrix has independent normal entries with variance 1 / fan-in, so activity neither
fades nor grows from layer to layer, and different pictures and captions stay different.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from repalign.models.libraries import import_timm, import_torch, import_transformers
from repalign.models.registry import COLUMNS
from repalign.models.weight_files import files_digest, weight_files
from repalign.simulate.scenes import make_scene
from repalign.simulate.seeds import stream
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.tiny_tokenizers import bloom_tokenizer, gemma_tokenizer, llama_tokenizer
from repalign.simulate.truth import write_models_manifest
from repalign.tables.atomic import atomic_folder

WIDTH = 32
LAYER_SCALE = 0.5
"""Instead of the 1e-5 that training starts from, with which blocks would pass on their input."""


@dataclass(frozen=True)
class TinyVision:
    """A vision transformer: an architecture of timm, made small."""

    name: str
    family: str
    architecture: str
    options: dict[str, Any]


@dataclass(frozen=True)
class TinyLanguage:
    """A causal language model: a type of transformers, made small, and its tokenizer."""

    name: str
    family: str
    architecture: str
    options: dict[str, Any]
    tokenizer: Callable[[list[str]], Any]


VISION = (
    TinyVision(
        "vit_sim_plain", "Sim-AugReg", "vit_tiny_patch16_224",
        {"img_size": 48, "depth": 3, "num_classes": 10},
    ),
    TinyVision(
        "vit_sim_mae", "Sim-MAE", "vit_base_patch16_224",
        {"img_size": 64, "depth": 4, "num_classes": 0},
    ),
    TinyVision(
        "vit_sim_dinov2", "Sim-DINOv2", "vit_small_patch14_dinov2",
        {"img_size": 56, "depth": 2, "num_classes": 0},
    ),
)  # fmt: skip
_HEADS = {"num_attention_heads": 2, "num_key_value_heads": 2}
LANGUAGE = (
    TinyLanguage(
        "sim-llama", "Sim-Llama", "llama",
        {"num_hidden_layers": 3, "intermediate_size": 64, **_HEADS}, llama_tokenizer,
    ),
    TinyLanguage("sim-bloom", "Sim-Bloom", "bloom", {"n_layer": 2, "n_head": 2}, bloom_tokenizer),
    TinyLanguage(
        "sim-gemma-2", "Sim-Gemma-2", "gemma2",
        {"num_hidden_layers": 3, "intermediate_size": 64, "head_dim": 16,
         "query_pre_attn_scalar": 16, **_HEADS},
        gemma_tokenizer,
    ),
)  # fmt: skip


def make_tiny_models(folder: Path | str, settings: NsdSimulation) -> None:
    """Write tiny models and their registry; an existing folder is replaced as a whole.

    Parameters
    ----------
    folder : Path or str
        The folder to make, with a folder for each model and `models.tsv`, whose paths begin
        with `folder` as it is given. It appears only when everything is written.
    settings : NsdSimulation
        The simulated dataset that the models are for. Its seed is that of the weights, and the
        tokenizers learn from its captions. Equal settings give equal bytes.

    Raises
    ------
    RepalignError
        If the packages that run models are not installed.
    """
    import_timm()
    scenes = (make_scene(settings.seed, number) for number in range(settings.n_images))
    captions = [caption for scene in scenes for caption in scene.captions]
    with atomic_folder(folder) as root:
        for vision in VISION:
            _save_vision(vision, root / vision.name, settings.seed)
        for language in LANGUAGE:
            _save_language(language, root / language.name, captions, settings.seed)
        lines = ["\t".join(COLUMNS), *_registry_rows(root, Path(folder).as_posix())]
        (root / "models.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        # Weight files are written for their owner alone.
        for path in root.rglob("*.safetensors"):
            shutil.copymode(root / "models.tsv", path)
        write_models_manifest(root, settings)


def _registry_rows(root: Path, place: str) -> Iterator[str]:
    """Yield the row of each model in `root`, which will be `place`."""
    for model in (*VISION, *LANGUAGE):
        kind = ("vision", "timm", "cls")
        if isinstance(model, TinyLanguage):
            kind = ("language", "causal-lm", "avg")
        modality, library, pool = kind
        digest = files_digest(weight_files(root / model.name))
        origin = ("local-dir", f"{place}/{model.name}", "", digest)
        names = (model.name, f"{model.family}, tiny", model.family, modality, library)
        yield "\t".join([*names, *origin, pool, "no", "yes"])


def _save_vision(model: TinyVision, folder: Path, seed: int) -> None:
    """Save a vision model as timm does for the hub."""
    timm = import_timm()
    size = model.options["img_size"]
    module = timm.create_model(
        model.architecture,
        embed_dim=WIDTH,
        num_heads=2,
        pretrained_cfg_overlay={"input_size": (3, size, size)},
        **model.options,
    )
    _draw_weights(module, seed, model.name)
    timm.models.save_for_hf(module, str(folder), safe_serialization=True)


def _save_language(model: TinyLanguage, folder: Path, captions: list[str], seed: int) -> None:
    """Save a language model and its tokenizer as transformers does."""
    transformers = import_transformers()
    tokenizer = model.tokenizer(captions)
    marks = {
        f"{name}_token_id": getattr(tokenizer, f"{name}_token_id")
        for name in ("bos", "eos", "pad")
    }
    config = transformers.AutoConfig.for_model(
        model.architecture, vocab_size=len(tokenizer), hidden_size=WIDTH, **marks, **model.options
    )
    module = transformers.AutoModelForCausalLM.from_config(config)
    _draw_weights(module, seed, model.name)
    module.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _draw_weights(module: Any, seed: int, name: str) -> None:  # noqa: ANN401
    """Fill a module by NumPy's generator, whose numbers do not depend on PyTorch's version.

    Norms keep the values they start with, which are the identity.
    """
    torch = import_torch()
    with torch.no_grad():
        for number, (parameter_name, parameter) in enumerate(sorted(module.named_parameters())):
            shape = tuple(parameter.shape)
            if parameter_name.endswith("gamma"):
                parameter.fill_(LAYER_SCALE)
            elif len(shape) > 1:
                rng = stream(seed, f"weights of {name}", number)
                values = rng.standard_normal(shape) / math.sqrt(math.prod(shape[1:]))
                parameter.copy_(torch.from_numpy(values.astype(np.float32)))
            elif parameter_name.endswith("bias"):
                parameter.zero_()
