"""Atlases of BOLD5000: both numberings are recognised, everything else is refused."""

import logging

import nibabel as nib
import numpy as np
import pytest

from repalign.datasets.bold5000_atlas import relabel_atlas
from repalign.datasets.nsd_atlas import region_voxels
from repalign.errors import RepalignError

from .conftest import AFFINE, assert_error, nothing_left, write_nifti


def volume(right: int = 180, dtype: str = "i2") -> np.ndarray:
    """All labels 1-180 and as many above `right`, with some background."""
    labels = np.concatenate([np.arange(181), right + np.arange(1, 181), np.zeros(23)])
    return np.random.default_rng(0).permutation(labels).reshape(8, 6, 8).astype(dtype)


@pytest.mark.parametrize("dtype", ["i2", "f4", "f8"])
def test_both_numberings_give_the_same_atlas(tmp_path, caplog, dtype):
    plain = write_nifti(tmp_path / "plain.nii.gz", volume(dtype=dtype))
    public = write_nifti(tmp_path / "public.nii.gz", volume(right=200, dtype=dtype))
    with caplog.at_level(logging.INFO):
        first = relabel_atlas(plain, tmp_path / "a.nii.gz")
        assert "remapped" not in caplog.text
        second = relabel_atlas(public, tmp_path / "b.nii.gz")
    assert "201-380; remapped to 181-360" in caplog.text
    assert (first.numbering, second.numbering) == ("0-360", "201-380")
    assert first.n_left == second.n_left == second.n_right == 180
    assert first.missing == second.missing == ()
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    written = nib.load(tmp_path / "b.nii.gz")
    np.testing.assert_array_equal(written.dataobj, volume())
    np.testing.assert_array_equal(written.affine, AFFINE)
    assert region_voxels(tmp_path / "b.nii.gz", range(1, 361)).index.size == 360


def test_a_region_lost_in_resampling_is_reported(tmp_path, caplog):
    labels = volume()
    labels[(labels == 7) | (labels == 300)] = 0
    report = relabel_atlas(write_nifti(tmp_path / "x.nii.gz", labels), tmp_path / "a.nii.gz")
    assert report.missing == (7, 300)
    assert "[7, 300]" in caplog.text


def with_label(old: int, new: float, dtype: str = "i2") -> np.ndarray:
    labels = volume(dtype=dtype)
    labels[labels == old] = new
    return labels


@pytest.mark.parametrize(
    ("labels", "parts"),
    [
        (with_label(5, 400), ("label 400", "1 voxels out of range")),
        (with_label(5, -1), ("label -1",)),
        (with_label(5, 370), ("both labels 181-200 and 361-380",)),
        (np.where(volume() > 180, 0, volume()), ("none of 181-200 and 361-380",)),
        (np.where(volume() < 181, 0, volume()), ("0 left and 180 right voxels",)),
        (with_label(5, 5.5, "f4"), ("5.5", "whole numbers")),
    ],
)
def test_labels_of_neither_numbering_are_refused(tmp_path, labels, parts):
    path = write_nifti(tmp_path / "x.nii.gz", labels)
    with pytest.raises(RepalignError) as error:
        relabel_atlas(path, tmp_path / "out.nii.gz")
    assert_error(error.value, path, *parts)
    assert nothing_left(tmp_path, "out.nii.gz")
