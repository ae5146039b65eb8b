"""Profiles: what all of them share is the same, and the names in them exist."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PROFILES = ROOT / "workflow/profiles"
CLUSTERS = ("slurm", "cluster-generic")
OF_THE_EXECUTOR = re.compile(r"slurm-.*|cluster-generic-.*|executor|.*status-checks.*")


def profile(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROFILES / name / "config.yaml").read_text())
    return loaded


def rules() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        parts = re.split(r"^ *rule (\w+):\n", file.read_text(), flags=re.MULTILINE)[1:]
        found |= dict(zip(parts[::2], parts[1::2], strict=True))
    return found


def test_there_are_tests_for_all_profiles():
    assert {path.name for path in PROFILES.iterdir()} == {"default", *CLUSTERS}


@pytest.mark.parametrize("name", CLUSTERS)
def test_only_one_profile_is_read_so_each_repeats_the_default_one(name):
    default = profile("default")
    assert default.items() <= profile(name).items()
    text = (PROFILES / "default/config.yaml").read_text()
    common = text.partition("\n\n")[2]
    assert common
    assert common in (PROFILES / name / "config.yaml").read_text()


def test_profiles_of_clusters_differ_in_their_executor_alone():
    slurm, generic = (profile(name) for name in CLUSTERS)
    for name in {*slurm, *generic}:
        if not OF_THE_EXECUTOR.fullmatch(name):
            assert slurm[name] == generic[name], name


@pytest.mark.parametrize("name", CLUSTERS)
def test_groups_are_of_rules_and_have_a_size(name):
    loaded = profile(name)
    assert set(loaded["groups"]) <= set(rules())
    # Jobs that follow each other are one group already; any other group has a number of members.
    assert set(loaded["groups"].values()) - set(loaded["group-components"]) == {"responses"}
    assert set(loaded["group-components"]) < set(loaded["groups"].values())
    assert min(loaded["group-components"].values()) > 1
    # A group asks for one CPU a member, without end, where no number of cores is set.
    assert loaded["cores"] >= 1


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_group_on_gpus_has_one(name):
    loaded = profile(name)
    assert any("gpu=GPU" in rules()[rule] for rule in loaded["groups"])
    assert loaded["resources"] == {"gpu": 1}
    assert loaded["set-resource-scopes"] == {"gpu": "local"}


@pytest.mark.parametrize("name", CLUSTERS)
def test_retries_are_said_in_profiles_alone(name):
    """On a cluster, retries of a rule multiply: the controller and the job both count them."""
    assert profile(name)["retries"] >= 2
    assert "retries" not in profile("default")
    for rule, body in rules().items():
        assert not re.search(r"^\s+retries:", body, re.MULTILINE), rule


def test_slurm_never_forgets_a_job_between_two_looks():
    """The executor trusts squeue where MinJobAge is three times its first pause or more."""
    longest_pause = 180
    loaded = profile("slurm")
    assert loaded["slurm-status-command"] == "squeue"
    assert 3 * loaded["slurm-init-seconds-before-status-checks"] >= longest_pause


def test_the_status_script_lies_beside_its_profile_and_can_be_run():
    name = profile("cluster-generic")["cluster-generic-status-cmd"]
    assert (PROFILES / "cluster-generic" / name).stat().st_mode & stat.S_IXUSR
