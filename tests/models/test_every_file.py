"""Every file that models are needed for, from raw data and tiny models, by one command."""

import copy
import csv
from pathlib import Path

import pandas as pd
import pytest

from repalign.dag.catalogue import Derivative, read_catalogue
from repalign.tables.provenance import read_record

from ..workflow.project import SOURCE, TINY, Project

ANALYSES = {
    "models_info", "model_sizes", "captions", "scene_objects", "cka_untrained_models",
    "model_model", "rsa_tokenizers", "kmcca_projections", "kmcca_top_words",
}  # fmt: skip
ROWS = [
    row for row in read_catalogue(SOURCE / "config/derivatives.tsv") if row.analysis in ANALYSES
]
MODEL_TABLE = "results/nsd/rsa_subject_model_alignment_joined.parquet"
CONTROLLED = "results/nsd/rsa_subject_subject_alignment_controled_joined_1.parquet"
TARGETS = [*(row.target for row in ROWS), MODEL_TABLE, CONTROLLED]
SUBJECTS, SESSIONS, N_AREAS = 3, 9, 5
TRAINED = {
    "vit_sim_plain_pool-cls": 3, "vit_sim_mae_pool-cls": 4, "vit_sim_dinov2_pool-cls": 2,
    "sim-llama_pool-avg_prompt-coco": 4, "sim-bloom_pool-avg_prompt-coco": 3,
    "sim-gemma-2_pool-avg_prompt-coco": 4,
}  # fmt: skip


def names(text: str) -> list[str]:
    return text.split()


COLUMNS = {
    "metadata/models-info.csv": names("model_name modality family model"),
    "metadata/model_sizes.csv": names("model num_parameters num_layers inner_dim"),
    "captions/nsd-captions-coco.csv": names("nsd_id coco_id cocoSplit captions"),
    "captions/nsd-captions-pixtral.csv": names("nsd_id name path caption model prompt"),
    "captions/bold5000-captions-pixtral.csv": names(
        "bold_id image_name stim_source image_path caption model prompt"
    ),
    "captions/things-captions-pixtral.csv": names(
        "things_id image_name category category_id image_category_index image_path caption model "
        "prompt"
    ),
    "nsd/nsd_scenes_objects.parquet": names(
        "nsd_id object_index label_id label confidence box image_width image_height box_width "
        "box_height box_x0 box_y0 box_x1 box_y1 percent_area"
    ),
    "nsd/cka_untrained_models_similarity.parquet": names(
        "layer metric score n_stim roi subject session model modality"
    ),
    "nsd/alignment_model_model_coco.parquet": names(
        "model_language model_vision layer_language layer_vision batch metric score"
    ),
    "nsd/supplementary_tokenizers_rsa_joined.parquet": names(
        "subject session roi tokenizer metric jaccard_score correlation_score "
        "correlation_freq_score n_stimuli"
    ),
    "nsd/kmcca_projections.parquet": names(
        "nsd_id cca_1 cca_2 accessory animal appliance electronic food furniture indoor kitchen "
        "outdoor person sports vehicle motion static image_category image_color roi environment "
        "environment2 scene_dominated life category2 biology scene_dominated2"
    ),
    "nsd/kmcca_top_words_dimension.parquet": names("hub token score n_images pvalue"),
}
"""The published columns, in order; the last table has two more than was published."""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Project:
    """A project whose files were all made by one command. Do not change it; copy it."""
    settings = copy.deepcopy(TINY)
    settings["nsd"]["controls"] = "computed"
    settings["simulate"]["nsd"]["sessions"] = [3, 3, 3]
    settings["kmcca"] = {"min_images": 2}
    project = Project.create(tmp_path_factory.mktemp("every") / "project", settings)
    for dataset in ("nsd", "models", "bold5000", "things"):
        project.repalign("simulate", dataset)
    project.snakemake("--quiet", "all", "--", *TARGETS)
    return project


def load(project: Project, path: str) -> pd.DataFrame:
    file = project.root / "results" / path
    if file.suffix == ".csv":
        return pd.read_csv(file, keep_default_na=False)
    return pd.read_parquet(file)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)
def test_a_file_has_its_published_columns_and_says_how_it_was_made(made, row: Derivative):
    frame = load(made, row.path)
    assert list(frame.columns) == COLUMNS[row.path]
    assert len(frame)
    record = read_record(made.root / row.target)
    assert record is not None
    about_models = row.analysis in ("models_info", "model_sizes")
    assert record["dataset_source"] == (None if about_models else "simulated")
    assert record["spec"]["step"]


def test_nothing_is_left_to_do(made):
    assert made.pending(*TARGETS) == {}


def test_tables_have_the_rows_of_their_formulas(made):
    n_images = len(load(made, "captions/nsd-captions-coco.csv"))
    assert len(load(made, "captions/nsd-captions-pixtral.csv")) == n_images
    untrained = load(made, "nsd/cka_untrained_models_similarity.parquet")
    counts = untrained.groupby("model", observed=True).size().to_dict()
    assert counts == {f"{key}-untrained": SESSIONS * N_AREAS * n for key, n in TRAINED.items()}
    tokens = load(made, "nsd/supplementary_tokenizers_rsa_joined.parquet")
    assert len(tokens) == SUBJECTS * N_AREAS * (4 + 3)
    assert list(dict.fromkeys(tokens["tokenizer"]))[:4] == [
        "words", "stems", "words_clean", "stems_clean",
    ]  # fmt: skip
    table = load(made, "nsd/rsa_subject_model_alignment_joined.parquet")
    layers = table.groupby("model", observed=True)["layer"].nunique().to_dict()
    assert {key: layers[key] for key in TRAINED} == TRAINED
    assert len(table) == SESSIONS * N_AREAS * sum(layers.values())


def test_models_and_controls_of_the_workflow_are_in_the_tables(made):
    pairs = load(made, "nsd/alignment_model_model_coco.parquet")
    assert {key for key in TRAINED if "coco" in key} < set(pairs["model_language"])
    assert {key for key in TRAINED if "cls" in key} < set(pairs["model_vision"])
    controls = load(made, "nsd/rsa_subject_subject_alignment_controled_joined_1.parquet")
    hubs = ("visual_cortex", "ventral_hub", "dorsal_hub")
    cca = {f"{hub}_cca_{k}" for hub in hubs for k in ("1", "2", "1-3")}
    assert set(controls["control"]) == {
        "uncontrolled", "scene", "biology", "biology_binary", *cca,
    }  # fmt: skip


def test_other_captions_make_all_that_read_them_stale(made, tmp_path):
    project = made.copy(tmp_path / "project")
    file = project.root / "resources/simulated/nsd/annotations/captions_train2017.json"
    text = file.read_text()
    assert " with " in text
    file.write_text(text.replace(" with ", " beside ", 1))
    pending = project.pending(*TARGETS)
    assert pending["index_coco_captions"] == 1
    assert pending["extract_language_features"] == 3 + 3
    assert "extract_vision_features" not in pending
    assert "compute_rdms" not in pending


def test_a_model_that_is_no_longer_extracted_leaves_the_tables(made, tmp_path):
    project = made.copy(tmp_path / "project")
    registry = project.root / "resources/simulated/models/models.tsv"
    rows = list(csv.reader(registry.read_text().splitlines(), delimiter="\t"))
    (row,) = (row for row in rows if row[0] == "vit_sim_mae")
    row[-1] = "no"
    registry.write_text("".join("\t".join(row) + "\n" for row in rows))
    pending = project.pending(MODEL_TABLE)
    assert pending == {"join_rsa_subject_model": 1}


def test_trained_and_untrained_features_lie_apart(made):
    folder = made.root / "results/nsd/features"
    files = {path.relative_to(folder) for path in folder.rglob("*.h5")}
    trained = {Path("trained") / f"{key}.h5" for key in TRAINED}
    assert trained <= files
    rest = files - trained
    assert rest
    assert all(
        path.parts[0].startswith("random-seed-") and path.stem.endswith("-untrained")
        for path in rest
    )
