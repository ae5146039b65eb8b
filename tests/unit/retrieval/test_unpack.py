"""Archives: what is in them arrives, and nothing of them arrives elsewhere."""

import io
import os
import stat
import tarfile
import zipfile

import pytest

from repalign.errors import RepalignError
from repalign.retrieval import unpack as unpacking
from repalign.retrieval.unpack import unpack

FILES = {"top/a.txt": b"alpha" * 1000, "top/sub/b.txt": b"beta"}
CLUTTER = {"__MACOSX/top/._a.txt": b"x", "top/.DS_Store": b"x"}


def zipped(path, files, **kind):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("top/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def content_of(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("mode", ["zip", "w", "w:gz", "w:bz2", "w:xz"])
def test_files_arrive_without_the_folder_at_the_top(tmp_path, mode):
    make = zipped if mode == "zip" else tarred
    kind = {} if mode == "zip" else {"mode": mode}
    archive = make(tmp_path / "archive", {**FILES, **CLUTTER}, **kind)
    members = unpack(archive, tmp_path / "out")
    assert content_of(tmp_path / "out") == {"a.txt": b"alpha" * 1000, "sub/b.txt": b"beta"}
    assert [str(member.path) for member in members] == ["a.txt", "sub/b.txt"]
    assert all(len(member.sha256) == 64 for member in members)


def test_several_folders_at_the_top_stay(tmp_path):
    archive = zipped(tmp_path / "x", {"a/1": b"1", "b/2": b"2"})
    unpack(archive, tmp_path / "out")
    assert set(content_of(tmp_path / "out")) == {"a/1", "b/2"}


def test_files_are_on_the_disk_before_the_archive_may_go(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    unpack(zipped(tmp_path / "x", FILES), tmp_path / "out")
    places = [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    assert len(places) == 4
    assert {path.stat().st_ino for path in places} == set(synced)


def test_leftovers_of_an_interrupted_run_go(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/half").write_text("x")
    unpack(zipped(tmp_path / "x", FILES), tmp_path / "out")
    assert set(content_of(tmp_path / "out")) == {"a.txt", "sub/b.txt"}


@pytest.mark.parametrize(
    "name",
    ["../evil", "top/../../evil", "/evil", "top\\..\\..\\evil", "C:/evil", "top/\n", ".."],
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_paths_that_lead_out_are_refused(tmp_path, name, kind):
    make = zipped if kind == "zip" else tarred
    (tmp_path / "in").mkdir()
    archive = make(tmp_path / "in/x", {"top/a": b"a", name: b"evil"})
    with pytest.raises(RepalignError, match="stays within"):
        unpack(archive, tmp_path / "in/deep/out")
    assert content_of(tmp_path / "in/deep/out") == {}
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_links_and_devices_are_refused(tmp_path, kind):
    with tarfile.open(tmp_path / "x", "w") as archive:
        info = tarfile.TarInfo("top/link")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(RepalignError, match="a link or a device"):
        unpack(tmp_path / "x", tmp_path / "out")


def test_links_in_zip_files_are_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(RepalignError, match="is a link"):
        unpack(tmp_path / "x", tmp_path / "out")


def test_encrypted_members_are_refused(tmp_path):
    path = zipped(tmp_path / "x", {"a": b"abc"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rfind(signature) + offset] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(RepalignError, match="encrypted"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("cut", [10, 100, -30])
def test_archives_that_are_cut_off_are_refused(tmp_path, cut):
    for make in (zipped, tarred):
        whole = make(tmp_path / "x", {"a": bytes(range(256)) * 40, "b": b"2" * 9000}).read_bytes()
        (tmp_path / "x").write_bytes(whole[:cut])
        with pytest.raises(RepalignError, match=r"damaged|neither"):
            unpack(tmp_path / "x", tmp_path / "out")


def test_flipped_bytes_are_noticed(tmp_path):
    path = zipped(tmp_path / "x", {"a": bytes(range(256)) * 40})
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x03\x04", 10) + 60] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(RepalignError, match="damaged"):
        unpack(path, tmp_path / "out")


def test_one_name_twice_is_refused(tmp_path):
    with tarfile.open(tmp_path / "x", "w") as archive:
        for content in (b"one", b"two"):
            info = tarfile.TarInfo("top/same")
            info.size = 3
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(RepalignError, match="twice"):
        unpack(tmp_path / "x", tmp_path / "out")


def test_a_file_that_is_also_a_folder_is_refused(tmp_path):
    with pytest.raises(RepalignError, match="as a file and as a folder"):
        unpack(tarred(tmp_path / "x", {"t/a": b"1", "t/a/b": b"2"}), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"no archive", b"<html></html>" * 100])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(RepalignError, match="neither"):
        unpack(tmp_path / "x", tmp_path / "out")


def test_an_archive_without_files_is_refused(tmp_path):
    with pytest.raises(RepalignError, match="without files"):
        unpack(zipped(tmp_path / "x", CLUTTER), tmp_path / "out")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    archive = zipped(tmp_path / "x", {"a": b"0" * 10_000_000})
    free = type("Usage", (), {"free": 1_000_000})
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda _: free)
    with pytest.raises(RepalignError, match=r"0.01 GB unpacked"):
        unpack(archive, tmp_path / "out")
    assert content_of(tmp_path / "out") == {}
