"""Which figures a report takes, and how Snakemake is asked for it."""

from pathlib import Path

import pytest

from repalign.dag.build import CATALOGUE, build_workflow
from repalign.dag.catalogue import read_catalogue
from repalign.dag.comparison_figures import TABLE_FIGURES, comparison_figures
from repalign.dag.report import dataset_rows, report_command, report_files
from repalign.errors import RepalignError
from repalign.settings import Settings

ROOT = Path(__file__).parents[3]
PAGE = "results/nsd/figures/quality.png"
NETWORK = "results/nsd/figures/network_inter.png"


@pytest.fixture
def root(tmp_path):
    """A project without recordings and results."""
    for name in (CATALOGUE, "config/models.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def test_figures_that_are_there_are_taken(root):
    workflow, _ = build_workflow(Settings(), root)
    catalogue = read_catalogue(root / CATALOGUE)
    with pytest.raises(RepalignError, match="no figure"):
        report_files(workflow, catalogue)
    (root / PAGE).parent.mkdir(parents=True)
    (root / PAGE).touch()
    assert report_files(workflow, catalogue) == [PAGE]
    (root / NETWORK).touch()
    assert report_files(workflow, catalogue) == [PAGE, NETWORK]


def test_files_cannot_be_taken_for_options():
    words = report_command(["snakemake"], Path("a.html"), ["b.png", "c.png"])
    assert words[words.index("--report") + 1] == "a.html"
    assert words[words.index("--") + 1 :] == ["b.png", "c.png"]


def test_the_first_page_says_what_is_not_there(root):
    _, plans = build_workflow(Settings(), root)
    rows = dataset_rows(plans)
    assert [row["source"] for row in rows] == ["not there"] * 5
    assert "subjects" not in rows[0]


def test_figures_without_their_tables_are_left_out():
    catalogue = read_catalogue(ROOT / CATALOGUE)
    everything = comparison_figures(catalogue)
    for figure in TABLE_FIGURES:
        assert any(path.endswith(figure.output.split("}")[-1]) for path in everything)
    tokens = next(row for row in catalogue if row.analysis == "rsa_tokenizers")
    # A dataset with that one table has a page, but the figure needs two tables more.
    assert comparison_figures(catalogue, {tokens.target}) == [PAGE]
    assert comparison_figures(catalogue, set()) == []
