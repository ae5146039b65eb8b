"""Assemblies: what is written, what is refused, and what the reader makes of a file."""

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from repalign.errors import RepalignError
from repalign.tables.assemblies import check_pair, make_assembly, read_assembly, write_assembly
from repalign.tables.assembly_rules import check_assembly, looks_like_a_number
from repalign.tables.provenance import make_record, read_record

RECORD = make_record(None)
STIMULI = np.array(["nsd_00042", "nsd_00043", "nsd_70000"])


def neuroids(n: int = 4) -> dict[str, np.ndarray]:
    return {
        "neuroid_id": np.array([f"subj01_V1_v{k:04d}" for k in range(n)]),
        "subject": np.array(["subj01"] * n),
        "region": np.array(["V1"] * n),
        "nc_testset": np.linspace(0, 100, n),
        "voxel_x": np.arange(n),
    }


def averaged(dtype: type = np.float32) -> xr.DataArray:
    values = np.random.default_rng(0).normal(size=(3, 4)).astype(dtype)
    presentation = {"stimulus_id": STIMULI, "nsd_id": np.array([42, 43, 70000])}
    return make_assembly(values, presentation, neuroids(), attributes={"identifier": "some"})


def repeated(stimuli=(0, 0, 1, 1, 2, 2), repetition=(0, 1, 0, 1, 0, 1)) -> xr.DataArray:
    rows = np.array(stimuli)
    values = np.random.default_rng(1).normal(size=(rows.size, 4))
    presentation = {"stimulus_id": STIMULI[rows], "repetition": np.array(repetition)}
    return make_assembly(values, presentation, neuroids(), time_bin=(70, 170))


def refused(assembly: xr.DataArray, path: Path, message: str) -> None:
    """It is refused with a message, and nothing is left, neither of it nor of an older file."""
    path.write_bytes(b"older")
    with pytest.raises(RepalignError, match=message) as caught:
        write_assembly(assembly, path, RECORD)
    assert str(path) in caught.value.where
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == b"older"


@pytest.mark.parametrize("make", [averaged, lambda: averaged(np.float64), repeated])
def test_what_is_written_is_read(tmp_path, make):
    assembly = make()
    write_assembly(assembly, tmp_path / "a.nc", RECORD)
    found = read_assembly(tmp_path / "a.nc")
    assert found.dtype == assembly.dtype
    xr.testing.assert_identical(found, assembly)
    assert not found.indexes
    assert not found.encoding
    assert all(not coord.encoding for coord in found.coords.values())
    record = read_record(tmp_path / "a.nc")
    assert record is not None
    assert {"h5netcdf", "xarray"} <= set(record["versions"])


def test_the_file_is_what_other_readers_expect(tmp_path):
    """One data variable, flat text coordinates, no coordinate with the name of an axis."""
    write_assembly(repeated(), tmp_path / "a.nc", RECORD)
    with h5py.File(tmp_path / "a.nc") as file:
        data = [name for name in file if "coordinates" in file[name].attrs]
        assert data == ["__xarray_dataarray_variable__"]
        assert file[data[0]].shape == (6, 4, 1)
        listed = set(file[data[0]].attrs["coordinates"].split())
        scales = {n for n in file if b"not a netCDF variable" in file[n].attrs.get("NAME", b"")}
        assert scales == {"presentation", "neuroid", "time_bin"}
        assert listed == set(file) - scales - set(data)
        assert h5py.check_string_dtype(file["stimulus_id"].dtype).length is None
        assert not any("_FillValue" in file[name].attrs for name in file)
    opened = xr.open_dataarray(tmp_path / "a.nc")
    assert not opened.indexes
    opened.close()


def digest_by_another_process(path: Path, seed: int) -> str:
    """Write the assembly in a process of its own, whose sets have another order."""
    code = (
        "import sys; sys.path[:0] = [sys.argv[2], sys.argv[3]]\n"
        "from test_assemblies import averaged, write_assembly, RECORD\n"
        "write_assembly(averaged(), sys.argv[1], RECORD)\n"
    )
    library = Path(__file__).parents[3] / "workflow"
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    words = [sys.executable, "-c", code, str(path), str(Path(__file__).parent), str(library)]
    subprocess.run(words, check=True, env=environment)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_bytes_depend_on_values_alone(tmp_path):
    first = digest_by_another_process(tmp_path / "a.nc", 1)
    time.sleep(1.1)  # HDF5 counts times in seconds
    assert digest_by_another_process(tmp_path / "b.nc", 2) == first
    write_assembly(read_assembly(tmp_path / "a.nc"), tmp_path / "c.nc", RECORD)
    assert hashlib.sha256((tmp_path / "c.nc").read_bytes()).hexdigest() == first


def test_nothing_stays_of_the_file_that_an_array_came_from(tmp_path):
    """xarray keeps the old list of coordinates, which older versions then choke on."""
    write_assembly(averaged(), tmp_path / "a.nc", RECORD)
    with xr.open_dataarray(tmp_path / "a.nc") as opened:
        fewer = opened.load().drop_vars("voxel_x")
    fewer.to_netcdf(tmp_path / "stale.nc", engine="h5netcdf")
    with pytest.raises(RepalignError, match="voxel_x, which the file does not have"):
        read_assembly(tmp_path / "stale.nc")
    write_assembly(fewer, tmp_path / "b.nc", RECORD)
    with h5py.File(tmp_path / "b.nc") as file:
        listed = file["__xarray_dataarray_variable__"].attrs["coordinates"].split()
    assert sorted(listed) == sorted(map(str, fewer.coords))
    xr.testing.assert_identical(read_assembly(tmp_path / "b.nc"), fewer)


@pytest.mark.parametrize("text", ["ab", "subj01", "Über"])
def test_objects_and_pandas_texts_become_plain_text(tmp_path, text):
    kinds = {
        "object": np.array([text] * 4, dtype=object),
        "string": np.array([text] * 4, dtype=np.dtypes.StringDType()),
        "pandas": pd.array([text] * 4, dtype="str"),
    }
    for name, values in kinds.items():
        write_assembly(
            averaged().assign_coords(subject=("neuroid", values)), tmp_path / name, RECORD
        )
        found = read_assembly(tmp_path / name)["subject"].to_numpy()
        assert found.dtype.kind == "U"
        assert found.tolist() == [text] * 4


Change = Callable[[xr.DataArray], xr.DataArray]


def along(name: str, values: object, dim: str = "neuroid") -> Change:
    return lambda a: a.assign_coords({name: (dim, values)})


ALONG_STIMULI = ("stimulus_id", "presentation")
BROKEN: dict[str, tuple[Change, str]] = {
    "transposed": (lambda a: a.T, "axes"),
    "another axis": (lambda a: a.rename(neuroid="voxel"), "axes"),
    "float16": (lambda a: a.astype(np.float16), "float16"),
    "integers": (lambda a: a.astype(np.int32), "int32"),
    "NaN": (lambda a: a.where(a == a.max()), "11 values that are not finite"),
    "empty": (lambda a: a[:0], "no values"),
    "named like the axis": (along("neuroid", range(4)), "named like its axis"),
    "MultiIndex": (
        lambda a: a.set_index(presentation=["stimulus_id", "nsd_id"]),
        "(?s)MultiIndex.*reset_index",
    ),
    "scalar": (lambda a: a.assign_coords(session=3), "0 axes"),
    "two axes": (
        lambda a: a.assign_coords(x=(("presentation", "neuroid"), np.zeros((3, 4)))), "2 axes"
    ),
    "one coordinate": (lambda a: a.drop_vars("nsd_id"), r"1 coordinate\(s\): stimulus_id"),
    "no stimulus_id": (lambda a: a.drop_vars("stimulus_id"), "no stimulus_id"),
    "no region": (lambda a: a.drop_vars("region"), "no region"),
    "numbers": (along("stimulus_id", [1, 2, 3], "presentation"), "int64"),
    "number-like": (along("stimulus_id", ["a", "00042", "b"], "presentation"), "'00042'"),
    "gap-like": (along("stimulus_id", ["a", "NA", "b"], "presentation"), "'NA'"),
    "gap in text": (along("subject", np.array(["a", np.nan, "b", "c"], object)), "nan among"),
    "None in text": (along("subject", np.array(["a", None, "b", "c"], object)), "among text"),
    "empty text": (along("subject", ["a", "", "b", "c"]), "an empty text"),
    "gap in numbers": (along("voxel_x", [0, np.nan, 1, 2]), "1 of 4 values"),
    "bytes": (along("subject", np.array([b"a"] * 4)), "bytes"),
    "bytes as objects": (along("subject", np.array([b"a"] * 4, object)), "bytes"),
    "categories": (along("subject", pd.Categorical(["a"] * 4)), "categories"),
    "dates": (along("day", pd.date_range("2020-01-01", periods=4)), "datetime64"),
    "float16 coordinate": (along("x", np.zeros(4, np.float16)), "float16"),
    "twice": (along("neuroid_id", ["a", "b", "a", "c"]), "a 2 times"),
    "above 100": (along("nc_testset", [0, 1, 2, 100.5]), "from 0 to 100.5"),
    "below 0": (along("nc_testset", [0, 1, -2, 10.0]), "from -2 to 10"),
    "ceiling NaN": (along("nc_testset", [0, 1, np.nan, 10.0]), "not finite"),
    "ceiling text": (along("nc_testset", ["a"] * 4), "no numbers"),
    "presented twice": (along("stimulus_id", ["a", "a", "b"], "presentation"), "nsd_id varies"),
    "list": (lambda a: a.assign_attrs(rois=["V1"]), "attribute rois"),
    "truth value": (lambda a: a.assign_attrs(z=True), "attribute z"),
    "attribute NaN": (lambda a: a.assign_attrs(z=np.nan), "attribute z"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_what_breaks_a_rule_is_refused(tmp_path, case):
    change, message = BROKEN[case]
    refused(change(averaged()), tmp_path / "a.nc", message)


OF_REPETITIONS: dict[str, tuple[Change, str]] = {
    "trial number": (along("trial", range(6), "presentation"), "trial varies within"),
    "no repetition": (lambda a: a.drop_vars("repetition").assign_coords(
        nsd_id=("presentation", [1, 1, 2, 2, 3, 3])), "no repetition"),
    "fractions": (along("repetition", [0.5, 1.0] * 3, "presentation"), "float64"),
    "no bin": (lambda a: a.drop_vars(["time_bin_start", "time_bin_end"]).assign_coords(
        a=("time_bin", [1]), b=("time_bin", [1])), "no integers time_bin_start"),
    "bin backwards": (along("time_bin_end", [70], "time_bin"), "ends before"),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_REPETITIONS, ids=str)
def test_what_breaks_a_rule_of_repetitions_is_refused(tmp_path, case):
    change, message = OF_REPETITIONS[case]
    refused(change(repeated()), tmp_path / "a.nc", message)


def test_ragged_repetitions_are_refused_or_reported(tmp_path, caplog):
    ragged = repeated((0, 0, 1, 1, 2), (0, 1, 0, 1, 0))
    refused(ragged, tmp_path / "a.nc", "1 of 3 stimuli lack some repetition, first nsd_70000")
    write_assembly(ragged, tmp_path / "b.nc", RECORD, allow_ragged=True)
    assert "1 of 3 stimuli lack some repetition" in caplog.text
    assert read_assembly(tmp_path / "b.nc").shape == (5, 4, 1)


def test_numbers_odd_and_even_are_not_ragged():
    check_assembly(repeated((0, 0, 0, 1, 1), (0, 1, 0, 0, 1)), "a.nc")


def test_fractions_of_a_ceiling_are_reported(caplog):
    check_assembly(averaged().assign_coords(nc_testset=("neuroid", [0, 0.3, 0.5, 1.0])), "a.nc")
    assert "are in percent" in caplog.text
    caplog.clear()
    check_assembly(averaged().assign_coords(nc_testset=("neuroid", np.zeros(4))), "a.nc")
    assert not caplog.text


@pytest.mark.parametrize(
    "text", ["1", "00042", " 7 ", "-1.5", ".5", "1e5", "1E-3", "nan", "NA", "", "inf", "True"]
)
def test_texts_that_csv_readers_take_for_something_else(text):
    assert looks_like_a_number(text)
    table = pd.Series([text], name="a").to_frame().to_csv(index=False)
    read = pd.read_csv(pd.io.common.StringIO(table))["a"].tolist()
    assert read != [text]


@pytest.mark.parametrize("text", ["nsd_00042", "1a", "e5", "image 1", "1,5x", "-", "v1.2.3"])
def test_texts_that_stay_text(text):
    assert not looks_like_a_number(text)
    table = pd.Series([text], name="a").to_frame().to_csv(index=False)
    assert pd.read_csv(pd.io.common.StringIO(table))["a"].tolist() == [text]


def test_files_that_are_no_assemblies(tmp_path):
    with pytest.raises(RepalignError, match="no such file"):
        read_assembly(tmp_path / "absent.nc")
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(RepalignError, match="no assembly"):
        read_assembly(tmp_path / "text.nc")
    write_assembly(averaged(), tmp_path / "a.nc", RECORD)
    (tmp_path / "half.nc").write_bytes((tmp_path / "a.nc").read_bytes()[:5000])
    with pytest.raises(RepalignError, match="no assembly"):
        read_assembly(tmp_path / "half.nc")
    two = xr.Dataset({"a": ("x", [1.0]), "b": ("x", [2.0])})
    two.to_netcdf(tmp_path / "two.nc", engine="h5netcdf")
    with pytest.raises(RepalignError, match="no assembly"):
        read_assembly(tmp_path / "two.nc")


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.DataArray, "to_netcdf", full)
    refused_path = tmp_path / "a.nc"
    with pytest.raises(RepalignError, match="no space left"):
        write_assembly(averaged(), refused_path, RECORD)
    assert not list(tmp_path.iterdir())


KILLED = re.compile(r"\.writing-.*a\.nc")


def test_a_killed_write_leaves_the_older_file(tmp_path):
    """Killed inside the write, by the system: no clean-up of ours can run."""
    write_assembly(averaged(), tmp_path / "a.nc", RECORD)
    before = (tmp_path / "a.nc").read_bytes()
    code = (
        "import os, signal, sys; sys.path[:0] = sys.argv[2:]\n"
        "import xarray\n"
        "from test_assemblies import repeated, write_assembly, RECORD\n"
        "write = xarray.DataArray.to_netcdf\n"
        "def killed(self, path, **options):\n"
        "    write(self, path, **options)\n"
        "    os.truncate(path, 3000)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "xarray.DataArray.to_netcdf = killed\n"
        "write_assembly(repeated(), sys.argv[1], RECORD)\n"
    )
    library = Path(__file__).parents[3] / "workflow"
    words = [sys.executable, "-c", code, str(tmp_path / "a.nc"), str(Path(__file__).parent)]
    done = subprocess.run([*words, str(library)], check=False)
    assert done.returncode == -9
    assert (tmp_path / "a.nc").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if KILLED.fullmatch(p.name)]


def test_a_pair_belongs_together():
    train, test = repeated((0, 0), (0, 1)), repeated((1, 1, 2, 2), (0, 1, 0, 1))
    check_pair(train, test, "pair")
    with pytest.raises(RepalignError, match="1 stimuli in both, first nsd_00043"):
        check_pair(repeated((1, 1), (0, 1)), test, "pair")
    with pytest.raises(RepalignError, match="other neuroid_id, nc_testset, voxel_x in train"):
        check_pair(train[:, ::-1], test, "pair")
    with pytest.raises(RepalignError, match="other voxel_x in train"):
        check_pair(train.drop_vars("voxel_x"), test, "pair")
    with pytest.raises(RepalignError, match="other time_bin_end in train"):
        check_pair(train.assign_coords(time_bin_end=("time_bin", [200])), test, "pair")
    with pytest.raises(RepalignError, match="other axes in train"):
        check_pair(train[:, :, 0].drop_vars(["time_bin_start", "time_bin_end"]), test, "pair")
