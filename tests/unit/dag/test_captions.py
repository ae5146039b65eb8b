"""Which backend makes which texts, what makes them stale, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from repalign.dag import captions as steps_of_captions
from repalign.dag.build import build_workflow, targets
from repalign.dag.captions import CaptionPlan
from repalign.dag.catalogue import read_catalogue
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Workflow
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.simulate.other_settings import Bold5000Simulation
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.truth import write_dataset_manifest, write_manifest

ROOT = Path(__file__).parents[3]
GENERATED = {
    name: f"results/captions/{name}-captions-pixtral.csv" for name in ("nsd", "bold5000", "things")
}


@pytest.fixture
def root(tmp_path) -> Path:
    """A project with all three raw folders; nothing in them says that they are simulated."""
    (tmp_path / "config").mkdir()
    for name in ("derivatives.tsv", "models.tsv", "prompts.yaml"):
        (tmp_path / "config" / name).write_bytes((ROOT / "config" / name).read_bytes())
    for dataset in ("nsd", "bold5000", "things"):
        (tmp_path / "resources/simulated" / dataset).mkdir(parents=True)
    raw = tmp_path / "resources/simulated"
    for name in (
        "nsd/nsd_stim_info_merged.csv",
        "nsd/nsd_stimuli.hdf5",
        "bold5000/bold5000_stimuli/Stimuli_Presentation_Lists/CSI1/CSI1_sess01/run01.txt",
        "bold5000/bold5000_stimuli/Scene_Stimuli/Presented_Stimuli/COCO/a.jpg",
        "things/stimuli/THINGS/Images/dog/dog_01b.jpg",
        "things/stimuli/THINGS/Metadata/Concept-specific/unique_id.csv",
    ):
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_text(name)
    return tmp_path


def plan(root: Path, **captions) -> CaptionPlan:
    return CaptionPlan(NsdPlan(Settings.model_validate({"captions": captions}), root))


def flow(root: Path, **captions) -> Workflow:
    return build_workflow(Settings.model_validate({"captions": captions}), root)[0]


def spec(root: Path, name: str, wildcards: dict[str, str], **captions) -> str:
    workflow = flow(root, **captions)
    return workflow.spec_text(workflow.job(name, wildcards))


def simulate(root: Path) -> None:
    write_manifest(root / "resources/simulated/nsd", NsdSimulation())
    write_dataset_manifest(
        root / "resources/simulated/bold5000", "bold5000", Bold5000Simulation(), {"1": 1}
    )


def test_real_data_are_never_described_by_the_template_unasked(root):
    assert plan(root).backend("nsd", "caption") == "transformers"
    assert plan(root).backend("nsd", "motion") == "transformers"
    assert plan(root, backend="template").backend("nsd", "motion") == "template"


def test_simulated_data_are_described_by_the_template(root):
    simulate(root)
    assert plan(root).backend("nsd", "caption") == "template"
    assert plan(root).backend("bold5000", "caption") == "template"
    assert plan(root).backend("things", "caption") == "transformers", "it is not simulated"


def test_a_table_of_the_user_comes_first_for_what_it_is_named_for(root):
    own = plan(root, files={"motion": "motion.csv", "things": "things.csv"})
    assert own.backend("nsd", "motion") == "file"
    assert own.backend("things", "caption") == "file"
    assert own.backend("nsd", "caption") == "transformers"
    assert own.external("nsd", "motion") == {"table": ["motion.csv"], "model_folder": []}


@pytest.mark.parametrize(
    ("captions", "dataset", "prompt", "key"),
    [
        ({"backend": "file"}, "nsd", "caption", "captions.files.nsd"),
        ({"backend": "file"}, "nsd", "scene", "captions.files.scene"),
        ({"backend": "file"}, "things", "caption", "captions.files.things"),
        ({"source": "local-dir"}, "nsd", "caption", "captions.folder"),
    ],
)
def test_what_a_backend_needs_and_has_not_is_named(root, captions, dataset, prompt, key):
    with pytest.raises(RepalignError) as caught:
        plan(root, **captions).external(dataset, prompt)
    assert caught.value.where == key


def test_prompts_are_named_or_literal(root):
    assert plan(root).prompt("caption").text == "Describe this image in one sentence."
    assert plan(root, prompt="What is it?").prompt("caption").text == "What is it?"
    assert plan(root, prompt="motion").prompt("caption").text.startswith("Analyze")
    assert plan(root, prompt="What is it?").prompt("scene").answers[0] == "scene-dominated"


def test_models_are_chosen_by_their_library(root):
    def model(**captions):
        return plan(root, **captions).params("nsd", "caption")["model_id"]

    assert model() == "mistral-community/pixtral-12b"
    assert model(backend="vllm") == "mistralai/Pixtral-12B-2409"
    assert model(backend="vllm", model="llava") == "llava"
    assert model(backend="template") == ""


MOTION = {"prompt": "motion"}


def test_texts_depend_on_the_text_of_their_own_prompt_alone(root):
    before = spec(root, "describe_nsd", MOTION)
    path = root / "config/prompts.yaml"
    text = path.read_text()
    path.write_text(text.replace("Classify each image", "Sort each image"))
    assert spec(root, "describe_nsd", MOTION) == before
    path.write_text(text.replace("single word", "one word"))
    assert spec(root, "describe_nsd", MOTION) != before


@pytest.mark.parametrize(
    ("name", "wildcards"),
    [("describe_nsd", MOTION), ("describe_images", {"image_set": "things"})],
)
@pytest.mark.parametrize("change", [
    {"corrections": {"nsd": "c.csv", "things": "c.csv"}}, {"max_empty_share": 0.5},
    {"memory_mb": 600}, {"seed": 4},
])  # fmt: skip
def test_what_comes_after_the_model_never_asks_it_again(root, name, wildcards, change):
    (root / "c.csv").write_text("id,caption,reason\n")
    assert spec(root, name, wildcards, **change) == spec(root, name, wildcards)


@pytest.mark.parametrize("change", [
    {"legacy_sampling": True}, {"max_new_tokens": 9}, {"precision": "float32"},
    {"revision": "abc"}, {"model": "llava"}, {"backend": "template"},
])  # fmt: skip
def test_what_a_model_depends_on_makes_texts_stale(root, change):
    things = {"image_set": "things"}
    assert spec(root, "describe_images", things, **change) != spec(root, "describe_images", things)


def test_a_seed_counts_where_texts_are_drawn(root):
    drawn = [
        spec(root, "describe_nsd", MOTION, legacy_sampling=True, seed=seed) for seed in (0, 1)
    ]
    assert drawn[0] != drawn[1]


def test_pictures_count_by_their_content(root):
    def texts() -> tuple[str, str]:
        return (
            spec(root, "describe_images", {"image_set": "things"}),
            spec(root, "describe_images", {"image_set": "bold5000"}),
        )

    before = texts()
    picture = root / "resources/simulated/things/stimuli/THINGS/Images/dog/dog_01b.jpg"
    picture.touch()
    assert texts() == before
    picture.write_text("another dog")
    assert texts()[0] != before[0]
    assert texts()[1] == before[1]


def test_corrections_make_the_published_file_stale_alone(root):
    (root / "c.csv").write_text("id,caption,reason\n")
    things = {"captioned": "things"}
    own = {"corrections": {"things": "c.csv"}}
    with_corrections = spec(root, "publish_captions", things, **own)
    assert with_corrections != spec(root, "publish_captions", things)
    (root / "c.csv").write_text("id,caption,reason\n1,A dog.,French\n")
    assert with_corrections != spec(root, "publish_captions", things, **own)


def wanted(root: Path, **captions) -> set[str]:
    settings = Settings.model_validate({"captions": captions})
    workflow, nsd = build_workflow(settings, root)
    found = targets(workflow, nsd, read_catalogue(root / "config/derivatives.tsv"))
    return {name for name, path in GENERATED.items() if path in found}


def test_captions_of_datasets_that_are_not_there_are_left_out(root, monkeypatch):
    monkeypatch.setattr(steps_of_captions, "models_installed", lambda: True)
    assert wanted(root) == {"nsd", "bold5000", "things"}
    (root / "resources/simulated/things").rename(root / "away")
    assert wanted(root) == {"nsd", "bold5000"}
    (root / "resources/simulated/nsd/nsd_stimuli.hdf5").unlink()
    assert wanted(root) == {"bold5000"}
    workflow = flow(root)
    with pytest.raises(RepalignError, match="repalign simulate things"):
        workflow.spec(workflow.job("publish_captions", {"captioned": "things"}))


def test_captions_by_a_model_are_left_out_without_its_library(root, monkeypatch):
    monkeypatch.setattr(steps_of_captions, "models_installed", lambda: False)
    monkeypatch.setattr(steps_of_captions, "vllm_installed", lambda: False)
    assert wanted(root) == set()
    assert wanted(root, backend="vllm") == set()
    # A table that is named is missed aloud, not left out.
    assert wanted(root, files={"things": "gone.csv"}) == {"things"}
    monkeypatch.setattr(steps_of_captions, "vllm_installed", lambda: True)
    assert wanted(root, backend="vllm") == {"nsd", "bold5000", "things"}


def test_the_template_of_nsd_needs_the_objects_of_coco(root):
    simulate(root)
    assert "nsd" not in wanted(root)
    folder = root / "resources/simulated/nsd/annotations"
    folder.mkdir()
    for name in ("captions", "instances"):
        for split in ("train2017", "val2017"):
            (folder / f"{name}_{split}.json").touch()
    assert "nsd" in wanted(root)
    step = flow(root)["describe_nsd"]
    assert step.inputs(MOTION)["objects"] == ["results/nsd/prepared/coco_objects.parquet"]


def test_a_folder_of_another_simulation_is_refused(root):
    write_dataset_manifest(
        root / "resources/simulated/things", "bold5000", Bold5000Simulation(), {}
    )
    with pytest.raises(RepalignError, match="a simulation of bold5000"):
        _ = plan(root).things.source
