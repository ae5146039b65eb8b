"""The experiment tables have NSD's names, shapes, types and 0- and 1-based conventions."""

import ast

import numpy as np
import pandas as pd
import pytest
import scipy.io

from repalign.simulate.design import make_design
from repalign.simulate.settings import NsdSimulation


@pytest.fixture(scope="module")
def design(tiny_folder):
    return scipy.io.loadmat(tiny_folder / "nsd_expdesign.mat")


@pytest.fixture(scope="module")
def table(tiny_folder):
    return pd.read_csv(tiny_folder / "nsd_stim_info_merged.csv", index_col=0)


def test_the_variables_of_the_design(design, tiny):
    found = {k: (v.shape, v.dtype.name) for k, v in design.items() if not k.startswith("__")}
    n_images = tiny.n_images_per_subject
    assert found == {
        "basiccnt": ((3, 2), "uint16"),
        "masterordering": ((1, 48), "uint16"),
        "sharedix": ((1, 6), "int32"),
        "stimpattern": ((2, 3, 10), "uint8"),
        "subjectim": ((2, n_images), "int32"),
    }


def test_every_position_is_planned_three_times(design):
    values, counts = np.unique(design["masterordering"], return_counts=True)
    assert values.tolist() == list(range(1, 17))
    assert set(counts) == {3}
    assert design["basiccnt"].sum(axis=1).tolist() == [16, 16, 16]
    assert design["basiccnt"].sum(axis=0).tolist() == [24, 24]
    order = design["masterordering"][0]
    assert not (order[1:] == order[:-1]).any()


def test_shared_images_come_first_and_the_others_belong_to_one_subject(design, tiny):
    shared, images = design["sharedix"][0], design["subjectim"]
    assert (np.diff(shared) > 0).all()
    assert (images[:, :6] == shared).all()
    own = images[:, 6:].ravel()
    assert np.unique(own).size == own.size
    assert sorted([*shared, *own]) == list(range(1, tiny.n_images + 1))


def test_runs_share_the_trials_as_in_nsd(design):
    assert (design["stimpattern"].sum(axis=2) == 8).all()
    real = NsdSimulation(
        n_trials_per_session=750, n_runs=12, n_slots=75, sessions=(1,), n_planned_sessions=2
    )
    assert make_design(real).slots.sum(axis=2).tolist() == [[63, 62] * 6] * 2


def test_the_columns_of_the_stimulus_table(tiny_folder, table, tiny):
    header = (tiny_folder / "nsd_stim_info_merged.csv").read_text().splitlines()[0].split(",")
    assert header[:9] == [
        "", "cocoId", "cocoSplit", "cropBox", "loss", "nsdId", "flagged", "BOLD5000", "shared1000",
    ]  # fmt: skip
    assert header[9:] == [
        "subject1", "subject2", "subject1_rep0", "subject1_rep1", "subject1_rep2",
        "subject2_rep0", "subject2_rep1", "subject2_rep2",
    ]  # fmt: skip
    assert table.nsdId.tolist() == table.index.tolist() == list(range(tiny.n_images))
    assert table.cocoId.is_unique
    assert set(table.cocoSplit) <= {"train2017", "val2017"}
    assert {table[name].dtype for name in ("flagged", "BOLD5000", "shared1000")} == {
        np.dtype(bool)
    }
    for crop, loss in zip(table.cropBox, table.loss, strict=True):
        edges = ast.literal_eval(crop)
        assert len(edges) == 4
        assert sum(edges) == pytest.approx(loss, abs=1e-3)


def test_the_table_and_the_design_agree_on_every_planned_trial(table, design, tiny):
    order, images = design["masterordering"][0], design["subjectim"]
    assert np.flatnonzero(table.shared1000).tolist() == (design["sharedix"][0] - 1).tolist()
    for subject in (1, 2):
        columns = [f"subject{subject}_rep{r}" for r in range(3)]
        trials = table[columns].to_numpy()
        seen = table[f"subject{subject}"].to_numpy() == 1
        assert (trials[~seen] == 0).all()
        assert (np.diff(trials[seen], axis=1) > 0).all()
        # Subject 2 did one session only; the table has the trials of the second, too.
        assert sorted(trials[seen].ravel()) == list(range(1, tiny.n_planned_trials + 1))
        for image, row in zip(table.nsdId[seen], trials[seen], strict=True):
            assert (images[subject - 1, order[row - 1] - 1] == image + 1).all()


def test_repetitions_are_spread_with_first_showings_early():
    design = make_design(NsdSimulation())
    first = (design.repetition.reshape(6, 60) == 0).sum(axis=1)
    assert first[0] > 40
    assert first[-1] < 15
    assert (np.bincount(design.order) == 3).all()
