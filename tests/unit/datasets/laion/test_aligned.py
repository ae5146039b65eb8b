"""Embeddings, captions and masks by trial equal what the public client says that it returns.

Its documented semantics are stated here again, image by image and trial by trial.
"""

from __future__ import annotations

import csv

import h5py
import numpy as np
import pandas as pd
import pytest

from repalign.datasets.laion_aligned import (
    ALIGNED_CAPTIONS,
    ALIGNED_MASKS,
    aligned_captions,
    aligned_masks,
    subject_images,
    write_aligned_embedding,
)
from repalign.datasets.laion_embeddings import LaionEmbedding
from repalign.errors import RepalignError
from repalign.tables.laion_layout import CAPTION_COLUMNS, MASK_COLUMNS

NAMES = ["b+.jpg", "a.jpg", "c_OOD_x.png"]
SHOWN = [1, 0, 1, 2, 0, 1]
"""Images of the trials: repeats are the rule."""


@pytest.fixture
def shown():
    n = len(SHOWN)
    trials = pd.DataFrame(
        {
            "subject": np.uint8([3] * n + [1]),
            "trial": np.uint16([*range(n), 0]),
            "session": np.uint8([1, 1, 1, 2, 2, 2, 1]),
            "session_trial": np.uint16([0, 1, 2, 0, 1, 2, 0]),
            "stimulus": np.uint32([*SHOWN, 2]),
        }
    )
    stimuli = pd.DataFrame({"stimulus": range(3), "image_name": NAMES})
    return subject_images(trials.iloc[::-1], stimuli, 3)


def embedding(path, **changes):
    content = {
        "embedding": np.arange(12, dtype=np.float16).reshape(3, 4),
        "image_ids": ["a.jpg", "c_OOD_x.png", "b+.jpg"],
        "valid": np.ones(3, bool),
        **changes,
    }
    with h5py.File(path, "w") as file:
        for name, values in content.items():
            if values is not None:
                file[name] = values
        file.attrs["backend"] = "a test"
    return path


def test_trials_are_those_of_the_subject_in_their_order(shown):
    assert shown["image_name"].tolist() == [NAMES[k] for k in SHOWN]
    assert shown["session_trial"].tolist() == [0, 1, 2, 0, 1, 2]


def test_an_embedding_is_that_of_the_image_of_each_trial(shown, tmp_path):
    """`sub.embeddings.get(model, t)`, of every t: by name, in the file's own order of images."""
    source = embedding(tmp_path / "e.h5")
    write_aligned_embedding(
        tmp_path / "out.h5", shown, LaionEmbedding(source), {"provenance": "x"}
    )
    with h5py.File(tmp_path / "out.h5") as out, h5py.File(source) as file:
        ids = [name.decode() for name in file["image_ids"][()]]
        for trial, image in enumerate(SHOWN):
            expected = file["embedding"][ids.index(NAMES[image])]
            np.testing.assert_array_equal(out["embedding"][trial], expected)
            assert out["image_name"][trial].decode() == NAMES[image]
        assert out["embedding"].dtype == np.float16
        assert out["session"][()].tolist() == [1, 1, 1, 2, 2, 2]
        assert out.attrs["backend"] == "a test"
    write_aligned_embedding(
        tmp_path / "same.h5", shown, LaionEmbedding(source), {"provenance": "x"}
    )
    assert (tmp_path / "same.h5").read_bytes() == (tmp_path / "out.h5").read_bytes()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"image_ids": ["a.jpg", "a.jpg", "b+.jpg"]}, "'a.jpg' twice"),
        ({"image_ids": ["a.jpg", "d.jpg", "b+.jpg"]}, "no embedding of 'c_OOD_x.png'"),
        ({"valid": np.array([True, False, True])}, "'c_OOD_x.png' is not valid"),
        ({"valid": np.ones(3, np.int8)}, "valid int8"),
        ({"valid": None}, "no dataset 'valid'"),
        ({"embedding": np.full((3, 4), np.nan, np.float16)}, "'a.jpg' is not finite"),
        ({"embedding": np.zeros((3, 4))}, "embedding float64"),
        ({"embedding": np.zeros((2, 4), np.float16)}, "2 rows, 3 names"),
    ],
)
def test_embeddings_that_readers_take_silently_are_refused(shown, tmp_path, changes, found):
    with pytest.raises(RepalignError) as caught:
        LaionEmbedding(embedding(tmp_path / "e.h5", **changes)).rows(shown["image_name"].tolist())
    assert found in caught.value.found


def test_a_truncated_file_is_refused(tmp_path):
    path = embedding(tmp_path / "e.h5")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RepalignError, match="cannot be read"):
        LaionEmbedding(path)


# ------------------------------------------------------------------ captions


CAPTIONS = [
    ("a.jpg", "2", "human", "None", "topup1", "w2", ""),
    ("a.jpg", "0", "ai", "a dog, sitting", "m-1", "", "m-1"),
    ("b+.jpg", "1", "human", 'a "quoted"\nline', "main3", "w1", ""),
    ("a.jpg", "1", "human", "NA", "main3", "w1", ""),
    ("c_OOD_x.png", "1", "human", "naïve", "main3", "w9", ""),
    ("d.jpg", "1", "human", "never shown", "main3", "w9", ""),
]


def table(path, columns, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([columns, *rows])
    return path


def test_captions_are_those_of_the_image_by_rank_with_that_of_a_model_first(shown, tmp_path):
    found = aligned_captions(shown, table(tmp_path / "c.csv", CAPTION_COLUMNS, CAPTIONS))
    assert found.schema.names == ALIGNED_CAPTIONS.names
    frame = found.to_pandas()
    for trial, image in enumerate(SHOWN):
        own = sorted((row for row in CAPTIONS if row[0] == NAMES[image]), key=lambda r: int(r[1]))
        part = frame[frame["trial"] == trial]
        assert part["caption"].tolist() == [row[3] for row in own]
        assert part["caption_idx"].tolist() == [int(row[1]) for row in own]
        human = part[part["source"] == "human"]["caption"].tolist()
        assert human == [row[3] for row in own if row[2] == "human"]
    assert "w1" not in frame.to_csv(), "who wrote a caption is personal"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({2: "Human"}, "source 'Human'"),
        ({1: "first"}, "'first' in column caption_idx"),
        ({0: "z.jpg"}, "no caption of 'c_OOD_x.png'"),
    ],
)
def test_captions_that_readers_lose_silently_are_refused(shown, tmp_path, change, found):
    rows = [list(row) for row in CAPTIONS]
    for column, value in change.items():
        rows[4][column] = value
    with pytest.raises(RepalignError) as caught:
        aligned_captions(shown, table(tmp_path / "c.csv", CAPTION_COLUMNS, rows))
    assert found in caught.value.found


# ------------------------------------------------------------------ masks


MASKS = [
    ("1", "c_OOD_x.png", "null", "0", "0.9", "0", "0", "4", "4", "1", "f"),
    ("0", "a.jpg", "dog", "1", "0.3", "1", "2", "3", "4", "0", "f"),
    ("2", "a.jpg", "dog", "0", "0.8", "1", "2", "3", "4", "1", "f"),
]


def test_masks_are_those_of_the_image_in_the_order_of_their_table(shown, tmp_path):
    found = aligned_masks(shown, table(tmp_path / "m.csv", MASK_COLUMNS, MASKS))
    assert found.schema.names == ALIGNED_MASKS.names
    frame = found.to_pandas()
    for trial, image in enumerate(SHOWN):
        own = [row for row in MASKS if row[1] == NAMES[image]]
        part = frame[frame["trial"] == trial]
        assert part["mask_row"].tolist() == [int(row[0]) for row in own]
        assert part["noun"].tolist() == [row[2] for row in own]
        assert part["localized"].tolist() == [row[9] == "1" for row in own]
    assert 1 not in frame["trial"].tolist(), "an uncovered image has no row, and is no error"


def test_masks_with_other_flags_are_refused(shown, tmp_path):
    rows = [*MASKS[:2], (*MASKS[2][:9], "yes", "f")]
    with pytest.raises(RepalignError, match="localized 'yes'") as caught:
        aligned_masks(shown, table(tmp_path / "m.csv", MASK_COLUMNS, rows))
    assert "data row 3" in str(caught.value.where)
