"""Columns of published text tables, whose code holds their names, and arrays of other files."""

from __future__ import annotations

from repalign.documentation.layouts import NEVER, Column, from_names
from repalign.tables.coco_tables import KEYPOINTS

Told = dict[str, tuple[str, str, str, str]]


def _whole(values: str, meaning: str, missing: str = NEVER) -> tuple[str, str, str, str]:
    return ("whole number", values, missing, meaning)


def _number(values: str, meaning: str, missing: str = NEVER) -> tuple[str, str, str, str]:
    return ("number", values, missing, meaning)


def _text(values: str, meaning: str, missing: str = NEVER) -> tuple[str, str, str, str]:
    return ("text", values, missing, meaning)


def _flag(meaning: str) -> tuple[str, str, str, str]:
    return ("True or False", "True, False", NEVER, meaning)


_EMPTY = "always empty; kept for the published layout"

HCP: Told = {
    "roi": _whole("1–180 left, 181–360 right", "number of the region"),
    "name": _text("such as `V1`", "name of the area"),
    "description": _text("", _EMPTY, "empty"),
    "full_name": _text("", _EMPTY, "empty"),
    "other_names": _text("", _EMPTY, "empty"),
    "studies": _text("", _EMPTY, "empty"),
    "atlas": _text("`lh.HCP_MMP1`, `rh.HCP_MMP1`", "file of NSD that holds the region"),
    "hemisphere": _text("`lh`, `rh`", "hemisphere"),
    "mne_name": _text("`L_V1_ROI-lh`", "name of the label in MNE's HCP-MMP1"),
    "area": _text("22 groups", "group of areas"),
    "roi_order": _whole("0–179", "rank in figures; both hemispheres share it"),
    "area_color": _text("#rrggbb", "colour of the group"),
    "area_id": _whole("0–21", "number of the group"),
}

NSD_IMAGES: Told = {
    "nsd_id": _whole("from 0", "NSD image number"),
    "name": _text("`nsd_00000`", "name of the image"),
    "path": _text("relative path", "its JPEG in a folder of a thousand"),
}

STIM_INFO: Told = {
    "(unnamed)": _whole("from 0", "number of the row"),
    "cocoId": _whole("from 0", "COCO image number"),
    "cocoSplit": _text("`train2017`, `val2017`", "COCO split"),
    "cropBox": _text("(top, bottom, left, right)", "shares of height and width cut off"),
    "loss": _number("0 to 1", "NSD's measure of what the crop loses"),
    "nsdId": _whole("from 0", "NSD image number"),
    "flagged": _flag("perhaps inappropriate, say the authors of NSD"),
    "BOLD5000": _flag("also in BOLD5000"),
    "shared1000": _flag("whether all subjects are shown it"),
    "subject1 … subject8": _whole("0, 1", "whether the subject is shown it"),
    "subject1_rep0 … subject8_rep2": _whole("from 1", "planned trial of the showing", "0"),
}

NSD_STIMULI: Told = {
    "subject": _whole("1–8", "subject number"),
    "subject_index": _whole("0–29,999", "planned trial of the subject"),
    "session": _whole("1–40", "session"),
    "session_index": _whole("0–749", "trial in the session"),
    "nsd_id": _whole("from 0", "NSD image number"),
    "repetition": _whole("0, 1, 2", "earlier showings to the subject"),
    "flagged": _flag("perhaps inappropriate"),
    "shared": _flag("whether all subjects are shown it"),
    "bold5000": _flag("also in BOLD5000"),
    "coco_id": _whole("from 0", "COCO image number"),
    "coco_split": _text("`train2017`, `val2017`", "COCO split"),
    "crop_box": _text("(top, bottom, left, right)", "shares cut off"),
    "filename": _text("relative path", "betas of the session"),
    "exists": _flag("whether the session is among those declared"),
}

NSD_MASKS: Told = {
    "subject": _whole("1–8", "subject number"),
    "roi": _text("such as `lh.HCP_MMP1`, `both.HCP_MMP1`", "region image, without suffix"),
    "hemisphere": _text("`l`, `r`, `b`", "left, right or both"),
    "mask_path": _text("path", "the file"),
}

OBJECTS: Told = {
    "nsd_id": _whole("from 0", "NSD image number"),
    "coco_id": _whole("from 0", "COCO image number"),
    "coco_split": _text("`train2017`, `val2017`", "COCO split"),
    "category": _text("one of 80 of COCO", "category"),
    "supercategory": _text("one of 12 of COCO", "group of categories"),
    "category_id": _whole("1–90, with gaps", "COCO's number of the category"),
    "area": _whole("pixels², truncated", "pixels of COCO's picture that the object covers"),
    "bbox": _text("(x, y, width, height), pixels", "box"),
    "shown": _number("0 to 1", "share of the object that the square keeps",
                     "column absent unless `objects.geometry: crop`"),
}  # fmt: skip

_KEYPOINT = ("list", "[x, y, visibility]: pixels; 0 not labelled, 1 hidden, 2 visible",
             "[0, 0, 0]")  # fmt: skip
PERSONS: Told = {
    "nsd_id": _whole("from 0", "NSD image number"),
    "coco_id": _whole("from 0", "COCO image number"),
    "coco_split": _text("`train2017`, `val2017`", "COCO split"),
    "person_image_id": _whole("from 0", "number of the person in the image"),
    "num_keypoints": _whole("0–17", "keypoints that are labelled"),
    "area": _number("pixels²", "pixels of COCO's picture that the person covers"),
    **{name: (*_KEYPOINT, name.replace("_", " ")) for name in KEYPOINTS},
    "bbox": ("list", "x, y, width, height, pixels", NEVER, "box"),
    "segmentation": ("JSON", "polygons, pixels", NEVER, "outline"),
}

MODELS_INFO: Told = {
    "model_name": _text("model key", "name of the feature file"),
    "modality": _text("`language`, `vision`", "what it reads"),
    "family": _text("such as `BloomZ`", "family"),
    "model": _text("such as `BloomZ-560m`", "name for people"),
}
MODEL_SIZES: Told = {
    "model": _text("model key", "name of the feature file"),
    "num_parameters": _whole("from 1", "parameters, heads included, tied weights once"),
    "num_layers": _whole("from 1", "layers that have features"),
    "inner_dim": _whole("from 1", "width of a token"),
}

_TEXTS: Told = {
    "caption": _text("UTF-8; `None` and `NA` are words", "the caption", "empty"),
    "model": _text("", "what wrote it, or the file that it was taken from"),
    "prompt": _text("a key of config/prompts.yaml", "what was asked"),
}
CAPTIONS_COCO: Told = {
    "nsd_id": _whole("from 0", "NSD image number"),
    "coco_id": _whole("from 0", "COCO image number"),
    "cocoSplit": _text("`train2017`, `val2017`", "COCO split"),
    "captions": _text("joined by `;`", "COCO's captions, about five"),
}
CAPTIONS_NSD: Told = {
    "nsd_id": _whole("from 0", "NSD image number"),
    "name": _text("`nsd_00000`", "name of the image"),
    "path": _text("relative path", "its JPEG"),
    **_TEXTS,
}
BOLD_IMAGES: Told = {
    "bold_id": _whole("from 0, with gaps", "row of the first presentation"),
    "image_name": _text("", "file name"),
    "stim_source": _text("`coco`, `imagenet`, `scenes`", "where the image is from"),
    "image_path": _text("path", "file in the raw dataset"),
}
CAPTIONS_BOLD: Told = {**BOLD_IMAGES, **_TEXTS}
THINGS_IMAGES: Told = {
    "things_id": _whole("from 0", "image: row in feature files"),
    "image_name": _text("", "file name without suffix"),
    "category": _text("", "name of the concept"),
    "category_id": _whole("0–1,853", "row of unique_id.csv"),
    "image_category_index": _whole("from 1", "image in its concept"),
    "image_path": _text("path", "file in the raw dataset"),
}
CAPTIONS_THINGS: Told = {**THINGS_IMAGES, **_TEXTS}
THINGS_CAPTION_INDEX: Told = {
    "things_id": _whole("from 0", "image: row in feature files"),
    "name": _text("", "file name without suffix"),
    "category": _text("", "name of the concept"),
    "category_id": _whole("0–1,853", "row of unique_id.csv"),
    "caption": _text("", "the generated caption", "empty"),
}
CATEGORIES: Told = {
    "category_id": _whole("0–1,853", "row of unique_id.csv"),
    "category_name": _text("", "name of the concept"),
    "(27 categories)": _whole("0, 1", "whether it belongs to the higher-level category"),
    "tags": _text("sorted, joined by `;`", "categories that people named", "empty"),
}

SPLIT: Told = {
    "stimulus_id": _text("`nsd_03049`", "image"),
    "nsd_id": _whole("from 0", "NSD image number"),
    "split": _text("`train`, `test`", "what it is for"),
}
STIMULUS_SET: Told = {
    "stimulus_id": _text("`nsd_03049`", "image"),
    "nsd_id": _whole("from 0", "NSD image number"),
    "filename": _text("`nsd_03049.png`", "picture in the ZIP file of the same name"),
}
PACKAGES: Told = {
    "identifier": _text("", "name in Brain-Score's registry"),
    "kind": _text("`assembly`, `stimulus table`, `pictures`", "what it is"),
    "file": _text("", "file beside this table"),
    "bytes": _whole("from 1", "size"),
    "sha1": _text("40 hexadecimal digits", "digest that a registry asks for"),
    "sha256": _text("64 hexadecimal digits", "digest"),
}

LAION_MASK_TABLE: Told = {
    "mask_row": _whole("from 0", "row of the file of masks"),
    "image_name": _text("", "file name of the picture"),
    "noun": _text("", "what was looked for"),
    "instance_id": _whole("from 0", "instance of the noun in the image, by falling score"),
    "score": _number("0 to 1", "confidence of the detector"),
    "box_x0": _number("pixels", "left edge", "empty: no box"),
    "box_y0": _number("pixels", "upper edge", "empty: no box"),
    "box_x1": _number("pixels", "right edge", "empty: no box"),
    "box_y1": _number("pixels", "lower edge", "empty: no box"),
    "localized": _flag("whether there is a box and less than 99 % is covered"),
    "mask_file": _text("`<image>/<noun>_<instance>.png`", "name of the mask as a picture"),
}
LAION_CAPTIONS: Told = {
    "image_name": _text("", "file name of the picture"),
    "caption_idx": _whole("0 a model's, people's from 1", "rank"),
    "source": _text("`human`, `ai`", "who wrote it"),
    "caption": _text("`None` and `NA` are words", "the caption"),
    "origin_collection": _text("", "where it was collected", "empty: a model's"),
    "participant_id": _text("keyed digest", "who wrote it", "empty: a model's"),
    "ai_model": _text("", "which model wrote it", "empty: a person's"),
}
REPRODUCTION: Told = {
    "label": _text("`CLIP`, `DINOv2`, `PEcore`, `SigLIP2`", "embedding"),
    "images": _text("`all`, a value of `dataset`, `png`", "images that take part"),
    "n_images": _whole("from 1", "their number"),
    "minimum": _number("−1 to 1", "smallest cosine with the released row"),
    "q01": _number("−1 to 1", "quantile at 0.01"),
    "median": _number("−1 to 1", "median"),
    "mean": _number("−1 to 1", "mean"),
}
VALIDATION: Told = {
    "invariant": _text("`E1` … `J9`", "what is checked; laion.md lists them"),
    "status": _text("`fail`, `note`, `pass`, `skipped`", "the finding"),
    "file": _text("", "where"),
    "n_rows": _whole("from 0", "rows concerned"),
    "rows": _text("joined by `; `", "the first ten of them", "empty"),
    "message": _text("", "what was found"),
}


def table(names: tuple[str, ...] | None, told: Told) -> list[Column]:
    """Return the columns of a text table; without names those that are told, in their order."""
    return from_names(names or tuple(told), told)


NULL = [
    Column("(the array)", "float32 or float64", "−1 to 1",
           "NaN: the observed statistic is undefined",
           "draws × regions; row p is one joint draw of all regions, columns as in regions.tsv "
           "(joined: areas)"),
]  # fmt: skip

_NEUROIDS = [
    Column("stimulus_id", "text", "`nsd_03049`", NEVER, "image; of presentations"),
    Column("nsd_id", "int64", "from 0", NEVER, "NSD image number; of presentations"),
    Column("neuroid_id", "text", "`subj01_IT_v0000`", NEVER, "voxel, once each; of neuroids"),
    Column("subject", "text", "`subj01`", NEVER, "subject; of neuroids"),
    Column("region", "text", "`V1`, `V2`, `V4`, `IT`", NEVER, "region; of neuroids"),
    Column("nc_testset", "float64", "0 to 100, percent", "0 where NSD has no ncsnr",
           "noise ceiling of a mean of three trials; of neuroids"),
    *(Column(f"voxel_{axis}", "int64", "from 0", NEVER, "index along an axis of the HDF5 file")
      for axis in "xyz"),
    *(Column(f"voxel_{axis}", "int64", "from 0", NEVER, "index along an axis of the NIfTI volume")
      for axis in "ijk"),
]  # fmt: skip
_RESPONSES = Column("(the array)", "float32", "standard deviations", NEVER,
                    "responses; xarray's name for an unnamed array")  # fmt: skip
ASSEMBLY = [_RESPONSES, *_NEUROIDS]
BENCHMARK = [
    _RESPONSES, *_NEUROIDS[:2],
    Column("repetition", "int64", "0, 1, 2", "absent in the training assembly",
           "showing; of presentations"),
    *_NEUROIDS[2:],
    Column("time_bin_start", "int64", "70, ms", NEVER, "of the one time bin"),
    Column("time_bin_end", "int64", "170, ms", NEVER, "of the one time bin"),
]  # fmt: skip

EMBEDDING = [
    Column("embedding", "float16", "of length 1, but for DINOv2", NEVER,
           "images × 1024, or × 1152 for SigLIP2"),
    Column("image_ids", "text", "file names", NEVER, "image of each row"),
    Column("valid", "bool", "true", NEVER, "whether the row holds an embedding"),
]  # fmt: skip
MASKS = [
    Column("masks", "uint8", "0, 1", NEVER, "masks × height × width; rows as in the table"),
]
