"""Specs name all that an output depends on, and paths lead back to the one job that makes them."""

import json
from pathlib import Path

import pytest

from repalign.dag.manifest import Manifest
from repalign.dag.steps import Step, Workflow
from repalign.errors import RepalignError


@pytest.fixture
def make(tmp_path: Path):
    library = tmp_path / "workflow"
    (library / "scripts").mkdir(parents=True)
    for name in ("extract", "compare"):
        (library / f"scripts/{name}.py").write_text(f"x = '{name}'\n")
    raw = tmp_path / "raw"
    raw.mkdir()
    for k in (1, 2):
        (raw / f"{k:02d}.bin").write_text(f"subject {k}")

    def build(shift=1, clip=0.003, swapped=False) -> Workflow:
        order = ("y", "x") if swapped else ("x", "y")
        steps = [
            Step(
                "extract",
                "results/sub-{subject}.npy",
                external=lambda w: {"betas": str(raw / f"{w['subject']}.bin")},
                params=lambda _: {"clip": clip},
            ),
            Step(
                "compare",
                "results/{kind}.parquet",
                inputs=lambda _: dict(
                    zip(order, ["results/sub-01.npy", "results/sub-02.npy"], strict=True)
                ),
                params=lambda _: {"shift": shift, "seed": 0},
                limits={"memory_mb": 100},
            ),
        ]
        constraints = {"subject": r"\d\d", "kind": "rsa|cka"}
        return Workflow(steps, constraints, library, Manifest(tmp_path / "m.tsv"))

    build.raw = raw  # type: ignore[attr-defined]
    build.library = library  # type: ignore[attr-defined]
    return build


def digest(workflow: Workflow) -> str:
    return workflow.digest(workflow.job("compare", {"kind": "rsa"}))


def test_a_path_leads_to_its_job(make):
    workflow = make()
    job = workflow.producer("results/sub-02.npy")
    assert job is not None
    assert (job.step.name, job.values, job.path) == (
        "extract",
        {"subject": "02"},
        "results/sub-02.npy",
    )
    assert workflow.producer("results/other.parquet") is None


@pytest.mark.parametrize("change", [{"shift": 2}, {"clip": 0.01}, {"swapped": True}])
def test_parameters_upstream_parameters_and_swapped_inputs_count(make, change):
    assert digest(make(**change)) != digest(make())


def test_raw_content_and_code_count_limits_do_not(make):
    before = digest(make())
    text = make().arguments(make().job("compare", {"kind": "rsa"}))
    assert "--memory-mb 100" in text
    assert "memory" not in make().spec_text(make().job("compare", {"kind": "rsa"}))
    (make.raw / "02.bin").write_text("another session")
    changed = digest(make())
    assert changed != before
    (make.library / "scripts/extract.py").write_text("x = 'other'\n")
    assert digest(make()) != changed


def test_moving_the_raw_folder_changes_the_spec_of_no_content(make):
    spec = make().spec(make().job("extract", {"subject": "01"}))
    assert list(spec["external"]) == ["betas"]
    assert str(make.raw) not in json.dumps(spec)


def test_the_command_quotes_for_a_shell(make, tmp_path):
    (make.raw / "03.bin").write_text("x")
    step = Step(
        "extract", "results/sub-{subject}.npy", params=lambda _: {"names": ["a b", "$(touch x)"]}
    )
    workflow = Workflow([step], {}, make.library, Manifest(tmp_path / "m.tsv"))
    words = workflow.arguments(workflow.job("extract", {"subject": "1"}))
    assert words == "--names 'a b' '$(touch x)'"


def test_two_steps_for_one_file_are_refused(make, tmp_path):
    steps = [Step("a", "results/{x}.npy"), Step("b", "results/{y}.npy")]
    workflow = Workflow(steps, {}, make.library, Manifest(tmp_path / "m.tsv"))
    with pytest.raises(RepalignError, match="a, b"):
        workflow.producer("results/1.npy")


def test_an_input_that_nothing_makes_is_refused(make, tmp_path):
    steps = [Step("compare", "results/a.npy", inputs=lambda _: {"x": "results/nowhere"})]
    workflow = Workflow(steps, {}, make.library, Manifest(tmp_path / "m.tsv"))
    with pytest.raises(RepalignError, match="nowhere"):
        workflow.spec(workflow.job("compare", {}))
