"""The jobs that are pending, from Snakemake's own dry run.

The one module that knows Snakemake: what it would run is what it says it would run.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repalign.dag.plans import Plans
from repalign.dag.steps import Workflow
from repalign.errors import RepalignError
from repalign.settings_file import DEFAULT_SETTINGS

SNAKEFILE = Path("workflow/Snakefile")


@dataclass(frozen=True)
class PendingJob:
    """A job that Snakemake would run.

    Attributes
    ----------
    rule : str
        Its rule.
    path : str
        Its main output; empty for a rule that only collects files.
    temporary : bool
        Whether its outputs are deleted once nothing needs them.
    threads : int
        Cores that it takes.
    reserved_mb : int
        Memory that its rule reserves, in MB.
    is_heavy : bool
        Whether its rule has a benchmark; others are quick.
    after : tuple of int
        Positions, in the list of pending jobs, of those that it waits for.
    """

    rule: str
    path: str
    temporary: bool = False
    threads: int = 1
    reserved_mb: int = 0
    is_heavy: bool = False
    after: tuple[int, ...] = ()


@dataclass(frozen=True)
class Pending:
    """What is pending, and the workflow that says so.

    Attributes
    ----------
    jobs : list of PendingJob
        In an order in which each job comes after those that it waits for.
    workflow : Workflow
        The steps, as the settings describe them.
    plans : Plans
        What the run covers.
    """

    jobs: list[PendingJob]
    workflow: Workflow
    plans: Plans


def pending_jobs(
    targets: Sequence[str], *, cores: int = 1, configfile: Path = DEFAULT_SETTINGS
) -> Pending:
    """Ask Snakemake which jobs it would run; nothing is run.

    Parameters
    ----------
    targets : sequence of str
        Files or rules; everything that the settings can make, if there are none.
    cores : int
        Cores that the run would have; a job takes no more threads than these.
    configfile : Path
        Settings that override those of config/config.yaml.

    Raises
    ------
    RepalignError
        If Snakemake is not installed, a target is unknown, or something is missing that a job
        needs.
    """
    try:
        from snakemake.api import SnakemakeApi
        from snakemake.exceptions import MissingRuleException, WorkflowError
        from snakemake.settings.types import (
            ConfigSettings,
            DAGSettings,
            OutputSettings,
            Quietness,
            ResourceSettings,
        )
    except ImportError as error:
        raise RepalignError(
            f"no Snakemake ({error})",
            where="the Python environment",
            expected="Snakemake, which knows what is pending",
            remedy="Run `pip install 'repalign[workflow]'`.",
        ) from error
    _check_folder()
    configfiles = [] if configfile == DEFAULT_SETTINGS else [configfile]
    # Snakemake reports to standard error what the errors below say again.
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        quiet = OutputSettings(quiet={Quietness.ALL})
        with SnakemakeApi(quiet) as api:
            try:
                made = api.workflow(
                    resource_settings=ResourceSettings(cores=cores),
                    config_settings=ConfigSettings(configfiles=configfiles),
                    snakefile=SNAKEFILE,
                )
                dag = made.dag(DAGSettings(targets=set(targets), force_incomplete=True))
                dag.execute_workflow(executor="dryrun")
            except MissingRuleException as error:
                raise _unknown_target(str(error)) from error
            except WorkflowError as error:
                raise RepalignError(
                    f"Snakemake cannot plan the run:\n{error}",
                    where=", ".join(targets) or "all targets",
                    expected="what `snakemake -n` accepts",
                    remedy="Mend what the message names.",
                ) from error
            inner: Any = made._workflow  # the public interface has no list of jobs
            return Pending(_listed(inner.dag), inner.globals["FLOW"], inner.globals["PLANS"])


def _check_folder() -> None:
    """Refuse to look for a workflow where there is none."""
    if not SNAKEFILE.is_file():
        raise RepalignError(
            "no such file",
            where=SNAKEFILE.absolute(),
            expected="the project folder, which has the workflow in it",
            remedy="Run the command in the project folder.",
        )


def _unknown_target(text: str) -> RepalignError:
    """Say which target nothing makes."""
    return RepalignError(
        text.split(" (if you use")[0],
        where="the targets",
        expected="files of config/derivatives.tsv below results/, or other outputs of rules",
        remedy="Correct the path. The README lists what can be asked for.",
    )


def _listed(dag: Any) -> list[PendingJob]:  # noqa: ANN401 - a private class of Snakemake
    """Return the pending jobs of Snakemake's graph, those first that others wait for."""
    pending = set(dag.needrun_jobs(exclude_finished=False))
    ordered = [
        job
        for level in dag.toposorted(pending)
        for job in sorted(level, key=lambda job: (job.rule.name, [*map(str, job.output)]))
    ]
    place = {job: k for k, job in enumerate(ordered)}
    return [
        PendingJob(
            rule=job.rule.name,
            path=str(job.output[0]) if job.output else "",
            temporary=bool(job.output) and set(job.output) <= set(job.temp_output),
            threads=int(job.threads),
            reserved_mb=int(job.resources.get("mem_mb") or 0) if job.output else 0,
            is_heavy=bool(job.rule.benchmark),
            after=tuple(sorted(place[other] for other in dag.dependencies[job] if other in place)),
        )
        for job in ordered
    ]
