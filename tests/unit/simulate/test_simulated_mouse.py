"""Simulated mouse scans: the same from the same seed, in the documented layout, with truth."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from repalign.simulate.mouse import simulate_mouse
from repalign.simulate.mouse_settings import MouseSimulation

from ...digests import digests

TINY = MouseSimulation(
    n_neurons=13, n_train=5, n_validation=2, n_test=4, n_repeats=3, image_shape=(8, 10), n_latent=2
)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "mouse"
    simulate_mouse(folder, TINY)
    return folder


def test_equal_settings_give_equal_bytes(made, tmp_path):
    simulate_mouse(tmp_path / "again", TINY)
    assert digests(tmp_path / "again") == digests(made)
    simulate_mouse(tmp_path / "other", TINY.model_copy(update={"seed": 1}))
    changed = digests(tmp_path / "other")
    same = {name for name, digest in digests(made).items() if changed.get(name) == digest}
    assert not {name for name in same if "responses" in name or name.endswith(".zip")}


def test_dtypes_are_those_of_the_real_files(made):
    (folder,) = (path for path in made.glob("static*") if path.is_dir())
    kinds = {
        "meta/neurons/unit_ids": "uint16", "meta/neurons/animal_ids": "uint16",
        "meta/neurons/sessions": "uint8", "meta/neurons/scan_idx": "uint8",
        "meta/trials/trial_idx": "uint32", "data/images/0": "float32",
        "data/responses/0": "float32", "data/behavior/0": "float64",
        "data/pupil_center/0": "float64", "meta/statistics/images/all/mean": "float32",
    }  # fmt: skip
    for name, kind in kinds.items():
        assert np.load(folder / f"{name}.npy").dtype == kind, name
    for name in ("meta/trials/tiers", "meta/neurons/area", "meta/trials/frame_trial_ts"):
        assert np.load(folder / f"{name}.npy", allow_pickle=False).dtype.kind == "U"
    assert np.load(folder / "meta/statistics/images/all/mean.npy").shape == ()
    assert np.load(folder / "meta/trials/frame_trial_ts.npy")[0].startswith("Timestamp('2020-")


def test_a_zip_file_holds_one_folder_named_like_it(made):
    for path in made.glob("*.zip"):
        names = [n for n in zipfile.ZipFile(path).namelist() if not n.startswith("__MACOSX")]
        assert {name.split("/")[0] for name in names} == {path.stem}


def test_responses_are_never_negative_and_pixels_are_grey_values(made):
    (folder,) = (path for path in made.glob("static*") if path.is_dir())
    responses = np.array([np.load(p) for p in (folder / "data/responses").glob("*.npy")])
    assert responses.min() >= 0
    images = np.array([np.load(p) for p in (folder / "data/images").glob("*.npy")])
    assert images.min() >= 0
    assert images.max() <= 255
    np.testing.assert_array_equal(images, np.round(images))


def test_truth_and_marker(made):
    neurons = pd.read_csv(made / "truth/neurons.csv")
    assert neurons.groupby("data_key")["fev"].apply(lambda fev: fev.isna().sum()).eq(2).all()
    assert neurons["fev"].dropna().between(0.05, 0.8).all()
    pairs = pd.read_csv(made / "truth/pairs.csv").set_index(["scan_i", "scan_j"])["similarity"]
    for (i, j), value in pairs.items():
        assert pairs[j, i] == value
    assert not any("26872-17-20" in pair for pair in pairs.index)
    marker = json.loads((made / "simulation.json").read_text())
    assert marker["dataset"] == "mouse"
    assert MouseSimulation.model_validate(marker["settings"]) == TINY


def test_sizes_that_cannot_be_are_refused():
    for shape in ((4, 20), (2000, 2000)):
        with pytest.raises(ValidationError, match="image_shape"):
            MouseSimulation(image_shape=shape)
