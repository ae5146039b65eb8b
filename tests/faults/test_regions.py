"""Regions without a similarity: NaN for that subject alone, and every other row as before."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from ..workflow.project import SHIFT_1, Project
from .runs import BETAS, LEFT, QUALITY, RAW, RIGHT, SEPARATED

V1, MST, V2, PHA1, P24 = 1, 2, 4, 126, 180
RIGHT_OF = 180

# What is done to subject 2: p24 is missing on the left, MST on both sides, all betas of V2 are
# equal on both sides, and PHA1 has one voxel, on the left.
STATUS = {
    P24: "empty",
    MST: "empty",
    MST + RIGHT_OF: "empty",
    V2: "constant",
    V2 + RIGHT_OF: "constant",
    PHA1: "single voxel",
    PHA1 + RIGHT_OF: "empty",
}
CHANGED = {P24}
"""Joined regions that still have a value, but of fewer voxels."""


def relabel(project: Project, file: str, change) -> None:
    path = project.root / RAW / file.format(2)
    image = nib.load(path)
    labels = np.asarray(image.dataobj).copy()
    change(labels)
    nib.save(nib.Nifti1Image(labels, image.affine), path)


@pytest.fixture(scope="module")
def poor(undisturbed, tmp_path_factory) -> Project:
    """A finished run with the regions of subject 2 as in `STATUS`."""
    project = undisturbed.copy(tmp_path_factory.mktemp("regions") / "project")
    masks = []

    def left(labels: np.ndarray) -> None:
        labels[np.isin(labels, (P24, MST))] = 0
        kept = np.argwhere(labels == PHA1)[0]
        labels[labels == PHA1] = 0
        labels[tuple(kept)] = PHA1
        masks.append(labels == V2)

    def right(labels: np.ndarray) -> None:
        labels[np.isin(labels, (MST, PHA1))] = 0
        masks.append(labels == V2)

    relabel(project, LEFT, left)
    relabel(project, RIGHT, right)
    for session in (1, 2):
        path = project.root / RAW / BETAS.format(2, session)
        image = nib.load(path)
        betas = np.asarray(image.dataobj).copy()
        betas[masks[0] | masks[1]] = 300
        nib.save(nib.Nifti1Image(betas, image.affine), path)
    project.snakemake("--quiet", "all", "--", SHIFT_1, SEPARATED)
    return project


def rows(project: Project, table: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / table)


@pytest.mark.parametrize("table", [SHIFT_1, SEPARATED], ids=["joined", "separated"])
def test_such_a_region_is_nan_for_that_subject_alone(poor, undisturbed, table):
    joined = table == SHIFT_1
    undefined = {MST, V2, PHA1} if joined else set(STATUS)
    changed = CHANGED if joined else set()
    found, before = rows(poor, table), rows(undisturbed, table)
    keys = [name for name in found if name != "similarity"]
    pd.testing.assert_frame_equal(found[keys], before[keys], check_exact=True)

    def concerns(regions: set[int]) -> pd.Series:
        return (found["subject_i"].eq(2) & found["roi_x"].isin(regions)) | (
            found["subject_j"].eq(2) & found["roi_y"].isin(regions)
        )

    nan, other = concerns(undefined), concerns(changed)
    assert nan.any()
    assert found.loc[nan, "similarity"].isna().all()
    assert found.loc[~nan, "similarity"].notna().all()
    same = ~(nan | other)
    pd.testing.assert_series_equal(
        found.loc[same, "similarity"], before.loc[same, "similarity"], check_exact=True
    )


def test_quality_names_them(poor, undisturbed):
    quality = pd.read_csv(poor.root / QUALITY, sep="\t").set_index(["subject", "roi"])
    before = pd.read_csv(undisturbed.root / QUALITY, sep="\t").set_index(["subject", "roi"])
    assert quality.index.equals(before.index)
    assert quality["name"].equals(before["name"])
    assert (before["status"] == "ok").all()
    wrong = quality.loc[quality["status"] != "ok", "status"]
    assert wrong.to_dict() == {(2, roi): status for roi, status in STATUS.items()}
    assert quality.loc[(2, PHA1), "n_voxels"] == 1
    assert quality.loc[(2, V2), "n_dead"] == quality.loc[(2, V2), "n_voxels"] > 1
    unchanged = quality.index.difference(wrong.index)
    pd.testing.assert_frame_equal(quality.loc[unchanged], before.loc[unchanged])


def test_the_log_names_them(poor):
    log = (poor.root / "logs" / SHIFT_1.removeprefix("results/")).with_suffix(".parquet.log")
    text = log.read_text()
    for region in (MST, V2, PHA1):
        assert f"region {region} of subject 2 has no similarity" in text
    assert QUALITY in text
