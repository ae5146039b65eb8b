"""Every kind of wrong row of the catalogue is refused, with its place and what is allowed."""

from pathlib import Path

import pytest

from repalign.dag import feature_plan, tokenizer_plan
from repalign.dag.build import DATASET_INDEXES, NEEDS, build_workflow, figures, targets
from repalign.dag.catalogue import ANALYSES, COLUMNS, read_catalogue, select
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.tables import laion_layout as layout

ROOT = Path(__file__).parents[3]
HEADER = "\t".join(COLUMNS)
GOOD = (
    "nsd/table.parquet\tnsd\trsa_subject_subject\tshift=1;hemispheres=joined;comparison=pearson\tx"
)


def read(tmp_path: Path, *lines: str):
    path = tmp_path / "derivatives.tsv"
    path.write_text("\n".join(lines) + "\n")
    return read_catalogue(path)


def test_a_good_row_is_taken_apart(tmp_path):
    (row,) = read(tmp_path, HEADER, GOOD)
    chosen = {"shift": "1", "hemispheres": "joined", "comparison": "pearson"}
    assert row.parameters == {**chosen, "subset": "all"}, "what is left out is at its default"
    assert (row.target, row.name) == ("results/nsd/table.parquet", "table")


def test_parameters_may_come_in_any_order_and_lines_may_be_blank(tmp_path):
    other = GOOD.replace("shift=1;hemispheres=joined", "hemispheres=joined;shift=1")
    assert read(tmp_path, HEADER, other, "") == read(tmp_path, HEADER, GOOD)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("nsd/table.parquet", "/etc/table.parquet", "below results/"),
        ("nsd/table.parquet", "../table.parquet", "below results/"),
        ("nsd/table.parquet", "", "below results/"),
        ("nsd/table.parquet", "nsd/table", "below results/"),
        ("nsd/table.parquet", "nsd/tables/table.parquet", "nsd/table.parquet"),
        ("nsd/table.parquet", "nsd/table.csv", "nsd/table.parquet"),
        ("\tnsd\t", "\tnds\t", "any, nsd"),
        ("rsa_subject_subject", "rsa", "rsa_subject_subject"),
        ("shift=1;", "", "shift"),
        ("shift=1", "shift=3", "0, 1, 2"),
        ("shift=1", "shift", "0, 1, 2"),
        ("shift=1", "shift=1;shift=2", "shift"),
        ("shift=1", "shifts=1", "shift"),
        ("shift=1", "shift=1;layer=2", "shift"),
        ("=joined", "=both", "joined, separated"),
        ("=pearson", "=Pearson", "pearson, spearman"),
        ("\tx", "", "5"),
        ("\tx", "\tx\ty", "5"),
        ("\t", "    ", "5"),
    ],
)
def test_a_wrong_row_is_refused_with_its_place(tmp_path, old, new, expected):
    good = GOOD.replace("table", "first")
    with pytest.raises(RepalignError) as caught:
        read(tmp_path, HEADER, good, GOOD.replace(old, new))
    assert "derivatives.tsv, row 3" in caught.value.where
    assert expected in caught.value.expected


def test_parameters_of_an_analysis_without_any_are_refused(tmp_path):
    with pytest.raises(RepalignError, match="shift"):
        read(tmp_path, HEADER, "metadata/hcp.csv\tany\tregion_table\tshift=1\tx")


def test_a_path_twice_is_refused(tmp_path):
    with pytest.raises(RepalignError, match=r"nsd/table\.parquet twice"):
        read(tmp_path, HEADER, GOOD, GOOD.replace("shift=1", "shift=2"))


@pytest.mark.parametrize("header", [HEADER.replace("\t", ","), HEADER[5:], HEADER + "\tmore"])
def test_another_header_is_refused(tmp_path, header):
    with pytest.raises(RepalignError, match="header"):
        read(tmp_path, header, GOOD)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_catalogue_that_cannot_be_read_is_said(tmp_path, content):
    path = tmp_path / "derivatives.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RepalignError, match=r"derivatives\.tsv"):
        read_catalogue(path)


@pytest.fixture
def root(tmp_path):
    """A project with the committed catalogue and a raw folder without anything in it."""
    (tmp_path / "config").mkdir()
    for name in ("config/derivatives.tsv", "config/models.tsv"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "raw").mkdir()
    return tmp_path


@pytest.fixture(params=[True, False], ids=["with the packages of models", "without"])
def packages(request, monkeypatch) -> bool:
    """Whether the optional packages are there, whatever this environment has."""
    for module in (feature_plan, tokenizer_plan):
        monkeypatch.setattr(module, "find_spec", lambda _: "there" if request.param else None)
    return request.param


def test_every_committed_row_and_figure_can_be_made(root, packages):
    """A row that no step makes would silently drop out of `rule all`."""
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    registry = root / "config/models.tsv"
    registry.write_text(registry.read_text().replace("\tno\n", "\tyes\n"))
    for name in ("features/a_pool-cls.h5", "control_matrices/control_a.parquet"):
        (root / "raw" / name).parent.mkdir()
        (root / "raw" / name).touch()
    (root / "raw/annotations").mkdir()
    for kind in ("captions", "instances", "person_keypoints"):
        for split in ("train2017", "val2017"):
            (root / f"raw/annotations/{kind}_{split}.json").touch()
    mni = Settings().nsd.files.betas_mni.format(subject=1, session=1)
    (root / "raw" / mni).parent.mkdir(parents=True)
    for name in ("nsd_stim_info_merged.csv", "nsd_stimuli.hdf5", mni):
        (root / "raw" / name).touch()
    files = Settings().nsd.files
    for name in (files.betas_1pt8mm, files.ncsnr, files.visual_areas):
        path = root / "raw" / name.format(subject=1, session=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    others = root / "resources/simulated"
    files = Settings().things.files
    for folder in (Settings().bold5000.files.lists, Settings().bold5000.files.images):
        (others / "bold5000" / folder).mkdir(parents=True)
    (others / "things" / files.images).mkdir(parents=True)
    for name in (files.concepts, files.memberships, files.tags,
                 files.stimulus_metadata.format(subject=1)):  # fmt: skip
        (others / "things" / name).parent.mkdir(parents=True, exist_ok=True)
        (others / "things" / name).touch()
    for scan in ("21067-10-18", "22846-10-16"):
        (others / "mouse/features/a").mkdir(parents=True, exist_ok=True)
        (others / f"mouse/static{scan}-GrayImageNet-a.zip").touch()
    (others / "mouse/features/a/a_pool-cls.h5").touch()
    betas = "bold5000/CSI1_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-01.nii.gz"
    for dataset, recording in (("bold5000", betas), ("things", files.responses.format(subject=1))):
        for name in (recording, "features/a_pool-cls.h5", "control_matrices/control_a.parquet"):
            (others / dataset / name).parent.mkdir(parents=True, exist_ok=True)
            (others / dataset / name).touch()
    add_laion(others / "laion")
    workflow, plan = build_workflow(Settings.model_validate({"nsd": {"raw": "raw"}}), root)
    wanted = targets(workflow, plan, catalogue)
    rest = [row for row in catalogue if row.target not in wanted]
    assert all(workflow.producer(row.target) for row in catalogue)
    assert {row.analysis for row in rest} == (set() if packages else OF_PACKAGES)
    assert all(workflow.producer(path) for path in figures(catalogue))
    assert {row.analysis for row in catalogue} == set(ANALYSES)


def add_laion(folder: Path) -> None:
    """Make a LAION-fMRI that has one recording, all that is derived, and what that is made of."""
    own, splits = Settings().laion, "splits/shared/random_0.json"
    names = [
        layout.STIMULI,
        layout.METADATA,
        layout.MASKS,
        layout.MASK_TABLE,
        layout.CAPTIONS,
        own.files.betas.format(subject=1, session=1),
        splits,
        own.stimuli.segmentations.nouns,
        own.stimuli.captions.human,
        own.stimuli.captions.ai,
    ]
    names += [layout.EMBEDDINGS.format(label=label) for label in layout.WIDTHS]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


OF_PACKAGES = {
    "model_sizes", "captions", "caption_index", "rsa_subject_model", "rsa_subject_model_partial",
    "null_subject_model", "rsa_pvalues", "cka_untrained_models", "model_model", "rsa_tokenizers",
    "kmcca_projections", "kmcca_top_words", "laion_embedding", "laion_masks",
    "laion_reproduction",
}  # fmt: skip
"""What runs models. COCO's captions are made without, generated ones of real pictures are not."""


ALSO = DATASET_INDEXES | {"model_sizes", "rsa_subject_subject_sessions", "rsa_image_pairs"}
"""Analyses that the catalogue has for no dataset, or for other datasets than NSD."""


def test_what_needs_models_or_controls_is_left_out_where_there_are_none(root, packages):
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    workflow, plan = build_workflow(Settings.model_validate({"nsd": {"raw": "raw"}}), root)
    wanted = set(targets(workflow, plan, catalogue))
    left_out = {
        row.analysis for row in catalogue
        if row.target not in wanted and (row.dataset == "nsd" or row.analysis in ALSO)
    }  # fmt: skip
    packaged = {"model_sizes"} if packages else set()
    needy = {name.split()[0] for name in NEEDS if "=" not in name.split()[0]}
    assert left_out == needy - packaged | DATASET_INDEXES
    # No other dataset is there.
    assert {row.dataset for row in catalogue if row.target in wanted} == {"nsd", "any"}
    assert len(wanted) > 10


def test_models_of_one_modality_have_no_nulls_of_the_other_and_no_pvalues(root):
    (root / "raw/features").mkdir()
    (root / "raw/features/vit_pool-cls.h5").touch()
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    workflow, plans = build_workflow(Settings.model_validate({"nsd": {"raw": "raw"}}), root)
    wanted = {row.name for row in catalogue if row.target in targets(workflow, plans, catalogue)}
    assert "permutations_aggregated_vision_amax" in wanted
    assert "permutations_aggregated_language_amax" not in wanted
    assert "rsa_pvalues_subject_language_vision" not in wanted


@pytest.mark.parametrize("missing", ["nsd_stimuli.hdf5", "annotations/captions_val2017.json"])
def test_features_wait_for_what_their_models_look_at(root, monkeypatch, missing):
    monkeypatch.setattr(feature_plan, "find_spec", lambda _: "there")
    registry = root / "config/models.tsv"
    registry.write_text(registry.read_text().replace("\tno\n", "\tyes\n"))
    names = [f"annotations/captions_{split}.json" for split in ("train2017", "val2017")]
    for name in {"nsd_stimuli.hdf5", *names} - {missing}:
        (root / "raw" / name).parent.mkdir(exist_ok=True)
        (root / "raw" / name).touch()
    plan = build_workflow(Settings.model_validate({"nsd": {"raw": "raw"}}), root)[1].nsd
    assert {"features", "untrained models"} <= plan.absent_sources()
    (root / "raw" / missing).touch()
    assert not {"features", "untrained models"} & plan.absent_sources()


def test_a_workflow_is_planned_before_there_are_any_data(root, packages):
    """Linting, drawing the rules and files without raw data need no dataset."""
    (root / "raw").rmdir()
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    workflow, plan = build_workflow(Settings.model_validate({"nsd": {"raw": "raw"}}), root)
    assert "results/metadata/hcp.csv" in targets(workflow, plan, catalogue)
    job = workflow.producer("results/metadata/models-info.csv")
    assert job is not None
    assert job.step.inputs(job.values) == {}
    with pytest.raises(RepalignError, match="repalign simulate nsd"):
        _ = plan.nsd.source


def test_what_region_matrices_cannot_give_is_left_out(root):
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    settings = Settings.model_validate({"nsd": {"raw": "raw", "layout": "roi_matrices"}})
    workflow, plan = build_workflow(settings, root)
    found = set(targets(workflow, plan, catalogue))
    assert {row.target for row in select(catalogue, "nsd", "rsa_subject_subject")} <= found
    assert "results/datasets/nsd/nsd_stim_info_merged.csv" not in found
