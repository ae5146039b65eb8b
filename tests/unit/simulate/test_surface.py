"""The simulated parcellation: connected patches, groups together, read like a user's file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from repalign.datasets.surface_labels import read_area_names, read_surface_labels
from repalign.simulate.surface import PLACE, grouped_areas, simulate_surface, surface_patches
from repalign.tables.fsaverage import load_mesh

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("surface")
    simulate_surface(path)
    return path


@pytest.mark.parametrize("hemisphere", ["lh", "rh"])
def test_every_area_is_one_patch_and_the_medial_wall_is_none(folder, hemisphere):
    names = read_area_names(ROOT / "resources/hcp_mmp1.tsv", 180)
    labels = read_surface_labels(folder / PLACE.format(hemisphere=hemisphere), hemisphere, names)
    flat = load_mesh("flat", hemisphere)
    cortex = np.unique(flat.triangles)
    assert set(labels[cortex]) == set(range(1, 181))
    assert (np.delete(labels, cortex) == 0).all()
    ends = np.concatenate([flat.triangles[:, [k, (k + 1) % 3]] for k in range(3)])
    inside = ends[labels[ends[:, 0]] == labels[ends[:, 1]]]
    graph = coo_array((np.ones(len(inside)), tuple(inside.T)), shape=(len(labels),) * 2)
    _, part = connected_components(graph, directed=False)
    assert len({*zip(labels[cortex], part[cortex], strict=True)}) == 180
    sizes = np.bincount(labels[cortex])[1:]
    assert sizes.min() >= 5


def test_hemispheres_differ_and_bytes_do_not(folder, tmp_path):
    assert not np.array_equal(surface_patches("lh"), surface_patches("rh"))
    simulate_surface(tmp_path)
    for hemisphere in ("lh", "rh"):
        own = PLACE.format(hemisphere=hemisphere)
        assert (tmp_path / own).read_bytes() == (folder / own).read_bytes()


def test_every_area_is_in_one_group():
    assert sorted(area for group in grouped_areas() for area in group) == list(range(1, 181))
