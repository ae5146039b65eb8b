"""The volumes have NSD's format: int16, unscaled, one affine, labels of each hemisphere."""

import gzip
import struct

import nibabel as nib
import numpy as np
import pytest

from repalign.simulate.nsd import write_full_size_session
from repalign.simulate.truth import read_simulation
from repalign.tables.nifti_writer import write_volumes

BETAS = "func1mm/betas_fithrf_GLMdenoise_RR"


def load(path):
    image = nib.load(path)
    return image, np.asarray(image.dataobj)


@pytest.mark.parametrize("subject", [1, 2])
def test_atlas_volumes(tiny_folder, subject):
    roi = tiny_folder / f"subj{subject:02d}/func1mm/roi"
    left_image, left = load(roi / "lh.HCP_MMP1.nii.gz")
    right_image, right = load(roi / "rh.HCP_MMP1.nii.gz")
    assert left.dtype == right.dtype == np.int16
    assert left.shape == right.shape
    assert np.unique(left).tolist() == np.unique(right).tolist() == list(range(-1, 181))
    assert not ((left > 0) & (right > 0)).any()
    np.testing.assert_array_equal(left_image.affine, right_image.affine)
    counts = np.concatenate([np.bincount(labels[labels > 0])[1:] for labels in (left, right)])
    assert counts.min() >= 8
    assert counts.max() <= 12
    assert np.unique(counts).size > 3
    # Left is where x, in millimetres, is negative.
    x = [nib.affines.apply_affine(left_image.affine, np.argwhere(v > 0))[:, 0]
         for v in (left, right)]  # fmt: skip
    assert x[0].max() < 0 < x[1].min()


def test_beta_volumes(tiny_folder):
    sessions = {1: 2, 2: 1}
    for subject, n_sessions in sessions.items():
        home = tiny_folder / f"subj{subject:02d}"
        names = sorted(path.name for path in (home / BETAS).iterdir())
        assert names == [f"betas_session{s:02d}.nii.gz" for s in range(1, n_sessions + 1)]
        atlas, left = load(home / "func1mm/roi/lh.HCP_MMP1.nii.gz")
        _, right = load(home / "func1mm/roi/rh.HCP_MMP1.nii.gz")
        labelled = (left > 0) | (right > 0)
        dead = np.ones(labelled.sum(), dtype=bool)
        for name in names:
            image, data = load(home / BETAS / name)
            assert image.header.get_data_dtype() == np.int16
            assert data.dtype == np.int16
            assert image.header.get_slope_inter() == (None, None)
            assert data.shape == (*left.shape, 24)
            np.testing.assert_array_equal(image.affine, atlas.affine)
            dead &= (data[labelled] == 0).all(axis=1)
            responses = data[labelled].astype(float)
            assert 300 < responses[responses.any(axis=1)].std() < 600
        assert 0.005 < dead.mean() < 0.04
        assert (data[0, 0, 0] == 0).all()


def test_subjects_have_volumes_of_their_own_shape(tiny_folder):
    shapes = {
        nib.load(tiny_folder / f"subj0{s}/func1mm/roi/lh.HCP_MMP1.nii.gz").shape for s in (1, 2)
    }
    assert len(shapes) == 2


def test_the_gzip_header_has_no_time_and_no_name(tiny_folder):
    path = next((tiny_folder / "subj01" / BETAS).iterdir())
    magic, method, flags, time = struct.unpack("<HBBI", path.read_bytes()[:8])
    assert (magic, method, flags, time) == (0x8B1F, 8, 0, 0)
    with gzip.open(path) as packed:
        header = packed.read(352)
    assert struct.unpack("<f", header[112:116]) == (0.0,)
    assert header[344:348] == b"n+1\0"


def test_a_wrong_number_of_volumes_is_an_error(tmp_path):
    volume = np.zeros(8, np.int16)
    with pytest.raises(ValueError, match="1 volumes"):
        write_volumes(tmp_path / "a.nii.gz", (2, 2, 2, 3), np.eye(4), [volume])
    with pytest.raises(ValueError, match="4 voxels"):
        write_volumes(tmp_path / "b.nii.gz", (2, 2, 2), np.eye(4), [volume[:4]])


def test_a_session_for_benchmarks(tmp_path):
    folder = tmp_path / "large"
    write_full_size_session(folder, n_trials=3, shape=(36, 44, 36), n_labelled=12_000)
    _, data = load(folder / "subj01" / BETAS / "betas_session01.nii.gz")
    _, left = load(folder / "subj01/func1mm/roi/lh.HCP_MMP1.nii.gz")
    _, right = load(folder / "subj01/func1mm/roi/rh.HCP_MMP1.nii.gz")
    assert data.shape == (36, 44, 36, 3)
    assert np.unique(left).tolist() == np.unique(right).tolist() == list(range(-1, 181))
    assert 11_600 < (left > 0).sum() + (right > 0).sum() <= 12_000
    assert data[left > 0].std() > 300
    assert read_simulation(folder)["n_trials_per_session"] == 3
