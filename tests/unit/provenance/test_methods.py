"""The methods text says what the records say, and nothing else."""

import pytest

from repalign.provenance.analyses import ANALYSES, REFERENCES
from repalign.provenance.methods import methods_text
from repalign.provenance.results import read_results
from repalign.tables.provenance import sidecar
from repalign.tables.result_files import find_results

from .conftest import INDEX, PART, SETTINGS, TABLE


def text(results) -> str:
    return methods_text(read_results(results.folder, find_results(results.folder)))


def sentences(results) -> set[str]:
    return {part.strip() for line in text(results).splitlines() for part in line.split(". ")}


def test_what_was_run_is_said(results):
    said = text(results)
    for sentence in (
        "The data are simulated, in the formats of the Natural Scenes Dataset (NSD)",
        "Subjects: 1 and 2.",
        "Sessions of each: 3 and 2.",
        "Regions: 4 of HCP-MMP1, left and right.",
        "clipped at their quantiles 0.003 and 0.997",
        "fewer than 3 matched trials",
        "show one image took part",
        "(1 file): repetitions shifted by 1, hemispheres joined, Pearson correlation of RDMs.",
        "Device of the heaviest steps: cpu.",
        "numpy ",
        "doi:10.1038/nature18933",
        "doi:10.1038/s41593-021-00962-x",
    ):
        assert sentence in said


@pytest.mark.parametrize(
    ("step", "key", "value", "sentence"),
    [
        ("compute_rdms", "clip_quantile", 0.01, "quantiles 0.01 and 0.99"),
        ("compute_rdms", "clip_quantile", 0, "were not clipped"),
        ("compute_rdms", "min_trials", 7, "fewer than 7 matched trials"),
        ("compute_rdms", "drop_same_image_pairs", 1, "show one image were left out"),
        ("prepare_nsd_trials", "sessions", [4, 4], "Sessions of each: 4 and 4."),
        ("build_regions", "regions", [1, 2], "Regions: 2 of HCP-MMP1"),
        ("build_regions", "names", ["FFA", "PPA", "V1", "V2"], "Regions: 4 of the dataset itself"),
        ("compare_rdms", "device", "cuda", "Device of the heaviest steps: cuda."),
    ],
)
def test_a_changed_record_changes_its_sentence(results, monkeypatch, step, key, value, sentence):
    assert sentence not in text(results)
    before = sentences(results)
    monkeypatch.setitem(SETTINGS, step, {**SETTINGS[step], key: value})
    results.pairs()
    assert sentence in text(results)
    assert len(before - sentences(results)) <= 3, "no other sentence changes, but for a reference"


def test_a_gpu_beside_the_cpu_is_said_in_one_sentence(results):
    results.add("nsd/null.csv", "compute_subject_null", {"device": "cuda"})
    assert "Device of the heaviest steps: cpu and cuda." in text(results)


def test_no_device_is_said_of_steps_that_have_no_choice(results):
    (results.folder / TABLE).unlink()
    (results.root / PART).unlink()
    assert "Device" not in text(results)


def test_choices_of_files_are_named_one_by_one(results):
    results.pairs("joined_1_spearman", comparison="spearman")
    results.pairs("separated_0", shift=0, hemispheres="separated")
    said = text(results)
    assert "(3 files)" in said
    assert "repetitions shifted by 1, hemispheres joined, Spearman correlation of RDMs" in said
    assert "no shift of repetitions, hemispheres separated, Pearson correlation of RDMs" in said
    assert "hemispheres separated, Spearman" not in said


def test_what_was_not_run_is_not_mentioned(results):
    said = text(results).lower()
    for word in ("null", "permutation", "seed", "cka", "model", "p-value", "partial", "things"):
        assert word not in said
    used = [key for key, reference in REFERENCES.items() if reference in text(results)]
    assert used == ["nsd", "hcp", "rsa", "snakemake"]


def test_vectors_are_said_by_what_they_hold(results):
    grams = {
        "compute_rdms": {**SETTINGS["compute_rdms"], "measure": "gram", "clip_quantile": 0.02}
    }
    results.add("nsd/cka.csv", "join_cka_subject_subject", settings=grams)
    said = text(results)
    assert (
        "between trials; the responses of a region were clipped at their quantiles 0.003" in said
    )
    assert "Gram matrices hold products between trials; the responses of a region were" in said
    assert "quantiles 0.02 and 0.98" in said
    assert REFERENCES["cka"] in said


def test_nulls_are_described_by_their_draws(results):
    draws = {"permutations": 10_000, "scheme": "cyclic", "unit": "trial", "seed": 5}
    results.add("nsd/null.csv", "join_subject_null", settings={"compute_subject_null": draws})
    said = text(results)
    assert "10,000 permutations of trials, drawn by the cyclic scheme with seed 5" in said
    draws["seed"] = 6
    results.add("nsd/null.csv", "join_subject_null", settings={"compute_subject_null": draws})
    assert "with seed 6" in text(results)
    assert "with seed 5" not in text(results)


@pytest.mark.parametrize("source", ["real", "other"])
def test_real_data_are_not_called_simulated(results, source):
    (results.folder / INDEX).unlink()
    sidecar(results.folder / INDEX).unlink()
    results.pairs(source=source)
    said = text(results)
    assert "simulated" not in said
    assert {"real": "The data are those of", "other": "other recordings"}[source] in said


def test_results_of_different_settings_are_told_apart(results, monkeypatch):
    changed = {**SETTINGS["compute_rdms"], "clip_quantile": 0.01}
    monkeypatch.setitem(SETTINGS, "compute_rdms", changed)
    results.pairs("shift_2_joined", shift=2)
    said = text(results)
    assert "quantiles 0.003 and 0.997" in said
    assert "quantiles 0.01 and 0.99" in said


def test_files_without_a_record_are_counted_and_not_described(results):
    sidecar(results.folder / INDEX).unlink()
    assert "1 file without a record" in text(results)
    assert "build_hcp_table" not in text(results)


def test_other_steps_are_named(results):
    assert "- `build_hcp_table`: 1 file." in text(results)


def test_references_have_what_is_needed():
    assert all("doi:10." in reference for reference in REFERENCES.values())
    assert {key for own in ANALYSES.values() for key in own.references} <= set(REFERENCES)
