"""Voxels of LAION-fMRI's regions, and responses read by them with scaling right."""

from __future__ import annotations

import gzip
import logging

import nibabel as nib
import numpy as np
import pytest

from repalign.datasets.laion_voxels import (
    above,
    brain_voxels,
    laion_voxels,
    read_ceilings,
    read_voxels,
    with_empty_regions,
    write_voxels,
)
from repalign.datasets.responses import extract_voxels, gather_responses, open_region
from repalign.errors import RepalignError

SHAPE = (5, 4, 3)
AFFINE = np.diag([1.778, 1.778, 1.778, 1.0])


def save(path, values, affine=AFFINE, slope=None):
    """Write an image; with a slope as int16 that the header says to multiply."""
    image = nib.Nifti1Image(values, affine)
    if slope is not None:
        image = nib.Nifti1Image(np.rint(values / slope).astype(np.int16), affine)
        image.header.set_slope_inter(slope, 0)
        # nibabel would scale again what it is given as numbers.
        content = bytearray(image.to_bytes())
        stored = np.rint(values / slope).astype("<i2").tobytes(order="F")
        start = int(image.header["vox_offset"]) or 352
        content[start : start + len(stored)] = stored
        content[112:116] = np.float32(slope).tobytes()
        path.write_bytes(gzip.compress(bytes(content)))
        return path
    nib.save(image, path)
    return path


@pytest.fixture
def r2(tmp_path):
    """Brain but for the planes x = 0 (0) and x = 4 (NaN); one voxel is negative."""
    values = np.full(SHAPE, 12.0, np.float32)
    values[0], values[4], values[2, 1, 1] = 0, np.nan, -0.5
    return save(tmp_path / "r2.nii.gz", values)


def mask(path, *voxels, affine=AFFINE, shape=SHAPE, value=1):
    values = np.zeros(shape, np.uint8)
    for voxel in voxels:
        values[voxel] = value
    return save(path, values, affine)


@pytest.fixture
def masks(tmp_path):
    """Regions 2 and 5 share a voxel; region 2 has one outside the brain."""
    return {
        5: mask(tmp_path / "five.nii.gz", (1, 0, 0), (2, 1, 1)),
        2: mask(tmp_path / "two.nii.gz", (3, 3, 2), (2, 1, 1), (0, 0, 0)),
    }


def test_the_brain_is_what_is_not_0_as_the_client_has_it_or_above(r2):
    assert brain_voxels(r2, "nonzero").index.size == 3 * 4 * 3
    assert brain_voxels(r2, "positive").index.size == 3 * 4 * 3 - 1


def test_a_map_without_a_brain_is_refused(tmp_path):
    with pytest.raises(RepalignError, match="no voxel of the brain"):
        brain_voxels(save(tmp_path / "r2.nii.gz", np.zeros(SHAPE, np.float32)), "nonzero")


def test_regions_may_share_voxels_and_are_ordered_as_the_client_orders_them(r2, masks):
    found = laion_voxels(masks, brain_voxels(r2, "nonzero"))
    assert found.regions.tolist() == [2, 5]
    assert found.offsets.tolist() == [0, 2, 4]
    places = np.stack(np.unravel_index(found.index, SHAPE, order="F"), axis=1).tolist()
    # C order of the mask; (0, 0, 0) is outside the brain.
    assert places == [[2, 1, 1], [3, 3, 2], [1, 0, 0], [2, 1, 1]]


def test_voxels_survive_a_file_and_absent_regions_are_empty(r2, masks, tmp_path):
    found = laion_voxels(masks, brain_voxels(r2, "nonzero"))
    for name in ("a.h5", "b.h5"):
        write_voxels(tmp_path / name, found)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    whole = with_empty_regions(read_voxels(tmp_path / "a.h5"), [1, 2, 4, 5])
    assert whole.offsets.tolist() == [0, 0, 2, 2, 4]
    np.testing.assert_array_equal(whole.index, found.index)
    (tmp_path / "a.h5").write_bytes(b"")
    with pytest.raises(RepalignError, match="cannot be read"):
        read_voxels(tmp_path / "a.h5")


def test_a_mask_outside_the_brain_is_an_empty_region_and_said(r2, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "repalign"):
        found = laion_voxels(
            {1: mask(tmp_path / "m.nii.gz", (0, 0, 0))}, brain_voxels(r2, "nonzero")
        )
    assert found.offsets.tolist() == [0, 0]
    assert "0 of 1 voxels in the brain" in caplog.text


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"shape": (5, 4, 4)}, r"shape \(5, 4, 4\)"),
        ({"affine": np.diag([1.5, 1.5, 1.5, 1])}, "affine"),
        ({"value": 255}, "the value 255"),
    ],
    ids=["another grid", "another resolution", "0 and 255"],
)
def test_a_mask_that_is_none_of_this_grid_is_refused(r2, tmp_path, options, found):
    path = mask(tmp_path / "m.nii.gz", (1, 1, 1), **options)
    with pytest.raises(RepalignError, match=found):
        laion_voxels({1: path}, brain_voxels(r2, "nonzero"))


# ------------------------------------------------------------------ noise ceilings


def test_voxels_above_a_ceiling_are_kept(r2, masks, tmp_path):
    brain = brain_voxels(r2, "nonzero")
    values = np.zeros(SHAPE, np.float32)
    values[2, 1, 1], values[1, 0, 0], values[3, 3, 2] = 20, 19.9, np.nan
    ceilings = read_ceilings(save(tmp_path / "nc.nii.gz", values), brain)
    found = above(laion_voxels(masks, brain), ceilings, 20)
    assert found.offsets.tolist() == [0, 1, 2]
    places = np.stack(np.unravel_index(found.index, SHAPE, order="F"), axis=1).tolist()
    assert places == [[2, 1, 1], [2, 1, 1]]


@pytest.mark.parametrize(
    ("highest", "found"),
    [(0.83, "no value above 0.83: fractions"), (101, "101"), (-1, "-1")],
    ids=["fractions", "beyond 100", "negative"],
)
def test_ceilings_of_another_unit_are_refused(r2, tmp_path, highest, found):
    values = np.zeros(SHAPE, np.float32)
    values[2, 1, 1] = highest
    with pytest.raises(RepalignError, match="per cent") as caught:
        read_ceilings(save(tmp_path / "nc.nii.gz", values), brain_voxels(r2, "nonzero"))
    assert caught.value.found == found


def test_a_map_of_zeros_is_no_map_of_fractions(r2, tmp_path):
    zeros = save(tmp_path / "nc.nii.gz", np.zeros(SHAPE, np.float32))
    assert not read_ceilings(zeros, brain_voxels(r2, "nonzero")).any()


# ------------------------------------------------------------------ responses


@pytest.fixture
def betas():
    return np.random.default_rng(1).normal(0, 2, (*SHAPE, 6)).astype(np.float32)


def extracted(tmp_path, r2, masks, path, n_trials=6, name="session.npy"):
    voxels = laion_voxels(masks, brain_voxels(r2, "nonzero"))
    extract_voxels(path, voxels, "voxels", tmp_path / name, n_trials, non_finite="refuse_chosen")
    return voxels, np.load(tmp_path / name)


def test_scaled_whole_numbers_are_scaled(r2, masks, betas, tmp_path):
    """A reader that takes the stored numbers is off by the slope: here 300-fold."""
    path = save(tmp_path / "betas.nii.gz", betas, slope=1 / 300)
    assert np.abs(np.asarray(nib.load(path).dataobj) - betas).max() < 1 / 300
    _, found = extracted(tmp_path, r2, masks, path)
    expected = np.stack([betas[2, 1, 1], betas[3, 3, 2], betas[1, 0, 0], betas[2, 1, 1]], axis=1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=0.51 / 300)


def test_nan_outside_the_regions_is_nothing_and_inside_is_refused(r2, masks, betas, tmp_path):
    betas[0] = np.nan
    path = save(tmp_path / "betas.nii.gz", betas)
    _, found = extracted(tmp_path, r2, masks, path)
    assert np.isfinite(found).all()
    betas[3, 3, 2, 4] = np.nan
    with pytest.raises(RepalignError, match=r"volume 5, voxel \(3, 3, 2\)"):
        extracted(tmp_path, r2, masks, save(path, betas), name="bad.npy")
    assert not (tmp_path / "bad.npy").exists()


@pytest.mark.parametrize("n_trials", [5, 7])
def test_tables_shorter_or_longer_than_the_betas_are_refused(r2, masks, betas, tmp_path, n_trials):
    path = save(tmp_path / "betas.nii.gz", betas)
    with pytest.raises(RepalignError, match="6 volumes") as caught:
        extracted(tmp_path, r2, masks, path, n_trials=n_trials)
    assert f"{n_trials} volumes, one a trial" in caught.value.expected


def test_betas_on_another_grid_are_refused(r2, masks, betas, tmp_path):
    path = save(tmp_path / "betas.nii.gz", betas[:4])
    with pytest.raises(RepalignError, match=r"shape \(4, 4, 3\)"):
        extracted(tmp_path, r2, masks, path)


@pytest.mark.parametrize("standardise", [True, False])
def test_sessions_are_standardised_one_by_one(r2, masks, betas, tmp_path, standardise):
    other = betas[..., :4] * 5 + 100
    other[2, 1, 1] = 0.1
    paths = []
    for k, values in enumerate((betas, other)):
        path = save(tmp_path / f"betas-{k}.nii.gz", values)
        voxels, _ = extracted(tmp_path, r2, masks, path, values.shape[3], f"ses-{k}.npy")
        paths.append(tmp_path / f"ses-{k}.npy")
    whole = with_empty_regions(voxels, [2, 3, 5])
    gather_responses(paths, whole, tmp_path / "out", standardise=standardise)
    found = open_region(tmp_path / "out", 2)
    expected = np.concatenate([np.load(path)[:, :2] for path in paths]).astype(np.float64)
    if standardise:
        for part in (expected[:6], expected[6:]):
            sd = part.std(axis=0)
            part[:] = (part - part.mean(axis=0)) / np.where(sd > 1e-6, sd, np.inf)
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert open_region(tmp_path / "out", 3).shape == (10, 0)
    if standardise:
        assert (found[6:, 0] == 0).all(), "a voxel that is constant in a session is exactly 0"
