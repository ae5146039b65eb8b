"""Broken raw data and settings: the message names file, place, expectation and remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from ..workflow.project import SHIFT_1, Project
from . import raw_files as raw
from .runs import (
    ATLAS,
    BETAS,
    DESIGN,
    LEFT,
    PAIR,
    RAW,
    REGIONS,
    RESPONSES,
    RIGHT,
    SESSION,
    STIMULI,
    STIMULUS_INFO,
    TRIALS,
    fails,
    forget,
    left_over,
    nothing_half_made,
    recovers,
    same,
    says,
)

FETCH = "Fetch the file again"


@dataclass(frozen=True)
class Fault:
    """A raw file, what is wrong with it, and what the message must say."""

    name: str
    file: str
    damage: raw.Break
    parts: tuple[str, ...]


def fault(name: str, file: str, damage: raw.Break, *parts: str) -> Fault:
    return Fault(name, file, damage, parts)


# ---------------------------------------------------------------- one subject's images

# One line a fault. Each is planted in a subject of its own, and all run at once.
IMAGES = [
    fault("truncated", BETAS, raw.truncate, "volume 2", "of 30", "truncated", FETCH),
    fault("corrupted", BETAS, raw.corrupt, "volume ", "damaged data", "checksum", FETCH),
    fault("a web page", BETAS, raw.replace_by_text, "b'<htm'", "NIfTI", FETCH),
    fault("header alone", BETAS, raw.header_alone, "volume 1 of 30", "short", FETCH),
    fault("3-D", BETAS, raw.image(lambda v: v[..., 0]), "(26, 30, 26)", "4-D", "right file"),
    fault("29 volumes", BETAS, raw.image(lambda v: v[..., 1:]),
          "29 volumes", "30 volumes, one a trial", "fetch it again"),
    fault("31 volumes", BETAS, raw.image(lambda v: np.append(v, v[..., :1], axis=3)),
          "31 volumes", "30 volumes, one a trial", "fetch it again"),
    fault("NaN", BETAS, raw.image(raw.put((3, 4, 5, 6), np.nan), dtype=np.float32),
          "volume 7 of 30, voxel (3, 4, 5)", "nan", "finite values", "fetch it again"),
    fault("infinity", BETAS, raw.image(raw.put((0, 0, 0, 29), -np.inf), dtype=np.float32),
          "volume 30 of 30, voxel (0, 0, 0)", "-inf", "finite values", "fetch it again"),
    fault("another grid", BETAS, raw.image(lambda v: v[1:]),
          "shape (25, 30, 26)", "shape (26, 30, 26), as results", "same resolution"),
    fault("another space", BETAS, raw.image(raw.same, shift=1.0),
          "affine", "displaced by 1 mm", "same space"),
    fault("label 181 on the left", LEFT, raw.image(raw.put((1, 2, 3), 181)),
          "label 181", "voxel (1, 2, 3)", "from -1 to 180", "NSD's own HCP_MMP1"),
    fault("label -2 on the left", LEFT, raw.image(raw.put((1, 2, 3), -2)),
          "label -2", "voxel (1, 2, 3)", "from -1 to 180", "NSD's own HCP_MMP1"),
    fault("181-360 on the right", RIGHT, raw.image(lambda v: np.where(v > 0, v + 180, v)),
          "voxels with labels out of range", "from -1 to 180", "subtract 180"),
    fault("resampled labels", LEFT, raw.image(raw.put((1, 2, 3), 17.5), dtype=np.float32),
          "value 17.5", "voxel (1, 2, 3)", "whole numbers", "nearest neighbour"),
    fault("no label", RIGHT, raw.image(np.zeros_like),
          "no labelled voxel", "labels from 1 to 180", "NSD's own HCP_MMP1"),
    fault("hemispheres of two shapes", RIGHT, raw.image(lambda v: v[1:]),
          "shape (25, 30, 26)", "shape (26, 30, 26), as", "lh.HCP_MMP1", "same subject"),
    fault("hemispheres in two spaces", RIGHT, raw.image(raw.same, shift=0.5),
          "affine", "displaced by 0.5 mm", "lh.HCP_MMP1", "same space"),
    fault("truncated atlas", LEFT, raw.truncate, "volume 1 of 1", "truncated", FETCH),
    fault("4-D atlas", LEFT, raw.image(lambda v: np.stack([v, v], axis=3)),
          "(26, 30, 26, 2)", "3-D", "right file"),
]  # fmt: skip


@pytest.fixture(scope="module")
def workbench(undisturbed, tmp_path_factory) -> Project:
    """One project for many tests: each breaks something, runs, and mends it."""
    return undisturbed.copy(tmp_path_factory.mktemp("workbench") / "project")


@dataclass
class Batch:
    """All faults of `IMAGES` in one project: one run of the broken files, one of the mended."""

    text: str
    made: dict[str, bool]
    left_over: list[str]
    project: Project


def target_of(planted: Fault, subject: int) -> str:
    return SESSION.format(subject, 1) if planted.file == BETAS else ATLAS.format(subject)


def subject_of(planted: Fault) -> int:
    return 11 + [other.name for other in IMAGES].index(planted.name)


@pytest.fixture(scope="module")
def batch(undisturbed, tmp_path_factory) -> Batch:
    project = undisturbed.copy(tmp_path_factory.mktemp("images") / "project")
    subjects = {subject_of(planted): planted for planted in IMAGES}
    sessions = {1: 3, 2: 2, **dict.fromkeys(subjects, 1)}
    project.set("nsd", subjects="all", sessions=sessions)
    folder = project.root / RAW
    for subject, planted in subjects.items():
        shutil.copytree(folder / "subj01", folder / f"subj{subject:02d}")
        planted.damage(folder / planted.file.format(subject, 1))
    targets = [target_of(planted, subject) for subject, planted in subjects.items()]
    text = fails(project, *targets, words=["--keep-going"])
    made = {target: (project.root / target).exists() for target in targets}
    left = left_over(project)
    for subject, planted in subjects.items():
        shutil.copy(folder / planted.file.format(1, 1), folder / planted.file.format(subject, 1))
    project.snakemake("--quiet", "all", "--", *targets)
    return Batch(text, made, left, project)


@pytest.mark.parametrize("planted", IMAGES, ids=lambda planted: planted.name)
def test_an_image_that_cannot_be_used(batch, undisturbed, planted):
    subject = subject_of(planted)
    target = target_of(planted, subject)
    log = f"logs/{target.removeprefix('results/')}.log"
    # Snakemake shows the log of a failed job between two rules of "=".
    message = batch.text.split(f"Logfile {log}:")[1].split("=" * 80)[1]
    says(message, f"{RAW}/{planted.file.format(subject, 1)}", "found:", "expected:", "remedy:")
    says(message, *planted.parts)
    assert not batch.made[target]
    assert batch.left_over == []
    mended, expected = batch.project.root / target, undisturbed.root / target_of(planted, 1)
    assert same(mended, expected)


def test_one_bad_image_stops_the_table_and_nothing_else(project, undisturbed):
    """The whole way: no table, then the same table."""
    betas = project.root / RAW / BETAS.format(2, 2)
    good = betas.read_bytes()
    raw.truncate(betas)
    forget(project, SESSION.format(2, 2), RESPONSES.format(2), SHIFT_1)
    text = fails(project, SHIFT_1)
    says(text, BETAS.format(2, 2), "truncated", FETCH, "extract_nsd_session")
    nothing_half_made(project, SESSION.format(2, 2), RESPONSES.format(2), SHIFT_1)
    betas.write_bytes(good)
    recovers(project, undisturbed, SHIFT_1, RESPONSES.format(2), SESSION.format(2, 2))


# ---------------------------------------------------------------- design and stimulus table


def swap_in_subject_2(info: pd.DataFrame) -> pd.DataFrame:
    """Exchange the last two trials of subject 2, each the third showing of its image."""
    rows = info["subject2_rep2"].nlargest(2).index
    info.loc[rows, "subject2_rep2"] = info.loc[rows[::-1], "subject2_rep2"].to_numpy()
    return info


def show_again(shown: int, hidden: int) -> Callable[[np.ndarray], np.ndarray]:
    """Show one image position once more and another one once less."""

    def change(order: np.ndarray) -> np.ndarray:
        order[0, np.flatnonzero(order[0] == hidden)[-1]] = shown
        return order

    return change


EXPERIMENT = [
    fault("one trial disagrees", STIMULUS_INFO, raw.table(swap_in_subject_2),
          "subject 2", "trial", "as in", "nsd_expdesign.mat", "same release"),
    fault("1-based nsdId", STIMULUS_INFO, raw.table(lambda t: t.assign(nsdId=t["nsdId"] + 1)),
          "column nsdId", "1-based", "0-based ids"),
    fault("0-based trial numbers", STIMULUS_INFO,
          raw.table(lambda t: t.assign(
              **{f"subject1_rep{k}": (t[f"subject1_rep{k}"] - 1).clip(lower=0) for k in range(3)}
          )),
          "subject1_rep0", "0-based", "1-based numbers"),
    fault("0-based image ids", DESIGN, raw.design("subjectim", lambda v: v - 1),
          "subjectim", "0-based", "1-based numbers"),
    fault("0-based order", DESIGN, raw.design("masterordering", lambda v: v - 1),
          "masterordering", "0-based", "1-based numbers"),
    fault("an image shown twice", DESIGN, raw.design("masterordering", show_again(9, 2)),
          "masterordering", "position 2 shown 2 times", "3 times", "NSD release"),
    fault("an image shown four times", DESIGN, raw.design("masterordering", show_again(2, 9)),
          "masterordering", "position 2 shown 4 times", "3 times", "NSD release"),
    fault("a column less", STIMULUS_INFO, raw.table(lambda t: t.drop(columns="cropBox")),
          "no column cropBox", "header", "NSD release"),
    fault("a row less", STIMULUS_INFO, raw.table(lambda t: t.drop(index=7)),
          "nsdId 8", "data row 8", "rows in id order"),
    fault("not whole numbers", STIMULUS_INFO,
          raw.table(lambda t: t.astype({"nsdId": float}).replace({"nsdId": {4.0: 4.5}})),
          "4.5 in column nsdId", "data row 5", "whole number", "fetch"),
    fault("truncated design", DESIGN, raw.truncate,
          "cannot be read", "MATLAB", "Fetch nsd_expdesign.mat again"),
]  # fmt: skip


@pytest.mark.parametrize("planted", EXPERIMENT, ids=lambda planted: planted.name)
def test_an_experiment_that_cannot_be(workbench, planted):
    file = workbench.root / planted.file
    good = file.read_bytes()
    planted.damage(file)
    forget(workbench, TRIALS, STIMULI)
    text = fails(workbench, TRIALS)
    file.write_bytes(good)
    says(text, planted.file, "found:", "expected:", "remedy:", *planted.parts)
    nothing_half_made(workbench, TRIALS, STIMULI)


def test_what_claims_to_be_nsd_must_have_its_counts(workbench):
    settings = workbench.settings
    marker = workbench.root / RAW / "simulation.json"
    workbench.set("nsd", source="real", sessions={1: 3, 2: 2})
    forget(workbench, TRIALS, STIMULI)
    says(fails(workbench, TRIALS), "nsd.raw", "simulated", "nsd.source", "remedy:")
    marker.rename(marker.with_name("elsewhere"))
    text = fails(workbench, TRIALS)
    marker.with_name("elsewhere").rename(marker)
    workbench.write_settings(settings)
    says(text, "subject 1: trials", "90", "2250", "as in the real NSD", "nsd.source")
    nothing_half_made(workbench, TRIALS, STIMULI)


# ---------------------------------------------------------------- files that are not there


@dataclass(frozen=True)
class Absence:
    """A file that is not there: the target that shows it, and what the message must say."""

    file: str
    target: str
    parts: tuple[str, ...]


ABSENT = {
    "a session in the middle": Absence(
        f"{RAW}/{BETAS.format(1, 2)}", RESPONSES.format(1),
        ("session(s) [2] of subject 1", "1 to 3 without a gap", "Fetch", "cannot be left out"),
    ),
    "the last session": Absence(
        f"{RAW}/{BETAS.format(1, 3)}", RESPONSES.format(1),
        ("session(s) [3] of subject 1", "1 to 3", "Fetch", "nsd.sessions"),
    ),
    "an atlas": Absence(
        f"{RAW}/{RIGHT.format(2)}", ATLAS.format(2), ("no readable file", "Fetch the file"),
    ),
    "the design": Absence(DESIGN, TRIALS, ("no readable file", "Fetch the file")),
    "the stimulus table": Absence(STIMULUS_INFO, TRIALS, ("no readable file", "Fetch the file")),
    "the raw folder": Absence(RAW, TRIALS, ("no such folder", "nsd.raw", "repalign simulate nsd")),
}  # fmt: skip


@pytest.mark.parametrize("target", [SESSION.format(3, 1), RESPONSES.format(3)])
def test_a_subject_that_was_not_selected(workbench, target):
    says(fails(workbench, target), "subject 3", "selected subjects [1, 2]", "nsd.subjects")


@pytest.mark.parametrize("absence", ABSENT.values(), ids=ABSENT)
def test_a_file_that_is_not_there(workbench, absence):
    file = workbench.root / absence.file
    file.rename(file.with_name("elsewhere"))
    forget(workbench, absence.target)
    text = fails(workbench, absence.target)
    file.with_name("elsewhere").rename(file)
    says(text, absence.file, "found:", "expected:", "remedy:", *absence.parts)
    nothing_half_made(workbench, absence.target)


def test_fewer_sessions_are_a_setting_away(project):
    """The remedy for a missing last session works."""
    (project.root / RAW / BETAS.format(1, 3)).unlink()
    project.set("nsd", sessions={1: 2, 2: 2})
    project.snakemake("--quiet", "all", "--", RESPONSES.format(1), TRIALS)
    matrix = np.load(project.root / RESPONSES.format(1) / "roi-001.npy")
    assert len(matrix) == 60
    assert pd.read_parquet(project.root / TRIALS)["subject"].value_counts().to_dict() == {
        1: 60,
        2: 60,
    }


# ---------------------------------------------------------------- settings

ONE_WRONG = "1 wrong setting(s)"
WRONG_SETTINGS = {
    "unknown key": ("rsa:\n  clip_quantil: 0.01\n",
                    (ONE_WRONG, "config.yaml:2", "rsa.clip_quantil", "mean 'clip_quantile'?")),
    "unknown section": ("ras:\n  min_trials: 4\n", (ONE_WRONG, "config.yaml:1", "mean 'rsa'?")),
    "wrong type": ("rsa:\n  min_trials: many\n",
                   (ONE_WRONG, "config.yaml:2", "rsa.min_trials", "'many'", "integer")),
    "number as text": ("rsa:\n  clip_quantile: '0.01'\n",
                       (ONE_WRONG, "config.yaml:2", "rsa.clip_quantile", "'0.01'")),
    "out of bounds": ("rsa:\n  clip_quantile: 0.5\n",
                      (ONE_WRONG, "config.yaml:2", "rsa.clip_quantile", "0.5", "less than 0.5")),
    "unknown choice": ("nsd:\n  layout: bids\n",
                       (ONE_WRONG, "config.yaml:2", "nsd.layout", "'bids'", "'roi_matrices'")),
    "subject 0": ("nsd:\n  subjects: [0]\n", ("config.yaml:2", "nsd.subjects", "0")),
    "a list for a section": ("nsd: [1]\n", (ONE_WRONG, "config.yaml:1", "nsd")),
    "several": ("rsa:\n  clip_quantile: 2\n  shift: 1\nnsd:\n  layout: bids\n",
                ("3 wrong setting(s)", "config.yaml:2", "config.yaml:3", "config.yaml:5")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS)
def test_settings_that_cannot_be(undisturbed, tmp_path, text, parts):
    # Nothing is run, so the project without its data is enough.
    project = Project.create(tmp_path / "project", {})
    (project.root / "config/config.yaml").write_text(text)
    says(fails(project, TRIALS), "config/config.yaml", *parts)


def test_settings_that_are_not_yaml(tmp_path):
    project = Project.create(tmp_path / "project", {})
    (project.root / "config/config.yaml").write_text("nsd:\n  layout: [raw\n")
    says(fails(project, TRIALS), "config/config.yaml", "line 3")


UNUSABLE_SETTINGS = {
    "unknown region": ({"regions": ["V1", "V99"]}, ("nsd.regions", "V99", "hcp_mmp1.tsv")),
    "unknown subject": ({"subjects": [1, 7]}, ("nsd.subjects", "[7]", "[1, 2]", "Correct")),
    "no subject": ({"subjects": []}, ("nsd.subjects", "none", "Correct")),
    "more sessions than planned": (
        {"sessions": {1: 4, 2: 2}},
        ("4 sessions of subject 1", "nsd.sessions", "1 to 3", "Correct"),
    ),
}


@pytest.mark.parametrize(("values", "parts"), UNUSABLE_SETTINGS.values(), ids=UNUSABLE_SETTINGS)
def test_settings_that_do_not_fit_the_data(workbench, values, parts):
    settings = workbench.settings
    workbench.set("nsd", **values)
    text = fails(workbench, TRIALS, REGIONS)
    workbench.write_settings(settings)
    says(text, *parts)


def test_simulated_data_of_other_settings(workbench):
    settings = workbench.settings
    changed = {**settings["simulate"]["nsd"], "n_shared": 10, "seed": 3}
    workbench.set("simulate", nsd=changed)
    text = fails(workbench, TRIALS)
    workbench.write_settings(settings)
    says(text, "n_shared, seed", f"{RAW}/simulation.json", "simulate.nsd", "repalign simulate nsd")


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("shift=1;", "shift=1;layers=all;", ("parameters", "layers", "rsa_subject_subject")),
        ("shift=1;", "shift=7;", ("shift=7", "one of 0, 1, 2")),
        ("rsa_subject_subject\t", "rsa_subject\t", ("analysis 'rsa_subject'", "one of")),
        ("path\t", "file\t", ("columns file, dataset", "columns path, dataset")),
    ],
    ids=["unknown parameter", "wrong value", "unknown analysis", "wrong header"],
)
def test_a_catalogue_that_cannot_be(workbench, old, new, parts):
    catalogue = workbench.root / "config/derivatives.tsv"
    good = catalogue.read_text()
    workbench.edit("config/derivatives.tsv", old, new)
    text = fails(workbench, TRIALS)
    catalogue.write_text(good)
    says(text, "config/derivatives.tsv", "remedy:", *parts)


# ---------------------------------------------------------------- after all of it


def test_the_mended_project_gives_what_an_undisturbed_run_gives(workbench, undisturbed):
    """Whatever was broken in this project before, and mended since."""
    forget(workbench, TRIALS, STIMULI, SHIFT_1, PAIR)
    recovers(workbench, undisturbed, SHIFT_1, TRIALS, STIMULI, REGIONS, RESPONSES.format(1), PAIR)
