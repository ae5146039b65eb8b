"""How long pending jobs take side by side: a run played through on a number of cores."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a job takes.

    Attributes
    ----------
    seconds : float
        Time.
    threads : int
        Cores.
    memory_mb : float
        Memory.
    after : tuple of int
        Positions of the jobs that it waits for, all of them before its own.
    """

    seconds: float
    threads: int
    memory_mb: float
    after: tuple[int, ...] = ()


@dataclass(frozen=True)
class Run:
    """What a run takes.

    Attributes
    ----------
    wall : float
        Seconds from start to end.
    chain : float
        Seconds of the longest chain of jobs that wait for each other: no number of cores makes
        the run shorter.
    memory_mb : float
        Most memory of jobs side by side.
    """

    wall: float
    chain: float
    memory_mb: float


def play(loads: Sequence[Load], cores: int) -> Run:
    """Play a run through: each job starts once it may and there are cores.

    Parameters
    ----------
    loads : sequence of Load
        The jobs, each after those that it waits for.
    cores : int
        Cores of the run; a job takes all of them at most.

    Returns
    -------
    Run
        All zero if there is no job.
    """
    waits = [len(load.after) for load in loads]
    followers: list[list[int]] = [[] for _ in loads]
    for k, load in enumerate(loads):
        for other in load.after:
            followers[other].append(k)
    ready = [k for k, count in enumerate(waits) if not count]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    now, free, memory, most = 0.0, cores, 0.0, 0.0
    while ready or running:
        passed = []
        while ready and free > 0:
            k = heapq.heappop(ready)
            threads = min(loads[k].threads, cores)
            if threads > free:
                passed.append(k)
                continue
            free -= threads
            memory += loads[k].memory_mb
            heapq.heappush(running, (now + loads[k].seconds, k))
        for k in passed:
            heapq.heappush(ready, k)
        most = max(most, memory)
        now, k = heapq.heappop(running)
        free += min(loads[k].threads, cores)
        memory -= loads[k].memory_mb
        for other in followers[k]:
            waits[other] -= 1
            if not waits[other]:
                heapq.heappush(ready, other)
    return Run(now, _longest_chain(loads), most)


def _longest_chain(loads: Sequence[Load]) -> float:
    """Return the time of the longest chain of jobs."""
    ends: list[float] = []
    for load in loads:
        ends.append(load.seconds + max((ends[k] for k in load.after), default=0.0))
    return max(ends, default=0.0)
