"""Which models are compared with which, and what the two tables of them are made from."""

from pathlib import Path

import pytest

from repalign.dag import feature_plan
from repalign.dag.build import build_workflow, targets
from repalign.dag.catalogue import read_catalogue
from repalign.dag.model_model import n_parts
from repalign.errors import RepalignError
from repalign.models.registry import COLUMNS
from repalign.settings import Settings
from repalign.settings_file import check_settings

ROOT = Path(__file__).parents[3]
MODEL_MODEL = "results/nsd/alignment_model_model_coco.parquet"
UNTRAINED = "results/nsd/cka_untrained_models_similarity.parquet"
PART = "results/nsd/parts/model_model/batches-00.parquet"
SUPPLIED = ("llm-b_pool-avg_prompt-coco", "llm-b_pool-avg_prompt-pixtral", "vit_own_pool-cls")
EXTRACTED = {"language": "llm-a_pool-avg_prompt-coco", "vision": "vit_a_pool-cls"}


def line(model, family, modality, *, published=False, extract=False):
    kind, pool = ("timm", "cls") if modality == "vision" else ("causal-lm", "avg")
    answers = ["yes" if value else "no" for value in (published, extract)]
    return [model, model, family, modality, kind, "hub", "", "", "", pool, *answers]


ROWS = [
    line("vit_a", "ViT", "vision", extract=True),
    line("llm-a", "Llama", "language", extract=True),
    line("own/bloomz-x", "BloomZ", "language"),
    line("gemma-x", "Gemma-2", "language", extract=True),
    line("vit_b", "ViT", "vision"),
]


@pytest.fixture
def root(tmp_path) -> Path:
    """A project with features of a user and models that are extracted."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/derivatives.tsv").write_bytes(
        (ROOT / "config/derivatives.tsv").read_bytes()
    )
    write_registry(tmp_path, ROWS)
    (tmp_path / "raw/features").mkdir(parents=True)
    for name in SUPPLIED:
        (tmp_path / f"raw/features/{name}.h5").write_text(name)
    (tmp_path / "raw/nsd_stimuli.hdf5").touch()
    (tmp_path / "raw/annotations").mkdir()
    for split in ("train2017", "val2017"):
        (tmp_path / f"raw/annotations/captions_{split}.json").touch()
    return tmp_path


def write_registry(root: Path, rows: list[list[str]]) -> None:
    lines = ["\t".join(row) for row in ([*COLUMNS], *rows)]
    (root / "config/models.tsv").write_text("\n".join(lines) + "\n")


def build(root: Path, **sections):
    nsd = {"raw": "raw", "source": "other", "subjects": [1, 2], "sessions": {1: 3, 2: 1}}
    return build_workflow(Settings.model_validate({"nsd": nsd, **sections}), root)


def wanted(root: Path, **sections) -> set[str]:
    flow, plan = build(root, **sections)
    return {*targets(flow, plan, read_catalogue(ROOT / "config/derivatives.tsv"))}


def options(flow, target: str) -> dict:
    job = flow.producer(target)
    groups = (job.step.inputs, job.step.external, job.step.params)
    return {name: value for group in groups for name, value in group(job.values).items()}


def test_language_models_read_coco_captions_and_vision_models_none(root):
    flow, _ = build(root)
    found = options(flow, PART)
    assert found["language_models"] == [
        "gemma-x_pool-avg_prompt-coco", EXTRACTED["language"], SUPPLIED[0],
    ]  # fmt: skip
    assert found["vision_models"] == [EXTRACTED["vision"], SUPPLIED[2]]
    trained = "results/nsd/features/trained/{}.h5"
    assert found["vision_features"] == [trained.format(EXTRACTED["vision"])]
    assert found["supplied_vision_features"] == [f"raw/features/{SUPPLIED[2]}.h5"]
    assert found["language_features"] == [
        trained.format(name) for name in found["language_models"][:2]
    ]
    assert found["supplied_language_features"] == [f"raw/features/{SUPPLIED[0]}.h5"]


def test_untrained_features_of_a_user_are_no_vision_model(root):
    (root / "raw/features/vit_own_pool-cls-untrained.h5").touch()
    (root / "raw/features/llm-b_pool-avg_prompt-coco-untrained.h5").touch()
    found = options(build(root)[0], PART)
    names = [*found["language_models"], *found["vision_models"]]
    assert not any(name.endswith("-untrained") for name in names)


@pytest.mark.parametrize("modality", ["language", "vision"])
def test_without_one_modality_there_is_nothing_to_compare(root, modality):
    write_registry(root, [])
    kept = {"language": SUPPLIED[2], "vision": SUPPLIED[0]}[modality]
    for name in SUPPLIED:
        if name != kept:
            (root / f"raw/features/{name}.h5").unlink()
    assert MODEL_MODEL not in wanted(root)
    with pytest.raises(RepalignError, match=rf"no {modality} model among {kept}"):
        options(build(root)[0], MODEL_MODEL)


def test_the_table_is_wanted_where_features_are(root, monkeypatch):
    monkeypatch.setattr(feature_plan, "models_installed", lambda: True)
    assert MODEL_MODEL in wanted(root)
    monkeypatch.setattr(feature_plan, "models_installed", lambda: False)
    assert MODEL_MODEL not in wanted(root)
    write_registry(root, [])
    assert MODEL_MODEL in wanted(root), "features of users need no packages"


@pytest.mark.parametrize(
    ("batch_size", "expected"), [(750, 16), (73_000, 1), (36_500, 2), (36_499, 3), (80_000, 1)]
)
def test_batches_are_dealt_to_a_few_parts(root, batch_size, expected):
    flow, plan = build(root, model_model={"batch_size": batch_size})
    assert n_parts(plan.nsd) == expected
    parts = options(flow, MODEL_MODEL)["parts"]
    assert len(parts) == expected
    numbers = [options(flow, part) for part in parts]
    assert [(o["part"], o["n_parts"]) for o in numbers] == [(k, expected) for k in range(expected)]


# ------------------------------------------------------------------ untrained models


def keys(root: Path, **untrained) -> list[str]:
    return build(root, untrained=untrained)[1].nsd.feature_plan.untrained


def test_bloom_and_gemma_are_left_out_and_language_comes_first(root):
    assert keys(root) == [
        "llm-a_pool-avg_prompt-coco-untrained",
        "vit_a_pool-cls-untrained",
        "vit_b_pool-cls-untrained",
    ]


def test_models_that_are_marked_as_published_are_the_published_ones(root):
    rows = [*ROWS, line("vit_c", "Gemmal", "vision", published=True),
            line("vit_d", "ViT", "vision", published=True)]  # fmt: skip
    write_registry(root, rows)
    assert keys(root) == ["vit_d_pool-cls-untrained"]


def test_the_committed_registry_has_24_of_them():
    settings = Settings.model_validate({"nsd": {"raw": "raw", "source": "other"}})
    found = feature_plan.FeaturePlan(settings, is_simulated=False, root=ROOT).untrained
    language = [key for key in found if key.endswith("_prompt-coco-untrained")]
    assert (len(found), len(language)) == (24, 7)
    assert found[:7] == sorted(language)
    assert not any("bloom" in key or "gemma" in key for key in found)


def test_models_may_be_named_or_be_those_that_are_extracted(root):
    assert keys(root, models=["own/bloomz-x", "vit_b"]) == [
        "own_bloomz-x_pool-avg_prompt-coco-untrained", "vit_b_pool-cls-untrained",
    ]  # fmt: skip
    assert keys(root, models="extracted") == [
        "gemma-x_pool-avg_prompt-coco-untrained",
        "llm-a_pool-avg_prompt-coco-untrained",
        "vit_a_pool-cls-untrained",
    ]
    with pytest.raises(RepalignError, match=r"(?s)untrained\.models.*model\(s\) vit_z"):
        keys(root, models=["vit_b", "vit_z"])


def test_all_published_models_are_computed_only_where_asked_for(root, monkeypatch):
    monkeypatch.setattr(feature_plan, "models_installed", lambda: True)
    assert UNTRAINED not in wanted(root), "vit_b is not extracted"
    assert UNTRAINED in wanted(root, untrained={"models": ["vit_b"]})
    assert UNTRAINED in wanted(root, untrained={"models": "extracted"})
    write_registry(root, ROWS[:-1])
    assert UNTRAINED in wanted(root)
    write_registry(root, [])
    assert UNTRAINED not in wanted(root)
    write_registry(root, ROWS[:-1])
    monkeypatch.setattr(feature_plan, "models_installed", lambda: False)
    assert UNTRAINED not in wanted(root)


def test_no_model_to_compare_is_said(root):
    write_registry(root, ROWS[2:4])
    with pytest.raises(RepalignError, match=r"(?s)untrained\.models.*no model to compare"):
        options(build(root)[0], UNTRAINED)


def test_a_part_is_a_model_a_seed_and_a_subject(root):
    flow, _ = build(root, untrained={"models": ["vit_a", "llm-a"], "seeds": [3, 1]})
    found = options(flow, UNTRAINED)
    folder = "results/nsd/parts/untrained/joined"
    assert found["parts"] == [
        f"{folder}/seed-{seed}/{model}/sub-{subject}.parquet"
        for model in ("llm-a_pool-avg_prompt-coco-untrained", "vit_a_pool-cls-untrained")
        for seed in (3, 1)
        for subject in ("01", "02")
    ]
    assert (found["seeds"], found["subjects"], found["sessions"]) == ([3, 1], [1, 2], [3, 1])
    part = options(flow, found["parts"][2])
    assert part["grams"] == "results/nsd/session_grams/all/joined/sub-01"
    assert part["features"] == (
        "results/nsd/features/random-seed-1/llm-a_pool-avg_prompt-coco-untrained.h5"
    )
    assert (part["seed"], part["subject"]) == (1, 1)


def test_session_vectors_of_both_measures_have_their_own_places_and_choices(root):
    flow, _ = build(root, rsa={"drop_same_image_pairs": True})
    rdms, grams = (
        options(flow, f"results/nsd/session_{kind}/all/joined/sub-01")
        for kind in ("rdms", "grams")
    )
    assert (rdms.pop("measure"), grams.pop("measure")) == ("rdm", "gram")
    assert (rdms.pop("drop_same_image_pairs"), grams.pop("drop_same_image_pairs")) == (1, 0)
    assert rdms == grams


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("model_model", {"metrics": []}, "metrics"),
        ("model_model", {"metrics": ["rsa", "rsa"]}, "each value once"),
        ("model_model", {"metrics": ["cknna"]}, "mutual_knn"),
        ("model_model", {"topk": 10, "batch_size": 10}, "topk must be smaller"),
        ("model_model", {"outlier_quantile": 0}, "outlier_quantile"),
        ("model_model", {"outlier_scope": "all"}, "batch"),
        ("untrained", {"seeds": [1, 1]}, "each value once"),
        ("untrained", {"seeds": []}, "seeds"),
        ("untrained", {"seeds": [-1]}, "seeds"),
        ("untrained", {"models": []}, "models"),
        ("untrained", {"models": "all"}, "published"),
        ("untrained", {"models": ["a", "a"]}, "each value once"),
    ],
)
def test_wrong_settings_are_refused_with_their_key(section, values, words):
    with pytest.raises(RepalignError, match=rf"(?s)1 wrong setting.*{section}.*{words}"):
        check_settings({section: values})
