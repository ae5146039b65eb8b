"""Values and missing values of the columns whose schemas have types and meanings alone."""

from __future__ import annotations

from repalign.documentation.layouts import NEVER, Facts

_FEW = "NaN: fewer than `rsa.min_trials` trials, or a region or layer without an RDM"
_FLAG = ("true, false", NEVER)
_FROM_0, _FROM_1 = ("from 0", NEVER), ("from 1", NEVER)
_PIXELS = ("pixels", NEVER)
_SHARE = ("0 to 1", NEVER)
_TEXT = ("text", NEVER)
_R = ("−1 to 1", _FEW)

COMPARISONS: Facts = {
    "roi": ("`roi` of regions.tsv; HCP-MMP1: 1–360, joined 1–180", NEVER),
    "roi_x": ("as `roi` in regions.tsv; HCP-MMP1: 1–360, joined 1–180", NEVER),
    "roi_y": ("likewise", NEVER),
    "similarity": _R,
    "similarity_normalized": _R,
    "subject": _FROM_1,
    "subject_i": _FROM_1,
    "subject_j": ("from 1; in tables of groups the members, as text", NEVER),
    "join_hemispheres": _FLAG,
    "rep_shift": ("0, 1, 2; in tables by session the name of the dataset", NEVER),
    "shift": ("0, 1, 2", NEVER),
    "layer": ("from 0; in tables of BOLD5000 and THINGS by session from 1", NEVER),
    "session": ("from 1; in the table of tokenizers `shared`", NEVER),
    "model": ("model key: `<model>_pool-<pool>[_prompt-<captions>]`", NEVER),
    "dataset": ("`bold5000`, `bold5000-coco`, `bold5000-imagenet`, `bold5000-scenes`, `things`, "
                "`laion-main`, `mouse-test`, …", NEVER),
    "control": ("`uncontrolled`, or `<name>` of control_<name>.parquet", NEVER),
    "distance": ("`euclidean`; `uncontrolled` without a control", NEVER),
    "subset": ("NSD: `animate`, `inanimate`; LAION-fMRI: `with-noun`, `without-noun`", NEVER),
    "score": ("at most 1; 0 on average without structure", _FEW),
    "metric": ("`unbiased_cka`, `rsa`, `mutual_knn`, `pearson`, `spearman`, as the file has them",
               NEVER),
    "n_stim": _FROM_0,
    "n_stimuli": _FROM_0,
    "modality": ("`language`, `vision`", NEVER),
    "seed": _FROM_0,
    "name": _TEXT,
    "comparison": ("`intersubject`, `language`, `vision`", NEVER),
    "observed": ("as `similarity`", _FEW),
    "null_mean": ("as `similarity`", "NaN where the statistic is"),
    "null_std": ("0 or more", "NaN where the statistic is"),
    "pvalue": ("1 / (draws + 1) to 1", "NaN where the statistic is"),
    "pvalue_fdr_bh": ("0 to 1", "NaN where the statistic is"),
    "apa_star": ("`n.s.`, `*`, `**`, `***`, `****`", "empty where the p-value is NaN"),
    "mne_name": ("`L_<area>_ROI-lh`", NEVER),
    "kind": ("`subject`, `model`", NEVER),
    "other": _TEXT,
    "images": ("`<dataset>-<subset>`", NEVER),
    "value": _R,
    "reliability": ("−1 to 1", "NaN where halves have no RDM"),
    "lower_bound": ("−1 to 1", "NaN without other subjects"),
    "upper_bound": ("−1 to 1", "NaN where undefined"),
    "p": ("1 / (draws + 1) to 1", "NaN where `value` is"),
    "p_fdr_bh": ("0 to 1", "NaN where `value` is"),
    "n_images": _FROM_0,
    "n_voxels": _FROM_0,
    "tokenizer": ("`words`, `stems`, `words_clean`, `stems_clean`, or a model", NEVER),
    "jaccard_score": _R,
    "correlation_score": _R,
    "correlation_freq_score": _R,
    "model_language": ("model key", NEVER),
    "model_vision": ("model key", NEVER),
    "layer_language": ("from 0; −1", NEVER),
    "layer_vision": ("from 0; −1", NEVER),
    "batch": _FROM_0,
}  # fmt: skip
"""Columns of comparisons of every kind."""

IMAGES: Facts = {
    **dict.fromkeys(("nsd_id", "coco_id", "annotation", "object_index"), _FROM_0),
    **dict.fromkeys(("x", "y", "width", "height", "picture_width", "picture_height"), _PIXELS),
    **dict.fromkeys(("square_x0", "square_y0", "square_x1", "square_y1"), _PIXELS),
    **dict.fromkeys(("image_width", "image_height", "box_width", "box_height"), _PIXELS),
    **dict.fromkeys(("box_x0", "box_y0", "box_x1", "box_y1"), _PIXELS),
    "coco_split": ("`train2017`, `val2017`", NEVER),
    "category_id": ("1–90, with gaps", NEVER),
    "label_id": ("1–90, with gaps", NEVER),
    "category": ("one of 80 of COCO", NEVER),
    "label": ("one of 80 of COCO", NEVER),
    "supercategory": ("one of 12 of COCO", NEVER),
    "crowd": _FLAG,
    "area": ("pixels²", NEVER),
    "shown": _SHARE,
    "shown_area": _SHARE,
    "confidence": _SHARE,
    "box": ("four numbers, pixels", NEVER),
    "percent_area": ("0 to 1, in spite of its name", NEVER),
}
"""Columns of objects in pictures."""

CURATED: Facts = {
    **dict.fromkeys(("nsd_id", "trial", "trial_in_session", "repetition"), _FROM_0),
    **dict.fromkeys(("subject", "session", "run", "run_in_session"), _FROM_1),
    "coco_id": _FROM_0,
    "coco_split": ("`train2017`, `val2017`", NEVER),
    "labelled_coco_id": ("from 0", "null where `list_position` finds no picture"),
    "n_annotations": _FROM_0,
    "supercats": ("names of COCO's supercategories", "empty list: nothing annotated"),
    "cats": ("names of COCO's categories", "empty list: nothing annotated"),
    "areas": ("pixels²", "empty list: nothing annotated"),
    "in_crop_areas": ("pixels²", "NaN: labels of another picture"),
    "supercat": ("one of 12 of COCO", "`unknown`"),
    "cat": ("one of 80 of COCO", "`unknown`"),
    "keep": _FLAG,
    "drop_reason": ("empty, `beyond_max_trials`, `not_acquired`, `unknown_label`, `equalised`",
                    "empty: kept"),
}  # fmt: skip
"""Columns of the curated decoding set."""

COMPONENTS: Facts = {
    "nsd_id": _FROM_0,
    "cca_1": ("mean 0; its unit is that of no measurement", NEVER),
    "cca_2": ("likewise", NEVER),
    "motion": ("0, 1; both 0 where the answer is unparsed", NEVER),
    "static": ("0, 1", NEVER),
    "image_category": ("`sports`, `person_action`, `animal`, `scene`, `object`", NEVER),
    "image_color": ("#RRGGBB", NEVER),
    "environment": ("`indoor`, `natural`, `urban`, `object`", "`unparsed`"),
    "environment2": ("the same, or the same with ` life`", "`unparsed`"),
    "scene_dominated": ("an answer", "`unparsed`"),
    "life": _FLAG,
    "category2": _TEXT,
    "biology": ("`Animated (Animal)`, `Animated (Human)`, `Inanimate`", NEVER),
    "scene_dominated2": ("`Scene-dominated`, `Elements-in-Scene`, `Element-dominated`",
                         "`Unparsed`"),
    "roi": ("16 areas, `visual_cortex`, `ventral_hub`, `dorsal_hub`", NEVER),
    "hub": ("`EVC`, `Ventral`, `LOTC`", NEVER),
    "token": _TEXT,
    "score": ("as `cca_1`", NEVER),
    "n_images": ("`kmcca.min_images` or more", NEVER),
    "pvalue": ("1 / (draws + 1) to 1", NEVER),
}  # fmt: skip
"""Columns of shared components; each supercategory has 0 or 1."""

INDEXES: Facts = {
    **dict.fromkeys(("subject", "subject_id", "session", "run", "repetition"), _FROM_1),
    **dict.fromkeys(("subject_index", "session_index", "run_index"), _FROM_0),
    **dict.fromkeys(("bold_id", "bold_position", "things_id", "category_id"), _FROM_0),
    **dict.fromkeys(("name", "image_name", "image_path", "category"), _TEXT),
    "image_category_index": _FROM_1,
    "stim_source": ("`coco`, `imagenet`, `scenes`", NEVER),
    "trial_type": ("`train`, `test`", NEVER),
}
"""Columns of the indexes of BOLD5000 and THINGS."""

PREPARED: Facts = {
    **dict.fromkeys(("subject", "session"), _FROM_1),
    **dict.fromkeys(("trial", "session_trial", "stimulus", "repetition", "row"), _FROM_0),
    **dict.fromkeys(("nsd_id", "coco_id", "bold_position", "bold_id", "things_id"), _FROM_0),
    **dict.fromkeys(("laion_id", "image_id", "category_id"), _FROM_0),
    **dict.fromkeys(("shared", "flagged", "bold5000", "short", "ood"), _FLAG),
    **dict.fromkeys(("name", "image_name", "file", "category", "dataset", "pixels"), _TEXT),
    **dict.fromkeys(("image_class", "stimulus_id"), _TEXT),
    "run": ("from 1", "0 where the source does not say"),
    "nsd_id_1based": _FROM_1,
    "coco_split": ("`train2017`, `val2017`", NEVER),
    "subset": ("BOLD5000: `coco`, `imagenet`, `scenes`; THINGS: `train`, `test`; mouse: a tier",
               "empty: never shown, or in several"),
    "owner": ("from 1", "0: shared"),
    "n_reps": _FROM_1,
    "ood_category": ("nine kinds of LAION-fMRI", "empty: not out of distribution"),
}  # fmt: skip
"""Columns of prepared datasets."""

NEURONS: Facts = {
    **dict.fromkeys(("data_key", "area", "layer"), _TEXT),
    **dict.fromkeys(("unit_id", "n_images", "repeats_min", "repeats_max"), _FROM_0),
    "fev": ("at most 1; negative where noise exceeds the total", "NaN: silent or withheld"),
    "oracle_jackknife": ("−1 to 1", "NaN: silent or withheld"),
    "oracle_conservative": ("0 to 1", "NaN: silent or withheld"),
    "split_half": ("at most 1", "NaN: silent or withheld"),
    "nc_testset": ("0 to 100, percent", "NaN: silent or withheld"),
    "mean_response": ("as in the scan, not normalised", "NaN: withheld"),
    "std_response": ("as in the scan", "NaN: withheld"),
    "silent": _FLAG,
}
"""Columns of noise ceilings of neurons."""
