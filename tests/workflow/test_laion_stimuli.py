"""The seven files of LAION-fMRI and the validation report, each by one command."""

import csv
import json

import h5py
import pytest

from .project import Project

SETTINGS = {
    "simulate": {
        "laion": {
            "image_size": 48, "n_shared_laion": 4, "n_shared_things": 2, "n_shared_nsd": 2,
            "n_unique_laion": 1, "n_unique_things": 2, "null_words": False, "n_sessions": 1,
        }
    },
    "laion": {
        "stimuli": {
            "derivatives": "produced",
            "segmentations": {"nouns_from": "captions"},
            "captions": {"ai": None},
        }
    },
}  # fmt: skip
STIMULI = "results/laion/stimuli/task-images_"
SEVEN = [
    *(f"{STIMULI}desc-{label}_embeddings.h5" for label in ("CLIP", "DINOv2", "PEcore", "SigLIP2")),
    f"{STIMULI}desc-segmentations.h5",
    f"{STIMULI}desc-segmentations_metadata.csv",
    f"{STIMULI}desc-captions.csv",
]
REPORT = "results/laion/validation.html"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The seven files and the report, made by asking for the report alone."""
    project = Project.create(tmp_path_factory.mktemp("laion") / "project", SETTINGS)
    project.repalign("simulate", "laion")
    project.snakemake("--quiet", "all", "--", REPORT)
    return project


def test_the_report_is_of_the_seven_files_and_finds_scaled_betas_alone(project):
    """The betas of one simulated subject are whole numbers, as a reader must expect."""
    assert all((project.root / path).is_file() for path in SEVEN)
    content = json.loads((project.root / "results/laion/validation.json").read_text())
    assert content["facts"] == {"data": "simulated", "derived files": "made by the workflow"}
    failed = [o for o in content["outcomes"] if o["status"] == "fail"]
    assert {(o["invariant"], o["file"].split("_")[0]) for o in failed} == {("J8", "sub-03")}
    html = (project.root / REPORT).read_text()
    assert "34 invariants: 1 fail" in html
    assert "<img" not in html


def test_files_say_that_no_model_made_them(project):
    for path in SEVEN[:5]:
        with h5py.File(project.root / path) as file:
            assert file.attrs["backend"].endswith("not a model")
            spec = json.loads(file.attrs["provenance"])["spec"]
        assert spec["params"]["source"] == "simulated"
        beside = json.loads((project.root / f"{path}.provenance.json").read_text())
        assert beside["spec"] == spec


def test_captions_of_the_workflow_say_that_a_template_wrote_them(project):
    with (project.root / SEVEN[6]).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["ai_model"] for row in rows if row["source"] == "ai"} == {"template"}
    workers = {row["participant_id"] for row in rows if row["source"] == "human"}
    raw = (project.root / "resources/simulated/laion/sourcedata/human_captions.csv").read_text()
    assert not any(worker in raw for worker in workers)


def test_nothing_of_a_dataset_that_people_are_not_to_see_is_in_logs(project):
    logs = "".join(path.read_text() for path in (project.root / "logs").rglob("*.log"))
    assert "worker-" not in logs


def test_no_picture_is_copied(project):
    found = [p.name for p in (project.root / "results").rglob("*")
             if p.suffix in (".png", ".jpg", ".jpeg")]  # fmt: skip
    assert found == []


def test_a_choice_makes_anew_what_depends_on_it_alone(project):
    """Here captions say what is looked for, so masks do, and embeddings do not."""
    chosen = {**SETTINGS["laion"]["stimuli"], "captions": {"ai": None, "worker_ids": "keep"}}
    project.set("laion", stimuli=chosen)
    stale = {"merge_laion_captions": 1, "segment_laion_images": 1, "validate_laion": 1}
    assert project.pending(*SEVEN, REPORT) == stale
