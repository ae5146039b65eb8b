"""Checksums of what arrives: SHA-256 for the record, others for what publishers say."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

CHUNK = 1 << 20
_MIB = 1 << 20
_PART_SIZES = tuple(n * _MIB for n in (5, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 256, 512))
"""Sizes of parts with which clients of S3 commonly upload."""
_ETAG = re.compile(r'"?([0-9a-f]{32})(?:-(\d+))?"?')


class Hasher:
    """All checksums of one stream of bytes.

    For an object that was uploaded to S3 in parts, the ETag is the MD5 of the MD5s of the parts,
    and the number of parts. Their size is not stored, but few sizes give that number.

    Parameters
    ----------
    size : int or None
        Bytes that are expected.
    etag : str or None
        ETag that S3 gives, if the bytes are an object of S3.
    """

    def __init__(self, size: int | None = None, etag: str | None = None) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._etag = etag
        match = _ETAG.fullmatch(etag) if etag else None
        n_parts = int(match[2]) if match and match[2] else 0
        self._parts = {
            length: _Parts(length)
            for length in _PART_SIZES
            if n_parts and size is not None and -(-size // length) == n_parts
        }

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        self.size += len(data)
        self._sha256.update(data)
        self._md5.update(data)
        for parts in self._parts.values():
            parts.update(data)

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of all bytes."""
        return self._sha256.hexdigest()

    def of(self, checksum: str) -> str:
        """Return the checksum of the same kind as another, in its notation."""
        kind = checksum.split(":")[0]
        return f"{kind}:{(self._sha256 if kind == 'sha256' else self._md5).hexdigest()}"

    def agrees_with_etag(self) -> bool | None:
        """Say whether the ETag is of these bytes; None where it cannot tell.

        Thirty-two digits are an MD5: objects under a key, whose ETags are not, are closed to
        anonymous readers. Parts of no common size say nothing.
        """
        match = _ETAG.fullmatch(self._etag) if self._etag else None
        if match is None:
            return None
        if not match[2]:
            return match[1] == self._md5.hexdigest()
        return True if any(p.digest() == match[1] for p in self._parts.values()) else None


class _Parts:
    """MD5 of the MD5s of parts of one length."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._left = length
        self._part = hashlib.md5(usedforsecurity=False)
        self._all = hashlib.md5(usedforsecurity=False)

    def update(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            piece = view[: self._left]
            self._part.update(piece)
            self._left -= len(piece)
            view = view[len(piece) :]
            if not self._left:
                self._all.update(self._part.digest())
                self._part = hashlib.md5(usedforsecurity=False)
                self._left = self._length

    def digest(self) -> str:
        whole = self._all.copy()
        if self._left < self._length:
            whole.update(self._part.digest())
        return whole.hexdigest()


def hash_file(path: Path, hasher: Hasher) -> Hasher:
    """Feed a file to a hasher, and return it."""
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            hasher.update(data)
    return hasher
