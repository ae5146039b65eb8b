"""Features of pictures equal timm's own intermediate features, in any batch."""

import json

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models.libraries import import_timm, import_torch
from repalign.models.vision import Vision

from .conftest import VISION, make_vit

WITH_CLASS_TOKEN = sorted(set(VISION) - {"siglip"})


def intermediates(module, batch, pool):
    """Layers as timm's documented function returns them, pooled by definition."""
    found = module.forward_intermediates(
        batch,
        norm=False,
        return_prefix_tokens=True,
        intermediates_only=True,
        output_fmt="NLC",
    )
    pairs = [layer if isinstance(layer, tuple) else (layer, None) for layer in found]
    if pool == "cls":
        return np.stack([prefix[:, 0].numpy() for _, prefix in pairs], axis=1)
    return np.stack([patches.mean(dim=1).numpy() for patches, _ in pairs], axis=1)


@pytest.mark.parametrize("pool", ["cls", "avg"])
@pytest.mark.parametrize("name", WITH_CLASS_TOKEN)
def test_hooks_give_the_librarys_intermediate_features_exactly(name, pool, pictures):
    timm, torch = import_timm(), import_torch()
    module, config = make_vit(name)
    prepare = timm.data.create_transform(**config, is_training=False)
    batch = torch.stack([prepare(picture) for picture in pictures])
    found = Vision(module, config, pool).features(pictures)
    assert found.shape == (len(pictures), 3, 32)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, intermediates(module, batch, pool))
    # Blocks do something, and pictures differ: equality is no accident.
    assert np.abs(np.diff(found, axis=1)).max() > 0.1
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_the_mean_leaves_out_class_and_register_tokens(pictures):
    module, config = make_vit("registers")
    assert module.num_prefix_tokens == 5
    tokens = []
    handle = module.blocks[1].register_forward_hook(lambda *parts: tokens.append(parts[2]))
    found = Vision(module, config, "avg").features(pictures[:2])
    handle.remove()
    # 56 / 14 = 4 x 4 patches.
    assert tokens[0].shape[1] == 5 + 16
    np.testing.assert_allclose(found[:, 1], tokens[0][:, 5:].mean(dim=1), atol=1e-6)


def test_features_are_those_before_the_final_norm(pictures):
    torch = import_torch()
    module, config = make_vit("plain")
    vision = Vision(module, config, "cls")
    before = vision.features(pictures)
    with torch.no_grad():
        module.norm.weight.mul_(3.0)
    np.testing.assert_array_equal(vision.features(pictures), before)


@pytest.mark.parametrize("name", ["plain", "dinov2", "clip", "pe-core"])
def test_a_picture_has_the_same_features_in_any_batch(name, pictures):
    module, config = make_vit(name)
    vision = Vision(module, config, "cls")
    together = vision.features(pictures)
    scale = np.abs(together).max()
    for k, picture in enumerate(pictures):
        alone = vision.features([picture])
        np.testing.assert_allclose(alone[0], together[k], atol=2e-6 * scale)
    np.testing.assert_allclose(vision.features(pictures[::-1])[::-1], together, atol=2e-6 * scale)


def test_the_transform_is_the_models_own(pictures):
    module, config = make_vit("clip")
    transform = json.loads(Vision(module, config, "cls").transform)
    assert transform["input_size"] == [3, 48, 48]
    assert transform["mean"] == pytest.approx([0.48145466, 0.4578275, 0.40821073])
    assert transform["interpolation"] == "bicubic"
    assert transform["crop_pct"] == 0.9 or transform["crop_pct"] == 1.0


def test_a_wide_picture_is_cut_to_its_middle(pictures):
    from PIL import Image

    module, config = make_vit("clip")
    vision = Vision(module, {**config, "crop_pct": 1.0}, "cls")
    middle = np.asarray(pictures[0].resize((48, 48)))
    wide = np.zeros((48, 144, 3), np.uint8)
    wide[:, 48:96] = middle
    found = vision.features([Image.fromarray(wide), Image.fromarray(middle)])
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_a_class_token_that_is_not_there_is_refused(pictures):
    module, config = make_vit("siglip")
    with pytest.raises(RepalignError, match="no class token") as error:
        Vision(module, config, "cls")
    assert "avg" in error.value.remedy
    assert Vision(module, config, "avg").features(pictures[:2]).shape == (2, 3, 32)


def test_a_model_without_transformer_blocks_is_refused():
    timm = import_timm()
    module = timm.create_model("resnet10t")
    with pytest.raises(RepalignError, match="no transformer blocks"):
        Vision(module, timm.data.resolve_model_data_config(module), "avg")


def test_hooks_are_taken_off_again(pictures):
    module, config = make_vit("plain")
    Vision(module, config, "cls").features(pictures[:1])
    assert not any(block._forward_hooks for block in module.blocks)
