"""Which job makes which feature file, and what decides its content."""

from pathlib import Path

import pytest

from repalign.dag.build import build_workflow
from repalign.dag.steps import Workflow
from repalign.errors import RepalignError
from repalign.models.registry import COLUMNS
from repalign.settings import Settings

ROOT = Path(__file__).parents[3]
VISION, LANGUAGE = "vit_a_pool-cls", "org_llm_pool-avg_prompt-coco"
FEATURES = "results/nsd/features"
SHA = "ab" * 32
ROWS = [
    ("vit_a", "A", "-", "vision", "timm", "hub", "", "v1", SHA, "cls", "no", "yes"),
    ("vit_b", "B", "-", "vision", "timm", "local-dir", "own/b", "", "", "avg", "no", "no"),
    ("org/llm", "L", "-", "language", "causal-lm", "hub", "other/llm", "", "", "avg", "no", "yes"),
    ("vit_r", "R", "-", "vision", "timm", "random", "", "", "", "cls", "no", "no"),
]


@pytest.fixture
def root(tmp_path) -> Path:
    for folder in ("config", "raw/features", "own/b/1_Pooling"):
        (tmp_path / folder).mkdir(parents=True)
    text = (ROOT / "config/derivatives.tsv").read_text()
    (tmp_path / "config/derivatives.tsv").write_text(text)
    lines = ["\t".join(row) for row in (COLUMNS, *ROWS)]
    (tmp_path / "config/models.tsv").write_text("\n".join(lines) + "\n")
    (tmp_path / "raw/nsd_stimuli.hdf5").write_bytes(b"pictures")
    for name in ("config.json", "model.safetensors", "1_Pooling/config.json"):
        (tmp_path / "own/b" / name).write_text(name)
    return tmp_path


def build(root: Path, **sections) -> Workflow:
    settings = {"nsd": {"raw": "raw", "source": "other"}, **sections}
    return build_workflow(Settings.model_validate(settings), root)[0]


def job(flow: Workflow, weights: str, key: str):
    found = flow.producer(f"{FEATURES}/{weights}/{key}.h5")
    assert found is not None
    return found


def params(flow: Workflow, weights: str, key: str) -> dict:
    made = job(flow, weights, key)
    return made.step.params(made.values)


def external(flow: Workflow, weights: str, key: str) -> dict:
    made = job(flow, weights, key)
    return made.step.external(made.values)


def test_each_modality_has_its_step(root):
    flow = build(root)
    assert job(flow, "trained", VISION).step.name == "extract_vision_features"
    assert job(flow, "trained", LANGUAGE).step.name == "extract_language_features"
    assert flow.producer(f"{FEATURES}/trained/vit_unknown_pool-cls.h5") is None


def test_trained_features_depend_on_the_weights_of_the_registry(root):
    found = params(build(root), "trained", VISION)
    assert found["weights"] == "trained"
    assert found["weights_source"] == "hub"
    assert (found["model_id"], found["hub_id"]) == ("vit_a", "")
    assert (found["revision"], found["sha256"], found["pool"]) == ("v1", SHA, "cls")
    assert found["images"] == "jpeg"
    assert params(build(root), "trained", LANGUAGE)["hub_id"] == "other/llm"


def test_untrained_features_depend_on_their_seed_and_on_no_weights(root):
    flow = build(root)
    found = params(flow, "random-seed-12", f"{VISION}-untrained")
    assert found["weights"] == "random-seed-12"
    assert found["weights_source"] == "random"
    assert found["sha256"] == ""
    other = params(flow, "random-seed-3", f"{VISION}-untrained")
    assert other == {**found, "weights": "random-seed-3"}


@pytest.mark.parametrize("key", [VISION, LANGUAGE])
@pytest.mark.parametrize(("weights", "ending"), [("trained", "-untrained"), ("random-seed-1", "")])
def test_weights_that_contradict_the_key_are_refused(root, key, weights, ending):
    flow = build(root)
    made = job(flow, weights, key + ending)
    for ask in (made.step.inputs, made.step.external, made.step.params):
        with pytest.raises(RepalignError, match=f"{weights} weights of {key}{ending}"):
            ask(made.values)


def test_a_model_without_trained_weights_has_untrained_features_alone(root):
    flow = build(root)
    made = job(flow, "trained", "vit_r_pool-cls")
    with pytest.raises(RepalignError, match="no trained weights of vit_r"):
        made.step.inputs(made.values)
    assert params(flow, "random-seed-0", "vit_r_pool-cls-untrained")["weights_source"] == "random"


def test_no_two_jobs_share_a_path(root):
    flow = build(root)
    keys = [VISION, LANGUAGE, LANGUAGE.replace("coco", "pixtral"), "vit_b_pool-avg"]
    jobs = {job(flow, "trained", key).path for key in keys}
    for seed in (0, 1):
        jobs |= {job(flow, f"random-seed-{seed}", f"{key}-untrained").path for key in keys}
    assert len(jobs) == 3 * len(keys)


def test_every_file_of_a_local_model_counts(root):
    flow = build(root)
    files = ["own/b/1_Pooling/config.json", "own/b/config.json", "own/b/model.safetensors"]
    found = external(flow, "trained", "vit_b_pool-avg")
    assert found == {"weight_files": files, "pictures": "raw/nsd_stimuli.hdf5"}
    assert params(flow, "trained", "vit_b_pool-avg")["hub_id"] == ""
    untrained = external(flow, "random-seed-0", "vit_b_pool-avg-untrained")
    assert untrained["weight_files"] == files[:2]


def test_a_local_model_without_its_folder_is_named(root):
    for path in sorted((root / "own").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    with pytest.raises(RepalignError, match="vit_b: own/b") as error:
        external(build(root), "trained", "vit_b_pool-avg")
    assert "config/models.tsv" in error.value.where


def test_texts_come_from_the_captions_of_the_key(root):
    flow = build(root)
    for source in ("coco", "pixtral"):
        made = job(flow, "trained", LANGUAGE.replace("coco", source))
        found = made.step.inputs(made.values)
        assert found["captions"] == f"results/captions/nsd-captions-{source}.csv"
        assert made.step.params(made.values)["captions_source"] == source


@pytest.mark.parametrize(
    ("key", "setting", "counts"),
    [
        (VISION, {"images": "exact"}, True),
        (VISION, {"store": "float16"}, True),
        (LANGUAGE, {"precision": "bfloat16"}, True),
        (VISION, {"precision": "bfloat16"}, False),
        (LANGUAGE, {"images": "exact"}, False),
        (VISION, {"batch_size": 3}, False),
    ],
)
def test_settings_count_where_they_decide_numbers(root, key, setting, counts):
    before = params(build(root), "trained", key)
    after = params(build(root, models=setting), "trained", key)
    assert (before != after) == counts


def test_a_gpu_counts_and_threads_do_not_follow_the_cores(root):
    flow = build(root, resources={"device": "cuda", "threads": 3})
    assert params(flow, "trained", VISION)["device"] == "cuda"
    assert flow["extract_vision_features"].limits["model_threads"] == 3
    assert "device" not in params(build(root), "trained", VISION)
    assert build(root)["extract_vision_features"].limits["device"] == "cpu"


def test_features_that_are_extracted_are_those_that_tables_read(root):
    flow = build(root)
    part = flow.producer(f"results/nsd/parts/subject_model/all_joined/{VISION}/sub-01.parquet")
    assert part is not None
    assert part.step.inputs(part.values)["features"] == job(flow, "trained", VISION).path
    assert part.step.params(part.values)["dataset"] == "nsd"
