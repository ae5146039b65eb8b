"""The catalogue of derivatives: one row a published file, with the choices that make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repalign.errors import RepalignError
from repalign.tables.config_tables import read_config_rows
from repalign.tables.laion_sets import IMAGE_SETS

DATASETS = ("any", "nsd", "bold5000", "things", "laion", "mouse")
COLUMNS = ("path", "dataset", "analysis", "parameters", "description")

INDEXES = (
    "region_table", "image_index", "stimulus_info", "stimulus_index", "mask_index",
    "models_info", "model_sizes", "captions", "object_index", "person_index", "image_list",
    "trial_index", "category_index", "caption_index", "assembly", "image_split",
    "benchmark_assembly", "stimulus_set", "assembly_packages", "curated_labels", "curated_3mm",
    "laion_embedding", "laion_masks", "laion_captions", "laion_reproduction", "laion_validation",
)  # fmt: skip
"""Analyses whose files have places of their own."""

SHIFTS = ("0", "1", "2")
SUBSETS = {
    "nsd": ("all", "animate", "inanimate"),
    "bold5000": ("all", "coco", "imagenet", "scenes"),
    "things": ("all", "train", "test"),
    "laion": ("all", *IMAGE_SETS),
    "mouse": ("all", "train", "validation", "test"),
}
"""Images of each dataset that may take part."""
SUBSET = tuple(dict.fromkeys(name for names in SUBSETS.values() for name in names))
DEFAULTS = {"subset": "all"}
"""Parameters that a row may leave out, and what they are then."""
HEMISPHERES = ("joined", "separated")
WITHOUT_HEMISPHERES: tuple[str, ...] = ("laion", "mouse")
"""Datasets whose regions have none, so that `joined` is all there is."""
NUMBER = ("a whole number",)
"""Stands for any whole number above 0."""

ANALYSES: dict[str, dict[str, tuple[str, ...]]] = {
    "region_table": {},
    "image_index": {},
    "stimulus_info": {},
    "stimulus_index": {},
    "mask_index": {},
    "image_list": {},
    "trial_index": {},
    "category_index": {},
    "caption_index": {},
    "models_info": {},
    "model_sizes": {},
    "captions": {"source": ("coco", "pixtral")},
    "object_index": {},
    "person_index": {},
    "assembly": {"region": ("V1", "V2", "V4", "IT"), "subjects": ("all", "4subj")},
    "image_split": {"subjects": ("all", "4subj")},
    "benchmark_assembly": {"split": ("train", "test"), "subjects": ("all", "4subj")},
    "stimulus_set": {"split": ("train", "test"), "subjects": ("all", "4subj")},
    "assembly_packages": {"subjects": ("all", "4subj")},
    "rsa_subject_subject": {
        "shift": SHIFTS,
        "hemispheres": HEMISPHERES,
        "comparison": ("pearson", "spearman"),
        "subset": SUBSET,
    },
    "rsa_image_pairs": {
        "shift": ("0",),
        "hemispheres": HEMISPHERES,
        "comparison": ("pearson", "spearman"),
        "subset": SUBSET,
    },
    "neuron_ceilings": {},
    "rsa_subject_subject_sessions": {"hemispheres": HEMISPHERES, "subset": SUBSET},
    "cka_subject_subject": {"shift": SHIFTS, "hemispheres": HEMISPHERES, "subset": SUBSET},
    "rsa_partitions": {
        "shift": SHIFTS,
        "hemispheres": HEMISPHERES,
        "comparison": ("pearson", "spearman"),
    },
    "rsa_subject_subject_partial": {"shift": ("0", "1"), "hemispheres": HEMISPHERES},
    "rsa_subject_group": {"shift": SHIFTS, "hemispheres": HEMISPHERES},
    "rsa_subject_model": {"hemispheres": HEMISPHERES, "subset": SUBSET},
    "rsa_subject_model_partial": {"hemispheres": HEMISPHERES},
    "rsa_images": {"hemispheres": HEMISPHERES, "subset": SUBSET, "permutations": NUMBER},
    "null_subject_subject": {
        "shift": ("0", "1"),
        "hemispheres": HEMISPHERES,
        "permutations": NUMBER,
    },
    "null_subject_model": {
        "modality": ("vision", "language"),
        "hemispheres": HEMISPHERES,
        "permutations": NUMBER,
    },
    "rsa_pvalues": {"permutations": NUMBER},
    "cka_untrained_models": {"hemispheres": HEMISPHERES},
    "model_model": {"captions": ("coco",)},
    "rsa_tokenizers": {"hemispheres": HEMISPHERES},
    "scene_objects": {},
    "kmcca_projections": {},
    "kmcca_top_words": {},
    "curated_labels": {},
    "curated_3mm": {},
    "laion_embedding": {},
    "laion_masks": {},
    "laion_captions": {},
    "laion_reproduction": {},
    "laion_validation": {},
}
"""Each analysis with its parameters and their allowed values."""

OF_NSD = (
    "model_model", "rsa_tokenizers", "scene_objects", "kmcca_projections", "kmcca_top_words",
    "object_index", "person_index", "curated_labels", "curated_3mm",
)  # fmt: skip
"""Analyses that need what people said of the images of COCO, which NSD alone has."""
OF_DATASETS = {
    **dict.fromkeys(OF_NSD, ("nsd",)),
    "rsa_partitions": ("nsd", "laion"),
    "neuron_ceilings": ("mouse",),
}
"""Analyses that not every dataset has what they need for."""


@dataclass(frozen=True)
class Derivative:
    """One published file.

    Attributes
    ----------
    path : str
        Path below `results/`, exactly as published.
    dataset : str
        Dataset that it is made from, or `any`.
    analysis : str
        A key of `ANALYSES`.
    parameters : dict of str to str
        The choices of the analysis, defaults included.
    description : str
        One sentence for people.
    """

    path: str
    dataset: str
    analysis: str
    parameters: dict[str, str]
    description: str

    @property
    def target(self) -> str:
        """Return the path to ask Snakemake for."""
        return f"results/{self.path}"

    @property
    def name(self) -> str:
        """Return the file name without folder and suffix."""
        return Path(self.path).stem


def read_catalogue(path: str | Path) -> list[Derivative]:
    """Read and check the catalogue.

    Parameters
    ----------
    path : str or Path
        Tab-separated table with the columns of `COLUMNS`.

    Returns
    -------
    list of Derivative
        In the order of the file.

    Raises
    ------
    RepalignError
        Naming the row, if a column, a dataset, an analysis or a parameter is unknown or missing,
        or a path is not one below `results/` or appears twice.
    """
    rows = [
        _derivative(row, where)
        for where, row in read_config_rows(
            path, COLUMNS, "catalogue", "Restore it, for example with `git checkout`."
        )
    ]
    seen: set[str] = set()
    for row in rows:
        if row.path in seen:
            raise RepalignError(
                f"{row.path} twice",
                where=path,
                expected="each path once",
                remedy="Remove one of the two rows.",
            )
        seen.add(row.path)
    return rows


def select(catalogue: Sequence[Derivative], dataset: str, analysis: str) -> list[Derivative]:
    """Return the derivatives of one dataset and analysis."""
    return [row for row in catalogue if (row.dataset, row.analysis) == (dataset, analysis)]


def with_defaults(analysis: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the choices of an analysis with the defaults of those that are left out."""
    defaults = {key: value for key, value in DEFAULTS.items() if key in ANALYSES[analysis]}
    return {**defaults, **parameters}


def _derivative(row: dict[str, str], where: str) -> Derivative:
    """Check one row and take its parameters apart."""
    _check_place(row, where)
    analysis = row["analysis"]
    if analysis not in ANALYSES:
        raise RepalignError(
            f"analysis {analysis!r}",
            where=where,
            expected=f"one of {', '.join(ANALYSES)}",
            remedy="Correct the column `analysis`.",
        )
    having = OF_DATASETS.get(analysis, (row["dataset"],))
    if row["dataset"] not in having:
        raise RepalignError(
            f"{analysis} of dataset {row['dataset']!r}",
            where=where,
            expected=f"dataset {' or '.join(having)}, which has what this analysis needs",
            remedy="Correct the column `dataset` or `analysis`.",
        )
    pairs = [item.partition("=") for item in row["parameters"].split(";") if item]
    parameters = with_defaults(analysis, {key: value for key, _, value in pairs})
    allowed = ANALYSES[analysis]
    twice = len({key for key, _, _ in pairs}) < len(pairs)
    if twice or sorted(parameters) != sorted(allowed):
        raise RepalignError(
            f"parameters {sorted(key for key, _, _ in pairs)}",
            where=where,
            expected=f"parameters {sorted(allowed)} for {analysis}",
            remedy="Correct the column `parameters` (name=value;name=value).",
        )
    for key, value in parameters.items():
        choices = allowed[key]
        number = choices == NUMBER and value.isdecimal() and int(value) > 0
        if key == "subset":
            choices = SUBSETS.get(row["dataset"], SUBSET)
        if key == "hemispheres" and row["dataset"] in WITHOUT_HEMISPHERES:
            choices = ("joined",)
        if value not in choices and not number:
            raise RepalignError(
                f"{key}={value}",
                where=where,
                expected=f"{key} one of {', '.join(choices)}",
                remedy="Correct the column `parameters`.",
            )
    return Derivative(row["path"], row["dataset"], analysis, parameters, row["description"])


def _check_place(row: Mapping[str, str], where: str) -> None:
    """Check that a row's dataset is known and that its path is one that a step can make."""
    if row["dataset"] not in DATASETS:
        raise RepalignError(
            f"dataset {row['dataset']!r}",
            where=where,
            expected=f"one of {', '.join(DATASETS)}",
            remedy="Correct the column `dataset`.",
        )
    parts = row["path"].split("/")
    if {"", ".", ".."} & set(parts) or not Path(row["path"]).suffix:
        raise RepalignError(
            f"path {row['path']!r}",
            where=where,
            expected="a file below results/, such as nsd/table.parquet",
            remedy="Correct the column `path`.",
        )
    if row["analysis"] in INDEXES:
        return
    suffix = "npy" if row["analysis"].startswith("null_") else "parquet"
    table = f"{row['dataset']}/{Path(row['path']).stem}.{suffix}"
    if row["path"] != table:
        raise RepalignError(
            f"path {row['path']!r}",
            where=where,
            expected=f"{table}, as files of this analysis lie in the folder of their dataset",
            remedy="Correct the column `path`.",
        )
