"""Voxels of regions on small volumes: their order, their ceilings, and wrong volumes."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from repalign.datasets.nsd_neuroids import find_neuroids, parse_labels
from repalign.errors import RepalignError
from repalign.tables.neuroids import read_neuroids, write_neuroids
from repalign.tables.provenance import make_record

SHAPE = (6, 7, 5)
AFFINE = np.diag([1.8, 1.8, 1.8, 1])
LABELS = {"V1": [1, 2], "V4": [7]}


def save(path: Path, values: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    nib.save(nib.Nifti1Image(values, affine), path)
    return path


@pytest.fixture
def volumes() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    areas = rng.choice([-1, 0, 1, 2, 3, 7], SHAPE).astype(np.int16)
    left, right = (rng.choice([-1, 0, 4, 5], SHAPE).astype(np.int16) for _ in range(2))
    return {"areas": areas, "left": left, "right": right, "ncsnr": rng.random(SHAPE)}


def find(tmp_path: Path, volumes: dict[str, np.ndarray], **affines: np.ndarray):
    paths = {
        name: save(tmp_path / f"{name}.nii.gz", values, affines.get(name, AFFINE))
        for name, values in volumes.items()
    }
    sides = [paths["left"], paths["right"]]
    return find_neuroids(paths["areas"], LABELS, sides, [5], paths["ncsnr"], 3)


def test_voxels_are_in_the_order_of_the_betas(tmp_path, volumes):
    """By loops over the axes that h5py shows: z, y, x."""
    found = find(tmp_path, volumes)
    assert found.grid == SHAPE
    assert list(found.regions) == ["V1", "V4", "IT"]
    for name, rows in found.regions.items():
        expected = []
        for k in range(SHAPE[2]):
            for j in range(SHAPE[1]):
                for i in range(SHAPE[0]):
                    ventral = 5 in (volumes["left"][i, j, k], volumes["right"][i, j, k])
                    inside = volumes["areas"][i, j, k] in LABELS.get(name, ())
                    if ventral if name == "IT" else inside:
                        expected.append((i, j, k))
        assert [tuple(voxel) for voxel in found.voxels[rows].tolist()] == expected
        ratio = np.array([volumes["ncsnr"][voxel] for voxel in expected])
        np.testing.assert_array_equal(found.ncsnr[rows], ratio.astype(np.float32))
        np.testing.assert_allclose(
            found.nc_testset[rows], 100 * ratio**2 / (ratio**2 + 1 / 3), rtol=1e-12
        )


def test_the_table_is_what_was_found(tmp_path, volumes):
    found = find(tmp_path, volumes)
    write_neuroids(tmp_path / "a.parquet", found, make_record(None))
    read = read_neuroids(tmp_path / "a.parquet")
    assert (read.grid, read.regions) == (found.grid, found.regions)
    for name in ("voxels", "ncsnr", "nc_testset"):
        np.testing.assert_array_equal(getattr(read, name), getattr(found, name))


def test_no_ncsnr_is_a_ceiling_of_0_and_counted(tmp_path, volumes, caplog):
    inside = np.argwhere(volumes["areas"] == 7)[:2]
    volumes["ncsnr"][tuple(inside.T)] = np.nan
    volumes["ncsnr"][tuple(np.argwhere(volumes["areas"] == 1)[0])] = np.inf
    for name in ("left", "right"):
        volumes[name][tuple(inside.T)] = 0
    found = find(tmp_path, volumes)
    rows = found.regions["V4"]
    assert np.count_nonzero(found.nc_testset[rows] == 0) == 2
    assert np.isnan(found.ncsnr[rows]).sum() == 2
    assert "no ncsnr (NaN) in 2 of" in caplog.text
    assert found.nc_testset.max() == 100


@pytest.mark.parametrize("name", ["left", "right", "ncsnr"])
def test_another_grid_is_refused(tmp_path, volumes, name):
    moved = AFFINE.copy()
    moved[0, 3] = 1.8
    with pytest.raises(RepalignError, match=f"{name}.nii.gz"):
        find(tmp_path, volumes, **{name: moved})
    volumes[name] = volumes[name][:, 1:]
    with pytest.raises(RepalignError, match=r"shape \(6, 6, 5\)"):
        find(tmp_path, volumes)


def test_a_region_without_a_voxel_is_refused(tmp_path, volumes):
    volumes["areas"][volumes["areas"] == 7] = 0
    with pytest.raises(RepalignError, match="no voxel with label 7") as caught:
        find(tmp_path, volumes)
    assert "areas.nii.gz, region V4" in caught.value.where


def test_a_negative_ratio_is_refused(tmp_path, volumes):
    volumes["ncsnr"][0, 0, 0] = -0.1
    with pytest.raises(RepalignError, match="ratio"):
        find(tmp_path, volumes)


def test_voxels_of_two_regions_are_reported(tmp_path, volumes, caplog):
    volumes["left"][volumes["areas"] == 7] = 5
    found = find(tmp_path, volumes)
    n = found.regions["V4"].stop - found.regions["V4"].start
    assert f"{n} voxels are in V4 and in IT" in caplog.text


def test_labels_are_taken_apart():
    assert parse_labels(["V1=1,2", "V4=7"]) == LABELS


def test_other_tables_are_refused(tmp_path, volumes):
    found = find(tmp_path, volumes)
    write_neuroids(tmp_path / "a.parquet", found, make_record(None))
    (tmp_path / "half.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:500])
    with pytest.raises(RepalignError, match="cannot be read"):
        read_neuroids(tmp_path / "half.parquet")
