"""What changing the settings of comparisons and of the machine does."""

from __future__ import annotations

from repalign.documentation.consequence import FEATURES, RDMS, consequence

COMPARISONS = (
    consequence(
        "rsa.clip_quantile",
        "Every similarity, mostly in the third decimal; 0.003 is published.",
        *RDMS,
    ),
    consequence(
        "rsa.spearman_ties",
        "Spearman tables alone, in the last digits; `ordinal` is published and depends on the "
        "order of trials.",
        "rank_rdms", "compare_image_rdms", "compare_images",
    ),
    consequence(
        "rsa.min_trials",
        "Similarities of few trials: a number or NaN.",
        "compute_rdms", "compute_session_rdms", "compute_image_rdms",
        "compute_control_rdms", "compare_subject_sessions", "compare_untrained",
    ),
    consequence(
        "rsa.max_trials",
        "Large sets are refused or computed; no number changes. Vectors of n trials take 2 n² "
        "bytes a region.",
    ),
    consequence(
        "rsa.trial_sets",
        "No number, where subjects have one order of trials; `per_pair` takes as many RDMs as "
        "there are pairs.",
        "compute_rdms", "compare_rdms", "compare_rdms_partial", "compute_subject_null",
    ),
    consequence(
        "rsa.split_halves",
        "Reliabilities and split halves: more parts, less noise in them.",
        "compare_images", "measure_mouse_ceilings",
    ),
    consequence(
        "rsa.drop_same_image_pairs",
        "Every table of trials that repeat images. `false` is published and lets reliability "
        "alone look like alignment (validity.md).",
        *RDMS, "rank_rdms", "compare_rdms_partial",
    ),
    consequence(
        "permutation.seed",
        "Draws, so nulls and p-values within their Monte Carlo error.",
        "compute_subject_null", "compute_model_null", "compare_images",
        "measure_mouse_ceilings",
    ),
    consequence(
        "permutation.scheme",
        "Draws; `independent` is published and takes hundreds of times as long.",
        "compute_subject_null", "compute_model_null", "compare_images",
    ),
    consequence(
        "permutation.unit",
        "Nulls and p-values. `trial` is published; only `image` is valid where images repeat "
        "(validity.md).",
        "compute_subject_null", "compute_model_null",
    ),
    consequence(
        "model_model.metrics",
        "Rows of `alignment_model_model_coco.parquet`.",
        "compare_models",
    ),
    consequence(
        "model_model.topk",
        "`mutual_knn`: chance is k / (images − 1).",
        "compare_models",
    ),
    consequence(
        "model_model.batch_size",
        "Images of a batch, so all scores and their number; 750 is published.",
        "compare_models",
    ),
    consequence(
        "model_model.outlier_*",
        "All scores. 0.95 over the batch is published, and flattens models with one layer of "
        "huge features.",
        "compare_models",
    ),
    consequence(
        "model_model.include_flattened",
        "Rows of layer −1. `true` is published.",
        "compare_models",
    ),
    consequence(
        "untrained.*",
        "Models and seeds of `cka_untrained_models_similarity.parquet`. Each model costs a "
        "pass over all images.",
        "compare_untrained",
    ),
    consequence(
        "tokenizers.llm tokenizers.sources",
        "Tokenizers of the table.",
        "tokenize_captions",
    ),
    consequence(
        "tokenizers.trial_mode",
        "All scores of tokenizers; `mean` is our reading of the published way.",
        "compute_image_rdms",
    ),
    consequence(
        "tokenizers.legacy_subjects",
        "`true` leaves out subject 8, as the published file does.",
        "join_rsa_tokenizers",
    ),
    consequence(
        "kmcca.images",
        "Images that components are made of, so both tables and computed controls.",
        "compute_grams", "annotate_images",
    ),
    consequence(
        "kmcca.kernel",
        "Components, so both tables and computed controls.",
        "fit_components",
    ),
    consequence(
        "kmcca.regularisation kmcca.signal_rank kmcca.components kmcca.folds",
        "Components; less regularisation fits noise, `heldout_correlation` shows it.",
        "fit_components",
    ),
    consequence(
        "kmcca.min_images kmcca.permutations",
        "Words that are listed, and the resolution of their p-values.",
        "score_words",
    ),
    consequence(
        "kmcca.seed",
        "Folds and draws: held-out correlations and p-values of words, within their error.",
        "fit_components", "score_words",
    ),
)  # fmt: skip

MACHINE = (
    consequence(
        "identity",
        "How sure a changed raw file is noticed; `full` reads every byte once. Identities of "
        "files over 64 MiB change, so what reads them reruns.",
    ),
    consequence(
        "resources.memory_mb",
        "Block sizes and what a scheduler is asked for. No number changes.",
    ),
    consequence(
        "resources.threads",
        "Speed. Last digits may change, and nothing reruns for it.",
    ),
    consequence(
        "resources.device",
        "Last digits (1e-5); nulls and models are faster on a GPU. Texts are made again where a "
        "model makes them.",
        "compare_rdms", "compare_model", "compare_subject_sessions", "compare_images",
        "compare_untrained", "compute_subject_null", "compute_model_null", *FEATURES,
        "describe_nsd", "describe_images", "describe_laion_images", "embed_laion_images",
        "segment_laion_images",
    ),
    consequence(
        "storage.keep_sessions storage.keep_rdms",
        "Disk (213 GB and about 90 GB of NSD) against time when something changes. No number "
        "changes.",
    ),
    consequence(
        "figures.bootstrap",
        "The band around a power law in figures, within its error; no table changes.",
        "plot_model_scatter", "plot_reliability", "plot_shifts",
    ),
    consequence(
        "figures.seed",
        "Intervals and starts of fits in figures, within their error; no table changes.",
        "plot_attenuation", "plot_model_scatter", "plot_reliability", "plot_shifts",
    ),
    consequence(
        "figures.attenuation_starts",
        "How surely a figure's fit is the best one; no table changes.",
        "plot_attenuation",
    ),
    consequence(
        "figures.hemisphere_marks",
        "Which differences between hemispheres are marked; no table changes.",
        "plot_hemispheres",
    ),
    consequence(
        "figures.partition_test",
        "How sets of images are compared in the figure; no table changes.",
        "plot_partitions",
    ),
    consequence(
        "figures.token_distance",
        "Which distance of tokens is shown; no table changes.",
        "plot_tokenizers",
    ),
    consequence(
        "maps.*",
        "Where areas lie on maps, and which are drawn as significant; no table changes.",
        "plot_cortical_maps",
    ),
    consequence(
        "cluster.*",
        "What jobs ask a scheduler for. No number changes and nothing reruns.",
    ),
    consequence(
        "retrieval.*",
        "What the rules `retrieve_…` fetch, and how. Nothing else uses the network, and no result "
        "depends on where a file came from.",
    ),
    consequence(
        "simulate.*",
        "The simulated data, at the next `repalign simulate`; results follow the files that "
        "it writes.",
    ),
)  # fmt: skip
