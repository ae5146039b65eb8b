# What all rules share. A rule takes its paths, its command and its `spec` from a step of the same
# name (workflow/repalign/dag/). The spec is the one parameter that decides whether an output is
# stale; file times and everything else are kept from Snakemake's own triggers.

import atexit
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir)))

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

from repalign.dag.build import (
    CATALOGUE,
    build_workflow,
    control_matrices,
    figures,
    scan_folders,
    targets,
)
from repalign.dag.brain_figures import brain_figures
from repalign.dag.catalogue import read_catalogue
from repalign.dag.laion_recordings import aligned_files
from repalign.dag.locks import take_over
from repalign.dag.report import SECTIONS, dataset_rows
from repalign.dag.retrieval import retrieval_command
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
if DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method:
    # Each job has the interpreter of its environment, which is the first in its PATH.
    FLOW.python = "python"
CATALOG = mendable(read_catalogue)(CATALOGUE)
TABLES = targets(FLOW, PLANS, CATALOG)
FIGURES = figures(CATALOG, set(TABLES))
FIGURES += mendable(brain_figures)(PLANS, CATALOG, set(TABLES))
TARGETS = TABLES + control_matrices(PLANS) + FIGURES
TARGETS += mendable(aligned_files)(PLANS.laion)
TARGETS += mendable(scan_folders)(PLANS)
# What the first page of the report says; nothing else reads it.
if any(word.split("=")[0] == "--report" for word in sys.argv):
    config["datasets_of_report"] = mendable(dataset_rows)(PLANS)
SESSION = (lambda path: path) if SETTINGS.storage.keep_sessions else temp
MNI_SESSION = (lambda path: path) if SETTINGS.curated_3mm.keep_resampled else temp
RDM_FOLDER = (
    directory if SETTINGS.storage.keep_rdms else (lambda path: temp(directory(path)))
)
ENVIRONMENT = "../../envs/repalign.yaml"
MODELS_ENVIRONMENT = "../../envs/models.yaml"
FSL_ENVIRONMENT = "../../envs/fsl.yaml"
GPU = int(SETTINGS.resources.device == "cuda")
# What a job may ask for at most to be run by the controller of a cluster run, not submitted.
SMALL = {"mem_mb": 1000, "runtime": 10, "_cores": 1}


wildcard_constraints:
    **FLOW.constraints,


def begin():
    """Before a run locks the folder, refuse it beside a living one, and remove what a dead one left.

    Called by the inputs of every step. Retrieval has none, for it takes days and may go on beside
    a run. Dry runs lock nothing, and jobs on a cluster run under the lock of their controller.
    Which of these this is, Snakemake knows once the rules are read.
    """
    runs_jobs = workflow.executor_plugin is not None and not workflow.dryrun
    if runs_jobs and workflow.is_main_process:
        place = Path(workflow.persistence.path)
        take_over(place, submits=workflow.non_local_exec)


def inputs(name):
    """Named inputs of a step, which count by what they are and not by their time.

    An output that was made from just what its spec says has `ancient` inputs: nothing upstream can
    make it stale. All others have plain ones, so that Snakemake runs them after their inputs.
    One that is there but stale or damaged is made again, whatever Snakemake's own records say.
    """

    def of(wildcards):
        begin()
        job = FLOW.job(name, wildcards)
        if FLOW.standing(job) in ("stale", "damaged"):
            workflow.dag.forcefiles.update(job.paths)
        mark = ancient if FLOW.is_current(job) else str
        return {
            key: [mark(path) for path in as_list(paths)]
            for key, paths in job.step.inputs(job.values).items()
        }

    return mendable(of)


def spec(name):
    """All that the output of a step depends on, as canonical JSON."""

    def of(wildcards):
        text = FLOW.spec_text(FLOW.job(name, wildcards))
        if workflow.is_main_process and workflow.non_local_exec:
            # The Snakemake of a submitted job reads raw files again unless it finds them here.
            FLOW.save_memory()
        return text

    return mendable(of)


def command(name):
    """The command of a step's script with all its options but the outputs."""
    return mendable(lambda wildcards: Hidden(FLOW.command(FLOW.job(name, wildcards))))


def retrieval(dataset):
    """The command that fetches a dataset; it is no step, and no other job depends on it."""
    return mendable(lambda _: retrieval_command(PLANS, dataset, FLOW.python))


def run(name):
    """The shell command of a rule: what its script reads, makes and depends on; both streams logged."""
    made = [
        f"--{option.replace('_', '-')} {{output.{option}:q}}"
        for option in FLOW[name].extra_outputs
    ]
    main = "--output {output.main:q}" if made else "--output {output:q}"
    words = [
        "{params.command} --threads {threads}",
        main,
        *made,
        "--spec {params.spec:q}",
    ]
    return " ".join([*words, "> {log:q} 2>&1"])


def memory_of_texts(name):
    """Memory of a job that makes texts: that of a model, where one is run."""

    def of(wildcards):
        runs_model = bool(FLOW[name].params(wildcards)["model_id"])
        own, common = SETTINGS.captions.memory_mb, SETTINGS.resources.memory_mb
        return own if runs_model else common

    return mendable(of)


def files_of(dataset):
    """What can be made of a dataset; where there is none, an error that says so."""

    @mendable
    def of(_):
        PLANS[dataset].require()
        places = [f"{dataset}/", f"datasets/{dataset}/", f"captions/{dataset}-"]
        places = tuple(f"results/{place}" for place in places)
        return [path for path in TARGETS if path.startswith(places)]

    return of


def grown(resource, extra=0, most=None):
    """A resource that grows with every attempt; jobs of a cluster ask for `extra` on top."""

    def of(wildcards, **known):
        asked = resource.evaluate(wildcards, **known).value
        asked = (asked + extra * workflow.non_local_exec) * known["attempt"]
        return asked if most is None else min(asked, most)

    return of


def fit_to_clusters():
    """Let rules ask for what their jobs need on a cluster; called once all rules are there.

    Rules state what their scripts need. In a job of a cluster Snakemake itself runs as well, and
    the attempt after a kill needs more than the one before. Small jobs stay with the controller.
    Resources are no part of a spec: nothing becomes stale by any of this.
    """
    limits = SETTINGS.cluster
    for each in workflow.rules:
        if each.norun:
            continue
        asked = each.resources
        if all(asked[key].raw in range(most + 1) for key, most in SMALL.items()):
            workflow.localrules(each.name)
        asked["mem_mb"] = grown(
            asked["mem_mb"], limits.snakemake_mb, limits.most_memory_mb
        )
        asked["runtime"] = grown(asked["runtime"], most=limits.most_minutes)


# Dry runs keep what they learnt about raw files and results, too. Jobs on a cluster do not: they
# would put back what the table was when they began.
if workflow.is_main_process:
    atexit.register(FLOW.save_memory)
