"""Runs of the workflow on a real Slurm, undisturbed and with everything that goes wrong there.

All runs start together, for most of their time is waiting; each test then looks at its own.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ..faults.runs import PAIR, forget, same
from ..workflow.project import SHIFT_1, Project
from .cluster import run, wait_until
from .conftest import without_results
from .runs import QUICK, Run, jobs_of, order, recover

SCRIPT = "compare_rdms"
OVERHEAD_MB = 600
MEMORY_MB = 4096
"""The defaults of `cluster.snakemake_mb` and `resources.memory_mb`."""


def kill_job(_: Run, process: int) -> None:
    os.kill(process, signal.SIGKILL)


def cancel_job(each: Run, _: int) -> None:
    run("scancel", str(each.jobs()[0].number))


def kill_controller(each: Run, _: int) -> None:
    each.kill()


WHEN_HELD = {"killed": kill_job, "cancelled": cancel_job, "controller": kill_controller}
"""What happens to a run as soon as its job runs."""


@dataclass
class Runs:
    """All runs, by what happens to them."""

    of: dict[str, Run]

    def __getitem__(self, name: str) -> Run:
        return self.of[name]


@pytest.fixture(scope="module")
def runs(cluster, undisturbed, tmp_path_factory) -> Iterator[Runs]:
    """Start everything at once."""
    root = tmp_path_factory.mktemp("runs")

    def disturbed(name: str, what: str, size_mb: int = 0) -> Project:
        project = undisturbed.copy(root / name)
        forget(project, PAIR)
        order(project, SCRIPT, what, size_mb)
        return project

    made: dict[str, Run] = {}
    try:
        made["whole"] = Run(without_results(undisturbed, root / "whole"), SHIFT_1)
        short = ("--set-resources", f"{SCRIPT}:runtime=1")
        made["time-out"] = Run(disturbed("time-out", "hold"), PAIR, *short)
        small = disturbed("memory", "memory", 700)
        small.set("resources", memory_mb=512)
        small.set("cluster", snakemake_mb=100)
        made["memory"] = Run(small, PAIR)
        for name, act in WHEN_HELD.items():
            made[name] = Run(disturbed(name, "hold"), PAIR).when_held(act)
        generic = without_results(undisturbed, root / "generic")
        made["generic"] = Run(generic, SHIFT_1, profile="cluster-generic")
        yield Runs(made)
    finally:
        for each in made.values():
            each.release()
            each.kill()


def twice(each: Run) -> None:
    """Check that a run needed two jobs, of which the first failed."""
    states = [job.state for job in each.jobs()]
    assert len(states) == 2, states
    assert states[0] != "COMPLETED"
    assert states[1] == "COMPLETED"


def as_undisturbed(each: Run, undisturbed: Project) -> None:
    """Check that a run made just what a local run makes."""
    assert same(each.project.root / each.target, undisturbed.root / each.target)


def test_a_killed_job_is_run_again(runs, undisturbed):
    each = runs["killed"]
    text = each.ends_well()
    assert "Trying to restart job" in text
    twice(each)
    assert each.jobs()[0].state == "FAILED"
    as_undisturbed(each, undisturbed)


def test_a_job_that_somebody_cancels_is_run_again(runs, undisturbed):
    each = runs["cancelled"]
    each.ends_well()
    twice(each)
    assert each.jobs()[0].state == "CANCELLED"
    as_undisturbed(each, undisturbed)


def test_a_killed_controller_is_recovered_from(runs, undisturbed):
    """By the commands of docs/cluster.md, though a refused run has written the newest log."""
    each = runs["controller"]
    wait_until(lambda: each.process.poll() is not None, "the controller is killed", 600)
    assert each.jobs()[0].state == "RUNNING"
    refused = each.project.snakemake("--", PAIR, check=False)
    assert refused.returncode
    assert "LockException" in refused.stdout + refused.stderr
    start = f'exec "{sys.executable}"'
    quick = " ".join(QUICK["slurm"])
    again = recover(
        each.project.root,
        PAIR,
        snakemake=f'{start} -m snakemake "$@"',
        python=f'{start} "$@" {quick}',
    )
    assert each.jobs()[0].state == "CANCELLED"
    assert [job.state for job in jobs_of(again)] == ["COMPLETED"]
    as_undisturbed(each, undisturbed)


def test_a_job_out_of_time_gets_more(runs, undisturbed):
    each = runs["time-out"]
    each.ends_well()
    jobs = each.jobs()
    # On a busy machine the second attempt may be the one that is held.
    assert 2 <= len(jobs) <= 4
    assert [job.minutes for job in jobs] == list(range(1, len(jobs) + 1))
    assert [job.state for job in jobs] == ["TIMEOUT"] * (len(jobs) - 1) + ["COMPLETED"]
    as_undisturbed(each, undisturbed)


def test_a_job_out_of_memory_gets_more_until_it_fits(runs, undisturbed):
    each = runs["memory"]
    each.ends_well()
    jobs = each.jobs()
    assert 2 <= len(jobs) <= 4
    assert [job.memory_mb for job in jobs] == [612 * k for k in range(1, len(jobs) + 1)]
    assert [job.state for job in jobs[:-1]] == ["FAILED"] * (len(jobs) - 1)
    attempts = (each.project.root / "faults/attempts").read_text().split()
    assert attempts.count("survived") == 1
    assert attempts[-1] == "survived"
    as_undisturbed(each, undisturbed)


def test_the_whole_workflow(runs, undisturbed):
    """Few jobs for Slurm, with what their rules ask for and what Snakemake needs."""
    each = runs["whole"]
    text = each.ends_well()
    as_undisturbed(each, undisturbed)
    jobs = each.jobs()
    assert {job.state for job in jobs} == {"COMPLETED"}
    submitted = sorted(job.comment.removeprefix("rule_") for job in jobs)
    # Of 28 jobs of the workflow; rules of one group stand in its name.
    names = ["join_rsa_subject_subject", "pairs", "prepare_nsd_trials", "rdms"]
    names += ["responses", "responses", "sessions"]
    assert len(submitted) == len(names), submitted
    for one, name in zip(submitted, names, strict=True):
        assert one.startswith(name), submitted
    assert text.count("localrule ") >= 4
    # Trials are the first; of RDMs two are computed side by side.
    assert jobs[0].memory_mb == 2000 + OVERHEAD_MB
    assert {job.memory_mb for job in jobs if "rdms" in job.comment} == {
        2 * (MEMORY_MB + OVERHEAD_MB)
    }


def test_the_whole_workflow_with_a_submit_command(runs, undisturbed):
    each = runs["generic"]
    each.ends_well()
    as_undisturbed(each, undisturbed)


def test_nothing_is_stale_afterwards(runs, undisturbed):
    """Resources grow and overheads are added; results are those of a local run to all tools."""
    whole = runs["whole"].project
    done = whole.snakemake("-n", "--", SHIFT_1)
    assert "Nothing to be done" in done.stdout + done.stderr
    assert re.fullmatch(r"\d+ current\s*", whole.repalign("why", "results").stdout)


def test_a_daemon_that_dies_and_comes_back_loses_no_job(cluster, undisturbed, tmp_path):
    """The last test, for it disturbs whatever runs on the node."""
    project = undisturbed.copy(tmp_path / "daemon")
    forget(project, PAIR)
    order(project, SCRIPT, "hold")
    each = Run(project, PAIR)
    try:
        each.wait_until_held()
        cluster.kill_daemon("slurmd")
        cluster.start_daemon("slurmd", "-D")
        wait_until(lambda: cluster.state() in {"idle", "mix", "alloc"}, "the node is back")
        each.release()
        each.ends_well()
        assert [job.state for job in each.jobs()] == ["COMPLETED"]
        as_undisturbed(each, undisturbed)
    finally:
        each.release()
        each.kill()
