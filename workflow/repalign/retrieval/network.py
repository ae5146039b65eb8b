"""Anonymous requests over HTTP: where addresses lead, what to try again, what to give up.

This module and `answers` alone import a network library.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter

import repalign
from repalign.errors import RepalignError
from repalign.retrieval.answers import (
    PASSING,
    PassingError,
    cause,
    check,
    host,
    refused,
    small_body,
)
from repalign.retrieval.plan import Limits

log = logging.getLogger("repalign")
T = TypeVar("T")

ENDPOINTS = {
    "s3://": "https://s3.{region}.amazonaws.com",
    "figshare://": "https://api.figshare.com/v2/articles",
}
"""Where addresses lead that are no URLs, unless the settings say otherwise."""
FIRST_REGION = "us-east-1"
ELSEWHERE = frozenset({301, 307, 400})
"""Answers of S3 to requests that should have gone to another region."""
NO_HEAD = frozenset(range(400, 600)) - PASSING
"""Answers of servers to questions about a file that they may send nevertheless."""
LONGEST_WAIT = 120.0
MAX_REDIRECTS = 5


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
            check(answer, url, allowed)
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
            raise refused(f"no secure connection ({error})", url, "a valid certificate") from None
        except requests.exceptions.TooManyRedirects:
            found = f"more than {MAX_REDIRECTS} redirections"
            raise refused(found, url, "the file") from None
        except (requests.ConnectionError, requests.Timeout) as error:
            raise PassingError(f"no connection to {host(url)} ({cause(error)})") from error
        except (requests.RequestException, ValueError) as error:
            raise refused(f"no such address ({error})", url, "a public file") from None

    def ask(self, method: str, source: str, query: Mapping[str, str] | None = None) -> bytes:
        """Send a small request until it is answered, and return the body."""
        return self.patiently(lambda: small_body(self.once(method, source, query=query)), source)

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


def _bucket(source: str) -> str:
    return source.removeprefix("s3://").split("/")[0]
