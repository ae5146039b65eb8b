"""From addresses to files: what there is behind a pattern, how large, with which checksum."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from repalign.errors import RepalignError
from repalign.retrieval.network import Network
from repalign.retrieval.plan import Wanted, check_relative
from repalign.retrieval.register import BASE
from repalign.retrieval.s3 import S3Object, list_objects

_FIGSHARE_PAGE = 100


@dataclass(frozen=True)
class RemoteFile:
    """One file that can be fetched.

    Attributes
    ----------
    item : str
        Item of the register.
    source : str
        Its address.
    path : str
        Where it goes below the raw folder.
    size : int or None
        Bytes, if somebody says so.
    checksum : str or None
        `md5:` or `sha256:` and digits, if somebody says so.
    etag : str or None
        ETag, if it is an object of S3.
    is_archive : bool
        Whether it is unpacked on arrival; `path` is then the folder.
    """

    item: str
    source: str
    path: str
    size: int | None = None
    checksum: str | None = None
    etag: str | None = None
    is_archive: bool = False


class Finder:
    """What finds the files behind addresses; it asks each list for once.

    Parameters
    ----------
    network : Network
        What sends requests.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._articles: dict[str, list[dict[str, object]]] = {}
        self._guard = threading.Lock()

    def find(self, wanted: Wanted) -> Iterator[RemoteFile]:
        """Yield the files behind one address.

        Raises
        ------
        RepalignError
            If there is none, more than one for `file` and `archive`, or the publisher's size or
            checksum contradicts the register.
        """
        if wanted.source.startswith("s3://"):
            found = list(self._in_bucket(wanted))
        elif wanted.source.startswith("figshare://"):
            found = [self._in_article(wanted)]
        else:
            found = [_made(wanted, wanted.source, wanted.target)]
        if wanted.kind != "files" and len(found) > 1:
            raise _not_there(f"{len(found)} files: {found[0].source}, …", wanted, "one file")
        yield from found

    def _in_bucket(self, wanted: Wanted) -> Iterator[RemoteFile]:
        """Yield objects of a bucket: one by its key, or all that match a pattern."""
        start, base, rest = wanted.source.partition(BASE)
        bucket, _, key = start.removeprefix("s3://").partition("/")
        prefix = f"{key}/" if base and key else ""
        pattern = prefix + rest if base else key
        if "*" not in pattern:
            headers = self._network.headers(f"s3://{bucket}/{pattern}")
            length = headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() else None
            etag = headers.get("ETag", "").strip('"') or None
            path = f"{wanted.target}/{pattern.removeprefix(prefix)}" if base else wanted.target
            yield _made(wanted, f"s3://{bucket}/{pattern}", path, size, etag=etag)
            return
        found = 0
        for item in self._matching(bucket, pattern):
            found += 1
            inner = item.key.removeprefix(prefix)
            check_relative(inner, f"s3://{bucket}")
            path = f"{wanted.target}/{inner}" if base else wanted.target
            yield _made(wanted, f"s3://{bucket}/{item.key}", path, item.size, etag=item.etag)
        if not found:
            raise _not_there("nothing that matches", wanted, "at least one file")

    def _matching(self, bucket: str, pattern: str) -> Iterator[S3Object]:
        fits = _compile(pattern)
        prefix = pattern.partition("*")[0]
        for item in list_objects(self._network, bucket, prefix):
            # A key that ends in a slash is what consoles make for an empty folder.
            if fits.fullmatch(item.key) and not item.key.endswith("/"):
                yield item

    def _in_article(self, wanted: Wanted) -> RemoteFile:
        """Find a file of an article of figshare by its name."""
        article, _, name = wanted.source.removeprefix("figshare://").partition("/")
        with self._guard:
            files = self._article(article)
        fits = _compile(name)
        found = [file for file in files if fits.fullmatch(str(file["name"]))]
        if len(found) != 1:
            names = ", ".join(sorted(str(file["name"]) for file in files)[:8])
            problem = f"{len(found)} files of that name; the article has {len(files)}: {names}, …"
            raise _not_there(problem, wanted, "one file")
        file = found[0]
        digits = str(file.get("computed_md5") or file.get("supplied_md5") or "")
        checksum = f"md5:{digits}" if re.fullmatch(r"[0-9a-f]{32}", digits) else None
        url, size = str(file["download_url"]), file["size"]
        return _made(wanted, url, wanted.target, size if isinstance(size, int) else None, checksum)

    def _article(self, article: str) -> list[dict[str, object]]:
        """Return the files of an article, which come in pages."""
        if article not in self._articles:
            files: list[dict[str, object]] = []
            while len(files) % _FIGSHARE_PAGE == 0:
                page = str(len(files) // _FIGSHARE_PAGE + 1)
                query = {"page": page, "page_size": str(_FIGSHARE_PAGE)}
                body = self._network.ask("GET", f"figshare://{article}/files", query)
                more = _files_of(body, article)
                files += more
                if not more:
                    break
            self._articles[article] = files
        return self._articles[article]


def _files_of(body: bytes, article: str) -> list[dict[str, object]]:
    """Read one page of the list of an article."""
    try:
        files = json.loads(body)
    except ValueError:
        files = None
    is_list = isinstance(files, list) and all(
        isinstance(file, dict)
        and str(file.get("download_url", "")).startswith(("https://", "http://"))
        and isinstance(file.get("name"), str)
        and "size" in file
        for file in files
    )
    if not is_list:
        raise RepalignError(
            f"{body[:80]!r}",
            where=f"figshare://{article}",
            expected="a list of files, as figshare gives it",
            remedy="If retrieval.endpoints leads to a mirror, it must answer like figshare.",
        )
    listed: list[dict[str, object]] = files
    return listed


def _made(
    wanted: Wanted,
    source: str,
    path: str,
    size: int | None = None,
    checksum: str | None = None,
    etag: str | None = None,
) -> RemoteFile:
    """Join what the register and the publisher say of a file."""
    for name, ours, theirs in (
        ("size", wanted.size, size),
        ("checksum", wanted.checksum, checksum),
    ):
        are_alike = str(ours).split(":")[0] == str(theirs).split(":")[0] or name == "size"
        if ours is not None and theirs is not None and are_alike and ours != theirs:
            raise RepalignError(
                f"{name} {theirs}",
                where=source,
                expected=f"{ours}, as the register says",
                remedy="The publisher has another version than the register. Find out what "
                "changed before you correct config/external_data.tsv.",
            )
    return RemoteFile(
        wanted.item,
        source,
        path,
        size if wanted.size is None else wanted.size,
        wanted.checksum or checksum,
        etag,
        wanted.kind == "archive",
    )


def _compile(pattern: str) -> re.Pattern[str]:
    """Turn a pattern into a regular expression; a star does not cross folders."""
    return re.compile("[^/]*".join(re.escape(part) for part in pattern.split("*")))


def _not_there(found: str, wanted: Wanted, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=wanted.source,
        expected=expected,
        remedy="Look at the page of the dataset (docs/data.md); if it changed, correct "
        "config/external_data.tsv.",
    )
