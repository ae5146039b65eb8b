"""What figures of inter-subject RSA show: averages over pairs of subjects, and the notes below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.figures.panels import count, source_note
from repalign.figures.rows import Floats, Mean, batches, positions

COMPARISONS = {"pearson": "Pearson r", "spearman": "Spearman ρ"}
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SimilaritySummary:
    """Averages of a table of inter-subject RSA; undefined similarities (NaN) are left out.

    Attributes
    ----------
    rois, subjects : tuple of int
        Ids, ascending.
    shift : int
        Shift of the repetitions.
    joined : bool
        Whether a region joins both hemispheres.
    inter : ndarray, shape (n_rois, n_rois)
        Mean over the ordered pairs i != j that have a value; NaN where none has one.
        Row: region of subject i. Column: region of subject j.
    inter_pairs : ndarray of int, shape (n_rois, n_rois)
        Number of pairs in that mean.
    within : ndarray, shape (n_rois, n_rois)
        Mean over i == j. Without a shift the diagonal is 1 by construction.
    subject_diagonal : ndarray, shape (n_subjects, n_rois)
        For each subject i the mean over j != i of the similarity of a region with itself.
    """

    rois: tuple[int, ...]
    subjects: tuple[int, ...]
    shift: int
    joined: bool
    inter: Floats
    inter_pairs: Counts
    within: Floats
    subject_diagonal: Floats

    @property
    def n_pairs(self) -> int:
        """Return the number of ordered pairs of different subjects."""
        return len(self.subjects) * (len(self.subjects) - 1)

    @property
    def undefined(self) -> npt.NDArray[np.bool_]:
        """Return which regions have no inter-subject similarity in any pair, shape (n_rois,)."""
        empty: npt.NDArray[np.bool_] = np.diag(self.inter_pairs) == 0
        return empty

    @property
    def incomplete(self) -> npt.NDArray[np.bool_]:
        """Return which regions have a value in some pairs only, shape (n_rois,)."""
        return (np.diag(self.inter_pairs) < self.n_pairs) & ~self.undefined


def similarity_summary(
    table: str | Path, rois: Sequence[int], subjects: Sequence[int], *, shift: int, joined: bool
) -> SimilaritySummary:
    """Average a table over pairs of subjects, a bounded number of rows at a time.

    Parameters
    ----------
    table : str or Path
        Published table with the columns `RSA_SUBJECT_SUBJECT`.
    rois, subjects : sequence of int
        Region ids and subject numbers that the table must have, each once with each other.
    shift : int
        Shift of the repetitions that the table must have.
    joined : bool
        Whether its regions must join both hemispheres.

    Returns
    -------
    SimilaritySummary
        In float64.

    Raises
    ------
    RepalignError
        If the table cannot be read, or rows are missing, doubled or of something else.
    """
    roi_ids, subject_ids = np.unique(rois), np.unique(subjects)
    n_rois, n_subjects = len(roi_ids), len(subject_ids)
    inter, within = Mean(n_rois * n_rois), Mean(n_rois * n_rois)
    diagonal = Mean(n_subjects * n_rois)
    pair_rows = np.zeros(n_subjects * n_subjects, dtype=np.int64)
    for batch in batches(table):
        if np.any(batch["rep_shift"] != shift) or np.any(batch["join_hemispheres"] != joined):
            raise _mismatch(table, "rows of another shift or hemisphere mode", shift, joined)
        x, y = (positions(batch[name], roi_ids, name, table) for name in ("roi_x", "roi_y"))
        i, j = (
            positions(batch[name], subject_ids, name, table) for name in ("subject_i", "subject_j")
        )
        cell, value, other = x * n_rois + y, batch["similarity"], i != j
        inter.add(cell[other], value[other])
        within.add(cell[~other], value[~other])
        own = other & (x == y)
        diagonal.add(i[own] * n_rois + x[own], value[own])
        pair_rows += np.bincount(i * n_subjects + j, minlength=len(pair_rows))
    complete = (
        np.all(pair_rows == n_rois * n_rois)
        and np.all(inter.rows == n_subjects * (n_subjects - 1))
        and np.all(within.rows == n_subjects)
    )
    if not complete:
        raise _mismatch(table, f"{pair_rows.sum()} rows, some missing or doubled", shift, joined)
    square = (n_rois, n_rois)
    return SimilaritySummary(
        rois=tuple(roi_ids.tolist()),
        subjects=tuple(subject_ids.tolist()),
        shift=shift,
        joined=joined,
        inter=inter.mean().reshape(square),
        inter_pairs=inter.defined.reshape(square),
        within=within.mean().reshape(square),
        subject_diagonal=diagonal.mean().reshape(n_subjects, n_rois),
    )


def title_of(table: str | Path) -> str:
    """Return the title of a figure: the table's folder, which is the dataset, and its name."""
    path = Path(table).resolve()
    return f"Inter-subject RSA: {path.parent.name}/{path.stem}"


def describe(summary: SimilaritySummary, source: str | None) -> str:
    """Return one line on what was averaged, and one on what is undefined, if anything is."""
    n_subjects, n_rois = len(summary.subjects), len(summary.rois)
    hemispheres = "joined" if summary.joined else "separated"
    line = (
        f"Mean over {summary.n_pairs} ordered pairs of {count(n_subjects, 'subject')} · "
        f"shift {summary.shift} · {count(n_rois, 'region')}, hemispheres {hemispheres} · "
        f"{source_note(source)}"
    )
    missing, partial = int(summary.undefined.sum()), int(summary.incomplete.sum())
    notes = [f"{missing} without a value in any pair"] if missing else []
    notes += [f"{partial} averaged over the pairs that have a value"] if partial else []
    return line + (f"\nRegions: {', '.join(notes)}" if notes else "")


def _mismatch(table: str | Path, found: str, shift: int, joined: bool) -> RepalignError:
    """Return the error for a table that is not the one that was asked for."""
    return RepalignError(
        found,
        where=table,
        expected=(
            "every ordered pair of subjects with every ordered pair of regions, once, shift "
            f"{shift}, hemispheres {'joined' if joined else 'separated'}"
        ),
        remedy="Delete it and run the workflow again.",
    )
