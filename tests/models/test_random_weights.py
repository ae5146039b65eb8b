"""Random weights are those of their seed, and digests follow every bit."""

import hashlib
import os
import subprocess
import sys

import pytest

from repalign.models.libraries import import_torch
from repalign.models.loading import Weights, load_language, load_timm
from repalign.models.registry import read_registry
from repalign.models.weight_state import state_digest

from .tiny_weights import local


@pytest.mark.parametrize("name", ["vit_sim_plain", "sim-gemma-2"])
def test_random_weights_are_those_of_their_seed_alone(tiny, name):
    torch = import_torch()

    def digest(seed, threads):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        torch.rand(threads)  # The state of the generator does not matter.
        try:
            weights = local(tiny / name, source="random", seed=seed)
            if name.startswith("vit"):
                return load_timm(name, weights).digest
            return load_language(name, "causal-lm", weights, "float32").digest
        finally:
            torch.set_num_threads(before)

    assert digest(1, 1) == digest(1, 1) == digest(1, 3)
    assert digest(2, 1) != digest(1, 1)


def test_random_weights_leave_the_generator_as_it_was(tiny):
    torch = import_torch()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_timm("vit_sim_mae", local(tiny / "vit_sim_mae", source="random", seed=1))
    assert torch.equal(torch.rand(3), expected)


def test_random_weights_are_the_same_in_another_process(tiny):
    code = (
        "import sys; from repalign.models.loading import *; "
        "print(load_timm('vit_sim_mae', Weights('random', sys.argv[1], '', '', 3)).digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(tiny / "vit_sim_mae")],
            env={**os.environ, "OMP_NUM_THREADS": threads},
            capture_output=True, text=True, check=True,
        ).stdout
        for threads in ("1", "2")
    }  # fmt: skip
    here = load_timm("vit_sim_mae", local(tiny / "vit_sim_mae", source="random", seed=3))
    assert digests == {here.digest + "\n"}


def test_a_random_model_of_timm_needs_no_folder():
    weights = Weights("random", "", "", "", seed=0)
    loaded = load_timm("vit_tiny_patch16_224.augreg_in21k", weights)
    assert loaded.n_parameters == 9_740_115
    assert loaded.data_config["mean"] == (0.5, 0.5, 0.5)


def test_random_weights_have_the_shapes_and_not_the_values_of_the_folder(tiny):
    stored = load_timm("vit_sim_plain", local(tiny / "vit_sim_plain"))
    drawn = load_timm("vit_sim_plain", local(tiny / "vit_sim_plain", source="random", seed=0))
    shapes = [{k: v.shape for k, v in m.module.state_dict().items()} for m in (stored, drawn)]
    assert shapes[0] == shapes[1]
    assert drawn.digest != stored.digest


def test_random_weights_need_a_seed(tiny):
    with pytest.raises(ValueError, match="seed"):
        load_timm("vit_sim_plain", local(tiny / "vit_sim_plain", source="random"))


def test_the_digest_follows_every_bit(tiny):
    torch = import_torch()
    module = load_timm("vit_sim_plain", local(tiny / "vit_sim_plain")).module
    before = state_digest(module)
    with torch.no_grad():
        values = module.blocks[1].mlp.fc1.bias
        values[3] = torch.nextafter(values[3], values[3] + 1)
    assert state_digest(module) != before


def test_the_digest_follows_names_and_shapes():
    torch = import_torch()

    def module(**tensors):
        made = torch.nn.Module()
        for name, values in tensors.items():
            made.register_buffer(name, values)
        return state_digest(made)

    values = torch.arange(6.0)
    digests = {
        module(a=values),
        module(b=values),
        module(a=values.reshape(2, 3)),
        module(a=values.to(torch.float64)),
        module(a=values[:3], b=values[3:]),
    }
    assert len(digests) == 5
    assert module(a=values[:3], b=values[3:]) == module(b=values[3:], a=values[:3])


def test_the_registry_of_tiny_models_has_their_digests(tiny):
    for model in read_registry(tiny / "models.tsv"):
        file = tiny / model.model / "model.safetensors"
        assert model.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        weights = Weights(model.source, model.path, model.revision, model.sha256)
        if model.kind == "timm":
            load_timm(model.model, weights)
        else:
            load_language(model.model, model.kind, weights, "float32")
