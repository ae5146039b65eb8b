"""RDM vectors of captions, from their tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.kernels.rdm import n_pairs, normalise_rdm
from repalign.kernels.tokens import TOKEN_DISTANCES
from repalign.tables.token_tables import count_tokens


def token_vectors(
    path: Path,
    stimuli: npt.NDArray[np.int64],
    keep: npt.NDArray[np.bool_] | None = None,
    *,
    enough: bool = True,
) -> npt.NDArray[np.float32]:
    """Compute the vectors of all token distances on some images.

    Parameters
    ----------
    path : Path
        Table of tokens.
    stimuli : ndarray of int64, shape (n_trials,)
        Image of each row of the RDM.
    keep : ndarray of bool, shape (n_pairs,), optional
        Pairs of rows that take part, as in `repalign.alignment.vectors.VectorMaker`.
    enough : bool
        Whether there are enough rows; if not, all vectors are NaN.

    Returns
    -------
    ndarray of float32, shape (n_distances, n_pairs)
        Unit vectors in the order of `TOKEN_DISTANCES`, from distances in float64.

    Raises
    ------
    RepalignError
        If the table has no row for some image.
    """
    vectors = np.zeros((len(TOKEN_DISTANCES), n_pairs(len(stimuli))), dtype=np.float32)
    counts = count_tokens(path, stimuli)
    if not enough:
        vectors.fill(np.nan)
        return vectors
    chosen = slice(None) if keep is None else keep
    for vector, distance in zip(vectors, TOKEN_DISTANCES.values(), strict=True):
        vector[chosen] = normalise_rdm(distance(counts)[chosen], copy=False)
    return vectors
