"""The published table of inter-subject RSA: its columns, its parts, and how parts are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from repalign.errors import RepalignError
from repalign.tables.parquet import parquet_writer, read_table


def _field(name: str, kind: pa.DataType, description: str) -> pa.Field:
    return pa.field(name, kind, nullable=False, metadata={"description": description})


RSA_SUBJECT_SUBJECT = pa.schema(
    [
        _field(
            "roi_x",
            pa.uint16(),
            "region of subject i; HCP-MMP1: 1-180 left or joined, 181-360 right",
        ),
        _field("roi_y", pa.uint16(), "region of subject j, numbered likewise"),
        _field("similarity", pa.float32(), "correlation of the two RDMs; NaN where undefined"),
        _field("subject_i", pa.uint8(), "first subject of the ordered pair"),
        _field("subject_j", pa.uint8(), "second subject, whose repetitions are shifted"),
        _field("join_hemispheres", pa.bool_(), "whether a region joins both hemispheres"),
        _field(
            "rep_shift",
            pa.uint8(),
            "shift: repetition r of i with (r - shift) mod n of j, n showings",
        ),
    ]
)
"""Columns of the published table, in order. `rep_shift` is a category in the published code, but
parquet keeps no categories of integers, so readers get plain integers from both."""


def pair_table(
    similarity: npt.NDArray[np.floating],
    rois: Sequence[int],
    *,
    subject_i: int,
    subject_j: int,
    joined: bool,
    shift: int,
) -> pa.Table:
    """Lay out the similarities of one pair of subjects as rows.

    Parameters
    ----------
    similarity : ndarray, shape (n_rois, n_rois)
        Row: region of subject i. Column: region of subject j. NaN where undefined.
    rois : sequence of int
        Ids of the regions, ascending.
    subject_i, subject_j : int
        Subject numbers.
    joined : bool
        Whether a region joins both hemispheres.
    shift : int
        Shift of the repetitions.

    Returns
    -------
    pyarrow.Table
        n_rois * n_rois rows, `roi_x` major.

    Raises
    ------
    ValueError
        If the matrix does not fit the regions.
    """
    n_rois = len(rois)
    if similarity.shape != (n_rois, n_rois):
        raise ValueError(f"similarity of shape {similarity.shape} for {n_rois} regions")
    ids = np.asarray(rois, dtype=np.uint16)
    n_rows = n_rois * n_rois
    columns = {
        "roi_x": np.repeat(ids, n_rois),
        "roi_y": np.tile(ids, n_rois),
        "similarity": similarity.astype(np.float32).ravel(),
        "subject_i": np.full(n_rows, subject_i, np.uint8),
        "subject_j": np.full(n_rows, subject_j, np.uint8),
        "join_hemispheres": np.full(n_rows, joined),
        "rep_shift": np.full(n_rows, shift, np.uint8),
    }
    # from_pandas is off: NaN is a value here, not a missing entry.
    arrays = [pa.array(columns[name], from_pandas=False) for name in RSA_SUBJECT_SUBJECT.names]
    return pa.Table.from_arrays(arrays, schema=RSA_SUBJECT_SUBJECT)


def read_pair(
    path: str | Path, rois: Sequence[int], *, joined: bool, shift: int
) -> tuple[tuple[int, int], npt.NDArray[np.float32]]:
    """Read one part and check that its keys are complete and in order.

    Parameters
    ----------
    path : str or Path
        A part, one pair of subjects.
    rois : sequence of int
        Ids of the regions that it must have, ascending.
    joined : bool
        Whether its regions must join both hemispheres.
    shift : int
        Shift of the repetitions that it must have.

    Returns
    -------
    pair : (int, int)
        Subjects i and j.
    similarity : ndarray of float32, shape (n_rois, n_rois)
        As given to `pair_table`.

    Raises
    ------
    RepalignError
        If rows are missing, out of order, of several pairs, or made with other choices.
    """
    table = read_table(path, RSA_SUBJECT_SUBJECT)
    column = {name: table.column(name).to_numpy() for name in table.column_names}
    ids = np.asarray(rois, dtype=np.uint16)
    complete = (
        len(table) == len(ids) ** 2
        and np.array_equal(column["roi_x"], np.repeat(ids, len(ids)))
        and np.array_equal(column["roi_y"], np.tile(ids, len(ids)))
    )
    pairs = sorted({*zip(column["subject_i"].tolist(), column["subject_j"].tolist(), strict=True)})
    made = {*column["join_hemispheres"].tolist()}, {*column["rep_shift"].tolist()}
    if complete and made != ({joined}, {shift}):
        raise RepalignError(
            f"hemispheres joined: {made[0]}, shift {made[1]}",
            where=path,
            expected=f"hemispheres joined: {joined}, shift {shift}",
            remedy="Give the parts of this table.",
        )
    if not complete or len(pairs) != 1:
        raise RepalignError(
            f"{len(table)} rows for the subject pairs {pairs[:3]}",
            where=path,
            expected=f"{len(ids) ** 2} rows of one pair, every region with every region in order",
            remedy="Delete it and run the workflow again.",
        )
    return pairs[0], column["similarity"].reshape(len(ids), len(ids))


def pair_columns(rois: Sequence[int]) -> dict[str, npt.NDArray[np.uint16]]:
    """Return the columns of all pairs of regions, `roi_x` major.

    Parameters
    ----------
    rois : sequence of int
        Ids of the regions, ascending.

    Returns
    -------
    dict of str to ndarray of uint16, shape (n_rois * n_rois,)
        `roi_x` and `roi_y`.
    """
    ids = np.asarray(rois, dtype=np.uint16)
    return {"roi_x": np.repeat(ids, len(ids)), "roi_y": np.tile(ids, len(ids))}


def mirrored(shift: int, subject_i: int, subject_j: int, n_repetitions: int) -> tuple[int, bool]:
    """Tell which comparison holds the similarities of a pair at a shift.

    Shift s of (i, j) is shift R - s of (j, i) seen from the other subject, with R repetitions,
    and similarities without a shift are symmetric.

    Parameters
    ----------
    shift : int
        The shift that is wanted; it counts modulo `n_repetitions`.
    subject_i, subject_j : int
        The pair that is wanted.
    n_repetitions : int
        R, how often an image is shown at most.

    Returns
    -------
    shift : int
        The shift to compute, at most R / 2.
    swapped : bool
        Whether the pair is (j, i), whose transpose stands for (i, j).
    """
    shift %= n_repetitions
    swapped = shift > n_repetitions - shift
    if swapped:
        shift = n_repetitions - shift
    if shift == 0:
        swapped = subject_i > subject_j
    return shift, swapped


def read_pair_of(
    path: str | Path,
    rois: Sequence[int],
    subject_i: int,
    subject_j: int,
    *,
    joined: bool,
    shift: int,
    n_repetitions: int = 3,
) -> npt.NDArray[np.float32]:
    """Read the similarities of a given pair from the part that stands for it.

    Which one does: `mirrored`. Without a shift either order of the subjects does.

    Parameters
    ----------
    path : str or Path
        A part.
    rois : sequence of int
        Ids of the regions that it must have, ascending.
    subject_i, subject_j : int
        The pair that is wanted.
    joined : bool
        Whether a region joins both hemispheres.
    shift : int
        The shift that is wanted.
    n_repetitions : int
        How often an image is shown at most.

    Returns
    -------
    ndarray of float32, shape (n_rois, n_rois)
        Regions of subject i x regions of subject j.

    Raises
    ------
    RepalignError
        If the part is of a pair that cannot stand for it.
    """
    made, swapped = mirrored(shift, subject_i, subject_j, n_repetitions)
    own, similarity = read_pair(path, rois, joined=joined, shift=made)
    allowed = [(subject_j, subject_i) if swapped else (subject_i, subject_j)]
    if made == 0:
        allowed = [(subject_i, subject_j), (subject_j, subject_i)]
    if own not in allowed:
        raise RepalignError(
            f"similarities of subjects {own}",
            where=path,
            expected=f"subjects {' or '.join(map(str, allowed))}",
            remedy="Delete it and run the workflow again.",
        )
    return similarity.T if (swapped if made else own != (subject_i, subject_j)) else similarity


def join_pairs(
    parts: Sequence[str | Path],
    output: str | Path,
    *,
    subjects: Sequence[int],
    rois: Sequence[int],
    joined: bool,
    shift: int,
    record: Mapping[str, Any],
    n_repetitions: int = 3,
) -> dict[tuple[int, int], list[int]]:
    """Join the parts of all ordered pairs into the published table.

    A part of the pair (j, i) may stand for (i, j) as its transpose: `mirrored`.

    Parameters
    ----------
    parts : sequence of path
        One part for each ordered pair, i major; its own keys say which it is.
    output : str or Path
        The table to write.
    subjects : sequence of int
        Subject numbers, ascending.
    rois : sequence of int
        Region ids, ascending.
    joined : bool
        Whether a region joins both hemispheres.
    shift : int
        Shift of the repetitions, written to every row.
    record : mapping
        Provenance.
    n_repetitions : int
        How often an image is shown at most.

    Returns
    -------
    dict
        For each pair with undefined similarities, the regions of subject i that have no value
        with any region.

    Raises
    ------
    RepalignError
        If a part is of another pair, incomplete, or the number of parts is wrong.
    """
    pairs = list(product(subjects, subjects))
    if len(parts) != len(pairs):
        raise RepalignError(
            f"{len(parts)} parts",
            where=output,
            expected=f"{len(pairs)}, one an ordered pair",
            remedy="Give one part for each ordered pair of subjects, in order.",
        )
    undefined: dict[tuple[int, int], list[int]] = {}
    with parquet_writer(output, RSA_SUBJECT_SUBJECT, record) as writer:
        for (i, j), part in zip(pairs, parts, strict=True):
            similarity = read_pair_of(
                part, rois, i, j, joined=joined, shift=shift, n_repetitions=n_repetitions
            )
            writer.write_table(
                pair_table(similarity, rois, subject_i=i, subject_j=j, joined=joined, shift=shift)
            )
            empty = np.isnan(similarity).all(axis=1)
            if empty.any():
                undefined[i, j] = [rois[int(k)] for k in np.flatnonzero(empty)]
    return undefined
