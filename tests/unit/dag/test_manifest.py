"""External files are known by content; the table on disk only saves time."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from repalign.dag import manifest as module
from repalign.dag.manifest import Manifest
from repalign.errors import RepalignError


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.bin"
    path.write_bytes(b"recordings")
    return path


def test_touching_and_copying_change_nothing(tmp_path, raw):
    table = tmp_path / "table.tsv"
    first = Manifest(table)
    before = first.identity(raw)
    first.save()
    os.utime(raw, (1, 1))
    copy = tmp_path / "copy.bin"
    copy.write_bytes(raw.read_bytes())
    assert Manifest(table).identity(raw) == before
    assert Manifest(table).identity(copy) == before


def test_new_content_counts_even_with_the_old_size_and_time(tmp_path, raw):
    table = tmp_path / "table.tsv"
    first = Manifest(table)
    before = first.identity(raw)
    first.save()
    stat = raw.stat()
    raw.write_bytes(b"RECORDINGS")
    os.utime(raw, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert Manifest(table).identity(raw) != before


def test_known_files_are_not_read_again(tmp_path, raw, monkeypatch):
    table = tmp_path / "table.tsv"
    first = Manifest(table)
    before = first.identity(raw)
    first.save()
    monkeypatch.setattr(module, "_digest", lambda *_, **__: pytest.fail("read again"))
    assert Manifest(table).identity(raw) == before


def test_quick_identity_sees_any_change_of_a_compressed_file(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FULL_BELOW", 1000)
    monkeypatch.setattr(module, "SAMPLE_BYTES", 16)
    monkeypatch.setattr(module, "SAMPLES", 2)
    data = np.random.default_rng(0).integers(0, 255, 200_000, dtype=np.uint8)

    def identity(values: np.ndarray) -> str:
        path = tmp_path / "raw.gz"
        path.write_bytes(gzip.compress(values.tobytes(), mtime=0))
        found = Manifest(tmp_path / "none.tsv").identity(path)
        assert found.startswith("quick:")
        return found

    before = identity(data)
    changed = data.copy()
    changed[100_000] ^= 1
    assert identity(changed) != before
    assert identity(data) == before


def test_full_mode_reads_everything(tmp_path, raw, monkeypatch):
    monkeypatch.setattr(module, "FULL_BELOW", 1)
    assert Manifest(tmp_path / "t.tsv", "full").identity(raw).startswith("sha256:")
    assert Manifest(tmp_path / "t.tsv", "quick").identity(raw).startswith("quick:")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RepalignError, match=r"gone\.nii") as caught:
        Manifest(tmp_path / "t.tsv").identity(tmp_path / "gone.nii")
    assert caught.value.remedy


def test_a_broken_table_is_taken_again(tmp_path, raw):
    table = tmp_path / "table.tsv"
    table.write_text("path\tsize\nnonsense\tx\n")
    manifest = Manifest(table)
    assert manifest.identity(raw).startswith("sha256:")
    manifest.save()
    assert str(raw) in table.read_text()


def test_a_folder_counts_by_the_names_and_contents_of_its_files(tmp_path):
    folder = tmp_path / "pictures"
    for name in ("a/1.jpg", "a/2.jpg", "b/1.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)

    def identity() -> str:
        return Manifest(tmp_path / "none.tsv").identity(folder)

    before = identity()
    assert before.startswith("folder:")
    # Neither time nor place count, nor hidden files.
    (folder / "a/1.jpg").touch()
    (folder / ".DS_Store").write_text("x")
    (folder / ".cache").mkdir()
    (folder / ".cache/1.jpg").write_text("x")
    assert identity() == before
    folder = folder.rename(tmp_path / "moved")
    assert identity() == before
    (folder / "a/1.jpg").write_text("changed")
    changed = identity()
    (folder / "a/1.jpg").write_text("a/1.jpg")
    (folder / "b/1.jpg").rename(folder / "b/3.jpg")
    renamed = identity()
    (folder / "b/3.jpg").unlink()
    assert len({before, changed, renamed, identity()}) == 4


def test_files_of_a_folder_are_read_once(tmp_path, monkeypatch):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text(name)
    manifest = Manifest(tmp_path / "table.tsv")
    before = manifest.identity(folder)
    manifest.save()
    monkeypatch.setattr("repalign.dag.manifest._digest", lambda *_, **__: pytest.fail("read"))
    assert Manifest(tmp_path / "table.tsv").identity(folder) == before
