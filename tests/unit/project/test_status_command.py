"""The status command of the cluster-generic profile says what became of a job."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "workflow/profiles/cluster-generic/slurm_status.sh"
UNKNOWN = 'echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1'
AWAY = 'echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1'


def status(folder: Path, **programs: str) -> str:
    """What the script says where these programs are installed."""
    for name, body in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    path = f"{folder}:/usr/bin:/bin" if "sacct" in programs else f"{folder}:{tools(folder)}"
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT), "17"],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def tools(folder: Path) -> Path:
    """A folder with the one tool that the script needs, and nothing of Slurm."""
    place = folder / "tools"
    place.mkdir()
    for bin_folder in ("/usr/bin", "/bin"):
        if (Path(bin_folder) / "sed").exists():
            (place / "sed").symlink_to(Path(bin_folder) / "sed")
            break
    return place


def told(state: str) -> str:
    return f'echo "JobId=17 JobName=repalign UserId=me(1) JobState={state} Reason=None Dep=(null)"'


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("COMPLETED", "success"),
        ("PENDING", "running"),
        ("RUNNING", "running"),
        ("COMPLETING", "running"),
        ("REQUEUED", "running"),
        ("FAILED", "failed"),
        ("CANCELLED", "failed"),
        ("TIMEOUT", "failed"),
        ("OUT_OF_MEMORY", "failed"),
        ("NODE_FAIL", "failed"),
        ("PREEMPTED", "failed"),
    ],
)
def test_states(tmp_path, state, expected):
    assert status(tmp_path, scontrol=told(state)) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [("COMPLETED", "success"), ("CANCELLED by 0", "failed"), ("RUNNING", "running")],
)
def test_a_forgotten_job_is_looked_up_where_there_is_accounting(tmp_path, state, expected):
    assert status(tmp_path, scontrol=UNKNOWN, sacct=f'echo "{state}"') == expected


def test_a_job_that_nobody_knows_is_run_again(tmp_path):
    assert status(tmp_path, scontrol=UNKNOWN) == "failed"
    (tmp_path / "accounting").mkdir()
    assert status(tmp_path / "accounting", scontrol=UNKNOWN, sacct="exit 1") == "failed"


def test_slurm_that_does_not_answer_is_asked_again(tmp_path):
    assert status(tmp_path, scontrol=AWAY) == "running"
