"""Killed, terminated and doubled runs: no half file is accepted, and a rerun ends well."""

from __future__ import annotations

import os
import signal

import pytest
import yaml

from ..unit.retrieval.servers import Server
from ..workflow.project import SHIFT_1
from .runs import (
    ATLAS,
    PAIR,
    RDMS,
    RESPONSES,
    SESSION,
    STIMULI,
    STIMULI_INDEX,
    TRIALS,
    fails,
    forget,
    left_over,
    recovers,
    says,
)
from .stalling import Moment, stalled

MOMENTS = {
    "atlas, before its first byte": Moment(ATLAS.format(1), "merge_nsd_atlas", "open"),
    "session, before its first byte": Moment(SESSION.format(1, 2), "extract_nsd_session", "open"),
    "session, complete but unnamed": Moment(
        SESSION.format(1, 2), "extract_nsd_session", "os.rename"
    ),
    "responses, 100 of 360 files": Moment(
        RESPONSES.format(1), "gather_responses", "open", 100
    ),
    "trials, of two outputs one": Moment(
        TRIALS, "prepare_nsd_trials", "os.rename", 2, (TRIALS,)
    ),
    "RDMs, in their folder": Moment(RDMS, "compute_rdms", "open", 2),
    "RDMs, complete but unnamed": Moment(RDMS, "compute_rdms", "os.rename"),
    "a part, complete but unnamed": Moment(PAIR, "compare_rdms", "os.rename"),
    "the table, complete but unnamed": Moment(SHIFT_1, "join_rsa_subject_subject", "os.rename"),
}  # fmt: skip
SESSION_HALF = MOMENTS["session, complete but unnamed"]
RDMS_HALF = MOMENTS["RDMs, in their folder"]


OFTEN = [
    MOMENTS[name]
    for name in (
        "session, complete but unnamed",
        "responses, 100 of 360 files",
        "trials, of two outputs one",
        "RDMs, in their folder",
        "the table, complete but unnamed",
    )
]
"""The moments that are tried every time; the others only with the long tests."""


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


def states(project) -> dict[str, str]:
    """What `repalign why` says of the results that are not current."""
    lines = project.repalign("why", "results", check=False).stdout.splitlines()
    words = [line.split() for line in lines if " results/" in line and not line.startswith("  ")]
    return {word[1]: word[0] for word in words}


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(moment, id=name, marks=() if moment in OFTEN else pytest.mark.long)
        for name, moment in MOMENTS.items()
    ],
)
def test_a_killed_job(project, undisturbed, tmp_path, moment):
    forget(project, moment.target)
    with stalled(project, moment, tmp_path / "stall") as run:
        run.job.kill()
        status, text = run.end()
    assert status != 0
    says(text, moment.target, "Error in rule")
    assert not (project.root / moment.target).exists()
    left = left_over(project)
    assert len(left) == 1
    found = states(project)
    assert found[left[0]] == "damaged"
    recovers(project, undisturbed, moment.target)


@pytest.mark.parametrize("moment", [SESSION_HALF, RDMS_HALF], ids=["file", "folder"])
def test_a_killed_run_needs_the_same_command_and_no_more(project, undisturbed, tmp_path, moment):
    forget(project, moment.target)
    with stalled(project, moment, tmp_path / "stall") as run:
        run.kill_everything()
    assert not (project.root / moment.target).exists()
    left = left_over(project)
    assert len(left) == 1
    assert states(project)[left[0]] == "damaged"
    assert list((project.root / ".snakemake/locks").iterdir())
    recovers(project, undisturbed, moment.target)


def test_a_job_that_outlives_its_run_ends_what_it_began(project, undisturbed, tmp_path):
    """As after a dropped connection: the controller is gone, the job goes on."""
    moment = RDMS_HALF
    forget(project, moment.target)
    with stalled(project, moment, tmp_path / "stall") as run:
        job = run.job
        os.kill(run.process.pid, signal.SIGKILL)
        run.release()
        job.wait(timeout=60)
    assert left_over(project) == []
    recovers(project, undisturbed, moment.target)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        pytest.param("SIGTERM", RDMS_HALF, id="SIGTERM, folder"),
        pytest.param("SIGINT", SESSION_HALF, id="SIGINT, file"),
        pytest.param("SIGTERM", SESSION_HALF, id="SIGTERM, file", marks=pytest.mark.long),
        pytest.param("SIGINT", RDMS_HALF, id="SIGINT, folder", marks=pytest.mark.long),
    ],
)
def test_a_stopped_run_leaves_no_trace(project, undisturbed, tmp_path, moment, name):
    """SIGTERM as of a batch system, SIGINT as of Ctrl-C: both reach the run and its jobs."""
    forget(project, moment.target)
    with stalled(project, moment, tmp_path / "stall") as run:
        job = run.job
        os.killpg(run.process.pid, signal.Signals[name])
        job.wait(timeout=60)
        status, _ = run.end()
    assert status != 0
    assert not (project.root / moment.target).exists()
    assert left_over(project) == []
    recovers(project, undisturbed, moment.target)


def test_a_terminated_controller_ends_its_running_jobs_first(project, undisturbed, tmp_path):
    moment = SESSION_HALF
    forget(project, moment.target)
    with stalled(project, moment, tmp_path / "stall") as run:
        run.process.terminate()
        run.release()
        run.end()
    assert left_over(project) == []
    recovers(project, undisturbed, moment.target)


ALIVE = "another run is alive in this folder"


@pytest.mark.parametrize("target", [SESSION_HALF.target, STIMULI_INDEX], ids=["same", "other"])
def test_a_second_run_in_the_same_folder_is_refused(project, undisturbed, tmp_path, target):
    """Also one that makes other files, which Snakemake alone would let begin."""
    moment = SESSION_HALF
    forget(project, moment.target, STIMULI_INDEX)
    with stalled(project, moment, tmp_path / "stall") as run:
        says(fails(project, target), ALIVE, f"process {run.process.pid}", "Wait until")
        assert not (project.root / target).exists()
        project.snakemake("-n", "--", target)
        run.release()
        status, text = run.end()
    assert status == 0, text
    recovers(project, undisturbed, moment.target, STIMULI_INDEX)


def test_retrieval_runs_beside_a_run_that_stays_protected(project, undisturbed, tmp_path, server):
    """Its end removes all of Snakemake's locks, so that ours alone refuses the next run."""
    for subject in (1, 2):
        name = f"subj{subject:02d}/func1mm/roi/lh.HCP_MMP1.nii.gz"
        server.put(f"/s3/natural-scenes-dataset/nsddata/ppdata/{name}", b"atlas")
    settings = {
        "nsd": {"raw": "data/nsd"},
        "retrieval": {
            "accepted": ["nsd"], "items": ["atlas_left"], "endpoints": server.endpoints,
        },
    }  # fmt: skip
    (project.root / "fetch.yaml").write_text(yaml.safe_dump(settings))
    moment = SESSION_HALF
    forget(project, moment.target)
    locks = project.root / ".snakemake/locks"
    with stalled(project, moment, tmp_path / "stall") as run:
        assert list(locks.iterdir())
        project.snakemake("--configfile", "fetch.yaml", "--", "retrieve_nsd")
        assert len(list((project.root / "data/nsd").rglob("*.nii.gz"))) == 2
        assert not locks.exists()
        says(fails(project, moment.target), ALIVE)
        run.release()
        status, text = run.end()
    assert status == 0, text
    recovers(project, undisturbed, moment.target)


# The campaign of `make test-faults` kills a hundred runs; this is a short one.
@pytest.mark.long
def test_a_run_killed_again_and_again_gives_the_same_table(undisturbed, tmp_path):
    """From raw data alone, killed at every stage, never cleaned up."""
    project = undisturbed.copy(tmp_path / "project")
    for name in ("results", ".snakemake", "logs"):
        (project.root / name).rename(tmp_path / f"old{name}")
    for k, stage in enumerate(OFTEN):
        forget(project, stage.target)
        moment = Moment(SHIFT_1, stage.script, stage.event, stage.count)
        with stalled(project, moment, tmp_path / f"stall{k}") as run:
            run.kill_everything()
    assert len(left_over(project)) >= len(OFTEN)
    recovers(project, undisturbed, SHIFT_1, TRIALS, STIMULI, RDMS, PAIR)
    recovers(project, undisturbed, *(RESPONSES.format(k) for k in (1, 2)), SESSION.format(1, 2))
