"""Long loops yield everything and say how far they are."""

import logging

import pytest

from repalign.tables import progress as module
from repalign.tables.progress import progress


@pytest.mark.parametrize("terminal", [True, False])
def test_every_item_comes_once_and_in_order(monkeypatch, terminal):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    assert list(progress(iter("abc"), "letters", total=3)) == ["a", "b", "c"]


def test_a_log_gets_a_line_now_and_then(monkeypatch, caplog):
    now = iter(range(0, 1000, 4))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    with caplog.at_level(logging.INFO, logger="repalign"):
        list(progress(range(10), "blocks", total=10))
    lines = [record.getMessage() for record in caplog.records]
    # An item takes 4 s, so every third one ends more than 10 s after the last line.
    assert lines == [
        "blocks: 3 of 10, about 28 s left",
        "blocks: 6 of 10, about 16 s left",
        "blocks: 9 of 10, about 4 s left",
    ]


def test_a_quick_loop_says_nothing(caplog, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    with caplog.at_level(logging.INFO, logger="repalign"):
        list(progress(range(10), "blocks", total=10))
    assert caplog.records == []


def test_a_failure_inside_the_loop_comes_through(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    with pytest.raises(ZeroDivisionError):
        for item in progress([1, 0], "items", total=2):
            _ = 1 / item
