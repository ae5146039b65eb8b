"""Typed parquet files that say how they were made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file
from repalign.tables.checksums import BLANK, SEAL, seal_parquet
from repalign.tables.provenance import KEY, encode


@contextmanager
def parquet_writer(
    path: str | Path, schema: pa.Schema, record: Mapping[str, Any]
) -> Iterator[pq.ParquetWriter]:
    """Open a parquet file to be written one row group at a time; it carries its own checksum.

    Parameters
    ----------
    path : str or Path
        The file to make; it appears when the block ends well.
    schema : pyarrow.Schema
        Names, types and nullability of the columns; tables that differ are refused.
    record : mapping
        Provenance, kept in the file's metadata.

    Yields
    ------
    pyarrow.parquet.ParquetWriter
        Give it tables.
    """
    described = schema.with_metadata({**(schema.metadata or {}), KEY: encode(record)})
    with atomic_file(path) as temporary:
        with pq.ParquetWriter(
            temporary, described, compression="zstd", write_page_checksum=True
        ) as writer:
            yield writer
            writer.add_key_value_metadata({SEAL: BLANK})
        seal_parquet(temporary)


def write_table(path: str | Path, table: pa.Table, record: Mapping[str, Any]) -> None:
    """Write a whole table; see `parquet_writer`."""
    with parquet_writer(path, table.schema, record) as writer:
        writer.write_table(table)


def read_table(path: str | Path, schema: pa.Schema | None = None) -> pa.Table:
    """Read a parquet file and check its columns.

    Parameters
    ----------
    path : str or Path
        The file.
    schema : pyarrow.Schema, optional
        Columns that it must have, in this order and of these types.

    Returns
    -------
    pyarrow.Table
        The content, without metadata.

    Raises
    ------
    RepalignError
        If the file cannot be read or its columns differ.
    """
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RepalignError(
            f"a file that cannot be read ({error})",
            where=path,
            expected="a complete parquet file",
            remedy="Delete it and run the workflow again.",
        ) from error
    table = table.replace_schema_metadata(None)
    if schema is not None and not table.schema.equals(schema.remove_metadata()):
        raise RepalignError(
            f"columns {_columns(table.schema)}",
            where=path,
            expected=f"columns {_columns(schema)}",
            remedy="Delete it and run the workflow again.",
        )
    return table


def _columns(schema: pa.Schema) -> str:
    """Return names and types of columns as text."""
    return ", ".join(f"{field.name} {field.type}" for field in schema)
