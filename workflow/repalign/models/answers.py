"""Short answers of models about images: an allowed one, or `unparsed`."""

from __future__ import annotations

import logging
import unicodedata
from collections import Counter
from collections.abc import Sequence

import pandas as pd

log = logging.getLogger("repalign")

UNPARSED = "unparsed"
"""Stands for every answer that is not an allowed one."""


def canonical(text: str) -> str:
    """Return an answer in lower case, without white space and punctuation around it.

    Parameters
    ----------
    text : str
        As a model wrote it, such as ``" 'Object-in-Scene'."``.

    Returns
    -------
    str
        Such as ``"object-in-scene"``: marks between letters stay.
    """
    first, last = 0, len(text)
    while first < last and _is_around(text[first]):
        first += 1
    while last > first and _is_around(text[last - 1]):
        last -= 1
    return text[first:last].lower()


def parse_answer(text: str, allowed: Sequence[str]) -> str:
    """Return the allowed answer that a text is, or `UNPARSED`.

    Parameters
    ----------
    text : str
        As a model wrote it.
    allowed : sequence of str
        As `canonical` returns them.

    Notes
    -----
    Strict: a sentence with an allowed word in it is no answer, because it may deny it, or name
    all of them.
    """
    answer = canonical(text)
    return answer if answer in allowed else UNPARSED


def answers_table(texts: pd.DataFrame, allowed: Sequence[str]) -> pd.DataFrame:
    """Turn texts into answers.

    Parameters
    ----------
    texts : DataFrame
        The id of an image first; caption, model and prompt among the others.
    allowed : sequence of str
        As `canonical` returns them.

    Returns
    -------
    DataFrame
        In the order of the texts: the id, answer (an allowed one or `UNPARSED`), text (as the
        model wrote it), model and prompt.
    """
    return pd.DataFrame(
        {
            texts.columns[0]: texts.iloc[:, 0],
            "answer": [parse_answer(text, allowed) for text in texts["caption"]],
            "text": texts["caption"],
            "model": texts["model"],
            "prompt": texts["prompt"],
        }
    )


def log_answers(answers: pd.DataFrame) -> dict[str, int]:
    """Count the answers, and say how many could not be read.

    Parameters
    ----------
    answers : DataFrame
        As `answers_table` returns it.

    Returns
    -------
    dict of str to int
        Images of each answer, by name.
    """
    counts = {str(name): int(n) for name, n in Counter(answers["answer"]).items()}
    unread = answers.loc[answers["answer"] == UNPARSED, "text"]
    if len(unread):
        log.warning(
            "%d of %d answers are %s, such as %r",
            len(unread),
            len(answers),
            UNPARSED,
            unread.iloc[0][:80],
        )
    return dict(sorted(counts.items()))


def _is_around(character: str) -> bool:
    """Say whether a character is white space, punctuation or a symbol (Markdown's ` is one)."""
    return character.isspace() or unicodedata.category(character)[0] in "PS"
