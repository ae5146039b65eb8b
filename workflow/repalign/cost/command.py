"""`repalign cost`: what a run will take, and the table of measured costs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from repalign.cost.estimate import Estimator, estimates
from repalign.cost.pending import pending_jobs
from repalign.cost.report import Preview
from repalign.cost.runs import earlier_runs
from repalign.cost.table import (
    LIGHT,
    TABLE,
    UNIT_NOTE,
    Cost,
    Measured,
    fit_costs,
    read_costs,
    write_costs,
)
from repalign.dag.build import build_workflow
from repalign.errors import RepalignError
from repalign.settings_file import DEFAULT_SETTINGS, read_settings

Show = Callable[[str], None]


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the command to its parser."""
    command.add_argument("targets", nargs="*", metavar="TARGET", help="files; all by default")
    command.add_argument(
        "--cores", type=_cores, default=_cores("all"), help="cores of the run (default: all)"
    )
    command.add_argument(
        "--calibrate",
        action="store_true",
        help=f"make {TABLE} from earlier runs; targets are then project folders",
    )
    command.add_argument(
        "--machine", default="", help="with --calibrate: where the runs were, in words"
    )


def _cores(text: str) -> int:
    """Return a number of cores, as Snakemake takes it."""
    count = len(os.sched_getaffinity(0)) if text == "all" else int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return count


def run(options: argparse.Namespace, show: Show) -> int:
    """Print what the pending jobs of some targets will take; run nothing.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_options` defines them, and `configfile`.
    show : callable
        Takes lines of text.

    Returns
    -------
    int
        0.
    """
    if options.calibrate:
        costs, count = calibrate([Path(name) for name in options.targets or ["."]])
        machine = options.machine or "an unnamed machine"
        notes = [f"Made by `repalign cost --calibrate` from {count} jobs; {machine}.", UNIT_NOTE]
        write_costs(TABLE, costs, notes)
        show(f"{TABLE}: {len(costs)} rules from {count} jobs")
        return 0
    pending = pending_jobs(options.targets, cores=options.cores, configfile=options.configfile)
    found = estimates(pending, read_costs())
    show(Preview(pending.jobs, found, options.cores).text())
    return 0


def calibrate(projects: list[Path]) -> tuple[dict[str, Cost], int]:
    """Fit the table to the earlier runs of some projects.

    Parameters
    ----------
    projects : list of Path
        Project folders with results and benchmark files.

    Returns
    -------
    dict of str to Cost
        By rule. Rules without a benchmark have the size of their outputs alone; their time is
        that of the quickest job, since what they do is little more than to start.
    int
        Number of jobs.

    Raises
    ------
    RepalignError
        If there are no earlier runs.
    """
    jobs: list[Measured] = []
    for project in projects:
        workflow, plans = build_workflow(read_settings(project / DEFAULT_SETTINGS), project)
        sizes = Estimator(workflow, plans, {}).sizes
        jobs += earlier_runs(workflow, sizes, by_cpu=True)
    timed = [job for job in jobs if job.seconds]
    if not timed:
        raise RepalignError(
            "no benchmark file of a current result",
            where=", ".join(map(str, projects)),
            expected="projects in which the workflow ran",
            remedy="Run the workflow there first.",
        )
    costs = fit_costs(jobs)
    light = [job for job in jobs if job.seconds is None]
    shape = fit_costs([Measured(LIGHT, *_sizes(job), None, None, job.bytes) for job in light])
    if LIGHT in shape:
        row = shape[LIGHT]
        costs[LIGHT] = Cost(
            LIGHT,
            row.work,
            min(job.seconds or 0.0 for job in timed),
            0.0,
            min(job.memory_mb for job in timed if job.memory_mb),
            0.0,
            *(row.output, row.bytes, row.bytes_per_unit, row.jobs, row.largest),
        )
    return costs, len(jobs)


def _sizes(job: Measured) -> tuple[float | None, float | None]:
    return job.work, job.output
