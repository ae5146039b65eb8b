"""Caption files: the text that a language model reads of each stimulus, found by id."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.errors import RepalignError
from repalign.models.stimuli import Digests, as_rows, set_digest, stimulus_digest

log = logging.getLogger("repalign")

ID_COLUMNS = ("nsd_id", "things_id", "bold_position", "bold_id")
"""Columns that can say which stimulus a row is about; the first that a file has does."""
COCO, GENERATED = "captions", "caption"
"""Columns of texts: all captions of an image, joined by semicolons; or the only one."""
SEPARATOR = ";"
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Texts:
    """A text for each stimulus.

    Attributes
    ----------
    ids : ndarray of int64, shape (n_stimuli,)
        Stimuli.
    values : tuple of str
        Their texts, without space at either end.
    empty : tuple of int
        Stimuli whose text is empty.
    """

    ids: Ids
    values: tuple[str, ...]
    empty: tuple[int, ...] = ()

    def digests(self) -> Digests:
        """Return the digest of each stimulus, uint8, shape (n_stimuli, 32)."""
        pairs = zip(self.ids.tolist(), self.values, strict=True)
        return as_rows(stimulus_digest(key, text.encode()) for key, text in pairs)

    def digest(self) -> str:
        """Return the digest of all pairs of stimulus and text, in whatever order they are."""
        return set_digest(self.ids, self.digests())


def read_texts(path: str | Path, ids: Ids, *, max_empty_share: float = 0.0) -> Texts:
    """Read the texts of some stimuli, by id and never by position.

    Parameters
    ----------
    path : str or Path
        CSV file with one of `ID_COLUMNS` and either `captions` (COCO's, joined by semicolons:
        the first is taken, as published) or `caption`.
    ids : ndarray of int64, shape (n,)
        Stimuli wanted, in the order wanted.
    max_empty_share : float
        Share of these texts that may be empty.

    Returns
    -------
    Texts
        In the order of `ids`. "None", "NA" and "null" are texts like any other.

    Raises
    ------
    RepalignError
        If the file cannot be read or lacks a column, an id is no number or there twice, a
        stimulus has no row, or more texts are empty than may be.
    """
    table = read_csv(path, "a caption file", as_text=True)
    key, column = _columns(table, path)
    to_integers(table, key, path)
    twice = table[key].duplicated().to_numpy()
    if twice.any():
        row = int(twice.argmax())
        found = f"{key} {table[key].iloc[row]} again"
        raise _error(found, f"{path}, data row {row + 1}", "one row for each stimulus")
    by_id = dict(zip(table[key].tolist(), table[column].tolist(), strict=True))
    absent = [stimulus for stimulus in ids.tolist() if stimulus not in by_id]
    if absent:
        found = f"no row for {len(absent)} of {ids.size} stimuli: {key} {_listed(absent)}"
        raise _error(found, path, "a row for every stimulus of the dataset")
    return _chosen(by_id, ids, first=column == COCO, path=path, max_empty_share=max_empty_share)


def _columns(table: pd.DataFrame, path: str | Path) -> tuple[str, str]:
    """Find the columns of ids and of texts."""
    keys = [name for name in ID_COLUMNS if name in table]
    columns = [name for name in (COCO, GENERATED) if name in table]
    if not keys or len(columns) != 1:
        expected = f"one of {', '.join(ID_COLUMNS)}, and either {COCO} or {GENERATED}"
        raise _error(f"columns {', '.join(table.columns)}", f"{path}, header", expected)
    return keys[0], columns[0]


def _chosen(
    by_id: Mapping[int, str], ids: Ids, *, first: bool, path: str | Path, max_empty_share: float
) -> Texts:
    """Pick the texts of stimuli, and count the empty ones."""
    whole = [by_id[stimulus] for stimulus in ids.tolist()]
    texts = tuple((text.split(SEPARATOR)[0] if first else text).strip() for text in whole)
    empty = tuple(key for key, text in zip(ids.tolist(), texts, strict=True) if not text)
    if len(empty) > max_empty_share * ids.size:
        raise _error(
            f"{len(empty)} of {ids.size} texts are empty: ids {_listed(list(empty))}",
            path,
            f"a share of at most {max_empty_share:g} (captions.max_empty_share)",
        )
    if empty:
        log.warning("%s: %d empty texts: ids %s", path, len(empty), _listed(list(empty)))
    return Texts(ids, texts, empty)


def _listed(ids: list[int]) -> str:
    """Name the first ids."""
    return ", ".join(map(str, ids[:10])) + (", ..." if len(ids) > 10 else "")


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Correct the captions, or make the file again.",
    )
