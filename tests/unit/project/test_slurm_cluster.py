"""The cluster of the tests is made where none is, by those who may."""

import pytest

from ...slurm import cluster


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
