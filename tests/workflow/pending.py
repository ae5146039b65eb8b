"""Ask Snakemake's own API which jobs a project still has to run; prints them as JSON.

Run in a project folder: `python pending.py TARGET ...`.
"""

import contextlib
import json
import sys
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)


def pending(targets: list[str]) -> list[dict[str, str]]:
    """Return rule, wildcards and output of every pending job."""
    quiet = OutputSettings(quiet={Quietness.ALL})
    with SnakemakeApi(quiet) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=2),
            config_settings=ConfigSettings(),
            snakefile=Path("workflow/Snakefile"),
        )
        dag = workflow.dag(dag_settings=DAGSettings(targets=set(targets)))
        dag.execute_workflow(executor="dryrun")
        jobs = list(workflow._workflow.dag.needrun_jobs(exclude_finished=False))
    return [{"rule": job.rule.name, "output": str(job.output[0])} for job in jobs]


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        found = pending(sys.argv[1:])
    sys.stdout.write(json.dumps(found) + "\n")
