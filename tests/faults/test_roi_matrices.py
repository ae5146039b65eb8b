"""Runs from region matrices that a lab already has: the same values, and what can be wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..workflow.project import SHIFT_1, Project
from .runs import (
    QUALITY,
    RESPONSES,
    SEPARATED,
    SMALL,
    STIMULI_INDEX,
    TRIALS,
    fails,
    forget,
    nothing_half_made,
    same,
    says,
)

LAB = "resources/lab"
INDEX = f"{LAB}/nsd_stimuli.csv"
MATRIX = LAB + "/betas/sub{:02d}/sub-{:02d}_roi-{:03d}.npy"
V2_RIGHT = MATRIX.format(2, 2, 184)


def lab_settings(**values) -> dict:
    nsd = {
        **SMALL["nsd"],
        "raw": LAB,
        "layout": "roi_matrices",
        "source": "other",
        "sessions": {1: 3, 2: 2},
    }
    return {"nsd": {**nsd, **values}}


def lab_project(root: Path, source: Project) -> Project:
    """A project with nothing but the files of a lab, written from a finished run from raw data."""
    project = Project.create(root, lab_settings())
    (project.root / LAB).mkdir(parents=True)
    shutil.copy(source.root / STIMULI_INDEX, project.root / INDEX)
    for subject in (1, 2):
        for file in (source.root / RESPONSES.format(subject)).glob("roi-*.npy"):
            copy = project.root / MATRIX.format(subject, subject, int(file.stem[-3:]))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    return project


@pytest.fixture(scope="module")
def lab(undisturbed, tmp_path_factory) -> Project:
    """Finished from the lab's files."""
    project = lab_project(tmp_path_factory.mktemp("lab") / "project", undisturbed)
    project.snakemake("--quiet", "all", "--", SHIFT_1, SEPARATED)
    return project


def rows(project: Project, table: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / table)


@pytest.mark.parametrize("table", [SHIFT_1, SEPARATED])
def test_values_are_those_from_raw_data(lab, undisturbed, table):
    pd.testing.assert_frame_equal(rows(lab, table), rows(undisturbed, table), check_exact=True)


def test_quality_is_that_from_raw_data(lab, undisturbed):
    assert (lab.root / QUALITY).read_bytes() == (undisturbed.root / QUALITY).read_bytes()


def test_fewer_regions_and_subjects_give_those_rows(lab, undisturbed, tmp_path):
    project = Project.create(
        tmp_path / "project", lab_settings(regions=["V2", "p24"], subjects=[2])
    )
    shutil.copytree(lab.root / LAB, project.root / LAB)
    shutil.rmtree(project.root / LAB / "betas/sub01")
    project.snakemake("--quiet", "all", "--", SHIFT_1)
    expected = rows(undisturbed, SHIFT_1).query(
        "roi_x in (4, 180) and roi_y in (4, 180) and subject_i == 2 and subject_j == 2"
    )
    found = rows(project, SHIFT_1)
    # Products of smaller matrices are summed in another order.
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True), rtol=0, atol=1e-6)


@pytest.mark.long
def test_float_matrices_of_the_same_numbers_give_the_same_values(lab, undisturbed, tmp_path):
    project = Project.create(tmp_path / "project", lab_settings())
    shutil.copytree(lab.root / LAB, project.root / LAB)
    for file in (project.root / LAB / "betas").rglob("*.npy"):
        np.save(file, np.load(file).astype(np.float32))
    project.snakemake("--quiet", "all", "--", SHIFT_1)
    found, expected = rows(project, SHIFT_1), rows(undisturbed, SHIFT_1)
    np.testing.assert_allclose(found["similarity"], expected["similarity"], atol=1e-6)


def matrix(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        np.save(path, change(np.load(path)), allow_pickle=True)

    return apply


def with_nan(values: np.ndarray) -> np.ndarray:
    changed = values.astype(np.float64)
    changed[7, 3] = np.nan
    return changed


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


MATRICES = {
    "a row missing": (matrix(lambda m: m[:-1]), ("59 rows", "60 rows", "nsd.sessions")),
    "no file": (Path.unlink, ("no readable file", "matrices of the dataset", "config.yaml")),
    "NaN": (matrix(with_nan), ("nan", "trial 7, voxel 3", "finite", "write the matrix again")),
    "pickled objects": (matrix(lambda m: m.astype(object)), ("Python objects", "Write")),
    "Fortran order": (matrix(np.asfortranarray), ("Fortran order", "C order", "ascontiguous")),
    "unsigned": (matrix(lambda m: m.astype(np.uint16)), ("<u2", "int16, float32, float64")),
    "other byte order": (matrix(lambda m: m.astype(">i2")), (">i2", "byte order")),
    "one axis": (matrix(np.ravel), ("trials × voxels", "Write the matrix again")),
    "cut short": (cut, ("cannot be read", "whole .npy file", "Write the matrix again")),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "parts"), MATRICES.values(), ids=MATRICES)
def test_a_matrix_that_cannot_be_used(lab, damage, parts):
    file = lab.root / V2_RIGHT
    good = file.read_bytes()
    damage(file)
    forget(lab, RESPONSES.format(2))
    text = fails(lab, RESPONSES.format(2))
    file.write_bytes(good)
    says(text, V2_RIGHT, "found:", "expected:", "remedy:", *parts)
    nothing_half_made(lab, RESPONSES.format(2))


def column(name: str, change: Callable[[pd.Series], pd.Series]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        table = pd.read_csv(path)
        table[name] = change(table[name])
        table.to_csv(path, index=False)

    return apply


def without_a_trial(path: Path) -> None:
    pd.read_csv(path).drop(index=5).to_csv(path, index=False)


STIMULI_TABLES = {
    "1-based ids": (column("nsd_id", lambda c: c + 1), ("nsd_id", "1-based", "Subtract 1")),
    "1-based trials": (column("subject_index", lambda c: c + 1),
                       ("subject_index", "1-based", "Subtract 1")),
    "a trial less": (without_a_trial, ("subject 1", "every trial", "again")),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "parts"), STIMULI_TABLES.values(), ids=STIMULI_TABLES)
def test_a_stimulus_index_that_cannot_be_used(lab, damage, parts):
    file = lab.root / INDEX
    good = file.read_bytes()
    damage(file)
    forget(lab, TRIALS)
    text = fails(lab, TRIALS)
    file.write_bytes(good)
    says(text, INDEX, "found:", "expected:", "remedy:", *parts)
    nothing_half_made(lab, TRIALS)


def test_the_mended_files_give_the_same_matrices(lab, undisturbed):
    forget(lab, TRIALS, RESPONSES.format(2))
    lab.snakemake("--quiet", "all", "--", TRIALS, RESPONSES.format(2))
    made = sorted((lab.root / RESPONSES.format(2)).glob("roi-*.npy"))
    assert len(made) == 2 * len(SMALL["nsd"]["regions"])
    assert all(same(file, undisturbed.root / RESPONSES.format(2) / file.name) for file in made)
    before = rows(undisturbed, TRIALS).drop(columns="run")
    pd.testing.assert_frame_equal(rows(lab, TRIALS).drop(columns="run"), before)
