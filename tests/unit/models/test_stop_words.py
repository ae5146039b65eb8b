"""The list of stop words: the committed one, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from repalign.errors import RepalignError
from repalign.models.words import read_stop_words

LIST = Path(__file__).parents[3] / "resources/stop_words_english.txt"


def test_the_committed_list():
    words = read_stop_words(LIST)
    assert len(words) == 179
    assert {"a", "the", "on", "of", "this", "his", "was", "don't", "s"} <= words
    # Of these the list of 198 words has some; descriptive words are on neither.
    assert not {"he's", "i'm", "we're", "man", "white", "two", "thi", "hi", "'s"} & words


def test_comments_and_empty_lines_do_not_count(tmp_path):
    path = tmp_path / "stop.txt"
    path.write_text("# a list\n\n the\ncan't\n", encoding="utf-8")
    assert read_stop_words(path) == {"the", "can't"}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a\nThe\n", "'The'"),
        ("a\nthe a\n", "'the a'"),
        ("a\nthe\na\n", "'a'"),
        ("# nothing\n", "no word"),
        ("", "no word"),
    ],
)
def test_what_is_no_list_of_words_is_refused(tmp_path, content, found):
    path = tmp_path / "stop.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RepalignError) as caught:
        read_stop_words(path)
    assert caught.value.found == found
    assert str(path) in caught.value.where


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfd"])
def test_a_file_that_cannot_be_read_is_said(tmp_path, content):
    path = tmp_path / "stop.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RepalignError, match="cannot be read"):
        read_stop_words(path)
