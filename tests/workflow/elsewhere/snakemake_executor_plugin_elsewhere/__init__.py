"""An executor of Snakemake that is said to run jobs on other machines, and refuses them all.

It copies the memory of raw files as a submitted job would find it to the path `FOUND_BY_JOB`.
"""

import os
import shutil
from pathlib import Path

from snakemake_interface_executor_plugins.executors.base import (
    AbstractExecutor,
    SubmittedJobInfo,
)
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface
from snakemake_interface_executor_plugins.settings import CommonSettings

MEMORY = Path("results/raw_manifest.tsv")

common_settings = CommonSettings(
    non_local_exec=True, implies_no_shared_fs=False, job_deploy_sources=False
)


class Executor(AbstractExecutor):  # type: ignore[misc]
    """Refuses every job."""

    def run_job(self, job: JobExecutorInterface) -> None:
        """Keep what the job would find, and say that it failed."""
        info = SubmittedJobInfo(job=job)
        self.report_job_submission(info)
        if MEMORY.exists():
            shutil.copyfile(MEMORY, os.environ["FOUND_BY_JOB"])
        self.report_job_error(info)

    def handle_job_success(self, job: JobExecutorInterface) -> None:
        """No job ends well."""

    def handle_job_error(self, job: JobExecutorInterface) -> None:
        """There is nothing to remove."""

    def cancel(self) -> None:
        """There is nothing to cancel."""

    def shutdown(self) -> None:
        """There is nothing to shut down."""

    @property
    def cores(self) -> int:
        """Return how many cores jobs may use here."""
        return 1
