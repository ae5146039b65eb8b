"""What answers over HTTP mean: good, worth another attempt, or the end; and their bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator

import requests
from urllib3.exceptions import HTTPError

from repalign.errors import RepalignError

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of servers that are busy or ill for the moment."""


class PassingError(Exception):
    """Something that may be over in a moment: a broken connection, a busy server.

    Parameters
    ----------
    reason : str
        What happened.
    wait : float
        Seconds that the server asks to wait; 0 if it says nothing.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


def check(answer: requests.Response, url: str, allowed: frozenset[int]) -> None:
    """Raise what an answer that is no success means.

    Parameters
    ----------
    answer : requests.Response
        After its redirections.
    url : str
        What was asked for.
    allowed : frozenset of int
        Statuses from 300 on that the caller understands.

    Raises
    ------
    PassingError
        Where it is worth trying again.
    RepalignError
        Where it is not.
    """
    hops = [*(step.url for step in answer.history), answer.url]
    if hops[0].startswith("https:") and not all(hop.startswith("https:") for hop in hops):
        raise refused(f"a redirection to {hops[-1]}", url, "an encrypted connection")
    status = answer.status_code
    if status < 300 or status in allowed:
        return
    if status in PASSING:
        wait = answer.headers.get("Retry-After", "")
        reason = f"{host(answer.url)} answers {status} {answer.reason}"
        raise PassingError(reason, float(wait) if wait.isdecimal() else 0.0)
    meaning = {
        401: "it wants credentials (401)",
        403: "access is refused (403): the file is closed, or not there",
        404: "no such file (404)",
        410: "the file was removed (410)",
    }
    raise refused(meaning.get(status, f"answer {status} {answer.reason}"), url, "the file")


def small_body(answer: requests.Response, limit: int = 16 << 20) -> bytes:
    """Read the body of a listing, of which no server of good faith makes more than a few MB."""
    with answer:
        body = bytearray()
        try:
            for piece in answer.iter_content(1 << 16):
                body += piece
                if len(body) > limit:
                    raise refused("more than 16 MiB", answer.url, "a list of files")
        except (requests.RequestException, OSError) as error:
            raise PassingError(f"the answer breaks off ({cause(error)})") from error
        return bytes(body)


def pieces(answer: requests.Response, size: int) -> Iterator[bytes]:
    """Yield the body of an answer as it was sent, in pieces.

    Raises
    ------
    PassingError
        If it breaks off.
    """
    try:
        # Larger reads would lose what came before a break.
        while data := answer.raw.read1(size, decode_content=False):
            yield data
    except (HTTPError, OSError) as error:
        raise PassingError(f"the connection breaks off ({cause(error)})") from error


def host(url: str) -> str:
    """Return the server of an address."""
    return url.split("://")[-1].split("/")[0]


def cause(error: BaseException) -> str:
    """Name what happened, without the addresses of objects that messages of libraries have."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return re.sub(r"<[^>]* at 0x[0-9a-f]+>:? ?", "", str(error)) or type(error).__name__


def refused(found: str, url: str, expected: str) -> RepalignError:
    """Return what is said where trying again is of no use."""
    return RepalignError(
        found,
        where=url,
        expected=expected,
        remedy="Compare the address with the page of the dataset (docs/data.md). If it moved, "
        "correct config/external_data.tsv, or set retrieval.endpoints.",
    )
