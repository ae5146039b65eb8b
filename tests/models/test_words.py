"""Words and stems of captions: recorded results, NLTK itself, and the rule for stems."""

from __future__ import annotations

from pathlib import Path

import nltk
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.models.words import (
    POSSESSIVE,
    read_stop_words,
    stems,
    stems_clean,
    word_tokenizers,
    words,
    words_clean,
)

STOP = read_stop_words(Path(__file__).parents[2] / "resources/stop_words_english.txt")

CAPTION = "This man's 2 dogs, running. They can't be on his\nSurf-Board!"
RECORDED = {
    "words": ["this", "man", "'s", "2", "dogs", "running", "they", "ca", "n't", "be", "on", "his",
              "surf-board", "!"],
    "stems": ["thi", "man", "'s", "2", "dog", "run", "they", "ca", "n't", "be", "on", "hi",
              "surf-board", "!"],
    "words_clean": ["man", "2", "dogs", "running", "ca", "n't", "surf-board", "!"],
    "stems_clean": ["thi", "man", "2", "dog", "run", "ca", "n't", "hi", "surf-board", "!"],
}  # fmt: skip


def test_recorded_tokens():
    found = {name: split(CAPTION) for name, split in word_tokenizers(STOP).items()}
    assert found == RECORDED
    assert list(found) == ["words", "stems", "words_clean", "stems_clean"], "published order"


def test_stems_of_stop_words_survive():
    assert words_clean("This was his, because of the other", STOP) == []
    assert stems_clean("This was his, because of the other", STOP) == ["thi", "wa", "hi", "becaus"]


@pytest.mark.parametrize("text", ["", " ", "\n", ".,.", " . "])
def test_a_caption_without_words_has_no_token(text):
    assert all(split(text) == [] for split in word_tokenizers(STOP).values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A cat.A dog", ["a", "cat", "a", "dog"]),
        ("3.5 stars", ["3", "5", "stars"]),
        ("None NA null", ["none", "na", "null"]),
        ('a "big" one', ["a", "``", "big", "''", "one"]),
        ("(two) cats; x", ["(", "two", ")", "cats", ";", "x"]),
        ("CAFÉ  bar", ["café", "bar"]),
    ],
)
def test_what_parts_words(text, expected):
    assert words(text) == expected


@given(text=st.text(st.sampled_from("abe stTH'.,\n-!;"), max_size=40))
def test_the_four_agree_with_nltk_and_with_each_other(text):
    plain = text.lower().replace("\n", " ").replace(".", " ").replace(",", " ").strip()
    expected = nltk.tokenize.TreebankWordTokenizer().tokenize(plain)
    assert words(text) == expected
    assert stems(text) == [nltk.stem.PorterStemmer().stem(word) for word in expected]
    assert words_clean(text, STOP) == [w for w in expected if w not in STOP | {POSSESSIVE}]
    assert stems_clean(text, STOP) == [s for s in stems(text) if s not in STOP | {POSSESSIVE}]
    assert words(text.upper()) == words(text)
