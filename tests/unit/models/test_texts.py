"""Caption files: texts come by id, words that look like nothing are words, swaps are noticed."""

import hashlib
import logging

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models.stimuli import as_rows, set_digest, stimulus_digest
from repalign.models.texts import Texts, read_texts

IDS = np.arange(5)
ROWS = [
    (0, "A dog runs."),
    (1, "None"),
    (2, "NA"),
    (3, 'A sign that says "stop, now".'),
    (4, "null"),
]


def write(path, rows, header="nsd_id,caption"):
    lines = [header] + [f'{key},"{str(text).replace(chr(34), chr(34) * 2)}"' for key, text in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "captions.csv"


def refused(path, *parts, ids=IDS, **options):
    with pytest.raises(RepalignError) as caught:
        read_texts(path, ids, **options)
    for part in parts:
        assert str(part) in str(caught.value)


def test_none_na_and_null_are_texts(path):
    texts = read_texts(write(path, ROWS), IDS)
    assert texts.values == tuple(text for _, text in ROWS)
    assert texts.empty == ()
    assert texts.ids.tolist() == IDS.tolist()


def test_texts_come_by_id_in_any_order_of_the_file(path):
    usual = read_texts(write(path, ROWS), IDS)
    mixed = read_texts(write(path, [ROWS[k] for k in (3, 0, 4, 1, 2)]), IDS)
    assert mixed.values == usual.values
    assert mixed.digest() == usual.digest()
    chosen = read_texts(path, np.array([4, 0]))
    assert chosen.values == ("null", "A dog runs.")


def test_the_first_of_cocos_captions_is_taken(path):
    header = "nsd_id,coco_id,cocoSplit,captions"
    lines = [header, '7,1,val2017," A dog, running. ;A dog.;Dogs"', "2,9,train2017,One caption"]
    path.write_text("\n".join(lines) + "\n")
    texts = read_texts(path, np.array([2, 7]))
    assert texts.values == ("One caption", "A dog, running.")


def test_a_generated_caption_keeps_its_semicolons(path):
    assert read_texts(write(path, [(0, "One; two")]), np.array([0])).values == ("One; two",)


@pytest.mark.parametrize("column", ["nsd_id", "things_id", "bold_id", "bold_position"])
def test_each_dataset_has_its_column_of_ids(path, column):
    header = f"{column},image_name,caption,model,prompt"
    path.write_text(f"{header}\n3,a.jpg,Three,m,p\n1,b.jpg,One,m,p\n")
    assert read_texts(path, np.array([1, 3])).values == ("One", "Three")


def test_the_position_in_bold5000_comes_before_its_id(path):
    path.write_text("bold_id,bold_position,caption\n900,0,Zero\n17,1,One\n")
    assert read_texts(path, np.array([0, 1])).values == ("Zero", "One")


def test_the_digest_notices_swapped_changed_and_missing_texts():
    ids = np.array([3, 1, 2])
    usual = Texts(ids, ("c", "a", "b")).digest()
    assert Texts(np.array([1, 2, 3]), ("a", "b", "c")).digest() == usual
    assert Texts(ids, ("a", "c", "b")).digest() != usual
    assert Texts(ids, ("c", "a", "B")).digest() != usual
    assert Texts(ids[:2], ("c", "a")).digest() != usual
    # A number cannot move between id and text.
    assert Texts(np.array([1]), ("23",)).digest() != Texts(np.array([12]), ("3",)).digest()


def test_the_digest_is_what_its_documentation_says():
    one, two = (hashlib.sha256(text).digest() for text in (b"1\nx", b"2\n\xc3\xa9"))
    assert stimulus_digest(2, "é".encode()) == two
    found = set_digest(np.array([2, 1]), as_rows([two, one]))
    assert found == hashlib.sha256(one + two).hexdigest()
    with pytest.raises(ValueError, match=r"expected \(3, 32\)"):
        set_digest(np.arange(3), as_rows([one, two]))


def test_empty_texts_are_refused_beyond_the_share_and_named(path, caplog):
    rows = [(0, "A dog."), (1, ""), (2, "  "), (3, "x"), (4, "y")]
    write(path, rows)
    refused(path, "2 of 5 texts are empty: ids 1, 2", "captions.max_empty_share", path)
    refused(path, "2 of 5", max_empty_share=0.39)
    with caplog.at_level(logging.WARNING, "repalign"):
        texts = read_texts(path, IDS, max_empty_share=0.4)
    assert texts.empty == (1, 2)
    assert "2 empty texts: ids 1, 2" in caplog.text


def test_the_first_of_cocos_captions_may_be_the_empty_one(path):
    path.write_text("nsd_id,captions\n0,;A dog.\n")
    refused(path, "1 of 1 texts are empty", ids=np.array([0]))


def test_a_short_row_is_an_empty_text(path):
    path.write_text("nsd_id,model,caption\n0,m,A dog.\n1,m\n")
    refused(path, "1 of 2 texts are empty: ids 1", ids=np.array([0, 1]))


def test_missing_and_repeated_stimuli_are_named(path):
    write(path, [*ROWS[:2], *ROWS[3:]])
    refused(path, "no row for 1 of 5 stimuli: nsd_id 2", path)
    write(path, [*ROWS, (3, "again")])
    refused(path, "nsd_id 3 again", "data row 6")
    write(path, [*ROWS[:4], ("four", "y")])
    refused(path, "'four'", "data row 5")


@pytest.mark.parametrize("header", ["image,caption", "nsd_id,text", "nsd_id,caption,captions"])
def test_other_columns_are_refused(path, header):
    path.write_text(header + "\n" + ",".join("1" * len(header.split(","))) + "\n")
    refused(path, header.replace(",", ", "), "header")


def test_a_missing_or_unreadable_file_is_named(tmp_path):
    refused(tmp_path / "absent.csv", "no such file", "absent.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    refused(tmp_path / "empty.csv", "cannot be read")
    (tmp_path / "latin.csv").write_bytes("nsd_id,caption\n0,café\n".encode("latin-1"))
    refused(tmp_path / "latin.csv", "cannot be read")
