"""Archives: unpacked aside, moved into place, known by their members."""

import sys

import pytest

from repalign.errors import RepalignError

from .conftest import FILES, gets, make_entry, records, zip_of
from .servers import md5_of


def archive(**known):
    return make_entry("https://h/x.zip", "annotations", "archive", **known)


def test_an_archive_arrives_unpacked(server, fetch_all):
    content = zip_of(FILES)
    server.put("/h/x.zip", content)
    checksum = f"md5:{md5_of(content)}"
    root = fetch_all(archive(checksum=checksum, size=len(content)))
    assert (root / "annotations/a.json").read_bytes() == b"alpha"
    assert (root / "annotations/deep/b.json").read_bytes() == b"beta" * 1000
    row = records(root)["annotations/a.json"]
    assert (row["verified"], row["source"]) == ("archive", "https://h/x.zip!top/a.json")
    assert not (root / ".retrieval").exists()
    fetch_all(archive(checksum=checksum, size=len(content)))
    assert len(gets(server)) == 1


def test_files_that_the_record_does_not_know_stay(server, fetch_all, tmp_path):
    server.put("/h/x.zip", zip_of(FILES))
    (tmp_path / "raw/annotations").mkdir(parents=True)
    (tmp_path / "raw/annotations/mine").write_text("mine")
    with pytest.raises(RepalignError, match="does not know"):
        fetch_all(archive())
    assert not gets(server)


def test_a_member_that_is_gone_comes_again(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations/a.json").unlink()
    fetch_all(archive())
    assert (root / "annotations/a.json").read_bytes() == b"alpha"


def test_a_member_that_changed_is_left_and_said(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations/a.json").write_text("mine!")
    with pytest.raises(RepalignError, match="changed since"):
        fetch_all(archive())
    assert (root / "annotations/a.json").read_text() == "mine!"


def test_an_archive_that_changed_is_refused(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations/a.json").unlink()
    server.put("/h/x.zip", zip_of({**FILES, "top/a.json": b"ALPHA"}))
    with pytest.raises(RepalignError, match="as when it was first fetched"):
        fetch_all(archive())
    assert not (root / "annotations/a.json").exists()


def test_an_archive_that_lost_a_file_is_refused_and_not_fetched_again(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations/a.json").unlink()
    server.put("/h/x.zip", zip_of({"top/deep/b.json": FILES["top/deep/b.json"], "top/c": b"c"}))
    server.requests.clear()
    for _ in range(2):
        with pytest.raises(RepalignError, match=r"an archive without top/a\.json") as caught:
            fetch_all(archive())
    assert "retrieved.tsv" in caught.value.remedy
    assert len(gets(server)) == 1
    assert not (root / "annotations/c").exists()


def test_an_archive_goes_to_another_folder_if_the_settings_say_so(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations").rename(root / "old")
    moved = make_entry("https://h/x.zip", "elsewhere", "archive")
    for _ in range(2):
        fetch_all(moved)
    assert (root / "elsewhere/a.json").read_bytes() == b"alpha"
    assert len(gets(server)) == 2


@pytest.mark.parametrize("moment", ["unpack", "move"])
def test_a_run_that_is_stopped_at_an_archive_is_taken_up(server, fetch_all, monkeypatch, moment):
    server.put("/h/x.zip", zip_of(FILES))
    name = {"unpack": "unpack", "move": "move_into_place"}[moment]
    real = getattr(sys.modules["repalign.retrieval.arrival"], name)
    calls = []

    def stopped(*arguments):
        calls.append(arguments)
        if moment == "unpack" or len(calls) == 2:
            raise OSError(5, "stopped")
        return real(*arguments)

    monkeypatch.setattr(f"repalign.retrieval.arrival.{name}", stopped)
    with pytest.raises(RepalignError, match="stopped"):
        fetch_all(archive())
    monkeypatch.undo()
    root = fetch_all(archive())
    assert (root / "annotations/a.json").read_bytes() == b"alpha"
    assert (root / "annotations/deep/b.json").read_bytes() == b"beta" * 1000
    assert len(gets(server)) == 1, "the archive was whole"
    assert not (root / ".retrieval").exists()
    assert all(int(row["modified"]) for row in records(root).values())
