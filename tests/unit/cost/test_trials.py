"""Numbers of trials: counted by hand where trials are prepared, as planned where they are not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from repalign.cost.trials import TrialCounts
from repalign.tables import paths
from repalign.tables.parquet import write_table


class Plan(SimpleNamespace):
    """What `TrialCounts` asks of a plan."""


@pytest.fixture
def plan(tmp_path: Path) -> Any:
    made = {
        "n_trials_per_session": 30,
        "settings": {"n_planned_sessions": 3, "n_trials_per_session": 30, "n_shared": 20},
    }
    return Plan(
        name="nsd", root=tmp_path, subjects=[1, 2], sessions={1: 3, 2: 2}, n_repetitions=3,
        default_subset="all", raw_folder=SimpleNamespace(simulation=made),
    )  # fmt: skip


def counts(plan: Any) -> TrialCounts:
    return TrialCounts({"nsd": plan})  # type: ignore[arg-type]


def pairs(n: float) -> float:
    return n * (n - 1) / 2


PAIR = {"dataset": "nsd", "subject_i": "01", "subject_j": "02", "shift": "1"}


def prepare(plan: Any) -> None:
    """Three shared images and one of its own: subject 1 saw all three times, subject 2 twice."""
    rows = [
        {"subject": s, "session": 1 + r, "stimulus": k, "repetition": r, "shared": k < 3}
        for s, n in ((1, 3), (2, 2))
        for r in range(n)
        for k in range(4)
    ]
    write_table(plan.root / paths.TRIALS.format(dataset="nsd"), pa.Table.from_pylist(rows), {})


def test_planned_trials_are_those_of_the_simulation(plan):
    # 20 of 30 images are shared, so that two thirds of the 60 trials of subject 2 take part.
    assert counts(plan).distances("compare_rdms", PAIR) == pairs(60 * 2 / 3)
    sessions = counts(plan).distances("compute_session_rdms", {"dataset": "nsd", "subject": "01"})
    assert sessions == 3 * pairs(30)


def test_real_trials_are_those_that_were_published(plan):
    plan.raw_folder.simulation = None
    plan.sessions = {1: 40, 2: 30}
    assert counts(plan).distances("compare_rdms", PAIR) == pairs(30 * 750 * 0.1)


def test_a_dataset_of_which_nothing_is_known_has_no_number(plan):
    plan.raw_folder.simulation = None
    plan.name = "mouse"
    unknown = TrialCounts({"mouse": plan})  # type: ignore[arg-type]
    assert unknown.distances("compare_rdms", {**PAIR, "dataset": "mouse"}) is None


@pytest.mark.parametrize(("shift", "n"), [("0", 6), ("1", 6), ("2", 6)])
def test_prepared_trials_are_counted_with_their_counterparts(plan, shift, n):
    prepare(plan)
    # Subject 2 has repetitions 0 and 1 of three images; each has one counterpart of subject 1.
    assert counts(plan).distances("compare_rdms", {**PAIR, "shift": shift}) == pairs(n)
    swapped = {**PAIR, "subject_i": "02", "subject_j": "01", "shift": shift}
    assert counts(plan).distances("compare_rdms", swapped) == pairs(n)
    own = {**PAIR, "subject_j": "02", "subject_i": "02", "shift": "1"}
    assert counts(plan).distances("compare_rdms", own) == pairs(3), "only the second showing"


def test_subsets_count_where_they_are_there(plan):
    prepare(plan)
    chosen = {**PAIR, "subset": "animate"}
    assert counts(plan).distances("compare_rdms", chosen) == pairs(6), "not there yet: all images"
    path = plan.root / paths.SUBSET.format(dataset="nsd", subset="animate")
    write_table(path, pa.table({"stimulus": [0, 3]}), {})
    assert counts(plan).distances("compare_rdms", chosen) == pairs(2)


def test_draws_permute_the_trials_of_a_pair_or_of_all_sessions(plan):
    prepare(plan)
    assert counts(plan).of_null({"dataset": "nsd", "shift": "1"}) == 6
    assert counts(plan).of_null({"dataset": "nsd", "subject": "02"}) == 8
