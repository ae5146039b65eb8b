"""The committed table of measured costs: what a job of each rule takes, by its size."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np

from repalign.cost.sizes import output_of, work_of
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

TABLE = Path("resources/costs.tsv")
LIGHT = "*"
"""Stands for all rules without a benchmark: those that are quick."""
UNIT_NOTE = "Seconds are time on one core: those of all threads of a job, added up."
"""What the table says of its times."""
START_SECONDS, START_MB = 1.0, 100.0
"""What starting Python takes, where a rule was measured at one size alone."""

NOISE_SECONDS = 0.25
"""Differences in time that say nothing: what starting Python and its imports vary by."""
SMALL_SHARE = 0.01
"""Jobs below this share of the largest measured in their unit are too small for a slope."""


@dataclass(frozen=True)
class Cost:
    """What the jobs of a rule take: a fixed part, and a part that grows with their size.

    Attributes
    ----------
    rule : str
        Name of the rule, or `*`.
    work : str
        Unit of what time and memory grow with.
    seconds, seconds_per_unit : float
        Time on one core: of a job with several threads, the sum over its threads. The slope is
        not a number where no job was large enough to show one.
    memory_mb, memory_mb_per_unit : float
        Most memory at one time.
    output : str
        Unit of what the outputs grow with.
    bytes, bytes_per_unit : float
        Size of the main output.
    jobs : int
        How many were measured.
    largest : float
        Most work of a measured job, in the unit `work`.
    """

    rule: str
    work: str
    seconds: float
    seconds_per_unit: float
    memory_mb: float
    memory_mb_per_unit: float
    output: str
    bytes: float
    bytes_per_unit: float
    jobs: int
    largest: float

    def seconds_of(self, work: float) -> float:
        """Return the time of a job; not a number beyond what was measured, without a slope."""
        if math.isnan(self.seconds_per_unit):
            return self.seconds if work <= self.largest else math.nan
        return self.seconds + self.seconds_per_unit * work


@dataclass(frozen=True)
class Measured:
    """What one job took.

    Attributes
    ----------
    rule : str
        Its rule.
    work, output : float or None
        Its sizes in the units of the rule; None where they are not known.
    seconds, memory_mb : float or None
        Time on one core, and most memory, from its benchmark, if it has one.
    bytes : float or None
        Size of its main output, if that is there.
    """

    rule: str
    work: float | None
    output: float | None
    seconds: float | None
    memory_mb: float | None
    bytes: float | None


def read_costs(path: Path = TABLE) -> dict[str, Cost]:
    """Read the table.

    Parameters
    ----------
    path : Path
        A tab-separated table; lines that start with # are notes.

    Returns
    -------
    dict of str to Cost
        By rule.

    Raises
    ------
    RepalignError
        If the file is missing, or a row is not what it should be.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RepalignError(
            f"not readable ({error.strerror})",
            where=path,
            expected="the table of measured costs",
            remedy="Restore it, for example with `git checkout`.",
        ) from error
    rows = csv.DictReader([line for line in lines if not line.startswith("#")], delimiter="\t")
    found: dict[str, Cost] = {}
    for row in rows:
        try:
            values = [_TYPES[str(field.type)](row[field.name]) for field in fields(Cost)]
            cost = Cost(*values)
        except (KeyError, TypeError, ValueError) as error:
            raise _wrong(path, f"a row that cannot be read: {row}") from error
        wanted = (work_of(cost.rule), output_of(cost.rule))
        if cost.rule != LIGHT and (cost.work, cost.output) != wanted:
            raise _wrong(path, f"{cost.rule} by {cost.work} and {cost.output}, not {wanted}")
        found[cost.rule] = cost
    return found


_TYPES = {"str": str, "float": float, "int": int}


def _wrong(path: Path, found: str) -> RepalignError:
    return RepalignError(
        found,
        where=path,
        expected=f"the columns {', '.join(field.name for field in fields(Cost))}",
        remedy="Make it anew with `repalign cost --calibrate`.",
    )


def write_costs(path: Path, costs: Mapping[str, Cost], notes: Sequence[str]) -> None:
    """Write the table, sorted by rule.

    Parameters
    ----------
    path : Path
        Where to.
    costs : mapping of str to Cost
        By rule.
    notes : sequence of str
        Lines above it: where the numbers come from.
    """
    with atomic_file(path) as temporary, temporary.open("w", newline="") as file:
        file.writelines(f"# {note}\n" for note in notes)
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(field.name for field in fields(Cost))
        for _, cost in sorted(costs.items()):
            rows.writerow(
                f"{value:.4g}" if isinstance(value, float) else value for value in astuple(cost)
            )


def fit_costs(
    measured: Sequence[Measured], known: Mapping[str, Cost] | None = None
) -> dict[str, Cost]:
    """Fit fixed parts and slopes to what jobs took.

    A slope in time counts only if jobs were large enough to show it: time grew by more than
    `NOISE_SECONDS`, and the largest job has at least `SMALL_SHARE` of the largest of any rule in
    that unit. The error of a slope is that noise over the largest work, so a rule measured on
    tiny jobs alone would turn a slow start into hours of a real dataset. Such a rule takes the
    largest slope that counts among rules of its unit; if there is none, it has none.

    Parameters
    ----------
    measured : sequence of Measured
        Jobs of any rules. Rules without a benchmark have no time of their own.
    known : mapping of str to Cost, optional
        Costs of other rules, whose slopes may be taken.

    Returns
    -------
    dict of str to Cost
        By rule.
    """
    by_rule: dict[str, list[Measured]] = {}
    for job in measured:
        if job.work is not None and job.output is not None:
            by_rule.setdefault(job.rule, []).append(job)
    fitted = {rule: _fit_rule(rule, jobs) for rule, jobs in by_rule.items()}
    return settle({**(known or {}), **fitted}, fitted)


def settle(costs: Mapping[str, Cost], rules: Iterable[str]) -> dict[str, Cost]:
    """Replace the slopes in time that do not count; see `fit_costs`.

    Parameters
    ----------
    costs : mapping of str to Cost
        By rule.
    rules : iterable of str
        Those to settle.

    Returns
    -------
    dict of str to Cost
        These alone, each with a slope that counts or not a number. Where a slope is replaced, the
        fixed part becomes what a job of half the largest work took.
    """
    largest: dict[str, float] = {}
    for cost in costs.values():
        if cost.seconds_per_unit >= 0:
            largest[cost.work] = max(largest.get(cost.work, 0.0), cost.largest)
    good = {
        rule: cost
        for rule, cost in costs.items()
        if cost.seconds_per_unit * cost.largest > NOISE_SECONDS
        and cost.largest >= SMALL_SHARE * largest[cost.work]
    }
    slopes: dict[str, float] = {}
    for cost in good.values():
        slopes[cost.work] = max(slopes.get(cost.work, 0.0), cost.seconds_per_unit)
    settled = {}
    for rule in rules:
        cost = costs[rule]
        if rule not in good and cost.seconds_per_unit >= 0:
            middle = cost.seconds + cost.seconds_per_unit * cost.largest / 2
            slope = slopes.get(cost.work, math.nan)
            cost = replace(cost, seconds=middle, seconds_per_unit=slope)
        settled[rule] = cost
    return settled


def _fit_rule(rule: str, jobs: Sequence[Measured]) -> Cost:
    """Fit the three quantities of a rule; without benchmarks, time and memory are not a number."""
    timed = [job for job in jobs if job.seconds is not None]
    sized = [job for job in jobs if job.bytes is not None]
    return Cost(
        rule,
        work_of(rule),
        *_line([(job.work, job.seconds) for job in timed], START_SECONDS),
        *_line([(job.work, job.memory_mb) for job in timed], START_MB),
        output_of(rule),
        *_line([(job.output, job.bytes) for job in sized], 0.0),
        len(jobs),
        float(max(job.work or 0 for job in jobs)),
    )


def _line(
    points: Sequence[tuple[float | None, float | None]], start: float
) -> tuple[float, float]:
    """Fit value = fixed + slope times size, neither below zero, by relative errors."""
    pairs = np.array([(x, y) for x, y in points if x is not None and y is not None and y > 0])
    if not len(pairs):
        return float("nan"), float("nan")
    x, y = pairs.T
    middle = float(np.median(y))
    if x.max() <= 1.5 * x.min() or x.max() == 0:
        fixed = min(start, middle)
        return fixed, (middle - fixed) / float(x.mean()) if x.max() else 0.0
    from scipy.optimize import nnls

    scale = float(x.max())
    columns = np.stack([np.ones_like(x), x / scale], axis=1) / y[:, np.newaxis]
    (fixed, slope), _ = nnls(columns, np.ones_like(y))
    return float(fixed), float(slope) / scale
