"""Sets of images of LAION-fMRI: kinds, sides of splits, images with and without a noun."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from repalign.datasets.laion_sets import Split, image_set, read_nouns, read_split
from repalign.errors import RepalignError
from repalign.tables.laion_layout import MASK_COLUMNS
from repalign.tables.laion_sets import IMAGE_SETS, OF_SPLITS, split_of


@pytest.fixture
def stimuli():
    return pd.DataFrame(
        {
            "stimulus": range(7),
            "image_name": list("abcdefg"),
            "shared": [True, True, True, True, False, True, False],
            "ood": [False, False, True, True, False, False, False],
            "short": [False, True, False, True, False, False, True],
        }
    )


@pytest.fixture
def masks():
    rows = [("a", "dog", True), ("f", "dog", False), ("f", "null", True), ("b", "dog", True)]
    return pd.DataFrame(rows, columns=["image_name", "noun", "localized"])


def chosen(name, stimuli, **options):
    return image_set(name, stimuli, **options).tolist()


def test_kinds_of_images(stimuli):
    assert chosen("main", stimuli) == [0, 5]
    assert chosen("main", stimuli, keep_short=True) == [0, 1, 5]
    assert chosen("ood", stimuli) == [2]
    assert chosen("natural", stimuli) == [0, 4, 5]


def test_nouns_part_the_main_images_by_what_was_found_somewhere(stimuli, masks):
    assert chosen("with-noun", stimuli, masks=masks, noun="dog") == [0]
    assert chosen("without-noun", stimuli, masks=masks, noun="dog") == [5]
    assert chosen("with-noun", stimuli, masks=masks, noun="null") == [5], "`null` is a noun"
    both = [
        chosen(f"{side}-noun", stimuli, masks=masks, noun="dog") for side in ("with", "without")
    ]
    assert sorted([*both[0], *both[1]]) == chosen("main", stimuli)


def test_sides_of_a_split_are_matched_by_name(stimuli):
    split = Split(("a", "e", "b"), ("f", "c"))
    assert chosen("tau-train", stimuli, split=split) == [0], "e is not shared, b is short"
    assert chosen("tau-test", stimuli, split=split) == [2, 5]


def test_a_set_without_an_image_says_why(stimuli):
    with pytest.raises(RepalignError, match="no image among 1") as caught:
        chosen("tau-test", stimuli, split=Split(("a",), ("b",)))
    assert "laion.short_images" in caught.value.remedy


def test_a_noun_that_nothing_has_is_refused(stimuli, masks):
    with pytest.raises(RepalignError, match="no mask of the noun 'cat'") as caught:
        chosen("with-noun", stimuli, masks=masks, noun="cat")
    assert "dog" in caught.value.expected


def test_an_unknown_image_of_a_split_is_named(stimuli):
    with pytest.raises(RepalignError, match=r"image 'x\+y'"):
        chosen("tau-test", stimuli, split=Split(("a",), ("f", "x+y")))


# ------------------------------------------------------------------ files


GOOD = {
    "name": "tau", "pool": "sub-04 full pool", "n_train": 2, "n_test": 1,
    "variants": [{"variant_id": 0, "train_ids": ["a", "b"], "test_ids": ["c"]}],
}  # fmt: skip


def written(tmp_path, **changes):
    path = tmp_path / "tau.json"
    path.write_text(json.dumps({**GOOD, **changes}))
    return path


def test_a_split_is_read_whatever_its_pool_says(tmp_path):
    assert read_split(written(tmp_path)) == Split(("a", "b"), ("c",))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"name": "ood"}, "the split 'ood'"),
        ({"n_train": 3}, "2 train and 1 test images"),
        ({"variants": []}, "no split"),
        ({"variants": [{"train_ids": ["a", "b"], "test_ids": ["a"]}]}, "image a twice"),
        ({"variants": GOOD["variants"] * 2}, "no split"),
        ({"variants": [{"train": []}]}, "no split"),
    ],
)
def test_a_file_that_is_no_such_split_is_refused(tmp_path, changes, found):
    with pytest.raises(RepalignError, match=found):
        read_split(written(tmp_path, **changes))


def test_absent_splits_are_said_with_what_to_do(tmp_path):
    with pytest.raises(RepalignError) as caught:
        read_split(tmp_path / "tau.json")
    assert "laion.files.splits" in caught.value.remedy


def test_nouns_are_text_and_flags_are_0_or_1(tmp_path):
    path = tmp_path / "masks.csv"
    row = "0,a.jpg,null,0,0.5,0,0,1,1,{},f.png\n"
    path.write_text(",".join(MASK_COLUMNS) + "\n" + row.format("1"))
    assert read_nouns(path).to_numpy().tolist() == [["a.jpg", "null", True]]
    path.write_text(",".join(MASK_COLUMNS) + "\n" + row.format("1") + row.format("yes"))
    with pytest.raises(RepalignError, match="localized 'yes'") as caught:
        read_nouns(path)
    assert caught.value.where == f"{path}, data row 2"


def test_names_of_sets_say_split_and_side():
    assert split_of("cluster_k5_3-test") == ("cluster_k5_3", "test")
    assert len(OF_SPLITS) == 24
    assert len({*IMAGE_SETS}) == len(IMAGE_SETS) == 29
