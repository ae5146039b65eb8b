"""Which regions are significant, from the published table of p-values."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from repalign.errors import RepalignError
from repalign.kernels.pvalues import SIGNIFICANT
from repalign.tables.alignment_tables import RSA_PVALUES
from repalign.tables.parquet import read_table


def significant_regions(
    path: str | Path, comparison: str, level: float = SIGNIFICANT
) -> list[int]:
    """Return the regions whose corrected p-value is at most a level.

    Parameters
    ----------
    path : str or Path
        Table of p-values, hemispheres joined.
    comparison : str
        `intersubject`, `vision` or `language`.
    level : float
        False discovery rate.

    Returns
    -------
    list of int
        Ids, ascending.

    Raises
    ------
    RepalignError
        If the table cannot be read or does not have the comparison.
    """
    table = read_table(path, RSA_PVALUES)
    chosen = np.array(table["comparison"].to_pylist(), dtype=object) == comparison
    if not chosen.any():
        raise RepalignError(
            f"no comparison {comparison!r}",
            where=path,
            expected="rows of intersubject similarity, and of models of each modality there is",
            remedy="Delete it and run the workflow again, or ask for a figure of a modality that "
            "has models.",
        )
    q = table["pvalue_fdr_bh"].to_numpy()[chosen]
    rois = table["roi"].to_numpy()[chosen]
    return sorted(int(roi) for roi in rois[np.nan_to_num(q, nan=1.0) <= level])
