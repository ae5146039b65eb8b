"""The registry of models: the 31 published ones, and a message for every mistake."""

import csv
from pathlib import Path

import pytest

from repalign.errors import RepalignError
from repalign.models.modality import modality_of
from repalign.models.model_tables import info_table
from repalign.models.registry import COLUMNS, KINDS, POOLS, read_registry

ROOT = Path(__file__).parents[3]
REGISTRY = read_registry(ROOT / "config/models.tsv")
ROW = {
    "model": "owner/model",
    "name": "Model",
    "family": "Family",
    "modality": "language",
    "kind": "causal-lm",
    "source": "hub",
    "path": "",
    "revision": "",
    "sha256": "",
    "pool": "avg",
    "published": "no",
    "extract": "yes",
}
VISION = {"model": "vit_x.tag", "modality": "vision", "kind": "timm", "pool": "cls"}


def printed() -> list[dict[str, str]]:
    with (ROOT / "tests/data/published_models.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, *rows: dict[str, str], header=tuple(COLUMNS)) -> Path:
    lines = [header, *([{**ROW, **row}[column] for column in COLUMNS] for row in rows)]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def refused(path: Path, *parts: str) -> None:
    with pytest.raises(RepalignError) as caught:
        read_registry(path)
    for part in parts:
        assert part in str(caught.value)


def test_the_published_models_are_those_of_the_published_notebook():
    info = info_table(REGISTRY, "coco").set_index("model")
    assert len(info) == 31
    assert list(info.columns) == ["model_name", "modality", "family"]
    assert sorted(info.index) == sorted(row["model"] for row in printed())
    for row in printed():
        ours = info.loc[row["model"]]
        key = row["model_name"]
        assert ours["model_name"].startswith(key.removesuffix("..."))
        if not key.endswith("..."):
            assert ours["model_name"] == key
        assert ours["modality"] == row["modality"].lower()


def test_families_are_11_and_part_those_that_the_notebook_prints():
    info = info_table(REGISTRY, "coco").set_index("model")
    assert sorted(set(info["family"])) == [
        "AugReg", "BloomZ", "Clip", "Clip-FT", "DINOv2", "Gemma-2", "Huggyllama", "Llama-3",
        "Llama-3.1", "MAE", "Open-Llama",
    ]  # fmt: skip
    parents = {(info.loc[row["model"], "family"], row["family"]) for row in printed()}
    assert len(parents) == 11


def test_modalities_are_17_and_14():
    info = info_table(REGISTRY, "coco")
    assert info["modality"].value_counts().to_dict() == {"vision": 17, "language": 14}
    assert info["model_name"].map(modality_of).equals(info["modality"])
    is_language = info["modality"] == "language"
    assert info["model_name"].str.endswith("_prompt-coco").equals(is_language)


def test_nothing_is_extracted_before_a_user_says_so():
    assert not any(model.extract for model in REGISTRY)
    assert {model.source for model in REGISTRY} == {"hub"}


def test_models_of_laion_fmri_are_there_and_not_published():
    assert [model.key() for model in REGISTRY if not model.published] == [
        "vit_huge_patch14_clip_224.laion2b_pool-avg",
        "vit_large_patch14_dinov2.lvd142m_pool-avg",
        "vit_pe_core_large_patch14_336.fb_pool-avg",
        "vit_so400m_patch14_siglip_378.v2_webli_pool-avg",
    ]


def test_a_row_is_read_as_it_stands(tmp_path):
    sha = "ab" * 32
    row = {
        "source": "local-dir",
        "path": "my models/llm",
        "sha256": sha,
        "name": 'A "quoted" name',
    }
    language, vision = read_registry(write(tmp_path / "m.tsv", row, VISION))
    assert (language.path, language.sha256, language.name) == ("my models/llm", sha, row["name"])
    assert language.extract
    assert not language.published
    assert language.key("coco") == "owner_model_pool-avg_prompt-coco"
    assert language.key("coco", untrained=True) == "owner_model_pool-avg_prompt-coco-untrained"
    assert vision.key("coco") == "vit_x.tag_pool-cls"


def test_one_model_may_be_pooled_in_several_ways(tmp_path):
    rows = [{"pool": pool} for pool in POOLS["language"]]
    assert len(read_registry(write(tmp_path / "m.tsv", *rows))) == 3


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"modality": "audio"}, ("modality 'audio'", "vision, language")),
        ({"kind": "detr"}, ("kind 'detr'", *KINDS)),
        ({"kind": "timm"}, ("timm for language", "vision")),
        ({"source": "web"}, ("source 'web'", "local-dir")),
        ({"pool": "cls"}, ("pool 'cls'", "avg-no-special")),
        ({"published": "true"}, ("published 'true'", "yes, no")),
        ({"extract": ""}, ("extract ''", "yes, no")),
        ({"model": ""}, ("model ''", "at most one")),
        ({"model": "a/b/c"}, ("model 'a/b/c'", "at most one")),
        ({"model": "../up"}, ("../up",)),
        ({"model": "two words"}, ("two words",)),
        ({"source": "local-dir"}, ("without a path",)),
        ({"source": "local-dir", "path": "x", "revision": "main"}, ("revision", "hub")),
        ({"sha256": "abc"}, ("sha256 'abc'", "64")),
        ({"source": "random", "sha256": "0" * 64}, ("random", "no file")),
        ({**VISION, "model": "resnet50", "pool": "avg"}, ("resnet50_pool-avg", "vit_")),
        ({"model": "vit_gpt"}, ("vit_gpt_pool-avg", "language")),
    ],
)
def test_a_wrong_row_is_named(tmp_path, change, parts):
    path = write(tmp_path / "m.tsv", {"model": "first"}, change)
    refused(path, f"{path}, row 3", *parts)


def test_a_model_and_pooling_twice_is_refused(tmp_path):
    refused(write(tmp_path / "m.tsv", {}, {"name": "Other"}), "owner_model_pool-avg", "twice")
    # Two ids, but one file of features.
    refused(write(tmp_path / "m.tsv", {}, {"model": "owner_model"}), "twice")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "columns"),
        ("model\tname\n", "columns model, name"),
        ("\t".join(COLUMNS) + "\nvit_x\tX\n", "2 fields"),
        ("\t".join(reversed(list(COLUMNS))) + "\n", "columns extract"),
    ],
)
def test_another_table_is_refused(tmp_path, text, part):
    path = tmp_path / "m.tsv"
    path.write_text(text)
    refused(path, str(path), part)


def test_a_missing_registry_names_the_setting(tmp_path):
    refused(tmp_path / "none.tsv", "none.tsv", "models.registry")


@pytest.mark.parametrize(
    ("key", "modality"),
    [
        ("anything_pool-cls", "vision"),
        ("anything_pool-cls-untrained", "vision"),
        ("vit_large_patch14_dinov2.lvd142m_pool-avg", "vision"),
        ("google_gemma-2-2b_pool-avg_prompt-coco", "language"),
        ("vitality-lm_pool-avg_prompt-coco", "language"),
    ],
)
def test_the_key_tells_the_modality(key, modality):
    assert modality_of(key) == modality
