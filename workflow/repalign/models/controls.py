"""Control matrices: what is known of each image, to be held constant in partial RSA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from repalign.errors import RepalignError
from repalign.tables.parquet import read_table

ID = "nsd_id"
"""Column of the images of NSD. Other datasets have `bold_position` and `things_id`."""
PREFIX = "control_"
_REMEDY = "Correct the file, or take it out of the control matrices."


@dataclass(frozen=True)
class Control:
    """One control matrix.

    Attributes
    ----------
    name : str
        File name between `control_` and `.parquet`.
    ids : ndarray of int64, shape (n_stimuli,)
        Image of each row, ascending.
    columns : tuple of str
        Names of the columns.
    matrix : ndarray of float32, shape (n_stimuli, n_columns)
        The values; float32 as in the published procedure.
    id_column : str
        Column that says which image a row is about.
    """

    name: str
    ids: npt.NDArray[np.int64]
    columns: tuple[str, ...]
    matrix: npt.NDArray[np.float32]
    id_column: str = ID

    def rows(self, stimulus_ids: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float32]:
        """Look up images.

        Parameters
        ----------
        stimulus_ids : ndarray of integers, shape (n,)
            Images, in any order, repeated or not.

        Returns
        -------
        ndarray of float32, shape (n, n_columns)
            A row for each id, in the order of `stimulus_ids`.

        Raises
        ------
        RepalignError
            If an image is not in the matrix.
        """
        place = np.searchsorted(self.ids, stimulus_ids).clip(max=self.ids.size - 1)
        missing = np.unique(stimulus_ids[self.ids[place] != stimulus_ids])
        if missing.size:
            raise RepalignError(
                f"no row for {_listed(missing, self.id_column)}",
                where=f"control {self.name}",
                expected="a row for every image of the trials",
                remedy="Restrict the trials to the images of the control matrices.",
            )
        return np.asarray(self.matrix[place])


def read_control(path: str | Path, id_column: str = ID) -> Control:
    """Read one control matrix.

    Parameters
    ----------
    path : str or Path
        `control_<name>.parquet`: a column of different whole numbers, the images, and one or
        more numeric columns. An index that pandas wrote is left out.
    id_column : str
        Name of the column of images.

    Returns
    -------
    Control
        Rows ordered by image.

    Raises
    ------
    RepalignError
        If the file cannot be read, is named otherwise, or a column is not as said.
    """
    path = Path(path)
    name = path.stem.removeprefix(PREFIX)
    if not path.stem.startswith(PREFIX) or not name:
        raise _error(f"a file named {path.name}", path, f"{PREFIX}<name>.parquet")
    table = read_table(path)
    columns = [field.name for field in table.schema]
    columns = [column for column in columns if not column.startswith("__index_level_")]
    if id_column not in columns:
        raise _error(f"columns {', '.join(columns)}", path, f"a column {id_column}")
    columns.remove(id_column)
    if not columns or not table.num_rows:
        found = f"{table.num_rows} rows of {len(columns)} columns beside {id_column}"
        raise _error(found, path, "at least one of each")
    ids = _read_ids(table[id_column], id_column, path)
    values = np.column_stack(
        [
            _read_values(table[column], column, path, lambda k: _listed(ids[k], id_column))
            for column in columns
        ]
    )
    order = np.argsort(ids)
    return Control(name, ids[order], tuple(columns), values[order], id_column)


def read_controls(paths: Sequence[str | Path], id_column: str = ID) -> dict[str, Control]:
    """Read control matrices over the same images.

    Parameters
    ----------
    paths : sequence of str or Path
        Files as `read_control` reads them.
    id_column : str
        Name of the column of images.

    Returns
    -------
    dict of str to Control
        By name, in the order of `paths`.

    Raises
    ------
    RepalignError
        If a file is wrong, two have one name, or the images of two differ.
    """
    controls: dict[str, Control] = {}
    for path in paths:
        control = read_control(path, id_column)
        if control.name in controls:
            raise _error(f"a second control named {control.name}", path, "different names")
        controls[control.name] = control
        first = next(iter(controls.values()))
        surplus = np.setdiff1d(control.ids, first.ids)
        lacking = np.setdiff1d(first.ids, control.ids)
        if surplus.size or lacking.size:
            parts = [(surplus, "not in the first file"), (lacking, "missing")]
            found = "; ".join(
                f"{_listed(ids, id_column)} {what}" for ids, what in parts if ids.size
            )
            raise _error(found, path, f"the {first.ids.size} images of {paths[0]}")
    return controls


def _read_ids(column: pa.ChunkedArray, name: str, path: Path) -> npt.NDArray[np.int64]:
    if not pa.types.is_integer(column.type) or column.null_count:
        found = f"{column.type} with {column.null_count} empty values"
        raise _error(found, f"{path}, column {name}", "a whole number in every row")
    ids: npt.NDArray[np.int64] = column.to_numpy().astype(np.int64)
    different, counts = np.unique(ids, return_counts=True)
    if different.size < ids.size:
        found = f"{_listed(different[counts > 1], name)} more than once"
        raise _error(found, f"{path}, column {name}", "each image once")
    return ids


def _read_values(
    column: pa.ChunkedArray,
    name: str,
    path: Path,
    listed: Callable[[npt.NDArray[np.int64]], str],
) -> npt.NDArray[np.float32]:
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise _error(str(kind), f"{path}, column {name}", "numbers")
    # Empty values become NaN; what float32 cannot hold becomes infinity.
    numbers = column.cast(pa.float64() if not pa.types.is_boolean(kind) else pa.uint8())
    with np.errstate(over="ignore"):
        values: npt.NDArray[np.float32] = numbers.to_numpy().astype(np.float32)
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        found = f"empty, NaN or infinite values for {listed(wrong)}"
        raise _error(found, f"{path}, column {name}", "a finite number in every row")
    return values


def _listed(ids: npt.NDArray[Any], name: str, most: int = 10) -> str:
    """List ids, the first few if there are many."""
    more = f", ... ({ids.size} in all)" if ids.size > most else ""
    return f"{name} " + ", ".join(map(str, ids[:most].tolist())) + more


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=_REMEDY)
