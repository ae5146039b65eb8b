"""Parcellations of the surface: numbers and annotations, of any fineness; what is refused."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.freesurfer.io import write_annot

from repalign.datasets.surface_labels import read_area_names, read_surface_labels
from repalign.errors import RepalignError
from repalign.tables.fsaverage import N_VERTICES

ROOT = Path(__file__).parents[3]
NAMES = read_area_names(ROOT / "resources/hcp_mmp1.tsv", 180)


def numbers(n: int) -> np.ndarray:
    return np.arange(n) % 181


def write_mgz(path: Path, values: np.ndarray) -> Path:
    nib.MGHImage(values.astype(np.float32).reshape(-1, 1, 1), np.eye(4)).to_filename(path)
    return path


def write_labels(path: Path, values: np.ndarray, names: list[str]) -> Path:
    table = np.zeros((len(names), 5), dtype=np.int64)
    table[:, 0], table[:, 1] = np.arange(len(names)) // 100 + 1, np.arange(len(names)) % 100
    write_annot(path, values.astype(np.int64), table, names, fill_ctab=True)
    return path


def test_names_are_unique_in_any_spelling():
    assert NAMES[:2] == ["V1", "MST"]
    assert len({name.lower().replace(" ", "") for name in NAMES}) == 180


@pytest.mark.parametrize("n_vertices", [10242, 40962, 163842])
def test_finer_surfaces_begin_with_the_vertices_of_coarser_ones(tmp_path, n_vertices):
    path = write_mgz(tmp_path / "lh.mgz", numbers(n_vertices))
    labels = read_surface_labels(path, "lh", NAMES)
    np.testing.assert_array_equal(labels, numbers(N_VERTICES))


@pytest.mark.parametrize("hemisphere", ["lh", "rh"])
def test_annotations_are_read_by_name(tmp_path, hemisphere):
    side = hemisphere[0].upper()
    names = ["???", *(f"{side}_{name.replace('7PL', '7Pl')}_ROI" for name in reversed(NAMES))]
    path = write_labels(tmp_path / f"{hemisphere}.annot", numbers(N_VERTICES), names)
    labels = read_surface_labels(path, hemisphere, NAMES)
    own = numbers(N_VERTICES)
    np.testing.assert_array_equal(labels, np.where(own > 0, 181 - own, 0))


def test_vertices_without_a_label_are_in_no_area(tmp_path):
    values = np.zeros(N_VERTICES, dtype=np.int64)
    values[5] = -1
    path = write_labels(tmp_path / "lh.annot", values, ["L_V1_ROI", "Medial_wall"])
    labels = read_surface_labels(path, "lh", NAMES)
    assert labels[5] == 0
    assert (np.delete(labels, 5) == 1).all()


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (numbers(1000), "1000 vertices"),
        (numbers(N_VERTICES) * 2, "values from 0.0 to 360.0"),
        (numbers(N_VERTICES) + 0.5, "values from 0.5"),
        (np.full(N_VERTICES, -1.0), "values from -1.0"),
    ],
)
def test_other_numbers_are_refused(tmp_path, values, found):
    path = write_mgz(tmp_path / "lh.mgz", values)
    with pytest.raises(RepalignError, match=found) as caught:
        read_surface_labels(path, "lh", NAMES)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("label", "message"),
    [("R_V1_ROI", "labels of the hemisphere lh"), ("L_bankssts", "names of HCP-MMP1")],
)
def test_other_annotations_are_refused(tmp_path, label, message):
    path = write_labels(tmp_path / "lh.annot", np.zeros(N_VERTICES), [label])
    with pytest.raises(RepalignError, match=message) as caught:
        read_surface_labels(path, "lh", NAMES)
    assert label in str(caught.value)


@pytest.mark.parametrize("name", ["lh.mgz", "lh.annot", "absent.mgz", "absent.annot"])
def test_broken_files_are_refused(tmp_path, name):
    path = tmp_path / name
    if not name.startswith("absent"):
        path.write_bytes(b"no surface")
    with pytest.raises(RepalignError, match=r"cannot be read|[0-9]+ vertices"):
        read_surface_labels(path, "lh", NAMES)


def test_a_truncated_annotation_is_refused(tmp_path):
    path = write_labels(tmp_path / "lh.annot", np.zeros(N_VERTICES), ["L_V1_ROI"])
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(RepalignError, match="cannot be read"):
        read_surface_labels(path, "lh", NAMES)


def test_a_table_without_names_is_refused(tmp_path):
    path = tmp_path / "areas.tsv"
    path.write_text("roi\tname\n1\tV1\n")
    with pytest.raises(RepalignError, match="180 rows"):
        read_area_names(path, 180)
