"""Names of files, columns and values of LAION-fMRI, as they are published.

Source: the documentation and the public client of LAION-fMRI (ViCCo-Group/LAION-fMRI on
GitHub). Paths start from the root of the dataset.
"""

from __future__ import annotations

import re

STIMULI = "stimuli/task-images_stimuli.h5"
METADATA = "stimuli/task-images_metadata.csv"
EMBEDDINGS = "stimuli/task-images_desc-{label}_embeddings.h5"
MASKS = "stimuli/task-images_desc-segmentations.h5"
MASK_TABLE = "stimuli/task-images_desc-segmentations_metadata.csv"
CAPTIONS = "stimuli/task-images_desc-captions.csv"

IMAGES_DATASET = "images"
"""Dataset of `STIMULI`: encoded bytes of a JPEG or PNG file a row."""
MASKS_DATASET = "masks"
"""Dataset of `MASKS`, (n_masks, height, width) uint8."""

WIDTHS = {"CLIP": 1024, "DINOv2": 1024, "PEcore": 1024, "SigLIP2": 1152}
"""The four embeddings, and the numbers that each has for an image."""
UNIT_NORM = {"CLIP": True, "DINOv2": False, "PEcore": True, "SigLIP2": True}
"""Whether the rows of each are of length 1."""
EMBEDDING_DATASETS = ("embedding", "image_ids", "valid")

METADATA_COLUMNS = ("image_name", "dataset", "participant", "unique_or_shared", "n_reps")
MASK_COLUMNS = (
    "mask_row", "image_name", "noun", "instance_id", "score", "box_x0", "box_y0", "box_x1",
    "box_y1", "localized", "mask_file",
)  # fmt: skip
CAPTION_COLUMNS = (
    "image_name", "caption_idx", "source", "caption", "origin_collection", "participant_id",
    "ai_model",
)  # fmt: skip
TRIAL_COLUMNS = ("session", "run", "beta_index", "label")
BOX = ("box_x0", "box_y0", "box_x1", "box_y1")

SUBJECTS = (1, 3, 5, 6, 7)
SUBJECT_OF_SUFFIX = {1: 1, 2: 6, 3: 5, 4: 3, 5: 7}
"""Subject whose own images have names that end in `_pNN`: the number is an older one."""
OOD_CATEGORIES = (
    "cropped", "gabor", "gaudy", "illusion-classic", "illusion-natural", "relations", "selfmade",
    "shape", "unusual",
)  # fmt: skip
NO_MODEL = "not a model"
"""End of the attribute `backend` of derived files that no model made."""
GREY = (128, 128, 128)
"""What transparent pictures were shown over in the scanner."""
FULL_MASK = 0.99
"""A mask that covers this share of a picture, or more, localises nothing."""
N_CAPTIONS = {"shared": 5, "unique": 3}
"""Captions by people that an image has; shared ones that are no OOD have one of a model, too."""

NULL_WORDS = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
})  # fmt: skip
"""Fields that pandas.read_csv takes for missing values unless it is told otherwise."""

_OWNER = re.compile(r"_p(\d{2})\.(?:jpg|png)", re.ASCII)


def is_ood(dataset: str, image_name: str) -> bool:
    """Say whether an image is out of distribution, as the published splits decide it."""
    return dataset.casefold() == "ood" or "_OOD_" in image_name


def owner_of(image_name: str) -> int | None:
    """Return the subject that an image belongs to; None for a shared one.

    Examples
    --------
    >>> owner_of("unique_LAION_initial_cluster_1122_i20_p04.jpg")
    3
    >>> owner_of("shared_4rep_NSD_special1000_100.jpg") is None
    True
    """
    found = _OWNER.search(image_name)
    return SUBJECT_OF_SUFFIX.get(int(found[1])) if found else None
