"""Which files hold a model's weights, their digest, and folders that are none; without PyTorch."""

import hashlib
import json
from pathlib import Path

import pytest

from repalign.errors import RepalignError
from repalign.models.architectures import read_language_facts
from repalign.models.model_folders import find_folder, is_hub_id
from repalign.models.weight_files import (
    check_digest,
    checked_files,
    files_digest,
    is_complete,
    is_safe,
    weight_files,
)

ROOT = Path(__file__).parents[3]


def parts(folder: Path, name: str, *files: str) -> None:
    weight_map = {f"layer.{k}": file for k, file in enumerate([*files, *files])}
    (folder / f"{name}.index.json").write_text(json.dumps({"weight_map": weight_map}))
    for file in files:
        (folder / file).write_bytes(file.encode())


def refused(call, *words):
    with pytest.raises(RepalignError) as caught:
        call()
    for word in words:
        assert str(word) in str(caught.value)


def test_safetensors_come_before_pickled_files(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"1")
    assert [f.name for f in weight_files(tmp_path)] == ["pytorch_model.bin"]
    assert not is_safe(weight_files(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"2")
    assert [f.name for f in weight_files(tmp_path)] == ["model.safetensors"]
    assert is_safe(weight_files(tmp_path))


def test_an_index_lists_each_part_once_in_order(tmp_path):
    names = ["model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"]
    parts(tmp_path, "model.safetensors", *names)
    assert [f.name for f in weight_files(tmp_path)] == sorted(names)
    assert is_complete(tmp_path, "model.safetensors")
    (tmp_path / names[0]).unlink()
    assert not is_complete(tmp_path, "model.safetensors")
    refused(lambda: weight_files(tmp_path), names[0], "every part")


def test_an_index_reaches_no_other_folder(tmp_path):
    (tmp_path / "secret").write_bytes(b"")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../secret"}}')
    refused(lambda: weight_files(folder), "no secret")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {}}'])
def test_a_wrong_index_is_refused(tmp_path, text):
    (tmp_path / "model.safetensors.index.json").write_text(text)
    refused(lambda: weight_files(tmp_path), "model.safetensors.index.json")


def test_a_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"")
    refused(lambda: weight_files(tmp_path), tmp_path, "no weights", "model.safetensors")


def test_the_digest_of_one_file_is_its_own_and_of_several_that_of_their_list(tmp_path):
    names = ("b.safetensors", "a.safetensors")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    single = {name: hashlib.sha256(name.encode()).hexdigest() for name in names}
    files = [tmp_path / name for name in names]
    assert files_digest(files[:1]) == single["b.safetensors"]
    listed = "".join(f"{single[name]}  {name}\n" for name in sorted(names))
    assert files_digest(files) == hashlib.sha256(listed.encode()).hexdigest()
    assert files_digest(files) == files_digest(files[::-1])


def test_digests_are_checked_where_there_are_some(tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert checked_files(tmp_path, "") == checked_files(tmp_path, digest.upper()) == [file]
    file.write_bytes(b"Weights")
    refused(lambda: check_digest([file], digest), file, digest, "sha256")


@pytest.mark.parametrize(
    ("path", "valid"),
    [
        ("timm/vit_base_patch16_224.mae", True),
        ("gpt2", True),
        ("resources/models/x", False),
        ("/models/x", False),
        ("~/x", False),
        ("", False),
    ],
)
def test_what_can_be_an_id_of_the_hub(path, valid):
    assert is_hub_id(path) is valid


@pytest.mark.parametrize("source", ["local-dir", "random"])
def test_a_folder_is_taken_as_it_is_and_a_wrong_one_named(tmp_path, source):
    refused(lambda: find_folder(source, f"{tmp_path}/x", ""), "no such folder", "`path`")
    refused(lambda: find_folder(source, str(tmp_path), ""), "without config.json", tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert find_folder(source, str(tmp_path), "") == tmp_path


TABLE = ROOT / "resources/language_architectures.tsv"


def test_facts_of_language_models_are_consistent():
    facts = read_language_facts(TABLE)
    assert len(facts) == 14
    for model in facts.values():
        assert model.heads % model.kv_heads == 0
        if model.architecture != "gemma2":
            assert model.heads * model.head_dim == model.width
        assert model.tied == (model.architecture != "llama")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("\tllama\t32\t", "\tllama\tmany\t", "row"),
        ("\tyes\n", "\tmaybe\n", "row 2"),
        ("heads", "hats", "row 2"),
        ("google/gemma-2-9b", "google/gemma-2-2b", "twice"),
    ],
)
def test_wrong_facts_are_named(tmp_path, old, new, word):
    path = tmp_path / "facts.tsv"
    text = TABLE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    refused(lambda: read_language_facts(path), path, word)


def test_missing_facts_are_named(tmp_path):
    refused(lambda: read_language_facts(tmp_path / "none.tsv"), "none.tsv", "unreadable")
