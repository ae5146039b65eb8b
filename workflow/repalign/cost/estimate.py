"""What each pending job will take: from earlier runs here, else from the committed table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from repalign.cost.pending import Pending, PendingJob
from repalign.cost.runs import earlier_runs
from repalign.cost.sizes import Sizes, output_of, work_of
from repalign.cost.table import LIGHT, Cost, Measured, fit_costs
from repalign.dag.plans import Plans
from repalign.dag.steps import Job, Workflow

Basis = Literal["own runs", "table", "unknown", "none"]
NAN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """What a job is expected to take.

    Attributes
    ----------
    seconds, memory_mb, bytes : float
        Time on one core, most memory, and size of the outputs; not a number where that is not
        known. Time on the clock is less where the job has several threads.
    basis : str
        `own runs`: jobs of the same rule in this project, scaled by size; `table`: the committed
        table; `unknown`; `none`: a rule that only collects files.
    beyond : float
        The work as a multiple of the largest measured job's.
    """

    seconds: float
    memory_mb: float
    bytes: float
    basis: Basis
    beyond: float = 0.0


class Estimator:
    """Expected costs of jobs.

    Parameters
    ----------
    workflow : Workflow
        The steps.
    plans : Plans
        What the run covers.
    costs : mapping of str to Cost
        The committed table.
    """

    def __init__(self, workflow: Workflow, plans: Plans, costs: Mapping[str, Cost]) -> None:
        self.workflow = workflow
        self.costs = dict(costs)
        self.own: dict[str, list[Measured]] = {}
        self.sizes = Sizes(workflow, plans, self.expected_bytes)
        for job in earlier_runs(workflow, self.sizes):
            self.own.setdefault(job.rule, []).append(job)
        self._factors: dict[tuple[str, str], float] = {}
        unlisted = [job for rule, jobs in self.own.items() if rule not in costs for job in jobs]
        self.costs |= fit_costs(unlisted, costs)

    def estimate(self, job: PendingJob) -> Estimate:
        """Return what a pending job is expected to take.

        Parameters
        ----------
        job : PendingJob
            From `pending_jobs`.
        """
        made_by = self.workflow.producer(job.path) if job.path else None
        if made_by is None:
            return Estimate(0.0, 0.0, 0.0, "none")
        rule = job.rule
        work = self.sizes.of(work_of(rule), made_by)
        size = self.expected_bytes(made_by)
        if not job.is_heavy and LIGHT in self.costs:
            light = self.costs[LIGHT]
            seconds, memory = light.seconds, light.memory_mb
            return Estimate(seconds, memory, NAN if size is None else size, "table")
        cost = self.costs.get(rule)
        if cost is None or work is None or math.isnan(cost.seconds):
            return Estimate(NAN, NAN, NAN if size is None else size, "unknown")
        seconds = cost.seconds_of(work)
        memory = cost.memory_mb + cost.memory_mb_per_unit * work
        timed = [run for run in self.own.get(rule, []) if run.seconds is not None]
        if math.isnan(seconds):
            return Estimate(NAN, NAN, NAN if size is None else size, "unknown")
        largest = max([cost.largest, *(run.work or 0.0 for run in timed)])
        return Estimate(
            seconds * self._factor(rule, "seconds"),
            # Jobs stream large arrays within what they reserve.
            min(memory * self._factor(rule, "memory_mb"), max(job.reserved_mb, cost.memory_mb)),
            NAN if size is None else size,
            "own runs" if timed else "table",
            work / largest if largest else 0.0,
        )

    def expected_bytes(self, job: Job) -> float | None:
        """Return the expected size of the main output of a job, or None if it is not known."""
        rule = job.step.name
        cost = self.costs.get(rule, self.costs.get(LIGHT))
        size = self.sizes.of(output_of(rule), job)
        if cost is None or size is None or math.isnan(cost.bytes):
            return None
        return (cost.bytes + cost.bytes_per_unit * size) * self._factor(rule, "bytes")

    def _factor(self, rule: str, quantity: Literal["seconds", "memory_mb", "bytes"]) -> float:
        """Return earlier runs here over what the table expects of them; 1 without any."""
        key = (rule, quantity)
        if key not in self._factors:
            self._factors[key] = 1.0  # while outputs of this rule are inputs of it
            cost = self.costs.get(rule)
            runs = self.own.get(rule, [])
            self._factors[key] = _ratio(cost, runs, quantity) if cost else 1.0
        return self._factors[key]


def _ratio(cost: Cost, runs: Sequence[Measured], quantity: str) -> float:
    """Return the sum of what runs took over the sum of what a cost expects."""
    fixed, slope = getattr(cost, quantity), getattr(cost, quantity + "_per_unit")
    slope = 0.0 if math.isnan(slope) else slope
    pairs = [
        (getattr(run, quantity), fixed + slope * size)
        for run in runs
        if (size := run.output if quantity == "bytes" else run.work) is not None
        and getattr(run, quantity) is not None
    ]
    expected = sum(value for _, value in pairs)
    return sum(value for value, _ in pairs) / expected if expected > 0 else 1.0


def estimates(pending: Pending, costs: Mapping[str, Cost]) -> list[Estimate]:
    """Return what all pending jobs are expected to take, in their order.

    Parameters
    ----------
    pending : Pending
        From `pending_jobs`.
    costs : mapping of str to Cost
        The committed table.
    """
    estimator = Estimator(pending.workflow, pending.plans, costs)
    return [estimator.estimate(job) for job in pending.jobs]
