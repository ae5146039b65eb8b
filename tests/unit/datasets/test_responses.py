import logging

import numpy as np
import pandas as pd
import pytest

from repalign.datasets import responses
from repalign.datasets.nsd_atlas import region_voxels
from repalign.datasets.response_folder import ConstantColumns, read_trials, select_trials
from repalign.datasets.responses import (
    extract_session,
    gather_responses,
    open_region,
)
from repalign.errors import RepalignError

from .conftest import AFFINE, SHAPE, assert_error, nothing_left, write_nifti

REGIONS = [1, 2, 33, 181, 200]


def test_session_equals_the_published_recipe(tmp_path, atlas, make_session, caplog):
    (atlas_path, mask), (path, betas) = atlas, make_session()
    with caplog.at_level(logging.INFO):
        extract_session(path, atlas_path, REGIONS, tmp_path / "out" / "s.npy", 7)
    got = np.load(tmp_path / "out" / "s.npy")
    assert got.dtype == np.int16
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, np.hstack([betas[mask == roi].T for roi in REGIONS]))
    assert "7 of 7 volumes" in caplog.text


@pytest.mark.parametrize(
    ("header", "dtype", "expected"),
    [({}, "f4", "f4"), ({}, "f8", "f8"), ({"scl_slope": 1 / 300}, "i2", "f4")],
)
def test_other_types(tmp_path, atlas, make_session, header, dtype, expected):
    path, betas = make_session(dtype=dtype, **header)
    extract_session(path, atlas[0], [2], tmp_path / "s.npy", 7)
    got = np.load(tmp_path / "s.npy")
    assert got.dtype == expected
    slope = header.get("scl_slope", 1)
    np.testing.assert_allclose(got, betas[atlas[1] == 2].T * slope, rtol=1e-6)


def test_values_that_are_not_finite_can_become_zeros(tmp_path, atlas, make_session, caplog):
    atlas_path, mask = atlas
    path, betas = make_session(dtype="f4")
    inside, outside = np.argwhere(mask == 2)[:2], np.argwhere(mask == 0)[0]
    betas[tuple(inside[0])] = np.nan
    betas[(*inside[1], 3)] = -np.inf
    betas[tuple(outside)] = np.inf
    write_nifti(path, betas)
    with pytest.raises(RepalignError, match="finite"):
        extract_session(path, atlas_path, REGIONS, tmp_path / "s.npy", 7)
    extract_session(path, atlas_path, REGIONS, tmp_path / "s.npy", 7, non_finite="zero")
    got = np.load(tmp_path / "s.npy")
    expected = np.hstack([betas[mask == roi].T for roi in REGIONS])
    np.testing.assert_array_equal(got, np.nan_to_num(expected, nan=0, posinf=0, neginf=0))
    assert "2 labelled voxels (1 of them in every volume)" in caplog.text


def test_sessions_that_do_not_fit(tmp_path, atlas, make_session):
    atlas_path, _ = atlas
    good, betas = make_session()
    bad_values = betas.astype("f4")
    bad_values[1, 2, 3, 4] = np.nan
    cases = [
        (good, 8, ("7 volumes", "8 volumes")),
        (write_nifti(tmp_path / "a.nii.gz", betas[:, :, 1:]), 7, (atlas_path, (5, 6, 3), SHAPE)),
        (write_nifti(tmp_path / "b.nii.gz", betas, 2 * AFFINE), 7, (atlas_path, "affine", "mm")),
        (write_nifti(tmp_path / "c.nii.gz", betas[..., 0]), 7, ("4-D",)),
        (write_nifti(tmp_path / "d.nii.gz", bad_values), 7, ("volume 5 of 7", "voxel (1, 2, 3)")),
    ]
    for path, n_trials, parts in cases:
        with pytest.raises(RepalignError) as error:
            extract_session(path, atlas_path, REGIONS, tmp_path / "s.npy", n_trials)
        assert_error(error.value, path, *parts)
        assert nothing_left(tmp_path, "s.npy")


def test_truncated_session_leaves_nothing(tmp_path, atlas, make_session):
    path, _ = make_session()
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(RepalignError) as error:
        extract_session(path, atlas[0], REGIONS, tmp_path / "s.npy", 7)
    assert_error(error.value, path, "truncated")
    assert nothing_left(tmp_path, "s.npy")


@pytest.fixture
def gathered(tmp_path, atlas, make_session, monkeypatch):
    """Two sessions of 7 and 5 trials, gathered in blocks of 2 rows."""
    voxels = region_voxels(atlas[0], REGIONS)
    monkeypatch.setattr(responses, "BLOCK_BYTES", 4 * voxels.index.size)
    all_betas, paths = [], []
    for k, n in enumerate((7, 5)):
        path, betas = make_session(f"b{k}.nii.gz", n, seed=k)
        betas[atlas[1] == 200] = 9  # a region that never changes
        betas[tuple(np.argwhere(atlas[1] == 2)[0])] = -4
        write_nifti(path, betas)
        paths.append(tmp_path / f"s{k}.npy")
        extract_session(path, atlas[0], REGIONS, paths[-1], n)
        all_betas.append(betas)
    gather_responses(paths, voxels, tmp_path / "sub-01")
    return tmp_path / "sub-01", np.concatenate(all_betas, axis=-1), paths, voxels


def test_gathered_regions(gathered, atlas):
    folder, betas, _, _ = gathered
    for roi in REGIONS:
        matrix = open_region(folder, roi)
        assert matrix.flags.c_contiguous
        assert matrix.dtype == np.int16
        np.testing.assert_array_equal(matrix, betas[atlas[1] == roi].T)
    table = pd.read_csv(folder / "regions.tsv", sep="\t")
    assert list(table) == ["roi", "n_voxels", "n_dead", "status"]
    assert table.roi.tolist() == REGIONS
    assert table.n_voxels.tolist() == [(atlas[1] == roi).sum() for roi in REGIONS]
    assert table.n_dead.tolist() == [0, 1, 0, 0, (atlas[1] == 200).sum()]
    assert table.status.tolist() == ["ok", "ok", "empty", "ok", "constant"]
    assert open_region(folder, 33).shape == (12, 0)
    assert (folder / "roi-001.npy").is_file()


def test_selected_regions(gathered, tmp_path):
    folder, _, paths, voxels = gathered
    gather_responses(paths, voxels, tmp_path / "few", [181, 2])
    assert sorted(p.name for p in (tmp_path / "few").iterdir()) == [
        "regions.tsv", "roi-002.npy", "roi-181.npy",
    ]  # fmt: skip
    for roi in (2, 181):
        assert (tmp_path / "few" / f"roi-{roi:03d}.npy").read_bytes() == (
            folder / f"roi-{roi:03d}.npy"
        ).read_bytes()


def test_read_trials(gathered, atlas):
    folder, betas, _, _ = gathered
    rows = np.array([11, 0, 7, 7])
    joined = read_trials(folder, [1, 181], rows)
    assert joined.flags.c_contiguous
    both = np.hstack([betas[atlas[1] == roi].T for roi in (1, 181)])
    np.testing.assert_array_equal(joined, both[rows])
    assert read_trials(folder, [33], rows).shape == (4, 0)
    assert read_trials(folder, [1], rows[:0]).shape[0] == 0
    for wrong in ([12], [-1]):
        with pytest.raises(RepalignError) as error:
            read_trials(folder, [1], np.array(wrong))
        assert_error(error.value, folder, "12 trials")
    with pytest.raises(RepalignError, match=r"roi-099\.npy"):
        open_region(folder, 99)


def test_sessions_that_differ(gathered, tmp_path):
    _, _, paths, voxels = gathered
    values = np.load(paths[1])
    for wrong, part in ((values[:, 1:], "columns"), (values.astype("f4"), "float32")):
        np.save(tmp_path / "w.npy", wrong)
        with pytest.raises(RepalignError) as error:
            gather_responses([paths[0], tmp_path / "w.npy"], voxels, tmp_path / "new")
        assert_error(error.value, tmp_path / "w.npy", part)
        assert nothing_left(tmp_path, "new")
    paths[1].write_bytes(paths[1].read_bytes()[:-4])
    with pytest.raises(RepalignError) as error:
        gather_responses(paths, voxels, tmp_path / "new")
    assert_error(error.value, paths[1], "cannot be read")
    with pytest.raises(RepalignError, match="no session"):
        gather_responses([], voxels, tmp_path / "new")
    assert nothing_left(tmp_path, "new")


def test_constant_columns():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2, (50, 40))
    values[:, [3, 9]] = 1
    values[20, 9] = 0
    constant = ConstantColumns(40)
    constant.update(values[:0])
    for start in range(0, 50, 7):
        constant.update(values[start : start + 7])
    assert constant.columns.tolist() == [3]


def test_selected_trials_read_like_whole_matrices(tmp_path):
    rng = np.random.default_rng(0)
    whole = tmp_path / "whole"
    whole.mkdir()
    matrices = {roi: rng.integers(-9, 9, (20, roi), dtype=np.int16) for roi in (3, 5)}
    for roi, matrix in matrices.items():
        np.save(whole / f"roi-{roi:03d}.npy", matrix)
    held = np.array([2, 3, 7, 11, 19])
    select_trials(whole, [3, 5], held, tmp_path / "some")
    wanted = np.array([19, 2, 11])
    found = read_trials(tmp_path / "some", [3, 5], wanted)
    np.testing.assert_array_equal(found, read_trials(whole, [3, 5], wanted))
    assert np.load(tmp_path / "some/roi-003.npy").shape == (5, 3)
    for absent in ([4], [20], [0]):
        with pytest.raises(RepalignError, match=f"no trial {absent[0]}"):
            read_trials(tmp_path / "some", [3], np.array(absent))
