"""The locks make one environment, whichever way it is made, from files that cannot change."""

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
LOCKS = ("repalign.lock", "test.lock")
PIP_NAMES = {"matplotlib-base": "matplotlib", "python-isal": "isal"}
"""Names of conda packages that pip knows by another one."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of every package."""
    text = (ROOT / "envs" / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            match = re.match(r"([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==(\S+)", line)
            assert match, f"{lock}: {line[:60]!r} is no pin"
            assert normal(match[1]) not in found, f"{lock}: {match[1]} twice"
            hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line)
            found[normal(match[1])] = (match[2], len(hashes))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock):
    found = pins(lock)
    assert len(found) > 30
    assert [name for name, (_, hashes) in found.items() if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_host_and_no_place(lock):
    text = (ROOT / "envs" / lock).read_text(encoding="utf-8")
    assert not re.search(
        r"://|--(extra-)?index-url|--find-links|--trusted-host|@\s*file|\s-e\s", text
    )
    assert not re.search(r"#.*\s/\w+/", text)


def test_the_test_lock_holds_the_pins_of_the_workflow():
    everything = pins("test.lock")
    assert {name: everything.get(name) for name in pins("repalign.lock")} == pins("repalign.lock")


def conda() -> dict[str, str]:
    content = yaml.safe_load((ROOT / "envs/repalign.yaml").read_text(encoding="utf-8"))
    assert all(isinstance(item, str) for item in content["dependencies"])
    return dict(item.split("=", 1) for item in content["dependencies"])


def test_conda_gives_the_versions_of_the_lock():
    locked = pins("repalign.lock")
    wanted = {PIP_NAMES.get(name, name): version for name, version in conda().items()}
    assert wanted.pop("python") == "3.11"
    assert wanted == {name: locked[normal(name)][0] for name in wanted}


def project() -> dict:
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_conda_has_every_package_that_jobs_need():
    needed = {normal(Requirement(text).name) for text in project()["dependencies"]}
    found = {normal(PIP_NAMES.get(name, name)) for name in conda()}
    assert needed <= found


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("repalign.lock", ["workflow"]), ("test.lock", ["workflow", "test"])],
)
def test_the_pins_are_what_the_project_asks_for(lock, extras):
    found = pins(lock)
    wanted = project()["dependencies"]
    wanted = wanted + [
        text for extra in extras for text in project()["optional-dependencies"][extra]
    ]
    for requirement in map(Requirement, wanted):
        version = found[normal(requirement.name)][0]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"
