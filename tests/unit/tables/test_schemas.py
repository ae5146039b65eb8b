"""Prepared tables are what their schemas say, to the data type, or are not written."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from repalign.errors import RepalignError
from repalign.tables.provenance import read_record
from repalign.tables.schemas import STIMULI, TRIALS, write_checked


@pytest.fixture
def trials() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": np.array([1, 1, 2], "u1"),
            "trial": np.array([0, 1, 0], "u2"),
            "session": np.array([1, 1, 1], "u1"),
            "session_trial": np.array([0, 1, 0], "u2"),
            "run": np.array([0, 1, 1], "u1"),
            "stimulus": np.array([5, 5, 6], "u4"),
            "repetition": np.array([0, 1, 0], "u1"),
            "shared": np.array([True, True, False]),
        }
    )


@pytest.fixture
def stimuli() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stimulus": np.array([0, 1], "u4"),
            "nsd_id": np.array([2950, 72999], "u4"),
            "nsd_id_1based": np.array([2951, 73000], "u4"),
            "coco_id": np.array([9, 9], "u4"),
            "coco_split": pd.array(["val2017", "train2017"], "str"),
            "shared": [True, False],
            "flagged": [False, False],
            "bold5000": [False, True],
            "file": pd.array(["nsd_stimuli.hdf5"] * 2, "str"),
            "row": np.array([0, 1], "u4"),
        }
    )


def test_trials_round_trip_with_exact_types(tmp_path, trials):
    path = tmp_path / "trials.parquet"
    write_checked(path, trials, TRIALS, {"seed": 1})
    back = pd.read_parquet(path)
    pd.testing.assert_frame_equal(back, trials)
    assert back.dtypes.astype(str).tolist() == [
        "uint8", "uint16", "uint8", "uint16", "uint8", "uint32", "uint8", "bool",
    ]  # fmt: skip
    assert read_record(path) == {"seed": 1}
    assert list(pq.read_schema(path).metadata) == [b"repalign"]


def test_stimuli_round_trip(tmp_path, stimuli):
    write_checked(tmp_path / "s.parquet", stimuli, STIMULI["nsd"], {})
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "s.parquet"), stimuli)


@pytest.mark.parametrize("column", list(TRIALS.columns))
def test_another_type_is_refused_and_the_column_named(tmp_path, trials, column):
    wrong = trials.astype({column: "int64"})
    with pytest.raises(RepalignError, match=rf"\b{column}\b"):
        write_checked(tmp_path / "t.parquet", wrong, TRIALS, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("column", list(STIMULI["nsd"].columns))
def test_a_missing_column_is_refused_and_named(tmp_path, stimuli, column):
    with pytest.raises(RepalignError, match=rf"\b{column}\b"):
        write_checked(tmp_path / "t.parquet", stimuli.drop(columns=column), STIMULI["nsd"], {})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"subject": np.array([0, 1, 2], "u1")}, "subject"),
        ({"session": np.array([1, 0, 1], "u1")}, "session"),
        ({"trial": np.array([1, 1, 0], "u2")}, "trial"),
        ({"more": [1, 2, 3]}, "more"),
    ],
    ids=["subject 0", "session 0", "a trial twice", "another column"],
)
def test_wrong_trials_are_refused_and_named(tmp_path, trials, change, named):
    with pytest.raises(RepalignError, match=rf"\b{named}\b") as caught:
        write_checked(tmp_path / "trials.parquet", trials.assign(**change), TRIALS, {})
    assert "trials.parquet" in caught.value.where


def test_another_order_of_columns_is_refused(tmp_path, trials):
    with pytest.raises(RepalignError):
        write_checked(tmp_path / "t.parquet", trials[list(trials)[::-1]], TRIALS, {})


@pytest.mark.parametrize("column", ["stimulus", "nsd_id"])
def test_ids_of_stimuli_are_unique(tmp_path, stimuli, column):
    wrong = stimuli.assign(**{column: stimuli[column].iloc[0]})
    with pytest.raises(RepalignError, match=column):
        write_checked(tmp_path / "t.parquet", wrong, STIMULI["nsd"], {})


def test_missing_text_is_refused(tmp_path, stimuli):
    wrong = stimuli.assign(file=pd.array(["a", None], "str"))
    with pytest.raises(RepalignError, match="file"):
        write_checked(tmp_path / "t.parquet", wrong, STIMULI["nsd"], {})
