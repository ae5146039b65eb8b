"""Trials of LAION-fMRI: joined by number of volume and name of image, never by order."""

from __future__ import annotations

import logging
import re

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.laion_trials import (
    disordered_row,
    laion_stimuli,
    laion_trials,
    read_presentations,
    read_session_trials,
    short_images,
)
from repalign.errors import RepalignError
from repalign.tables.schemas import STIMULI, TRIALS

SHARED = "shared_12rep_THINGS+_kmeans_0_balloon.jpg"
OOD = "shared_4rep_OOD_illusion-classic_x_1.png"
OWN = {1: "unique_LAION_initial_cluster_1_i0_p01.jpg", 3: "unique_THINGS_a_p04.jpg"}
NAMES = [OOD, OWN[3], SHARED, OWN[1]]


@pytest.fixture
def metadata():
    return pd.DataFrame(
        {
            "image_name": NAMES,
            "dataset": ["OOD", "THINGS", "THINGSplus", "LAION-natural"],
            "participant": ["?"] * 4,
            "shared": [True, False, True, False],
            "n_reps": [2, 2, 3, 2],
            "ood": [True, False, False, False],
        }
    )


def write(path, labels, *, session="ses-01", order=None, runs=None, index=None):
    """Write a trial table; `order` is the order of its rows."""
    rows = [
        f"{session}\t{runs[k] if runs else 1}\t{index[k] if index else k}\t{label}"
        for k, label in enumerate(labels)
    ]
    rows = [rows[k] for k in order] if order else rows
    path.write_text("\n".join(["session\trun\tbeta_index\tlabel", *rows]) + "\n")
    return path


@pytest.fixture
def tables(tmp_path):
    shown = {
        (1, 1): [SHARED, OWN[1], SHARED, OOD],
        (1, 2): [OOD, SHARED],
        (3, 1): [OOD, SHARED, OWN[3], SHARED],
        (3, 2): [SHARED, OWN[3], OOD],
    }
    return {
        key: write(tmp_path / f"{key[0]}-{key[1]}.tsv", labels, session=f"ses-{key[1]:02d}")
        for key, labels in shown.items()
    }


# ------------------------------------------------------------------ what is read


def test_trials_are_counted_and_joined_by_name(tables, metadata):
    trials = TRIALS.validate(laion_trials(read_presentations(tables, metadata), metadata))
    own = trials[trials["subject"] == 1]
    assert own["stimulus"].tolist() == [2, 3, 2, 0, 0, 2]
    assert own["repetition"].tolist() == [0, 0, 1, 0, 1, 2]
    assert own["session"].tolist() == [1, 1, 1, 1, 2, 2]
    assert own["session_trial"].tolist() == [0, 1, 2, 3, 0, 1]
    assert own["shared"].tolist() == [True, False, True, True, True, True]
    assert trials[trials["subject"] == 3]["stimulus"].tolist() == [0, 2, 1, 2, 2, 1, 0]


def test_stimuli_know_owner_kind_and_who_saw_them_less_often(tables, metadata):
    trials = laion_trials(read_presentations(tables, metadata), metadata)
    short = short_images(trials, metadata)
    assert short == {3: {1: 1}}, "subject 1 saw its own image once, of twice"
    stimuli = STIMULI["laion"].validate(laion_stimuli(metadata, short))
    assert stimuli["owner"].tolist() == [0, 3, 0, 1], "the number in the name is an older one"
    assert stimuli["short"].tolist() == [False, False, False, True]
    assert stimuli["ood_category"].tolist() == ["illusion-classic", "", "", ""]


def test_a_shared_image_that_one_subject_never_saw_is_not_shared(tmp_path, metadata, caplog):
    tables = {
        (1, 1): write(tmp_path / "a.tsv", [SHARED, OOD]),
        (3, 1): write(tmp_path / "b.tsv", [SHARED, OWN[3]]),
    }
    with caplog.at_level(logging.WARNING, "repalign"):
        trials = laion_trials(read_presentations(tables, metadata), metadata)
    assert trials["shared"].tolist() == [True, False, True, False]
    assert "1 trials of shared images that some subject was never shown" in caplog.text
    assert short_images(trials, metadata)[0] == {1: 1, 3: 0}


@pytest.mark.parametrize("session", ["ses-03", "03", "3"])
def test_sessions_are_read_however_they_are_written(tmp_path, session):
    found = read_session_trials(write(tmp_path / "a.tsv", [SHARED], session=session), 3)
    assert found["label"].tolist() == [SHARED]
    assert found["run"].tolist() == [1]


def test_a_name_that_looks_like_a_missing_value_is_a_name(tmp_path):
    found = read_session_trials(write(tmp_path / "a.tsv", ["NA", "null"]), 1)
    assert found["label"].tolist() == ["NA", "null"]


# ------------------------------------------------------------------ what is wrong


def test_a_table_in_another_order_is_put_into_that_of_the_volumes(tmp_path, metadata, caplog):
    """The public client takes such rows as they come: wrong trials, silently."""
    labels = [SHARED, OWN[1], OOD, SHARED]
    right = read_session_trials(write(tmp_path / "right.tsv", labels), 1)
    with caplog.at_level(logging.WARNING, "repalign"):
        found = read_session_trials(write(tmp_path / "a.tsv", labels, order=[0, 2, 3, 1]), 1)
    pd.testing.assert_frame_equal(found, right)
    assert "a.tsv, data row 2: beta_index 2" in caplog.text
    assert disordered_row(np.array([0, 2, 1])) == 1
    assert disordered_row(np.arange(3)) is None


@pytest.mark.parametrize(
    ("index", "found"),
    [([0, 1, 1], "row 3.*beta_index 1, and none that is 2"), ([1, 2, 3], "row 3.*beta_index 3")],
    ids=["a volume twice", "counted from 1"],
)
def test_rows_that_do_not_name_each_volume_once_are_refused(tmp_path, index, found):
    with pytest.raises(RepalignError) as caught:
        read_session_trials(write(tmp_path / "a.tsv", [SHARED] * 3, index=index), 1)
    assert re.search(found, f"{caught.value.where} {caught.value.found}")


def test_an_unknown_label_is_named_with_its_row(tables, metadata, tmp_path):
    write(tables[1, 2], [OOD, "shared_12rep_LAION_unknown.jpg"], session="ses-02")
    with pytest.raises(RepalignError, match="data row 2") as caught:
        read_presentations(tables, metadata)
    assert "shared_12rep_LAION_unknown.jpg" in caught.value.found


def test_an_image_of_another_subject_is_refused(tables, metadata):
    write(tables[1, 2], [OWN[3]], session="ses-02")
    with pytest.raises(RepalignError, match="an image of subject 3 alone"):
        read_presentations(tables, metadata)


def test_an_image_shown_more_often_than_planned_is_refused(tables, metadata):
    write(tables[1, 2], [OOD, OOD], session="ses-02")
    with pytest.raises(RepalignError, match="shown 3 times") as caught:
        laion_trials(read_presentations(tables, metadata), metadata)
    assert caught.value.where == "subject 1, session 2"


def test_a_session_without_its_table_is_named(tables, metadata):
    tables[3, 1].unlink()
    with pytest.raises(RepalignError, match="no such file") as caught:
        read_presentations(tables, metadata)
    assert str(caught.value.where) == str(tables[3, 1])
    assert "laion.sessions" in caught.value.remedy


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("ses-01\t1\t0", "ses-02\t1\t0"), "session 2"),
        (("ses-01\t1\t0", "one\t1\t0"), "session 'one'"),
        (("ses-01\t1\t0", "ses-01\t1\tx"), "'x' in column beta_index"),
        (("\tlabel", "\timage"), "columns session, run, beta_index, image"),
    ],
)
def test_other_values_are_refused(tmp_path, change, found):
    path = write(tmp_path / "a.tsv", [SHARED, OOD])
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(RepalignError) as caught:
        read_session_trials(path, 1)
    assert caught.value.found == found


def test_an_empty_table_is_refused(tmp_path):
    with pytest.raises(RepalignError, match="no row"):
        read_session_trials(write(tmp_path / "a.tsv", []), 1)
