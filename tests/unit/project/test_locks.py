"""The locks make one environment, whichever way it is made, from files that cannot change."""

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
LOCKS = ("repalign.lock", "test.lock", "models.lock", "slurm.lock")
PIP_NAMES = {"matplotlib-base": "matplotlib", "python-isal": "isal", "pytorch": "torch"}
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


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_every_lock_holds_the_pins_of_the_workflow(lock):
    everything = pins(lock)
    assert {name: everything.get(name) for name in pins("repalign.lock")} == pins("repalign.lock")


def test_executors_of_clusters_are_in_no_other_environment():
    """Where Slurm does not answer, its plugin delays every call of Snakemake by ten seconds."""
    added = {name for name in pins("slurm.lock") if name not in pins("repalign.lock")}
    kinds = ("cluster-generic", "slurm", "slurm-jobstep")
    assert added == {f"snakemake-executor-plugin-{kind}" for kind in kinds}
    for lock in ("test.lock", "models.lock"):
        assert not added & set(pins(lock))


def test_locks_agree_where_they_overlap():
    test, models = pins("test.lock"), pins("models.lock")
    assert {name: pin for name, pin in models.items() if name in test} == {
        name: test[name] for name in models if name in test
    }


def torch_pins() -> dict[str, str]:
    """PyTorch and torchvision, whose builds for the CPU and for CUDA are both welcome."""
    text = (ROOT / "envs/torch.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z]+==\d+\.\d+\.\d+", line) for line in lines)
    return dict(line.split("==") for line in lines)


def test_no_build_of_pytorch_is_locked():
    assert set(torch_pins()) == {"torch", "torchvision"}
    of_a_build = re.compile(r"torch|torchvision|triton|(nvidia|cuda)(-.*)?")
    assert [name for name in pins("models.lock") if of_a_build.fullmatch(name)] == []


def versions(lock: str) -> dict[str, str]:
    """Versions that the lock, and for models torch.txt, install."""
    found = {name: version for name, (version, _) in pins(lock).items()}
    return found | (torch_pins() if lock == "models.lock" else {})


def conda(file: str) -> dict[str, str]:
    content = yaml.safe_load((ROOT / "envs" / file).read_text(encoding="utf-8"))
    assert all(isinstance(item, str) for item in content["dependencies"])
    return dict(item.split("=", 1) for item in content["dependencies"])


CONDA = [("repalign.yaml", "repalign.lock", []), ("models.yaml", "models.lock", ["models"])]


@pytest.mark.parametrize(("file", "lock", "extras"), CONDA)
def test_conda_gives_the_versions_of_the_lock(file, lock, extras):
    locked = versions(lock)
    wanted = {PIP_NAMES.get(name, name): version for name, version in conda(file).items()}
    assert wanted.pop("python") == "3.11"
    assert wanted == {name: locked[normal(name)] for name in wanted}


def test_fsl_comes_on_top_of_the_packages_of_the_workflow():
    """Its packages are on no lock: they are in FSL's own conda channel alone."""
    own = {name: v for name, v in conda("fsl.yaml").items() if name.startswith("fsl-")}
    assert {f"fsl-{name}" for name in ("avwutils", "bet2", "flirt", "fnirt", "fugue")} < set(own)
    assert all(re.fullmatch(r"\d{4}(\.\d+)?", version) for version in own.values())
    assert conda("fsl.yaml") == conda("repalign.yaml") | own
    channels = yaml.safe_load((ROOT / "envs/fsl.yaml").read_text(encoding="utf-8"))["channels"]
    assert re.match(r"https://fsl\.fmrib\.ox\.ac\.uk/", channels[0])
    assert channels[1:] == ["conda-forge", "nodefaults"]


def project() -> dict:
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(extras: list[str]) -> list[Requirement]:
    """What the project asks for, with some extras."""
    wanted = [*project()["dependencies"]]
    for extra in extras:
        wanted += project()["optional-dependencies"][extra]
    return [Requirement(text) for text in wanted]


@pytest.mark.parametrize(("file", "lock", "extras"), CONDA)
def test_conda_has_every_package_that_jobs_need(file, lock, extras):
    needed = {normal(requirement.name) for requirement in requirements(extras)}
    assert needed <= {normal(PIP_NAMES.get(name, name)) for name in conda(file)}


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("repalign.lock", ["workflow"]),
        ("test.lock", ["workflow", "test"]),
        ("models.lock", ["workflow", "models", "test-models"]),
        ("slurm.lock", ["workflow", "slurm"]),
    ],
)
def test_the_pins_are_what_the_project_asks_for(lock, extras):
    found = versions(lock)
    for requirement in requirements(extras):
        version = found[normal(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"
