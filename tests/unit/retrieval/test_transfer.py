"""One file over a bad line: it arrives whole, or not at all, and what has come is not lost."""

import hashlib
import json

import pytest

from repalign.errors import RepalignError
from repalign.retrieval.answers import check
from repalign.retrieval.network import Network, StoppedError
from repalign.retrieval.sources import RemoteFile
from repalign.retrieval.transfer import fetch

from .conftest import QUICK, some_bytes
from .servers import md5_of

CONTENT = some_bytes(300_000)
MD5 = f"md5:{md5_of(CONTENT)}"
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
SOURCE = "https://data.example/file"


def remote(**known):
    return RemoteFile("thing", SOURCE, "file", **known)


def get(network, tmp_path, counted=None, **known):
    counts = [] if counted is None else counted
    hasher = fetch(remote(**known), tmp_path / "file", network, counts.append)
    assert hasher.sha256 == SHA256[7:]
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    return counts


PASSING = {
    "breaks off at once": ("break", 0),
    "breaks off in the middle": ("break", 150_000),
    "breaks off before the last byte": ("break", 299_999),
    "hangs up": ("hang up", None),
    "no HTTP": ("rubbish", None),
    "silence": ("silence", 0.8),
    **{
        str(status): ("status", status)
        for status in (408, 425, 429, 500, 502, 503, 504)
    },
    "busy, with a time": ("status", (503, {"Retry-After": "0"})),
    "busy, with a date": ("status", (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})),
}  # fmt: skip


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize(
    "known", [{}, {"size": len(CONTENT), "checksum": SHA256}], ids=["", "known"]
)
def test_what_passes_is_tried_again(server, network, tmp_path, fault, known):
    server.put("/data.example/file", CONTENT, faults=[fault, fault])
    counts = get(network, tmp_path, **known)
    assert sum(counts) == len(CONTENT)


def test_it_goes_on_where_it_broke_off(server, network, tmp_path):
    served = server.put("/data.example/file", CONTENT, faults=[("break", 100_000)] * 2)
    get(network, tmp_path)
    ranges = [sent.get("Range") for sent in server.sent("/data.example/file")]
    assert ranges == [None, "bytes=100000-", "bytes=200000-"]
    assert server.sent("/data.example/file")[1]["If-Range"] == served.etag


def test_bytes_between_failures_count_as_success(server, network, tmp_path):
    """Nine failures with four attempts: each brought something."""
    server.put("/data.example/file", CONTENT, faults=[("break", 30_000)] * 9)
    get(network, tmp_path)
    assert len(server.sent("/data.example/file")) == 10


def test_a_later_run_goes_on(server, network, tmp_path):
    served = server.put("/data.example/file", CONTENT, faults=[("break", 120_000)])
    served.faults += [("status", 503)] * 4
    with pytest.raises(RepalignError, match=r"503.*4 attempts"):
        get(network, tmp_path)
    assert (tmp_path / "file.part").stat().st_size == 120_000
    get(network, tmp_path)
    assert server.sent("/data.example/file")[-1]["Range"] == "bytes=120000-"


@pytest.mark.parametrize(
    ("etag", "modified", "goes_on"),
    [
        ('"a"', None, True),
        (None, "Wed, 21 Oct 2026 07:28:00 GMT", True),
        ('W/"a"', None, False),
        ('W/"a"', "Wed, 21 Oct 2026 07:28:00 GMT", True),
        (None, None, False),
    ],
)
def test_it_goes_on_only_if_it_can_tell_a_change(
    server, network, tmp_path, etag, modified, goes_on
):
    server.put(
        "/data.example/file", CONTENT, etag=etag, modified=modified, faults=[("break", 100_000)]
    )
    get(network, tmp_path)
    assert ("Range" in server.sent("/data.example/file")[1]) == goes_on


def test_a_file_that_changed_between_two_parts_is_fetched_anew(server, network, tmp_path):
    old = some_bytes(300_000, seed=1)
    served = server.put(
        "/data.example/file", old, faults=[("break", 100_000), ("change", CONTENT)]
    )
    counts = get(network, tmp_path)
    assert sum(counts) == len(CONTENT)
    assert served.content == CONTENT


def test_a_file_that_changed_between_two_runs_is_fetched_anew(server, network, tmp_path):
    old = some_bytes(300_000, seed=1)
    server.put("/data.example/file", old, faults=[("break", 100_000), *[("status", 500)] * 4])
    with pytest.raises(RepalignError):
        get(network, tmp_path)
    server.put("/data.example/file", CONTENT)
    get(network, tmp_path)


def test_a_server_that_does_not_compare_is_found_out(server, network, tmp_path):
    """It sends the range although the file is another: its ETag says so."""
    served = server.put("/data.example/file", CONTENT, etag='"new"')
    (tmp_path / "file.part").write_bytes(some_bytes(100_000, seed=1))
    state = {"source": SOURCE, "size": None, "checksum": None, "validator": '"old"'}
    (tmp_path / "file.part.json").write_text(json.dumps(state))
    served.modified = '"old"'
    get(network, tmp_path)


def test_a_server_without_ranges_sends_all_again(server, network, tmp_path):
    server.put("/data.example/file", CONTENT, has_ranges=False, faults=[("break", 100_000)])
    counts = get(network, tmp_path)
    assert sum(counts) == len(CONTENT)


@pytest.mark.parametrize("fault", [("range", 50_000), ("status", 416)])
def test_another_range_than_asked_for_is_not_appended(server, network, tmp_path, fault):
    server.put("/data.example/file", CONTENT, faults=[("break", 100_000), fault])
    get(network, tmp_path)


@pytest.mark.parametrize("left", ["too long", "of another source", "no state", "damaged state"])
def test_leftovers_of_other_files_are_not_used(server, network, tmp_path, left):
    server.put("/data.example/file", CONTENT)
    size = len(CONTENT) + 1 if left == "too long" else 1000
    (tmp_path / "file.part").write_bytes(b"x" * size)
    etag = server.files["/data.example/file"].etag
    state = {"source": SOURCE, "size": len(CONTENT), "checksum": None, "validator": etag}
    if left == "of another source":
        state["source"] += "-b"
    if left != "no state":
        text = "{" if left == "damaged state" else json.dumps(state)
        (tmp_path / "file.part.json").write_text(text)
    get(network, tmp_path, size=len(CONTENT))


def test_a_part_that_is_whole_needs_no_request(server, network, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT)
    state = {"source": SOURCE, "size": len(CONTENT), "checksum": SHA256, "validator": '"a"'}
    (tmp_path / "file.part.json").write_text(json.dumps(state))
    get(network, tmp_path, size=len(CONTENT), checksum=SHA256)
    assert not server.requests


@pytest.mark.parametrize("checksum", [MD5, SHA256])
def test_wrong_bytes_on_the_way_are_fetched_again(server, network, tmp_path, checksum):
    server.put("/data.example/file", CONTENT, faults=[("wrong", None)])
    counts = get(network, tmp_path, checksum=checksum)
    assert sum(counts) == len(CONTENT)


def test_a_wrong_part_is_noticed_in_the_whole(server, network, tmp_path):
    """The first part is wrong, the second right: only the sum of all tells."""
    served = server.put("/data.example/file", CONTENT)
    (tmp_path / "file.part").write_bytes(b"x" * 100_000)
    state = {"source": SOURCE, "size": None, "checksum": SHA256, "validator": served.etag}
    (tmp_path / "file.part.json").write_text(json.dumps(state))
    get(network, tmp_path, checksum=SHA256)


PERMANENT = {
    "other bytes": ({"always": ("wrong", None)}, {"checksum": SHA256}, "sha256:.* instead|sha256"),
    "other md5": ({"always": ("wrong", None)}, {"checksum": MD5}, "md5"),
    "wrong ETag": ({}, {"etag": "0" * 32}, "the ETag"),
    "shorter than listed": ({}, {"size": 300_001}, "300000 bytes"),
    "longer than listed": ({}, {"size": 299_999}, "300000 bytes"),
    "longer than listed, without a length": (
        {"has_length": False}, {"size": 299_999}, "more than 299999"),
    "says more than listed": ({"always": ("length", 10)}, {"size": 300_000}, "300010 bytes"),
    "says less than listed": ({"always": ("length", -10)}, {"size": 300_000}, "299990 bytes"),
    "sends less than it should": ({"always": ("length", -10)}, {"checksum": MD5}, "md5"),
    "401": ({"always": ("status", 401)}, {}, "credentials"),
    "403": ({"always": ("status", 403)}, {}, "refused"),
    "404": ({"always": ("status", 404)}, {}, "no such file"),
    "410": ({"always": ("status", 410)}, {}, "removed"),
    "418": ({"always": ("status", 418)}, {}, "418"),
    "always busy": ({"always": ("status", 503)}, {}, "503.*4 attempts"),
    "never there": ({"always": ("hang up", None)}, {}, "4 attempts"),
    "always 416": ({"always": ("status", 416)}, {}, "no such range"),
    "a circle": ({"always": ("redirect", "/data.example/file")}, {}, "redirections"),
    "a redirection to no address": ({"always": ("redirect", "http://[")}, {}, "no such address"),
    "a redirection to another protocol": (
        {"always": ("redirect", "ftp://127.0.0.1/x")}, {}, "no such address"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "known", "message"), PERMANENT.values(), ids=PERMANENT)
def test_what_stays_is_an_error_that_says_so(server, network, tmp_path, kind, known, message):
    server.put("/data.example/file", CONTENT, **kind)
    with pytest.raises(RepalignError, match=message) as caught:
        fetch(remote(**known), tmp_path / "file", network, lambda _: None)
    assert not (tmp_path / "file").exists()
    assert caught.value.remedy
    wrong = {"other bytes", "other md5", "wrong ETag"}
    if any(PERMANENT[name][0] is kind for name in wrong):
        assert not list(tmp_path.iterdir()), "wrong bytes are not kept"


def test_no_server_at_all(tmp_path):
    network = Network({"https://": "http://127.0.0.1:1"}, QUICK)
    with pytest.raises(RepalignError, match=r"no connection to 127.0.0.1:1") as caught:
        fetch(remote(), tmp_path / "file", network, lambda _: None)
    assert "0x" not in str(caught.value)
    assert "proxy" in caught.value.remedy


def test_a_redirection_is_followed(server, network, tmp_path):
    server.put("/elsewhere", CONTENT)
    server.put("/data.example/file", b"", always=("redirect", server.url + "/elsewhere"))
    get(network, tmp_path)


def test_a_redirection_out_of_encryption_is_refused():
    import requests

    answer, hop = requests.Response(), requests.Response()
    answer.status_code, answer.url, hop.url = (
        200,
        "http://data.example/x",
        "https://data.example/x",
    )
    answer.history = [hop]
    with pytest.raises(RepalignError, match=r"a redirection to http://data.example/x"):
        check(answer, hop.url, frozenset())


def test_bytes_count_as_they_are_stored(server, network, tmp_path):
    """An object that is stored with an encoding is not decoded: its size and sum are of these."""
    server.put("/data.example/file", CONTENT, encoding="gzip")
    get(network, tmp_path, size=len(CONTENT), checksum=SHA256)


def test_a_file_without_a_length_arrives(server, network, tmp_path):
    server.put("/data.example/file", CONTENT, has_length=False)
    get(network, tmp_path)


def test_an_empty_file_arrives(server, network, tmp_path):
    server.put("/data.example/file", b"")
    fetch(remote(size=0), tmp_path / "file", network, lambda _: None)
    assert (tmp_path / "file").read_bytes() == b""


def test_a_file_that_came_meanwhile_is_not_overwritten(server, network, tmp_path):
    server.put("/data.example/file", CONTENT)

    def report(count):
        (tmp_path / "file").write_text("mine")

    with pytest.raises(RepalignError, match="came while"):
        fetch(remote(), tmp_path / "file", network, report)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_stop_ends_a_transfer_and_keeps_what_came(server, network, tmp_path):
    server.put("/data.example/file", some_bytes(3 << 20), faults=[("slow", 0.01)])
    with pytest.raises(StoppedError):
        fetch(remote(), tmp_path / "file", network, lambda _: network.stop.set())
    assert (tmp_path / "file.part").stat().st_size > 0


def test_no_credentials_are_sent(server, network, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.put("/data.example/file", CONTENT)
    fetch(remote(), tmp_path / "file", network, lambda _: None)
    headers = server.sent("/data.example/file")[0]
    assert "Authorization" not in headers
    assert headers["User-Agent"].startswith("repalign/")


def test_no_credentials_are_sent_after_a_redirection(server, network, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.put("/elsewhere", CONTENT)
    server.put("/data.example/file", b"", always=("redirect", server.url + "/elsewhere"))
    fetch(remote(), tmp_path / "file", network, lambda _: None)
    (headers,) = server.sent("/elsewhere")
    assert "Authorization" not in headers
