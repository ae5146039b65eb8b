"""Tiny models on disk, and how they are loaded."""

import dataclasses

import pytest

from repalign.errors import RepalignError
from repalign.models.loading import Weights, load_language, load_timm

VISION = ("vit_sim_plain", "vit_sim_mae", "vit_sim_dinov2")
LANGUAGE = ("sim-llama", "sim-bloom", "sim-gemma-2")


def local(folder, **changes) -> Weights:
    return dataclasses.replace(Weights("local-dir", str(folder), "", ""), **changes)


def refused(call, *parts):
    with pytest.raises(RepalignError) as caught:
        call()
    for part in parts:
        assert str(part) in str(caught.value)


def tensors(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


def load(name, weights):
    if name.startswith("vit"):
        return load_timm(name, weights)
    return load_language(name, "causal-lm", weights, "float32")
