"""The two sides of a comparison must be about the same trials."""

from __future__ import annotations

import numpy as np

from repalign.errors import RepalignError
from repalign.tables.rdm_store import RdmReader


def check_trials(x: RdmReader, y: RdmReader) -> None:
    """Refuse RDMs whose trials or regions are not the same ones in the same order.

    Parameters
    ----------
    x, y : RdmReader
        Vectors of both sides.

    Raises
    ------
    RepalignError
        Naming both folders.
    """
    if not np.array_equal(x.rois, y.rois):
        raise RepalignError(
            f"{len(x.rois)} and {len(y.rois)} regions that are not the same",
            where=f"{x.folder} and {y.folder}",
            expected="RDMs of the same regions",
            remedy="Delete both folders and run the workflow again.",
        )
    if not np.array_equal(x.keys, y.keys):
        both = len(np.intersect1d(x.keys, y.keys))
        raise RepalignError(
            f"{len(x.keys)} and {len(y.keys)} trials, {both} of them in common",
            where=f"{x.folder} and {y.folder}",
            expected="the same images and repetitions in the same order",
            remedy=(
                "The subjects have no common trial order. Set rsa.trial_sets: per_pair in "
                "config/config.yaml."
            ),
        )
