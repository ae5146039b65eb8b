"""Merging captions: counts, ranks and ids of workers, and every kind of bad table."""

import logging

import pandas as pd
import pytest

from repalign.datasets.laion_captions import (
    merge_captions,
    read_ai_captions,
    read_human_captions,
)
from repalign.datasets.laion_metadata import read_metadata
from repalign.errors import RepalignError

from ..conftest import assert_error

IMAGES = pd.DataFrame(
    {
        "image_name": ["b.jpg", "a_p01.jpg", "c_OOD_.png"],
        "dataset": ["NSD", "THINGS", "OOD"],
        "participant": ["shared", "sub-01", "shared"],
        "shared": [True, False, True],
        "n_reps": [4, 4, 4],
        "ood": [False, False, True],
    }
)


def human_table(**changes):
    rows = [
        (name, str(rank), f"{name} {rank}", "main3", f"w{rank}")
        for name, n in (("a_p01.jpg", 3), ("b.jpg", 5), ("c_OOD_.png", 5))
        for rank in range(n, 0, -1)
    ]
    columns = ["image_name", "rank", "caption", "origin_collection", "participant_id"]
    table = pd.DataFrame(rows, columns=columns)
    for place, value in changes.items():
        column, row = place.rsplit("_", 1)
        table.loc[int(row), column] = value
    return table


def ai_table():
    return pd.DataFrame({"image_name": ["b.jpg"], "caption": ["a thing"], "ai_model": ["m"]})


def read(tmp_path, table):
    path = tmp_path / "human.csv"
    table.to_csv(path, index=False)
    return read_human_captions(path)


def merged(tmp_path, table, ai=None, workers="hash"):
    return merge_captions(IMAGES, read(tmp_path, table), ai_table() if ai is None else ai, workers)


def test_rows_are_in_the_order_of_the_images_then_by_rank(tmp_path):
    table = merged(tmp_path, human_table())
    assert table["image_name"].drop_duplicates().tolist() == IMAGES["image_name"].tolist()
    assert table["caption_idx"].tolist() == [0, *range(1, 6), *range(1, 4), *range(1, 6)]
    assert table["caption"].tolist()[:3] == ["a thing", "b.jpg 1", "b.jpg 2"]
    assert table["source"].value_counts().to_dict() == {"human": 13, "ai": 1}


def test_ranks_with_gaps_are_numbered_anew_and_the_worst_left_out(tmp_path):
    more = human_table()
    extra = pd.DataFrame([("a_p01.jpg", "9", "late", "topup1", "w9")], columns=more.columns)
    more = pd.concat([more.replace({"rank": {"2": "7"}}), extra])
    table = merged(tmp_path, more)
    own = table[table["image_name"] == "a_p01.jpg"]
    assert own["caption"].tolist() == ["a_p01.jpg 1", "a_p01.jpg 3", "a_p01.jpg 2"]
    assert own["caption_idx"].tolist() == [1, 2, 3]


def test_without_ranks_the_order_of_the_rows_ranks(tmp_path):
    table = merged(tmp_path, human_table().drop(columns="rank"))
    own = table[table["image_name"] == "a_p01.jpg"]
    assert own["caption"].tolist() == ["a_p01.jpg 3", "a_p01.jpg 2", "a_p01.jpg 1"]


def test_ids_of_workers_are_hashed_alike_or_kept(tmp_path):
    hashed = merged(tmp_path, human_table())
    kept = merged(tmp_path, human_table(), workers="keep")
    people = kept["source"] == "human"
    assert set(kept.loc[people, "participant_id"]) == {f"w{k}" for k in range(1, 6)}
    pairs = set(zip(kept.loc[people, "participant_id"], hashed.loc[people, "participant_id"],
                    strict=True))  # fmt: skip
    assert len(pairs) == 5
    assert not {digest for _, digest in pairs} & {worker for worker, _ in pairs}
    # The key is the content: another table gives other digests, so none can be looked up.
    other = merged(tmp_path, human_table(caption_0="another"))
    assert set(hashed["participant_id"]) & set(other["participant_id"]) == {""}


def test_words_that_readers_take_for_missing_are_kept_and_told(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        table = merged(tmp_path, human_table(caption_0="None", caption_1="null"))
    assert {"None", "null"} <= set(table["caption"])
    assert "2 captions are words" in caplog.text


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        (human_table(image_name_2="x.jpg"), ("captions by people, data row 3", "x.jpg")),
        (human_table(caption_4=" "), ("data row 5", "an empty caption")),
        (human_table(rank_1="first"), ("data row 2", "'first'")),
        (human_table(rank_0="0"), ("data row 1", "'0'")),
        (human_table(rank_0="1"), ("data row 3", "each once")),
        (human_table().iloc[1:], ("2 captions by people of a_p01.jpg", "3 of this image")),
        (human_table().drop(columns="caption"), ("no column caption",)),
    ],
)
def test_a_bad_table_of_people_names_the_row_and_no_worker(tmp_path, table, parts):
    table = table.assign(participant_id="secret-worker")
    with pytest.raises(RepalignError) as caught:
        merged(tmp_path, table)
    assert_error(caught.value, *parts)
    assert "secret-worker" not in str(caught.value)


@pytest.mark.parametrize(
    ("ai", "parts"),
    [
        (ai_table().assign(image_name="c_OOD_.png"), ("no caption of b.jpg", "1 more")),
        (pd.concat([ai_table(), ai_table().assign(image_name="a_p01.jpg")]), ("a_p01.jpg",)),
        (ai_table().iloc[:0], ("no caption of b.jpg",)),
        (ai_table().assign(caption=""), ("an empty caption",)),
        (ai_table().assign(image_name="x.jpg"), ("an unknown image",)),
    ],
)
def test_a_bad_table_of_a_model_is_refused(tmp_path, ai, parts):
    with pytest.raises(RepalignError) as caught:
        merged(tmp_path, human_table(), ai)
    assert_error(caught.value, *parts)


def test_a_models_captions_need_its_name_and_come_once(tmp_path):
    path = tmp_path / "ai.csv"
    path.write_text("image_name,caption,ai_model\na.jpg,None,m\na.jpg,x,m\n")
    with pytest.raises(RepalignError) as caught:
        read_ai_captions(path)
    assert_error(caught.value, path, "data row 2", "every image once")
    path.write_text("image_name,caption,ai_model\na.jpg,None,\n")
    with pytest.raises(RepalignError) as caught:
        read_ai_captions(path)
    assert_error(caught.value, "data row 1")
    path.write_text("image_name,caption,ai_model\na.jpg,None,m\n")
    assert read_ai_captions(path)["caption"].tolist() == ["None"]


METADATA = "image_name,dataset,participant,unique_or_shared,n_reps\n"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,LAION,x,shared,4\na,LAION,x,shared,4\n", ("data row 2", "a second time")),
        (",LAION,x,shared,4\n", ("data row 1", "no image_name")),
        ("a,LAION,x,Shared,4\n", ("data row 1", "'Shared'", "shared or unique")),
        ("a,LAION,x,shared,four\n", ("data row 1", "'four'", "n_reps")),
    ],
)
def test_a_bad_table_of_images_is_refused(tmp_path, text, parts):
    path = tmp_path / "metadata.csv"
    path.write_text(METADATA + text)
    with pytest.raises(RepalignError) as caught:
        read_metadata(path)
    assert_error(caught.value, path, *parts)


def test_names_that_look_like_missing_values_are_names(tmp_path):
    path = tmp_path / "metadata.csv"
    path.write_text(METADATA + "null,ood,NA,shared,12\nx_OOD_y.png,NSD,None,unique,4\n")
    table = read_metadata(path)
    assert table["image_name"].tolist() == ["null", "x_OOD_y.png"]
    assert table["participant"].tolist() == ["NA", "None"]
    assert table["ood"].tolist() == [True, True]
    assert table["n_reps"].tolist() == [12, 4]


def test_other_columns_are_refused(tmp_path):
    path = tmp_path / "metadata.csv"
    path.write_text("image_name,dataset\na,b\n")
    with pytest.raises(RepalignError) as caught:
        read_metadata(path)
    assert_error(caught.value, "columns image_name, dataset")
