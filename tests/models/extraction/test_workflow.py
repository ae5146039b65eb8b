"""Feature files by Snakemake: a job a model, trained and untrained apart, a failure alone."""

import shutil

import numpy as np
import pandas as pd
import pytest

from repalign.models.features import open_features

from ...workflow.project import TINY, Project

FEATURES = "results/nsd/features"
TRAINED = [f"{FEATURES}/trained/vit_sim_{name}_pool-cls.h5" for name in ("plain", "mae", "dinov2")]
UNTRAINED = f"{FEATURES}/random-seed-5/vit_sim_mae_pool-cls-untrained.h5"
MODELS = "resources/simulated/models"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Project:
    """A project with simulated recordings and models, and no results."""
    settings = {**TINY, "nsd": {**TINY["nsd"], "subjects": [1]}}
    project = Project.create(tmp_path_factory.mktemp("extraction") / "project", settings)
    project.repalign("simulate", "nsd")
    project.repalign("simulate", "models")
    return project


def test_a_model_that_fails_fails_alone_with_its_reason(simulated, tmp_path):
    project = simulated.copy(tmp_path / "project")
    weights = project.root / MODELS / "vit_sim_mae/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    done = project.snakemake("--keep-going", *TRAINED, check=False)
    assert done.returncode
    made = [path for path in TRAINED if (project.root / path).exists()]
    assert made == [TRAINED[0], TRAINED[2]]
    log = project.root / f"logs/{TRAINED[1].removeprefix('results/')}.log"
    assert "vit_sim_mae" in log.read_text()
    assert "found:" in log.read_text()
    # The remedy: the right weights. What was made stays.
    shutil.copy(simulated.root / MODELS / "vit_sim_mae/model.safetensors", weights)
    project.snakemake("--quiet", "all", "--", *TRAINED, UNTRAINED)
    assert project.pending(*TRAINED, UNTRAINED) == {}
    trained, untrained = (open_features(project.root / path) for path in (TRAINED[1], UNTRAINED))
    assert trained.attributes["weights"] == "trained"
    assert (untrained.attributes["weights"], untrained.attributes["seed"]) == ("random", 5)
    layers = [file.rows(1, file.ids) for file in (trained, untrained)]
    assert np.abs(layers[0] - layers[1]).max() > 1e-3
    # New weights make trained features stale, and untrained ones not.
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert project.pending(*TRAINED, UNTRAINED) == {"extract_vision_features": 1}


def test_weights_that_contradict_the_key_cannot_be_made(simulated):
    target = f"{FEATURES}/trained/vit_sim_mae_pool-cls-untrained.h5"
    done = simulated.snakemake("--dry-run", target, check=False)
    assert done.returncode
    assert "random-seed-<number>/<model>-untrained.h5" in done.stdout + done.stderr


def test_pictures_of_mice_are_shown_straight_from_their_scans(tmp_path):
    few = {"n_mice": 2, "n_color_mice": 1, "n_train": 4, "n_test": 4}
    settings = {"mouse": {"scans": ["21067-10-18", "22846-10-16"]}}
    settings["simulate"] = {**TINY["simulate"], "mouse": few}
    project = Project.create(tmp_path / "project", settings)
    project.repalign("simulate", "models")
    project.repalign("simulate", "mouse")
    target = UNTRAINED.replace("/nsd/", "/mouse/")
    project.snakemake("--quiet", "all", "--", target)
    features = open_features(project.root / target)
    stimuli = pd.read_parquet(project.root / "results/mouse/prepared/stimuli.parquet")
    assert features.ids.tolist() == stimuli["image_id"].tolist()
    rows = features.rows(1, features.ids)
    assert np.isfinite(rows).all()
    assert len(np.unique(rows, axis=0)) == len(stimuli)
