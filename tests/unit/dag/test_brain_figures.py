"""Which figures of regions are made with everything else, and what is said where they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from repalign.dag.brain_figures import TOPICS, brain_figures, parcellation
from repalign.dag.build import build_workflow
from repalign.dag.catalogue import read_catalogue
from repalign.errors import RepalignError
from repalign.settings import Settings

ROOT = Path(__file__).parents[3]
CATALOGUE = read_catalogue(ROOT / "config/derivatives.tsv")
ALL = {row.target for row in CATALOGUE}
MAP = "results/nsd/figures/map_{}.png"


@pytest.fixture
def project(tmp_path) -> Path:
    """A raw folder with a vision model, a language model, and a parcellation."""
    for name in ("config/derivatives.tsv", "config/models.tsv", "resources/hcp_mmp1.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    label = "raw/freesurfer/fsaverage/label/{}.HCP_MMP1.mgz"
    models = ("raw/features/vit_pool-cls.h5", "raw/features/words_pool-avg.h5")
    for name in (*models, label.format("lh"), label.format("rh")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def build(root: Path, **maps: object):
    settings = {"nsd": {"raw": "raw", "source": "other", "subjects": [1, 2]}, "maps": maps}
    return build_workflow(Settings.model_validate(settings), root)


def made(root: Path, wanted: set[str] = ALL) -> list[str]:
    workflow, plans = build(root)
    found = brain_figures(plans, CATALOGUE, wanted)
    assert all(workflow.producer(path) for path in found)
    return found


def test_all_figures_are_made_where_everything_is_there(project):
    assert len(made(project)) == sum(len(topic.figures) for topic in TOPICS)


def test_without_a_parcellation_there_are_no_maps(project):
    (project / "raw/freesurfer/fsaverage/label/rh.HCP_MMP1.mgz").unlink()
    assert not [path for path in made(project) if "map_" in path]
    assert MAP.format("depth") not in made(project)
    workflow, _ = build(project)
    job = workflow.producer(MAP.format("depth"))
    with pytest.raises(RepalignError, match=r"rh\.HCP_MMP1\.mgz") as caught:
        job.step.external(job.values)
    assert "maps.parcellation" in str(caught.value)


def test_maps_of_a_modality_need_models_of_it(project):
    (project / "raw/features/words_pool-avg.h5").unlink()
    found = made(project)
    assert MAP.format("vision") in found
    assert MAP.format("language") not in found


def test_figures_need_their_tables(project):
    alone = {path for path in ALL if path.endswith("alignment_shift_1_joined.parquet")}
    names = {path.rsplit("/", 1)[1] for path in made(project, alone)}
    kinds = ("inter", "within", "within_inter", "spectral", "subjects")
    assert names == {f"connectivity_{kind}.png" for kind in kinds}


def test_options_of_tables_that_are_not_shown_are_empty(project):
    workflow, _ = build(project)
    job = workflow.producer("results/nsd/figures/connectivity_shifts.png")
    inputs = job.step.inputs(job.values)
    assert inputs["separated"] == []
    assert inputs["unshifted"] == ["results/nsd/rsa_subject_subject_alignment_joined_0.parquet"]
    job = workflow.producer("results/things/figures/map_depth.png")
    assert job.step.inputs(job.values)["pvalues"].startswith("results/things/")


def test_the_spectral_matrix_takes_p_values_where_they_can_be_made(project):
    path = "results/nsd/figures/connectivity_spectral.png"
    job = build(project)[0].producer(path)
    (table,) = job.step.inputs(job.values)["pvalues"]
    assert table.startswith("results/nsd/rsa_pvalues")
    other = build(project)[0].producer("results/nsd/figures/connectivity_inter.png")
    assert other.step.inputs(other.values)["pvalues"] == []
    for features in (project / "raw/features").iterdir():
        features.unlink()
    job = build(project)[0].producer(path)
    assert job.step.inputs(job.values)["pvalues"] == []


def test_a_parcellation_lies_below_the_raw_folder_or_anywhere(project):
    _, plans = build(project)
    assert parcellation(plans, "rh") == "raw/freesurfer/fsaverage/label/rh.HCP_MMP1.mgz"
    _, plans = build(project, parcellation="/data/{hemisphere}.annot")
    assert parcellation(plans, "lh") == "/data/lh.annot"


@pytest.mark.parametrize(
    "maps",
    [{"parcellation": "lh.annot"}, {"parcellation": "{side}.annot"}, {"level": 0}, {"level": 1.1}],
)
def test_wrong_settings_are_refused(maps):
    with pytest.raises(ValueError, match="maps"):
        Settings.model_validate({"maps": maps})
