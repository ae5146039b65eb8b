"""First captions of COCO: found by id, whatever the order; texts are texts."""

from __future__ import annotations

import csv
import logging

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models.first_captions import read_first_captions

ROWS = [
    (3, 30, "val2017", "A dog, running; two dogs"),
    (0, 31, "train2017", " None ;None"),
    (2, 32, "train2017", "NA"),
    (7, 33, "train2017", "nan;null"),
    (4, 34, "train2017", 'He said "surf";x'),
]
FIRST = {0: "None", 2: "NA", 3: "A dog, running", 4: 'He said "surf"', 7: "nan"}


def write(path, rows, header=("nsd_id", "coco_id", "cocoSplit", "captions")):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return path


def test_first_captions_in_the_order_of_images(tmp_path):
    ids, captions = read_first_captions(write(tmp_path / "c.csv", ROWS))
    assert dict(zip(ids.tolist(), captions, strict=True)) == FIRST
    assert ids.tolist() == sorted(FIRST)
    assert ids.dtype == np.int64


@pytest.mark.parametrize("seed", range(3))
def test_another_order_of_rows_gives_the_same(tmp_path, seed):
    order = np.random.default_rng(seed).permutation(len(ROWS))
    found = read_first_captions(write(tmp_path / "c.csv", [ROWS[k] for k in order]))
    expected = read_first_captions(write(tmp_path / "d.csv", ROWS))
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1] == expected[1]


def test_empty_captions_stay_and_are_counted(tmp_path, caplog):
    rows = [(1, 1, "val2017", ""), (0, 2, "val2017", "  ; a dog"), (2, 3, "val2017", "x")]
    with caplog.at_level(logging.WARNING, "repalign"):
        _, captions = read_first_captions(write(tmp_path / "c.csv", rows))
    assert captions == ["", "", "x"]
    assert "2 of 3 first captions are empty" in caplog.text


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((3, 9, "val2017", "x"), "image 3 for the second time"),
        ((-1, 9, "val2017", "x"), "-1 in column nsd_id"),
        (("2.5", 9, "val2017", "x"), r"2\.5 in column nsd_id"),
        (("NA", 9, "val2017", "x"), "'NA' in column nsd_id"),
        (("", 9, "val2017", "x"), "'' in column nsd_id"),
    ],
)
def test_wrong_images_are_refused_with_their_row(tmp_path, row, message):
    with pytest.raises(RepalignError, match=message) as caught:
        read_first_captions(write(tmp_path / "c.csv", [*ROWS, row]))
    assert caught.value.where == f"{tmp_path / 'c.csv'}, data row 6"


@pytest.mark.parametrize("name", ["nsd_id", "captions"])
def test_a_missing_column_is_named(tmp_path, name):
    header = [c if c != name else "other" for c in ("nsd_id", "coco_id", "cocoSplit", "captions")]
    with pytest.raises(RepalignError, match=f"no column {name}"):
        read_first_captions(write(tmp_path / "c.csv", ROWS, header))


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_said(tmp_path, content):
    path = tmp_path / "c.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RepalignError, match=r"c\.csv"):
        read_first_captions(path)
