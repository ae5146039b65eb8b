"""Weights that are not what they should be are refused, and code in folders never runs."""

import shutil

import pytest

from repalign.models.libraries import import_torch, import_transformers
from repalign.models.weight_files import files_digest

from .tiny_weights import load, local, refused, tensors


@pytest.fixture
def copied(tiny, tmp_path):
    """Make a copy of a tiny model that may be changed."""

    def copy(name):
        shutil.copytree(tiny / name, tmp_path / name)
        return tmp_path / name

    return copy


@pytest.mark.parametrize("name", ["vit_sim_mae", "sim-bloom"])
def test_weights_with_another_digest_are_refused(tiny, name):
    weights = local(tiny / name, sha256="0" * 64)
    found = files_digest([tiny / name / "model.safetensors"])
    refused(lambda: load(name, weights), found, "0" * 64, "sha256")


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
