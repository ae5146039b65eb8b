"""`repalign cost` counts what Snakemake would run, and says what it cannot count."""

import re

import pytest

from .project import SHIFT_1, Project

PVALUES = "results/nsd/rsa_pvalues_subject_language_vision.parquet"


def counted(project: Project, *targets: str) -> dict[str, int]:
    """Jobs by rule, from the table of `repalign cost`."""
    text = project.repalign("cost", "--cores", "2", *targets).stdout
    return {
        rule: int(count) for count, rule in re.findall(r"^ *(\d+)  (\w+) ", text, re.MULTILINE)
    }


def of_dry_run(project: Project, *targets: str) -> dict[str, int]:
    """Jobs by rule, from the table that `snakemake -n` prints."""
    text = project.snakemake("-n", "--quiet", "rules", "--", *targets).stdout
    found = dict(re.findall(r"^(\w+) +(\d+)$", text, re.MULTILINE))
    assert int(found.pop("total")) == sum(map(int, found.values()))
    return {rule: int(count) for rule, count in found.items()}


def test_it_counts_what_snakemake_would_run(project):
    assert project.repalign("cost", SHIFT_1).stdout == "nothing is pending\n"
    jobs = counted(project, PVALUES)
    assert jobs == of_dry_run(project, PVALUES)
    assert sum(jobs.values()) > 10
    project.set("rsa", clip_quantile=0.01)
    stale = counted(project, SHIFT_1)
    assert stale == of_dry_run(project, SHIFT_1)
    text = project.repalign("cost", "--cores", "2", SHIFT_1).stdout
    assert re.search(r"compute_rdms .* own runs$", text, re.MULTILINE), "their size is the same"
    assert "never measured" not in text


def test_a_target_that_nothing_makes_is_an_error(project):
    done = project.repalign("cost", "results/nsd/nothing.parquet", check=False)
    assert done.returncode == 1
    assert "results/nsd/nothing.parquet" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_job_misses_is_said(project):
    done = project.repalign("cost", "results/nsd/rsa_subject_model_alignment_joined.parquet")
    assert done.returncode == 0
    project.set("nsd", features="gone")
    done = project.repalign(
        "cost", "results/nsd/rsa_subject_model_alignment_joined.parquet", check=False
    )
    assert done.returncode == 1
    assert "nsd.features" in done.stderr


def test_a_table_is_made_from_what_ran_and_is_used(project):
    done = project.repalign("cost", "--calibrate", "--machine", "a test", ".")
    table = (project.root / "resources/costs.tsv").read_text()
    assert table.startswith("# Made by `repalign cost --calibrate`")
    assert "a test" in table.splitlines()[0]
    assert re.search(r"rules from \d+ jobs", done.stdout)
    assert re.search(r"^compare_rdms\tproducts\t", table, re.MULTILINE)
    assert counted(project, PVALUES) == of_dry_run(project, PVALUES)


@pytest.mark.long
def test_the_time_is_right_within_a_factor_of_three(finished, fresh):
    """Own runs of other tables predict those that are left; on an idle machine."""
    import time

    tables = [SHIFT_1.replace("shift_1_joined", name) for name in ("joined_0", "separated_0")]
    project = fresh()
    project.snakemake("--quiet", "all", "--", SHIFT_1)
    text = project.repalign("cost", "--cores", "2", *tables).stdout
    amount, unit = re.search(r"\(([\d.]+) (s|min) on one;", text).groups()
    expected = float(amount) * {"s": 1, "min": 60}[unit]
    start = time.perf_counter()
    project.command("snakemake", "--cores", "1", "--quiet", "all", "--", *tables)
    real = time.perf_counter() - start
    assert expected / 3 < real < expected * 3 + 10, "and some seconds for Snakemake itself"
