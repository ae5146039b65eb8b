"""Where every file of the workflow lies. Rules and steps take their paths from here alone."""

from __future__ import annotations

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
SESSION = PREPARED + "/sessions/sub-{subject}/ses-{session}.npy"

RDM_SET = "shift-{shift}_{hemispheres}/sub-{subject}_{role}_sub-{partner}"
RDMS = "results/{dataset}/rdms/" + RDM_SET
RANKED_RDMS = "results/{dataset}/ranked_rdms/" + RDM_SET

PAIR = (
    "results/{dataset}/parts/rsa_subject_subject/shift-{shift}_{hemispheres}_{comparison}"
    "/sub-{subject_i}_sub-{subject_j}.parquet"
)
TABLE = "results/{dataset}/{rsa_table}.parquet"
HEATMAP = "results/{dataset}/figures/{rsa_table}_heatmap.png"
RANKING = "results/{dataset}/figures/{rsa_table}_ranking.png"

HCP_TABLE = "results/{hcp_table}.csv"
NSD_INDEX = "results/datasets/nsd/"

MANIFEST = "results/raw_manifest.tsv"


def subject_label(subject: int) -> str:
    """Return a subject number as it stands in paths: two digits."""
    return f"{subject:02d}"


def log_of(output: str) -> str:
    """Return the path of the log of a job, from its main output."""
    return f"{LOGS}/{output.removeprefix(RESULTS + '/')}.log"


def benchmark_of(output: str) -> str:
    """Return the path of the time and memory record of a job, from its main output."""
    return f"{LOGS}/{output.removeprefix(RESULTS + '/')}.benchmark.tsv"
