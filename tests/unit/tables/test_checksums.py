"""Any change of a result's bytes is seen, whatever its format; nothing else is blamed."""

import errno
import os
import subprocess
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from repalign.errors import RepalignError
from repalign.figures.style import save_png
from repalign.tables import integrity
from repalign.tables.checksums import content_checksums, file_checksum, seal_parquet
from repalign.tables.integrity import changes, check_input, untouched, vouch
from repalign.tables.parquet import write_table
from repalign.tables.provenance import read_record, sidecar, write_sidecar
from repalign.tables.stamps import stamp

NAMES = ["t.parquet", "f.png", "a.npy", "x.csv", "folder"]


@pytest.fixture
def results(tmp_path):
    """One good result of each kind."""
    write_table(tmp_path / "t.parquet", pa.table({"x": np.arange(50)}), {"spec": {"a": 1}})
    save_png(Figure((1, 1)), tmp_path / "f.png", {"spec": {"a": 1}})
    np.save(tmp_path / "a.npy", np.arange(12))
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    (tmp_path / "folder").mkdir()
    np.save(tmp_path / "folder/keys.npy", np.arange(3))
    np.save(tmp_path / "folder/vectors.npy", np.ones(30))
    for name in ("a.npy", "x.csv", "folder"):
        write_sidecar(tmp_path / name, {"spec": {"a": 1}})
    return tmp_path


def harm(path):
    """What a whole reading says, or the error that a job would get."""
    try:
        record = read_record(path)
    except RepalignError as error:
        return error.found
    return "no record" if record is None else changes(path, record)


@pytest.mark.parametrize("name", NAMES)
def test_good_results_are_not_blamed(results, name):
    assert harm(results / name) is None
    check_input(results / name)


@pytest.mark.parametrize("name", NAMES)
def test_every_flipped_bit_is_seen(results, name):
    path = results / name
    file = path / "vectors.npy" if path.is_dir() else path
    good = file.read_bytes()
    random = Random(name)  # noqa: S311
    for place in random.sample(range(len(good)), min(len(good), 400)):
        content = bytearray(good)
        content[place] ^= 1 << random.randrange(8)
        file.write_bytes(content)
        assert harm(path) is not None, place
    file.write_bytes(good)
    assert harm(path) is None


@pytest.mark.parametrize("name", NAMES)
def test_cut_and_appended_files_are_seen(results, name):
    path = results / name
    file = path / "keys.npy" if path.is_dir() else path
    good = file.read_bytes()
    for content in (good[:-1], good + b"\n", b"", good[: len(good) // 2]):
        file.write_bytes(content)
        assert harm(path) is not None


def test_files_of_a_folder_that_are_gone_or_new_are_named(results):
    folder = results / "folder"
    (folder / "more.npy").write_bytes(b"x")
    assert "more.npy" in harm(folder)
    (folder / "more.npy").unlink()
    (folder / ".hidden").write_bytes(b"Snakemake's")
    assert harm(folder) is None
    (folder / "keys.npy").unlink()
    assert "keys.npy" in harm(folder)


def test_a_job_refuses_what_it_cannot_trust(results):
    (results / "x.csv").write_text("a,b\n1,3\n")
    with pytest.raises(RepalignError, match="not the bytes that were written") as caught:
        check_input(results / "x.csv")
    assert "Delete it" in caught.value.remedy


def test_large_inputs_are_read_only_if_they_were_touched(results, monkeypatch):
    monkeypatch.setattr(integrity, "READ_BELOW", 10)
    monkeypatch.setattr(integrity, "changes", lambda *_: "read")
    check_input(results / "a.npy")
    os.utime(results / "a.npy")
    with pytest.raises(RepalignError, match="read"):
        check_input(results / "a.npy")


def test_times_that_are_set_back_do_not_hide_a_change(results):
    path = results / "a.npy"
    record = read_record(path)
    assert untouched(path, record)
    stat = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not untouched(path, record)


def copied(path: Path, place: Path) -> Path:
    """Copy a result and its record with all times and attributes, as `cp -a` does; damage it."""
    for one in (path, sidecar(path)):
        subprocess.run(["cp", "-a", one, place / one.name], check=True)
    copy = place / path.name
    file = copy / "vectors.npy" if copy.is_dir() else copy
    stat = file.stat()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    # The record is copied, or changes its permissions, after what it describes.
    sidecar(copy).chmod(0o640)
    return copy


@pytest.mark.parametrize("name", ["a.npy", "folder"])
def test_a_copy_is_not_trusted_before_it_was_read(results, tmp_path_factory, name):
    assert untouched(results / name, read_record(results / name))
    copy = copied(results / name, tmp_path_factory.mktemp("copy"))
    record = read_record(copy)
    assert changes(copy, record) is not None
    assert not untouched(copy, record)


def test_changed_permissions_end_trust_until_it_is_read(results):
    path = results / "a.npy"
    record = read_record(path)
    for one in (path, sidecar(path)):
        one.chmod(0o640)
    assert not untouched(path, record)
    vouch(path, record, stamp(path))
    assert untouched(path, record)


def test_a_large_copy_is_read_once(results, monkeypatch):
    monkeypatch.setattr(integrity, "READ_BELOW", 10)
    os.utime(results / "a.npy")
    check_input(results / "a.npy")
    monkeypatch.setattr(integrity, "changes", lambda *_: "read")
    check_input(results / "a.npy")


def test_where_nothing_can_be_attached_results_are_read(results, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(os, "setxattr", refuse)
    write_sidecar(results / "x.csv", {})
    monkeypatch.undo()
    assert not untouched(results / "x.csv", read_record(results / "x.csv"))


def test_equal_work_gives_equal_records(results):
    before = sidecar(results / "a.npy").read_bytes()
    os.utime(results / "a.npy")
    write_sidecar(results / "a.npy", {"spec": {"a": 1}})
    assert sidecar(results / "a.npy").read_bytes() == before


def test_checksums_are_those_of_zlib(results):
    import zlib

    path = results / "x.csv"
    expected = f"crc32:{zlib.crc32(path.read_bytes()):08x}"
    assert file_checksum(path) == content_checksums(path) == expected
    assert expected in sidecar(path).read_text()


def test_a_parquet_file_without_a_place_for_it_is_refused(tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": [1]}), tmp_path / "foreign.parquet")
    with pytest.raises(ValueError, match="no place"):
        seal_parquet(tmp_path / "foreign.parquet")
