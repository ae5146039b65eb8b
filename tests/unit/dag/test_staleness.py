"""`repalign why` names what changed, where it arises, and agrees with what the workflow does."""

import json
from pathlib import Path

import numpy as np
import pytest

from repalign.dag.manifest import Manifest
from repalign.dag.staleness import Auditor, Verdict
from repalign.dag.steps import Step, Workflow
from repalign.tables.provenance import encode, make_record, sidecar, write_sidecar

SUBJECTS = ("01", "02")
SESSION = "results/sessions/sub-{subject}.npy"
RDMS = "results/rdms/sub-{subject}"
TABLE = "results/{table}.csv"


class Project:
    """Raw files, three steps in a row, and results made without running anything."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.values = {"clip": 0.003, "ties": "average"}
        self.subjects = SUBJECTS
        self.with_regions = True
        (root / "library/scripts").mkdir(parents=True)
        (root / "library/repalign").mkdir()
        for name in ("extract", "rdms", "join"):
            self.script(name).write_text(f"import repalign.{name}\n")
            self.module(name).write_text("x = 1\n")
        for subject in SUBJECTS:
            (root / f"{subject}.raw").write_text(subject)
        (root / "regions.tsv").write_text("V1")

    def script(self, name: str) -> Path:
        return self.root / f"library/scripts/{name}.py"

    def module(self, name: str) -> Path:
        return self.root / f"library/repalign/{name}.py"

    def workflow(self) -> Workflow:
        def external(w):
            found = {"betas": f"{w['subject']}.raw"}
            return found | ({"regions": "regions.tsv"} if self.with_regions else {})

        steps = [
            Step("extract", SESSION, external=external),
            Step(
                "rdms",
                RDMS,
                inputs=lambda w: {"session": SESSION.format_map(dict(w))},
                params=lambda _: {"clip": self.values["clip"]},
            ),
            Step(
                "join",
                TABLE,
                inputs=lambda _: {"parts": [RDMS.format(subject=s) for s in self.subjects]},
                params=lambda _: {"ties": self.values["ties"]},
            ),
        ]
        constraints = {"subject": r"\d\d", "table": "table|copy"}
        manifest = Manifest(self.root / "manifest.tsv")
        return Workflow(steps, constraints, self.root / "library", manifest, self.root)

    def make(self, *paths: str) -> None:
        """Make results as the scripts do: the record last."""
        workflow = self.workflow()
        for name in paths:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            job = workflow.producer(name)
            assert job is not None
            if path.suffix == ".npy":
                np.save(path, np.arange(4))
            elif path.suffix:
                path.write_text("x\n")
            else:
                path.mkdir(exist_ok=True)
                np.save(path / "vectors.npy", np.arange(4))
            write_sidecar(path, make_record(workflow.spec_text(job)))

    def verdict(self, path: str) -> Verdict:
        """Judge a file, and check that the workflow itself thinks the same of it."""
        workflow = self.workflow()
        verdict = Auditor(workflow).verdict(path)
        job = workflow.producer(path)
        if job is not None and verdict.state != "damaged":
            assert workflow.is_current(job) == (verdict.state == "current")
        assert bool(verdict.causes) == (verdict.state == "stale")
        return verdict


ALL = [
    *(SESSION.format(subject=s) for s in SUBJECTS),
    *(RDMS.format(subject=s) for s in SUBJECTS),
    "results/table.csv",
]
SESSION_1, SESSION_2, RDMS_1, RDMS_2, LAST = ALL


@pytest.fixture
def project(tmp_path) -> Project:
    project = Project(tmp_path)
    project.make(*ALL)
    return project


def causes(project: Project, path: str = LAST) -> set[tuple[str, str]]:
    verdict = project.verdict(path)
    assert verdict.state == "stale"
    return {(cause.path, cause.key) for cause in verdict.causes}


def test_everything_is_current_after_a_run(project):
    assert {project.verdict(path).state for path in ALL} == {"current"}


def test_a_parameter_of_its_own(project):
    project.values["ties"] = "ordinal"
    verdict = project.verdict(LAST)
    assert [str(cause) for cause in verdict.causes] == ["ties: average → ordinal"]
    assert verdict.causes[0].path == LAST
    assert project.verdict(RDMS_1).state == "current"


def test_a_parameter_upstream_is_named_where_it_arises(project):
    project.values["clip"] = 0.01
    assert causes(project) == {(RDMS_1, "clip"), (RDMS_2, "clip")}
    assert project.verdict(SESSION_1).state == "current"


def test_an_external_file_is_named_where_it_is_read(project):
    (project.root / "02.raw").write_text("another recording")
    assert causes(project) == {(SESSION_2, "content of 02.raw")}
    assert project.verdict(RDMS_1).state == "current"


def test_code_is_named_by_module_where_it_is_imported(project):
    project.module("extract").write_text("x = 2\n")
    key = "code repalign.extract"
    assert causes(project) == {(SESSION_1, key), (SESSION_2, key)}


def test_a_comment_in_code_changes_nothing(project):
    project.module("extract").write_text("# why\nx = 1\n")
    assert project.verdict(LAST).state == "current"


def test_a_subject_less(project):
    project.subjects = ("01",)
    verdict = project.verdict(LAST)
    assert [cause.key for cause in verdict.causes] == ["input parts"]
    assert verdict.causes[0].old == f"{RDMS_1}, {RDMS_2}"
    assert verdict.causes[0].new == RDMS_1


def test_inputs_in_another_order(project):
    project.subjects = ("02", "01")
    assert causes(project) == {(LAST, "input parts")}


def test_an_external_file_that_is_read_no_more(project):
    project.with_regions = False
    assert causes(project, SESSION_1) == {(SESSION_1, "external regions")}


def test_an_input_that_was_made_again_since(project):
    project.values["clip"] = 0.01
    project.make(RDMS_1, RDMS_2)
    verdict = project.verdict(LAST)
    assert {cause.path for cause in verdict.causes} == {LAST}
    assert {cause.new for cause in verdict.causes} == {"made again since"}


def test_a_missing_intermediate_does_not_make_its_users_stale(project):
    """Temporary files may be deleted; what counts is what the result was made from."""
    (project.root / SESSION_1).unlink()
    assert project.verdict(SESSION_1).state == "missing"
    assert project.verdict(LAST).state == "current"


def test_a_change_above_a_missing_intermediate(project):
    (project.root / SESSION_1).unlink()
    (project.root / "01.raw").write_text("another recording")
    assert causes(project) == {(RDMS_1, f"input session ({SESSION_1})")}


def test_a_renamed_result_is_not_taken_for_another(project):
    for suffix in ("", ".provenance.json"):
        source = project.root / (LAST + suffix)
        (project.root / ("results/copy.csv" + suffix)).write_bytes(source.read_bytes())
    assert causes(project, "results/copy.csv") == {("results/copy.csv", "table")}


def test_a_spec_with_keys_of_another_version_is_stale(project):
    path = sidecar(project.root / LAST)
    record = json.loads(path.read_text())
    del record["checksum"]
    record["spec"]["more"] = None
    record["spec"]["params"]["gone"] = None
    path.write_text(encode(record))
    assert project.verdict(LAST).state == "stale"


@pytest.mark.parametrize("path", [SESSION_1, LAST, RDMS_1])
def test_damage_is_seen(project, path):
    file = project.root / path
    target = file / "vectors.npy" if file.is_dir() else file
    target.write_bytes(target.read_bytes()[:-4] if target.suffix == ".npy" else b"")
    verdict = project.verdict(path)
    assert verdict.state == "damaged"
    assert verdict.note
    project.values["clip"] = 0.01
    assert project.verdict(path).state == "damaged"


def test_a_broken_record_is_damage(project):
    sidecar(project.root / LAST).write_bytes(b"\xff{")
    assert project.verdict(LAST).state == "damaged"
    workflow = project.workflow()
    assert not workflow.is_current(workflow.job("join", {"table": "table"}))


def test_files_that_are_none_of_ours_or_say_nothing(project):
    assert project.verdict("results/other.csv").state == "unknown"
    sidecar(project.root / LAST).unlink()
    assert project.verdict(LAST).state == "unknown"
    write_sidecar(project.root / LAST, make_record(None))
    assert "no record" in project.verdict(LAST).note


def test_a_folder_lists_its_results_once_and_what_killed_jobs_left(project):
    rest = "results/rdms/.writing-abc-sub-01"
    (project.root / rest).mkdir()
    (project.root / "results/notes.txt").write_text("mine")
    verdicts = {v.path: v.state for v in Auditor(project.workflow()).within("results")}
    assert verdicts == dict.fromkeys(ALL, "current") | {rest: "damaged"}
