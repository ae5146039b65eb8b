"""Columns of the published alignment tables beside inter-subject RSA, in their published order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from repalign.tables.columns import CATEGORY, field, table_of

ROI = field("roi", pa.uint16(), "region; HCP-MMP1: 1-180 left or joined, 181-360 right")
LAYER = field("layer", pa.uint8(), "layer of the model, from 0")
SIMILARITY = field("similarity", pa.float32(), "correlation of two RDMs; NaN where undefined")
SUBJECT = field("subject", pa.uint8(), "subject number")
MODEL = field("model", CATEGORY, "name of the model's feature file")
JOINED = field("join_hemispheres", pa.bool_(), "whether a region joins both hemispheres")
CONTROL = field("control", CATEGORY, "what is held constant; `uncontrolled` for nothing")
DISTANCE = field("distance", CATEGORY, "distance of the control's RDM; `uncontrolled` for none")

PAIR = [
    field("roi_x", pa.uint16(), "region of subject i"),
    field("roi_y", pa.uint16(), "region of the other side"),
    SIMILARITY,
    field("subject_i", pa.uint8(), "first subject of the ordered pair"),
    field("subject_j", pa.uint8(), "second subject, whose repetitions are shifted"),
    JOINED,
    field(
        "rep_shift", pa.uint8(), "shift: repetition r of i with (r - shift) mod n of j, n showings"
    ),
]

RSA_SUBJECT_MODEL = pa.schema(
    [
        ROI,
        LAYER,
        field("session", pa.uint8(), "session, from 1"),
        SIMILARITY,
        SUBJECT,
        MODEL,
        JOINED,
    ]
)

RSA_SUBJECT_MODEL_OTHERS = pa.schema(
    [
        field("session", pa.uint8(), "session, from 1"),
        ROI,
        field("layer", pa.uint16(), "layer of the model, from 1; from 0 in the tables of NSD"),
        SIMILARITY,
        SUBJECT,
        MODEL,
        JOINED,
        field("dataset", CATEGORY, "images that take part: bold5000, bold5000-coco, ..."),
    ]
)
"""The published columns of BOLD5000 and THINGS. Only they count layers from 1."""

RSA_SUBJECT_SUBJECT_SESSIONS = pa.schema(
    [
        field("session", pa.int64(), "session of subject i, from 1"),
        PAIR[0],
        field("roi_y", pa.uint16(), "region of subject j"),
        SIMILARITY,
        PAIR[3],
        field("subject_j", pa.uint8(), "second subject, whose trials are of any session"),
        JOINED,
        field("dataset", pa.string(), "images that take part: bold5000, bold5000-coco, things"),
        field(
            "rep_shift",
            CATEGORY,
            "the same as `dataset`, as published; repetitions are not shifted",
        ),
    ]
)

RSA_SUBJECT_MODEL_PARTIAL = pa.schema(
    [ROI, LAYER, SIMILARITY, SUBJECT, MODEL, JOINED, CONTROL, DISTANCE]
)

RSA_SUBJECT_SUBJECT_PARTIAL = pa.schema([*PAIR, CONTROL, DISTANCE])

RSA_SUBJECT_SUBJECT_PARTITIONS = pa.schema(
    [*PAIR, field("subset", CATEGORY, "images that take part: animate or inanimate")]
)

RSA_SUBJECT_GROUP = pa.schema(
    [
        *PAIR[:4],
        field("subject_j", CATEGORY, "the group: all subjects without subject i"),
        *PAIR[5:],
        field(
            "similarity_normalized",
            pa.float32(),
            "correlation with the mean RDM of the group; `similarity` is not normalised",
        ),
    ]
)

CKA_SUBJECT_SUBJECT = pa.schema(
    [
        PAIR[3],
        PAIR[4],
        PAIR[0],
        PAIR[1],
        field("shift", pa.uint8(), "shift of the repetitions"),
        JOINED,
        field("score", pa.float32(), "unbiased linear CKA; NaN where undefined"),
        field("metric", CATEGORY, "always unbiased_cka"),
    ]
)

CKA_UNTRAINED = pa.schema(
    [
        LAYER,
        field("metric", CATEGORY, "always unbiased_cka"),
        field("score", pa.float32(), "unbiased linear CKA; NaN where undefined"),
        field("n_stim", pa.uint16(), "trials of the session, repeats included"),
        ROI,
        SUBJECT,
        field("session", pa.uint8(), "session, from 1"),
        field("model", CATEGORY, "name of the feature file, which ends in -untrained"),
        field("modality", CATEGORY, "language or vision"),
    ]
)

SEED = field("seed", pa.uint32(), "seed of the model's random weights")
CKA_UNTRAINED_SEEDS = CKA_UNTRAINED.append(SEED)
"""The same with several seeds; parts always say theirs."""

RSA_PVALUES = pa.schema(
    [
        ROI,
        field("name", pa.string(), "area"),
        field("comparison", CATEGORY, "intersubject, language or vision"),
        field("observed", pa.float64(), "observed statistic"),
        field("null_mean", pa.float64(), "mean of the null distribution"),
        field("null_std", pa.float64(), "population standard deviation of the null"),
        field("pvalue", pa.float64(), "two-sided about the null mean, (b + 1) / (N + 1)"),
        field("pvalue_fdr_bh", pa.float64(), "Benjamini-Hochberg within the comparison"),
        field("apa_star", pa.string(), "stars of the corrected p-value"),
        field("mne_name", pa.string(), "label of the left hemisphere"),
    ]
)

RSA_IMAGES = pa.schema(
    [
        SUBJECT,
        ROI,
        field("name", pa.string(), "name of the region"),
        field("kind", CATEGORY, "what it is compared with: subject or model"),
        field("other", CATEGORY, "subject, such as sub-03, or name of the model's feature file"),
        field("layer", pa.uint8(), "layer of the model, from 0; 0 for a subject"),
        field("images", CATEGORY, "images that take part, such as laion-main"),
        field("metric", CATEGORY, "how RDMs are compared: pearson or spearman"),
        field("value", pa.float64(), "similarity of the RDMs of mean responses; NaN: undefined"),
        field("reliability", pa.float64(), "split-half reliability of the subject's RDM"),
        field("lower_bound", pa.float64(), "similarity with the mean RDM of other subjects"),
        field("upper_bound", pa.float64(), "similarity with the mean RDM of all subjects"),
        field("p", pa.float64(), "permuted images that reach the value, (b + 1) / (N + 1)"),
        field("p_fdr_bh", pa.float64(), "Benjamini-Hochberg over regions"),
        field("n_images", pa.uint16(), "images that take part"),
        field("n_voxels", pa.uint32(), "voxels of the region"),
        JOINED,
    ]
)
"""RSA of mean responses to images, tidy: a row a value."""

_WITH_CAPTIONS = "correlation of brain RDM and token RDM; NaN where undefined"

RSA_TOKENIZERS = pa.schema(
    [
        SUBJECT,
        field("session", CATEGORY, "always shared: images that all subjects see"),
        ROI,
        field("tokenizer", CATEGORY, "words, stems, both without stop words, then models"),
        field("metric", CATEGORY, "always rsa"),
        field("jaccard_score", pa.float32(), f"{_WITH_CAPTIONS}: Jaccard distance of token sets"),
        field("correlation_score", pa.float32(), f"{_WITH_CAPTIONS}: 1 - r of token sets"),
        field("correlation_freq_score", pa.float32(), f"{_WITH_CAPTIONS}: 1 - r of token counts"),
        field("n_stimuli", pa.uint16(), "different images that take part"),
    ]
)


def sessions_first(part: pa.Table, image_set: str) -> pa.Table:
    """Give the comparison of a subject with a model the published form of BOLD5000 and THINGS.

    Parameters
    ----------
    part : pyarrow.Table
        Columns of `RSA_SUBJECT_MODEL`, of one subject and model, in any order.
    image_set : str
        Dataset, or dataset and subset, such as bold5000-coco.

    Returns
    -------
    pyarrow.Table
        Columns of `RSA_SUBJECT_MODEL_OTHERS`, ordered by session, region and layer; layers count
        from 1.
    """
    keys = [part.column(name).to_numpy() for name in ("layer", "roi", "session")]
    rows = part.take(np.lexsort(keys))
    return table_of(
        RSA_SUBJECT_MODEL_OTHERS,
        {
            **{name: rows.column(name).to_numpy() for name in ("session", "roi", "similarity")},
            "layer": rows.column("layer").to_numpy().astype(np.uint16) + 1,
            **{
                name: rows.column(name)[0].as_py()
                for name in ("subject", "model", "join_hemispheres")
            },
            "dataset": image_set,
        },
    )
