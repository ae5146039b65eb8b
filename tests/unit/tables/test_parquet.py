"""Parquet files have just the columns that were announced, or do not appear."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repalign.errors import RepalignError
from repalign.tables.parquet import parquet_writer, read_table, write_table
from repalign.tables.provenance import read_record

SCHEMA = pa.schema(
    [pa.field("roi", pa.uint16(), nullable=False), pa.field("value", pa.float32(), nullable=False)]
)


def rows(*values: float) -> pa.Table:
    arrays = [pa.array(np.arange(len(values)), pa.uint16()), pa.array(values, pa.float32())]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def test_row_groups_join_to_one_table(tmp_path):
    path = tmp_path / "new" / "table.parquet"
    with parquet_writer(path, SCHEMA, {"seed": 1}) as writer:
        writer.write_table(rows(1, 2))
        assert not path.exists()
        writer.write_table(rows(3))
    table = read_table(path, SCHEMA)
    assert table.column("value").to_pylist() == [1, 2, 3]
    assert table.schema.metadata is None
    assert pq.ParquetFile(path).num_row_groups == 2
    assert read_record(path) == {"seed": 1}


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.parquet"
    write_table(path, rows(1), {})
    before = path.read_bytes()
    with pytest.raises(RuntimeError), parquet_writer(path, SCHEMA, {}) as writer:
        writer.write_table(rows(2))
        raise RuntimeError
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["table.parquet"]


def test_a_table_of_other_columns_is_not_written(tmp_path):
    wrong = pa.table({"roi": pa.array([1], pa.uint16()), "value": pa.array([1.0], pa.float64())})
    with (
        pytest.raises(ValueError, match="schema"),
        parquet_writer(tmp_path / "t.parquet", SCHEMA, {}) as writer,
    ):
        writer.write_table(wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fields",
    [
        [("value", pa.float32()), ("roi", pa.uint16())],
        [("roi", pa.uint16()), ("value", pa.float64())],
        [("roi", pa.uint16())],
        [("roi", pa.uint16()), ("value", pa.float32()), ("more", pa.int8())],
    ],
    ids=["order", "type", "missing", "more"],
)
def test_other_columns_are_refused_by_name(tmp_path, fields):
    path = tmp_path / "t.parquet"
    names = [name for name, _ in fields]
    pq.write_table(pa.table([pa.array([1], kind) for _, kind in fields], names=names), path)
    with pytest.raises(RepalignError, match="value float") as caught:
        read_table(path, SCHEMA)
    assert str(path) in str(caught.value)
    assert "roi uint16" in caught.value.expected


def test_missing_entries_are_refused_where_none_may_be(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table(
            {"roi": pa.array([1, None], pa.uint16()), "value": pa.array([1, 2], pa.float32())}
        ),
        path,
    )
    with pytest.raises(RepalignError):
        read_table(path, SCHEMA)


@pytest.mark.parametrize("harm", ["gone", "cut", "text", "page"])
def test_a_file_that_cannot_be_read_is_said(tmp_path, harm):
    path = tmp_path / "t.parquet"
    write_table(path, pa.table({"x": np.random.default_rng(0).normal(size=1000)}), {})
    data = bytearray(path.read_bytes())
    if harm == "gone":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(data[:-5])
    elif harm == "text":
        path.write_text("roi,value\n")
    else:
        data[500:900] = bytes(400)
        path.write_bytes(data)
    with pytest.raises(RepalignError, match=r"t\.parquet"):
        read_table(path)
