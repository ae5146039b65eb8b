"""Runs that are killed at random moments, again and again, and then left to finish."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from random import Random

import psutil

from .lab import TARGETS, Case, Lab, Run

HOW: dict[str, tuple[str, str]] = {
    "one job, SIGKILL": ("job", "SIGKILL"),
    "run and jobs, SIGKILL": ("group", "SIGKILL"),
    "run alone, SIGKILL": ("run", "SIGKILL"),
    "run alone, SIGTERM": ("run", "SIGTERM"),
    "run alone, SIGINT": ("run", "SIGINT"),
    "run alone, SIGHUP": ("run", "SIGHUP"),
    "run and jobs, SIGTERM": ("group", "SIGTERM"),
    "run and jobs, SIGINT": ("group", "SIGINT"),
}
"""Who is hit by which signal."""
SHARES = [7, 7, 3, 2, 2, 3, 2, 2]
"""How often each of them is drawn."""
STORM = "one job, SIGKILL"
CHAIN = 9
"""At most so many kills before a run is left to finish, but for jobs killed in one run."""
AT_ONCE = 12
"""At most so many jobs of one run are killed."""


def kills(lab: Lab, rng: Random, count: int) -> Iterator[list[Case]]:
    """Kill runs until there are enough cases; yield those that one finishing run has decided."""
    steps = sorted({job.path for name in lab.truth if (job := lab.workflow.producer(name))})
    done = 0
    while done < count:
        chain: list[Case] = []
        wanted = min(rng.randint(3, CHAIN), count - done)
        _unmake(lab, rng, steps)
        while len(chain) < wanted:
            (how,) = rng.choices(list(HOW), SHARES)
            found = _kill_jobs(lab, rng) if how == STORM else _kill_run(lab, rng, how)
            chain += found
            if not found:
                # It ended before its moment: all is there again.
                _unmake(lab, rng, steps)
        _decide(lab, chain)
        done += len(chain)
        yield chain


def _unmake(lab: Lab, rng: Random, steps: list[str]) -> None:
    """Delete some targets and what they need, so that there is something to do."""
    lab.forget(*rng.sample(TARGETS, 3), *rng.sample(steps, rng.randint(3, 10)))


def _kill_run(lab: Lab, rng: Random, how: str) -> list[Case]:
    """Start a run and hit it at a random moment: on its way to the first jobs, or among them."""
    who, signal_name = HOW[how]
    run = lab.start()
    seen: set[int] = set()
    nth = rng.randint(0, 3)
    while not run.is_over() and len(seen) < nth:
        seen |= {job.pid for job in run.jobs()}
        time.sleep(0.01)
    _wait(run, rng.expovariate(2) if nth else rng.uniform(0.1, 2.0))
    names = sorted(_script(job) for job in run.jobs())
    if run.is_over():
        return []
    case = Case("kill", how, ", ".join(names) or "no job", f"{run.seconds:.2f} s")
    run.send(signal_name, group=who == "group")
    run.end()
    return [case]


def _kill_jobs(lab: Lab, rng: Random) -> list[Case]:
    """Kill some of the jobs of one run that goes on and tries killed jobs again."""
    run = lab.start("--keep-going", "--retries", "4")
    cases: list[Case] = []
    seen: set[int] = set()
    while not run.is_over():
        for job in run.jobs():
            if job.pid in seen or len(cases) == AT_ONCE:
                continue
            seen.add(job.pid)
            if rng.random() < 0.7:
                name = _script(job)
                _wait(run, rng.expovariate(3))
                with suppress(psutil.NoSuchProcess):
                    job.kill()
                    cases.append(Case("kill", STORM, name, f"{run.seconds:.2f} s"))
        time.sleep(0.01)
    return cases


def _wait(run: Run, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not run.is_over():
        time.sleep(0.005)


def _script(job: psutil.Process) -> str:
    try:
        return job.cmdline()[1].rsplit("/", 1)[1].removesuffix(".py")
    except (psutil.Error, IndexError):
        return "a job that just ended"


def _decide(lab: Lab, chain: list[Case]) -> None:
    """Give the one plain command; what it leaves decides about all kills before it."""
    status, text = lab.run()
    wrong = [] if status else lab.differences()
    for case in chain:
        case.outcome = "lost" if status else "silently wrong" if wrong else "recovered"
        case.detail = text[-600:] if status else ", ".join(wrong[:3])
    if status or wrong:
        lab.restore(*lab.truth)


def two_runs(lab: Lab, rng: Random, count: int) -> Iterator[list[Case]]:
    """Start a second run beside one that works; one of them must finish, as if alone."""
    for _ in range(count):
        lab.forget(*rng.sample(TARGETS, 2))
        first = lab.start()
        delay = rng.uniform(0.0, 3.0)
        _wait(first, delay)
        second = lab.start()
        ends = [second.end(), first.end()]
        refused = sum("another run is alive" in text for status, text in ends if status)
        case = Case("two runs", "a second run", "results/", f"{delay:.2f} s after the first")
        failed = sum(status != 0 for status, _ in ends)
        wrong = lab.differences()
        case.outcome = "silently wrong" if wrong else "recovered"
        if failed != refused:
            case.outcome = "lost"
            case.detail = " ".join(text[-300:] for status, text in ends if status)
        else:
            case.detail = "second refused" if refused else "one after the other"
        yield [case]
