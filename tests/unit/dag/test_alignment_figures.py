"""Which figures of alignment are wanted, and what their jobs get."""

from pathlib import Path

import pytest

from repalign.dag.alignment_figures import (
    SUBSETS,
    alignment_figure_steps,
    alignment_figures,
)
from repalign.dag.build import figures
from repalign.dag.catalogue import read_catalogue
from repalign.dag.laion_plan import LaionPlan
from repalign.dag.plans import Plans
from repalign.errors import RepalignError
from repalign.settings import Settings

ROOT = Path(__file__).parents[3]
CATALOGUE = read_catalogue(ROOT / "config/derivatives.tsv")
CKA = "results/nsd/cka_subject_subject_alignment_shift_1_joined.parquet"
LANGUAGE_NULL = "results/nsd/permutations_aggregated_language_amax.npy"


def names(dataset: str, *absent: str) -> set[str]:
    """Figures of a dataset where all tables but some can be made."""
    wanted = {row.target for row in CATALOGUE} - set(absent)
    folder = f"results/{dataset}/figures/"
    return {
        path.removeprefix(folder).removesuffix(".png")
        for path in alignment_figures(CATALOGUE, wanted)
        if path.startswith(folder)
    }


def test_nsd_has_every_figure():
    assert names("nsd") == {
        "subjects_and_models", "hubs", "hemispheres_areas", "hemispheres_hubs",
        "hemispheres_across", "statistics", "within_and_between_subjects", "shifts", "attenuation",
        *(f"regions_{measure}_{extent}" for measure in ("intersubject", "vision", "language")
          for extent in ("top", "all")),
    }  # fmt: skip


def test_other_datasets_have_those_that_they_have_the_tables_of():
    assert "statistics" not in names("things")
    assert {"hubs", "subjects_and_models", "regions_language_all"} <= names("things")
    # There are no language models of LAION-fMRI, and its regions have no hubs.
    assert names("laion") == {
        "regions_intersubject_top", "regions_intersubject_all", "regions_vision_top",
        "regions_vision_all", "subjects_and_models", "within_and_between_subjects",
    }  # fmt: skip
    assert not names("bold5000")


def test_a_figure_waits_for_all_of_its_tables():
    assert names("nsd") - names("nsd", CKA) == {"statistics"}
    assert names("nsd") - names("nsd", LANGUAGE_NULL) == {
        "regions_language_top", "regions_language_all"
    }  # fmt: skip
    assert not alignment_figures(CATALOGUE, set())


def test_figures_of_the_workflow_hold_them():
    assert set(alignment_figures(CATALOGUE)) <= set(figures(CATALOGUE))


def test_images_of_figures_are_those_of_other_analyses():
    assert SUBSETS["laion"] == LaionPlan.default_subset


@pytest.fixture
def steps(tmp_path):
    """The steps of a project with recordings and features of a user."""
    for name in ("vit_a_pool-cls", "llm_pool-avg_prompt-coco"):
        (tmp_path / "raw/features").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"raw/features/{name}.h5").touch()
    (tmp_path / "config").mkdir()
    (tmp_path / "config/models.tsv").write_bytes((ROOT / "config/models.tsv").read_bytes())
    settings = Settings.model_validate(
        {
            "nsd": {"raw": "raw", "source": "other", "subjects": [1, 2]},
            "figures": {"hemisphere_marks": "none", "bootstrap": 7},
        }
    )
    return {s.name: s for s in alignment_figure_steps(Plans.of(settings, tmp_path), CATALOGUE)}


def test_jobs_get_models_settings_and_tables(steps):
    w = {"dataset": "nsd", "halves": "areas"}
    params = steps["plot_hemispheres"].params(w)
    assert params["hemisphere_marks"] == "none"
    assert "bootstrap" not in params, "a figure depends on its own settings alone"
    inputs = steps["plot_hemispheres"].inputs(w)
    assert inputs["separated_models"].endswith("rsa_subject_model_alignment_separated.parquet")
    assert steps["plot_reliability"].params(w)["bootstrap"] == 7
    assert steps["plot_model_scatter"].params(w)["reference"] == 1
    assert steps["plot_model_scatter"].params(w)["vision_models"] == ["vit_a_pool-cls"]
    assert steps["plot_model_scatter"].params(w)["language_models"] == ["llm_pool-avg_prompt-coco"]


def test_files_lie_beside_one_another(steps):
    outputs = steps["plot_attenuation"].outputs()
    stems = {path.rpartition(".")[0] for path in outputs.values()}
    assert stems == {"results/{dataset}/figures/attenuation"}
    assert list(outputs) == ["output", "svg", "tsv", "latex"]


def test_a_figure_that_a_dataset_has_no_table_for_says_so(steps):
    with pytest.raises(RepalignError, match="no rsa_subject_subject of bold5000"):
        steps["plot_statistics"].inputs({"dataset": "bold5000"})
