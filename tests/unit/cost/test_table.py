"""The table of measured costs: fits that recover what was planted, and rows that are checked."""

import math
from pathlib import Path

import pytest

from repalign.cost.sizes import output_of, work_of
from repalign.cost.table import LIGHT, UNIT_NOTE, Measured, fit_costs, read_costs, write_costs
from repalign.errors import RepalignError

ROOT = Path(__file__).parents[3]


def jobs(sizes: list[float], rule: str = "extract") -> list[Measured]:
    return [Measured(rule, x, x, 2 + 0.5 * x, 100 + 2 * x, 8 * x) for x in sizes]


def test_fixed_parts_and_slopes_are_recovered():
    cost = fit_costs(jobs([10, 20, 40, 1000]))["extract"]
    assert (cost.seconds, cost.seconds_per_unit) == pytest.approx((2, 0.5))
    assert (cost.memory_mb, cost.memory_mb_per_unit) == pytest.approx((100, 2))
    assert (cost.bytes, cost.bytes_per_unit) == pytest.approx((0, 8), abs=1e-6)
    assert (cost.jobs, cost.largest) == (4, 1000)


def test_one_size_alone_is_starting_and_the_rest():
    cost = fit_costs(jobs([40, 40]))["extract"]
    assert cost.seconds == 1
    assert cost.seconds + 40 * cost.seconds_per_unit == pytest.approx(22)


def test_neither_part_is_below_zero():
    falling = [Measured("x", size, size, 100 / size, 1, 1) for size in (1.0, 10.0, 100.0)]
    cost = fit_costs(falling)["x"]
    assert cost.seconds >= 0
    assert cost.seconds_per_unit == 0


def test_rules_without_a_benchmark_have_sizes_alone():
    cost = fit_costs([Measured("join", 10, 10, None, None, 30)])["join"]
    assert math.isnan(cost.seconds)
    assert cost.bytes_per_unit == pytest.approx(3)


def test_jobs_of_unknown_size_are_left_out():
    assert fit_costs([Measured("x", None, 1, 1, 1, 1)]) == {}


def test_the_table_survives(tmp_path):
    costs = fit_costs(jobs([10, 20, 40]))
    write_costs(tmp_path / "costs.tsv", costs, ["from here"])
    assert (tmp_path / "costs.tsv").read_text().startswith("# from here\nrule\twork\t")
    read = read_costs(tmp_path / "costs.tsv")["extract"]
    assert read.seconds_per_unit == pytest.approx(costs["extract"].seconds_per_unit, rel=1e-3)
    assert (read.rule, read.work, read.jobs) == ("extract", "bytes read", 3)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\t2\t", "\ttwo\t", 1),
        lambda text: text.replace("seconds_per_unit", "rate"),
        lambda text: text.replace("bytes read", "distances", 1),
    ],
    ids=["no number", "other columns", "another unit"],
)
def test_a_row_that_is_wrong_is_an_error(tmp_path, change):
    path = tmp_path / "costs.tsv"
    write_costs(path, fit_costs(jobs([10, 20, 40])), [])
    path.write_text(change(path.read_text()))
    with pytest.raises(RepalignError, match=r"costs\.tsv"):
        read_costs(path)


def test_no_table_is_an_error(tmp_path):
    with pytest.raises(RepalignError, match=r"costs\.tsv"):
        read_costs(tmp_path / "costs.tsv")


def test_the_committed_table_says_what_its_times_are():
    assert f"# {UNIT_NOTE}\n" in (ROOT / "resources/costs.tsv").read_text()


def test_the_committed_table_can_be_used():
    costs = read_costs(ROOT / "resources/costs.tsv")
    rules = {path.stem for path in (ROOT / "workflow/scripts").glob("*.py")} | {LIGHT}
    assert set(costs) <= rules
    assert {"extract_nsd_session", "gather_responses", "compute_rdms", "compare_rdms"} <= set(
        costs
    )
    for rule, cost in costs.items():
        assert cost.jobs > 0
        assert not cost.seconds < 0
        assert rule == LIGHT or (cost.work, cost.output) == (work_of(rule), output_of(rule))
