"""Figures of alignment: what is drawn, every one of the registry from its tables, and captions."""

from __future__ import annotations

import argparse
import importlib.util
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import matplotlib.text
import numpy as np
import pytest
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined
from PIL import Image

import repalign
from repalign.dag.alignment_figures import FIGURES, OF_MODELS, WILDCARDS, WITH_REFERENCE
from repalign.figures.attenuation import fit_measures, plot_attenuation
from repalign.figures.hemisphere_plots import plot_hub_asymmetry, plot_scatter
from repalign.figures.hemispheres import asymmetry, hub_asymmetry
from repalign.figures.hubs import hub_values, plot_hubs
from repalign.figures.marks import SHARED_PAIRS
from repalign.figures.model_scatter import model_fits, plot_models
from repalign.figures.region_boxes import NullTest, plot_region_boxes, region_boxes
from repalign.figures.regions import arrange
from repalign.figures.scatter import equation, frame, label_points, raised, scientific
from repalign.figures.style import axes_at, look, new_figure
from repalign.kernels.power_law import PowerLaw
from repalign.settings.figures import FigureSettings
from repalign.tables.provenance import encode, read_record

from ...alignment_tables import LANGUAGE, SUBJECTS, VISION, write_all

WORKFLOW = Path(repalign.__file__).parents[1]
JOBS = [
    (figure, dict(zip(names, values, strict=True)))
    for figure in FIGURES
    for names in [[name for name in WILDCARDS if f"{{{name}}}" in figure.output]]
    for values in product(*(WILDCARDS[name] for name in names))
]
ROIS = [1, 2, 3, 4, 5, 6]


def texts(figure) -> list[str]:
    found = figure.findobj(matplotlib.text.Text)
    return [text.get_text() for text in found if text.get_text()]


def named(job) -> str:
    figure, wildcards = job
    return "-".join([figure.step, *wildcards.values()])


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, WORKFLOW / f"scripts/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "nsd"


@pytest.fixture
def tables(folder, regions) -> dict[tuple[str, str], Path]:
    return write_all(folder, regions)


def words_of(job, tables, folder: Path, output: Path, **changes) -> list[str]:
    """The command line that the step gives its script."""
    figure, wildcards = job
    options: dict[str, object] = {"regions": folder / "regions.tsv", "subjects": SUBJECTS}
    for name, (analysis, choices) in figure.tables.items():
        key = ";".join(f"{key}={value}" for key, value in sorted(choices.items()))
        options[name] = tables[analysis, key]
    options |= wildcards
    if figure.step in OF_MODELS:
        models = {"vision": VISION, "language": LANGUAGE}
        options |= {f"{name}_models": models[name] for name in OF_MODELS[figure.step]}
    if figure.step in WITH_REFERENCE:
        options["reference"] = 1
    quick = FigureSettings(bootstrap=20, attenuation_starts=2)
    options |= quick.model_dump(include=set(figure.settings))
    options |= {"output": output, "svg": output.with_suffix(".svg"),
                "tsv": output.with_suffix(".tsv"), "source": "simulated",
                "spec": encode({"params": {"source": "simulated"}})}  # fmt: skip
    options |= {"latex": output.with_suffix(".tex")} if figure.latex else {}
    words = []
    for name, value in (options | changes).items():
        values = value if isinstance(value, list) else [value]
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return words


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_every_figure_is_made_with_its_numbers_and_equal_bytes(tables, folder, tmp_path, job):
    module = script(job[0].step)
    for run in ("a", "b"):
        words = words_of(job, tables, folder, tmp_path / run / "figure.png")
        options: argparse.Namespace = module.parser().parse_args(words)
        module.main(options)
    suffixes = ["png", "svg", "tsv", *(["tex"] if job[0].latex else [])]
    for suffix in suffixes:
        one, other = (tmp_path / run / f"figure.{suffix}" for run in ("a", "b"))
        assert one.read_bytes() == other.read_bytes()
        record = read_record(one)
        assert record is not None
        assert record["dataset_source"] == "simulated"
    svg = (tmp_path / "a/figure.svg").read_text()
    assert "<dc:date>" not in svg
    assert "<text" not in svg, "letters are outlines"
    with Image.open(tmp_path / "a/figure.png") as image:
        assert image.width >= 1300
    lines = (tmp_path / "a/figure.tsv").read_text().splitlines()
    assert lines[0].startswith("panel\titem\t")
    assert len(lines) > 3
    assert len({line.count("\t") for line in lines}) == 1


@pytest.mark.parametrize("job", JOBS, ids=named)
@pytest.mark.parametrize("source", ["simulated", "real"])
def test_captions_say_what_is_shown_and_from_which_files(job, source):
    figure, wildcards = job
    rule = (WORKFLOW / "rules/alignment_figures.smk").read_text().split(f"rule {figure.step}:")[1]
    name = rule.split('caption="../report/')[1].split('.rst"')[0]
    tables = {key: f"results/nsd/{key}.parquet" for key in figure.tables}
    params = {"source": source, "reference": 1, "hemisphere_marks": "fdr_bh"}
    snakemake = SimpleNamespace(
        config={},
        params={"spec": encode({"params": params})},
        input=SimpleNamespace(**tables),
        wildcards=SimpleNamespace(dataset="nsd", **wildcards),
    )
    text = (WORKFLOW / "report" / f"{name}.rst").read_text(encoding="utf-8")
    shown = Environment(undefined=StrictUndefined, autoescape=False).from_string(text)  # noqa: S701
    html = publish_parts(
        shown.render(snakemake=snakemake), writer="html", settings_overrides={"halt_level": 2}
    )["body"]
    assert all(path in html for path in tables.values())
    assert "How to read it" in html
    assert ("recordings are simulated" in html) == (source == "simulated")


# ------------------------------------------------------------------ what is drawn


def boxes_of(regions, extent, measure="vision"):
    value = np.linspace(0.3, 0.05, 6) + np.random.default_rng(0).normal(0, 0.01, (4, 6))
    p = np.array([0.0001, 0.5, 0.02, 0.5, np.nan, 0.5])
    test = NullTest(np.zeros(6), np.full(6, 0.01), p, ("***", "n.s.", "*", "n.s.", "", "n.s."))
    return region_boxes(value, test, regions, ROIS, SUBJECTS, measure=measure, extent=extent)


def test_boxes_of_all_regions_are_in_the_order_of_the_atlas(regions):
    figure = plot_region_boxes(boxes_of(regions, "all"), "title", "real")
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "V1", "V2", "V6", "MST", "MT", "4"
    ]  # fmt: skip
    stars = [text for text in texts(figure) if set(text) == {"∗"}]
    assert sorted(stars) == ["∗", "∗∗∗"]
    assert any("2 of 5 regions differ" in text for text in texts(figure))
    assert any("n = 4 subjects" in text for text in texts(figure))


def test_boxes_of_the_best_groups_begin_with_the_largest(regions):
    (row,) = boxes_of(regions, "top").rows
    # Means of groups: Primary 0.30, MST and MT 0.15, Dorsal 0.20, Early 0.15, Somatomotor 0.10.
    assert [region.label for region in row][:3] == ["V1", "V6", "MST"]
    assert row[-1].label in {"4", "MT", "V2"}
    assert len(row) == 6


def test_boxes_say_in_which_order_they_are(regions):
    """Even where the best groups are all there are."""
    best, everything = (
        " ".join(texts(plot_region_boxes(boxes_of(regions, extent), "title", None)))
        for extent in ("top", "all")
    )
    assert "The 5 groups of areas, of 5, with the largest means" in best
    assert "All regions in the order of the atlas" in everything


def test_long_tables_are_broken_into_rows_of_whole_groups(regions):
    many = regions.iloc[:6].loc[[k % 6 for k in range(130)]].reset_index(drop=True)
    many["roi"] = np.arange(1, 131)
    many["area"] = [f"group {k // 10:02d}" for k in range(130)]
    many["roi_order"] = np.arange(130).astype(str)
    value = np.full((2, 130), 0.1)
    nothing = np.full(130, np.nan)
    test = NullTest(nothing, nothing, nothing, ("",) * 130)
    boxes = region_boxes(
        value, test, many, list(range(1, 131)), [1, 2], measure="vision", extent="all"
    )
    assert [len(row) for row in boxes.rows] == [50, 50, 30]
    assert {len({r.group for r in row}) for row in boxes.rows} == {3, 5}
    assert len(plot_region_boxes(boxes, "title", None).axes) == 3


def test_models_are_counted_and_the_published_curve_shown_on_request(regions):
    rng = np.random.default_rng(0)
    between = rng.uniform(0.01, 0.2, (4, 6))
    fits = model_fits(between, {"vision": between**0.5, "language": between}, 10, 0)
    for reference in (True, False):
        figure = plot_models(
            fits, regions, ROIS, "title", n_subjects=4, counts={"vision": 2, "language": 1},
            reference=reference, source=None,
        )  # fmt: skip
        shown = texts(figure)
        assert {"2 vision models", "1 language model"} <= set(shown)
        assert any("0.329" in text for text in shown) == reference
        assert any("source of the data unknown" in text for text in shown)
        assert sum("R² =" in text for text in shown) == 2


@pytest.mark.parametrize("n_samples", [0, 10])
def test_a_band_is_named_where_one_is_drawn(regions, n_samples):
    x = np.linspace(0.05, 0.3, 6)[None]
    fits = model_fits(x, {"vision": x**0.5}, n_samples, 0)
    figure = plot_models(
        fits, regions, ROIS, "title", n_subjects=4, counts={"vision": 2}, reference=False,
        source=None,
    )  # fmt: skip
    assert any("95 % band" in text for text in texts(figure)) == bool(n_samples)


def test_hemispheres_count_the_areas_that_have_values(regions):
    left, right = np.random.default_rng(0).uniform(0.1, 0.2, (2, 4, 6))
    left[:, 0] = np.nan
    found = asymmetry(left, right, np.array([0.01, 0.01, 0.01, 0.01, 0.5, 0.5]), "fdr_bh")
    arranged = arrange(regions, ROIS, joined=True)
    figure = plot_scatter(
        {"intersubject": found}, arranged, "title", correction="fdr_bh", source=None
    )
    shown = " ".join(texts(figure))
    assert "n = 5 areas" in shown
    assert "the 3 areas that differ from permutations" in shown
    assert SHARED_PAIRS in shown


def test_hubs_show_their_tests(regions):
    rng = np.random.default_rng(0)
    values = {m: rng.normal(k, 0.05, (4, 6)) for k, m in
              enumerate(("intersubject", "vision", "language"))}  # fmt: skip
    hubs = hub_values(values, regions, ROIS, SUBJECTS)
    shown = texts(plot_hubs(hubs, "title", "real"))
    assert any("Bonferroni over 2 hubs" in text for text in shown)
    assert any(text.startswith("EVC\nt(3) = −") for text in shown)
    assert any("EVC: V1, V2 · LOTC: MT, MST" in text for text in shown)
    assert sum(set(text) <= {"∗"} for text in shown) == 2


def test_hubs_without_language_models_are_not_tested(regions):
    rng = np.random.default_rng(0)
    values = {m: rng.normal(0.1, 0.05, (4, 6)) for m in ("intersubject", "vision")}
    values["language"] = np.full((4, 6), np.nan)
    shown = texts(plot_hubs(hub_values(values, regions, ROIS, SUBJECTS), "title", "real"))
    assert {"EVC\nnot tested", "LOTC\nnot tested"} <= set(shown)
    assert "vision models" in shown
    assert "language models" not in shown


def test_tables_without_hubs_are_drawn_and_say_so(regions):
    few = regions[regions["name"] == "4"]
    values = {m: np.ones((4, 1)) for m in ("intersubject", "vision", "language")}
    shown = texts(plot_hubs(hub_values(values, few, [5], SUBJECTS), "title", "real"))
    assert any("No region of a hub" in text for text in shown)
    separated = hub_asymmetry({m: np.ones((4, 2)) for m in values}, few, [5, 185])
    assert plot_hub_asymmetry(separated, "title", n_subjects=4, source="real").axes


def test_attenuation_names_its_curves_and_the_published_numbers(regions):
    reliability = np.linspace(0.1, 0.5, 6)
    values = np.array([0.85, 0.6, 1.0, 0.3]) * reliability[:, None] ** np.array([1.6, 1.2, 2, 1])
    arranged = arrange(regions, ROIS, joined=True)
    for reference in (True, False):
        figure = plot_attenuation(
            fit_measures(values, 2, 0), arranged, "title", n_subjects=4, reference=reference,
            source="real",
        )  # fmt: skip
        shown = texts(figure)
        assert {"WS", "IS-0", "IS-1", "V-M"} <= set(shown)
        assert ("1.63" in shown) == reference
    few = [region for region in arranged if region.index < 2]
    empty = plot_attenuation(
        fit_measures(values[:2], 2, 0), few, "title", n_subjects=4, reference=True,
        source="real",
    )  # fmt: skip
    assert any("Fewer than three regions" in text for text in texts(empty))


def test_labels_overlap_neither_each_other_nor_points(regions):
    rng = np.random.default_rng(0)
    many = [arrange(regions, ROIS, joined=True)[k % 6] for k in range(60)]
    many = [type(r)(k, k, f"A{k}", "", r.group, r.color) for k, r in enumerate(many)]
    x, y = rng.uniform(0, 1, 60), rng.uniform(0, 1, 60)
    with look():
        figure = new_figure(800, 700)
        axes = axes_at(figure, 100, 100, 600, 500)
        frame(axes, x, y)
        written = label_points(axes, x, y, many, n_labels=30)
        boxes = [text.get_window_extent() for text in axes.texts]
    assert 10 < len(written) == len(boxes) <= 30
    places = axes.transData.transform(np.column_stack([x, y]))
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])
        assert not any(box.contains(*place) for place in places)


def test_one_region_and_one_subject_are_drawn(regions):
    nothing = np.full((1, 1), np.nan)
    fits = model_fits(nothing, {"vision": np.ones((1, 1))}, 5, 0)
    assert plot_models(
        fits, regions, [1], "title", n_subjects=1, counts={"vision": 1}, reference=True,
        source="real",
    ).axes  # fmt: skip
    test = NullTest(*(np.full(1, np.nan) for _ in range(3)), ("",))
    boxes = region_boxes(nothing, test, regions, [1], [1], measure="vision", extent="top")
    assert plot_region_boxes(boxes, "title", "real").axes


def test_numbers_are_written_as_people_write_them():
    assert raised("-0.53") == "⁻⁰·⁵³"
    assert equation(PowerLaw(0.329, 0.536, 0.0, 0.9, 180)) == "y = 0.329 x⁰·⁵³⁶"
    assert equation(PowerLaw(1, 2, 0.0123, 0.9, 180)) == "y = 1.000 (x + 0.012)²·⁰⁰⁰"
    assert scientific(2.2e-8) == "2.2 × 10⁻⁸"
    assert scientific(0) == "0"
    assert scientific(float("nan")) == "–"
