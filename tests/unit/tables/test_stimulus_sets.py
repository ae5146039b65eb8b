"""Stimulus sets and lists of packages: stable bytes, and what is refused."""

import hashlib
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from repalign.errors import RepalignError
from repalign.tables.checksums import file_checksum
from repalign.tables.provenance import make_record, read_record
from repalign.tables.stimulus_sets import write_packages, write_stimulus_set

RECORD = make_record(None)
NAMES = ["nsd_00007.png", "nsd_00003.png"]
COLUMNS = {"stimulus_id": ["nsd_00007", "nsd_00003"], "nsd_id": [7, 3], "filename": NAMES}


@pytest.fixture
def pictures(tmp_path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(name.encode() * 50)
    (folder / ".hidden").touch()
    return folder


def write(tmp_path: Path, pictures: Path, stem: str = "a", **changes: list) -> tuple[Path, Path]:
    table, archive = tmp_path / f"{stem}.csv", tmp_path / f"{stem}.zip"
    write_stimulus_set(table, archive, pictures, {**COLUMNS, **changes}, RECORD)
    return table, archive


def test_bytes_are_stable(tmp_path, pictures):
    table, archive = write(tmp_path, pictures)
    assert table.read_bytes() == (
        b"stimulus_id,nsd_id,filename\nnsd_00007,7,nsd_00007.png\nnsd_00003,3,nsd_00003.png\n"
    )
    time.sleep(2.1)  # ZIP files count times in two seconds
    for name in NAMES:
        (pictures / name).write_bytes(name.encode() * 50)
        (pictures / name).chmod(0o600)
    other = write(tmp_path, pictures, "b")
    assert [p.read_bytes() for p in other] == [p.read_bytes() for p in (table, archive)]


def test_the_archive_has_the_pictures_and_nothing_else(tmp_path, pictures):
    table, archive = write(tmp_path, pictures)
    with zipfile.ZipFile(archive) as file:
        assert file.namelist() == NAMES
        assert all(file.read(name) == (pictures / name).read_bytes() for name in NAMES)
    assert pd.read_csv(table)["filename"].tolist() == NAMES
    for path in (table, archive):
        found = read_record(path)
        assert found is not None
        assert found.pop("content") == file_checksum(path)
        assert found == RECORD


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stimulus_id": ["00007", "00003"]}, "'00007'"),
        ({"stimulus_id": ["a", "a"]}, "1 different ids"),
        ({"filename": ["../a.png", "b.png"]}, "../a.png"),
        ({"filename": [NAMES[0], NAMES[0]]}, "2 rows"),
        ({"filename": [NAMES[0], "other.png"]}, "missing|not in the table"),
    ],
)
def test_wrong_columns_are_refused(tmp_path, pictures, changes, message):
    with pytest.raises(RepalignError, match=message):
        write(tmp_path, pictures, **changes)
    assert not (tmp_path / "a.csv").exists()


def test_other_pictures_are_refused(tmp_path, pictures):
    (pictures / "more.png").touch()
    with pytest.raises(RepalignError, match=r"more\.png \(not in the table\)"):
        write(tmp_path, pictures)
    with pytest.raises(RepalignError, match=r"missing"):
        write(tmp_path, tmp_path / "absent")
    with pytest.raises(RepalignError, match="columns"):
        write_stimulus_set(
            tmp_path / "a", tmp_path / "b", pictures, {"stimulus_id": ["a"], "filename": ["b"]},
            RECORD,
        )  # fmt: skip


def test_packages_are_listed_with_their_digests(tmp_path):
    files = [tmp_path / name for name in ("assy_a_b.nc", "stimulus_a.csv", "stimulus_a.zip")]
    for k, file in enumerate(files):
        file.write_bytes(bytes(range(k + 3)))
    write_packages(tmp_path / "packages.tsv", files)
    found = pd.read_csv(tmp_path / "packages.tsv", sep="\t")
    assert found["identifier"].tolist() == ["a_b", "a", "a"]
    assert found["kind"].tolist() == ["assembly", "stimulus table", "pictures"]
    assert found["bytes"].tolist() == [3, 4, 5]
    for name in ("sha1", "sha256"):
        assert found[name].tolist() == [
            hashlib.new(name, file.read_bytes()).hexdigest() for file in files
        ]
    with pytest.raises(RepalignError, match=r"other\.nc"):
        write_packages(tmp_path / "packages.tsv", [tmp_path / "other.nc"])
