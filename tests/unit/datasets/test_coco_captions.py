"""The captions table: rows are images, and every text survives the way through the file."""

from __future__ import annotations

import csv

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.datasets.coco_captions import captions_index, read_captions, write_captions
from repalign.datasets.nsd_coco import Picture
from repalign.errors import RepalignError

from .coco_content import PICTURES, content, write
from .conftest import assert_error


def index(paths, pictures=PICTURES) -> pd.DataFrame:
    return captions_index(read_captions(paths, pictures), pictures)


def test_row_k_is_image_k_and_annotators_keep_their_order(tmp_path):
    table = index(write(tmp_path, "captions"))
    assert table.columns.tolist() == ["nsd_id", "coco_id", "cocoSplit", "captions"]
    assert table.to_numpy().tolist() == [
        [0, 70, "val2017", 'People, "three" of them\n;NA'],
        [1, 30, "train2017", "Pizza, hot;None"],
        [2, 90, "train2017", "A dog.;  It's a dog"],
    ]


def test_the_file(tmp_path):
    table = index(write(tmp_path, "captions"))
    write_captions(table, tmp_path / "captions.csv")
    assert (tmp_path / "captions.csv").read_bytes() == (
        b'nsd_id,coco_id,cocoSplit,captions\n0,70,val2017,"People, ""three"" of them\n;NA"\n'
        b'1,30,train2017,"Pizza, hot;None"\n2,90,train2017,A dog.;  It\'s a dog\n'
    )
    again = pd.read_csv(tmp_path / "captions.csv", keep_default_na=False)
    assert again.equals(table)


awkward = st.text(alphabet="ab ,;\"'\r\n\tNAé\u2028\x1c", min_size=1).filter(str.strip)
words = st.sampled_from(["None", "NA", "nan", "null", "N/A", "-1.#IND", "1e5", "TRUE", "#"])


@given(st.lists(st.lists(awkward | words, min_size=1, max_size=3), min_size=3, max_size=3))
def test_every_text_comes_back(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("captions")
    numbers = iter(range(100))
    made = {split: content("captions", split) for split in ("train2017", "val2017")}
    for file in made.values():
        file["annotations"] = []
    for picture, own in zip(PICTURES, texts, strict=True):
        made[picture.split]["annotations"] += [
            {"image_id": picture.coco_id, "id": next(numbers), "caption": text} for text in own
        ]
    write_captions(index(write(folder, "captions", **made)), folder / "captions.csv")
    wanted = [";".join(text.replace(";", ",") for text in own) for own in texts]
    table = pd.read_csv(folder / "captions.csv", keep_default_na=False, dtype={"captions": str})
    assert table["captions"].tolist() == wanted
    with (folder / "captions.csv").open(newline="", encoding="utf-8") as file:
        assert [row["captions"] for row in csv.DictReader(file)] == wanted


def test_the_order_of_the_file_does_not_matter_but_for_the_annotators(tmp_path):
    table = index(write(tmp_path, "captions"))
    made = content("captions", "train2017")
    made["images"].reverse()
    made["annotations"].sort(key=lambda entry: entry["image_id"])
    assert index(write(tmp_path, "captions", train2017=made)).equals(table)
    made["annotations"].reverse()
    reversed_ = index(write(tmp_path, "captions", train2017=made))
    assert reversed_["captions"].tolist()[1:] == ["None;Pizza, hot", "  It's a dog;A dog."]


def test_an_image_without_a_caption_is_named(tmp_path, caplog):
    made = content("captions", "train2017")
    made["annotations"][0]["caption"] = " \n"
    table = index(write(tmp_path, "captions", train2017=made))
    assert table["captions"][2] == "  It's a dog"
    assert "1 blank captions are left out" in caplog.text
    made["annotations"][3]["caption"] = ""
    with pytest.raises(RepalignError) as caught:
        index(write(tmp_path, "captions", train2017=made))
    assert_error(caught.value, "captions_train2017.json", "no caption of COCO image 90", "image 2")
    made["annotations"] = [made["annotations"][k] for k in (1, 2, 4)]
    with pytest.raises(RepalignError, match="no caption of COCO image 90"):
        index(write(tmp_path, "captions", train2017=made))


@pytest.mark.parametrize("caption", [None, 5, ["A dog."]])
def test_a_caption_that_is_no_text_is_named(tmp_path, caption):
    made = content("captions", "train2017")
    made["annotations"][0]["caption"] = caption
    with pytest.raises(RepalignError) as caught:
        index(write(tmp_path, "captions", train2017=made))
    assert_error(caught.value, "annotations[0] (id 11)", f"caption: {caption!r}")


def test_images_of_another_split_or_table_are_named(tmp_path):
    paths = write(tmp_path, "captions")
    moved = [Picture(0, 70, "train2017", True, (0, 0, 0, 0)), *PICTURES[1:]]
    with pytest.raises(RepalignError) as caught:
        index(paths, moved)
    assert_error(caught.value, "captions_train2017.json", "no COCO image 70", "NSD image 0")
    with pytest.raises(RepalignError) as caught:
        index(paths, [PICTURES[0], PICTURES[2]])
    assert_error(caught.value, "the first is image 1", "from 0 on", "nsd_stim_info_merged.csv")
    with pytest.raises(RepalignError, match="the first is image 0"):
        index(paths, [])
