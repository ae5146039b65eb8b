"""FSL is found, complete, versioned, and its programs end with the job."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repalign.datasets.fsl import Fsl, find_fsl
from repalign.errors import RepalignError

from . import fake_fsl
from .conftest import assert_error

LIBRARY = Path(__file__).parents[3] / "workflow"


@pytest.fixture
def home(tmp_path) -> Path:
    return fake_fsl.install(tmp_path / "fsl")


def program(home: Path, name: str, text: str, mode: int = 0o755) -> None:
    (home / "bin" / name).write_text(text)
    (home / "bin" / name).chmod(mode)


def test_fsl_is_found_by_its_variable_or_in_the_conda_environment(home):
    assert find_fsl({"FSLDIR": str(home)}).home == home
    assert find_fsl({"CONDA_PREFIX": str(home)}, threads=3).threads == 3
    assert find_fsl({"FSLDIR": str(home), "CONDA_PREFIX": "elsewhere"}).home == home
    assert find_fsl({"FSLDIR": str(home)}).standard == home / "data/standard"


@pytest.mark.parametrize(
    ("environment", "part"),
    [
        ({}, "FSLDIR is not set"),
        ({"FSLDIR": ""}, "FSLDIR is not set"),
        ({"CONDA_PREFIX": "."}, "FSLDIR is not set"),
        ({"FSLDIR": "nowhere"}, "no such folder"),
    ],
)
def test_without_fsl_the_message_says_what_to_do(environment, part):
    with pytest.raises(RepalignError) as error:
        find_fsl(environment)
    assert_error(error.value, part, "Install FSL", "`bold5000.atlas: supplied`")
    assert "\n" not in error.value.remedy


def test_missing_programs_are_named_before_any_runs(home, tmp_path, monkeypatch):
    (home / "bin/fnirt").unlink()
    (home / "bin/bet").chmod(0o644)
    # Programs of another installation do not count.
    monkeypatch.setenv("PATH", str(fake_fsl.install(tmp_path / "other") / "bin"))
    with pytest.raises(RepalignError) as error:
        Fsl(home).require(fake_fsl.PROGRAMS)
    assert_error(error.value, "no bet, fnirt", home / "bin", "Install FSL")
    with pytest.raises(RepalignError, match="no fnirt"):
        Fsl(home).run("fnirt", folder=tmp_path)


def test_versions_come_from_fsl_or_from_conda(home, caplog):
    assert Fsl(home).versions() == {"fsl": "6.0.7.99"}
    (home / "etc/fslversion").unlink()
    (home / "conda-meta").mkdir()
    for name in ("fsl-bet2-2111.4-h00ab1b0_0", "fsl-data_standard-2208.0-0", "numpy-2.0-0"):
        (home / "conda-meta" / f"{name}.json").touch()
    assert Fsl(home).versions() == {"fsl-bet2": "2111.4", "fsl-data_standard": "2208.0"}
    for file in (home / "conda-meta").iterdir():
        file.unlink()
    assert Fsl(home).versions() == {"fsl": "unknown"}
    assert "says a version" in caplog.text


def test_arguments_pass_through_no_shell(home, tmp_path, caplog):
    program(home, "bet", f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\n")
    fsl = Fsl(home)
    with caplog.at_level("INFO"):
        fsl.run("bet", "a b", "$HOME; rm -r x", folder=tmp_path)
    assert "['a b', '$HOME; rm -r x']" in caplog.text
    assert "running: bet 'a b' '$HOME; rm -r x'" in caplog.text
    assert fsl.commands == [["bet", "a b", "$HOME; rm -r x"]]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("#!/nowhere/interpreter\n", ("cannot be started",)),
        ("#!/bin/sh\necho said >&2; exit 4\n", ("exit status 4", "said")),
        ("#!/bin/sh\necho spoken; exit 5\n", ("exit status 5", "spoken")),
        ("#!/bin/sh\nexit 6\n", ("exit status 6, with no message",)),
        ("#!/bin/sh\nkill -9 $$\n", ("exit status -9",)),
        ("#!/bin/sh\nprintf '\\377\\n' >&2; exit 7\n", ("exit status 7",)),
    ],
)
def test_a_program_that_fails_is_named_with_what_it_said(home, tmp_path, text, parts):
    program(home, "bet", text)
    with pytest.raises(RepalignError) as error:
        Fsl(home).run("bet", "in", "out", folder=tmp_path)
    assert_error(error.value, "FSL command: bet in out", "supplied", *parts)


def test_programs_of_scripts_end_with_the_job(home, tmp_path):
    """A script of FSL starts other programs; a job that is stopped leaves none behind."""
    program(home, "bet", "#!/bin/sh\nsleep 300 & echo $! > started.new\nmv started.new s\nwait\n")
    code = (
        "import signal, sys; from pathlib import Path; from repalign.datasets.fsl import Fsl;"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143));"
        f"Fsl(Path({str(home)!r})).run('bet', folder=Path({str(tmp_path)!r}))"
    )
    job = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(LIBRARY)}
    )
    started = tmp_path / "s"
    for _ in range(200):
        if started.exists():
            break
        time.sleep(0.05)
    child = int(started.read_text())
    job.send_signal(signal.SIGTERM)
    assert job.wait(timeout=20) == 143
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        pytest.fail("the inner program still runs")
