"""What a published file holds, column by column, and how that is written for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandera.pandas as pandera
import pyarrow as pa

NEVER = "never"


@dataclass(frozen=True)
class Column:
    """A column of a table, or an array of a file.

    Attributes
    ----------
    name : str
        As it stands in the file.
    kind : str
        Its type, in words.
    values : str
        Unit, range or allowed values.
    missing : str
        What stands where there is no value, or `never`.
    meaning : str
        One sentence for people.
    """

    name: str
    kind: str
    values: str
    missing: str
    meaning: str


@dataclass(frozen=True)
class Layout:
    """A kind of file.

    Attributes
    ----------
    title : str
        Heading of its section.
    row : str
        What a row, or an entry of the arrays, is, and how they are ordered.
    columns : sequence of Column
        In the order of the file.
    notes : str
        More to know, or nothing.
    """

    title: str
    row: str
    columns: Sequence[Column]
    notes: str = ""

    @property
    def names(self) -> list[str]:
        """Return the names of the columns, in order."""
        return [column.name for column in self.columns]


Facts = Mapping[str, tuple[str, str]]
"""Values and missing values of columns, by name."""


def from_arrow(schema: pa.Schema, facts: Facts) -> list[Column]:
    """Describe the columns of a parquet schema, which holds their types and meanings.

    Parameters
    ----------
    schema : pyarrow.Schema
        Every field has a `description` in its metadata.
    facts : mapping of str to (str, str)
        Values and missing values of every column.

    Raises
    ------
    KeyError
        If a column has no facts.
    """
    return [
        Column(
            entry.name,
            kind_of(entry.type),
            *facts[entry.name],
            entry.metadata[b"description"].decode(),
        )
        for entry in schema
    ]


def from_pandera(schema: pandera.DataFrameSchema, facts: Facts) -> list[Column]:
    """Describe the columns of a checked table; see `from_arrow`."""
    return [
        Column(str(name), _WORDS.get(str(column.dtype), str(column.dtype)), *facts[str(name)],
               str(column.description))
        for name, column in schema.columns.items()
    ]  # fmt: skip


def from_names(
    names: Sequence[str], told: Mapping[str, tuple[str, str, str, str]]
) -> list[Column]:
    """Describe the columns of a text table, whose code has their names alone.

    Parameters
    ----------
    names : sequence of str
        In the order of the file.
    told : mapping of str to (str, str, str, str)
        Type, values, missing values and meaning of every name, and of no other.

    Raises
    ------
    ValueError
        If names and descriptions differ.
    """
    if set(names) != set(told):
        differing = sorted(set(names) ^ set(told))
        raise ValueError(f"columns {differing} are described or in the file, not both")
    return [Column(name, *told[name]) for name in names]


_WORDS = {"bool": "true or false", "str": "text", "string": "text", "double": "float64",
          "float": "float32"}  # fmt: skip


def kind_of(kind: pa.DataType) -> str:
    """Return the type of a parquet column in words."""
    if pa.types.is_dictionary(kind):
        return "category"
    if pa.types.is_list(kind):
        return f"list of {kind_of(kind.value_type)}"
    return _WORDS.get(str(kind), str(kind))


def section(layout: Layout, files: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a layout's section.

    Parameters
    ----------
    layout : Layout
        What the files hold.
    files : sequence of str
        Paths of the files that hold it.
    """
    yield f"## {layout.title}"
    yield ""
    yield from (f"- `{path}`" for path in files)
    yield ""
    yield layout.row
    if layout.notes:
        yield ""
        yield layout.notes
    if layout.columns:
        yield ""
        yield "| name | type | values | missing | meaning |"
        yield "|---|---|---|---|---|"
    for column in layout.columns:
        cells = (column.kind, column.values, column.missing, column.meaning)
        yield (
            f"| `{column.name}` | " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"
        )
    yield ""
