"""The hub: what is asked of it, and what is said where it cannot be reached."""

import shutil

import pytest

from repalign.models.libraries import import_timm, import_transformers
from repalign.models.loading import Weights, load_timm

from .tiny_weights import load, local, refused


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
