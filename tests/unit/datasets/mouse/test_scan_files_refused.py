"""Mouse scans: zip files and folders that are unsafe or damaged are refused."""

from __future__ import annotations

import stat
import zipfile

import numpy as np
import pytest

from repalign.datasets.mouse_files import open_scan
from repalign.errors import RepalignError

from .mouse_content import (
    FOLDER,
    ROOT_OF_ZIP,
    ZIP,
    npy,
    read,
    rezipped,
    spoil,
)


def member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


UNSAFE = {
    "a path upwards": ("../evil.npy", stat.S_IFREG, "leads elsewhere"),
    "a path upwards further down": (
        f"{ROOT_OF_ZIP}/data/../../evil.npy",
        stat.S_IFREG,
        "elsewhere",
    ),
    "an absolute path": ("/evil.npy", stat.S_IFREG, "leads elsewhere"),
    "a drive": ("C:/evil.npy", stat.S_IFREG, "leads elsewhere"),
    "a path of another system": ("..\\evil.npy", stat.S_IFREG, "leads elsewhere"),
    "a link": (f"{ROOT_OF_ZIP}/data/images/9999.npy", stat.S_IFLNK, "a link"),
    "another folder": ("more/data/images/9.npy", stat.S_IFREG, "no folder data"),
    "a program": (f"{ROOT_OF_ZIP}/data/setup.py", stat.S_IFREG, "belongs to no scan"),
}


@pytest.mark.parametrize("case", sorted(UNSAFE))
def test_unsafe_members_of_zip_files_are_refused(raw, tmp_path, case):
    name, kind, message = UNSAFE[case]
    with rezipped(raw / ZIP, tmp_path / ZIP) as archive:
        archive.writestr(member(name, kind | 0o644), npy(np.ones(3)))
    with pytest.raises(RepalignError, match=message):
        read(tmp_path / ZIP)
    assert [p.name for p in tmp_path.iterdir()] == [ZIP]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(raw, tmp_path):
    with rezipped(raw / ZIP, tmp_path / ZIP) as archive:
        archive.writestr(f"{ROOT_OF_ZIP}/data/images/0.npy", npy(np.ones(3)))
    with pytest.raises(RepalignError, match="there twice"):
        read(tmp_path / ZIP)


def test_an_encrypted_member_is_refused(raw, tmp_path):
    content = bytearray((raw / ZIP).read_bytes())
    # The flag of the first entry of the central directory.
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / ZIP).write_bytes(content)
    with pytest.raises(RepalignError, match="encrypted"):
        read(tmp_path / ZIP)


def test_a_member_that_grows_beyond_what_it_says_is_refused(raw, tmp_path):
    """A few bytes can stand for gigabytes; no more than promised is ever read."""
    name = f"{ROOT_OF_ZIP}/data/images/0.npy"
    with (
        zipfile.ZipFile(raw / ZIP) as old,
        zipfile.ZipFile(tmp_path / ZIP, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            content = b"\0" * 2_000_000 if info.filename == name else old.read(info)
            new.writestr(info.filename, content)
    content = bytearray((tmp_path / ZIP).read_bytes())
    size = (2_000_000).to_bytes(4, "little")
    while size in content:
        at = content.index(size)
        content[at : at + 4] = (600).to_bytes(4, "little")
    (tmp_path / ZIP).write_bytes(content)
    with pytest.raises(RepalignError, match="cannot be read"):
        read(tmp_path / ZIP)


def test_implausibly_large_arrays_are_refused(raw, tmp_path, monkeypatch):
    monkeypatch.setattr("repalign.datasets.mouse_files.MOST_BYTES", 100)
    with pytest.raises(RepalignError, match="at most 100 bytes"):
        read(raw / ZIP)
    with pytest.raises(RepalignError, match="at most 100 bytes"):
        read(raw / FOLDER)


def test_a_damaged_zip_file_is_refused(raw, tmp_path):
    content = bytearray((raw / ZIP).read_bytes())
    (tmp_path / ZIP).write_bytes(content[: len(content) // 2])
    with pytest.raises(RepalignError, match="cannot be read"):
        read(tmp_path / ZIP)
    at = content.index(b"data/images/5.npy") + 60
    content[at] ^= 0xFF
    (tmp_path / ZIP).write_bytes(content)
    with pytest.raises(RepalignError, match=r"images/5.npy[\s\S]*cannot be read"):
        read(tmp_path / ZIP)


def test_links_in_a_folder_are_refused(raw, tmp_path):
    path = spoil(raw / FOLDER, tmp_path / FOLDER, lambda a: None)
    secret = tmp_path / "secret.npy"
    np.save(secret, np.ones(3))
    (path / "data/behavior/0.npy").unlink()
    (path / "data/behavior/0.npy").symlink_to(secret)
    with pytest.raises(RepalignError, match=r"behavior/0.npy[\s\S]*a link"):
        read(path)


def test_no_scan_at_all(tmp_path):
    with pytest.raises(RepalignError, match="no such file or folder"), open_scan(tmp_path / "x"):
        pass
    with (
        pytest.raises(RepalignError, match="no folder data and no folder meta"),
        open_scan(tmp_path),
    ):
        pass
