"""Estimates: from own runs where there are any, scaled by size; unknown where nothing is known."""

import math

import pytest

from repalign.cost.estimate import Estimator
from repalign.cost.pending import PendingJob
from repalign.cost.runs import earlier_runs
from repalign.cost.sizes import Sizes
from repalign.cost.table import LIGHT, Cost

from .conftest import RAW_BYTES, Project

ONE, TWO, TABLE = (
    "results/nsd/extracted/1.bin",
    "results/nsd/extracted/2.bin",
    "results/nsd/table.bin",
)
READ = "bytes read"


def cost(rule: str, seconds: tuple[float, float], size: tuple[float, float]) -> Cost:
    return Cost(rule, READ, *seconds, 100.0, 0.0, READ, *size, 4, RAW_BYTES)


COSTS = {
    "extract": cost("extract", (1.0, 0.002), (0.0, 2.0)),
    LIGHT: cost(LIGHT, (0.5, 0.0), (0.0, 1.0)),
}


def heavy(path: str, rule: str = "extract", reserved_mb: int = 4000) -> PendingJob:
    return PendingJob(rule, path, is_heavy=True, reserved_mb=reserved_mb)


def estimator(project: Project, costs: dict[str, Cost] | None = None) -> Estimator:
    return Estimator(project.workflow, project.plans, COSTS if costs is None else costs)


def test_the_table_is_scaled_by_what_a_job_reads(project):
    one, two = (estimator(project).estimate(heavy(path)) for path in (ONE, TWO))
    assert (one.basis, two.basis) == ("table", "table")
    assert one.seconds == pytest.approx(1 + 0.002 * RAW_BYTES)
    assert two.seconds == pytest.approx(1 + 0.002 * 2 * RAW_BYTES)
    assert (one.bytes, two.bytes) == (2 * RAW_BYTES, 4 * RAW_BYTES)
    assert two.beyond == pytest.approx(2)


def test_inputs_that_are_not_there_have_the_size_that_is_expected(project):
    joined = estimator(project).estimate(PendingJob("join", TABLE))
    assert joined.bytes == (2 + 4) * RAW_BYTES, "the sum of what the extraction will write"
    assert joined.seconds == 0.5, "a rule without a benchmark is quick"


def test_own_runs_come_before_the_table_and_are_scaled(project):
    project.run(ONE, 3 * RAW_BYTES, seconds=9.0, memory=200.0)
    two = estimator(project).estimate(heavy(TWO))
    assert two.basis == "own runs"
    # A third of the expected three seconds' speed, for twice the work.
    assert two.seconds == pytest.approx((1 + 0.002 * 2 * RAW_BYTES) * 9 / 3)
    assert two.bytes == pytest.approx(2 * 3 * RAW_BYTES)
    assert two.memory_mb == pytest.approx(200), "twice what the table expects"


def test_own_runs_are_enough_without_the_table(project):
    project.run(ONE, 2 * RAW_BYTES, seconds=3.0)
    two = estimator(project, {}).estimate(heavy(TWO))
    assert two.basis == "own runs"
    assert two.seconds == pytest.approx(1 + 2 * 2.0), "starting, and twice the rest"


def test_without_either_a_rule_is_unknown(project):
    found = estimator(project, {}).estimate(heavy(ONE))
    assert found.basis == "unknown"
    assert math.isnan(found.seconds)
    assert math.isnan(found.memory_mb)
    assert math.isnan(found.bytes)


def test_a_rule_that_collects_files_costs_nothing(project):
    found = estimator(project).estimate(PendingJob("all", ""))
    assert (found.seconds, found.memory_mb, found.bytes, found.basis) == (0, 0, 0, "none")


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({"clip_quantile": 0.01}, True),
        ({"clip_quantile": 0.003, "seed": 4}, True),
        ({"clip_quantile": 0.003, "sessions": 9}, False),
        ({"clip_quantile": 0.003, "scheme": "independent"}, False),
    ],
)
def test_stale_runs_count_if_their_size_is_the_same(project, changed, counts):
    project.run(ONE, 10, seconds=3.0)
    project.params = changed
    sizes = Sizes(project.workflow, project.plans, lambda _: None)
    assert len(earlier_runs(project.workflow, sizes)) == int(counts)


def test_a_changed_raw_file_makes_a_run_count_no_longer(project):
    project.run(ONE, 10, seconds=3.0)
    (project.root / "raw/1").write_bytes(bytes(5))
    sizes = Sizes(project.workflow, project.plans, lambda _: None)
    assert earlier_runs(project.workflow, sizes) == []


def test_time_on_cores_can_be_taken(project):
    project.run(ONE, 10, seconds=3.0)
    sizes = Sizes(project.workflow, project.plans, lambda _: None)
    (clock,), (cores,) = (
        earlier_runs(project.workflow, sizes, by_cpu=by_cpu) for by_cpu in (False, True)
    )
    assert (clock.seconds, cores.seconds) == (3.0, 1.5)
    assert (clock.work, clock.bytes) == (RAW_BYTES, 10)


def test_threads_of_an_own_run_are_added_up(project):
    """Four seconds on the clock with three threads are twelve on one core, in either mode."""
    project.run(ONE, 10, seconds=4.0)
    benchmark = project.root / "logs/nsd/extracted/1.bin.benchmark.tsv"
    benchmark.write_text("s\tmax_rss\tcpu_time\n4.0\t100\t12.0\n")
    sizes = Sizes(project.workflow, project.plans, lambda _: None)
    for by_cpu in (False, True):
        (run,) = earlier_runs(project.workflow, sizes, by_cpu=by_cpu)
        assert run.seconds == 12


@pytest.mark.parametrize("text", ["", "s\tmax_rss\n", "s\tmax_rss\n-\tNA\n"])
def test_a_benchmark_without_numbers_is_no_time(project, text):
    project.run(ONE, 10, seconds=3.0)
    (project.root / "logs/nsd/extracted/1.bin.benchmark.tsv").write_text(text)
    sizes = Sizes(project.workflow, project.plans, lambda _: None)
    (run,) = earlier_runs(project.workflow, sizes)
    assert (run.seconds, run.memory_mb, run.bytes) == (None, None, 10)


def test_memory_is_not_expected_beyond_what_is_reserved(project):
    greedy = Cost("extract", READ, 1, 0, 100.0, 1.0, READ, 0, 1, 4, RAW_BYTES)
    found = estimator(project, {"extract": greedy}).estimate(heavy(ONE, reserved_mb=500))
    assert found.memory_mb == 500
