"""ETags of uploads in parts, as S3 makes them."""

import hashlib

import pytest

from repalign.retrieval.checksums import Hasher, hash_file

from .conftest import some_bytes
from .servers import md5_of

MIB = 1 << 20


def etag_of_parts(content, length):
    """By the definition: MD5 of the binary MD5s, and their number."""
    parts = [content[k : k + length] for k in range(0, len(content), length)]
    joined = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
    return f"{md5_of(joined)}-{len(parts)}"


def fed(content, pieces, **known):
    hasher = Hasher(**known)
    for k in range(0, len(content), pieces):
        hasher.update(content[k : k + pieces])
    return hasher


@pytest.mark.parametrize("length", [5 * MIB, 8 * MIB])
@pytest.mark.parametrize("size", [10 * MIB, 10 * MIB + 1])
def test_parts_of_common_sizes_are_recognised(length, size):
    content = some_bytes(size)
    etag = etag_of_parts(content, length)
    assert fed(content, 300_001, size=size, etag=f'"{etag}"').agrees_with_etag() is True
    wrong = fed(content[:-1] + b"?", 300_001, size=size, etag=etag)
    assert wrong.agrees_with_etag() is (None if not content.endswith(b"?") else True)


def test_parts_of_other_sizes_say_nothing():
    content = some_bytes(3 * MIB)
    assert (
        fed(content, MIB, size=3 * MIB, etag=etag_of_parts(content, MIB)).agrees_with_etag()
        is None
    )


def test_a_single_part_is_an_md5():
    digits = md5_of(b"abc")
    assert fed(b"abc", 2, size=3, etag=digits).agrees_with_etag() is True
    assert fed(b"abd", 2, size=3, etag=digits).agrees_with_etag() is False
    assert fed(b"abc", 2, size=3, etag="opaque").agrees_with_etag() is None
    assert fed(b"abc", 2).agrees_with_etag() is None


def test_sums_are_those_of_the_library(tmp_path):
    content = some_bytes(3 * MIB + 17)
    (tmp_path / "x").write_bytes(content)
    hasher = hash_file(tmp_path / "x", Hasher())
    assert hasher.sha256 == hashlib.sha256(content).hexdigest()
    assert hasher.of("sha256:") == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert hasher.of("md5:0") == f"md5:{md5_of(content)}"
    assert hasher.size == len(content)
