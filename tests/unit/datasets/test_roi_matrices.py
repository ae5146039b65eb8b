import pickle

import numpy as np
import pandas as pd
import pytest

from repalign.datasets import roi_matrices
from repalign.datasets.responses import open_region, read_trials
from repalign.datasets.roi_matrices import link_roi_matrices
from repalign.errors import RepalignError

from .conftest import assert_error, nothing_left


@pytest.fixture
def matrices(tmp_path):
    """Regions 1, 2, 181 of subject 3: 12 trials, 5, 1 and 0 voxels."""
    folder = tmp_path / "lab" / "betas" / "sub03"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    made = {
        roi: rng.integers(-99, 99, (12, n)).astype(np.int16)
        for roi, n in ((1, 5), (2, 1), (181, 0))
    }
    for roi, matrix in made.items():
        np.save(folder / f"sub-03_roi-{roi:03d}.npy", matrix)
    return folder, made


def load(tmp_path, n_trials=12, regions=(1, 2, 181)):
    folder = tmp_path / "lab/betas/sub03"
    files = {roi: folder / f"sub-03_roi-{roi:03d}.npy" for roi in regions}
    link_roi_matrices(files, n_trials, tmp_path / "out")


@pytest.mark.parametrize("dtype", ["i2", "f4", "f8"])
def test_import(tmp_path, matrices, dtype, monkeypatch):
    monkeypatch.setattr(roi_matrices, "BLOCK_BYTES", 64)
    folder, made = matrices
    values = made[1].astype(dtype)
    values[:, 2] = 7
    np.save(folder / "sub-03_roi-001.npy", values)
    load(tmp_path)
    link = tmp_path / "out" / "roi-001.npy"
    assert link.is_symlink()
    assert link.readlink() == (folder / "sub-03_roi-001.npy").resolve()
    np.testing.assert_array_equal(open_region(tmp_path / "out", 1), values)
    assert read_trials(tmp_path / "out", [1, 181], np.array([3, 1])).shape == (2, 5)
    table = pd.read_csv(tmp_path / "out" / "regions.tsv", sep="\t")
    assert table.to_numpy().tolist() == [
        [1, 5, 1, "ok"], [2, 1, 0, "single voxel"], [181, 0, 0, "empty"],
    ]  # fmt: skip


BAD = {
    "rows": (lambda m: m[1:], ("11 rows", "12 rows", "nsd.sessions")),
    "dtype": (lambda m: m.astype("i4"), ("<i4", "int16")),
    "bytes": (lambda m: m.astype(">i2"), (">i2", "byte order")),
    "axes": (lambda m: m[0], ("shape (5,)", "trials × voxels")),
    "order": (lambda m: np.asfortranarray(m), ("Fortran", "C order", "ascontiguousarray")),
    "nan": (
        lambda m: np.where(np.arange(60).reshape(12, 5) == 37, np.nan, m.astype("f4")),
        ("nan", "trial 7, voxel 2", "finite"),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_matrices(tmp_path, matrices, name):
    folder, made = matrices
    edit, parts = BAD[name]
    path = folder / "sub-03_roi-001.npy"
    np.save(path, edit(made[1]))
    with pytest.raises(RepalignError) as error:
        load(tmp_path)
    assert_error(error.value, path, *parts)
    assert nothing_left(tmp_path, "out")


def test_unreadable_matrices(tmp_path, matrices):
    folder, _ = matrices
    path = folder / "sub-03_roi-002.npy"
    whole = path.read_bytes()
    np.savez(tmp_path / "a.npz", whole=1)
    for content in (
        whole[:-4],
        b"",
        b"text",
        pickle.dumps([1]),
        (tmp_path / "a.npz").read_bytes(),
    ):
        path.write_bytes(content)
        with pytest.raises(RepalignError) as error:
            load(tmp_path)
        assert_error(error.value, path)
    np.save(path, np.array([[object()] * 12]), allow_pickle=True)
    with pytest.raises(RepalignError) as error:
        load(tmp_path)
    assert_error(error.value, path, "objects")
    with pytest.raises(RepalignError) as error:
        load(tmp_path, regions=[5])
    assert_error(error.value, folder / "sub-03_roi-005.npy", "no such file")
    assert nothing_left(tmp_path, "out")
