"""What changing the settings of models, captions, assemblies and decoding set does."""

from __future__ import annotations

from repalign.documentation.consequence import FEATURES, consequence

_CAPTIONER = ("describe_nsd", "describe_images")

IMAGES = (
    consequence(
        "models.images",
        "Features of vision models of NSD, slightly; `jpeg` is published.",
        "extract_vision_features", "describe_nsd",
    ),
    consequence(
        "models.batch_size",
        "Memory; features in the last digits. Nothing reruns for it.",
    ),
    consequence(
        "models.precision",
        "Features of language models, within 5 % in bfloat16.",
        "extract_language_features",
    ),
    consequence(
        "models.store",
        "Features, rounded; float16 halves the disk.",
        *FEATURES,
    ),
    consequence(
        "captions.backend captions.files.*",
        "Captions or answers, and what is made from them. `vllm` made the published ones.",
        *_CAPTIONER,
    ),
    consequence(
        "captions.corrections.*",
        "Those captions, and features of language models. No picture is described again.",
        "publish_captions",
    ),
    consequence(
        "captions.prompts captions.prompt captions.model captions.source captions.folder "
        "captions.revision captions.precision captions.max_new_tokens "
        "captions.legacy_sampling captions.seed",
        "Captions or answers, and what is made from them. `legacy_sampling: true` with 8192 "
        "tokens is published. Days without a GPU.",
        *_CAPTIONER,
    ),
    consequence(
        "captions.memory_mb",
        "What a scheduler is asked for.",
    ),
    consequence(
        "captions.max_empty_share",
        "Whether empty captions stop a job; no number changes.",
        "publish_captions", "parse_answers",
    ),
    consequence(
        "objects.geometry",
        "The index of objects, and partitions. `original` is published and lists objects that "
        "nobody was shown.",
        "index_coco_objects",
    ),
    consequence(
        "objects.crowds",
        "The index of objects, partitions, and objects of scenes. `true` is published.",
        "index_coco_objects", "list_scene_objects",
    ),
    consequence(
        "objects.legacy_person_filter",
        "The index of people; `true` is published.",
        "index_coco_persons",
    ),
    consequence(
        "objects.backend objects.detector.*",
        "`nsd_scenes_objects.parquet` and object-dominated images. DETR made the published "
        "file.",
        "list_scene_objects", "detect_scene_objects",
    ),
    consequence(
        "objects.images objects.raw_area",
        "Rows and areas of `nsd_scenes_objects.parquet`; `raw_area: true` is published.",
        "list_scene_objects", "detect_scene_objects",
    ),
    consequence(
        "objects.threshold",
        "Detected objects: fewer with a higher one.",
        "detect_scene_objects",
    ),
    consequence(
        "assemblies.subjects assemblies.variants",
        "Images and neuroids of assemblies: 515 images with all eight, 1,000 at most. No "
        "session is read again.",
        "split_nsd_images",
    ),
    consequence(
        "assemblies.visual_areas assemblies.it_definition",
        "Neuroids. Scores of the two definitions of IT are not comparable; `glasser9` is that "
        "of the oldest files. Sessions are read again.",
        "find_nsd_neuroids",
    ),
    consequence(
        "assemblies.train_share assemblies.seed",
        "Which images are for training; 0.8 and 42 are published. No session is read again.",
        "split_nsd_images",
    ),
    consequence(
        "assemblies.global_zscore",
        "The scale of packaged assemblies; `all_images` is published and a mild leak.",
        "build_nsd_benchmark",
    ),
    consequence(
        "curated_3mm.resolution_mm curated_3mm.gm_threshold curated_3mm.gm_closing",
        "Grid or columns of the decoding set. Every session is resampled: 36 processor hours.",
        "mask_grey_matter",
    ),
    consequence(
        "curated_3mm.interpolation curated_3mm.order",
        "Values between grid points: none from 1 to 3 mm. Every session is resampled.",
        "resample_mni_session",
    ),
    consequence(
        "curated_3mm.scale curated_3mm.invalid_voxels",
        "Unit or columns of the matrices. Rows are copied again, nothing is resampled.",
        "curate_responses",
    ),
    consequence(
        "curated_3mm.max_trials curated_3mm.equalise.*",
        "Which trials are kept; `earliest` with 22,500 is the shared copy's. Nothing is "
        "resampled.",
        "choose_trials",
    ),
    consequence(
        "curated_3mm.label_level",
        "Labels of rows, and which of them make subjects equal.",
        "choose_trials", "curate_trials",
    ),
    consequence(
        "curated_3mm.label_rule curated_3mm.include_crowd curated_3mm.id_lookup",
        "Labels of images. `list_position` restores the shared copy's, which are of unrelated "
        "pictures.",
        "label_coco_images",
    ),
    consequence(
        "curated_3mm.keep_resampled",
        "41 GB of disk, or 36 processor hours at the next change of trials.",
    ),
)  # fmt: skip
