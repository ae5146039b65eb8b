"""The cluster of the tests is made where none is; what the page says of recovery is right."""

import os

import pytest

from ...slurm import cluster
from ...slurm.runs import recover


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Slurm's own place for its configuration, elsewhere; by a user who may write there."""
    monkeypatch.setattr(cluster, "FILES", (tmp_path / "slurm.conf", tmp_path / "cgroup.conf"))
    monkeypatch.setattr(cluster, "CONTROLLER_PORT", 0)
    monkeypatch.setattr(cluster, "NODE_PORT", 0)
    monkeypatch.setattr(cluster.os, "geteuid", lambda: 0)
    return tmp_path


def test_no_configuration_or_our_own_is_no_obstacle(place):
    cluster.refuse_to_do_harm()
    (place / "slurm.conf").write_text(cluster.SLURM.partition("\n")[0].format(mark=cluster.MARK))
    cluster.refuse_to_do_harm()


@pytest.mark.parametrize("name", ["slurm.conf", "cgroup.conf"])
def test_the_configuration_of_a_real_cluster_is_left_alone(place, name):
    (place / name).write_text("ClusterName=real\n")
    with pytest.raises(cluster.SlurmError, match="belongs to a cluster"):
        cluster.refuse_to_do_harm()
    assert (place / name).read_text() == "ClusterName=real\n"


def test_without_root_it_says_so(place, monkeypatch):
    monkeypatch.setattr(cluster.os, "geteuid", lambda: 1000)
    with pytest.raises(cluster.SlurmError, match="need root"):
        cluster.refuse_to_do_harm()


@pytest.fixture
def recovered(tmp_path):
    """What is called when the commands of the page are typed in a folder with some logs."""

    def calls(**logs: str) -> list[str]:
        folder = tmp_path / ".snakemake/log"
        folder.mkdir(parents=True)
        for k, (name, text) in enumerate(logs.items()):
            path = folder / f"{name}.snakemake.log"
            path.write_text(text)
            os.utime(path, (1e9 + k, 1e9 + k))
        line = f'echo "${{0##*/}} $*" >> {tmp_path}/calls'
        recover(tmp_path, "x", **dict.fromkeys(("scancel", "squeue", "snakemake", "python"), line))
        return (tmp_path / "calls").read_text().splitlines()

    return calls


ID = "SLURM run ID: {}\n"


def test_jobs_of_the_run_that_was_killed_are_cancelled(recovered):
    """Of the last one that submitted jobs: a run that was refused writes a log, too."""
    first, *rest = recovered(b=ID.format("old"), a=ID.format("killed"), c="LockException\n")
    assert first == "scancel --name killed"
    assert rest[:2] == ["squeue --name killed", "snakemake --unlock"]
    assert rest[2].startswith("python -m snakemake")
