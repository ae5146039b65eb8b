"""Captions of a user and corrections: matched by id, kept as they stand, refused aloud."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.errors import RepalignError
from repalign.models.caption_tables import (
    align_texts,
    check_empty,
    correct,
    read_index,
    read_texts,
    write_texts,
)

IDS = np.array([0, 4, 9], dtype=np.int64)


def write(tmp_path, text: str):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def aligned(tmp_path, text: str) -> pd.DataFrame:
    path = write(tmp_path, text)
    return align_texts(read_texts(path, "nsd_id"), "nsd_id", IDS, path)


def test_rows_are_found_by_id_whatever_their_order(tmp_path):
    found = aligned(tmp_path, "caption,nsd_id\nnine,9\nzero,0\nfour, 4\n")
    assert found["caption"].to_list() == ["zero", "four", "nine"]
    assert set(found["model"]) == {"file"}
    assert set(found["prompt"]) == {""}


def test_words_that_look_like_missing_values_stay(tmp_path):
    found = aligned(tmp_path, 'nsd_id,caption\n0,None\n4,NA\n9,"null"\n')
    assert found["caption"].to_list() == ["None", "NA", "null"]
    found = aligned(tmp_path, "nsd_id,caption\n0,nan\n4,\n9, N/A \n")
    assert found["caption"].to_list() == ["nan", "", "N/A"]


def test_a_published_file_keeps_its_model_and_prompt(tmp_path):
    found = aligned(
        tmp_path,
        "nsd_id,name,path,caption,model,prompt\n"
        + "".join(f"{k},n,p,c{k},pixtral,Describe.\n" for k in (9, 0, 4)),
    )
    assert found.to_numpy().tolist() == [[f"c{k}", "pixtral", "Describe."] for k in (0, 4, 9)]


@pytest.mark.parametrize(
    ("text", "found", "where"),
    [
        ("nsd_id,caption\n0,a\n4,b\n0,c\n9,d\n", "nsd_id 0 again", "data row 3"),
        ("nsd_id,caption\n0,a\n9,d\n", "no row for 1 images, such as nsd_id 4", "table.csv"),
        ("nsd_id,caption\n0,a\n4,b\n9,d\n10,e\n", "1 ids of no image, such as nsd_id 10", "table"),
        ("nsd_id,text\n0,a\n4,b\n9,d\n", "columns nsd_id, text", "table.csv"),
        ("id,caption\n0,a\n4,b\n9,d\n", "columns id, caption", "table.csv"),
        ("nsd_id,caption\n0,a\nfour,b\n9,d\n", "'four' in column nsd_id", "data row 2"),
        ("nsd_id,caption\n0,a\n4.0,b\n9,d\n", "'4.0' in column nsd_id", "data row 2"),
        ("nsd_id,caption\n0,a\n,b\n9,d\n", "'' in column nsd_id", "data row 2"),
        ("nsd_id,caption\n0,a\n-4,b\n9,d\n", "'-4' in column nsd_id", "data row 2"),
        ("nsd_id,caption\n0,5,a\n4,6,b\n9,7,c\n", "3 fields", "data row 1"),
        ("nsd_id,caption\n0,a\n4\n9,d\n", "1 fields", "data row 2"),
        ('nsd_id,caption\n0,"a\n', "unreadable", "table.csv"),
        ("nsd_id,caption,caption\n0,a,b\n", "columns nsd_id, caption, caption", "table.csv"),
        ("", "unreadable", "table.csv"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(tmp_path, text, found, where):
    with pytest.raises(RepalignError) as caught:
        aligned(tmp_path, text)
    assert found in caught.value.found
    assert where in caught.value.where


def test_no_table_is_said(tmp_path):
    with pytest.raises(RepalignError, match="no such file"):
        read_texts(tmp_path / "gone.csv", "nsd_id")


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(st.lists(TEXT, min_size=3, max_size=3), st.sampled_from([[0, 1, 2], [2, 0, 1], [1, 0, 2]]))
def test_any_text_survives_writing_and_reading(tmp_path_factory, texts, order):
    path = tmp_path_factory.mktemp("texts") / "texts.csv"
    rows = pd.DataFrame({"nsd_id": IDS[order], "caption": [texts[k] for k in order]})
    write_texts(rows, path)
    found = align_texts(read_texts(path, "nsd_id"), "nsd_id", IDS, path)
    assert found["caption"].to_list() == [text.strip() for text in texts]


def test_an_index_keeps_its_columns_as_text(tmp_path):
    path = write(tmp_path, "bold_id,image_name,caption\n7,None,NA\n")
    index = read_index(path)
    assert index["bold_id"].dtype == np.int64
    assert index.to_numpy().tolist() == [[7, "None", "NA"]]


CAPTIONS = pd.DataFrame({"nsd_id": IDS, "name": list("abc"), "caption": ["zero", "", "nine"]})


def test_corrections_replace_captions_and_are_recorded(tmp_path):
    path = write(tmp_path, "id,caption,reason\n4,A dog.,empty\n0, None ,French\n")
    table, record = correct(CAPTIONS, "nsd_id", path)
    assert table["caption"].to_list() == ["None", "A dog.", "nine"]
    assert table["name"].to_list() == list("abc")
    assert record == {"count": 2, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert CAPTIONS["caption"].to_list() == ["zero", "", "nine"], "the table itself is not changed"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("5,A dog.,empty", "id 5"),
        ("4,A dog.,empty\n4,A cat.,empty", "id 4 again"),
        ("4,A dog., ", "no reason"),
        ("4, ,empty", "no caption"),
    ],
)
def test_wrong_corrections_are_refused(tmp_path, rows, found):
    with pytest.raises(RepalignError, match=found):
        correct(CAPTIONS, "nsd_id", write(tmp_path, f"id,caption,reason\n{rows}\n"))


def test_corrections_without_a_reason_column_are_refused(tmp_path):
    with pytest.raises(RepalignError, match="columns id, caption"):
        correct(CAPTIONS, "nsd_id", write(tmp_path, "id,caption\n4,A dog.\n"))


def test_too_many_empty_texts_are_refused():
    texts = ["a"] * 98 + ["", " "]
    assert check_empty(texts, 0.02, "t") == 2
    with pytest.raises(RepalignError, match="2 of 100 captions are empty"):
        check_empty(texts, 0.019, "t")
    assert check_empty(["None", "NA", "null"], 0, "t") == 0
    assert check_empty(["", ""], 1, "t") == 2
