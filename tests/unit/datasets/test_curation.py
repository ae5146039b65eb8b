"""Which trials are kept: equal numbers, reasons, and the files that name the rows."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.curated_facts import check_equal_numbers, check_real_trials, check_responses
from repalign.datasets.curated_files import write_trials
from repalign.datasets.curation import (
    Equalise,
    curated_trials,
    kept_of,
    label_width,
    labelled_trials,
)
from repalign.datasets.nsd_design import read_design
from repalign.datasets.nsd_stim_info import read_stim_info
from repalign.errors import RepalignError
from repalign.tables.columns import table_of
from repalign.tables.curated_tables import CURATED_TRIALS, LABELLED_TRIALS, TSV_COLUMNS

from .conftest import assert_error

KINDS = np.array(["person", "animal", "person", "electronic", "unknown", "person"], object)


def labels_of(n_images: int) -> pd.DataFrame:
    """Labels by image number: half are people, a sixth unknown."""
    kinds = KINDS[np.arange(n_images) % KINDS.size]
    return pd.DataFrame(
        {
            "nsd_id": np.arange(n_images)[::-1],
            "coco_id": 1000 + np.arange(n_images)[::-1],
            "supercat": kinds[::-1],
            "cat": np.where(kinds == "unknown", "unknown", "small " + kinds)[::-1],
        }
    )


@pytest.fixture
def files(tmp_path, experiment):
    design, info = experiment.write(tmp_path)
    return read_design(design), read_stim_info(info), labels_of(experiment.n_stimuli)


@pytest.fixture
def labelled(files):
    """Subjects 1, 2 and 3 did 4, 3 and 4 of 4 sessions."""
    return labelled_trials(*files, {1: 4, 2: 3, 3: 4})


def test_every_planned_trial_has_its_label(labelled, experiment):
    assert labelled.schema.equals(LABELLED_TRIALS)
    frame = labelled.to_pandas()
    assert frame.groupby("subject").size().to_dict() == {1: 60, 2: 60, 3: 60}
    own = frame[frame["subject"] == 2]
    images = experiment.images[1][experiment.order]
    np.testing.assert_array_equal(own["nsd_id"], images)
    np.testing.assert_array_equal(own["coco_id"], 1000 + images)
    assert own["supercat"].tolist() == KINDS[images % KINDS.size].tolist()
    assert own["run"].tolist() == np.repeat(np.arange(12) + 1, 5).tolist()
    assert own["run_in_session"].tolist() == np.repeat([1, 2, 3] * 4, 5).tolist()
    assert own["trial_in_session"].tolist() == list(range(15)) * 4
    assert own["acquired"].tolist() == [True] * 45 + [False] * 15


def test_numbers_are_equal_and_every_trial_has_a_reason(labelled):
    table = curated_trials(labelled, "supercategory", None, Equalise())
    assert table.schema.equals(CURATED_TRIALS)
    frame = table.to_pandas()
    kept = frame[frame["keep"]].groupby("subject").size()
    usable = {
        subject: int((own[own["trial"] < 45]["supercat"] != "unknown").sum())
        for subject, own in frame.groupby("subject")
    }
    assert kept.to_dict() == dict.fromkeys((1, 2, 3), min(usable.values()))
    assert len(set(usable.values())) > 1, "or nothing had to be left out"
    assert (frame["keep"] == (frame["drop_reason"] == "")).all()
    assert (frame[frame["trial"] >= 45]["drop_reason"] == "beyond_max_trials").all()
    gone = frame[frame["drop_reason"] == "equalised"]
    assert set(gone["supercat"]) == {"person"}
    unknown = frame[(frame["trial"] < 45) & (frame["supercat"] == "unknown")]
    assert (unknown["drop_reason"] == "unknown_label").all()
    check_equal_numbers(
        kept.to_dict(),
        {
            s: int((~own["keep"] & (own["trial"] < 45)).sum())
            for s, own in frame.groupby("subject")
        },
        45,
    )


def test_the_earliest_go_as_published(labelled):
    """The procedure restated: mark unknown from the front until all have the largest number."""
    frame = curated_trials(labelled, "supercategory", 45, Equalise(pick="earliest")).to_pandas()
    marks = {
        s: own["supercat"].astype(str).to_numpy(object) for s, own in frame.groupby("subject")
    }
    for own in marks.values():
        own[45:] = "unknown"
    most = max((own == "unknown").sum() for own in marks.values())
    for own in marks.values():
        for k in range(own.size):
            if (own == "unknown").sum() < most and own[k] == "person":
                own[k] = "unknown"
    for subject, own in marks.items():
        np.testing.assert_array_equal(frame[frame["subject"] == subject]["keep"], own != "unknown")


def test_a_random_choice_is_a_subjects_own(files):
    def chosen(sessions, seed=0):
        frame = curated_trials(
            labelled_trials(*files, sessions), "supercategory", 45, Equalise(seed=seed)
        ).to_pandas()
        gone = frame[frame["drop_reason"] == "equalised"]
        return {s: own["trial"].tolist() for s, own in gone.groupby("subject")}

    full = chosen({1: 4, 2: 3, 3: 4})
    assert full == chosen({1: 4, 2: 3, 3: 4})
    assert full != chosen({1: 4, 2: 3, 3: 4}, seed=1)
    # Fewer subjects: as many or fewer trials go, and those are the same ones.
    few = chosen({1: 4, 3: 4})
    assert all(set(gone) <= set(full[s]) for s, gone in few.items())


def test_numbers_may_stay_unequal(labelled):
    frame = curated_trials(labelled, "supercategory", None, Equalise(by="none")).to_pandas()
    assert "equalised" not in set(frame["drop_reason"])
    assert len(set(frame[frame["keep"]].groupby("subject").size())) > 1


def test_categories_can_be_decoded(labelled):
    table = curated_trials(labelled, "category", None, Equalise(label="small person"))
    assert set(kept_of(table, 3, "category")["label"]) == {
        "small person", "small animal", "small electronic",
    }  # fmt: skip
    with pytest.raises(RepalignError) as error:
        curated_trials(labelled, "category", None, Equalise(label="person"))
    assert_error(error.value, "0 trials labelled 'person'", "curated_3mm.equalise.label")


def test_trials_that_were_not_recorded_count_as_missing(labelled, caplog):
    with caplog.at_level(logging.WARNING):
        frame = curated_trials(labelled, "supercategory", 60, Equalise()).to_pandas()
    assert "subject 2 did 45 of 60 trials" in caplog.text
    reasons = frame[frame["subject"] == 2]["drop_reason"].astype(str).value_counts()
    assert reasons["not_acquired"] == 15
    assert len(set(frame[frame["keep"]].groupby("subject").size())) == 1


@pytest.mark.parametrize(
    ("limit", "equalise", "parts"),
    [
        (61, Equalise(), ("61 trials", "curated_3mm.max_trials", "60")),
        (60, Equalise(label="nobody"), ("'nobody'", "curated_3mm.equalise.label")),
    ],
)
def test_what_cannot_be_kept_is_refused(labelled, limit, equalise, parts):
    with pytest.raises(RepalignError) as error:
        curated_trials(labelled, "supercategory", limit, equalise)
    assert_error(error.value, *parts)


def test_a_subject_without_a_usable_trial_is_refused(files):
    design, info, labels = files
    nothing = labels.assign(supercat="unknown", cat="unknown")
    table = labelled_trials(design, info, nothing, {1: 4, 2: 4})
    with pytest.raises(RepalignError) as error:
        curated_trials(table, "supercategory", None, Equalise())
    assert_error(error.value, "no trial of subject 1")


def test_an_image_without_labels_and_sessions_beyond_the_design_are_refused(files):
    design, info, labels = files
    absent = int(design.trial_images(1)[0])
    with pytest.raises(RepalignError) as error:
        labelled_trials(design, info, labels[labels["nsd_id"] != absent], {1: 4})
    assert_error(error.value, f"no row of image {absent}")
    with pytest.raises(RepalignError) as error:
        labelled_trials(design, info, labels, {1: 5})
    assert_error(error.value, "5 sessions of subject 1", "nsd.sessions")


def test_files_say_what_the_rows_are_without_pickle(labelled, tmp_path):
    table = curated_trials(labelled, "supercategory", None, Equalise())
    width = label_width(table, "supercategory")
    assert width == len("electronic")
    kept = kept_of(table, 2, "supercategory")
    names = ("labels.npy", "runs.npy", "images.npy", "trials.tsv")
    labels, runs, images, trials = (tmp_path / name for name in names)
    write_trials(kept, width, labels=labels, runs=runs, images=images, trials=trials)
    loaded = [np.load(path, allow_pickle=False) for path in (labels, runs, images)]
    assert [array.dtype.str for array in loaded] == ["<U10", "<i4", "<i4"]
    frame = table.to_pandas()
    own = frame[(frame["subject"] == 2) & frame["keep"]]
    assert loaded[0].tolist() == own["supercat"].tolist()
    # The published file of runs holds labels; this one must hold runs.
    assert loaded[1].tolist() == own["run"].tolist()
    assert loaded[2].tolist() == own["nsd_id"].tolist()
    listed = pd.read_csv(trials, sep="\t", keep_default_na=False)
    assert tuple(listed) == TSV_COLUMNS
    assert listed["row"].tolist() == list(range(len(own)))
    for name in TSV_COLUMNS[1:-1]:
        assert listed[name].tolist() == own[name].tolist()
    assert listed["label"].tolist() == loaded[0].tolist()
    assert b"\r" not in trials.read_bytes()


def test_an_unknown_subject_has_no_rows(labelled):
    table = curated_trials(labelled, "supercategory", None, Equalise())
    with pytest.raises(RepalignError) as error:
        kept_of(table, 7, "supercategory")
    assert_error(error.value, "no kept trial of subject 7", "[1, 2, 3]")


def behaviour(labelled, subject: int) -> pd.DataFrame:
    """What NSD's own table says of a subject."""
    frame = labelled.to_pandas()
    own = frame[(frame["subject"] == subject) & frame["acquired"]]
    return pd.DataFrame(
        {"SESSION": own["session"], "RUN": own["run_in_session"], "73KID": own["nsd_id"] + 1}
    )


def test_runs_and_images_are_compared_with_the_behavioural_table(labelled, tmp_path):
    table, path = behaviour(labelled, 2), tmp_path / "responses.tsv"
    table.to_csv(path, sep="\t", index=False)
    check_responses(labelled, {2: path})
    for name, row, value in (("RUN", 7, 3), ("73KID", 4, 0), ("SESSION", 20, 1)):
        changed = table.copy()
        changed.iloc[row, changed.columns.get_loc(name)] = value
        changed.to_csv(path, sep="\t", index=False)
        with pytest.raises(RepalignError) as error:
            check_responses(labelled, {2: path})
        assert_error(error.value, f"{name} {value}", f"data row {row + 1}")
    table.iloc[:-1].to_csv(path, sep="\t", index=False)
    with pytest.raises(RepalignError) as error:
        check_responses(labelled, {2: path})
    assert_error(error.value, "44 trials", "45")
    table.drop(columns="RUN").to_csv(path, sep="\t", index=False)
    with pytest.raises(RepalignError) as error:
        check_responses(labelled, {2: path})
    assert_error(error.value, "no table of trials", "SESSION, RUN, 73KID")


def real_trials(n_images: int = 9_209):
    """The 30,000 trials of one subject of NSD, whose first 22,500 show some images."""
    trial = np.arange(30_000)
    session, place = trial // 750 + 1, trial % 750
    first = np.cumsum([0, *([63, 62] * 6)])
    run = np.searchsorted(first, place, side="right")
    return table_of(
        LABELLED_TRIALS,
        {
            "subject": 1, "trial": trial, "session": session, "run_in_session": run,
            "run": 12 * (session - 1) + run, "trial_in_session": place,
            "nsd_id": np.where(trial < 22_500, trial % n_images, trial % 10_000), "coco_id": 1,
            "repetition": 0, "supercat": "person", "cat": "person", "acquired": True,
        },
    )  # fmt: skip


def test_known_facts_of_the_real_experiment():
    check_real_trials(real_trials())
    with pytest.raises(RepalignError) as error:
        check_real_trials(real_trials(9_208))
    assert_error(error.value, "9208", "9209", "images in the first 22500 trials")
    table = real_trials()
    k = table.schema.names.index("run")
    run = table["run"].to_numpy().copy()
    run[62] = 2
    with pytest.raises(RepalignError) as error:
        check_real_trials(table.set_column(k, table.schema.field(k), [run]))
    assert_error(error.value, "trials of runs")


def test_numbers_that_do_not_add_up_are_refused():
    check_equal_numbers({1: 8, 2: 8}, {1: 2, 2: 2}, 10)
    with pytest.raises(RepalignError) as error:
        check_equal_numbers({1: 8, 2: 7}, {1: 2, 2: 3}, 10)
    assert_error(error.value, "kept trials of each subject", "[7, 8]")
    with pytest.raises(RepalignError) as error:
        check_equal_numbers({1: 8, 2: 8}, {1: 2, 2: 3}, 10)
    assert_error(error.value, "subject 2: kept and left out", "11")
