"""How many trials a run compares: counted where trials are prepared, else as planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

import pandas as pd

from repalign.dag.plans import Plans
from repalign.dag.recorded import RecordedPlan
from repalign.tables import paths
from repalign.tables.parquet import read_table

PUBLISHED = {"nsd": 750, "bold5000": 350, "things": 820}
"""Trials a session, by dataset; BOLD5000 has 344 to 370."""
SHARED = {"nsd": 0.1, "bold5000": 1.0, "things": 1.0}
"""Share of trials whose images all subjects are shown."""


class TrialCounts:
    """Numbers of trials, by what a job compares.

    Parameters
    ----------
    plans : Plans
        What the run covers.
    """

    def __init__(self, plans: Plans) -> None:
        self.plans = plans
        self._tables: dict[str, pd.DataFrame | None] = {}
        self.matched = cache(self._matched)

    def distances(self, step: str, w: Mapping[str, str]) -> float | None:
        """Return the number of pairs of trials in the RDMs of one region of a job.

        Parameters
        ----------
        step : str
            Name of the step.
        w : mapping
            Its wildcards, with the dataset.
        """
        plan = self.plans[w["dataset"]]
        subject = int(w.get("subject", w.get("subject_i", 0))) or plan.subjects[0]
        if step in ("compute_session_rdms", "compare_model", "compute_model_null"):
            sizes = self._by_session(plan, subject)
            return None if sizes is None else sum(map(_pairs, sizes))
        if "image" in step or step in ("compare_tokenizers", "compare_untrained"):
            shared = self._shared(plan, subject)
            return None if shared is None else _pairs(shared / plan.n_repetitions)
        partner = int(w.get("partner", w.get("subject_j", subject)))
        chosen = (int(w.get("shift", 0)), w.get("subset", "all"))
        n_trials = self.matched(plan.name, subject, partner, *chosen)
        return None if n_trials is None else _pairs(n_trials)

    def of_null(self, w: Mapping[str, str]) -> float | None:
        """Return how many trials a draw of a null permutes, for a subject."""
        plan = self.plans[w["dataset"]]
        if "subject" in w:
            sizes = self._by_session(plan, int(w["subject"]))
            return None if sizes is None else float(sum(sizes))
        pairs = [*pairwise(plan.subjects)] or [(plan.subjects[0],) * 2]
        chosen = (int(w["shift"]), plan.default_subset)
        counts = [self.matched(plan.name, i, j, *chosen) for i, j in pairs]
        known = [count for count in counts if count is not None]
        return sum(known) / len(known) if known else None

    def _matched(
        self, dataset: str, subject: int, partner: int, shift: int, subset: str
    ) -> float | None:
        """Return how many trials of a subject on shared images have a partner's counterpart.

        A subset that is not there yet is taken for all images.
        """
        plan = self.plans[dataset]
        table = self._table(plan)
        if table is None:
            counts = [self._shared(plan, one) for one in (subject, partner)]
            known = [count for count in counts if count is not None]
            return min(known, default=None)
        n = plan.n_repetitions
        mine = {(k, (r - shift) % n) for k, r in _showings(table, subject)}
        both = mine & set(_showings(table, partner))
        path = plan.root / paths.SUBSET.format(dataset=dataset, subset=subset)
        if subset == "all" or not path.is_file():
            return float(len(both))
        wanted = set(read_table(path).column("stimulus").to_pylist())
        return float(sum(stimulus in wanted for stimulus, _ in both))

    def _shared(self, plan: RecordedPlan, subject: int) -> float | None:
        """Return how many trials of a subject show images that all subjects are shown."""
        table = self._table(plan)
        if table is not None:
            return float(((table["subject"] == subject) & table["shared"]).sum())
        sessions = self._by_session(plan, subject)
        share = _share(plan)
        return None if sessions is None or share is None else sum(sessions) * share

    def _by_session(self, plan: RecordedPlan, subject: int) -> list[float] | None:
        """Return how many trials each session of a subject has."""
        table = self._table(plan)
        if table is not None:
            own = table[table["subject"] == subject]
            return [float(count) for count in own.groupby("session").size()]
        made = plan.raw_folder.simulation or {}
        per_session = made.get("n_trials_per_session", PUBLISHED.get(plan.name))
        return None if per_session is None else [float(per_session)] * plan.sessions[subject]

    def _table(self, plan: RecordedPlan) -> pd.DataFrame | None:
        """Return the prepared trials of a dataset, if they are there."""
        if plan.name not in self._tables:
            path = plan.root / paths.TRIALS.format(dataset=plan.name)
            self._tables[plan.name] = read_table(path).to_pandas() if path.is_file() else None
        return self._tables[plan.name]


def _showings(table: pd.DataFrame, subject: int) -> Iterator[tuple[int, int]]:
    """Yield the shared images that a subject was shown, with the count of earlier showings."""
    own = table[(table["subject"] == subject) & table["shared"]]
    yield from zip(own["stimulus"].tolist(), own["repetition"].tolist(), strict=True)


def _share(plan: RecordedPlan) -> float | None:
    """Return the share of trials on shared images, as the dataset was planned."""
    made = plan.raw_folder.simulation
    if made is None or plan.name != "nsd":
        return SHARED.get(plan.name)
    own = made["settings"]
    planned = own["n_planned_sessions"] * own["n_trials_per_session"]
    return float(own["n_shared"] * plan.n_repetitions / planned)


def _pairs(n: float) -> float:
    """Return the number of pairs of n trials."""
    return n * (n - 1) / 2
