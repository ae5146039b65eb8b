"""The table of measured costs: fits that recover what was planted, and rows that are checked."""

import math
from pathlib import Path

import pytest

from repalign.cost.sizes import output_of, work_of
from repalign.cost.table import (
    LIGHT,
    UNIT_NOTE,
    Measured,
    fit_costs,
    read_costs,
    settle,
    write_costs,
)
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
    assert math.isnan(cost.seconds_per_unit)
    assert cost.memory_mb_per_unit == 0


def measured(rule: str, seconds: dict[float, float]) -> list[Measured]:
    return [Measured(rule, size, size, time, 100, 1) for size, time in seconds.items()]


LARGE = measured("compute_rdms", {1e5: 1.0, 1e7: 2.0, 3e7: 4.0})
TINY = {100.0: 1.0, 9000.0: 1.6}
"""Half a second more, which is what starting varies by, and not 6e-5 seconds a distance."""


def test_a_slope_of_tiny_jobs_is_that_of_the_rules_of_its_unit():
    costs = fit_costs([*LARGE, *measured("compute_control_rdms", TINY)])
    own, other = costs["compute_control_rdms"], costs["compute_rdms"]
    assert own.seconds_per_unit == other.seconds_per_unit == pytest.approx(1e-7, rel=0.1)
    assert 1.0 <= own.seconds <= 1.6
    known = fit_costs(LARGE)
    alone = fit_costs(measured("compute_control_rdms", TINY), known)
    assert [*alone] == ["compute_control_rdms"]
    assert alone["compute_control_rdms"] == own


def test_without_such_a_rule_nothing_is_said_beyond_what_was_measured():
    cost = fit_costs(measured("compute_rdms", {100.0: 1.0, 9000.0: 1.1}))["compute_rdms"]
    assert math.isnan(cost.seconds_per_unit)
    assert cost.seconds_of(9000) == pytest.approx(1.05, abs=0.05)
    assert math.isnan(cost.seconds_of(1e8))


def test_rules_of_a_unit_agree_in_the_committed_table():
    """Their arithmetic differs, but not by a factor of 100."""
    slopes: dict[str, list[float]] = {}
    for cost in read_costs(ROOT / "resources/costs.tsv").values():
        if cost.seconds_per_unit > 0:
            slopes.setdefault(cost.work, []).append(cost.seconds_per_unit)
    assert {"distances", "bytes read", "products"} <= set(slopes)
    assert all(max(own) <= 100 * min(own) for own in slopes.values())


def test_the_slopes_of_the_committed_table_count():
    costs = read_costs(ROOT / "resources/costs.tsv")
    kept = [rule for rule, cost in costs.items() if cost.seconds_per_unit * cost.largest > 0.25]
    settled = settle(costs, kept)
    assert {rule: settled[rule] for rule in kept} == {rule: costs[rule] for rule in kept}


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
