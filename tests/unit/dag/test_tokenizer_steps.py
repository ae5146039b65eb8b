"""Which tokenizers are compared, where they come from, and what depends on what."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from pydantic import ValidationError

from repalign.dag.build import NEEDS, build_workflow
from repalign.dag.catalogue import read_catalogue
from repalign.dag.tokenizer_plan import PUBLISHED, TokenizerPlan, TokenizerSource
from repalign.errors import RepalignError
from repalign.models.registry import Model, read_registry
from repalign.settings import Settings
from repalign.tables.token_tables import WORD_TOKENIZERS

ROOT = Path(__file__).parents[3]
TABLE = "results/nsd/supplementary_tokenizers_rsa_joined.parquet"


def model(
    name: str,
    family: str,
    source: str = "hub",
    path: str = "",
    *,
    published: bool = False,
    extract: bool = True,
    revision: str = "",
    modality: str = "language",
    pool: str = "avg",
) -> Model:
    kind = "causal-lm" if modality == "language" else "timm"
    return Model(name, name, family, modality, kind, source, path, revision, "", pool, published,
                 extract)  # fmt: skip


def plan(*rows: Model, root: Path = Path(), **tokenizers) -> TokenizerPlan:
    settings = Settings.model_validate({"tokenizers": tokenizers})
    return TokenizerPlan(settings.tokenizers, rows, root)


OWN = (
    model("vit", "ViT", modality="vision"),
    model("a/small", "A", "local-dir", "models/a"),
    model("b/one", "B", revision="abc"),
    model("a/large", "A", "random", "models/a"),
    model("a/small", "A", "local-dir", "models/a", pool="last"),
    model("a/left", "A", extract=False),
)


def test_the_committed_registry_has_the_published_five():
    registry = read_registry(ROOT / "config/models.tsv")
    found = plan(*registry)
    assert found.models == list(PUBLISHED)
    assert found.names == [*WORD_TOKENIZERS, *PUBLISHED]
    assert found.source("meta-llama/Llama-2-7b") == TokenizerSource(
        "hub", "meta-llama/Llama-2-7b-hf"
    )
    assert found.source("google/gemma-2-2b") == TokenizerSource("hub", "google/gemma-2-2b")


def test_the_five_stand_for_all_published_language_models():
    rows = [r for r in read_registry(ROOT / "config/models.tsv") if r.modality == "language"]
    extracted = [
        model(r.model, r.family, published=r.published, extract=True) for r in rows if r.published
    ]
    found = plan(*extracted)
    others = {other for _, other in found.stands_for}
    assert others == {r.model for r in extracted} - set(PUBLISHED)
    assert dict((b, a) for a, b in found.stands_for)["meta-llama/Llama-3.1-8B"] == (  # noqa: C402
        "meta-llama/Meta-Llama-3-8B"
    )
    assert {b for a, b in found.stands_for if a == "meta-llama/Llama-2-7b"} == {
        "huggyllama/llama-7b", "huggyllama/llama-13b",
    }  # fmt: skip
    assert len(found.stands_for) == len(others), "no model is checked twice"


def test_other_registries_give_the_first_model_of_each_family():
    assert plan(*OWN).models == ["a/small", "b/one"]
    assert plan(*OWN).stands_for == [("a/small", "a/large")]


def test_models_that_are_not_extracted_need_no_tokenizer():
    rows = [model("a/small", "A"), model("a/large", "A", extract=False)]
    assert plan(*rows).stands_for == []


def test_a_list_is_taken_as_it_is():
    found = plan(*OWN, llm=["b/one", "a/large", "org/new"])
    assert found.names[4:] == ["b/one", "a/large", "org/new"]
    assert found.stands_for == [("a/large", "a/small")]
    assert plan(*OWN, llm=[]).names == list(WORD_TOKENIZERS)


def test_where_tokenizers_come_from(tmp_path):
    (tmp_path / "models/a").mkdir(parents=True)
    places = {"b/one": "org/b@v2", "c": "local-dir:folder/c", "d": "d-hub"}
    found = plan(*OWN, root=tmp_path, sources=places)
    assert found.source("a/small") == TokenizerSource("local-dir", "models/a")
    assert found.source("a/large") == TokenizerSource("local-dir", "models/a")
    assert found.source("b/one") == TokenizerSource("hub", "org/b", "v2")
    assert found.source("c") == TokenizerSource("local-dir", "folder/c")
    assert found.source("d") == TokenizerSource("hub", "d-hub")
    assert plan(*OWN).source("b/one") == TokenizerSource("hub", "b/one", "abc")
    # Without the folder, the configuration of random weights is on the hub.
    assert plan(*OWN).source("a/large").source == "hub"


def test_files_of_a_folder_count_and_its_weights_do_not(tmp_path):
    folder = tmp_path / "models/a"
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer.model", "merges.txt",
                 "model.safetensors", "model.safetensors.index.json"):  # fmt: skip
        (folder / name).touch()
    found = plan(*OWN, root=tmp_path)
    assert found.files("a/small") == [
        "models/a/config.json", "models/a/merges.txt", "models/a/tokenizer.json",
        "models/a/tokenizer.model",
    ]  # fmt: skip
    assert found.files("b/one") == []


def test_a_folder_without_a_model_is_refused_by_name(tmp_path):
    with pytest.raises(RepalignError, match="no such folder") as caught:
        plan(*OWN, root=tmp_path).files("a/small")
    assert "models/a" in caught.value.where
    assert "a/small" in caught.value.where
    (tmp_path / "models/a").mkdir(parents=True)
    with pytest.raises(RepalignError, match=r"without config\.json"):
        plan(*OWN, root=tmp_path).files("a/small")


def test_files_are_named_after_models():
    assert plan(*OWN).by_key("a_small") == "a/small"
    assert plan(*OWN).by_key("a_large") == "a/large", "a model that is checked"
    with pytest.raises(RepalignError, match="a_left") as caught:
        plan(*OWN).by_key("a_left")
    assert "tokenizers.llm" in caught.value.remedy


@pytest.mark.parametrize(
    "wrong",
    [
        {"llm": ["a/b", "a_b"]},
        {"llm": ["x", "x"]},
        {"llm": [""]},
        {"llm": "all"},
        {"sources": {"a": "local-dir:"}},
        {"sources": {"a": "a b"}},
        {"sources": {"a": "org/b@"}},
        {"sources": {"a": "../b"}},
        {"sources": {"a": "a/b/c"}},
        {"sources": {"a": ""}},
        {"trial_mode": "last"},
        {"legacy_subjects": [1, 2]},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Settings.model_validate({"tokenizers": wrong})


def test_simulated_data_fetch_nothing_unasked(monkeypatch):
    import repalign.dag.tokenizer_plan as module

    monkeypatch.setattr(module, "find_spec", lambda name: object())
    local = plan(model("a", "A", "local-dir", "x"))
    hub = plan(model("a", "A"))
    assert local.is_ready(is_simulated=True)
    assert hub.is_ready(is_simulated=False)
    assert not hub.is_ready(is_simulated=True)
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "nltk" else object())
    assert not local.is_ready(is_simulated=True)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "raw").mkdir()
    for name in ("config/derivatives.tsv", "config/models.tsv"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def steps(root: Path, **sections):
    values = {"nsd": {"raw": "raw", "source": "other"}, **sections}
    return build_workflow(Settings.model_validate(values), root)[0]


def test_the_table_has_a_part_a_subject_and_the_published_rows(root):
    flow = steps(root)
    job = flow.producer(TABLE)
    assert job is not None
    inputs, params = job.step.inputs(job.values), job.step.params(job.values)
    assert [Path(p).stem for p in inputs["parts"]] == [f"sub-{s:02d}" for s in range(1, 9)]
    assert params["tokenizers"] == [*WORD_TOKENIZERS, *PUBLISHED]
    assert params["hemispheres"] == "joined"
    assert len(params["subjects"]) * 180 * len(params["tokenizers"]) == 12_960


def test_the_published_subjects_can_be_had(root):
    flow = steps(root, tokenizers={"legacy_subjects": True})
    job = flow.producer(TABLE)
    assert job is not None
    params = job.step.params(job.values)
    assert params["subjects"] == [1, 2, 3, 4, 5, 6, 7]
    assert len(job.step.inputs(job.values)["parts"]) * 180 * 9 == 11_340


def test_no_published_subject_is_an_error(root):
    values = {"raw": "raw", "source": "other", "subjects": [8]}
    flow = steps(root, nsd=values, tokenizers={"legacy_subjects": True})
    job = flow.producer(TABLE)
    assert job is not None
    with pytest.raises(RepalignError, match="legacy_subjects"):
        job.step.params(job.values)


def test_separated_hemispheres_are_another_row_of_the_catalogue(root):
    catalogue = root / "config/derivatives.tsv"
    row = "nsd/tokens_separated.parquet\tnsd\trsa_tokenizers\themispheres=separated\tx\n"
    catalogue.write_text(catalogue.read_text() + row)
    assert read_catalogue(catalogue)
    flow = steps(root)
    job = flow.producer("results/nsd/tokens_separated.parquet")
    assert job is not None
    (first, *_) = job.step.inputs(job.values)["parts"]
    assert first == "results/nsd/parts/tokenizers/separated/sub-01.parquet"
    part = flow.producer(first)
    assert part is not None
    assert part.step.inputs(part.values)["rdms"] == "results/nsd/image_rdms/all/separated/sub-01"


def test_words_and_models_have_tables_of_tokens(root):
    flow = steps(root)
    part = flow.producer("results/nsd/parts/tokenizers/joined/sub-01.parquet")
    assert part is not None
    made = [flow.producer(path) for path in part.step.inputs(part.values)["tokens"]]
    assert [job.step.name for job in made] == ["split_captions"] * 4 + ["tokenize_captions"] * 5
    assert [job.values.get("words", job.values.get("tokenizer")) for job in made] == [
        *WORD_TOKENIZERS, *[name.replace("/", "_") for name in PUBLISHED],
    ]  # fmt: skip
    for job in made:
        assert job.step.inputs(job.values)["captions"] == "results/captions/nsd-captions-coco.csv"
    llama = made[7]
    params = llama.step.params(llama.values)
    assert (params["model"], params["hub_id"]) == (
        "meta-llama/Llama-2-7b", "meta-llama/Llama-2-7b-hf",
    )  # fmt: skip


def test_choices_reach_the_job_that_depends_on_them(root):
    usual = steps(root)
    other = steps(root, tokenizers={"trial_mode": "first"}, captions={"max_empty_share": 0.5})
    changed = set()
    for name, path in {
        "compute_image_rdms": "results/nsd/image_rdms/all/joined/sub-01",
        "compare_tokenizers": "results/nsd/parts/tokenizers/joined/sub-01.parquet",
        "split_captions": "results/nsd/words/words.parquet",
        "tokenize_captions": "results/nsd/tokens/google_gemma-2-2b.parquet",
    }.items():
        jobs = [flow.producer(path) for flow in (usual, other)]
        params = [job.step.params(job.values) for job in jobs]
        if params[0] != params[1]:
            changed.add(name)
    assert changed == {"compute_image_rdms"}, "refusing captions changes no token"


def test_a_local_tokenizer_counts_by_its_files_and_not_by_its_place(root):
    specs = []
    for place in ("here", "there"):
        (root / place).mkdir()
        (root / place / "config.json").write_text("{}")
        (root / place / "tokenizer.json").write_text("[1]")
        flow = steps(root, tokenizers={"llm": ["x"], "sources": {"x": f"local-dir:{place}"}})
        job = flow.producer("results/nsd/tokens/x.parquet")
        files = job.step.external(job.values)["tokenizer_files"]
        assert files == [f"{place}/config.json", f"{place}/tokenizer.json"]
        specs.append(job.step.params(job.values))
    assert specs[0] == specs[1]


def test_the_table_needs_captions_and_tokenizers():
    assert NEEDS["rsa_tokenizers"] == {"captions", "tokenizers"}


def test_all_pairs_of_words_and_hemispheres_have_one_producer(root):
    flow = steps(root)
    for words, hemispheres in product(WORD_TOKENIZERS, ("joined", "separated")):
        assert flow.producer(f"results/nsd/words/{words}.parquet") is not None
        assert flow.producer(f"results/nsd/image_rdms/all/{hemispheres}/sub-01") is not None
    assert flow.producer("results/nsd/words/letters.parquet") is None
