"""Everything that the default settings make of a simulated NSD, figures included, is made.

Minutes of drawing, so it is not among the quick tests; what each figure shows, unit tests say.
"""

import pytest

from repalign.dag.build import CATALOGUE, build_workflow
from repalign.dag.catalogue import read_catalogue
from repalign.dag.report import report_files
from repalign.settings import Settings

pytestmark = pytest.mark.long


def test_plain_snakemake_makes_every_figure(finished_all, tmp_path):
    project = finished_all.copy(tmp_path / "project")
    project.snakemake("--quiet", "all")
    assert project.pending() == {}
    workflow, _ = build_workflow(Settings.model_validate(project.settings), project.root)
    made = report_files(workflow, read_catalogue(project.root / CATALOGUE))
    assert len(made) > 40
    for path in made:
        job = workflow.producer(path)
        assert job is not None
        for output in job.paths:
            assert (project.root / output).stat().st_size > 0, output
