"""Anonymous requests over HTTP: where addresses lead, what to try again, what to give up.

This module alone imports a network library.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

import repalign
from repalign.errors import RepalignError
from repalign.retrieval.plan import Limits

log = logging.getLogger("repalign")
T = TypeVar("T")

ENDPOINTS = {
    "s3://": "https://s3.{region}.amazonaws.com",
    "figshare://": "https://api.figshare.com/v2/articles",
}
"""Where addresses lead that are no URLs, unless the settings say otherwise."""
FIRST_REGION = "us-east-1"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of servers that are busy or ill for the moment."""
ELSEWHERE = frozenset({301, 307, 400})
"""Answers of S3 to requests that should have gone to another region."""
NO_HEAD = frozenset(range(400, 600)) - PASSING
"""Answers of servers to questions about a file that they may send nevertheless."""
LONGEST_WAIT = 120.0
MAX_REDIRECTS = 5


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


class StoppedError(Exception):
    """The retrieval ends: another file failed in a way that no other can survive, or a signal."""


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credentials, not even those that a .netrc has for the host."""
    return request


class _Session(requests.Session):  # type: ignore[misc]
    """A session without credentials. It still heeds the environment, which names proxies."""

    def rebuild_auth(
        self,
        prepared_request: requests.PreparedRequest,
        response: requests.Response,  # noqa: ARG002 - requests gives it
    ) -> None:
        """Send none after a redirection either, where requests looks into the .netrc again."""
        prepared_request.headers.pop("Authorization", None)


class Network:
    """What sends requests.

    Parameters
    ----------
    endpoints : mapping of str to str
        Addresses that stand for the start of others; the longest start that fits counts.
    limits : Limits
        How hard to try.
    stop : threading.Event
        Set when everything shall end; waiting ends at once.
    """

    def __init__(
        self, endpoints: Mapping[str, str], limits: Limits, stop: threading.Event | None = None
    ) -> None:
        self.limits = limits
        self.stop = stop or threading.Event()
        self._endpoints = {**ENDPOINTS, **endpoints}
        self._regions: dict[str, str] = {}
        self._session = _Session()
        self._session.auth = _anonymous
        self._session.max_redirects = MAX_REDIRECTS
        self._session.headers["User-Agent"] = f"repalign/{repalign.__version__}"
        # Of files, the bytes as they are stored count.
        self._session.headers["Accept-Encoding"] = "identity"
        adapter = HTTPAdapter(pool_maxsize=limits.connections + 1)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def url(self, source: str) -> str:
        """Return where an address leads.

        Parameters
        ----------
        source : str
            `s3://bucket/key`, `figshare://…` or a URL. Of the first two, special characters of
            keys are not yet written as in URLs.
        """
        starts = [start for start in self._endpoints if source.startswith(start)]
        if not starts:
            return source
        start = max(starts, key=len)
        rest = source[len(start) :]
        if not source.startswith("http"):
            rest = quote(rest, safe="/~")
        base = self._endpoints[start].replace("{region}", self._region(source))
        return base.rstrip("/") + "/" + rest.lstrip("/")

    def once(
        self,
        method: str,
        source: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        allowed: frozenset[int] = frozenset(),
    ) -> requests.Response:
        """Send one request, and return an answer that is good.

        Parameters
        ----------
        method : str
            GET or HEAD. The body of the answer is not read yet.
        source : str
            The address.
        query : mapping of str to str, optional
            Parameters of the query.
        headers : mapping of str to str, optional
            Further headers.
        allowed : frozenset of int
            Statuses from 300 on that the caller understands.

        Raises
        ------
        PassingError
            Where it is worth trying again.
        RepalignError
            Where it is not.
        """
        url = self.url(source)
        answer = self._send(method, url, query, headers)
        self._learn_region(source, answer)
        # Once: a server that sends on and on is no reason to follow for ever.
        if (moved := self.url(source)) != url and answer.status_code in ELSEWHERE:
            answer.close()
            url = moved
            answer = self._send(method, url, query, headers)
        try:
            self._check(answer, url, allowed)
        except (PassingError, RepalignError):
            answer.close()
            raise
        return answer

    def _send(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> requests.Response:
        """Send one request, and return the answer, good or bad."""
        try:
            return self._session.request(
                method,
                url,
                params=query,
                headers=headers,
                stream=True,
                timeout=self.limits.timeout,
                allow_redirects=True,
            )
        except requests.exceptions.SSLError as error:
            raise _refused(f"no secure connection ({error})", url, "a valid certificate") from None
        except requests.exceptions.TooManyRedirects:
            found = f"more than {MAX_REDIRECTS} redirections"
            raise _refused(found, url, "the file") from None
        except (requests.ConnectionError, requests.Timeout) as error:
            raise PassingError(f"no connection to {_host(url)} ({_cause(error)})") from error
        except (requests.RequestException, ValueError) as error:
            raise _refused(f"no such address ({error})", url, "a public file") from None

    def ask(self, method: str, source: str, query: Mapping[str, str] | None = None) -> bytes:
        """Send a small request until it is answered, and return the body."""
        return self.patiently(lambda: _small_body(self.once(method, source, query=query)), source)

    def headers(self, source: str) -> Mapping[str, str]:
        """Return the headers of a file, without its content."""

        def send() -> Mapping[str, str]:
            with self.once("HEAD", source) as answer:
                found: Mapping[str, str] = answer.headers
                return found

        return self.patiently(send, source)

    def size_of(self, source: str) -> int | None:
        """Return how many bytes a file has; None where its server does not say it beforehand.

        Raises
        ------
        RepalignError
            If there is no answer at all.
        """

        def send() -> int | None:
            # Servers may refuse a HEAD for any reason, and send the file all the same.
            with self.once("HEAD", source, allowed=NO_HEAD) as answer:
                length = answer.headers.get("Content-Length", "")
                # The length of what is sent with another encoding is not that of the file.
                is_plain = answer.headers.get("Content-Encoding", "identity") == "identity"
                # Zero is what servers say that make the file only when it is sent.
                is_said = answer.status_code < 300 and is_plain and length.isdecimal()
                return int(length) or None if is_said else None

        return self.patiently(send, source)

    def patiently(self, send: Callable[[], T], source: str) -> T:
        """Try until it works or the attempts are used up."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return send()
            except PassingError as error:
                self.wait(attempt, error, source)

    def wait(self, attempt: int, error: PassingError, source: str) -> None:
        """Wait before the next attempt, ever longer.

        Parameters
        ----------
        attempt : int
            Attempts that failed in a row, from 1 on.
        error : PassingError
            What happened.
        source : str
            The address.

        Raises
        ------
        RepalignError
            If that was the last attempt.
        StoppedError
            If everything shall end.
        """
        if attempt >= self.limits.attempts:
            raise RepalignError(
                f"{error.reason}; {attempt} attempts",
                where=source,
                expected="an answer",
                remedy="Run the same command again later; what has arrived is kept. Behind a "
                "proxy, set HTTPS_PROXY; for a mirror, set retrieval.endpoints.",
            ) from error
        seconds = max(self.limits.wait * 2 ** (attempt - 1), error.wait)
        seconds = min(seconds, LONGEST_WAIT)
        log.warning("%s: %s; again in %.3g s", source, error.reason, seconds)
        if self.stop.wait(seconds):
            raise StoppedError

    def _region(self, source: str) -> str:
        return self._regions.get(_bucket(source), FIRST_REGION)

    def _learn_region(self, source: str, answer: requests.Response) -> None:
        """Keep the region of a bucket, if the answer is that it is another than was asked."""
        region = answer.headers.get("x-amz-bucket-region", "")
        is_wrong = answer.status_code in ELSEWHERE and source.startswith("s3://")
        if is_wrong and re.fullmatch(r"[a-z0-9-]+", region):
            self._regions[_bucket(source)] = region

    def _check(self, answer: requests.Response, url: str, allowed: frozenset[int]) -> None:
        """Raise what an answer that is no success means."""
        hops = [*(step.url for step in answer.history), answer.url]
        if hops[0].startswith("https:") and not all(hop.startswith("https:") for hop in hops):
            raise _refused(f"a redirection to {hops[-1]}", url, "an encrypted connection")
        status = answer.status_code
        if status < 300 or status in allowed:
            return
        if status in PASSING:
            wait = answer.headers.get("Retry-After", "")
            reason = f"{_host(answer.url)} answers {status} {answer.reason}"
            raise PassingError(reason, float(wait) if wait.isdecimal() else 0.0)
        meaning = {
            401: "it wants credentials (401)",
            403: "access is refused (403): the file is closed, or not there",
            404: "no such file (404)",
            410: "the file was removed (410)",
        }
        raise _refused(meaning.get(status, f"answer {status} {answer.reason}"), url, "the file")


def _small_body(answer: requests.Response, limit: int = 16 << 20) -> bytes:
    """Read the body of a listing, of which no server of good faith makes more than a few MB."""
    with answer:
        body = bytearray()
        try:
            for piece in answer.iter_content(1 << 16):
                body += piece
                if len(body) > limit:
                    raise _refused("more than 16 MiB", answer.url, "a list of files")
        except (requests.RequestException, OSError) as error:
            raise PassingError(f"the answer breaks off ({_cause(error)})") from error
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
        raise PassingError(f"the connection breaks off ({_cause(error)})") from error


def _bucket(source: str) -> str:
    return source.removeprefix("s3://").split("/")[0]


def _host(url: str) -> str:
    return url.split("://")[-1].split("/")[0]


def _cause(error: BaseException) -> str:
    """Name what happened, without the addresses of objects that messages of libraries have."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return re.sub(r"<[^>]* at 0x[0-9a-f]+>:? ?", "", str(error)) or type(error).__name__


def _refused(found: str, url: str, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=url,
        expected=expected,
        remedy="Compare the address with the page of the dataset (docs/data.md). If it moved, "
        "correct config/external_data.tsv, or set retrieval.endpoints.",
    )
