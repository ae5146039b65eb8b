# What all rules share. A rule takes its paths, its command and its `spec` from a step of the same
# name (workflow/repalign/dag/). The spec is the one parameter that decides whether an output is
# stale; file times and everything else are kept from Snakemake's own triggers.

import atexit
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir)))

from snakemake.exceptions import WorkflowError

from repalign.dag.build import (
    CATALOGUE,
    build_workflow,
    control_matrices,
    figures,
    scan_folders,
    targets,
)
from repalign.dag.catalogue import read_catalogue
from repalign.dag.laion_recordings import aligned_files
from repalign.dag.report import SECTIONS, dataset_rows
from repalign.dag.steps import as_list
from repalign.errors import RepalignError
from repalign.settings_file import check_settings, read_yaml
from repalign.tables.paths import benchmark_of, log_of


class Hidden:
    """A parameter that is not tracked: its value may differ between machines."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __format__(self, _: str) -> str:
        return self.text


def mendable(function):
    """Show our errors as messages, without a traceback through Snakemake."""

    def call(*arguments):
        try:
            return function(*arguments)
        except RepalignError as error:
            raise WorkflowError(str(error)) from None

    return call


# Snakemake would stop at a file that is not YAML without naming the line.
mendable(read_yaml)("config/config.yaml")


configfile: "config/config.yaml"


# Files of the command line come before config/config.yaml in Snakemake's list, but override it.
SETTINGS = mendable(check_settings)(
    config, [*workflow.configfiles[-1:], *workflow.configfiles[:-1]]
)
FLOW, PLANS = mendable(build_workflow)(SETTINGS)
CATALOG = mendable(read_catalogue)(CATALOGUE)
TABLES = targets(FLOW, PLANS, CATALOG)
FIGURES = figures(CATALOG, set(TABLES))
TARGETS = TABLES + control_matrices(PLANS) + FIGURES
TARGETS += mendable(aligned_files)(PLANS.laion)
TARGETS += mendable(scan_folders)(PLANS)
# What the first page of the report says; nothing else reads it.
if any(word.split("=")[0] == "--report" for word in sys.argv):
    config["datasets_of_report"] = mendable(dataset_rows)(PLANS)
RUN = (
    "{params.command} --threads {threads} --output {output:q} --spec {params.spec:q}"
    " > {log:q} 2>&1"
)
RUN_WITH_STIMULI = RUN.replace(
    "{output:q}", "{output.trials:q} --stimuli {output.stimuli:q}"
)
RUN_WITH_PARQUET = RUN.replace(
    "{output:q}", "{output.table:q} --parquet {output.parquet:q}"
)
RUN_WITH_TEST = RUN.replace("{output:q}", "{output.table:q} --test {output.test:q}")
RUN_WITH_ARCHIVE = RUN.replace(
    "{output:q}", "{output.table:q} --archive {output.archive:q}"
)
RUN_WITH_VALID = RUN.replace("{output:q}", "{output.betas:q} --valid {output.valid:q}")
RUN_WITH_RUNS_WITH_IMAGES_WITH_TABLE = RUN.replace(
    "{output:q}",
    "{output.labels:q} --runs {output.runs:q} --images {output.images:q}"
    " --table {output.table:q}",
)
RUN_WITH_COLUMNS_WITH_COUNTS = RUN.replace(
    "{output:q}",
    "{output.betas:q} --columns {output.columns:q}" " --counts {output.counts:q}",
)
RUN_WITH_CEILINGS = RUN.replace(
    "{output:q}", "{output.table:q} --ceilings {output.ceilings:q}"
)
RUN_WITH_TABLE = RUN.replace("{output:q}", "{output.masks:q} --table {output.table:q}")
RUN_WITH_JSON_WITH_TSV = RUN.replace(
    "{output:q}", "{output.html:q} --json {output.json:q} --tsv {output.tsv:q}"
)
RUN_WITH_SVG_WITH_TSV = RUN.replace(
    "{output:q}", "{output.png:q} --svg {output.svg:q} --tsv {output.tsv:q}"
)
SESSION = (lambda path: path) if SETTINGS.storage.keep_sessions else temp
MNI_SESSION = (lambda path: path) if SETTINGS.curated_3mm.keep_resampled else temp
RDM_FOLDER = (
    directory if SETTINGS.storage.keep_rdms else (lambda path: temp(directory(path)))
)
ENVIRONMENT = "../../envs/repalign.yaml"
MODELS_ENVIRONMENT = "../../envs/models.yaml"
FSL_ENVIRONMENT = "../../envs/fsl.yaml"
GPU = int(SETTINGS.resources.device == "cuda")


wildcard_constraints:
    **FLOW.constraints,


def inputs(name):
    """Named inputs of a step, which count by what they are and not by their time.

    An output that was made from just what its spec says has `ancient` inputs: nothing upstream can
    make it stale. All others have plain ones, so that Snakemake runs them after their inputs.
    """

    def of(wildcards):
        job = FLOW.job(name, wildcards)
        mark = ancient if FLOW.is_current(job) else str
        return {
            key: [mark(path) for path in as_list(paths)]
            for key, paths in job.step.inputs(job.values).items()
        }

    return mendable(of)


def spec(name):
    """All that the output of a step depends on, as canonical JSON."""
    return mendable(lambda wildcards: FLOW.spec_text(FLOW.job(name, wildcards)))


def command(name):
    """The command of a step's script with all its options but the outputs."""
    return mendable(lambda wildcards: Hidden(FLOW.command(FLOW.job(name, wildcards))))


def memory_of_texts(name):
    """Memory of a job that makes texts: that of a model, where one is run."""

    def of(wildcards):
        runs_model = bool(FLOW[name].params(wildcards)["model_id"])
        own, common = SETTINGS.captions.memory_mb, SETTINGS.resources.memory_mb
        return own if runs_model else common

    return mendable(of)


@mendable
def mouse_files(_):
    """What can be made of mouse scans; where there are none, an error that says so."""
    _ = PLANS.mouse.scans
    return [path for path in TARGETS if path.startswith("results/mouse/")]


# Dry runs keep what they learnt about raw files, too.
atexit.register(FLOW.manifest.save)
