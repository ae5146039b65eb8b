"""What jobs ask a cluster for: more with every attempt, up to a limit; results stay current."""

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
