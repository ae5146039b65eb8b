"""Cortical maps: which parcels have a colour, and that each hemisphere has its own vertices."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize

from repalign.errors import RepalignError
from repalign.figures.cortical_maps import ColorScale, Cortex, map_numbers, plot_maps
from repalign.figures.maps import MapContent, draw_map, map_values
from repalign.figures.model_scores import depth_summary
from repalign.figures.pair_cubes import read_pair_cube
from repalign.figures.parcels import Parcels
from repalign.simulate.surface import surface_patches
from repalign.tables.fsaverage import N_VERTICES, load_mesh, load_sulci
from repalign.tables.prepared import N_AREAS, joined_ids

SUBJECTS = [1, 2]
NAMES = [f"area {k}" for k in range(1, N_AREAS + 1)]


@pytest.fixture(scope="module")
def cortex() -> Cortex:
    labels = {hemisphere: surface_patches(hemisphere) for hemisphere in ("lh", "rh")}
    return Cortex(labels, NAMES, frozenset({1, 2, 3}))


@pytest.fixture
def content(make_table, make_models, regions):
    rois = [*range(1, 7), *range(181, 187)]
    path = make_table(rois, SUBJECTS, joined=False, level=0.3)
    models_path, models = make_models(rois, SUBJECTS, joined=False)
    parcels = Parcels.of(regions, joined=False)
    areas = dict(zip(regions["roi"].tolist(), joined_ids(regions), strict=True))
    llm, *vits = models
    return MapContent(
        path,
        parcels,
        areas,
        {"vision": vits, "language": [llm]},
        read_pair_cube(path, rois, SUBJECTS, shift=1, joined=False),
        depth_summary(models_path, list(models), rois, SUBJECTS, joined=False),
    )


def test_surfaces_are_those_of_fsaverage5():
    for hemisphere, n_triangles in (("lh", 18654), ("rh", 18790)):
        flat = load_mesh("flat", hemisphere)
        assert flat.places.shape == (N_VERTICES, 3)
        assert flat.triangles.shape == (n_triangles, 3)
        assert load_sulci(hemisphere).shape == (N_VERTICES,)
        assert load_mesh("sphere", hemisphere).triangles.shape == (20480, 3)


@pytest.mark.parametrize("name", ["intersubject", "depth"])
def test_maps_show_significant_regions_of_both_hemispheres(content, cortex, name):
    figure, numbers = draw_map(
        name,
        content,
        cortex,
        [1, 3, 180],
        level=0.05,
        source="simulated",
        parcellation="simulated",
    )
    assert sorted(zip(numbers["hemisphere"], numbers["area"], strict=True)) == [
        ("lh", 1), ("lh", 3), ("rh", 1), ("rh", 3),
    ]  # fmt: skip
    values = map_values(name, content)
    by_key = numbers.set_index(["hemisphere", "area"])["value"]
    assert by_key["rh", 3] == values[183]
    assert by_key["lh", 1] == values[1]
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sorted(written) == ["area 1", "area 1", "area 3", "area 3"]
    note = " ".join(figure.texts[-1].get_text().split())
    assert "4 regions with FDR ≤ 0.05" in note
    assert "simulated data" in note
    assert "areas are not where they really lie" in note
    label = figure.axes[-1].get_ylabel()
    assert label == (
        "relative peak depth, vision models" if name == "depth" else "RDM similarity (Pearson r)"
    )


def test_values_are_those_of_the_tables(content):
    inter = map_values("intersubject", content)
    expected = np.mean([content.cube.cells[0, 1, 0, 0], content.cube.cells[1, 0, 0, 0]])
    assert inter[1] == pytest.approx(expected)
    vision = map_values("vision", content)
    assert vision[181] == pytest.approx(content.summary.peak[1:, :, 6].mean())


def test_pieces_have_the_colour_of_their_value_and_others_are_grey(cortex):
    scale = ColorScale(matplotlib.colormaps["magma"], Normalize(0, 1), "neither", "x")
    values = {"lh": {5: 0.5, 6: float("nan")}, "rh": {}}
    figure = plot_maps({"": values}, cortex, scale, ("t", "s", "n"))
    colors = [
        {tuple(np.round(face, 4)) for face in collection.get_facecolors()}
        for axes in figure.axes[:2]
        for collection in axes.collections
        if isinstance(collection, PolyCollection)
    ]
    wanted = tuple(np.round(matplotlib.colormaps["magma"](0.5), 4))
    greys = {(0.88, 0.88, 0.88, 1.0), (0.76, 0.76, 0.76, 1.0)}
    assert colors == [{wanted} | greys, greys]
    borders = [
        len(collection.get_segments())
        for axes in figure.axes[:2]
        for collection in axes.collections
        if isinstance(collection, LineCollection)
    ]
    assert len(set(borders)) == 2, "each hemisphere has borders of its own"
    assert map_numbers({"": values}, NAMES)["region"].tolist() == ["area 5"]


def test_a_map_of_models_that_are_not_there_says_so(content, cortex):
    alone = MapContent(
        content.table, content.parcels, content.areas, {"vision": [], "language": []},
        summary=content.summary,
    )  # fmt: skip
    with pytest.raises(RepalignError, match="no vision model"):
        draw_map("vision", alone, cortex, [1], level=0.05)
    with pytest.raises(ValueError, match="no table"):
        map_values("intersubject", MapContent(content.table, content.parcels, content.areas, {}))
