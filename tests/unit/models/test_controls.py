"""Control matrices are checked column by column, and share their images."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repalign.errors import RepalignError
from repalign.models.controls import read_control, read_controls


def write(folder, name="scene", **columns):
    path = folder / f"control_{name}.parquet"
    table = {"nsd_id": [9, 2, 5], "level": [0, 1, 2], **columns}
    pd.DataFrame({k: v for k, v in table.items() if v is not None}).to_parquet(path, index=False)
    return path


def fails(call, *parts):
    with pytest.raises(RepalignError) as caught:
        call()
    error = caught.value
    for part in parts:
        assert str(part) in str(error)
    assert all((error.found, error.where, error.expected, error.remedy))


def test_rows_are_ordered_by_image(tmp_path):
    control = read_control(write(tmp_path, "biology.v2", level=None, animal=[0, 1, 0],
                                 human=[True, False, False], score=[0.25, 0.5, 1e-9]))  # fmt: skip
    assert control.name == "biology.v2"
    assert control.columns == ("animal", "human", "score")
    assert control.ids.tolist() == [2, 5, 9]
    assert control.ids.dtype == np.int64
    assert control.matrix.dtype == np.float32
    np.testing.assert_array_equal(
        control.matrix, np.array([[1, 0, 0.5], [0, 0, 1e-9], [0, 1, 0.25]], np.float32)
    )


def test_rows_by_image(tmp_path):
    control = read_control(write(tmp_path))
    np.testing.assert_array_equal(control.rows(np.array([5, 9, 5, 2]))[:, 0], [2, 0, 2, 1])
    fails(lambda: control.rows(np.array([5, 6, 11, 6])), "control scene", "nsd_id 6, 11")


def test_an_index_that_pandas_wrote_is_no_column(tmp_path):
    path = tmp_path / "control_scene.parquet"
    table = pd.DataFrame({"nsd_id": [4, 5], "level": [1.0, 0.0]}, index=[1000, 2000])
    table.to_parquet(path)
    assert read_control(path).columns == ("level",)


@pytest.mark.parametrize(
    ("columns", "parts"),
    [
        ({"nsd_id": None}, ["columns level", "nsd_id"]),
        ({"level": None}, ["3 rows of 0 columns"]),
        ({"nsd_id": [9, 2, 9]}, ["nsd_id 9 more than once"]),
        ({"nsd_id": [9.0, 2.0, 5.0]}, ["double", "column nsd_id"]),
        ({"nsd_id": pd.array([9, None, 5], "Int64")}, ["1 empty"]),
        ({"level": ["a", "b", "c"]}, ["column level", "numbers"]),
        ({"level": [0, np.nan, 1]}, ["column level", "nsd_id 2"]),
        ({"level": [0, 1, np.inf]}, ["column level", "nsd_id 5"]),
        ({"level": [0, 1, 1e39]}, ["column level", "nsd_id 5"]),
        ({"level": pd.array([None, 1, None], "Int64")}, ["column level", "nsd_id 9, 5"]),
        ({"nsd_id": [], "level": []}, ["0 rows"]),
    ],
)
def test_wrong_columns_are_named(tmp_path, columns, parts):
    path = write(tmp_path, **columns)
    fails(lambda: read_control(path), path, *parts)


def test_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "control_scene.parquet"
    fails(lambda: read_control(path), path)
    path.write_bytes(b"PAR1")
    fails(lambda: read_control(path), path)
    for name in ("scene.parquet", "control_.parquet"):
        fails(lambda name=name: read_control(tmp_path / name), name, "control_<name>")


def test_several_controls(tmp_path):
    first = write(tmp_path, "scene")
    second = write(tmp_path, "biology", nsd_id=[2, 5, 9], level=[3, 4, 5])
    controls = read_controls([first, second])
    assert list(controls) == ["scene", "biology"]
    np.testing.assert_array_equal(controls["scene"].ids, controls["biology"].ids)
    np.testing.assert_array_equal(controls["biology"].matrix[:, 0], [3, 4, 5])
    assert read_controls([]) == {}


def test_other_images_are_named(tmp_path):
    first = write(tmp_path, "scene")
    second = write(tmp_path, "biology", nsd_id=[2, 7, 9])
    fails(lambda: read_controls([first, second]), second, first, "nsd_id 7 not in",
          "nsd_id 5 missing")  # fmt: skip
    many = write(tmp_path, "many", nsd_id=np.arange(100), level=np.zeros(100))
    fails(lambda: read_controls([first, many]), many, "(97 in all)")


def test_a_name_twice(tmp_path):
    (tmp_path / "other").mkdir()
    paths = [write(tmp_path), write(tmp_path / "other")]
    fails(lambda: read_controls(paths), paths[1], "second control named scene")
