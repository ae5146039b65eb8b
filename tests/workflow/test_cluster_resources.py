"""What jobs ask a cluster for: more with every attempt, up to a limit; results stay current.

And what they find of the memory of raw files.
"""

import os
from pathlib import Path

from .project import SHIFT_1

PAIR = "results/nsd/parts/subject_subject/all_shift-1_joined_pearson/sub-01_sub-02.parquet"


def asked(project, attempt: int) -> str:
    """What a dry run says of the pending jobs of one pair, in some attempt."""
    done = project.snakemake("-n", "--attempt", str(attempt), "--", PAIR)
    return done.stdout + done.stderr


def test_later_attempts_ask_for_more_and_make_nothing_stale(project):
    project.set("cluster", snakemake_mb=900)
    table = project.snakemake("-n", "--attempt", "3", "--", SHIFT_1)
    assert "Nothing to be done" in table.stdout + table.stderr
    (project.root / PAIR).unlink()
    # A job of this machine needs no memory for a Snakemake of its own.
    for attempt, memory, minutes in ((1, 4096, 60), (3, 12288, 180)):
        text = asked(project, attempt)
        assert f"mem_mb={memory}," in text
        assert f"runtime={minutes}," in text
    project.set("cluster", most_memory_mb=10000, most_minutes=100)
    text = asked(project, 3)
    assert "mem_mb=10000," in text
    assert "runtime=100," in text


ELSEWHERE = Path(__file__).with_name("elsewhere")
"""Holds an executor of Snakemake that refuses every job, and says what a job would find."""
MEMORY = "results/raw_manifest.tsv"


def test_a_submitted_job_finds_the_memory_of_raw_files(project, monkeypatch):
    """Otherwise each of them would read all raw files upstream again."""
    before = (project.root / MEMORY).read_text().splitlines()
    (project.root / MEMORY).unlink()
    (project.root / PAIR).unlink()
    monkeypatch.setenv("FOUND_BY_JOB", str(project.root / "found.tsv"))
    path = os.pathsep.join([str(project.root / "workflow"), str(ELSEWHERE)])
    words = ("--executor", "elsewhere", "--jobs", "1", "--cores", "2", "--", PAIR)
    done = project.command("snakemake", *words, check=False, path=path)
    assert done.returncode, done.stdout
    found = (project.root / "found.tsv").read_text().splitlines()
    assert any("betas_session" in line for line in found), done.stderr
    assert {line.split("\t")[0] for line in found} <= {line.split("\t")[0] for line in before}


def test_a_submitted_job_leaves_the_memory_alone(project):
    """It knows less than the process that submitted it, which goes on writing."""
    (project.root / MEMORY).unlink()
    project.snakemake("-n", "--mode", "remote", "--", PAIR)
    assert not (project.root / MEMORY).exists()
    project.snakemake("-n", "--", PAIR)
    assert (project.root / MEMORY).exists()
