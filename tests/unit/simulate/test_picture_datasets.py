"""Simulated BOLD5000 and THINGS: the layout of the real ones, awkward files included."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from pydantic import ValidationError

from repalign.datasets.bold5000_images import bold5000_images, read_presentations
from repalign.datasets.things_images import find_pictures, read_concepts, things_images
from repalign.models.images import open_files
from repalign.simulate.bold5000 import LISTS, simulate_bold5000
from repalign.simulate.bold5000 import PICTURES as BOLD_PICTURES
from repalign.simulate.other_settings import Bold5000Simulation, ThingsSimulation
from repalign.simulate.things import CONCEPTS, simulate_things
from repalign.simulate.things import PICTURES as THINGS_PICTURES
from repalign.simulate.truth import read_simulation

from ...digests import digests

BRAINS = {"image_size": 32, "volume_shape": (24, 28, 24), "voxels_per_region": (8, 12)}
BOLD = Bold5000Simulation(
    sessions=(2, 2, 2, 1), n_runs=2, n_trials_per_run=10, n_repeated=3, **BRAINS
)
THINGS = ThingsSimulation(
    n_subjects=1, n_concepts=12, n_images_per_concept=3, n_train_per_session=8, n_test=6, **BRAINS
)


@pytest.fixture(scope="module")
def bold(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bold") / "bold5000"
    simulate_bold5000(folder, BOLD)
    return folder


@pytest.fixture(scope="module")
def things(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("things") / "things"
    simulate_things(folder, THINGS)
    return folder


def truth(folder: Path, name: str) -> pd.DataFrame:
    return pd.DataFrame(json.loads((folder / f"truth/{name}.json").read_text()))


def test_lists_are_those_of_the_truth(bold):
    shown = read_presentations(bold / LISTS)
    told = truth(bold, "presentations")
    assert [(s.subject, s.session, s.run, s.image_name) for s in shown] == list(
        told[["subject", "session", "run", "image_name"]].itertuples(index=False, name=None)
    )
    assert told.groupby("subject").size().to_dict() == {1: 40, 2: 40, 3: 40, 4: 20}


def test_all_see_the_same_images_in_orders_of_their_own(bold):
    told = truth(bold, "presentations")
    by_subject = {k: rows["image_name"].to_list() for k, rows in told.groupby("subject")}
    assert set(by_subject[1]) == set(by_subject[2])
    assert by_subject[1] != by_subject[2]
    assert set(by_subject[4]) < set(by_subject[1])
    for names in by_subject.values():
        assert sum(n == 2 for n in Counter(names).values()) == 3


def test_the_prefix_does_not_tell_the_second_showing(bold):
    told = truth(bold, "presentations")
    told["again"] = told.groupby(["subject", "image_name"]).cumcount() > 0
    told["marked"] = told["line"].str.startswith("rep_")
    assert {(True, True), (True, False), (False, True), (False, False)} == set(
        zip(told["again"], told["marked"], strict=True)
    )


def test_every_image_of_the_index_is_a_picture(bold):
    images = bold5000_images(read_presentations(bold / LISTS), BOLD_PICTURES)
    assert len(images) == BOLD.n_images
    assert set(images["stim_source"]) == {"coco", "imagenet", "scenes"}
    pictures = open_files(
        [bold / path for path in images["image_path"]], images["bold_id"].to_numpy()
    )
    for k in range(len(pictures)):
        assert pictures.picture(k).size == (32, 32)
    assert {"grey", "CMYK"} <= set(pictures.changes)
    assert any(" " in name for name in images["image_name"])
    assert {Path(name).suffix for name in images["image_name"]} == {
        ".jpg", ".jpeg", ".JPG", ".JPEG",
    }  # fmt: skip


def test_things_index_fits_the_truth(things):
    concepts = read_concepts(things / CONCEPTS)
    images = things_images(find_pictures(things / THINGS_PICTURES), concepts, THINGS_PICTURES)
    told = truth(things, "images")
    assert len(images) == 36
    assert set(images["image_path"]) == set(told["image_path"])
    assert images["image_category_index"].to_list() == [1, 2, 3] * 12
    assert [concepts[k] for k in images["category_id"]] == images["category"].to_list()
    kinds = told.set_index("image_path")["kind"]
    for path, kind in kinds.items():
        with Image.open(things / path) as image:
            found = (image.format, image.mode)
        assert found == {
            "rgb": ("JPEG", "RGB"), "grey": ("JPEG", "L"), "cmyk": ("JPEG", "CMYK"),
            "png": ("PNG", "RGB"),
        }[kind]  # fmt: skip
    assert set(kinds) == {"rgb", "grey", "cmyk", "png"}


def test_simulations_are_reproducible_and_say_what_they_are(bold, things, tmp_path):
    simulate_bold5000(tmp_path / "bold", BOLD)
    simulate_things(tmp_path / "things", THINGS)
    assert digests(tmp_path / "bold") == digests(bold)
    assert digests(tmp_path / "things") == digests(things)
    simulate_things(tmp_path / "things", THINGS.model_copy(update={"seed": 1}))
    assert digests(tmp_path / "things") != digests(things)
    for folder, name in ((bold, "bold5000"), (things, "things")):
        marker = read_simulation(folder)
        assert marker is not None
        assert marker["dataset"] == name
        assert marker["settings"]["image_size"] == 32


@pytest.mark.parametrize(
    "values",
    [
        {"sessions": [1, 2]},
        {"sessions": [0]},
        {"sessions": [1], "n_runs": 1, "n_trials_per_run": 8, "n_repeated": 0},
        {"n_repeated": 50},
    ],
)
def test_sizes_that_contradict_each_other_are_refused(values):
    with pytest.raises(ValidationError):
        Bold5000Simulation.model_validate(values)


def test_the_smallest_simulations_can_be_made(tmp_path):
    small = Bold5000Simulation(sessions=(1,), n_runs=1, n_trials_per_run=9, n_repeated=0, **BRAINS)
    simulate_bold5000(tmp_path / "bold", small)
    assert len(read_presentations(tmp_path / "bold" / LISTS)) == 9
    simulate_things(
        tmp_path / "things",
        ThingsSimulation(
            n_subjects=1, n_sessions=1, n_runs=1, n_concepts=3, n_images_per_concept=1,
            n_train_per_session=3, n_test=0, **BRAINS,
        ),
    )  # fmt: skip
    assert len(find_pictures(tmp_path / "things" / THINGS_PICTURES)) == 3
