"""Figures: their labels, their files, and that odd tables are drawn at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined
from PIL import Image

import repalign
from repalign.figures.heatmap import plot_heatmap
from repalign.figures.ranking import plot_ranking
from repalign.figures.rsa import similarity_summary
from repalign.figures.scale import color_scale
from repalign.figures.style import save_png
from repalign.settings import RsaSettings
from repalign.tables.provenance import encode, read_record

WORKFLOW = Path(repalign.__file__).parents[1]
PLOTS = {"heatmap": plot_heatmap, "ranking": plot_ranking}
JOINED = [1, 2, 3, 4, 5, 6]


@pytest.fixture
def summarize(make_table):
    def make(rois, subjects, *, joined=True, shift=1, **options):
        path = make_table(rois, subjects, joined=joined, shift=shift, **options)
        return similarity_summary(path, rois, subjects, shift=shift, joined=joined)

    return make


def texts(figure) -> list[str]:
    found = figure.findobj(matplotlib.text.Text)
    return [text.get_text() for text in found if text.get_text()]


def test_heatmap_names_regions_and_groups(summarize, regions):
    figure = plot_heatmap(summarize(JOINED, [1, 2]), regions, "title", source="real")
    matrix = figure.axes[0]
    names = ["V1", "V2", "V6", "MST", "MT", "4"]
    assert [label.get_text() for label in matrix.get_xticklabels()] == names
    assert [label.get_text() for label in matrix.get_yticklabels()] == names
    shown = texts(figure)
    assert sum(shown.count(area) for area in set(regions["area"])) == 5
    assert "title" in shown
    assert "RDM similarity (Pearson r)" in shown
    assert any("real data" in text for text in shown)


def test_heatmap_cells_are_where_their_names_are(summarize, regions):
    summary = summarize(JOINED, [1, 2, 3])
    drawn = plot_heatmap(summary, regions, "title").axes[0].images[0].get_array()
    # V2 (roi 4) is row 1, MT (roi 6) is column 4.
    assert drawn[1, 4] == summary.inter[3, 5]


def test_separated_heatmap_names_hemispheres(summarize, regions):
    summary = summarize(regions["roi"].tolist(), [1, 2], joined=False)
    shown = texts(plot_heatmap(summary, regions, "title", comparison="spearman"))
    assert shown.count("left hemisphere") == shown.count("right hemisphere") == 2
    assert {"L V1", "R V1"} <= set(shown)
    assert "RDM similarity (Spearman ρ)" in shown


def test_ranking_is_in_order_and_marks_incomplete_regions(summarize, regions):
    summary = summarize(JOINED, [1, 2, 3], undefined=[(2, 5), (1, 1), (2, 1), (3, 1)])
    right = plot_ranking(summary, regions, "title").axes[1]
    labels = [label.get_text() for label in right.get_yticklabels()]
    assert len(labels) == 5
    assert "4 *" in labels
    names = dict(zip(regions["name"], regions["roi"] - 181, strict=True))
    values = [summary.inter[names[label[:3].rstrip(" *")]] for label in labels]
    diagonal = [
        row[names[label[:3].rstrip(" *")]] for row, label in zip(values, labels, strict=True)
    ]
    assert diagonal == sorted(diagonal, reverse=True)


def test_separated_ranking_names_hemispheres(summarize, regions):
    summary = summarize(regions["roi"].tolist(), [1, 2], joined=False)
    labels = [
        text.get_text() for text in plot_ranking(summary, regions, "").axes[1].get_yticklabels()
    ]
    assert len(labels) == 12
    assert {label[:2] for label in labels} == {"L ", "R "}


@pytest.mark.parametrize("shift", [0, 1])
def test_within_subjects_is_shown_with_a_shift_only(summarize, regions, shift):
    shown = texts(plot_ranking(summarize(JOINED, [1, 2], shift=shift), regions, "title"))
    assert any("within subjects" in text for text in shown) == (shift == 1)


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
@pytest.mark.parametrize(
    ("subjects", "undefined"), [([1, 2], ()), ([1], ()), ([1, 2], [(1, 1)])],
    ids=["two subjects", "one subject", "undefined"],
)  # fmt: skip
def test_one_region_is_drawn(summarize, regions, tmp_path, plot, subjects, undefined):
    figure = plot(summarize([1], subjects, undefined=undefined), regions, "title")
    save_png(figure, tmp_path / "figure.png", {})
    assert (tmp_path / "figure.png").stat().st_size > 1000


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_files_are_deterministic_and_say_how_they_were_made(summarize, regions, tmp_path, plot):
    record = {"spec": {"params": {"source": "simulated"}}, "note": "ρ ≠ r"}
    summary = summarize(JOINED, [1, 2, 3], undefined=[(2, 5)])
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    save_png(plot(summary, regions, "title"), paths[0], record)
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "savefig.dpi": 50}):
        save_png(plot(summary, regions, "title"), paths[1], record)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert read_record(paths[0]) == record
    with Image.open(paths[0]) as image:
        assert image.width == 1600
        assert set(image.info) <= {"repalign", "dpi"}


def test_scale_is_sequential_for_mostly_positive_values():
    values = np.append(np.linspace(-0.01, 0.3, 2000), np.nan)
    colormap, norm, extend = color_scale(values)
    assert colormap.name == "magma"
    assert norm.vmin == 0
    assert 0.29 < norm.vmax < 0.3
    assert extend == "both"


def test_scale_is_centred_for_negative_values():
    colormap, norm, extend = color_scale(np.linspace(-0.3, 0.1, 5))
    assert colormap.name == "RdBu_r"
    assert norm.vmin == -norm.vmax
    assert extend in {"neither", "min"}


@pytest.mark.parametrize("values", [np.full(4, np.nan), np.zeros(4), np.full(4, -0.1)])
def test_scale_of_odd_values_has_a_width(values):
    _, norm, _ = color_scale(values)
    assert norm.vmax > norm.vmin


@pytest.mark.parametrize("name", PLOTS)
def test_scripts_run_by_hand(make_table, regions, tmp_path, name):
    table = make_table(JOINED, [1, 2])
    regions.to_csv(tmp_path / "regions.tsv", sep="\t", index=False)
    output = tmp_path / "figures" / "figure.png"
    spec = encode({"step": name, "params": {"source": "simulated"}})
    options = {"table": table, "regions": tmp_path / "regions.tsv", "shift": 1, "output": output,
               "hemispheres": "joined", "comparison": "pearson", "source": "simulated",
               "spec": spec}  # fmt: skip
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    script = WORKFLOW / "scripts" / f"plot_rsa_{name}.py"
    subprocess.run(
        [sys.executable, script, *words, "--subjects", "1", "2"],
        check=True,
        env={"PYTHONPATH": str(WORKFLOW)},
    )
    record = read_record(output)
    assert record is not None
    assert record["spec"] == json.loads(spec)
    assert record["dataset_source"] == "simulated"


@pytest.mark.parametrize("config", [{}, {"nsd": None, "rsa": {"clip_quantile": 0.01}}])
@pytest.mark.parametrize("name", ["rsa_heatmap", "rsa_ranking"])
def test_captions_say_the_choices_of_the_table(name, config):
    params = {"source": "simulated", "shift": 1, "comparison": "spearman", "hemispheres": "joined"}
    snakemake = SimpleNamespace(
        config=config,
        params={"spec": encode({"params": params})},
        wildcards=SimpleNamespace(dataset="nsd", rsa_figure_table="table"),
    )
    text = (WORKFLOW / "report" / f"{name}.rst").read_text(encoding="utf-8")
    shown = Environment(undefined=StrictUndefined, autoescape=False).from_string(text)  # noqa: S701
    html = publish_parts(
        shown.render(snakemake=snakemake),
        writer="html",
        settings_overrides={"halt_level": 2},
    )["body"]
    clip = (config.get("rsa") or {}).get("clip_quantile", RsaSettings().clip_quantile)
    assert str(clip) in html
    assert "Spearman's ρ" in html
    assert "table" in html
