"""How much a job has to do, in units that its time, memory or disk space are proportional to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from repalign.cost.trials import TrialCounts
from repalign.dag.plans import Plans
from repalign.dag.steps import Job, Workflow, as_list

PRODUCTS = {"compare_rdms", "compare_rdms_partial", "compare_image_rdms", "compare_images"}
WITH_MODELS = {"compare_model", "compare_model_partial", "compare_tokenizers", "compare_untrained"}
NULLS = {"compute_subject_null", "compute_model_null"}
RDMS = {
    "compute_rdms", "rank_rdms", "compute_session_rdms", "compute_image_rdms",
    "compute_control_rdms", "compare_group",
}  # fmt: skip
WORK: Mapping[str, str] = {
    **dict.fromkeys(PRODUCTS, "products"),
    **dict.fromkeys(WITH_MODELS, "feature products"),
    **dict.fromkeys(NULLS, "permuted trials"),
    **dict.fromkeys(RDMS, "distances"),
}
"""What the time and memory of a rule are proportional to; `bytes read` for all others."""
OUTPUT: Mapping[str, str] = {
    **dict.fromkeys(RDMS - {"compare_group"}, "distances"),
    **dict.fromkeys((*PRODUCTS, "compare_group"), "pairs of regions"),
    **dict.fromkeys(WITH_MODELS, "regions"),
    **dict.fromkeys(NULLS, "draws"),
}
"""What the size of a rule's outputs is proportional to; `bytes read` for all others."""


def work_of(rule: str) -> str:
    """Return the unit of a rule's time and memory."""
    return WORK.get(rule, "bytes read")


def output_of(rule: str) -> str:
    """Return the unit of the size of a rule's outputs."""
    return OUTPUT.get(rule, "bytes read")


class Sizes:
    """Sizes of jobs, from files where they are there, else from the settings.

    Parameters
    ----------
    workflow : Workflow
        The steps.
    plans : Plans
        What the run covers.
    expected : callable
        Expected bytes of a job's main output that is not there yet, or None.
    """

    def __init__(
        self, workflow: Workflow, plans: Plans, expected: Callable[[Job], float | None]
    ) -> None:
        self.workflow = workflow
        self.plans = plans
        self.expected = expected
        self.trials = TrialCounts(plans)
        self._bytes: dict[str, float | None] = {}

    def of(self, unit: str, job: Job) -> float | None:
        """Return the size of a job in a unit.

        Parameters
        ----------
        unit : str
            One that `work_of` or `output_of` returns.
        job : Job
            The job.

        Returns
        -------
        float or None
            None where it is not known: nothing says how many trials a dataset has, or an input
            is missing whose size nothing says.
        """
        if unit == "bytes read":
            return self._read(job)
        w = self._choices(job)
        regions = self._regions(w)
        if unit == "regions":
            return regions
        if unit == "pairs of regions":
            return regions**2
        if unit == "draws":
            return int(w["permutations"]) * regions
        distances = self.trials.distances(job.step.name, w)
        if distances is None:
            return None
        if unit == "distances":
            return distances * regions
        if unit == "products":
            return distances * regions**2
        if unit == "permuted trials":
            return self._permuted(w, regions)
        features = self._bytes_of_inputs(job, lambda name: name not in ("rdms", "regions"))
        return None if features is None else distances * regions * features

    def bytes_of(self, path: str) -> float | None:
        """Return the bytes of a file or folder: those that are there, else those expected."""
        if path not in self._bytes:
            found = bytes_on_disk(self.workflow.root / path)
            job = self.workflow.producer(path) if found is None else None
            self._bytes[path] = found if job is None else self.expected(job)
        return self._bytes[path]

    def _read(self, job: Job) -> float | None:
        """Return the bytes of all that a job reads."""
        return self._bytes_of_inputs(job, lambda _: True)

    def _bytes_of_inputs(self, job: Job, wanted: Callable[[str], bool]) -> float | None:
        """Return the bytes of a job's inputs and external files whose option is wanted."""
        files = {**job.step.inputs(job.values), **job.step.external(job.values)}
        paths = [p for name, own in files.items() if wanted(name) for p in as_list(own)]
        sizes = [self.bytes_of(path) for path in paths]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    def _choices(self, job: Job) -> dict[str, str]:
        """Return the wildcards of a job, with the dataset that its path lies in."""
        folder = job.path.split("/")[1]
        return {"dataset": folder, **job.values}

    def _regions(self, w: Mapping[str, str]) -> int:
        """Return the number of regions that a job loops over."""
        plan = self.plans[w["dataset"]]
        joined = w.get("hemispheres", "joined") == "joined"
        return len(plan.areas if joined else plan.regions)

    def _permuted(self, w: Mapping[str, str], regions: int) -> float | None:
        """Return draws times regions times what a draw costs: a row of a matrix, or all of it."""
        n_trials = self.trials.of_null(w)
        if n_trials is None:
            return None
        cyclic = self.plans.settings.permutation.scheme == "cyclic"
        subjects = 1 if "subject" in w else len(self.plans[w["dataset"]].subjects)
        per_draw = n_trials if cyclic else n_trials**2
        return int(w["permutations"]) * regions * subjects * per_draw


def bytes_on_disk(path: Path) -> int | None:
    """Return the bytes of a file, or of all files in a folder; None if there is neither."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        return sum(
            Path(folder, name).stat().st_size
            for folder, _, names in os.walk(path)
            for name in names
        )
    except FileNotFoundError:
        return None
