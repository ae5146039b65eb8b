"""What lies in the folder already: taken, left alone, or refused."""

import os

import pytest

from repalign.errors import RepalignError
from repalign.retrieval import retrieve as retrieving

from .conftest import BETAS, FILES, gets, make_entry, put_betas, records, some_bytes, zip_of
from .servers import md5_of


def test_a_file_that_is_the_right_one_is_taken(server, fetch_all, tmp_path):
    put_betas(server, {1: 1})
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/1").write_bytes(some_bytes(10_001, seed=101))
    root = fetch_all(make_entry(BETAS, "{session}"), sessions={1: 1})
    assert not gets(server)
    assert records(root)["1"]["verified"] == "etag"


@pytest.mark.parametrize(
    "content", [b"", some_bytes(10_001, seed=5), some_bytes(10_002, seed=101)],
    ids=["empty", "same size", "longer"],
)  # fmt: skip
def test_another_file_is_never_overwritten(server, fetch_all, tmp_path, content):
    put_betas(server, {1: 2})
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/1").write_bytes(content)
    with pytest.raises(RepalignError, match="another file") as caught:
        fetch_all(make_entry(BETAS, "{session}"), sessions={1: 2})
    assert (tmp_path / "raw/1").read_bytes() == content
    assert not (tmp_path / "raw/2").exists(), "it stops before anything is fetched"
    assert "left as it is" in caught.value.remedy


def test_a_folder_in_the_place_of_a_file_is_refused(server, fetch_all, tmp_path):
    put_betas(server, {1: 1})
    (tmp_path / "raw/1").mkdir(parents=True)
    with pytest.raises(RepalignError, match="a folder"):
        fetch_all(make_entry(BETAS, "{session}"), sessions={1: 1})


def test_a_file_without_sum_is_trusted_on_first_use_alone(server, fetch_all):
    server.put("/h/x", b"first", etag=None)
    entry = make_entry("https://h/x", "x")
    root = fetch_all(entry)
    assert records(root)["x"]["verified"] == "nothing"
    (root / "x").unlink()
    server.put("/h/x", b"other", etag=None)
    with pytest.raises(RepalignError, match="as when it was first fetched"):
        fetch_all(entry)
    assert not (root / "x").exists()
    server.put("/h/x", b"first", etag=None)
    fetch_all(entry)
    assert (root / "x").read_bytes() == b"first"


def test_half_a_file_that_somebody_put_there_is_noticed(server, fetch_all, tmp_path):
    server.put("/h/x", b"whole", etag=None)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/x").write_bytes(b"who")
    with pytest.raises(RepalignError, match="3 bytes, not 5"):
        fetch_all(make_entry("https://h/x", "x"))
    assert (tmp_path / "raw/x").read_bytes() == b"who"
    (tmp_path / "raw/x").write_bytes(b"whole")
    root = fetch_all(make_entry("https://h/x", "x"))
    assert records(root)["x"]["verified"] == "size"
    assert not gets(server)


@pytest.mark.parametrize(
    "kind",
    [{"head": 403}, {"head": 405}, {"head": 404}, {"head": 501}, {"has_length": False},
     {"encoding": "gzip"}],
    ids=str,
)  # fmt: skip
def test_a_file_whose_server_does_not_say_its_size_is_taken(
    server, fetch_all, tmp_path, caplog, kind
):
    server.put("/h/x", b"whole", etag=None, **kind)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/x").write_bytes(b"anything")
    root = fetch_all(make_entry("https://h/x", "x"))
    assert records(root)["x"]["verified"] == "nothing"
    assert len(server.sent("/h/x", "HEAD")) == 1
    assert "taken as it is" in caplog.text


def test_a_file_is_not_taken_because_its_server_is_busy(server, fetch_all, tmp_path):
    server.put("/h/x", b"whole", etag=None, head=503)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/x").write_bytes(b"who")
    with pytest.raises(RepalignError, match=r"503.*4 attempts"):
        fetch_all(make_entry("https://h/x", "x"))
    assert not (tmp_path / "raw/retrieved.tsv").exists()


def test_the_size_is_asked_only_where_nothing_else_is_known(server, fetch_all, tmp_path):
    server.put("/h/x", b"whole")
    fetch_all(make_entry("https://h/x", "x"))
    fetch_all(make_entry("https://h/x", "x"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x").write_bytes(b"whole")
    fetch_all(make_entry("https://h/x", "x", checksum=f"md5:{md5_of(b'whole')}"), folder="other")
    assert not server.sent("/h/x", "HEAD")


@pytest.mark.parametrize("target", ["link", "link/x"])
@pytest.mark.parametrize("kind", ["file", "archive"])
def test_a_link_that_leads_nowhere_is_refused_at_once(server, fetch_all, tmp_path, target, kind):
    server.put("/h/x", zip_of(FILES))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/link").symlink_to(tmp_path / "unmounted")
    with pytest.raises(RepalignError, match="a link that leads nowhere") as caught:
        fetch_all(make_entry("https://h/x", target, kind))
    assert caught.value.where == str(tmp_path / "raw/link")
    assert not gets(server)


def test_a_link_to_another_disk_is_followed(server, fetch_all, tmp_path):
    server.put("/h/x", b"whole")
    for folder in ("raw", "disk"):
        (tmp_path / folder).mkdir()
    (tmp_path / "raw/link").symlink_to(tmp_path / "disk")
    fetch_all(make_entry("https://h/x", "link/x"))
    assert (tmp_path / "disk/x").read_bytes() == b"whole"


@pytest.mark.parametrize("folder", ["file", "file/raw", "link", "link/raw"])
def test_a_folder_that_cannot_be_made_is_said(fetch_all, tmp_path, folder):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "unmounted/link")
    with pytest.raises(RepalignError, match="reading or writing failed") as caught:
        fetch_all(make_entry("https://h/x", "x"), folder=folder)
    assert str(tmp_path) in str(caught.value.where)


def test_a_folder_that_cannot_be_opened_is_said(fetch_all, tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(retrieving.os, "open", refuse)
    with pytest.raises(RepalignError, match="Permission denied") as caught:
        fetch_all(make_entry("https://h/x", "x"))
    assert str(caught.value.where) == str(tmp_path / "raw")


def test_places_that_cannot_be_looked_at_are_all_named(server, fetch_all):
    entries = [make_entry(f"https://h/{name}", name * 300, item=name) for name in "xy"]
    with pytest.raises(RepalignError, match="2 files are wrong") as caught:
        fetch_all(*entries)
    assert str(caught.value).count("File name too long") == 2
    assert not gets(server)


@pytest.mark.parametrize("check", ["quick", "full"])
def test_a_file_that_changed_since_is_noticed(server, fetch_all, check):
    server.put("/h/x", b"first")
    entry = make_entry("https://h/x", "x")
    root = fetch_all(entry)
    stat = (root / "x").stat()
    (root / "x").write_bytes(b"FIRST")
    if check == "full":
        os.utime(root / "x", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(RepalignError, match="it was changed since"):
        fetch_all(entry, check=check)
    assert (root / "x").read_bytes() == b"FIRST"


def test_a_touched_file_is_read_and_kept(server, fetch_all):
    server.put("/h/x", b"first")
    entry = make_entry("https://h/x", "x")
    root = fetch_all(entry)
    os.utime(root / "x", (1, 1))
    fetch_all(entry)
    assert records(root)["x"]["modified"] == "1000000000"
    assert len(gets(server)) == 1


def test_a_corrected_register_is_applied_to_what_is_there(server, fetch_all):
    server.put("/h/x", b"first")
    fetch_all(make_entry("https://h/x", "x"))
    good = f"md5:{md5_of(b'first')}"
    fetch_all(make_entry("https://h/x", "x", checksum=good))
    with pytest.raises(RepalignError, match="before the register changed"):
        fetch_all(make_entry("https://h/x", "x", checksum="md5:" + "0" * 32))
