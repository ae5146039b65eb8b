"""Where NSD's pictures come from, from either stimulus table."""

from __future__ import annotations

import pandas as pd
import pytest

from repalign.datasets.nsd_coco import SPLITS, Picture, read_nsd_pictures, with_annotations
from repalign.datasets.nsd_stimuli_csv import COLUMNS
from repalign.errors import RepalignError
from repalign.tables import coco_tables

from .conftest import assert_error


def stimulus_info(path, **columns):
    table = pd.DataFrame(
        {
            "cocoId": [70, 30, 90],
            "cocoSplit": ["val2017", "train2017", "train2017"],
            "cropBox": ["(0, 0, 0.25, 0.25)", "(0.2, 0.3, 0, 0)", "(0, 0, 0, 0)"],
            "loss": 0.1,
            "nsdId": range(3),
            "flagged": False,
            "BOLD5000": [0, 1, 0],
            "shared1000": [True, False, True],
            "subject1": 1,
            "subject1_rep0": [1, 2, 3],
        }
    )
    table.assign(**columns).to_csv(path)
    return path


def stimuli(path, **columns):
    """Trials of two subjects, who both see image 0; one more sees 2, and nobody sees 1."""
    rows = [(1, 0, 1, 0, 0), (1, 1, 1, 1, 2), (2, 0, 1, 0, 0)]
    table = pd.DataFrame(
        rows, columns=["subject", "subject_index", "session", "session_index", "nsd_id"]
    )
    table = table.assign(
        repetition=0,
        flagged=False,
        shared=[True, False, True],
        bold5000=False,
        coco_id=[70, 90, 70],
        coco_split=["val2017", "train2017", "val2017"],
        crop_box=["(0, 0, 0.25, 0.25)", "(0, 0, 0, 0)", "(0, 0, 0.25, 0.25)"],
        filename="x",
        exists=True,
    )
    table.assign(**columns)[list(COLUMNS)].to_csv(path, index=False)
    return path


def test_the_published_table(tmp_path):
    assert read_nsd_pictures(stimulus_info(tmp_path / "info.csv")) == [
        Picture(0, 70, "val2017", True, (0, 0, 0.25, 0.25)),
        Picture(1, 30, "train2017", False, (0.2, 0.3, 0, 0)),
        Picture(2, 90, "train2017", True, (0, 0, 0, 0)),
    ]


def test_the_table_of_trials_knows_the_images_that_they_show(tmp_path):
    assert read_nsd_pictures(stimuli(tmp_path / "stimuli.csv")) == [
        Picture(0, 70, "val2017", True, (0, 0, 0.25, 0.25)),
        Picture(2, 90, "train2017", False, (0, 0, 0, 0)),
    ]


@pytest.mark.parametrize(
    ("columns", "parts"),
    [
        ({"cocoSplit": ["val2017", "train2014", "train2017"]}, ["'train2014' of image 1"]),
        ({"cocoId": [70, 30, 30]}, ["COCO image 30 again at image 2", "once"]),
        ({"cocoId": [70, -1, 30]}, ["-1 in column cocoId", "data row 2"]),
        ({"cropBox": ["(0, 0, 0, 0)", "(0, 0, 0)", ""]}, ["'(0, 0, 0)' of image 1"]),
        ({"cropBox": ["(0, 0, 0, 0)", "(0, 0, 0.6, 0.4)", ""]}, ["of image 1", "fractions"]),
        ({"cropBox": ["(0, 0, -0.1, 0)", "", ""]}, ["of image 0", "(top, bottom, left, right)"]),
        ({"cropBox": ["(0, 0, nan, 0)", "", ""]}, ["of image 0"]),
    ],
)
def test_wrong_rows_are_named(tmp_path, columns, parts):
    path = stimulus_info(tmp_path / "info.csv", **columns)
    with pytest.raises(RepalignError) as caught:
        read_nsd_pictures(path)
    assert_error(caught.value, path, *parts)


def test_other_tables_are_refused(tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RepalignError, match="no column cocoId"):
        read_nsd_pictures(tmp_path / "other.csv")
    with pytest.raises(RepalignError, match="no such file"):
        read_nsd_pictures(tmp_path / "none.csv")
    crops = ["(0, 0, 0.25, 0.25)", "(0, 0, 0, 0)", "(0, 0, 0.2, 0.25)"]
    with pytest.raises(RepalignError, match="different descriptions of image 0"):
        read_nsd_pictures(stimuli(tmp_path / "stimuli.csv", crop_box=crops))


def test_splits_are_those_of_the_workflow():
    assert coco_tables.SPLITS == SPLITS == ("train2017", "val2017")
    assert list(with_annotations({}, [])) == []
