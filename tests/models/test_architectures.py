"""Sizes that follow from architectures alone are the published ones, of all 31 models."""

import csv
from pathlib import Path

import pytest

from repalign.errors import RepalignError
from repalign.models.architectures import describe_architecture, read_language_facts
from repalign.models.libraries import import_torch
from repalign.models.model_tables import size_table
from repalign.models.registry import read_registry

ROOT = Path(__file__).parents[2]
REGISTRY = read_registry(ROOT / "config/models.tsv")
FACTS = read_language_facts(ROOT / "resources/language_architectures.tsv")
SIZES = {
    "vit_tiny_patch16_224.augreg_in21k": (9_740_115, 12, 192),
    "vit_small_patch16_224.augreg_in21k": (30_075_219, 12, 384),
    "vit_base_patch16_224.augreg_in21k": (102_595_923, 12, 768),
    "vit_large_patch16_224.augreg_in21k": (325_690_707, 24, 1024),
    "vit_base_patch16_224.mae": (85_798_656, 12, 768),
    "vit_large_patch16_224.mae": (303_301_632, 24, 1024),
    "vit_huge_patch14_224.mae": (630_764_800, 32, 1280),
    "vit_small_patch14_dinov2.lvd142m": (22_056_192, 12, 384),
    "vit_base_patch14_dinov2.lvd142m": (86_579_712, 12, 768),
    "vit_large_patch14_dinov2.lvd142m": (304_367_616, 24, 1024),
    "vit_giant_patch14_dinov2.lvd142m": (1_136_479_232, 40, 1536),
    "vit_base_patch16_clip_224.laion2b": (86_193_152, 12, 768),
    "vit_large_patch14_clip_224.laion2b": (303_966_976, 24, 1024),
    "vit_huge_patch14_clip_224.laion2b": (632_077_824, 32, 1280),
    "vit_base_patch16_clip_224.laion2b_ft_in12k": (94_889_773, 12, 768),
    "vit_large_patch14_clip_224.laion2b_ft_in12k": (315_296_301, 24, 1024),
    "vit_huge_patch14_clip_224.laion2b_ft_in12k": (645_908_781, 32, 1280),
    "bigscience/bloomz-560m": (559_214_592, 25, 1024),
    "bigscience/bloomz-1b1": (1_065_314_304, 25, 1536),
    "bigscience/bloomz-1b7": (1_722_408_960, 25, 2048),
    "bigscience/bloomz-3b": (3_002_557_440, 31, 2560),
    "bigscience/bloomz-7b1": (7_069_016_064, 31, 4096),
    "google/gemma-2-2b": (2_614_341_888, 27, 2304),
    "google/gemma-2-9b": (9_241_705_984, 43, 3584),
    "huggyllama/llama-7b": (6_738_415_616, 33, 4096),
    "huggyllama/llama-13b": (13_015_864_320, 41, 5120),
    "openlm-research/open_llama_3b": (3_426_473_600, 27, 3200),
    "openlm-research/open_llama_7b": (6_738_415_616, 33, 4096),
    "openlm-research/open_llama_13b": (13_015_864_320, 41, 5120),
    "meta-llama/Meta-Llama-3-8B": (8_030_261_248, 33, 4096),
    "meta-llama/Llama-3.1-8B": (8_030_261_248, 33, 4096),
}
LAION = {
    "vit_huge_patch14_clip_224.laion2b": (632_077_824, 32, 1280, 224),
    "vit_large_patch14_dinov2.lvd142m": (304_367_616, 24, 1024, 518),
    "vit_pe_core_large_patch14_336.fb": (317_152_256, 24, 1024, 336),
    "vit_so400m_patch14_siglip_378.v2_webli": (428_225_600, 27, 1152, 378),
}
IMAGENET, HALF = (0.485, 0.456, 0.406), (0.5, 0.5, 0.5)
CLIP = (0.48145466, 0.4578275, 0.40821073)


def rounded(number: int) -> str:
    """A number as the published table prints it."""
    if number < 1e9:
        return f"{number / 1e6:.0f}M"
    text = f"{number / 1e9:.1f}" if number < 1e10 else f"{number / 1e9:.0f}"
    return text.removesuffix(".0") + "B"


@pytest.fixture(scope="module")
def table():
    return size_table(REGISTRY, FACTS, "coco").set_index("model")


def test_all_sizes_are_exact(table):
    keys = {model.key("coco"): model.model for model in REGISTRY if model.published}
    assert {keys[row.Index]: tuple(row[1:]) for row in table.itertuples()} == SIZES
    assert set(map(str, table.dtypes)) == {"int64"}


def test_layers_add_up_to_the_published_sums(table):
    is_language = table.index.str.endswith("_prompt-coco")
    assert table["num_layers"][~is_language].sum() == 352
    assert table["num_layers"][is_language].sum() == 448


def test_sizes_are_those_that_the_published_notebook_prints(table):
    names = {model.name: model.key("coco") for model in REGISTRY if model.published}
    with (ROOT / "tests/data/published_models.csv").open(encoding="utf-8", newline="") as file:
        printed = list(csv.DictReader(file))
    assert len(printed) == 31
    for row in printed:
        size = table.loc[names[row["model"]]]
        assert rounded(size["num_parameters"]) == row["num_parameters"], row["model"]
        assert str(size["num_layers"]) == row["num_layers"]
        assert str(size["inner_dim"]) == row["inner_dim"]


def described(name: str, pool: str):
    (model,) = [row for row in REGISTRY if (row.model, row.pool) == (name, pool)]
    return describe_architecture(model, FACTS)


@pytest.mark.parametrize("name", LAION)
def test_models_of_laion_fmri(name):
    found = described(name, "avg")
    size = found.pictures["input_size"]
    assert (found.n_parameters, found.n_layers, found.width, size[-1]) == LAION[name]


@pytest.mark.parametrize(
    ("part", "size", "crop", "mean"),
    [
        ("augreg_in21k", 224, 0.9, HALF),
        ("mae", 224, 0.9, IMAGENET),
        ("lvd142m", 518, 1.0, IMAGENET),
        ("base_patch16_clip_224.laion2b", 224, 1.0, CLIP),
        ("large_patch14_clip_224.laion2b", 224, 1.0, HALF),
        ("huge_patch14_clip_224.laion2b", 224, 1.0, CLIP),
        ("base_patch16_clip_224.laion2b_ft_in12k", 224, 0.9, CLIP),
        ("large_patch14_clip_224.laion2b_ft_in12k", 224, 1.0, HALF),
        ("huge_patch14_clip_224.laion2b_ft_in12k", 224, 1.0, CLIP),
    ],
)
def test_how_pictures_are_prepared(part, size, crop, mean):
    models = [m for m in REGISTRY if m.published and m.model.endswith(part)]
    assert models
    for model in models:
        pictures = describe_architecture(model, FACTS).pictures
        assert pictures["input_size"] == (3, size, size)
        assert pictures["crop_pct"] == crop
        assert pictures["mean"] == mean
        assert pictures["interpolation"] == "bicubic"


def test_no_number_is_held_in_memory():
    torch = import_torch()
    with torch.device("meta"):
        assert torch.empty(10**12).device.type == "meta"
    assert described("vit_giant_patch14_dinov2.lvd142m", "cls").n_parameters > 1e9


def test_local_models_are_described_by_their_folders(tiny):
    sizes = {m.model: describe_architecture(m, {}) for m in read_registry(tiny / "models.tsv")}
    assert {name: (size.n_layers, size.width) for name, size in sizes.items()} == {
        "vit_sim_plain": (3, 32),
        "vit_sim_mae": (4, 32),
        "vit_sim_dinov2": (2, 32),
        "sim-llama": (4, 32),
        "sim-bloom": (3, 32),
        "sim-gemma-2": (4, 32),
    }
    assert sizes["vit_sim_dinov2"].pictures["input_size"] == (3, 56, 56)


def test_an_unknown_language_model_says_what_to_add():
    (model,) = [row for row in REGISTRY if row.model == "google/gemma-2-2b"]
    with pytest.raises(RepalignError, match=r"(?s)gemma-2-2b.*Add a row"):
        describe_architecture(model, {})
