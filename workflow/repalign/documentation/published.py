"""Every kind of published file: what it is, what a row is, and its columns."""

from __future__ import annotations

from repalign.datasets import (
    bold5000_index,
    coco_persons,
    hcp_mmp1,
    laion_report,
    nsd_split,
    nsd_stimuli_csv,
    things_images,
    things_index,
)
from repalign.documentation import facts, text_files
from repalign.documentation.layouts import (
    NEVER,
    Layout,
    from_arrow,
)
from repalign.models import kmcca_tables, laion_reproduction
from repalign.models.partitions import SUPERCATEGORIES
from repalign.tables import alignment_tables as tables
from repalign.tables import (
    coco_tables,
    curated_tables,
    laion_layout,
    model_model_table,
    mouse_schemas,
    rsa_table,
)

_PEOPLE = {**dict.fromkeys(SUPERCATEGORIES, ("0, 1", NEVER)), **facts.COMPONENTS}
_PAIRS = (
    "A row a pair of regions of an ordered pair of subjects, in order of subject i, subject j, "
    "roi_x, roi_y."
)
_LAYERS = (
    "A row a region, layer and session of a subject and a model, in order of model and subject."
)
_COMPARED = facts.COMPARISONS


def _rsa(title: str, schema: object, row: str, notes: str = "") -> Layout:
    return Layout(title, row, from_arrow(schema, _COMPARED), notes)


LAYOUTS: dict[str, Layout] = {
    "rsa_subject_subject": _rsa(
        "Inter-subject RSA", rsa_table.RSA_SUBJECT_SUBJECT, _PAIRS,
        "NSD has pairs of a subject with itself (reliability at shift 1 and 2; 1 on the diagonal "
        "at shift 0). Mouse tables of mean responses have pairs i ≠ j alone.",
    ),
    "rsa_subject_subject_sessions": _rsa(
        "Inter-subject RSA by sessions", tables.RSA_SUBJECT_SUBJECT_SESSIONS,
        "A row a pair of regions of an ordered pair i ≠ j in a session of i, in order of i, j, "
        "session, roi_x, roi_y.",
    ),
    "rsa_partitions": _rsa(
        "Inter-subject RSA on partitions", tables.RSA_SUBJECT_SUBJECT_PARTITIONS,
        _PAIRS + " One partition after the other.",
    ),
    "rsa_subject_subject_partial": _rsa(
        "Inter-subject RSA with a control", tables.RSA_SUBJECT_SUBJECT_PARTIAL,
        _PAIRS + " The first rows of a pair are `uncontrolled`.",
    ),
    "rsa_subject_group": _rsa(
        "A subject and the group of all others", tables.RSA_SUBJECT_GROUP,
        "A row a pair of regions of a subject and the group without it.",
    ),
    "cka_subject_subject": _rsa(
        "Inter-subject CKA", tables.CKA_SUBJECT_SUBJECT, _PAIRS,
    ),
    "rsa_subject_model": _rsa("Brain and models", tables.RSA_SUBJECT_MODEL, _LAYERS),
    "rsa_subject_model_others": _rsa(
        "Brain and models, BOLD5000 and THINGS", tables.RSA_SUBJECT_MODEL_OTHERS,
        "A row a region, layer and session of a subject and a model; sessions before regions.",
        "Layers count from 1, as published.",
    ),
    "rsa_subject_model_partial": _rsa(
        "Brain and models with a control", tables.RSA_SUBJECT_MODEL_PARTIAL,
        "A row a region and layer of a subject, a model and a control, over all sessions.",
    ),
    "rsa_images": _rsa(
        "RSA of mean responses to images", tables.RSA_IMAGES,
        "Tidy: a row a value, that is a region of a subject with another subject or with a layer.",
    ),
    "rsa_pvalues": _rsa(
        "P-values", tables.RSA_PVALUES,
        "A row a region and comparison.",
    ),
    "cka_untrained_models": _rsa(
        "Brain and untrained models", tables.CKA_UNTRAINED,
        "A row a layer, region, session, subject and model.",
        "With several `untrained.seeds` there is one more column, `seed` (uint32).",
    ),
    "model_model": _rsa(
        "Language and vision models", model_model_table.MODEL_MODEL,
        "A row a pair of layers, batch and metric of a pair of models.",
    ),
    "rsa_tokenizers": _rsa(
        "Brain and tokens of captions", tables.RSA_TOKENIZERS,
        "A row a subject, region and tokenizer.",
    ),
    "null": Layout(
        "Permutation nulls (.npy)", "One array for `numpy.load`; its record lies beside it.",
        text_files.NULL,
    ),
    "scene_objects": Layout(
        "Objects in NSD images",
        "A row an object, in order of image and object; an image without objects has none.",
        from_arrow(coco_tables.SCENE_OBJECTS, facts.IMAGES),
    ),
    "object_index": Layout(
        "COCO's objects in NSD images (.csv)", "A row an annotation, in order of image.",
        text_files.table(None, text_files.OBJECTS),
    ),
    "person_index": Layout(
        "COCO's people in NSD images (.csv)", "A row a person, in order of image.",
        text_files.table(coco_persons.COLUMNS, text_files.PERSONS),
    ),
    "kmcca_projections": Layout(
        "Images on shared components", "A row a region and image.",
        from_arrow(kmcca_tables.PROJECTIONS, _PEOPLE),
    ),
    "kmcca_top_words": Layout(
        "Words on the first component", "A row a hub and word, by falling score.",
        from_arrow(kmcca_tables.TOP_WORDS, facts.COMPONENTS),
    ),
    "coco_labels": Layout(
        "Labels of NSD images", "A row an image, in order of nsd_id.",
        from_arrow(curated_tables.COCO_LABELS, facts.CURATED),
    ),
    "curated_trials": Layout(
        "Trials of the decoding set", "A row a planned trial, in order of subject and trial.",
        from_arrow(curated_tables.CURATED_TRIALS, facts.CURATED),
    ),
    "region_table": Layout(
        "Areas of HCP-MMP1 (.csv)", "A row a region, after an unnamed index column.",
        text_files.table(hcp_mmp1.HCP_COLUMNS, text_files.HCP),
    ),
    "image_index": Layout(
        "Images of NSD (.csv)", "A row an image, in order.",
        text_files.table(None, text_files.NSD_IMAGES),
    ),
    "stimulus_info": Layout(
        "NSD's stimulus table (.csv)", "A row an image. A copy, byte by byte.",
        text_files.table(None, text_files.STIM_INFO),
    ),
    "stimulus_index": Layout(
        "Trials of NSD (.csv)", "A row a planned trial, in order of subject and trial.",
        text_files.table(nsd_stimuli_csv.COLUMNS, text_files.NSD_STIMULI),
    ),
    "mask_index": Layout(
        "Region images of NSD (.csv)", "A row an image, in order of subject and roi.",
        text_files.table(None, text_files.NSD_MASKS),
    ),
    "models_info": Layout(
        "Published models (.csv)", "A row a model, in the order of the registry.",
        text_files.table(None, text_files.MODELS_INFO),
    ),
    "model_sizes": Layout(
        "Sizes of models (.csv)", "A row a model, in the order of the registry.",
        text_files.table(None, text_files.MODEL_SIZES),
    ),
    "captions_coco": Layout(
        "COCO's captions (.csv)", "A row an image, row k is image k.",
        text_files.table(None, text_files.CAPTIONS_COCO),
    ),
    "captions_nsd": Layout(
        "Generated captions of NSD (.csv)", "A row an image.",
        text_files.table(None, text_files.CAPTIONS_NSD),
    ),
    "captions_bold5000": Layout(
        "Generated captions of BOLD5000 (.csv)", "A row an image.",
        text_files.table(bold5000_index.CAPTION_COLUMNS, text_files.CAPTIONS_BOLD),
    ),
    "captions_things": Layout(
        "Generated captions of THINGS (.csv)", "A row an image.",
        text_files.table(None, text_files.CAPTIONS_THINGS),
    ),
    "caption_index_things": Layout(
        "Captions of THINGS in the index (.csv)", "A row an image, in order of things_id.",
        text_files.table(things_index.CAPTION_COLUMNS, text_files.THINGS_CAPTION_INDEX),
    ),
    "category_index": Layout(
        "Concepts of THINGS (.csv)", "A row a concept, in the order of unique_id.csv.",
        text_files.table(None, text_files.CATEGORIES),
    ),
    "image_list_bold5000": Layout(
        "Images of BOLD5000", "A row an image, in the order of first presentation.",
        from_arrow(bold5000_index.IMAGES, facts.INDEXES),
        "The .csv has no `bold_position`, as published: it is the number of the row.",
    ),
    "image_list_things": Layout(
        "Images of THINGS (.csv)", "A row an image, in the order of file names.",
        text_files.table(things_images.IMAGE_COLUMNS, text_files.THINGS_IMAGES),
    ),
    "trial_index_bold5000": Layout(
        "Trials of BOLD5000", "A row a trial, in order of subject and trial.",
        from_arrow(bold5000_index.STIMULUS_INDEX, facts.INDEXES),
    ),
    "trial_index_things": Layout(
        "Trials of THINGS-fMRI", "A row a response trial, in order of subject and trial.",
        from_arrow(things_index.STIMULUS_INDEX, facts.INDEXES),
    ),
    "assembly": Layout(
        "Assemblies of single regions (.nc)",
        "Presentations × neuroids; images in the order of their numbers, subjects side by side.",
        text_files.ASSEMBLY, "How it was made stands in attributes; assemblies.md has the rules.",
    ),
    "benchmark_assembly": Layout(
        "Packaged assemblies (.nc)", "Presentations × neuroids × 1 time bin.",
        text_files.BENCHMARK,
    ),
    "image_split": Layout(
        "Training and test images (.csv)", "A row an image.",
        text_files.table(nsd_split.COLUMNS, text_files.SPLIT),
    ),
    "stimulus_set": Layout(
        "Stimulus sets (.csv)", "A row an image; its picture is in the ZIP file beside it.",
        text_files.table(None, text_files.STIMULUS_SET),
    ),
    "assembly_packages": Layout(
        "Packaged files (.tsv)", "A row a file.", text_files.table(None, text_files.PACKAGES),
    ),
    "curated_mask": Layout(
        "Grey-matter mask (.nii.gz)",
        "One volume of 0 and 1 (uint8) on the grid of the set, MNI space, axes along +x, +y, +z.",
        [],
    ),
    "curated_report": Layout(
        "Report of the decoding set",
        "`curation.json`: `warnings`, `parameters`, `mask`, `max_trials`, `max_unknown`, `n_keep` "
        "(null if subjects differ), and `subjects` with counts of kept and left-out trials by "
        "reason, images, classes and columns. `curation.png` draws it.", [],
    ),
    "laion_embedding": Layout(
        "Embeddings of LAION-fMRI (.h5)", "Rows in the order of the table of images.",
        text_files.EMBEDDING,
    ),
    "laion_masks": Layout(
        "Masks of LAION-fMRI (.h5)", "Rows in the order of their table.", text_files.MASKS,
    ),
    "laion_mask_table": Layout(
        "Table of masks of LAION-fMRI (.csv)", "A row a mask.",
        text_files.table(laion_layout.MASK_COLUMNS, text_files.LAION_MASK_TABLE),
    ),
    "laion_captions": Layout(
        "Captions of LAION-fMRI (.csv)", "A row a caption. Read it with `keep_default_na=False`.",
        text_files.table(laion_layout.CAPTION_COLUMNS, text_files.LAION_CAPTIONS),
    ),
    "laion_reproduction": Layout(
        "Made and released embeddings (.tsv)", "A row an embedding and kind of image.",
        text_files.table(laion_reproduction.COLUMNS, text_files.REPRODUCTION),
    ),
    "laion_validation": Layout(
        "Validation of LAION-fMRI", "A row a finding (`.tsv`); `.json` and `.html` have the same.",
        text_files.table(laion_report.COLUMNS, text_files.VALIDATION),
    ),
    "neuron_ceilings": Layout(
        "Noise ceilings of neurons", "A row a neuron of a scan.",
        from_arrow(mouse_schemas.CEILINGS, facts.NEURONS),
    ),
}  # fmt: skip
"""Every kind of published file."""
