"""What jobs of earlier runs took, from the benchmark files beside the logs of a project."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from repalign.cost.sizes import Sizes, bytes_on_disk, output_of, work_of
from repalign.cost.table import Measured
from repalign.dag.staleness import Auditor
from repalign.dag.steps import Job, Workflow
from repalign.tables.paths import RESULTS, benchmark_of

SAME_SIZE = {"clip_quantile", "drop_same_image_pairs", "min_trials", "seed", "ties"}
"""Parameters that change what comes out, but not how long it takes."""


def earlier_runs(workflow: Workflow, sizes: Sizes, *, by_cpu: bool = False) -> list[Measured]:
    """Return what jobs took whose results are there and have the size that they would have now.

    Parameters
    ----------
    workflow : Workflow
        The steps.
    sizes : Sizes
        Their sizes.
    by_cpu : bool
        Take the time that was computed alone, as on a busy machine. Else waiting for disks counts
        as well, as it will again here.

    Returns
    -------
    list of Measured
        One a job. Results that are stale count if nothing changed that could change their size.
    """
    auditor = Auditor(workflow)
    found = []
    for job, benchmark in _jobs(workflow):
        causes = auditor.verdict(job.path)
        if causes.state not in ("current", "stale") or not all(
            cause.key.startswith("code ") or cause.key in SAME_SIZE for cause in causes.causes
        ):
            continue
        seconds, memory = _read(benchmark, by_cpu=by_cpu) if benchmark else (None, None)
        rule, on_disk = job.step.name, bytes_on_disk(workflow.root / job.path)
        found.append(
            Measured(
                rule,
                sizes.of(work_of(rule), job),
                sizes.of(output_of(rule), job),
                seconds,
                memory,
                None if on_disk is None else float(on_disk),
            )
        )
    return found


def _jobs(workflow: Workflow) -> Iterator[tuple[Job, Path | None]]:
    """Yield the jobs whose outputs are there, with their benchmark files."""
    seen: set[Job] = set()
    pending = [workflow.root / RESULTS]
    while pending:
        folder = pending.pop()
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            job = workflow.producer(str(path.relative_to(workflow.root)))
            if job is None:
                pending += [path] if path.is_dir() else []
            elif job not in seen:
                seen.add(job)
                benchmark = workflow.root / benchmark_of(job.path)
                yield job, benchmark if benchmark.is_file() else None


def _read(path: Path, *, by_cpu: bool) -> tuple[float | None, float | None]:
    """Return seconds and megabytes of a benchmark file; None for what it does not have."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    if not rows:
        return None, None
    row = rows[-1]
    clock, memory = _number(row.get("s")), _number(row.get("max_rss"))
    cpu = _number(row.get("cpu_time"))
    return _on_one_core(clock, cpu, by_cpu=by_cpu), memory


def _on_one_core(clock: float | None, cpu: float | None, *, by_cpu: bool) -> float | None:
    """Return what a job would have taken on one core, however many threads it had."""
    # A job that is over at once may be gone before its time on cores is looked at.
    if by_cpu and cpu:
        return cpu
    # One thread computes or waits, so the clock has both; several compute more than it shows.
    return max((value for value in (clock, cpu) if value is not None), default=None)


def _number(text: str | None) -> float | None:
    """Return a number of a benchmark file, where NA and - stand for none."""
    try:
        return float(text or "")
    except ValueError:
        return None
