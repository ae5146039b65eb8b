"""Words of captions on a component: which words go with high and which with low values."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from repalign.errors import RepalignError
from repalign.kernels.pvalues import permutation_pvalues
from repalign.models.kmcca_tables import TOP_WORDS
from repalign.tables.columns import table_of
from repalign.tables.hubs import HUB_NAMES

log = logging.getLogger("repalign")
Float64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BLOCK = 2**22
"""Permuted values that are held at once."""
DECIMALS = 10
"""Of values relative to the largest; means that differ by less count as equal."""


def words_of_hubs(
    projections: pd.DataFrame,
    tokens: Mapping[int, Sequence[str]],
    *,
    min_images: int,
    n_permutations: int,
    seed: int,
) -> pa.Table:
    """Score the words of captions on the first component of each hub.

    Parameters
    ----------
    projections : DataFrame
        nsd_id, cca_1 and roi, as in `repalign.models.kmcca_tables.PROJECTIONS`.
    tokens : mapping of int to sequence of str
        Words of the caption of each image; a repeated one counts once.
    min_images : int
        Words of fewer images are left out.
    n_permutations, seed : int
        As in `score_words`; one seed serves all hubs.

    Returns
    -------
    pyarrow.Table
        Rows of `TOP_WORDS`: hubs in the order of `HUB_NAMES`, scores descending, words ascending.

    Raises
    ------
    RepalignError
        If an image has no caption.
    """
    tables = [TOP_WORDS.empty_table()]
    for roi, hub in HUB_NAMES.items():
        rows = projections[projections["roi"] == roi]
        if rows.empty:
            log.warning("%s: no components, so no words", hub)
            continue
        words, there = word_table(_tokens_of(rows["nsd_id"].tolist(), tokens), min_images)
        if not words:
            log.warning("%s: no word in the captions of %d images", hub, min_images)
            continue
        scores, pvalues = score_words(there, rows["cca_1"].to_numpy(), n_permutations, seed)
        # Words are in alphabetical order, which a stable sort keeps among equal scores.
        order = np.argsort(-scores, kind="stable")
        columns = {
            "hub": hub,
            "token": np.array(words, dtype=object)[order],
            "score": scores[order],
            "n_images": there.sum(axis=1)[order],
            "pvalue": pvalues[order],
        }
        tables.append(table_of(TOP_WORDS, columns))
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def word_table(tokens: Sequence[Sequence[str]], min_images: int) -> tuple[list[str], Flags]:
    """Say which words are in which captions.

    Parameters
    ----------
    tokens : sequence of sequence of str
        Words of each image's caption; a repeated one counts once.
    min_images : int
        Words of fewer images are left out.

    Returns
    -------
    words : list of str
        In alphabetical order.
    there : ndarray of bool, shape (n_words, n_images)
        Whether the caption of an image has a word.
    """
    sets = [set(own) for own in tokens]
    counts = Counter(word for own in sets for word in own)
    words = sorted(word for word, count in counts.items() if count >= min_images)
    there = np.array([[word in own for own in sets] for word in words], dtype=bool)
    return words, there.reshape(len(words), len(sets))


def score_words(
    there: Flags, values: Float64, n_permutations: int, seed: int
) -> tuple[Float64, Float64]:
    """Mean value over the images with a word, and how likely it is by chance.

    Parameters
    ----------
    there : ndarray of bool, shape (n_words, n_images)
        Whether an image has a word; every word is in some image.
    values : ndarray of float64, shape (n_images,)
        Value of each image.
    n_permutations : int
        Draws of the null distribution.
    seed : int
        Of the draws, which are the same for all words.

    Returns
    -------
    scores, pvalues : ndarray of float64, shape (n_words,)
        P-values as `repalign.kernels.pvalues.permutation_pvalues` defines them.

    Notes
    -----
    A draw deals the values out to the images anew, so that words of few images have the wide
    distribution that is theirs. Rounding lets a word of all images, whose mean no draw changes,
    have the p-value 1.
    """
    n_words, n_images = there.shape
    counts = there.sum(axis=1, keepdims=True)
    share = there / counts
    scale = float(np.abs(values).max(initial=0)) or 1.0
    rng = np.random.default_rng(seed)
    null = np.empty((n_permutations, n_words))
    per_block = max(1, BLOCK // n_images)
    for start in range(0, n_permutations, per_block):
        block = null[start : start + per_block]
        dealt = rng.permuted(np.tile(values / scale, (len(block), 1)), axis=1)
        block[:] = np.round(dealt @ share.T, DECIMALS)
    # Sums row by row: words of the same images have exactly the same score.
    scores: Float64 = np.where(there, values, 0).sum(axis=1) / counts[:, 0]
    return scores, permutation_pvalues(np.round(scores / scale, DECIMALS), null).p


def _tokens_of(ids: list[int], tokens: Mapping[int, Sequence[str]]) -> list[Sequence[str]]:
    """Return the words of each image's caption."""
    missing = [image for image in ids if image not in tokens]
    if missing:
        raise RepalignError(
            f"no caption of nsd_id {missing[0]} ({len(missing)} of {len(ids)} are missing)",
            where="words of first captions",
            expected="a caption of every image with components",
            remedy="Give the captions of all images; the words are made from them.",
        )
    return [tokens[image] for image in ids]
