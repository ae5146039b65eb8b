"""Tokens of captions in the vocabulary of a language model, and which models share one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from repalign.errors import RepalignError
from repalign.models.language_modules import load_tokenizer
from repalign.models.libraries import import_transformers
from repalign.models.model_folders import commit_of, find_folder
from repalign.tables.token_tables import read_tokens


def find_tokenizer(model: str, source: str, path: str, revision: str) -> tuple[Any, str]:
    """Load the tokenizer of a language model, without the model.

    Parameters
    ----------
    model : str
        The model's id.
    source : {"hub", "local-dir"}
        As in the registry.
    path : str
        Id on the hub, or folder with config.json and the tokenizer's files.
    revision : str
        Commit, tag or branch on the hub; empty for the newest.

    Returns
    -------
    tokenizer : transformers.PreTrainedTokenizerBase
        No code of the model's repository is run.
    commit : str
        Of what the hub gave; empty for a folder.

    Raises
    ------
    RepalignError
        If transformers is not installed, or the tokenizer cannot be fetched or read.
    """
    transformers = import_transformers()
    folder = find_folder(source, path, revision, weights=False)
    tokenizer = load_tokenizer(transformers, model, "causal-lm", folder)
    return tokenizer, commit_of(folder, source)


def token_ids(tokenizer: Any, texts: Sequence[str]) -> list[list[str]]:  # noqa: ANN401
    """Return the tokens of texts in the vocabulary of a language model.

    Parameters
    ----------
    tokenizer : transformers.PreTrainedTokenizerBase
        From `find_tokenizer`.
    texts : sequence of str
        Captions; may be empty.

    Returns
    -------
    list of list of str
        For each text the numbers of its tokens in the vocabulary, as text, in their order. Special
        tokens are left out: none are added for the beginning, the end or padding, and those that
        a text itself holds, the unknown token among them, say nothing of the picture.
    """
    if not texts:
        return []
    special = set(tokenizer.all_special_ids)
    encoded = tokenizer(list(texts), add_special_tokens=False, padding=False, truncation=False)
    return [[str(token) for token in ids if token not in special] for ids in encoded["input_ids"]]


def check_same_tokens(
    one: str | Path, other: str | Path, names: tuple[str, str], captions: Sequence[str]
) -> int:
    """Refuse two models that should share a tokenizer and do not.

    Parameters
    ----------
    one, other : str or Path
        Tables of tokens of the same captions.
    names : tuple of str
        Names of the two models.
    captions : sequence of str
        The captions, in ascending order of their images.

    Returns
    -------
    int
        Number of captions that were compared.

    Raises
    ------
    RepalignError
        Naming the first caption whose tokens differ.
    """
    (ids, tokens), (other_ids, other_tokens) = read_tokens(one), read_tokens(other)
    if not np.array_equal(ids, other_ids) or len(ids) != len(captions):
        raise RepalignError(
            f"tokens of {len(ids)} and {len(other_ids)} images, not the same ones",
            where=f"{one} and {other}",
            expected="tokens of the same captions",
            remedy="Delete both and run the workflow again.",
        )
    if tokens.equals(other_tokens):
        return len(ids)
    row = next(k for k in range(len(ids)) if not tokens[k].equals(other_tokens[k]))
    raise RepalignError(
        f"image {ids[row]}, {captions[row]!r}: tokens {tokens[row].as_py()} of {names[0]}, "
        f"{other_tokens[row].as_py()} of {names[1]}",
        where=f"{one} and {other}",
        expected=f"the same tokens, for {names[0]} stands for {names[1]} in the table",
        remedy=f"Name both in tokenizers.llm, or correct the tokenizer of {names[1]}.",
    )
