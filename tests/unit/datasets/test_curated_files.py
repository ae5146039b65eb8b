"""A subject's matrix: the right volume in every row, units, voxels without data, the 4-D image.

The phantom's voxels say which session and trial they are of, in eleven sessions, so that session
10 would come before session 2 if names were sorted as text.
"""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from nilearn.masking import unmask

from repalign.datasets.coco_labels import WRONG_PICTURES
from repalign.datasets.curated_files import write_four_d, write_responses
from repalign.datasets.curation import Equalise, curated_trials, fixed_width, kept_of
from repalign.datasets.curation_report import class_names, curation_report
from repalign.datasets.mask_files import read_mask, write_mask
from repalign.datasets.mni_grid import target_grid
from repalign.datasets.mni_session import Resampling, resample_session
from repalign.errors import RepalignError
from repalign.tables.columns import table_of
from repalign.tables.curated_tables import LABELLED_TRIALS

from .conftest import assert_error, grid_at, nothing_left, write_nifti

PIECE = grid_at((20, 24, 20), (-20, -80, -10))
N_SESSIONS, N_TRIALS = 11, 6
CHOICES = {"label_level": "supercategory", "equalise_by": "class", "id_lookup": "stim_info"}


def code(session: int, trial: int) -> int:
    """The value of the phantom at a trial."""
    return 300 * session + 6 * trial + 3


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    """Eleven resampled sessions; in session 10 nothing is recorded at low z."""
    folder = tmp_path_factory.mktemp("phantom")
    grid = target_grid(PIECE, 3.0)
    mask = np.zeros(grid.shape, bool)
    mask[1:6, 1:7, 1:6] = True
    mask[2, 2, 2] = False
    write_mask(folder / "mask.nii.gz", mask, grid.affine)
    sessions, valid = [], []
    for session in range(1, N_SESSIONS + 1):
        values = np.empty((*PIECE.shape, N_TRIALS), np.int16)
        values[...] = [code(session, trial) for trial in range(N_TRIALS)]
        if session == 10:
            values[:, :, :5] = 0
        betas = write_nifti(folder / f"betas_session{session}.nii.gz", values, PIECE.affine)
        sessions.append(folder / f"ses-{session}.npy")
        valid.append(folder / f"valid-{session}.npy")
        resample_session(
            betas, folder / "mask.nii.gz", sessions[-1], valid[-1], Resampling(), n_trials=N_TRIALS
        )
    return folder / "mask.nii.gz", sessions, valid


@pytest.fixture(scope="module")
def trials():
    """Two subjects; the second did ten sessions. Every fourth image is unknown."""
    n = N_SESSIONS * N_TRIALS
    trial = np.tile(np.arange(n), 2)
    subject = np.repeat([1, 2], n)
    kinds = np.array(["person", "animal", "person", "unknown"], object)
    supercat = kinds[(trial * subject + subject) % 4]
    supercat[:40:5] = "unknown"
    labelled = table_of(
        LABELLED_TRIALS,
        {
            "subject": subject, "trial": trial, "session": trial // N_TRIALS + 1,
            "run_in_session": trial % N_TRIALS // 3 + 1, "run": trial // 3 + 1,
            "trial_in_session": trial % N_TRIALS, "nsd_id": trial, "coco_id": 1000 + trial,
            "repetition": 0, "supercat": supercat, "cat": supercat,
            "acquired": (subject == 1) | (trial < 60),
        },
    )  # fmt: skip
    return curated_trials(labelled, "supercategory", None, Equalise())


def write(folder, phantom, trials, subject=1, **options):
    mask, sessions, valid = phantom
    paths = {
        "output": folder / "sub-01_betas.npy",
        "own_mask": folder / "sub-01_mask.nii.gz",
        "valid_sessions": folder / "sub-01_valid_sessions.nii.gz",
    }
    choices = {"n_trials": N_TRIALS, "scale": "percent", "invalid": "report"}
    write_responses(
        kept_of(trials, subject, "supercategory"),
        *(options.pop(name, files) for name, files in (("sessions", sessions), ("valid", valid))),
        mask,
        **paths,
        **{**choices, **options},
    )
    return [paths[name] for name in ("output", "own_mask", "valid_sessions")]


@pytest.mark.parametrize("subject", [1, 2])
def test_every_row_is_the_volume_of_its_trial(tmp_path, phantom, trials, subject):
    output, *_ = write(tmp_path, phantom, trials, subject, scale="stored")
    matrix = np.load(output, allow_pickle=False)
    kept = kept_of(trials, subject, "supercategory")
    assert matrix.dtype == np.float32
    assert len(matrix) == len(kept) < 60
    assert {1, 2, 10} <= set(kept["session"])
    # The last columns lie high enough to have data in all sessions.
    for row, session, trial in zip(
        matrix[:, -1], kept["session"], kept["trial_in_session"], strict=True
    ):
        assert row == pytest.approx(code(session, trial), abs=1e-2)


def test_the_unit_is_percent_unless_the_stored_one_is_asked_for(tmp_path, phantom, trials):
    stored = np.load(write(tmp_path, phantom, trials, scale="stored")[0])
    percent = np.load(write(tmp_path, phantom, trials)[0])
    np.testing.assert_array_equal(percent, stored / np.float32(300))
    assert percent.dtype == np.float32


def test_voxels_without_data_are_reported_or_dropped(tmp_path, phantom, trials):
    _, own, counts = write(tmp_path, phantom, trials)
    mask, _ = read_mask(phantom[0])
    np.testing.assert_array_equal(read_mask(own)[0], mask)
    counts = np.asarray(nib.load(counts).dataobj)
    n_kept = kept_of(trials, 1, "supercategory")["session"].nunique()
    assert counts.dtype == np.int16
    np.testing.assert_array_equal(counts[~mask], 0)
    z = np.indices(mask.shape)[2]
    # Slices 0 to 4 were empty in session 10: centres 0 and 3 of the 3 mm grid.
    np.testing.assert_array_equal(counts[mask], np.where(z < 2, n_kept - 1, n_kept)[mask])
    output, own, _ = write(tmp_path, phantom, trials, invalid="drop")
    columns = read_mask(own)[0]
    np.testing.assert_array_equal(columns, mask & (z >= 2))
    assert np.load(output).shape[1] == columns.sum()


def test_columns_are_those_of_nilearn_and_the_image_is_float32(tmp_path, phantom, trials):
    output, own, _ = write(tmp_path, phantom, trials, invalid="drop")
    write_four_d(output, own, tmp_path / "sub-01.nii.gz")
    image = nib.load(tmp_path / "sub-01.nii.gz")
    assert image.get_data_dtype() == np.float32
    expected = unmask(np.load(output), nib.load(own))
    np.testing.assert_array_equal(np.asarray(image.dataobj), np.asarray(expected.dataobj))
    np.testing.assert_array_equal(image.affine, expected.affine)
    # What a user gets who unmasks and saves: the type of the mask, which must lose nothing.
    expected.to_filename(tmp_path / "own.nii.gz")
    saved = np.asarray(nib.load(tmp_path / "own.nii.gz").dataobj)
    np.testing.assert_array_equal(saved, np.asarray(image.dataobj))
    with pytest.raises(RepalignError) as error:
        write_four_d(output, phantom[0], tmp_path / "other.nii.gz")
    assert_error(error.value, output, "float32")
    assert nothing_left(tmp_path, "other.nii.gz")


def test_a_damaged_or_missing_session_is_refused(tmp_path, phantom, trials):
    _, sessions, valid = phantom
    odd = tmp_path / "odd.npy"
    for values, parts in (
        (np.zeros((N_TRIALS - 1, 149), np.float32), (odd, "(5, 149)", "(6, 149)")),
        (np.zeros((N_TRIALS, 149), np.float64), (odd, "float64")),
    ):
        np.save(odd, values)
        with pytest.raises(RepalignError) as error:
            write(tmp_path, phantom, trials, sessions=[*sessions[:4], odd, *sessions[5:]])
        assert_error(error.value, *parts)
    with pytest.raises(RepalignError) as error:
        write(tmp_path, phantom, trials, sessions=sessions[:3], valid=valid[:3])
    assert_error(error.value, "kept trials in session 10", "nsd.sessions")
    np.save(odd, np.ones(7, bool))
    with pytest.raises(RepalignError) as error:
        write(tmp_path, phantom, trials, valid=[odd, *valid[1:]])
    assert_error(error.value, odd, "149 flags")
    odd.write_bytes(b"\x93NUMPY")
    with pytest.raises(RepalignError) as error:
        write(tmp_path, phantom, trials, valid=[odd, *valid[1:]])
    assert_error(error.value, odd, "cannot be read")
    np.save(odd, np.zeros(149, bool))
    with pytest.raises(RepalignError) as error:
        write(tmp_path, phantom, trials, valid=[odd, *valid[1:]], invalid="drop")
    assert_error(error.value, "no voxel of 149", "invalid_voxels")
    assert nothing_left(tmp_path, "sub-01_betas.npy")


@pytest.fixture
def curated(tmp_path, phantom, trials):
    """Matrices and labels of both subjects."""
    matrices, labels = {}, {}
    for subject in (1, 2):
        (tmp_path / str(subject)).mkdir()
        matrices[subject] = write(tmp_path / str(subject), phantom, trials, subject)[0]
        labels[subject] = tmp_path / f"labels-{subject}.npy"
        kept = kept_of(trials, subject, "supercategory")
        np.save(labels[subject], fixed_width(kept["label"].to_numpy(object), 7))
    return matrices, labels


def test_the_report_adds_up(phantom, trials, curated):
    report = curation_report(trials, *curated, phantom[0], CHOICES)
    assert json.loads(json.dumps(report)) == report
    assert (report["max_trials"], report["warnings"]) == (60, [])
    for own in report["subjects"].values():
        assert own["n_keep"] == report["n_keep"] == 60 - report["max_unknown"]
        assert own["n_keep"] + own["unknown_label"] + own["equalised"] == 60
        assert sum(own["classes"].values()) == own["n_keep"]
        assert own["beyond_max_trials"] == 6
    assert report["mask"] == {
        "shape": [8, 9, 8],
        "affine": [[3, 0, 0, -39], [0, 3, 0, -80], [0, 0, 3, -10], [0, 0, 0, 1]],
        "voxels": 149,
    }
    totals = [sum(own["classes"].get(name, 0) for own in report["subjects"].values())
              for name in class_names(report)]  # fmt: skip
    assert totals == sorted(totals, reverse=True)


def test_the_report_is_loud_about_wrong_labels(phantom, trials, curated):
    choices = {**CHOICES, "id_lookup": "list_position"}
    report = curation_report(trials, *curated, phantom[0], choices)
    assert report["warnings"] == [WRONG_PICTURES]


def test_files_that_are_not_of_the_trials_are_refused(phantom, trials, curated, tmp_path):
    matrices, labels = curated
    swapped = np.load(labels[1])
    swapped[[0, -1]] = ["other", "other"]
    np.save(labels[1], swapped)
    with pytest.raises(RepalignError) as error:
        curation_report(trials, matrices, labels, phantom[0], CHOICES)
    assert_error(error.value, labels[1], "not those of the kept trials")
    np.save(matrices[1], np.zeros((3, 149), np.float32))
    with pytest.raises(RepalignError) as error:
        curation_report(trials, matrices, labels, phantom[0], CHOICES)
    assert_error(error.value, matrices[1], "3 rows")
