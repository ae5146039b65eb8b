"""Every figure of hierarchy, connectivity and networks: what is drawn, and the numbers beside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import FancyArrowPatch

from repalign.dag.brain_figures import CONNECTIVITY, HIERARCHY, MAPS, NETWORKS
from repalign.figures.backbone import make_network, network_numbers
from repalign.figures.connectivity import CONNECTIVITY_FIGURES, Connectivity, draw_connectivity
from repalign.figures.depth_curves import series_curves
from repalign.figures.files import save_figure
from repalign.figures.hierarchy import HIERARCHY_FIGURES, Hierarchy, draw_hierarchy
from repalign.figures.maps import MAP_FIGURES
from repalign.figures.model_scores import depth_summary
from repalign.figures.network_panels import Drawing, plot_networks
from repalign.figures.networks import NETWORK_FIGURES, Networks, draw_networks
from repalign.figures.nothing import NothingToShowError, draw_or_say
from repalign.figures.pair_cubes import read_pair_cube
from repalign.figures.parcels import TOP_30, Parcels, strongest
from repalign.kernels.paired import paired_tests
from repalign.tables.provenance import read_record

NAMES = ["V1", "V2", "MST", "MT", "PHA1", "p24"]
AREAS = ["Primary", "Early", "MT+", "MT+", "Medial Temporal", "Cingulate"]
SUBJECTS = [1, 2, 3]


@pytest.fixture
def regions() -> pd.DataFrame:
    """Six areas of which one is in no published list."""
    return pd.DataFrame(
        {
            "roi": roi + 180 * (side == "rh"),
            "name": name,
            "hemisphere": side,
            "area": area,
            "roi_order": str(roi),
        }
        for side in ("lh", "rh")
        for roi, (name, area) in enumerate(zip(NAMES, AREAS, strict=True), start=1)
    )


@pytest.fixture
def hierarchy(make_models, regions) -> Hierarchy:
    path, models = make_models(range(1, 7), SUBJECTS)
    parcels = Parcels.of(regions, joined=True)
    summary = depth_summary(path, list(models), parcels.rois, SUBJECTS, joined=True)
    llm, *vits = models
    modalities = {"vision": vits, "language": [llm]}
    return Hierarchy(path, summary, parcels, modalities, {"LLM": [llm], "ViT": vits})


@pytest.fixture
def cube(make_table):
    path = make_table(list(range(1, 7)), SUBJECTS, level=0.3)
    return path, read_pair_cube(path, range(1, 7), SUBJECTS, shift=1, joined=True)


@pytest.fixture
def networks(hierarchy, cube) -> Networks:
    path, values = cube
    cubes = dict.fromkeys(("all", "animate", "inanimate"), values)
    return Networks(
        path, hierarchy.parcels, cubes, hierarchy.summary, hierarchy.modalities,
        frozenset({1, 2, 3, 6}),
    )  # fmt: skip


def texts(figure) -> str:
    """All that is written in a figure."""
    own = [text.get_text() for text in figure.texts]
    for legend in figure.legends:
        own += [text.get_text() for text in legend.get_texts()]
    for axes in figure.axes:
        own += [text.get_text() for text in axes.texts]
        own += [axes.get_title(loc="left"), axes.get_title(loc="right"), axes.get_ylabel()]
        own += [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    return " ".join(" ".join(own).split())


def test_scripts_and_steps_know_the_same_figures():
    assert list(HIERARCHY) == list(HIERARCHY_FIGURES)
    assert list(CONNECTIVITY) == list(CONNECTIVITY_FIGURES)
    assert list(NETWORKS) == list(NETWORK_FIGURES)
    assert list(MAPS) == list(MAP_FIGURES)


@pytest.mark.parametrize("name", HIERARCHY_FIGURES)
def test_figures_of_hierarchy_say_what_they_show(hierarchy, name):
    figure, numbers = draw_hierarchy(name, hierarchy, source="simulated")
    shown = texts(figure)
    assert "Hierarchy: nsd/models" in shown
    assert "simulated data" in shown
    assert "3 subjects" in shown
    wanted = {
        "parcels": ["V1", "MST"], "hubs": ["Early visual cortex (2)", "Ventral hub"],
        "areas": ["MT+ (2)", "Cingulate"], "families": ["LLM", "ViT", "EVC", "LOTC"],
        "peaks": NAMES,
    }[name]  # fmt: skip
    for word in wanted:
        assert word in shown
    if name != "peaks":
        drawn = [axes for axes in figure.axes if axes.get_title(loc="left")]
        assert len(drawn) == numbers["panel"].nunique()
        assert len(numbers) % 40 == 0


def test_families_without_a_panel_are_named(hierarchy):
    families = {f"family {k}": hierarchy.modalities["vision"] for k in range(14)}
    many = replace(hierarchy, families=families)
    shown = texts(draw_hierarchy("families", many)[0])
    assert "not shown: family 12, family 13" in shown
    assert "not shown" not in texts(draw_hierarchy("families", hierarchy)[0])
    assert "layer of the largest absolute mean" in shown


def test_curves_are_means_of_means(hierarchy):
    summary = hierarchy.summary
    found = series_curves(summary, hierarchy.modalities["vision"], [3, 4])
    expected = summary.curves[1:, :, :, 2:4].mean(axis=(0, 3))
    np.testing.assert_allclose(found, expected)
    _, numbers = draw_hierarchy("hubs", hierarchy)
    own = numbers[(numbers["panel"].str.startswith("Lateral")) & (numbers["series"] == "vision")]
    np.testing.assert_allclose(own["similarity"], expected.mean(axis=0))
    error = expected.std(axis=0, ddof=1) / np.sqrt(3)
    np.testing.assert_allclose(own["standard_error"], error)
    assert set(own["n_regions"]) == {2}


def test_boxes_ascend_by_the_median_of_vision(hierarchy):
    _, numbers = draw_hierarchy("peaks", hierarchy)
    vision = numbers[numbers["modality"] == "vision"]
    medians = vision.groupby("region", sort=False)["depth"].median()
    assert medians.is_monotonic_increasing
    assert len(numbers) == len(NAMES) * 2 * len(SUBJECTS)


def test_without_vision_models_language_gives_the_depth(hierarchy):
    alone = Hierarchy(
        hierarchy.table,
        hierarchy.summary,
        hierarchy.parcels,
        {"vision": [], "language": hierarchy.modalities["language"]},
        {},
    )
    _, numbers = draw_hierarchy("peaks", alone)
    assert set(numbers["modality"]) == {"language"}
    with pytest.raises(NothingToShowError, match="no curve"):
        draw_hierarchy("families", alone)


@pytest.mark.parametrize("name", [n for n in CONNECTIVITY_FIGURES if n != "hemispheres"])
def test_matrices_say_what_they_show(regions, cube, name):
    path, values = cube
    content = Connectivity(
        path, Parcels.of(regions, joined=True), {"shifted": values, "unshifted": values}
    )
    figure, numbers = draw_connectivity(name, content, source="real")
    shown = texts(figure)
    assert "Connectivity: nsd/table" in shown
    assert "3 subjects" in shown
    assert "real data" in shown
    for word in ("EVC", "LOTC", "Ventral"):
        assert word in shown
    if name not in ("spectral", "subjects"):
        assert "p24" not in shown, "not one of the published regions"
    assert "PHA1" in shown
    n_panels = {"within_inter": 2, "shifts": 3, "subjects": 4}.get(name, 1)
    n_regions = 6 if name == "spectral" else 5
    assert len(numbers) == n_panels * n_regions**2
    if name == "shifts":
        difference = numbers[numbers["panel"] == "Shift 0 − shift 1"]
        assert (difference["value"] == 0).all()
    if name == "inter":
        cells = numbers.set_index(["row", "column"])["value"]
        both = (values.inter()[0, 2] + values.inter()[2, 0]) / 2
        assert cells["V1", "MST"] == cells["MST", "V1"] == pytest.approx(both)


def test_the_spectral_matrix_is_of_significant_regions(regions, cube):
    path, values = cube
    parcels = Parcels.of(regions, joined=True)
    content = Connectivity(path, parcels, {"shifted": values}, frozenset({1, 3, 4}))
    _, numbers = draw_connectivity("spectral", content)
    assert set(numbers["row"]) == {"V1", "MST", "MT"}
    with pytest.raises(NothingToShowError, match="1 region significantly alike"):
        draw_connectivity("spectral", replace(content, significant=frozenset({1})))


def test_hemispheres_are_compared_area_by_area(make_table, regions):
    rois = [*range(1, 7), *range(181, 187)]
    path = make_table(rois, SUBJECTS, joined=False)
    values = read_pair_cube(path, rois, SUBJECTS, shift=1, joined=False)
    content = Connectivity(path, Parcels.of(regions, joined=False), {"separated": values})
    _, numbers = draw_connectivity("hemispheres", content)
    cells = numbers.set_index(["panel", "row", "column"])["value"]
    inter = values.inter()
    expected = (inter[0, 1] + inter[1, 0] - inter[6, 7] - inter[7, 6]) / 2
    assert cells["Left − right", "V1", "V2"] == pytest.approx(expected)


def test_figures_need_regions_that_they_show(cube, regions):
    path, values = cube
    alone = Parcels.of(regions[regions["name"] == "p24"], joined=True)
    with pytest.raises(NothingToShowError, match="0 of the regions") as caught:
        draw_connectivity("inter", Connectivity(path, alone, {"shifted": values}))
    assert "at least 2 of V1" in str(caught.value)


@pytest.mark.parametrize("name", NETWORK_FIGURES)
def test_networks_say_what_they_show(networks, name):
    figure, numbers = draw_networks(name, networks, source="simulated")
    shown = texts(figure)
    assert "simulated data" in shown
    assert "relative peak depth, vision models" in shown
    n_nodes, n_panels = {"brain": (4, 1), "areas": (5, 1), "subjects": (5, 3)}.get(name, (5, 1))
    first = numbers[numbers["tree"] == 1]
    assert len(first) == (n_nodes - 1) * (2 if name == "partitions" else n_panels)
    drawn = sum(
        len(item.get_segments()) if isinstance(item, LineCollection) else 1
        for axes in figure.axes
        for item in (*axes.collections, *axes.patches)
        if (isinstance(item, LineCollection) and item.get_zorder() == 1)
        or isinstance(item, FancyArrowPatch)
    )  # fmt: skip
    assert drawn == len(numbers)
    for word in ("Primary", "Cingulate") if name == "areas" else ("V1", "MST"):
        assert word in shown
    assert (numbers["arrow"] == "").all() or "arrows" in shown
    if name == "subjects":
        assert (numbers["arrow"] == "").all()


def test_arrows_point_to_the_deeper_region():
    depth = np.array([[0.1, 0.5, 0.52], [0.12, 0.55, 0.5], [0.08, 0.5, 0.53], [0.1, 0.52, 0.5]])
    similarity = np.array([[1, 0.9, 0.2], [0.9, 1, 0.8], [0.2, 0.8, 1]])
    nodes = ["a", "b", "c"], [""] * 3
    tests = paired_tests(depth)
    network = make_network("t", nodes, similarity, depth.mean(axis=0), 2, tests)
    edges = zip(network.edges.first, network.edges.second, network.direction, strict=True)
    assert {(int(i), int(j)): int(way) for i, j, way in edges} == {(0, 1): 1, (1, 2): 0, (0, 2): 1}
    mirrored = make_network("t", nodes, similarity, -depth.mean(axis=0), 2, paired_tests(-depth))
    assert mirrored.direction.tolist() == (-network.direction).tolist()


@pytest.mark.parametrize("deeper", [0, 1])
def test_arrows_are_drawn_with_their_head_at_the_deeper_end(deeper):
    depth = np.array([[0.2, 0.8], [0.22, 0.85], [0.18, 0.79], [0.2, 0.82]])
    depth = depth if deeper == 1 else depth[:, ::-1]
    similarity = np.array([[1, 0.5], [0.5, 1]])
    nodes = ["a", "b"], [""] * 2
    network = make_network("t", nodes, similarity, depth.mean(axis=0), 1, paired_tests(depth))
    figure = plot_networks([network], ("T", "", ""), Drawing((400, 300), 1), "vision")
    axes = figure.axes[0]
    (arrow,) = (patch for patch in axes.patches if isinstance(patch, FancyArrowPatch))
    discs = next(c for c in axes.collections if isinstance(c, PathCollection)).get_offsets()
    # The line comes first, then the head, whose middle point is its tip.
    vertices = arrow.get_path().vertices
    start, tip = vertices[0], vertices[4]
    assert network_numbers([network])["arrow"].tolist() == [">" if deeper == 1 else "<"]
    nearest = [int(np.linalg.norm(discs - end, axis=1).argmin()) for end in (start, tip)]
    assert nearest == [1 - deeper, deeper]


def test_a_brain_without_significant_regions_has_no_network(networks):
    empty = Networks(
        networks.table, networks.parcels, networks.cubes, networks.summary, networks.modalities
    )
    with pytest.raises(NothingToShowError, match="0 regions significantly alike"):
        draw_networks("brain", empty)
    figure, numbers = draw_or_say(lambda: draw_networks("brain", empty))
    assert "0 regions significantly alike across subjects" in texts(figure)
    assert numbers["expected"].tolist() == ["at least two, for a network"]


def test_the_strongest_regions_come_first():
    assert strongest([7, 8, 9, 10], np.array([0.1, np.nan, 0.3, 0.1]), 3) == [9, 7, 10]


def test_the_published_list_has_thirty_regions():
    assert len(set(TOP_30)) == len(TOP_30) == 30


def test_equal_figures_have_equal_files_and_say_how_they_were_made(tmp_path: Path, networks):
    for folder in ("a", "b"):
        figure, numbers = draw_networks("inter", networks, source="simulated")
        (tmp_path / folder).mkdir()
        paths = {kind: tmp_path / folder / f"f.{kind}" for kind in ("png", "svg", "tsv")}
        save_figure(figure, numbers, **paths, record={"spec": {"step": "x<&>"}})
    for kind in ("png", "svg", "tsv"):
        first, second = (tmp_path / folder / f"f.{kind}" for folder in "ab")
        assert first.read_bytes() == second.read_bytes()
    for kind in ("png", "svg", "tsv"):
        record = read_record(tmp_path / f"a/f.{kind}")
        assert record is not None
        assert record["spec"] == {"step": "x<&>"}
    svg = (tmp_path / "a/f.svg").read_text()
    assert "dc:date" not in svg
    table = pd.read_csv(tmp_path / "a/f.tsv", sep="\t", keep_default_na=False)
    assert len(table) == len(numbers)
