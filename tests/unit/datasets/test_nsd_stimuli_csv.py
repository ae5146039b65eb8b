import numpy as np
import pandas as pd
import pytest

from repalign.datasets.nsd_design import read_design
from repalign.datasets.nsd_index import stimuli_index, write_csv
from repalign.datasets.nsd_stim_info import read_stim_info
from repalign.datasets.nsd_stimuli_csv import stimuli_from_stimuli_csv, trials_from_stimuli_csv
from repalign.datasets.nsd_trials import prepared_stimuli, prepared_trials
from repalign.errors import RepalignError

from .conftest import assert_error

SESSIONS = {1: 4, 2: 3, 3: 2}


@pytest.fixture
def files(tmp_path, experiment):
    design, info = experiment.write(tmp_path)
    return read_design(design), read_stim_info(info)


@pytest.fixture
def table(files):
    return stimuli_index(files[1], SESSIONS, 15)


def read(tmp_path, table, subjects=(1, 2, 3), sessions=None):
    write_csv(table, tmp_path / "nsd_stimuli.csv")
    return trials_from_stimuli_csv(tmp_path / "nsd_stimuli.csv", subjects, sessions)


def refusal(tmp_path, table, *parts, **kw):
    with pytest.raises(RepalignError) as error:
        read(tmp_path, table, **kw)
    assert_error(error.value, tmp_path / "nsd_stimuli.csv", *parts)


@pytest.mark.parametrize("sessions", [None, SESSIONS])
def test_same_trials_as_from_the_design(tmp_path, files, table, sessions):
    shuffled = table.sample(frac=1, random_state=0)
    trials = read(tmp_path, shuffled, sessions=sessions)
    expected = prepared_trials(*files, SESSIONS).assign(run=np.uint8(0))
    pd.testing.assert_frame_equal(trials, expected)


def test_declared_sessions_count_more_than_exists(tmp_path, files, table, caplog):
    trials = read(tmp_path, table.assign(exists=False), sessions=SESSIONS)
    assert len(trials) == 9 * 15
    assert "the latter counts" in caplog.text
    refusal(tmp_path, table.assign(exists=False), "subject 1", "no session that exists",
            "nsd.sessions")  # fmt: skip


def test_subset_of_subjects(tmp_path, table):
    assert set(read(tmp_path, table, subjects=[2]).subject) == {2}
    refusal(tmp_path, table, "no trial of subject 9", "[1, 2, 3]", subjects=[9])


def test_missing_middle_session(tmp_path, table):
    gap = (table.subject == 1) & (table.session == 2)
    words = ("subject 1", "session 2 missing", "up to 4", "shift")
    refusal(tmp_path, table.assign(exists=table.exists & ~gap), *words)
    refusal(tmp_path, table[~gap], *words)
    refusal(tmp_path, table[~gap], *words, sessions=SESSIONS)
    refusal(tmp_path, table, "session 5 missing", sessions={1: 5, 2: 3, 3: 2})


def test_missing_and_repeated_trials(tmp_path, table):
    refusal(tmp_path, table.drop(index=20), "subject 1", "subject_index 21 in place 20")
    refusal(tmp_path, pd.concat([table, table.iloc[[20]]]), "subject_index 20 in place 21")


@pytest.mark.parametrize(
    ("name", "step"),
    [("subject_index", 1), ("session_index", 1), ("repetition", 1), ("session", 1)],
)
def test_counted_from_the_wrong_number(tmp_path, table, name, step):
    lowest = table[name].min() + step
    refusal(tmp_path, table.assign(**{name: table[name] + step}), f"column {name}",
            f"{lowest}-based", f"a {lowest - step}-based", "Subtract 1")  # fmt: skip


def test_one_based_ids(tmp_path, table):
    refusal(tmp_path, table.assign(nsd_id=table.nsd_id + 1), "nsd_id", "1-based", "0-based ids")


def test_ids_of_one_subject_shifted(tmp_path, table):
    shifted = table.assign(nsd_id=table.nsd_id + (table.subject == 2))
    refusal(tmp_path, shifted, "subject 2, subject_index", "same shared image", "1-based")


def test_shared_flag_that_does_not_fit(tmp_path, table):
    image = table.nsd_id[table.shared].iloc[0]
    wrong = table.assign(shared=table.shared & (table.nsd_id != image))
    refusal(tmp_path, wrong, "column shared", f"image {image}")


def test_repetition_that_is_not_chronological(tmp_path, table):
    at = table.index[(table.subject == 1) & (table.repetition == 1)][0]
    wrong = table.copy()
    wrong.loc[at, "repetition"] = 2
    refusal(tmp_path, wrong, "subject 1", f"subject_index {table.subject_index[at]}",
            "repetition 2", "1: the chronological count")  # fmt: skip


def test_session_that_does_not_follow(tmp_path, table):
    wrong = table.copy()
    wrong.loc[3, "session"] = 2
    refusal(tmp_path, wrong, "subject 1, subject_index 3", "session 2")


def test_columns_and_values(tmp_path, table):
    refusal(tmp_path, table.drop(columns="nsd_id"), "no column nsd_id")
    refusal(tmp_path, table.iloc[:0], "no row")
    refusal(tmp_path, table.assign(shared="?"), "data row 1", "shared")
    with pytest.raises(RepalignError, match="no such file"):
        trials_from_stimuli_csv(tmp_path / "none.csv", [1])


def test_stimuli(tmp_path, files, table):
    path = tmp_path / "s.csv"
    write_csv(table, path)
    expected = prepared_stimuli(files[1])
    pd.testing.assert_frame_equal(stimuli_from_stimuli_csv(path), expected)
    write_csv(table[table.subject == 1], path)
    partial = stimuli_from_stimuli_csv(path)
    assert (partial.stimulus == np.arange(len(partial))).all()
    unseen = ~partial.stimulus.isin(table.nsd_id[table.subject == 1])
    assert (partial.coco_id[unseen] == 0).all()
    assert not partial.shared[unseen].any()
    seen = partial.stimulus[~unseen]
    pd.testing.assert_frame_equal(partial.loc[seen], expected.loc[seen])


def test_stimuli_with_two_descriptions(tmp_path, table):
    wrong = table.copy()
    at = table.index[table.repetition == 1][0]
    wrong.loc[at, "coco_id"] += 1
    write_csv(wrong, tmp_path / "s.csv")
    with pytest.raises(RepalignError, match=f"image {table.nsd_id[at]}"):
        stimuli_from_stimuli_csv(tmp_path / "s.csv")
