"""Listing a public bucket of S3: ListObjectsV2, without a signature."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from repalign.errors import RepalignError
from repalign.retrieval.network import Network

MAX_PAGES = 1000


@dataclass(frozen=True)
class S3Object:
    """One object of a bucket.

    Attributes
    ----------
    key : str
        Its key.
    size : int
        Bytes.
    etag : str
        Its ETag, without quotation marks.
    """

    key: str
    size: int
    etag: str


def list_objects(network: Network, bucket: str, prefix: str) -> Iterator[S3Object]:
    """Yield all objects of a bucket whose keys start with a prefix, page by page.

    Parameters
    ----------
    network : Network
        What sends requests.
    bucket : str
        Name of the bucket.
    prefix : str
        Start of the keys.

    Raises
    ------
    RepalignError
        If the answer is no list of objects, or never ends.
    """
    query = {"list-type": "2", "prefix": prefix}
    for _ in range(MAX_PAGES):
        body = network.ask("GET", f"s3://{bucket}", query)
        page = _parse(body, bucket)
        for item in page.iterfind("{*}Contents"):
            yield _object(item, bucket)
        if _text(page, "IsTruncated") != "true":
            return
        token = _text(page, "NextContinuationToken")
        if not token or token == query.get("continuation-token"):
            raise _no_list("a list that is cut off without saying where it goes on", bucket)
        query["continuation-token"] = token
    raise _no_list(f"more than {MAX_PAGES} pages", bucket)


def _parse(body: bytes, bucket: str) -> ET.Element:
    """Parse an answer. A DTD, which could make it explode, is no part of any list."""
    if b"<!" in body:
        raise _no_list("a document with declarations", bucket)
    try:
        page = ET.fromstring(body)  # noqa: S314
    except ET.ParseError as error:
        raise _no_list(f"no XML ({error})", bucket) from None
    if page.tag.split("}")[-1] != "ListBucketResult":
        raise _no_list(f"a document of the kind {page.tag[:80]!r}", bucket)
    return page


def _object(item: ET.Element, bucket: str) -> S3Object:
    key, size = _text(item, "Key"), _text(item, "Size")
    if not key or not size.isdecimal():
        raise _no_list(f"an object with key {key!r} and size {size!r}", bucket)
    return S3Object(key, int(size), _text(item, "ETag").strip('"'))


def _text(item: ET.Element, name: str) -> str:
    return item.findtext(f"{{*}}{name}") or ""


def _no_list(found: str, bucket: str) -> RepalignError:
    return RepalignError(
        found,
        where=f"s3://{bucket}",
        expected="a list of objects, as S3 gives it (ListObjectsV2)",
        remedy="If retrieval.endpoints leads to a mirror, it must answer like S3.",
    )
