"""The validator: rows and trials in another order, and joins that fail."""

import h5py
import numpy as np
import pytest

from repalign.datasets.laion_checks import counts
from repalign.datasets.laion_validator import validate_laion
from repalign.tables import laion_layout as layout

from .laion_tree import CLIP, DINO, FIRST, TRIALS, edit_rows, failing, files_of, rewrite, statuses


def test_a_second_model_in_another_order_is_found(tree):
    rewrite(tree / DINO, "image_ids", lambda ids: ids[::-1])
    assert failing(tree) == {"E3"}
    assert statuses(tree)["E3"].file == "task-images_desc-DINOv2_embeddings.h5"


def test_a_sorted_table_of_images_is_found(tree):
    edit_rows(tree / layout.METADATA, lambda rows: sorted(rows, key=lambda r: r["image_name"]))
    assert failing(tree) >= {"J7"}


def test_a_sorted_table_is_found_where_all_pictures_have_one_format(tree):
    """Only the embeddings tell then."""

    def sort(rows):
        jpegs = iter(sorted((r for r in rows if r["image_name"].endswith("jpg")),
                            key=lambda r: r["image_name"]))  # fmt: skip
        return [r if r["image_name"].endswith("png") else next(jpegs) for r in rows]

    edit_rows(tree / layout.METADATA, sort)
    found = statuses(tree)["J7"]
    assert found.status == "fail"
    assert "sorted anew" in found.message


def test_trials_in_another_order_are_found(tree):
    edit_rows(tree / TRIALS.format(**FIRST), lambda rows: rows[::-1], "\t")
    found = statuses(tree)["J3"]
    assert found.status == "fail"
    assert found.rows[0] == "row 0"
    assert failing(tree) == {"J3"}


def test_fewer_trials_than_volumes_are_found(tree):
    edit_rows(tree / TRIALS.format(**FIRST), lambda rows: rows[:-1], "\t")
    assert failing(tree) == {"J2"}
    assert statuses(tree)["J6"].status == "note"


def test_an_unknown_label_is_found(tree):
    edit_rows(tree / TRIALS.format(**FIRST), lambda rows: rows[4].update(label="no.jpg"), "\t")
    found = statuses(tree)["J1"]
    assert (found.status, found.rows) == ("fail", ("row 4: 'no.jpg'",))


def test_a_row_that_is_not_valid_is_found(tree):
    rewrite(tree / CLIP, "valid", lambda valid: np.arange(len(valid)) != 2)
    assert failing(tree) == {"E6"}


def test_nan_is_found(tree):
    rewrite(tree / CLIP, "embedding", lambda v: np.where(np.arange(len(v))[:, None] == 3,
                                                         np.float16(np.nan), v))  # fmt: skip
    assert failing(tree) == {"E4"}


def test_other_numbers_are_found(tree):
    rewrite(tree / CLIP, "embedding", lambda values: values.astype(np.float64))
    assert failing(tree) == {"E1"}


def test_a_file_without_valid_is_found(tree):
    with h5py.File(tree / CLIP, "r+") as file:
        del file["valid"]
    found = statuses(tree)
    assert failing(tree) == {"E1"}
    assert found["E6"].status == "pass"  # of the other three files
    assert counts(validate_laion(files_of(tree)))["fail"] == 1


def test_a_name_twice_is_found(tree):
    rewrite(tree / CLIP, "image_ids", lambda ids: [ids[1], *ids[1:]])
    found = statuses(tree)["E2"]
    assert found.status == "fail"
    assert "2 times" in found.rows[0]
    assert "no " in found.rows[1]


@pytest.mark.parametrize("word", ["None", "NA", "null", "nan", "n/a", "NULL", "#N/A"])
def test_a_caption_that_readers_take_for_missing_is_found(tree, word):
    edit_rows(tree / layout.CAPTIONS, lambda rows: rows[7].update(caption=word))
    found = statuses(tree)["C7"]
    assert (found.status, found.rows) == ("fail", ("row 7",))
    assert failing(tree) == {"C7"}


def test_a_noun_that_readers_take_for_missing_is_found(tree):
    edit_rows(tree / layout.MASK_TABLE, lambda rows: rows[0].update(noun="null"))
    found = statuses(tree)["C7"]
    assert (found.status, found.rows) == ("fail", ("row 0",))
    assert found.file.endswith("segmentations_metadata.csv")


def test_another_spelling_of_the_source_is_found(tree):
    edit_rows(tree / layout.CAPTIONS, lambda rows: rows[0].update(source="Human"))
    assert "C4" in failing(tree)


def test_an_image_of_another_subject_is_found(tree):
    own = next(r for r in _labels(tree, subject=3) if "_p04." in r)
    path = tree / TRIALS.format(**FIRST)
    edit_rows(path, lambda rows: rows[0].update(label=own), "\t")
    found = statuses(tree)["J4"]
    assert found.status == "fail"
    # The number in the name is an older one: p04 is sub-03.
    assert found.rows[0] == f"{own} of sub-03"


def test_a_shared_image_that_one_subject_is_not_shown_is_found(tree):
    lost = next(r for r in _labels(tree, subject=1) if r.startswith("shared"))
    for session in (1, 2):
        path = tree / TRIALS.format(subject=1, session=session)
        own = next(r for r in _labels(tree, subject=1) if "_p01." in r)

        def replace(rows, own=own):
            for row in rows:
                row["label"] = own if row["label"] == lost else row["label"]

        edit_rows(path, replace, "\t")
    found = statuses(tree)
    assert found["J5"].rows == (f"sub-01: no {lost}",)
    assert found["J6"].status == "fail"


def _labels(root, subject):
    lines = (root / TRIALS.format(subject=subject, session=1)).read_text().splitlines()[1:]
    return [line.split("\t")[3] for line in lines]
