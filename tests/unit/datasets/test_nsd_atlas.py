import logging

import nibabel as nib
import numpy as np
import pytest

from repalign.datasets.nsd_atlas import merge_hemispheres, region_voxels
from repalign.errors import RepalignError

from .conftest import AFFINE, assert_error, nothing_left, write_nifti


@pytest.fixture
def hemispheres(tmp_path, labels):
    left, right = labels
    return (
        write_nifti(tmp_path / "lh.HCP_MMP1.nii.gz", left),
        write_nifti(tmp_path / "rh.HCP_MMP1.nii.gz", right),
    )


def test_merged_labels(tmp_path, hemispheres, labels):
    report = merge_hemispheres(*hemispheres, tmp_path / "out" / "both.nii.gz")
    image = nib.load(tmp_path / "out" / "both.nii.gz")
    merged = np.asarray(image.dataobj)
    assert image.get_data_dtype() == np.uint16
    np.testing.assert_allclose(image.affine, AFFINE)
    left, right = labels
    np.testing.assert_array_equal(merged[:5], np.maximum(left, 0)[:5])
    np.testing.assert_array_equal(merged[5:], np.where(right > 0, right + 180, 0)[5:])
    assert set(np.unique(merged)) | {0} == set(range(361))
    assert (report.n_overlap, report.missing) == (0, ())
    assert report.n_left == (left > 0).sum()
    assert report.n_right == (right > 0).sum()


def test_overlap_goes_left_and_missing_regions_are_reported(tmp_path, labels, caplog):
    left, right = labels
    right[0, :3, 0] = 7
    left[0, :3, 0] = (3, 0, -1)
    left[left == 50] = 0
    lh = write_nifti(tmp_path / "lh.nii.gz", left)
    rh = write_nifti(tmp_path / "rh.nii.gz", right.astype(np.float32))
    with caplog.at_level(logging.INFO):
        report = merge_hemispheres(lh, rh, tmp_path / "both.nii.gz")
    merged = np.asarray(nib.load(tmp_path / "both.nii.gz").dataobj)
    assert merged[0, :3, 0].tolist() == [3, 187, 187]
    assert report.n_overlap == 1
    assert 50 in report.missing
    assert "1 voxels in both" in caplog.text
    assert "without a voxel" in caplog.text


def test_same_bytes(tmp_path, hemispheres):
    for name in ("a.nii.gz", "b.nii.gz"):
        merge_hemispheres(*hemispheres, tmp_path / name)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    assert (tmp_path / "a.nii.gz").read_bytes()[3:8] == bytes(5)  # no name, no time


@pytest.mark.parametrize("value", [-2, 181, 4000])
def test_label_out_of_range(tmp_path, labels, value):
    left, right = labels
    left[1, 2, 3] = value
    lh = write_nifti(tmp_path / "lh.nii.gz", left)
    rh = write_nifti(tmp_path / "rh.nii.gz", right)
    with pytest.raises(RepalignError) as error:
        merge_hemispheres(lh, rh, tmp_path / "both.nii.gz")
    assert_error(error.value, lh, f"label {value} ", "voxel (1, 2, 3)", "-1 to 180")
    assert nothing_left(tmp_path, "both.nii.gz")


def test_right_hemisphere_numbered_from_181(tmp_path, labels):
    left, right = labels
    lh = write_nifti(tmp_path / "lh.nii.gz", left)
    rh = write_nifti(tmp_path / "rh.nii.gz", np.where(right > 0, right + 180, 0).astype("i2"))
    with pytest.raises(RepalignError) as error:
        merge_hemispheres(lh, rh, tmp_path / "both.nii.gz")
    assert_error(error.value, rh, "181-360 already", "subtract 180")


def test_empty_hemisphere(tmp_path, labels):
    left, right = labels
    lh = write_nifti(tmp_path / "lh.nii.gz", left)
    rh = write_nifti(tmp_path / "rh.nii.gz", np.minimum(right, 0))
    with pytest.raises(RepalignError) as error:
        merge_hemispheres(lh, rh, tmp_path / "both.nii.gz")
    assert_error(error.value, rh, "no labelled voxel")
    assert nothing_left(tmp_path, "both.nii.gz")


def test_hemispheres_of_different_spaces(tmp_path, labels):
    left, right = labels
    lh = write_nifti(tmp_path / "lh.nii.gz", left)
    moved = AFFINE.copy()
    moved[0, 3] += 0.5
    rh = write_nifti(tmp_path / "rh.nii.gz", right, moved)
    with pytest.raises(RepalignError) as error:
        merge_hemispheres(lh, rh, tmp_path / "both.nii.gz")
    assert_error(error.value, rh, lh, "affine", "0.5 mm")
    cut = write_nifti(tmp_path / "cut.nii.gz", right[:, :, 1:])
    with pytest.raises(RepalignError) as error:
        merge_hemispheres(lh, cut, tmp_path / "both.nii.gz")
    assert_error(error.value, cut, lh, "(10, 9, 7)", "(10, 9, 8)")
    assert nothing_left(tmp_path, "both.nii.gz")


def test_affines_may_differ_by_rounding(tmp_path, labels):
    lh = write_nifti(tmp_path / "lh.nii.gz", labels[0])
    rh = write_nifti(tmp_path / "rh.nii.gz", labels[1], AFFINE * (1 + 1e-6))
    merge_hemispheres(lh, rh, tmp_path / "both.nii.gz")


def test_voxels_in_published_order(atlas):
    path, mask = atlas
    betas = np.random.default_rng(0).integers(-99, 99, (*mask.shape, 4))
    regions = [200, 1, 77, 181]
    voxels = region_voxels(path, regions)
    assert voxels.shape == mask.shape
    assert voxels.index.dtype == voxels.offsets.dtype == np.int64
    assert voxels.regions.tolist() == regions
    in_file_order = betas.reshape(-1, 4, order="F").T
    for k, roi in enumerate(regions):
        columns = voxels.index[voxels.offsets[k] : voxels.offsets[k + 1]]
        np.testing.assert_array_equal(in_file_order[:, columns], betas[mask == roi].T)
    assert voxels.offsets[-1] == voxels.index.size


def test_regions_must_differ(atlas):
    with pytest.raises(ValueError, match="different"):
        region_voxels(atlas[0], [1, 1])
