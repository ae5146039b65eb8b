"""What changing the settings of datasets does."""

from __future__ import annotations

from repalign.documentation.consequence import RDMS, consequence

DATASETS = (
    consequence(
        "*.raw",
        "Where data are looked for. Files count by their content, so a dataset that only "
        "moved reruns nothing; other data rerun all that reads them.",
    ),
    consequence(
        "*.source",
        "Whether known counts of the real dataset are asserted; `other` for recordings in its "
        "layout. No number changes, but every file says its source, so all of the dataset is made "
        "again, recordings read again: set it before the first run.",
        "prepare_nsd_trials", "merge_nsd_atlas", "copy_nsd_stimulus_info", "index_nsd_images",
        "index_nsd_stimuli", "read_coco_objects", "index_coco_persons", "index_coco_captions",
        "describe_nsd", "find_nsd_neuroids", "mask_grey_matter", "select_controlled",
        "import_nsd_trials", "index_bold5000_images", "register_bold5000_atlas",
        "relabel_bold5000_atlas", "index_things_images", "index_things_categories",
        "prepare_laion_trials", "find_laion_voxels", "describe_laion_images",
        "embed_laion_images", "segment_laion_images", "merge_laion_captions", "validate_laion",
        "index_mouse_scan", "build_regions",
    ),
    consequence(
        "nsd.layout nsd.roi_matrices.*",
        "Where NSD starts. The same matrices give the same tables; `run` of a trial is then "
        "unknown (0).",
        "import_nsd_trials", "import_nsd_responses",
    ),
    consequence(
        "nsd.subjects",
        "Rows of the tables; shared images stay, means and p-values over subjects change. "
        "Pairs that were computed stay.",
        "prepare_nsd_trials", "index_nsd_stimuli", "index_nsd_masks", "label_trials",
        "summarise_quality",
    ),
    consequence(
        "bold5000.subjects things.subjects",
        "Rows of the tables; images count as shared if all selected subjects saw them, so "
        "more of them with fewer subjects.",
        "prepare_bold5000_trials", "index_bold5000_stimuli", "prepare_things_trials",
        "index_things_stimuli",
    ),
    consequence(
        "laion.subjects mouse.scans mouse.stimulus_set mouse.withheld",
        "Rows of the tables, and images that all subjects have.",
        "prepare_laion_trials", "prepare_mouse_trials",
    ),
    consequence(
        "nsd.sessions bold5000.sessions laion.sessions",
        "Trials that exist, so every number. Real counts are refused if they differ and "
        "`source` is real.",
        "prepare_nsd_trials", "index_nsd_stimuli", "label_trials", "prepare_bold5000_trials",
        "index_bold5000_stimuli", "prepare_laion_trials", "gather_responses",
    ),
    consequence(
        "nsd.regions bold5000.regions things.regions",
        "Rows of the tables; the numbers of a region do not depend on which others there are. "
        "RDMs and comparisons are made again, but no recording is read: sessions hold all "
        "labelled voxels.",
        "build_regions",
    ),
    consequence(
        "laion.regions mouse.regions mouse.areas",
        "Rows of the tables and their numbering.",
        "build_regions", "find_laion_voxels", "extract_mouse_responses",
    ),
    consequence(
        "*.features *.skip_features models.registry",
        "Which models the tables of models have; rows of others stay as they are. Aggregates "
        "over models (nulls, p-values) change.",
    ),
    consequence(
        "*.assume_row_order",
        "Files without ids are taken or refused; wrong if rows are in another order, which "
        "nothing can find out. Published features have no ids.",
        "compare_model", "compare_model_partial", "compare_models", "compute_model_null",
    ),
    consequence(
        "*.controls",
        "The `controled` tables: their controls, and the trials, which are those of images in "
        "all control tables.",
        "select_controlled",
    ),
    consequence(
        "nsd.files.betas",
        "Where sessions are found. Content counts, not the name; the index of trials has it.",
        "index_nsd_stimuli",
    ),
    consequence(
        "nsd.files.* laion.files.* bold5000.files.* things.files.* mouse.files",
        "Where files are found. Content counts, not the name, so nothing reruns for it.",
    ),
)  # fmt: skip

OTHER_DATASETS = (
    consequence(
        "bold5000.trial_order things.trial_order",
        "Where the order of trials is read from; equal in real data, which a comparison of "
        "both shows.",
        "prepare_bold5000_trials", "index_bold5000_images", "prepare_things_trials",
        "index_things_stimuli",
    ),
    consequence(
        "bold5000.beta_type",
        "Every number of BOLD5000. `D` is published.",
        "extract_bold5000_session",
    ),
    consequence(
        "bold5000.non_finite",
        "`zero` is published and pulls RDMs of such voxels towards nothing; an error names "
        "them.",
        "extract_bold5000_session",
    ),
    consequence(
        "bold5000.repetitions mouse.repetitions",
        "Trials that match at a shift, which is modulo this.",
        *RDMS, "prepare_mouse_trials",
    ),
    consequence(
        "bold5000.atlas bold5000.registration.*",
        "Which voxels a region has, so every number of BOLD5000. An atlas made by FSL takes "
        "up to four hours a subject.",
        "relabel_bold5000_atlas", "register_bold5000_atlas",
    ),
    consequence(
        "things.midline things.left_side things.hemisphere_numbering",
        "Which voxels are left: tables by separate hemispheres change, joined ones do not "
        "(for the same voxels). `reference` restores the inverted published numbering.",
        "extract_things_responses",
    ),
    consequence(
        "laion.brain laion.min_ceiling",
        "Voxels of every region, so every number of LAION-fMRI; a threshold raises "
        "similarities and loses regions.",
        "find_laion_voxels",
    ),
    consequence(
        "laion.standardise",
        "`none` leaves scales of sessions in, which then dominate means over sessions.",
        "gather_laion_responses",
    ),
    consequence(
        "laion.short_images",
        "Images that take part.",
        "select_laion_stimuli",
    ),
    consequence(
        "laion.showings",
        "Trials of single-trial tables; 12 would be 11,532 of `main`, more than "
        "`rsa.max_trials`.",
        "select_laion_stimuli",
    ),
    consequence(
        "laion.noun",
        "The partitions with and without it.",
        "select_laion_stimuli",
    ),
    consequence(
        "laion.stimuli.derivatives",
        "Which of two sets of files are validated and analysed.",
        "import_laion_embedding", "select_laion_stimuli", "validate_laion",
    ),
    consequence(
        "laion.stimuli.embeddings.*",
        "The embeddings. No combination is known to give the released bytes; "
        "`reproduction.tsv` says how near one comes. Minutes on a GPU, hours without.",
        "embed_laion_images", "segment_laion_images",
    ),
    consequence(
        "laion.stimuli.segmentations.*",
        "The masks and their table. Hours without a GPU.",
        "segment_laion_images",
    ),
    consequence(
        "laion.stimuli.captions.*",
        "The captions and who they are from; `keep` copies personal data.",
        "merge_laion_captions",
    ),
    consequence(
        "mouse.scale",
        "Correlation distances between trials: standardising weighs neurons equally. `raw` "
        "values are dominated by active neurons.",
        "extract_mouse_responses",
    ),
    consequence(
        "mouse.min_fev",
        "Neurons that are compared; a threshold raises similarities.",
        "extract_mouse_responses",
    ),
    consequence(
        "mouse.channels",
        "What models see of coloured pictures.",
        "extract_vision_features",
    ),
    consequence(
        "mouse.same_cell.*",
        "A hint in the tables of neurons. Nothing is left out.",
        "index_mouse_scan",
    ),
    consequence(
        "mouse.export",
        "Parts that are written; nothing else.",
        "export_mouse_scan",
    ),
)  # fmt: skip
