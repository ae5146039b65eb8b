"""Where every file of the workflow lies. Rules and steps take their paths from here alone."""

from __future__ import annotations

from repalign.tables import laion_layout

RESULTS = "results"
LOGS = "logs"

PREPARED = "results/{dataset}/prepared"
TRIALS = PREPARED + "/trials.parquet"
STIMULI = PREPARED + "/stimuli.parquet"
REGIONS = PREPARED + "/regions.tsv"
QUALITY = PREPARED + "/quality.tsv"
RESPONSES = PREPARED + "/responses/sub-{subject}"
SHARED_RESPONSES = PREPARED + "/shared_responses/sub-{subject}"
ATLAS = PREPARED + "/atlas/sub-{subject}.nii.gz"
REGISTERED_ATLAS = PREPARED + "/registered_atlas/sub-{subject}.nii.gz"
SESSION = PREPARED + "/sessions/sub-{subject}/ses-{session}.npy"

RDM_SET = "{subset}/shift-{shift}_{hemispheres}/sub-{subject}_{role}_sub-{partner}"
VECTORS = "results/{dataset}/{vectors}/" + RDM_SET
RANKED_RDMS = "results/{dataset}/ranked_rdms/" + RDM_SET
SESSION_VECTORS = "results/{dataset}/session_{vectors}/{subset}/{hemispheres}/sub-{subject}"
CONTROL_RDMS = "results/{dataset}/control_rdms/{hemispheres}/sub-{subject}"
IMAGE_RDMS = "results/{dataset}/image_rdms/{subset}/{hemispheres}/sub-{subject}"
SUBSET = PREPARED + "/subsets/{subset}.parquet"
CONTROLLED = PREPARED + "/subsets/controlled.parquet"

PARTS = "results/{dataset}/parts/"
PAIR = (
    PARTS + "subject_subject/{subset}_shift-{shift}_{hemispheres}_{comparison}"
    "/sub-{subject_i}_sub-{subject_j}.parquet"
)
PARTIAL_PAIR = (
    PARTS + "subject_subject_partial/shift-{shift}_{hemispheres}"
    "/sub-{subject_i}_sub-{subject_j}.parquet"
)
GROUP_PART = PARTS + "subject_group/shift-{shift}_{hemispheres}/sub-{subject}.parquet"
SESSION_PAIR = (
    PARTS + "subject_subject_sessions/{subset}_{hemispheres}"
    "/sub-{subject_i}_sub-{subject_j}.parquet"
)
MODEL_PART = PARTS + "subject_model/{subset}_{hemispheres}/{model}/sub-{subject}.parquet"
PARTIAL_MODEL_PART = PARTS + "subject_model_partial/{hemispheres}/{model}/sub-{subject}.parquet"
UNTRAINED_PART = PARTS + "untrained/{hemispheres}/seed-{seed}/{model}/sub-{subject}.parquet"
MODEL_MODEL_PART = PARTS + "model_model/batches-{block}.parquet"
TOKENIZER_PART = PARTS + "tokenizers/{hemispheres}/sub-{subject}.parquet"
IMAGES_PART = PARTS + "images/{subset}_{hemispheres}_{permutations}/sub-{subject}.parquet"
PAIR_NULL = (
    PARTS + "null_subject_subject/shift-{shift}_{hemispheres}_{permutations}/regions-{block}.npy"
)
MODEL_NULL = PARTS + "null_subject_model/{hemispheres}_{permutations}/{model}/sub-{subject}.npy"

DERIVATIVE = "results/{dataset}/{table}.parquet"
NULL = "results/{dataset}/{table}.npy"
HEATMAP = "results/{dataset}/figures/{table}_heatmap.png"
RANKING = "results/{dataset}/figures/{table}_ranking.png"
FIGURES = "results/{dataset}/figures/"
REGION_BOXES = FIGURES + "regions_{measure}_{extent}.png"
MODEL_SCATTER = FIGURES + "subjects_and_models.png"
HUB_BOXES = FIGURES + "hubs.png"
HEMISPHERES = FIGURES + "hemispheres_{halves}.png"
STATISTICS = FIGURES + "statistics.png"
RELIABILITY = FIGURES + "within_and_between_subjects.png"
SHIFTS = FIGURES + "shifts.png"
ATTENUATION = FIGURES + "attenuation.png"
QUALITY_FIGURE = "results/{dataset}/figures/quality.png"
COMPONENTS_FIGURE = "results/{dataset}/figures/{table}_components.png"
WORDS_FIGURE = "results/{dataset}/figures/{table}_words.png"
PARTIAL_FIGURE = "results/{dataset}/figures/{table}_hubs.png"
PARTITIONS_FIGURE = "results/{dataset}/figures/{table}_sets.png"
TOKENIZERS_FIGURE = "results/{dataset}/figures/{table}_tokens.png"
UNTRAINED_FIGURE = "results/{dataset}/figures/{table}_layers.png"
SURFACES_FIGURE = "results/{dataset}/figures/{table}_surfaces.png"
SESSIONS_FIGURE = "results/{dataset}/figures/{table}_overview.png"

MOUSE_SCAN = "results/mouse/scans/{scan}"
MOUSE_STATISTICS = "results/mouse/statistics/{scan}"
MOUSE_CEILINGS = "results/mouse/parts/ceilings/{scan}.parquet"
MOUSE_ASSEMBLIES = "results/mouse/assemblies/{scan}"
MOUSE_EXPORT = "results/mouse/exported/{export}"

MODELS_INFO = "results/metadata/models-info.csv"
MODEL_SIZES = "results/metadata/model_sizes.csv"
CAPTIONS = "results/captions/{dataset}-captions-{source}.csv"
GENERATED_CAPTIONS = "results/captions/{dataset}-captions-pixtral.csv"
TEXTS = "results/{dataset}/texts/{prompt}.csv"
ANSWERS = "results/{dataset}/answers/{question}.csv"
FEATURES = "results/{dataset}/features/{weights}/{model}.h5"
COCO_CAPTIONS = "results/captions/nsd-captions-coco.csv"
COCO_OBJECTS = PREPARED + "/coco_objects.parquet"
WORDS = "results/{dataset}/words/{words}.parquet"
TOKENS = "results/{dataset}/tokens/{tokenizer}.parquet"
SAME_TOKENS = "results/{dataset}/same_tokens.tsv"
SCENE_OBJECTS = "results/{dataset}/nsd_scenes_objects.parquet"
GRAMS = "results/{dataset}/kmcca/grams/sub-{subject}.h5"
COMPONENTS = "results/{dataset}/kmcca/components.parquet"
IMAGE_ANNOTATIONS = "results/{dataset}/kmcca/image_annotations.parquet"
COMPUTED_CONTROLS = "results/{dataset}/control_matrices/control_{control}.parquet"

NEUROIDS = PREPARED + "/neuroids/sub-{subject}.parquet"
ASSEMBLY_SESSION = PREPARED + "/assembly_sessions/sub-{subject}/ses-{session}.h5"
ASSEMBLIES = "results/{dataset}/assemblies{variant}/"
REGION_ASSEMBLY = ASSEMBLIES + "Allen2022.{region}.nc"
IMAGE_SPLIT = ASSEMBLIES + "train_test_split.csv"
SPLIT_PICTURES = ASSEMBLIES + "stimuli_{split}"
PACKAGED = ASSEMBLIES + "packaged/"
BENCHMARK_ASSEMBLY = PACKAGED + "assy_Allen2022_fMRI{variant}_{split}_Assembly.nc"
STIMULUS_SET = PACKAGED + "stimulus_Allen2022_fMRI{variant}_{split}_Stimuli.csv"
PACKAGES = PACKAGED + "packages.tsv"
ASSEMBLY_FIGURE = "results/{dataset}/figures/assemblies{variant}_{figure}.png"
HIERARCHY_FIGURE = "results/{dataset}/figures/hierarchy_{hierarchy}.png"
CONNECTIVITY_FIGURE = "results/{dataset}/figures/connectivity_{connectivity}.png"
NETWORK_FIGURE = "results/{dataset}/figures/network_{network}.png"
MAP_FIGURE = "results/{dataset}/figures/map_{map}.png"
CURATED = "results/{dataset}/curated_3mm/"
COCO_LABELS = CURATED + "coco_labels.parquet"
LABELLED_TRIALS = PREPARED + "/curated_3mm/labelled_trials.parquet"
CURATED_TRIALS = CURATED + "trials.parquet"
GREY_MATTER = CURATED + "mask.nii.gz"
MNI_SESSION = PREPARED + "/curated_3mm/sub-{subject}/ses-{session}.npy"
MNI_VALID = PREPARED + "/curated_3mm/sub-{subject}/ses-{session}_valid.npy"
CURATED_SUBJECT = CURATED + "sub-{subject}"
CURATED_BETAS = CURATED_SUBJECT + "_betas.npy"
CURATED_LABELS = CURATED_SUBJECT + "_labels.npy"
CURATED_IMAGE = CURATED_SUBJECT + ".nii.gz"
CURATION = CURATED + "curation.json"
CURATION_FIGURE = CURATED + "curation.png"
LAION_VOXELS = "results/laion/prepared/voxels/sub-{subject}.h5"
LAION_FEATURES = "results/laion/features/embeddings/{embedding}.h5"
ALIGNED_EMBEDDING = "results/laion/aligned/sub-{subject}_{embedding}.h5"
ALIGNED_CAPTIONS = "results/laion/aligned/sub-{subject}_captions.parquet"
ALIGNED_MASKS = "results/laion/aligned/sub-{subject}_segmentations.parquet"

HCP_TABLE = "results/{hcp_table}.csv"
NSD_INDEX = "results/datasets/nsd/"
OBJECTS_INDEX = NSD_INDEX + "annotations/coco_objects_annotations.csv"
PERSONS_INDEX = NSD_INDEX + "annotations/coco_person_annotations.csv"
AREA_TABLE = "results/metadata/hcp.csv"
PREPROCESSED = "results/datasets/{dataset}/preprocessed/"
IMAGES_INDEX = PREPROCESSED + "images.csv"
IMAGES_TABLE = PREPROCESSED + "images.parquet"
STIMULUS_INDEX = PREPROCESSED + "stimulus_index"
CAPTIONS_INDEX = PREPROCESSED + "captions.csv"
CATEGORIES_INDEX = PREPROCESSED + "categories.csv"

OF_DATASET = "results/{dataset}/"
LAION_EMBEDDINGS = OF_DATASET + laion_layout.EMBEDDINGS
LAION_MASKS = OF_DATASET + laion_layout.MASKS
LAION_MASK_TABLE = OF_DATASET + laion_layout.MASK_TABLE
LAION_CAPTIONS = OF_DATASET + laion_layout.CAPTIONS
LAION_REPRODUCTION = OF_DATASET + "reproduction.tsv"
VALIDATION = OF_DATASET + "validation"

MANIFEST = "results/raw_manifest.tsv"
RESULT_SUMS = "results/result_manifest.tsv"
PROVENANCE = "results/provenance.json"
DOCUMENTS = {
    "output": PROVENANCE,
    "methods": "results/methods.md",
    "crate": "results/ro-crate-metadata.json",
    "sums": "results/manifest.sha256",
}
"""What describes all results together, by option of the script that makes it."""
INTERMEDIATE = {
    "prepared", "parts", "rdms", "grams", "ranked_rdms", "session_rdms", "session_grams",
    "control_rdms", "image_rdms", "features", "words", "tokens", "texts", "answers",
}  # fmt: skip
"""Folders of files on the way to results, which are not passed on."""


def subject_label(subject: int) -> str:
    """Return a subject number as it stands in paths: two digits."""
    return f"{subject:02d}"


def log_of(output: str) -> str:
    """Return the path of the log of a job, from its main output."""
    return f"{LOGS}/{output.removeprefix(RESULTS + '/')}.log"


def benchmark_of(output: str) -> str:
    """Return the path of the time and memory record of a job, from its main output."""
    return f"{LOGS}/{output.removeprefix(RESULTS + '/')}.benchmark.tsv"
