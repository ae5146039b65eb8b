"""The two sides of a comparison must be about the same trials."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from repalign.alignment.device import rsa_matrix
from repalign.errors import RepalignError
from repalign.kernels.comparison import DEFAULT_BLOCK
from repalign.tables.progress import progress
from repalign.tables.rdm_store import RdmReader


def compare_regions(x: RdmReader, y: RdmReader, device: str = "cpu") -> npt.NDArray[np.float64]:
    """Compare all regions of one set of vectors with all regions of another.

    Parameters
    ----------
    x, y : RdmReader
        Vectors on the same trials.
    device : {"cpu", "cuda"}
        Where the products are formed.

    Returns
    -------
    ndarray of float64, shape (n_rois_x, n_rois_y)
        Similarities; all NaN if there are no pairs of trials.
    """
    if not x.shape[1]:
        return np.full((x.shape[0], y.shape[0]), np.nan)
    # The block length is fixed, so that the order of summation depends on the data alone.
    n_blocks = -(-x.shape[1] // DEFAULT_BLOCK)
    blocks = zip(x.blocks(DEFAULT_BLOCK), y.blocks(DEFAULT_BLOCK), strict=True)
    return rsa_matrix(progress(blocks, "blocks of pairs", total=n_blocks), device)


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
