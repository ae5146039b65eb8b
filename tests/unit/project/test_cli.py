"""The command `repalign`: exit codes that tell the truth, and nothing foreign overwritten."""

import json
import sys
from pathlib import Path

import pytest

from repalign import cli
from repalign.dag.build import build_workflow
from repalign.settings import Settings
from repalign.simulate import nsd as simulator
from repalign.simulate import nsd_models, nsd_spaces, surface, tiny_models
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.truth import write_manifest, write_models_manifest
from repalign.tables.provenance import make_record, write_sidecar

ROOT = Path(__file__).parents[3]
HCP = "results/metadata/hcp.csv"
COPY = "results/datasets/nsd/info/hcp.csv"


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project folder with default settings, an empty raw folder and no results."""
    for name in (
        "config/derivatives.tsv",
        "config/models.tsv",
        "resources/hcp_mmp1.tsv",
        "resources/hcp_mmp1_areas.tsv",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "config/config.yaml").write_text("nsd:\n  raw: raw\n")
    (tmp_path / "raw").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(path: str) -> None:
    """Make a result with the record that the present settings ask for."""
    workflow, _ = build_workflow(Settings.model_validate({"nsd": {"raw": "raw"}}))
    job = workflow.producer(path)
    assert job is not None
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("roi\n1\n")
    write_sidecar(path, make_record(workflow.spec_text(job)))


@pytest.fixture
def simulated(monkeypatch) -> list[Path]:
    """Where something was simulated; nothing is."""
    calls: list[Path] = []

    def simulate(folder, settings, *, progress):
        calls.append(Path(folder))

    monkeypatch.setattr(simulator, "simulate_nsd", simulate)
    monkeypatch.setattr(nsd_models, "simulate_models", lambda folder, settings: None)
    monkeypatch.setattr(nsd_spaces, "simulate_spaces", lambda folder, settings: None)
    monkeypatch.setattr(surface, "simulate_surface", lambda folder: None)
    return calls


@pytest.mark.parametrize("content", ["file", "folder"])
def test_a_foreign_place_is_never_written_to(project, simulated, capsys, content):
    place = project / "mine"
    if content == "file":
        place.write_text("data")
    else:
        place.mkdir()
        (place / "recording.nii").write_text("data")
    assert cli.main(["simulate", "nsd", "--output", str(place)]) == 1
    assert simulated == []
    error = capsys.readouterr().err
    assert str(place) in error
    assert "nothing was written" in error


def test_a_new_folder_is_simulated(project, simulated):
    assert cli.main(["simulate", "nsd", "--output", "new"]) == 0
    assert simulated == [Path("new")]


def test_the_same_simulation_is_not_made_twice(project, simulated, capsys):
    (project / "old").mkdir()
    write_manifest(project / "old", NsdSimulation())
    assert cli.main(["simulate", "nsd", "--output", "old"]) == 0
    assert simulated == []
    assert "already" in capsys.readouterr().out


@pytest.mark.parametrize("change", [{"code": "repalign.simulate 0"}, {"settings": {"seed": 9}}])
def test_a_simulation_by_other_settings_or_code_is_made_again(project, simulated, change):
    marker = project / "old/simulation.json"
    marker.parent.mkdir()
    write_manifest(marker.parent, NsdSimulation())
    marker.write_text(json.dumps(json.loads(marker.read_text()) | change))
    assert cli.main(["simulate", "nsd", "--output", "old"]) == 0
    assert simulated == [Path("old")]


@pytest.mark.parametrize("dataset", ["bold5000", "things"])
def test_other_datasets_are_simulated_once(project, capsys, dataset):
    sizes = "{image_size: 32}"
    (project / "config/config.yaml").write_text(f"simulate:\n  {dataset}: {sizes}\n")
    assert cli.main(["simulate", dataset]) == 0
    folder = project / "resources/simulated" / dataset
    assert json.loads((folder / "simulation.json").read_text())["dataset"] == dataset
    assert cli.main(["simulate", dataset]) == 0
    assert "already simulated" in capsys.readouterr().out


@pytest.fixture
def models_made(monkeypatch) -> list[Path]:
    """Where tiny models were made; nothing is."""
    calls: list[Path] = []
    monkeypatch.setattr(
        tiny_models, "make_tiny_models", lambda folder, settings: calls.append(Path(folder))
    )
    return calls


def test_models_go_to_a_folder_of_their_own(project, models_made, capsys):
    assert cli.main(["simulate", "models"]) == 0
    assert models_made == [Path("resources/simulated/models")]
    assert "models.tsv" in capsys.readouterr().out


def test_the_same_models_are_not_made_twice(project, models_made, capsys):
    (project / "old").mkdir()
    write_models_manifest(project / "old", NsdSimulation())
    assert cli.main(["simulate", "models", "--output", "old"]) == 0
    assert models_made == []
    assert "already" in capsys.readouterr().out
    write_models_manifest(project / "old", NsdSimulation(seed=1))
    assert cli.main(["simulate", "models", "--output", "old"]) == 0
    assert models_made == [Path("old")]


@pytest.mark.parametrize(("wanted", "there"), [("nsd", "models"), ("models", "nsd")])
def test_one_simulation_does_not_replace_another(
    project, simulated, models_made, capsys, wanted, there
):
    (project / "old").mkdir()
    write = {"nsd": write_manifest, "models": write_models_manifest}[there]
    write(project / "old", NsdSimulation())
    assert cli.main(["simulate", wanted, "--output", "old"]) == 1
    assert simulated == models_made == []
    error = capsys.readouterr().err
    assert f"a simulation of {there}" in error
    assert "nothing was written" in error


def test_a_foreign_place_is_not_taken_for_models_either(project, models_made, capsys):
    (project / "mine").mkdir()
    assert cli.main(["simulate", "models", "--output", "mine"]) == 1
    assert models_made == []
    assert "nothing was written" in capsys.readouterr().err


def test_without_the_packages_no_models_are_made(project, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert cli.main(["simulate", "models"]) == 1
    assert "make models" in capsys.readouterr().err
    assert not Path("resources/simulated").exists()


def test_wrong_settings_are_an_error_with_a_message(project, capsys):
    (project / "config/config.yaml").write_text("nds: {}\n")
    assert cli.main(["why", "results"]) == 1
    assert "did you mean 'nsd'?" in capsys.readouterr().err


def test_a_settings_file_overrides_those_of_the_project_key_by_key(project, monkeypatch):
    """As for Snakemake: a key that the file leaves out is that of config/config.yaml."""
    seen: list[Settings] = []

    def build(settings: Settings):
        seen.append(settings)
        return build_workflow(settings)

    monkeypatch.setattr("repalign.dag.build.build_workflow", build)
    Path("config/config.yaml").write_text("nsd:\n  raw: nowhere\n  subjects: [1]\n")
    Path("more.yaml").write_text("nsd:\n  raw: raw\n")
    cli.main(["why", "--configfile", "more.yaml", HCP])
    cli.main(["why", HCP])
    assert [(str(own.nsd.raw), own.nsd.subjects) for own in seen] == [
        ("raw", [1]),
        ("nowhere", [1]),
    ]


def test_an_error_in_either_settings_file_is_named(project, capsys):
    Path("more.yaml").write_text("nsd:\n  subjects: one\n")
    Path("config/config.yaml").write_text("nsd:\n  rwa: x\n")
    assert cli.main(["why", "--configfile", "more.yaml", HCP]) == 1
    error = capsys.readouterr().err
    assert "more.yaml:2: nsd.subjects" in error
    assert "config.yaml:2: nsd.rwa" in error


@pytest.mark.parametrize("words", [[], ["simulate"], ["simulate", "openneuro"], ["why"]])
def test_a_wrong_command_shows_how_it_is_used(words, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_why_says_0_if_everything_asked_for_is_current(project, capsys):
    make(HCP)
    assert cli.main(["why", HCP]) == 0
    assert capsys.readouterr().out == "1 current\n"
    assert cli.main(["why", "--list", HCP]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("spelling", ["./" + HCP, "results//metadata/hcp.csv", "absolute"])
def test_why_knows_a_file_by_any_spelling(project, capsys, spelling):
    make(HCP)
    assert cli.main(["why", str(project / HCP) if spelling == "absolute" else spelling]) == 0
    assert capsys.readouterr().out == "1 current\n"


@pytest.mark.parametrize("folder", ["results", "results/", "./results", "absolute"])
def test_why_takes_folders(project, capsys, folder):
    make(HCP)
    make(COPY)
    assert cli.main(["why", str(project / "results") if folder == "absolute" else folder]) == 0
    assert capsys.readouterr().out == "2 current\n"


def test_why_says_1_and_the_reason_if_something_is_stale(project, capsys):
    make(HCP)
    make(COPY)
    areas = project / "resources/hcp_mmp1.tsv"
    areas.write_text(areas.read_text() + "\n")
    assert cli.main(["why", "results"]) == 1
    out = capsys.readouterr().out
    assert f"stale    {HCP}" in out
    assert "content of resources/hcp_mmp1.tsv" in out
    assert "2 of the files asked for depend on it" not in out.split("what changed:")[0]
    assert out.endswith("2 stale\n")
    assert cli.main(["why", "--list", "results"]) == 1
    assert capsys.readouterr().out.split() == [COPY, HCP]


@pytest.mark.parametrize(
    ("path", "state"),
    [(HCP, "missing"), ("results/other.csv", "unknown"), ("README.md", "unknown")],
)
def test_why_says_1_for_files_that_are_not_there_or_not_ours(project, capsys, path, state):
    assert cli.main(["why", path]) == 1
    assert state in capsys.readouterr().out
    assert cli.main(["why", "--list", path]) == 1
    assert capsys.readouterr().out == "", "nothing to delete"


def test_why_lists_damaged_files_to_delete(project, capsys):
    make(HCP)
    Path(HCP).write_text("")
    assert cli.main(["why", "--list", HCP]) == 1
    assert capsys.readouterr().out.split() == [HCP]


def test_why_of_a_folder_without_results_says_so(project, capsys):
    assert cli.main(["why", "config"]) == 0
    assert "no results" in capsys.readouterr().out
