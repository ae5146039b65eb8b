"""Words and stems of a caption, and the English stop words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from repalign.errors import RepalignError
from repalign.models.libraries import import_nltk
from repalign.tables.token_tables import WORD_TOKENIZERS

POSSESSIVE = "'s"
"""A token of its own in Treebank tokenisation; left out with the stop words."""

Tokenizer = Callable[[str], list[str]]

_SPACES = str.maketrans("\n.,", "   ")


def words(text: str) -> list[str]:
    """Return the words of a text.

    Parameters
    ----------
    text : str
        One caption; may be empty.

    Returns
    -------
    list of str
        In lower case and in their order, repeats included. Full stops, commas and line breaks
        part words and are no tokens; other punctuation is, and so are the halves of a
        contraction (`dog`, `'s`).

    Raises
    ------
    RepalignError
        If nltk is not installed.

    Notes
    -----
    The tokens are those of the Penn Treebank (Marcus, Santorini & Marcinkiewicz 1993), by the
    rules of `nltk.TreebankWordTokenizer`.
    """
    tokens: list[str] = (
        import_nltk().TreebankWordTokenizer().tokenize(text.lower().translate(_SPACES).strip())
    )
    return tokens


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text, one a word.

    Parameters
    ----------
    text : str
        One caption; may be empty.

    Returns
    -------
    list of str
        As `words`, each without its suffixes (Porter 1980, doi:10.1108/eb046814, with the
        extensions of `nltk.PorterStemmer`).

    Raises
    ------
    RepalignError
        If nltk is not installed.
    """
    stem = import_nltk().PorterStemmer().stem
    return [stem(word) for word in words(text)]


def words_clean(text: str, stop_words: frozenset[str]) -> list[str]:
    """Return the words of a text that are neither stop words nor `'s`."""
    return _without(words(text), stop_words)


def stems_clean(text: str, stop_words: frozenset[str]) -> list[str]:
    """Return the stems of a text that are neither stop words nor `'s`.

    Notes
    -----
    As published, it is stems that are looked up among unstemmed stop words, so that stop words
    whose stem is another string stay: `thi` (this), `hi` (his), `wa` (was).
    """
    return _without(stems(text), stop_words)


def word_tokenizers(stop_words: frozenset[str]) -> dict[str, Tokenizer]:
    """Return the tokenizers of `WORD_TOKENIZERS` by name, as functions of a text alone."""
    functions: tuple[Tokenizer, ...] = (
        words,
        stems,
        partial(words_clean, stop_words=stop_words),
        partial(stems_clean, stop_words=stop_words),
    )
    return dict(zip(WORD_TOKENIZERS, functions, strict=True))


def read_stop_words(path: str | Path) -> frozenset[str]:
    """Read a list of stop words.

    Parameters
    ----------
    path : str or Path
        One lower-case word a line; empty lines and those that start with `#` do not count.

    Returns
    -------
    frozenset of str

    Raises
    ------
    RepalignError
        Naming the line, if one is no single lower-case word or is there twice, or if there are
        none.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise _error(f"a file that cannot be read ({error})", path) from error
    found: set[str] = set()
    for number, line in enumerate(lines, start=1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if word in found or word != word.lower() or len(word.split()) > 1:
            raise _error(repr(word), f"{path}, line {number}")
        found.add(word)
    if not found:
        raise _error("no word", path)
    return frozenset(found)


def _without(tokens: list[str], stop_words: frozenset[str]) -> list[str]:
    """Return the tokens that are neither stop words nor a possessive."""
    return [token for token in tokens if token not in stop_words and token != POSSESSIVE]


def _error(found: str, where: str | Path) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected="lower-case words, each once and on a line of its own",
        remedy="Restore the list, for example with `git checkout`.",
    )
