"""The real event files give the counts of the real experiments, to the trial."""

import numpy as np
import pandas as pd
import pytest

from repalign.datasets import bold5000_facts, things_facts
from repalign.datasets.bold5000_images import (
    bold5000_images,
    check_real_bold5000,
    read_presentations,
)
from repalign.datasets.bold5000_index import stimulus_index as bold5000_index
from repalign.datasets.bold5000_trials import (
    bold5000_stimuli,
    bold5000_trials,
    read_bold5000_events,
    read_bold5000_images,
    session_counts,
    shown_to,
)
from repalign.datasets.facts import matched_by_session
from repalign.datasets.things_images import read_things_images
from repalign.datasets.things_index import stimulus_index as things_index
from repalign.datasets.things_trials import (
    read_stimulus_metadata,
    read_things_events,
    things_stimuli,
    things_trials,
)
from repalign.errors import RepalignError
from repalign.tables.schemas import STIMULI, TRIALS

from .real_events import events_table, unpack, write_lists, write_runs

SESSIONS = {1: 15, 2: 15, 3: 15, 4: 9}
RANGES = {  # of matched trials a session of i: alignment of CSI1-3, of CSI1-3 with 4, of 4
    "all": ((330, 370), (179, 246), (333, 370)),
    "coco": ((133, 151), (70, 102), (136, 148)),
    "imagenet": ((123, 151), (66, 100), (126, 149)),
    "scenes": ((64, 78), (29, 55), (64, 75)),
}


@pytest.fixture(scope="module")
def bold(tmp_path_factory):
    """Presentations from the events, the images, and the prepared tables."""
    folder = tmp_path_factory.mktemp("bold5000")
    table = events_table("bold5000_events.tsv.gz")
    shown = read_bold5000_events(write_runs(table, folder, "5000scenes", ""))
    path = folder / "images.csv"
    bold5000_images(shown, "Presented_Stimuli").to_csv(path, index=False)
    images = read_bold5000_images(path)
    trials = bold5000_trials(shown_to(shown, SESSIONS), images)
    return shown, images, trials, bold5000_stimuli(images)


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    """What was shown from the events, and the images that were, as an index of their own."""
    folder = tmp_path_factory.mktemp("things")
    table = events_table("things_events.tsv.gz")
    shown = read_things_events(write_runs(table, folder, "things", "things"), [1, 2, 3])
    seen = table.loc[table["trial_type"] != "catch", "file_path"].drop_duplicates()
    parts = seen.str.split("/", expand=True)
    concepts = sorted(set(parts[0]))
    index = pd.DataFrame({"image_name": parts[1].str.removesuffix(".jpg"), "category": parts[0]})
    index = index.sort_values("image_name", ignore_index=True)
    index.insert(0, "things_id", range(len(index)))
    index["category_id"] = index["category"].map({name: k for k, name in enumerate(concepts)})
    index["image_category_index"] = index.groupby("category_id").cumcount() + 1
    index["image_path"] = index["category"] + "/" + index["image_name"] + ".jpg"
    index.to_csv(folder / "images.csv", index=False)
    images = read_things_images(folder / "images.csv")
    return shown, images, things_trials(shown, images), things_stimuli(shown, images)


def test_bold5000_counts(bold):
    shown, _, trials, stimuli = bold
    assert len(shown) == 510 * 37 == 18870
    TRIALS.validate(trials)
    STIMULI["bold5000"].validate(stimuli)
    sizes = trials.groupby("subject").agg({"session": "nunique", "trial": "size"})
    assert sizes.to_numpy().tolist() == [[15, 5254]] * 3 + [[9, 3108]]
    runs = trials.groupby(["subject", "session", "run"]).size()
    assert runs.groupby("subject").size().tolist() == [142, 142, 142, 84]
    assert set(runs) == {37}
    assert set(runs.groupby(["subject", "session"]).size()) == {9, 10}
    assert trials.groupby("subject")["stimulus"].nunique().tolist() == [4916] * 3 + [2952]
    counts = stimuli["subset"].value_counts().to_dict()
    assert counts == {"coco": 2000, "imagenet": 1916, "scenes": 1000}
    shown_often = trials[trials.subject == 1].groupby("stimulus").size()
    assert (shown_often > 1).sum() == 113
    assert list(session_counts(trials, 4)) == list(range(1, 10))
    assert sum(session_counts(trials, 4).values()) == 3108
    bold5000_facts.check_real_trials(trials, stimuli)


def test_bold5000_repetitions_are_counted_and_not_read_from_names(bold):
    _, _, trials, _ = bold
    marked = events_table("bold5000_events.tsv.gz")["ImgType"].str.startswith("rep_")
    assert marked.sum() == 1218
    assert (trials.loc[marked.to_numpy(), "repetition"] == 0).sum() == 319
    most = trials.groupby(["subject", "stimulus"])["repetition"].max() + 1
    assert [(most[s] == 5).sum() for s in (1, 2, 3, 4)] == [0, 0, 3, 1]
    again = trials.groupby(["subject", "session", "stimulus"]).size() - 1
    assert again.sum() == 140


def test_bold5000_images_have_sparse_and_dense_ids(bold):
    _, images, trials, _ = bold
    first = trials[trials.subject == 1].drop_duplicates("stimulus")
    assert images["bold_id"].tolist() == first["trial"].tolist()
    assert images["bold_id"].max() > 4916
    assert images["bold_position"].tolist() == list(range(4916))


def test_bold5000_matched_trials(bold):
    _, _, trials, stimuli = bold
    subsets = {"all": set(stimuli.stimulus)}
    for name in ("coco", "imagenet", "scenes"):
        subsets[name] = set(stimuli.loc[stimuli.subset == name, "stimulus"])
    totals = {}
    for name, chosen in subsets.items():
        part = trials[trials.stimulus.isin(chosen)]
        own = {s: part[part.subject == s] for s in SESSIONS}
        counts: dict[int, list[int]] = {0: [], 1: [], 2: []}
        for i, j in ((i, j) for i in own for j in own if i != j):
            matched = matched_by_session(own[i], own[j])
            assert list(matched) == list(range(1, SESSIONS[i] + 1))
            counts[2 if i == 4 else 1 if j == 4 else 0] += matched.values()
            totals[name, i, j] = sum(matched.values())
        found = tuple((min(counts[k]), max(counts[k])) for k in range(3))
        assert found == RANGES[name]
    for (i, j), n in {(1, 2): 5254, (1, 3): 5251, (2, 3): 5251, (1, 4): 3107}.items():
        assert totals["all", i, j] == totals["all", j, i] == n
    assert totals["all", 4, 2] == totals["all", 3, 4] == 3107


def test_bold5000_lists_say_the_same_as_events(bold, tmp_path):
    shown, _, _, _ = bold
    folder = write_lists(events_table("bold5000_events.tsv.gz"), tmp_path)
    listed = read_presentations(folder)
    assert listed == shown
    check_real_bold5000(listed, bold5000_images(listed, "x"))


def test_bold5000_index(bold):
    shown, images, trials, _ = bold
    table = bold5000_index(shown_to(shown, SESSIONS), images).to_pandas()
    assert len(table) == 18870
    assert table["repetition"].min() == 1
    assert (table["repetition"] - 1).tolist() == trials["repetition"].tolist()
    assert table["bold_position"].tolist() == trials["stimulus"].tolist()
    assert table["subject_index"].tolist() == trials["trial"].tolist()
    assert table["run_index"].max() == 36
    assert images["bold_id"].to_numpy()[table["bold_position"]].tolist() == list(table["bold_id"])
    assert table.columns.tolist() == [
        "subject", "session", "run", "bold_id", "subject_index", "session_index", "run_index",
        "repetition", "name", "stim_source", "image_name", "bold_position",
    ]  # fmt: skip
    assert table.dtypes.astype(str).tolist()[:8] == [
        "uint8", "uint8", "uint8", "uint32", "uint16", "uint16", "uint8", "uint8",
    ]  # fmt: skip
    assert (table["name"] == table["name"].str.lower()).all()


def test_things_counts(things):
    shown, images, trials, stimuli = things
    TRIALS.validate(trials)
    STIMULI["things"].validate(stimuli)
    assert shown.groupby(["subject", "trial_type"]).size().tolist() == [1200, 8640] * 3
    assert trials.groupby(["subject", "session"]).size().unique().tolist() == [820]
    assert trials.groupby("subject")["session"].nunique().tolist() == [12] * 3
    assert trials["shared"].all()
    assert len(images) == 8740
    assert stimuli.loc[stimuli.subset == "train", "category"].nunique() == 720
    assert trials["repetition"].max() == 11
    things_facts.check_real_trials(trials, stimuli)


def test_things_matched_trials(things):
    _, _, trials, stimuli = things
    test = set(stimuli.loc[stimuli.subset == "test", "stimulus"])
    own = {s: trials[trials.subject == s] for s in (1, 2, 3)}
    for i, j in ((i, j) for i in own for j in own if i != j):
        assert set(matched_by_session(own[i], own[j]).values()) == {820}
        both = own[i].merge(own[j], on=["stimulus", "repetition"])
        tested = both["stimulus"].isin(test)
        assert (both.loc[tested, "session_x"] == both.loc[tested, "session_y"]).all()
        others = both[~tested].groupby("session_x")["session_y"].nunique()
        assert others.tolist() == [1] * 12


def test_things_events_say_the_same_as_the_table_release(things, tmp_path):
    path = unpack(
        "things_sub-01_StimulusMetadata.csv.gz", tmp_path / "sub-01_StimulusMetadata.csv"
    )
    released = read_stimulus_metadata([path], [1])
    events = things[0].loc[things[0]["subject"] == 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(released, events)


def test_things_index(things):
    shown, images, trials, _ = things
    table = things_index(shown, images).to_pandas()
    assert len(table) == 29520
    assert table["things_id"].tolist() == trials["stimulus"].tolist()
    assert table["repetition"].min() == 1
    assert (table["repetition"] - 1).tolist() == trials["repetition"].tolist()
    assert table["subject_index"].tolist() == list(range(9840)) * 3
    assert table["session_index"].max() == 819
    # As published, over all sessions: 9,840 trials in 10 run numbers.
    assert table.groupby(["subject_id", "run"])["run_index"].max().tolist() == [983] * 30
    assert table.columns.tolist() == [
        "subject_id", "session", "run", "things_id", "subject_index", "session_index", "run_index",
        "repetition", "image_name", "category_id", "category", "image_category_index",
        "trial_type",
    ]  # fmt: skip
    assert [str(table[name].dtype) for name in table][:8] == [
        "uint8", "uint8", "uint8", "uint16", "uint16", "uint16", "uint16", "uint8",
    ]  # fmt: skip
    assert table["category_id"].dtype == np.uint16
    assert table["category_id"].max() == images["category_id"].max() > 255


@pytest.mark.parametrize("drop", [0, 5000, 9839])
def test_a_lost_trial_of_the_real_data_is_found(things, bold, drop):
    _, _, trials, stimuli = things
    kept = trials.drop(index=drop)
    with pytest.raises(RepalignError, match="subject 1: trials by session"):
        things_facts.check_real_trials(kept, stimuli)
    with pytest.raises(RepalignError, match="trials"):
        bold5000_facts.check_real_trials(bold[2].drop(index=drop), bold[3])
