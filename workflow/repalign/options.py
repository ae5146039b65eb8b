"""Options that mean the same in every script that has them.

A script depends on those that it names, and on no other: an option more makes nothing stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

OPTIONS: dict[str, dict[str, Any]] = {
    "trials": {"type": Path, "required": True, "help": "trials.parquet"},
    "stimuli": {"type": Path, "required": True, "help": "stimuli.parquet"},
    "regions": {"type": Path, "required": True, "help": "regions.tsv"},
    "responses": {"type": Path, "required": True, "help": "responses of the subject, a folder"},
    "subject": {"type": int, "required": True, "help": "subject number"},
    "subjects": {"type": int, "nargs": "+", "required": True, "help": "subject numbers"},
    "subject-i": {"type": int, "required": True, "help": "first subject of the pair"},
    "subject-j": {"type": int, "required": True, "help": "second subject of the pair"},
    "shift": {"type": int, "required": True, "help": "shift of the repetitions"},
    "repetitions": {"type": int, "default": 3, "help": "planned showings of an image"},
    "hemispheres": {"choices": ["joined", "separated"], "required": True},
    "comparison": {"choices": ["pearson", "spearman"], "required": True},
    "clip-quantile": {"type": float, "default": 0.003, "help": "0 clips nothing"},
    "min-trials": {"type": int, "default": 3, "help": "fewer trials give NaN"},
    "drop-same-image-pairs": {
        "type": int,
        "choices": [0, 1],
        "default": 0,
        "help": "1: leave out pairs of trials that show one image",
    },
    "measure": {"choices": ["rdm", "gram"], "default": "rdm", "help": "gram: for unbiased CKA"},
    "memory-mb": {"type": int, "default": 4096, "help": "memory that may be used"},
    "model": {"required": True, "help": "name of the model"},
    "dataset": {"required": True, "help": "dataset whose stimuli the model was shown"},
    "features": {"type": Path, "required": True, "help": "features of the model"},
    "language-models": {"nargs": "*", "required": True, "help": "names, in order"},
    "vision-models": {"nargs": "*", "required": True, "help": "names, in order"},
    "batch-size": {"type": int, "required": True, "help": "images compared at once"},
    "metrics": {
        "nargs": "+",
        "choices": ["rsa", "unbiased_cka", "mutual_knn"],
        "required": True,
        "help": "how layers are compared, in order",
    },
    "include-flattened": {
        "type": int,
        "choices": [0, 1],
        "required": True,
        "help": "1: also all layers of a model flattened into one",
    },
    "assume-row-order": {
        "type": int,
        "choices": [0, 1],
        "default": 0,
        "help": "1: row k of a feature file without ids is image k",
    },
    "permutations": {"type": int, "required": True, "help": "number of draws"},
    "seed": {"type": int, "required": True, "help": "seed of the draws"},
    "scheme": {"choices": ["cyclic", "independent"], "required": True},
    "unit": {"choices": ["trial", "image"], "required": True, "help": "what is permuted"},
    "n-images": {"type": int, "required": True, "help": "images of the dataset"},
    "device": {"choices": ["cpu", "cuda"], "default": "cpu", "help": "where products are formed"},
    "backend": {
        "choices": ["file", "template", "transformers", "vllm"],
        "required": True,
        "help": "what makes the texts",
    },
    "prompt-text": {"required": True, "help": "what is asked about each image"},
    "table": {"type": Path, "nargs": "*", "required": True, "help": "a user's texts, for `file`"},
    "pictures": {"type": Path, "nargs": "*", "required": True, "help": "the pictures"},
    "model-id": {"required": True, "help": "vision-language model, as its library knows it"},
    "model-folder": {
        "type": Path,
        "nargs": "*",
        "required": True,
        "help": "folder of the model; none: the hub",
    },
    "revision": {"required": True, "help": "commit of the model on the hub; empty: the newest"},
    "precision": {"choices": ["float32", "bfloat16"], "required": True},
    "max-new-tokens": {"type": int, "required": True, "help": "tokens of the longest text"},
    "sampling": {
        "type": int,
        "choices": [0, 1],
        "required": True,
        "help": "1: draw tokens at temperature 1; 0: take the likeliest",
    },
    "texts": {"type": Path, "required": True, "help": "texts about all images"},
    "max-empty-share": {"type": float, "required": True, "help": "more empty texts are refused"},
    "controls": {"type": Path, "nargs": "+", "required": True, "help": "control_<name>.parquet"},
    "control-id": {
        "default": "nsd_id",
        "help": "column of images in control tables",
    },
    "image-set": {"required": True, "help": "dataset and subset, such as bold5000-coco"},
    "subset": {"type": Path, "help": "stimuli that take part; all by default"},
    "max-trials": {"type": int, "default": 6000, "help": "more trials in one RDM are refused"},
    "crowds": {
        "type": int,
        "choices": [0, 1],
        "required": True,
        "help": "0: regions that COCO marks as a crowd are left out",
    },
    "picture-set": {"choices": ["shared", "all"], "required": True, "help": "which images"},
    "raw-area": {
        "type": int,
        "choices": [0, 1],
        "required": True,
        "help": "1: boxes may reach beyond the picture",
    },
    "images": {"choices": ["complete", "union"], "required": True, "help": "which take part"},
    "components": {"type": Path, "required": True, "help": "shared components of all regions"},
    "annotations": {"type": Path, "required": True, "help": "what is known of each image"},
    "grey-matter": {"type": Path, "required": True, "help": "grey-matter mask on the grid"},
    "resolution": {"type": float, "required": True, "help": "edge of a voxel, mm"},
    "gm-threshold": {"type": float, "required": True, "help": "probability of grey matter"},
    "gm-closing": {"type": int, "required": True, "help": "iterations of closing; 0: none"},
    "label-level": {
        "choices": ["supercategory", "category"],
        "required": True,
        "help": "what is decoded",
    },
    "models": {"nargs": "*", "required": True, "help": "names of models"},
    "modalities": {
        "nargs": "*",
        "choices": ["vision", "language"],
        "required": True,
        "help": "modality of each model",
    },
    "title": {"required": True, "help": "name of the dataset, for people"},
    "subject-subject": {"type": Path, "required": True, "help": "inter-subject RSA, shift 1"},
    "subject-model": {"type": Path, "required": True, "help": "brain-model RSA"},
    "pvalues": {"type": Path, "required": True, "help": "p-values from permutations"},
    "bootstrap": {"type": int, "required": True, "help": "samples of regions"},
    "reference": {
        "type": int,
        "choices": [0, 1],
        "required": True,
        "help": "1: show what was published for NSD",
    },
    "control-names": {"nargs": "+", "required": True, "help": "names of the controls, in order"},
}
"""Options that mean the same in every script that has them."""

RDM_OPTIONS = (
    "responses", "trials", "regions", "subject", "repetitions", "hemispheres", "clip-quantile",
    "min-trials", "drop-same-image-pairs", "memory-mb",
)  # fmt: skip
"""Options of every script that makes RDM vectors of a subject."""

OF_TEXTS = (
    "backend", "prompt-text", "table", "pictures", "model-id", "model-folder", "revision",
    "precision", "max-new-tokens", "sampling", "seed", "device",
)  # fmt: skip
"""Options of scripts that make texts about images."""
