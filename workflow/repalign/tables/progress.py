"""Progress of long loops: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

log = logging.getLogger("repalign")
T = TypeVar("T")
SECONDS = 10.0
"""Time between two lines in a log."""


def progress(items: Iterable[T], what: str, *, total: int) -> Iterator[T]:
    """Yield items and say how far along they are.

    Parameters
    ----------
    items : iterable
        What to go through.
    what : str
        Plural noun for the messages.
    total : int
        Number of items.

    Yields
    ------
    object
        Each item.
    """
    if sys.stderr.isatty():
        yield from tqdm(items, desc=what, total=total, leave=False)
        return
    started = said = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - said >= SECONDS:
            left = (now - started) / count * (total - count)
            log.info("%s: %d of %d, about %.0f s left", what, count, total, left)
            said = now
