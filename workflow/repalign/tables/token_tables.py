"""Tables of tokens: a row a caption, with the tokens that it falls into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from repalign.errors import RepalignError
from repalign.tables.columns import field
from repalign.tables.parquet import read_table, write_table

Ids = npt.NDArray[np.int64]

WORD_TOKENIZERS = ("words", "stems", "words_clean", "stems_clean")
"""Tokenizers without a language model, in their published order."""

TOKENS = pa.schema(
    [
        field("nsd_id", pa.uint32(), "image, from 0"),
        field(
            "tokens",
            pa.list_(pa.field("token", pa.string(), nullable=False)),
            "tokens of its first caption in order: words, stems, or numbers in a vocabulary",
        ),
    ]
)


def write_tokens(
    path: str | Path, ids: Ids, tokens: Sequence[Sequence[str]], record: Mapping[str, Any]
) -> None:
    """Write a table of tokens.

    Parameters
    ----------
    path : str or Path
        The file to make.
    ids : ndarray of int64, shape (n_stimuli,)
        Image of each caption, ascending.
    tokens : sequence of sequence of str
        Tokens of each caption, in the order of `ids`; may be none.
    record : mapping
        Provenance.
    """
    columns = [pa.array(ids, TOKENS.field(0).type), pa.array(tokens, TOKENS.field(1).type)]
    write_table(path, pa.Table.from_arrays(columns, schema=TOKENS), record)


def read_tokens(path: str | Path) -> tuple[Ids, pa.ListArray]:
    """Read a table of tokens.

    Parameters
    ----------
    path : str or Path
        Made by `write_tokens`.

    Returns
    -------
    ids : ndarray of int64, shape (n_stimuli,)
        Images, ascending.
    tokens : pyarrow.ListArray
        Tokens of each.

    Raises
    ------
    RepalignError
        If the file is none, or its images are not ascending.
    """
    table = read_table(path, TOKENS).combine_chunks()
    ids = table.column("nsd_id").to_numpy().astype(np.int64)
    if (np.diff(ids) <= 0).any():
        row = int((np.diff(ids) <= 0).argmax()) + 1
        raise RepalignError(
            f"image {ids[row]} after image {ids[row - 1]}",
            where=f"{path}, row {row + 1}",
            expected="each image once, in ascending order",
            remedy="Delete it and run the workflow again.",
        )
    chunks = table.column("tokens").chunks
    return ids, chunks[0] if chunks else pa.array([], TOKENS.field(1).type)


def count_tokens(path: str | Path, stimuli: Ids) -> sparse.csr_array:
    """Count the tokens of the captions of some images.

    Parameters
    ----------
    path : str or Path
        Table of tokens.
    stimuli : ndarray of int64, shape (n_stimuli,)
        Images, in any order; an image may be there more than once.

    Returns
    -------
    sparse array of int64, shape (n_stimuli, n_tokens)
        How often the caption of each image holds each token of the table.

    Raises
    ------
    RepalignError
        If the table has no row for some image.
    """
    ids, tokens = read_tokens(path)
    rows = np.searchsorted(ids, stimuli)
    absent = (
        stimuli[(rows == len(ids)) | (ids[np.minimum(rows, len(ids) - 1)] != stimuli)]
        if len(ids)
        else stimuli
    )
    if absent.size:
        raise RepalignError(
            f"no row for image {absent[0]} ({absent.size} of {stimuli.size} are not there)",
            where=path,
            expected="the tokens of every image that is compared",
            remedy="Give the captions of all images; the file is made from them.",
        )
    encoded = tokens.flatten().dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int64)
    bounds = tokens.offsets.to_numpy().astype(np.int64) - tokens.offsets[0].as_py()
    shape = (len(ids), len(encoded.dictionary))
    ones = np.ones(len(codes), dtype=np.int64)
    counts = sparse.csr_array((ones, codes, bounds), shape=shape)
    counts.sum_duplicates()
    chosen: sparse.csr_array = counts[rows]
    return chosen
