"""The validator: values in the tables of masks and of captions."""

import h5py
import pytest

from repalign.tables import laion_layout as layout

from .laion_tree import edit_rows, failing, statuses


def test_localized_in_words_is_found(tree):
    def words(rows):
        for row in rows:
            row["localized"] = {"1": "yes", "0": "no"}[row["localized"]]

    edit_rows(tree / layout.MASK_TABLE, words)
    assert failing(tree) == {"S1"}


@pytest.mark.parametrize(
    ("column", "value", "invariant"),
    [
        ("mask_row", "1", "S2"),
        ("mask_row", "-1", "S1"),
        ("score", "high", "S1"),
        ("box_x0", "", "S1"),
        ("instance_id", "5", "S6"),
        ("box_x1", "400", "S7"),
        ("box_x0", "0.0", "S7"),
        ("localized", "0", "S8"),
        ("image_name", "unique_LAION_other_p01.jpg", "S9"),
    ],
)
def test_a_wrong_value_in_the_table_of_masks_is_found(tree, column, value, invariant):
    edit_rows(tree / layout.MASK_TABLE, lambda rows: rows[0].update({column: value}))
    found = statuses(tree)[invariant]
    assert found.status == "fail"
    assert "0" in found.rows[0] or value in found.rows[0]


def test_a_mask_twice_is_found(tree):
    def twice(rows):
        for key in ("image_name", "noun", "instance_id"):
            rows[1][key] = rows[0][key]

    edit_rows(tree / layout.MASK_TABLE, twice)
    assert failing(tree) >= {"S3", "S6"}


def test_scores_that_rise_are_found(tree):
    with h5py.File(tree / layout.MASKS) as file:
        n_masks = len(file["masks"])
    assert n_masks > 10

    def swap(rows):
        pair = next(r for r in rows if r["instance_id"] == "1")
        pair["score"] = "0.9999"

    edit_rows(tree / layout.MASK_TABLE, swap)
    assert failing(tree) == {"S6"}


@pytest.mark.parametrize(
    ("change", "invariant"),
    [
        (lambda rows: rows[:-1], "C2"),
        (lambda rows: rows[0].update(caption_idx="9"), "C3"),
        (lambda rows: next(r for r in rows if r["source"] == "ai").update(caption_idx="1"), "C3"),
        (lambda rows: next(r for r in rows if r["source"] == "ai").update(ai_model=""), "C5"),
        (lambda rows: next(r for r in rows if r["source"] == "human").update(ai_model="x"), "C5"),
        (lambda rows: rows[3].update(caption="  "), "C6"),
        (lambda rows: rows[3].update(image_name="no.jpg"), "C2"),
    ],
)
def test_a_wrong_value_in_the_table_of_captions_is_found(tree, change, invariant):
    edit_rows(tree / layout.CAPTIONS, change)
    assert invariant in failing(tree)


def test_text_that_is_no_utf8_is_found(tree):
    path = tree / layout.CAPTIONS
    path.write_bytes(path.read_bytes() + "caf\xe9,1\n".encode("latin-1"))
    assert failing(tree) == {"C8"}


def test_a_line_break_that_is_not_quoted_is_found(tree):
    path = tree / layout.CAPTIONS
    lines = path.read_text().splitlines(keepends=True)
    plain = next(k for k, line in enumerate(lines) if k and '"' not in line and ",human," in line)
    lines[plain] = lines[plain].replace(" ", "\n", 1)
    path.write_text("".join(lines))
    assert failing(tree) == {"C8"}
