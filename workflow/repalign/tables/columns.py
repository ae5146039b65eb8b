"""Tables from columns: scalars are repeated, types are those of the schema, nothing is coerced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from repalign.errors import RepalignError
from repalign.tables.parquet import parquet_writer, read_table

CATEGORY = pa.dictionary(pa.int32(), pa.string())
"""A column of few different texts; pandas reads it as a category."""


def field(name: str, kind: pa.DataType, description: str) -> pa.Field:
    """Return a column that is never missing, with its meaning in the file's metadata."""
    return pa.field(name, kind, nullable=False, metadata={"description": description})


def table_of(schema: pa.Schema, columns: Mapping[str, Any]) -> pa.Table:
    """Make a table of a schema from arrays and scalars.

    Parameters
    ----------
    schema : pyarrow.Schema
        Names and types, in order.
    columns : mapping
        For each name an array of n_rows values, or one value for all rows. NaN is a value.

    Returns
    -------
    pyarrow.Table
        n_rows rows.

    Raises
    ------
    ValueError
        If names are missing or too many, or lengths differ.
    """
    if set(columns) != set(schema.names):
        raise ValueError(f"columns {sorted(columns)}, expected {sorted(schema.names)}")
    lengths = {len(values) for values in columns.values() if isinstance(values, np.ndarray)}
    if len(lengths) != 1:
        raise ValueError(f"columns of {sorted(lengths)} rows, expected one length")
    (n_rows,) = lengths
    arrays = [_array(columns[entry.name], entry.type, n_rows) for entry in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Any, kind: pa.DataType, n_rows: int) -> pa.Array:  # noqa: ANN401
    """Return one column; a text that is repeated is stored once."""
    if not isinstance(values, np.ndarray):
        if pa.types.is_dictionary(kind):
            indices = pa.array(np.zeros(n_rows, np.int32))
            return pa.DictionaryArray.from_arrays(indices, pa.array([values], kind.value_type))
        return pa.repeat(pa.scalar(values, kind), n_rows)
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode().cast(kind)
    return pa.array(values, from_pandas=False).cast(kind)


@dataclass(frozen=True)
class Part:
    """A part of a table and what it must hold.

    Attributes
    ----------
    path : str or Path
        The file.
    keys : mapping
        Columns that have one value in the whole part, or the values of a list, in the order of
        their first rows.
    multiple_of : int
        The number of rows is a multiple of this, and not 0.
    """

    path: str | Path
    keys: Mapping[str, object]
    multiple_of: int = 1

    def read(self, schema: pa.Schema) -> pa.Table:
        """Read the part and check it.

        Raises
        ------
        RepalignError
            If it has other columns, other keys or another number of rows.
        """
        table = read_table(self.path, schema)
        found = {name: pc.unique(table.column(name)).to_pylist() for name in self.keys}
        wanted = {
            name: value if isinstance(value, list) else [value]
            for name, value in self.keys.items()
        }
        if found != wanted or len(table) % self.multiple_of:
            raise RepalignError(
                f"{len(table)} rows of {found}",
                where=self.path,
                expected=f"a multiple of {self.multiple_of} rows of {dict(self.keys)}",
                remedy="Delete it and run the workflow again.",
            )
        return table


def join_tables(
    parts: Iterable[Part],
    output: str | Path,
    schema: pa.Schema,
    record: Mapping[str, Any],
    of_parts: pa.Schema | None = None,
) -> int:
    """Write parts behind one another, each as a row group.

    Parameters
    ----------
    parts : iterable of Part
        In the order of the table.
    output : str or Path
        The table to write.
    schema : pyarrow.Schema
        What every part and the table must have.
    record : mapping
        Provenance.
    of_parts : pyarrow.Schema, optional
        What every part must have, if that is more columns than the table.

    Returns
    -------
    int
        Number of rows written.

    Raises
    ------
    RepalignError
        If a part is not what it must be.
    """
    total = 0
    with parquet_writer(output, schema, record) as writer:
        for part in parts:
            table = part.read(of_parts or schema).select(schema.names)
            writer.write_table(table, row_group_size=len(table))
            total += len(table)
    return total
