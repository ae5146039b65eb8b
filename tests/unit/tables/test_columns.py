"""Tables from columns, and parts that are what their place in a table says."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repalign.errors import RepalignError
from repalign.tables.columns import CATEGORY, Part, field, join_tables, table_of
from repalign.tables.parquet import write_table

SCHEMA = pa.schema(
    [
        field("roi", pa.uint16(), "region"),
        field("similarity", pa.float32(), "value"),
        field("model", CATEGORY, "name"),
        field("joined", pa.bool_(), "flag"),
    ]
)


def make(model="a", n=4, **other):
    values = {
        "roi": np.arange(n), "similarity": np.linspace(0, 1, n, dtype=np.float32),
        "model": model, "joined": True, **other,
    }  # fmt: skip
    return table_of(SCHEMA, values)


def test_scalars_are_repeated_and_types_are_those_of_the_schema():
    table = make()
    assert table.schema.equals(SCHEMA)
    frame = table.to_pandas()
    assert frame["model"].tolist() == ["a"] * 4
    assert frame["joined"].tolist() == [True] * 4
    assert [str(kind) for kind in frame.dtypes] == ["uint16", "float32", "category", "bool"]


def test_texts_of_an_array_become_categories():
    table = make(np.array(["b", "a", "b", "b"], dtype=object))
    assert table.column("model").to_pylist() == ["b", "a", "b", "b"]


def test_nan_is_a_value_and_not_missing():
    table = make(similarity=np.array([0, np.nan, 1, np.nan], np.float32))
    assert table.column("similarity").null_count == 0
    assert np.isnan(table.column("similarity").to_numpy()).sum() == 2


@pytest.mark.parametrize(
    "columns",
    [
        {"roi": np.arange(3)},
        {"roi": np.arange(3), "similarity": np.zeros(4), "model": "a", "joined": True},
        {"roi": 1, "similarity": 0.5, "model": "a", "joined": True},
        {"roi": np.arange(3), "similarity": 0.5, "model": "a", "joined": True, "more": 1},
    ],
    ids=["missing", "lengths", "no length", "too many"],
)
def test_columns_that_do_not_fit_are_refused(columns):
    with pytest.raises(ValueError, match=r"columns|rows"):
        table_of(SCHEMA, columns)


def test_ids_that_do_not_fit_their_type_are_refused():
    with pytest.raises(pa.ArrowInvalid):
        make(roi=np.array([0, 1, 2, 70_000]))


def test_parts_are_joined_in_order_each_a_row_group(tmp_path):
    for model in "ba":
        write_table(tmp_path / model, make(model), {})
    parts = [Part(tmp_path / m, {"model": m, "joined": True}, multiple_of=2) for m in "ba"]
    total = join_tables(parts, tmp_path / "table.parquet", SCHEMA, {})
    assert total == 8
    frame = pd.read_parquet(tmp_path / "table.parquet")
    assert frame["model"].dtype == "category"
    assert frame["model"].tolist() == list("bbbbaaaa")
    assert pq.ParquetFile(tmp_path / "table.parquet").num_row_groups == 2


def test_a_large_part_stays_one_row_group(tmp_path):
    """Readers take a row group for a model and subject; pyarrow would cut at 2**20 rows."""
    n = 2**20 + 10
    write_table(tmp_path / "a", make(n=n, roi=np.zeros(n, np.uint16)), {})
    join_tables([Part(tmp_path / "a", {"model": "a"})], tmp_path / "table", SCHEMA, {})
    assert pq.ParquetFile(tmp_path / "table").num_row_groups == 1


@pytest.mark.parametrize(
    ("table", "multiple"),
    [(make("b"), 2), (make(np.array(["a", "b", "a", "a"])), 2), (make(), 3), (make(n=0), 2)],
    ids=["another key", "two keys", "rows missing", "empty"],
)
def test_a_part_that_is_not_what_it_must_be_is_refused(tmp_path, table, multiple):
    path = tmp_path / "part.parquet"
    write_table(path, table, {})
    with pytest.raises(RepalignError, match=r"Delete it and run") as caught:
        Part(path, {"model": "a"}, multiple).read(SCHEMA)
    assert str(caught.value.where) == str(path)


def test_a_part_with_other_columns_is_refused(tmp_path):
    path = tmp_path / "part.parquet"
    write_table(path, make().drop_columns("joined"), {})
    with pytest.raises(RepalignError, match="columns roi"):
        Part(path, {}).read(SCHEMA)
    assert not (tmp_path / "table").exists()
