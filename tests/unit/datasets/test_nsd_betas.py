"""Sessions of 1.8 mm betas: every layout of the file gives the same exact numbers."""

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest

from repalign.datasets.nsd_betas import (
    SessionSums,
    read_columns,
    read_session_sums,
    write_session_sums,
)
from repalign.errors import RepalignError

GRID = (7, 9, 5)
N_TRIALS = 50
SHAPE = (N_TRIALS, 5, 9, 7)


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """Trials x z x y x x, with the extremes of int16 and a constant voxel."""
    betas = np.random.default_rng(0).integers(-3000, 3000, SHAPE).astype(np.int16)
    betas[0, 0, 0, 0], betas[1, 0, 0, 0] = -32768, 32767
    betas[:, 4, 8, 6] = 77
    return betas


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    """Some voxels in no order, one of them twice, and both corners."""
    places = np.random.default_rng(1).permutation(np.prod(GRID))[:60]
    chosen = np.stack(np.unravel_index(places, GRID), axis=1)
    return np.concatenate([[[6, 8, 4]], chosen, [[0, 0, 0]], chosen[:1]]).astype(np.int64)


TRIALS = np.array([0, 3, 4, 21, 49], np.int64)


def write(path: Path, betas: np.ndarray, **options: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("betas", data=betas, **options)
    return path


LAYOUTS = {
    "a chunk a voxel, as NSD": {"chunks": (N_TRIALS, 1, 1, 1)},
    "contiguous": {},
    "HDF5's own chunks": {"chunks": True},
    "blocks": {"chunks": (16, 2, 4, 3)},
    "compressed": {"chunks": (N_TRIALS, 1, 1, 1), "compression": "gzip", "shuffle": True},
    "a chunk a trial": {"chunks": (1, 5, 9, 7), "compression": "gzip"},
    "one chunk": {"chunks": SHAPE},
}


@pytest.mark.parametrize("block_bytes", [1, 999, 2**25])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_and_block_gives_the_same_numbers(
    tmp_path, values, voxels, layout, block_bytes
):
    path = write(tmp_path / "a.hdf5", values, **LAYOUTS[layout])
    found = read_session_sums(path, GRID, voxels, TRIALS, N_TRIALS, block_bytes)
    columns = np.stack([values[:, z, y, x] for x, y, z in voxels], axis=1)
    assert found.betas.dtype == np.int16
    np.testing.assert_array_equal(found.betas, columns[TRIALS])
    exact = columns.astype(object)  # Python's own whole numbers
    assert found.sums.tolist() == exact.sum(axis=0).tolist()
    assert found.squares.tolist() == (exact**2).sum(axis=0).tolist()
    assert found.n_trials == N_TRIALS


def test_no_trial_is_wanted(tmp_path, values, voxels):
    path = write(tmp_path / "a.hdf5", values)
    found = read_session_sums(path, GRID, voxels, TRIALS[:0], N_TRIALS)
    assert found.betas.shape == (0, len(voxels))


def test_memory_is_a_block(tmp_path):
    """A session of 38 MB is read with a tenth of that."""
    grid, n_trials = (30, 40, 40), 400
    rng = np.random.default_rng(2)
    path = tmp_path / "large.hdf5"
    with h5py.File(path, "w") as file:
        stored = file.create_dataset("betas", (n_trials, 40, 40, 30), np.int16)
        for trial in range(n_trials):
            stored[trial] = rng.integers(-99, 99, (40, 40, 30))
    voxels = np.stack(np.unravel_index(np.arange(0, 48000, 97), grid), axis=1).astype(np.int64)
    tracemalloc.start()
    read_session_sums(path, grid, voxels, TRIALS, n_trials, block_bytes=2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 2**20


WRONG = {
    "floats": (lambda v: v.astype(np.float32), "float32"),
    "unsigned": (lambda v: v.astype(np.uint16), "uint16"),
    "a trial too few": (lambda v: v[1:], "not complete"),
    "axes of NIfTI": (lambda v: v.transpose(0, 3, 2, 1), "reversed"),
    "another grid": (lambda v: v[:, :, :, 1:], "same subject"),
    "one volume": (lambda v: v[0], r"shape \(5, 9, 7\)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_betas_that_are_not_what_they_must_be(tmp_path, values, voxels, case):
    change, message = WRONG[case]
    path = write(tmp_path / "a.hdf5", change(values))
    with pytest.raises(RepalignError, match=message) as caught:
        read_session_sums(path, GRID, voxels, TRIALS, N_TRIALS)
    assert str(path) in caught.value.where
    assert "(50, 5, 9, 7)" in caught.value.expected


def test_files_that_cannot_be_read(tmp_path, values, voxels):
    with pytest.raises(RepalignError, match="no such file"):
        read_session_sums(tmp_path / "absent.hdf5", GRID, voxels, TRIALS, N_TRIALS)
    whole = write(tmp_path / "a.hdf5", values, chunks=(N_TRIALS, 1, 1, 1)).read_bytes()
    for size in (0, 100, len(whole) // 2):
        (tmp_path / "cut.hdf5").write_bytes(whole[:size])
        with pytest.raises(RepalignError, match="damaged"):
            read_session_sums(tmp_path / "cut.hdf5", GRID, voxels, TRIALS, N_TRIALS)
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["responses"] = values
    with pytest.raises(RepalignError, match="no dataset named betas"):
        read_session_sums(tmp_path / "other.hdf5", GRID, voxels, TRIALS, N_TRIALS)


def kept() -> SessionSums:
    rng = np.random.default_rng(3)
    return SessionSums(
        rng.integers(-9, 9, (5, 8)).astype(np.int16), TRIALS, rng.integers(0, 9, 8),
        rng.integers(50, 99, 8), N_TRIALS,
    )  # fmt: skip


def test_what_is_kept_is_read(tmp_path):
    for name in "ab":
        write_session_sums(tmp_path / name, kept())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    found = read_columns(tmp_path / "a", slice(2, 6))
    np.testing.assert_array_equal(found.betas, kept().betas[:, 2:6])
    np.testing.assert_array_equal(found.sums, kept().sums[2:6])
    np.testing.assert_array_equal(found.squares, kept().squares[2:6])
    np.testing.assert_array_equal(found.trials, TRIALS)
    assert found.n_trials == N_TRIALS


def test_what_is_kept_may_be_damaged(tmp_path):
    write_session_sums(tmp_path / "a", kept())
    with pytest.raises(RepalignError, match="8 voxels, 9 wanted"):
        read_columns(tmp_path / "a", slice(0, 9))
    (tmp_path / "a").write_bytes(b"no HDF5")
    with pytest.raises(RepalignError, match="no extracted session"):
        read_columns(tmp_path / "a", slice(0, 1))
