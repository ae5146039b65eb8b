"""Tiny models are equal for equal settings, differ in what they see, and differ by layer."""

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from repalign import cli
from repalign.dag.feature_plan import PROMPT, SIMULATED_REGISTRY, FeaturePlan
from repalign.models.libraries import import_torch
from repalign.models.loading import Weights, load_language, load_timm
from repalign.models.registry import read_registry
from repalign.settings import Settings
from repalign.simulate.render import render
from repalign.simulate.scenes import make_scene
from repalign.simulate.tiny_models import LANGUAGE, VISION, make_tiny_models
from repalign.simulate.truth import models_code, models_settings, read_simulation

from ..digests import digests
from .conftest import SETTINGS

N = 24


def loaded(folder, name):
    weights = Weights("local-dir", str(folder / name), "", "")
    if name.startswith("vit"):
        return load_timm(name, weights)
    return load_language(name, "causal-lm", weights, "float32")


@pytest.fixture(scope="module")
def scenes():
    return [make_scene(SETTINGS.seed, number) for number in range(N)]


@pytest.fixture(scope="module")
def captions():
    return [c for k in range(SETTINGS.n_images) for c in make_scene(SETTINGS.seed, k).captions]


def vision_layers(model, scenes) -> list[np.ndarray]:
    """The class token after each block."""
    torch = import_torch()
    size = model.data_config["input_size"][-1]
    pictures = np.stack([render(scene, size, SETTINGS.seed)[0] for scene in scenes])
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(model.data_config[k]).view(3, 1, 1) for k in ("mean", "std"))
    with torch.inference_mode():
        found = model.module.forward_intermediates(
            (batch - mean) / std, return_prefix_tokens=True, norm=False, intermediates_only=True
        )
    return [prefix[:, 0].numpy() for _, prefix in found]


def language_layers(model, scenes) -> list[np.ndarray]:
    """The mean over real tokens of each hidden state."""
    torch = import_torch()
    batch = model.tokenizer([s.captions[0] for s in scenes], padding=True, return_tensors="pt")
    batch.pop("token_type_ids", None)
    with torch.inference_mode():
        states = model.module(**batch, output_hidden_states=True).hidden_states
    mask = batch["attention_mask"][..., None]
    return [((h * mask).sum(1) / mask.sum(1)).numpy() for h in states]


def rdm_vector(layer: np.ndarray) -> np.ndarray:
    """Correlation distances of all pairs of rows."""
    return 1 - np.corrcoef(layer.astype(np.float64))[np.triu_indices(len(layer), 1)]


@pytest.mark.parametrize("model", [*VISION, *LANGUAGE], ids=lambda model: model.name)
def test_pictures_captions_and_layers_can_be_told_apart(tiny, scenes, model):
    made = loaded(tiny, model.name)
    layers = (vision_layers if model in VISION else language_layers)(made, scenes)
    assert len(layers) >= 2
    vectors = [rdm_vector(layer) for layer in layers]
    for layer, vector in zip(layers, vectors, strict=True):
        assert np.isfinite(layer).all()
        assert 0.05 < layer.std() < 50
        assert len(np.unique(vector.round(6))) > N
        assert vector.std() > 0.01
        assert vector.mean() > 0.02
    for one, other in combinations(vectors, 2):
        assert np.corrcoef(one, other)[0, 1] < 0.995


def test_models_differ_from_each_other(tiny, scenes):
    last = {m.name: vision_layers(loaded(tiny, m.name), scenes)[-1] for m in VISION}
    last |= {m.name: language_layers(loaded(tiny, m.name), scenes)[-1] for m in LANGUAGE}
    for one, other in combinations(last, 2):
        pair = [rdm_vector(last[name]) for name in (one, other)]
        assert np.corrcoef(*pair)[0, 1] < 0.95, (one, other)


def test_equal_settings_give_equal_bytes_in_another_process(tiny, tmp_path):
    code = (
        "import sys; from repalign.simulate.settings import NsdSimulation\n"
        "from repalign.simulate.tiny_models import make_tiny_models\n"
        "make_tiny_models(sys.argv[1], NsdSimulation.model_validate_json(sys.argv[2]))\n"
    )
    folder = tmp_path / "models"
    subprocess.run(
        [sys.executable, "-c", code, str(folder), SETTINGS.model_dump_json()],
        env={**os.environ, "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"},
        check=True,
    )
    registry = folder / "models.tsv"
    registry.write_text(registry.read_text().replace(str(folder), str(tiny)))
    assert digests(folder) == digests(tiny)


def test_another_seed_gives_other_weights(tiny, tmp_path):
    make_tiny_models(tmp_path / "models", SETTINGS.model_copy(update={"seed": 1}))
    ours, theirs = digests(tiny), digests(tmp_path / "models")
    assert sorted(ours) == sorted(theirs)
    weights = [name for name in ours if name.endswith("safetensors")]
    assert len(weights) == 6
    assert all(ours[name] != theirs[name] for name in weights)


@pytest.mark.parametrize("model", LANGUAGE, ids=lambda model: model.name)
def test_a_tokenizer_survives_its_folder(tiny, captions, model):
    fresh, stored = model.tokenizer(captions), loaded(tiny, model.name).tokenizer
    texts = [*captions[:40], "Ünknown 字 words, 3 of them!"]
    ids = [stored(text)["input_ids"] for text in texts]
    assert ids == [fresh(text)["input_ids"] for text in texts]
    for text, tokens in zip(texts, ids, strict=True):
        assert stored.decode(tokens, skip_special_tokens=True).strip() == text
        assert max(tokens) < loaded(tiny, model.name).module.config.vocab_size


def test_tokenizers_cut_texts_differently(tiny, captions):
    tokens = {m.name: loaded(tiny, m.name).tokenizer for m in LANGUAGE}
    counts = np.array([[len(t(text)["input_ids"]) for text in captions] for t in tokens.values()])
    assert len({tuple(row) for row in counts.tolist()}) == 3
    first = {
        name: t.convert_ids_to_tokens(t("A dog.")["input_ids"])[0] for name, t in tokens.items()
    }
    assert first["sim-llama"] == "<s>"
    assert first["sim-gemma-2"] == "<bos>"
    assert first["sim-bloom"] not in ("<s>", "<bos>")


def test_files_are_as_readable_as_any(tiny):
    modes = {path.stat().st_mode for path in tiny.rglob("*") if path.is_file()}
    assert len(modes) == 1


def test_the_registry_is_what_a_simulated_run_extracts(tiny, tmp_path, monkeypatch):
    project = tmp_path
    (project / "config").mkdir()
    (project / "config/config.yaml").write_text("{}\n")
    monkeypatch.chdir(project)
    monkeypatch.setattr(
        "repalign.simulate.tiny_models.make_scene", lambda seed, k: make_scene(0, k % 20)
    )
    assert cli.main(["simulate", "models"]) == 0
    assert Path(SIMULATED_REGISTRY).is_file()
    plan = FeaturePlan(Settings(), is_simulated=True, root=Path())
    assert plan.registry_path == SIMULATED_REGISTRY
    assert sorted(plan.extracted) == sorted(m.key(PROMPT) for m in plan.registry)
    assert [m.source for m in plan.registry] == ["local-dir"] * 6
    for model in plan.registry:
        assert (Path(model.path) / "config.json").is_file()


def test_the_marker_says_what_made_the_models(tiny):
    marker = read_simulation(tiny)
    assert marker["dataset"] == "models"
    assert marker["code"] == models_code()
    assert marker["settings"] == models_settings(SETTINGS)
    assert json.dumps(marker)
    assert len(read_registry(tiny / "models.tsv")) == 6
