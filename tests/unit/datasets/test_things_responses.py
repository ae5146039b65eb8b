"""Regions and responses of THINGS-fMRI: right places, and every wrong table refused."""

import h5py
import numpy as np
import pandas as pd
import pytest

from repalign.datasets import things_responses
from repalign.datasets.response_folder import open_region
from repalign.datasets.things_responses import extract_table_responses
from repalign.datasets.things_voxels import HemisphereRule, read_table_voxels
from repalign.errors import RepalignError

from .conftest import assert_error, nothing_left

AREAS = [f"A{k}" for k in range(1, 181)]
N_TRIALS = 9


def voxel_table(n: int = 60, seed: int = 0) -> pd.DataFrame:
    """Voxels 10, 12, 14, ... in the areas 1, 2 and 180; every fourth is in none."""
    rng = np.random.default_rng(seed)
    area = np.where(np.arange(n) % 4 == 3, 0, rng.choice([1, 2, 180], n))
    x = rng.integers(20, 52, n)
    columns = {
        "voxel_id": 10 + 2 * np.arange(n),
        "subject_id": 1,
        "voxel_x": x,
        "lFFA": ((area == 1) & (x < 36)).astype(int),
        "rFFA": ((area == 1) & (x >= 36)).astype(int),
    }
    flags = {f"glasser-{name}": (area == k).astype(int) for k, name in enumerate(AREAS, 1)}
    return pd.DataFrame({**columns, **flags})


def response_table(voxels: pd.DataFrame, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((len(voxels), N_TRIALS)).astype(np.float32)


def write_store(path, values, ids, **changed):
    items = {
        "axis0": np.frombuffer(b"pickled", np.uint8),
        "axis1": np.arange(len(ids)),
        "block0_values": values,
        "block1_items": np.array([b"voxel_id"]),
        "block1_values": np.asarray(ids)[:, np.newaxis],
    }
    with h5py.File(path, "w") as file:
        group = file.create_group(changed.pop("group", "ResponseData"))
        for name, data in {**items, **changed}.items():
            if data is not None:
                group[name] = data
    return path


@pytest.fixture
def write(tmp_path):
    def of(table: pd.DataFrame):
        path = tmp_path / "sub-01_VoxelMetadata.csv"
        table.to_csv(path, index=False)
        return path

    return of


def test_left_voxels_have_the_regions_1_to_180(write):
    table = voxel_table()
    voxels = read_table_voxels(write(table), AREAS, HemisphereRule())
    assert voxels.regions.tolist() == list(range(1, 361))
    for roi in range(1, 361):
        start, stop = voxels.offsets[roi - 1 : roi + 1]
        area, right = (roi - 1) % 180 + 1, roi > 180
        flagged = table[f"glasser-A{area}"] == 1
        own = table.loc[flagged & ((table.voxel_x >= 36) == right), "voxel_id"]
        assert voxels.voxel_id[start:stop].tolist() == sorted(own)
    assert voxels.known.tolist() == table["voxel_id"].tolist()


def test_the_published_inversion_can_be_had_back(write):
    path = write(voxel_table())
    right = read_table_voxels(path, AREAS, HemisphereRule())
    legacy = read_table_voxels(path, AREAS, HemisphereRule(legacy=True))
    for area in (1, 2, 180):
        spans = [slice(*right.offsets[k - 1 : k + 1]) for k in (area, area + 180)]
        other = [slice(*legacy.offsets[k - 1 : k + 1]) for k in (area + 180, area)]
        for one, two in zip(spans, other, strict=True):
            assert right.voxel_id[one].tolist() == legacy.voxel_id[two].tolist()


def test_a_mirrored_volume_needs_the_other_side_and_is_noticed(write, tmp_path):
    table = voxel_table()
    expected = read_table_voxels(write(table), AREAS, HemisphereRule())
    mirrored = table.assign(voxel_x=71 - table["voxel_x"])
    path = write(mirrored)
    with pytest.raises(RepalignError) as error:
        read_table_voxels(path, AREAS, HemisphereRule())
    assert_error(error.value, "localisers", "things.left_side to upper")
    found = read_table_voxels(path, AREAS, HemisphereRule(left="upper"))
    assert found.voxel_id.tolist() == expected.voxel_id.tolist()
    # The published code knows no orientation: it numbers by the side alone.
    legacy = read_table_voxels(path, AREAS, HemisphereRule(left="upper", legacy=True))
    assert legacy.voxel_id.tolist() == expected.voxel_id.tolist()


def test_names_may_differ_in_case_and_nothing_else(write):
    names = ["7PL", *AREAS[1:]]
    table = voxel_table().rename(columns={"glasser-A1": "glasser-7Pl"})
    assert read_table_voxels(write(table), names, HemisphereRule()).voxel_id.size


def swapped(table):
    columns = list(table.columns)
    i, j = columns.index("glasser-A7"), columns.index("glasser-A8")
    columns[i], columns[j] = columns[j], columns[i]
    return table[columns]


def in_two_areas(table):
    table.loc[1, ["glasser-A5", "glasser-A6"]] = 1
    table.loc[1, ["glasser-A1", "glasser-A2", "glasser-A180"]] = 0
    return table


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (swapped, ("glasser-A8 as area 7", "2 columns in another order", "glasser-A7")),
        (lambda t: t.rename(columns={"glasser-A9": "glasser-B9"}),
         ("glasser-B9 as area 9", "1 columns with other names", "glasser-A9")),
        (lambda t: t.drop(columns="glasser-A3"), ("179 columns", "180")),
        (in_two_areas, ("voxel 12 in 2 areas: A5, A6", "data row 2", "one area at most")),
        (lambda t: t.assign(voxel_id=[*t.voxel_id[:-1], 10]), ("voxel 10 twice",)),
        (lambda t: t.assign(voxel_x=t.voxel_x - 20), ("0 right", "things.midline")),
        (lambda t: t.assign(voxel_x="left"), ("'left' in column voxel_x", "data row 1")),
        (lambda t: t.drop(columns="voxel_x"), ("no column voxel_x",)),
        (lambda t: t.replace({"glasser-A2": {1: 2}}), ("2 in column glasser-A2", "0 or 1")),
    ],
)  # fmt: skip
def test_wrong_voxel_metadata_are_refused(write, change, parts):
    path = write(change(voxel_table()))
    with pytest.raises(RepalignError) as error:
        read_table_voxels(path, AREAS, HemisphereRule())
    assert_error(error.value, path, *parts)


@pytest.mark.parametrize("block", [1, 4 * N_TRIALS * 7, 2**20])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("order", ["ascending", "shuffled"])
def test_responses_equal_the_published_recipe(write, tmp_path, monkeypatch, block, dtype, order):
    monkeypatch.setattr(things_responses, "BLOCK_BYTES", block)
    table = voxel_table()
    values = response_table(table).astype(dtype)
    rows = np.arange(len(table))
    if order == "shuffled":
        rows = np.random.default_rng(3).permutation(rows)
    ids = table["voxel_id"].to_numpy()[rows]
    store = write_store(tmp_path / "r.h5", values[rows], ids)
    voxels = read_table_voxels(write(table), AREAS, HemisphereRule())
    out = tmp_path / "sub-01"
    extract_table_responses(store, voxels, N_TRIALS, out)
    for roi in (1, 2, 3, 180, 181, 182, 360):
        flagged = table[f"glasser-A{(roi - 1) % 180 + 1}"] == 1
        own = flagged & ((table["voxel_x"] >= 36) == (roi > 180))
        matrix = open_region(out, roi)
        assert matrix.dtype == np.float32
        assert matrix.flags.c_contiguous
        np.testing.assert_array_equal(matrix, values[own].T.astype(np.float32))
    quality = pd.read_csv(out / "regions.tsv", sep="\t")
    assert quality["n_voxels"].sum() == voxels.voxel_id.size
    assert quality.loc[quality.roi == 3, "status"].tolist() == ["empty"]
    assert {path.name for path in out.iterdir()} == {
        "regions.tsv", *(f"roi-{k:03d}.npy" for k in range(1, 361)),
    }  # fmt: skip


def test_other_layouts_are_refused_with_what_was_found(write, tmp_path):
    table = voxel_table()
    values, ids = response_table(table), table["voxel_id"].to_numpy()
    voxels = read_table_voxels(write(table), AREAS, HemisphereRule())
    text, named = tmp_path / "text.h5", tmp_path / "named.h5"
    text.write_bytes(b"not HDF5")
    with h5py.File(named, "w") as file:
        file["betas"] = values
    cases = [
        (tmp_path / "none.h5", ("no such file",)),
        (text, ("no readable HDF5",)),
        (named, (f"betas {values.shape} float32", "group ResponseData", "block0_values")),
        (write_store(tmp_path / "a.h5", values, ids, group="df"), ("a file with group df",)),
        (write_store(tmp_path / "b.h5", values, ids, block1_values=None), ("block0_values (60,",)),
        (write_store(tmp_path / "c.h5", values.T, ids), ("block0_values (9, 60) float32",)),
        (write_store(tmp_path / "d.h5", values.astype(int), ids), ("int64",)),
        (write_store(tmp_path / "e.h5", values, ids, block2_values=values), ("block2_values",)),
        (write_store(tmp_path / "j.h5", values, ids, block1_items=np.array([b"trial"])),
         ("block1_items (1,) |S5",)),
        (write_store(tmp_path / "f.h5", values[:, 1:], ids), ("8 trials", "9 trials")),
        (write_store(tmp_path / "g.h5", values, ids + 1),
         ("60 unknown and 60 missing", "same subject")),
        (write_store(tmp_path / "h.h5", values[1:], ids[1:]), ("1 missing (voxel 10 missing)",)),
        (write_store(tmp_path / "i.h5", values, [*ids[:-1], ids[0]]), ("voxel 10 twice",)),
    ]  # fmt: skip
    for path, parts in cases:
        with pytest.raises(RepalignError) as error:
            extract_table_responses(path, voxels, N_TRIALS, tmp_path / "out")
        assert_error(error.value, path, *parts)
        assert nothing_left(tmp_path, "out")


@pytest.mark.parametrize(
    ("value", "parts"),
    [(0, ("only zeros in voxel 10", "region")), (np.nan, ("nan", "voxel 10, trial 0")),
     (np.inf, ("inf", "finite"))],
)  # fmt: skip
def test_voxels_without_responses_are_refused(write, tmp_path, value, parts):
    table = voxel_table()
    values = response_table(table)
    values[0] = value
    store = write_store(tmp_path / "r.h5", values, table["voxel_id"])
    voxels = read_table_voxels(write(table), AREAS, HemisphereRule())
    with pytest.raises(RepalignError) as error:
        extract_table_responses(store, voxels, N_TRIALS, tmp_path / "out")
    assert_error(error.value, store, *parts)
    assert nothing_left(tmp_path, "out")


def test_voxels_outside_the_regions_may_be_anything(write, tmp_path):
    table = voxel_table()
    values = response_table(table)
    values[3] = np.nan  # every fourth voxel is in no area
    store = write_store(tmp_path / "r.h5", values, table["voxel_id"])
    voxels = read_table_voxels(write(table), AREAS, HemisphereRule())
    extract_table_responses(store, voxels, N_TRIALS, tmp_path / "out")
    assert (tmp_path / "out/roi-360.npy").is_file()


def test_what_pandas_pickled_is_never_looked_at(write, tmp_path, monkeypatch):
    """Reading the labels of the columns would unpickle them in other libraries."""
    table = voxel_table()
    store = write_store(tmp_path / "r.h5", response_table(table), table["voxel_id"])
    voxels = read_table_voxels(write(table), AREAS, HemisphereRule())
    read = []
    original = h5py.Dataset.__getitem__

    def noted(self, arguments, **options):
        read.append(self.name.rsplit("/", 1)[-1])
        return original(self, arguments, **options)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", noted)
    extract_table_responses(store, voxels, N_TRIALS, tmp_path / "out")
    assert set(read) == {"block0_values", "block1_items", "block1_values"}
