"""The preview as text: sums that add up, and what they leave out is said."""

import re

import pytest

from repalign.cost.estimate import Estimate
from repalign.cost.pending import PendingJob
from repalign.cost.report import Preview, duration, size

NAN = float("nan")


def preview(*pairs: tuple[PendingJob, Estimate], cores: int = 2) -> Preview:
    return Preview([job for job, _ in pairs], [estimate for _, estimate in pairs], cores)


def job(rule: str = "extract", **options: object) -> PendingJob:
    return PendingJob(rule, "results/x", **options)  # type: ignore[arg-type]


KNOWN = Estimate(60.0, 500.0, 2e6, "table", 1.0)
OWN = Estimate(120.0, 1000.0, 1e6, "own runs", 2.0)
UNKNOWN = Estimate(NAN, NAN, NAN, "unknown")


def test_nothing_pending_is_said():
    assert preview().text() == "nothing is pending"


def test_sums_add_up():
    text = preview((job(), KNOWN), (job(), KNOWN), (job("join", after=(0, 1)), OWN)).text()
    assert text.startswith("3 jobs of 2 rules pending")
    assert "   2  extract" in text
    assert "time    3 min on 2 cores (4 min on one; longest chain 3 min)" in text
    assert "1.0 GB side by side; largest job 1.0 GB (join" in text
    assert "5.0 MB to be written, 0 B of it temporary" in text
    assert "2 jobs from the table" in text
    assert "1 job from earlier runs" in text
    assert "at least" not in text


def test_temporary_files_are_counted_apart():
    text = preview((job(temporary=True), KNOWN), (job("join"), KNOWN)).text()
    assert "4.0 MB to be written, 2.0 MB of it temporary" in text
    assert "2.0 MB (temporary)" in text


def test_what_is_unknown_is_named_and_left_out():
    text = preview((job(), KNOWN), (job("register"), UNKNOWN)).text()
    assert "time    at least 1 min" in text
    assert "disk    at least 2.0 MB" in text
    assert (
        "1 job never measured, or on far smaller jobs alone: not in these sums: register" in text
    )


def test_far_from_what_was_measured_is_said():
    far = Estimate(60.0, 500.0, 2e6, "table", 3000.0)
    assert "3,000 times what was measured" in preview((job(), far)).text()
    assert "times what was measured" not in preview((job(), KNOWN)).text()


def column(text: str, rule: str, name: str) -> str:
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    heading = next(cells for cells in lines if cells[0] == "jobs")
    return next(cells for cells in lines if cells[1:2] == [rule])[heading.index(name)]


@pytest.mark.parametrize(("cores", "clock"), [(4, 15), (2, 30), (1, 60)])
def test_threads_share_the_time_on_one_core(cores, clock):
    made = preview((job(threads=4), KNOWN), cores=cores)
    assert made.run().wall == clock
    assert made.core_seconds == 60


def test_the_column_of_core_time_adds_up_to_the_time_on_one():
    text = preview((job(threads=4), KNOWN), (job("join", after=(0,)), OWN), cores=4).text()
    assert column(text, "extract", "core time") == "1 min"
    assert column(text, "join", "core time") == "2 min"
    assert "time    2 min on 4 cores (3 min on one; longest chain 2 min)" in text


@pytest.mark.parametrize("order", [1, -1])
def test_memory_of_a_rule_is_the_most_that_is_known(order):
    pairs = [(job(), UNKNOWN), (job(), KNOWN), (job(), OWN)][::order]
    assert column(preview(*pairs).text(), "extract", "memory") == "1.0 GB"
    assert column(preview((job(), UNKNOWN)).text(), "extract", "memory") == "?"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (1.26, "1.3 s"), (59, "59 s"), (59.9, "1 min"), (3599, "1 h 0 min"),
     (4800, "1 h 20 min"), (200_000, "2.3 days"), (NAN, "?")],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (999_900, "1.0 MB"), (2.13e11, "213 GB"),
     (NAN, "?")],
)  # fmt: skip
def test_sizes(count, text):
    assert size(count) == text
