"""What a result says of itself survives, is the same for equal work, and is never guessed."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from repalign.errors import RepalignError
from repalign.figures.style import save_png
from repalign.tables.parquet import write_table
from repalign.tables.provenance import encode, make_record, read_record, sidecar, write_sidecar

SPEC = {
    "step": "compare_rdms",
    "params": {"source": "simulated", "clip_quantile": 0.003, "name": "naïve → café"},
    "inputs": {"x": {"results/b": "spec:2", "results/a": "spec:1"}},
}


@pytest.fixture
def record() -> dict:
    return make_record(encode(SPEC))


def make(path: Path, record: dict) -> Path:
    """Write a small result of the format that the suffix says."""
    if path.suffix == ".parquet":
        write_table(path, pa.table({"x": [1, 2]}), record)
    elif path.suffix == ".png":
        save_png(Figure((1, 1)), path, record)
    else:
        if path.suffix == ".npy":
            np.save(path, np.arange(3))
        elif path.suffix == ".csv":
            path.write_text("a\n1\n")
        else:
            path.mkdir()
            np.save(path / "vectors.npy", np.arange(3))
        write_sidecar(path, record)
    return path


FORMATS = ["table.parquet", "figure.png", "table.csv", "array.npy", "folder"]


@pytest.mark.parametrize("name", FORMATS)
def test_round_trip(tmp_path, record, name):
    found = read_record(make(tmp_path / name, record))
    assert found is not None
    content = found.pop("content", None)
    assert found == record
    beside = {"table.csv": str, "array.npy": str, "folder": dict}
    assert type(content) is beside.get(name, type(None))


def test_a_record_that_was_changed_is_said(tmp_path, record):
    path = make(tmp_path / "array.npy", record)
    text = sidecar(path).read_text()
    sidecar(path).write_text(text.replace("0.003", "0.004"))
    with pytest.raises(RepalignError, match="not what was written"):
        read_record(path)


@pytest.mark.parametrize("name", FORMATS)
def test_the_record_does_not_follow_a_file_without_one(tmp_path, record, name):
    """A foreign file of the same format has no record, and is not an error."""
    path = make(tmp_path / name, record)
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"x": [1]}), path)
    elif path.suffix == ".png":
        Figure((1, 1)).savefig(path)
    else:
        sidecar(path).unlink()
    assert read_record(path) is None


def test_the_record_says_the_source_and_the_versions(record):
    assert record["dataset_source"] == "simulated"
    assert {"python", "repalign", "numpy", "scipy", "pyarrow"} <= set(record["versions"])
    by_hand = make_record(None)
    assert by_hand["spec"] is None
    assert by_hand["dataset_source"] is None


def test_one_spelling_for_equal_records():
    one = {"b": [1, 2.5, None], "a": {"y": "é", "x": True}}
    other = {"a": {"x": True, "y": "é"}, "b": [1, 2.5, None]}
    assert encode(one) == encode(other) == '{"a":{"x":true,"y":"é"},"b":[1,2.5,null]}'


def test_lists_keep_their_order():
    assert encode({"a": [2, 1]}) != encode({"a": [1, 2]})


@pytest.mark.parametrize("name", FORMATS)
def test_equal_work_gives_equal_bytes(tmp_path, record, name):
    """No time stamp, no path of the machine, neither of the folder nor of the user."""
    contents = []
    for where in ("one", "another/place"):
        (tmp_path / where).mkdir(parents=True)
        path = make(tmp_path / where / name, make_record(encode(SPEC)))
        files = [path if path.is_file() else sidecar(path)]
        files += [sidecar(path)] if sidecar(path).exists() else []
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]
    text = b"".join(contents[0]).decode("latin1")
    assert str(tmp_path) not in text
    assert str(Path.home()) + "/" not in text
    assert not re.search(r"20\d\d-\d\d-\d\d", encode(record))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("table.parquet", lambda data: data[:-10]),
        ("table.parquet", lambda data: data[:40]),
        ("table.parquet", lambda data: b""),
        ("table.parquet", lambda data: data[:4] + bytes(len(data) - 12) + data[-8:]),
        ("figure.png", lambda data: data[:20]),
        ("figure.png", lambda data: b"not a figure"),
    ],
    ids=["no footer", "start alone", "empty", "broken footer", "cut figure", "no figure"],
)
def test_a_damaged_file_is_said(tmp_path, record, name, damage):
    path = make(tmp_path / name, record)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RepalignError, match=re.escape(name)):
        read_record(path)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b""])
def test_a_damaged_sidecar_is_said(tmp_path, record, content):
    path = make(tmp_path / "table.csv", record)
    sidecar(path).write_bytes(content)
    with pytest.raises(RepalignError, match="provenance"):
        read_record(path)


def test_a_missing_parquet_file_is_said(tmp_path):
    with pytest.raises(RepalignError, match=r"gone\.parquet"):
        read_record(tmp_path / "gone.parquet")


@pytest.mark.parametrize("spec", ["{", "[1]", "compare"])
def test_a_spec_that_is_no_object_is_said(spec):
    with pytest.raises(RepalignError, match="--spec"):
        make_record(spec)


def test_numbers_survive_exactly(tmp_path):
    values = {"a": 0.1 + 0.2, "b": 1e-300, "c": 2**60}
    np.save(tmp_path / "x.npy", np.arange(3))
    write_sidecar(tmp_path / "x.npy", values)
    found = read_record(tmp_path / "x.npy")
    assert found is not None
    assert {key: found[key] for key in values} == values
    assert json.loads(encode(values)) == values
