"""Runs played through: bounds that hold for every schedule, and cases that can be worked out."""

import random

import pytest

from repalign.cost.schedule import Load, play


def test_nothing_takes_nothing():
    run = play([], 4)
    assert (run.wall, run.chain, run.memory_mb) == (0, 0, 0)


def test_jobs_side_by_side():
    loads = [Load(3, 1, 100)] * 4
    assert play(loads, 2).wall == 6
    assert play(loads, 2).memory_mb == 200
    assert play(loads, 8).wall == 3
    assert play(loads, 8).memory_mb == 400


def test_a_job_waits_for_others():
    loads = [Load(3, 1, 10), Load(4, 1, 20), Load(5, 1, 50, (0, 1))]
    run = play(loads, 4)
    assert (run.wall, run.chain, run.memory_mb) == (9, 9, 50)


def test_threads_take_cores():
    loads = [Load(2, 3, 1), Load(2, 3, 1), Load(2, 1, 1)]
    assert play(loads, 4).wall == 4
    assert play(loads, 4).memory_mb == 2, "the small one runs beside a large one"
    assert play([Load(2, 16, 1)], 4).wall == 2, "no job takes more cores than there are"


@pytest.mark.parametrize("seed", range(8))
def test_bounds(seed):
    draw = random.Random(seed)  # noqa: S311 - no secret
    loads = [
        Load(draw.random(), draw.choice((1, 2)), 10, tuple(draw.sample(range(k), min(k, 2))))
        for k in range(60)
    ]
    work = sum(load.seconds * load.threads for load in loads)
    walls = []
    for cores in (2, 4, 8, 200):
        run = play(loads, cores)
        assert max(run.chain, work / cores) <= run.wall + 1e-9
        assert run.wall <= sum(load.seconds for load in loads) + 1e-9
        walls.append(run.wall)
    assert walls[-1] == pytest.approx(run.chain)
    assert play([Load(x.seconds, 1, 10, x.after) for x in loads], 1).wall == pytest.approx(
        sum(load.seconds for load in loads)
    )
