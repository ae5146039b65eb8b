"""Broken features and control tables: the message names file, place, expectation and remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import h5py
import numpy as np
import pandas as pd
import pytest

from ..workflow.project import Project
from .runs import RAW, TRIALS, fails, left_over, says

FEATURES = f"{RAW}/features"
CONTROL = RAW + "/control_matrices/control_{}.parquet"
PART = "results/nsd/parts/subject_model/all_joined/{}/sub-02.parquet"
TABLE = "results/nsd/rsa_subject_model_alignment_joined.parquet"
CONTROLLED = "results/nsd/prepared/subsets/controlled.parquet"
GOOD = "sim-vit-small_pool-cls"
EXTRACT = "Extract the model's features"


@pytest.fixture(scope="module")
def workbench(undisturbed, tmp_path_factory) -> Project:
    """One project for many tests: each breaks something, runs, and mends it."""
    return undisturbed.copy(tmp_path_factory.mktemp("models") / "project")


def rewrite(project: Project, model: str, change: Callable[[h5py.File, int], None]) -> int:
    """Make a feature file of another model, with something changed for an image of subject 2."""
    trials = pd.read_parquet(project.root / TRIALS).query("subject == 2")
    image = int(trials["stimulus"].iloc[0])
    folder = project.root / FEATURES
    shutil.copy(folder / f"{GOOD}.h5", folder / f"{model}.h5")
    with h5py.File(folder / f"{model}.h5", "a") as file:
        file.attrs["model"] = model
        change(file, image)
    return image


def without(file: h5py.File, image: int) -> None:
    file["ids"][image] = 99_999


def of_another_model(file: h5py.File, image: int) -> None:
    file.attrs["model"] = GOOD


def untrained(file: h5py.File, image: int) -> None:
    file.attrs["weights"] = "random"


def with_nan(file: h5py.File, image: int) -> None:
    file["layers/002"][image, 5] = np.nan


REWRITTEN = {
    "lacking": without,
    "undefined": with_nan,
    "renamed": of_another_model,
    "untrained": untrained,
}
BROKEN = [*REWRITTEN, "short"]


def test_broken_features_are_named_and_others_are_compared(workbench):
    images = [rewrite(workbench, f"{k}_pool-cls", change) for k, change in REWRITTEN.items()]
    image = images[0]
    cut = workbench.root / FEATURES / "short_pool-cls.h5"
    cut.write_bytes((workbench.root / FEATURES / f"{GOOD}.h5").read_bytes()[:4000])
    broken = [f"{name}_pool-cls" for name in BROKEN]
    models = [*broken, GOOD]
    text = fails(workbench, *(PART.format(m) for m in models), words=["--keep-going"])
    says(text, f"{FEATURES}/lacking_pool-cls.h5, layer 0", "no features of 1 of", f"ids {image}",
         "features of every image of the trials", f"{EXTRACT} for all images")  # fmt: skip
    says(
        text,
        f"{FEATURES}/undefined_pool-cls.h5, layer 2",
        f"row {image} (image {image})",
        "finite",
    )
    says(text, f"{FEATURES}/short_pool-cls.h5", "a complete HDF5 file", f"{EXTRACT} again")
    says(text, f"{FEATURES}/renamed_pool-cls.h5", f"features with model {GOOD}",
         "model renamed_pool-cls", "take the file away")  # fmt: skip
    says(text, f"{FEATURES}/untrained_pool-cls.h5", "weights random", "weights trained")
    made = [model for model in models if (workbench.root / PART.format(model)).exists()]
    assert made == [GOOD]
    assert left_over(workbench) == []
    for model in broken:
        (workbench.root / FEATURES / f"{model}.h5").unlink()


def test_an_unknown_model_and_a_missing_folder_are_named(workbench):
    text = fails(workbench, PART.format("sim-vit-smal_pool-cls"))
    says(text, "model 'sim-vit-smal_pool-cls'", "nsd.features", GOOD, "Correct the target")
    folder = workbench.root / FEATURES
    folder.rename(folder.with_name("elsewhere"))
    text = fails(workbench, TABLE)
    says(text, "nsd.features", FEATURES, "at least one", "put the features of your models there")
    # The remedy: another folder, by an absolute path.
    workbench.set("nsd", features=str(folder.with_name("elsewhere")))
    assert workbench.pending(TABLE)["join_rsa_subject_model"] == 1
    workbench.set("nsd", features="features")
    folder.with_name("elsewhere").rename(folder)


def other_ids(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(nsd_id=table["nsd_id"].where(table.index != 2, 71_000))


def repeated_ids(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(nsd_id=table["nsd_id"].where(table.index != 2, table["nsd_id"].iloc[0]))


def not_a_number(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(scene_level=table["scene_level"].where(table.index != 2))


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (other_ids, ("nsd_id 71000 not in the first file", "missing", "20 images of")),
        (repeated_ids, (", column nsd_id", "more than once", "each image once")),
        (not_a_number, (", column scene_level", "NaN", "a finite number in every row")),
    ],
)
def test_broken_controls_are_named(workbench, change, parts):
    path = workbench.root / CONTROL.format("scene")
    good = path.read_bytes()
    change(pd.read_parquet(path).reset_index(drop=True)).to_parquet(path)
    text = fails(workbench, CONTROLLED)
    says(text, CONTROL.format("scene"), *parts, "take it out of the control matrices")
    assert not (workbench.root / CONTROLLED).exists()
    path.write_bytes(good)


def test_controls_of_images_that_are_not_shared_are_refused(workbench):
    kept = {}
    for name in ("scene", "biology", "biology_binary"):
        path = workbench.root / CONTROL.format(name)
        kept[path] = path.read_bytes()
        other_ids(pd.read_parquet(path).reset_index(drop=True)).to_parquet(path)
    text = fails(workbench, "results/nsd/control_rdms/joined/sub-01")
    says(text, CONTROLLED, "1 stimuli that are not shared", "71000", "Leave them out")
    for path, content in kept.items():
        path.write_bytes(content)


def test_no_controls_and_no_model_of_a_modality_are_named(workbench):
    table = "results/nsd/rsa_subject_model_alignment_controled_joined.parquet"
    workbench.set("nsd", controls="nowhere")
    says(fails(workbench, table), "nsd.controls", "nowhere", "at least one control table")
    workbench.set("nsd", controls="control_matrices", skip_features=["*-llm-*"])
    text = fails(workbench, "results/nsd/permutations_aggregated_language_amax.npy")
    says(text, "no language model among", "names of vision models end with -cls")
    workbench.set("nsd", skip_features=[])
