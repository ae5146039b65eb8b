"""What FSL wrote is looked at: missing, damaged, empty, not finite and misplaced outputs stop."""

from pathlib import Path

import numpy as np
import pytest

from repalign.datasets.fsl_outputs import (
    check_field,
    check_image,
    check_labels,
    check_matrix,
    grid_of,
)
from repalign.errors import RepalignError

from .conftest import AFFINE, SHAPE, assert_error, write_nifti

COMMAND = ("flirt", "-in", "a b")


@pytest.fixture
def grid(tmp_path):
    return grid_of(write_nifti(tmp_path / "grid.nii.gz", np.ones(SHAPE, "i2")))


def image(path: Path, fault: str = "", volumes: tuple[int, ...] = ()) -> Path:
    values = np.random.default_rng(0).uniform(1, 2, (*SHAPE, *volumes)).astype("f4")
    affine = AFFINE.copy()
    if fault == "shape":
        values = values[:, :-1].copy()
    if fault == "zeros":
        values *= 0
    if fault == "nan":
        values[1, 2, 3] = np.inf
    if fault == "moved":
        affine[1, 3] += 0.2
    write_nifti(path, values, affine)
    if fault == "truncated":
        path.write_bytes(path.read_bytes()[:-20])
    if fault == "empty":
        path.write_bytes(b"")
    if fault == "missing":
        path.unlink()
    return path


WRONG = {
    "missing": "wrote no such file",
    "empty": "an empty file",
    "truncated": "truncated",
    "nan": "inf (1 values that are not finite",
    "shape": "shape (5, 5, 4)",
    "moved": "0.2 mm",
    "zeros": "all voxels are 0",
}


def test_a_good_image_passes_and_says_where_it_is_filled(tmp_path, grid):
    path = image(tmp_path / "x.nii.gz")
    assert check_image(path, COMMAND, grid).all()
    assert check_image(path, COMMAND).size == np.prod(SHAPE)
    check_field(image(tmp_path / "y.nii.gz", volumes=(3,)), COMMAND, grid)


@pytest.mark.parametrize(("fault", "part"), WRONG.items())
def test_a_wrong_image_is_an_error_of_its_command(tmp_path, grid, fault, part):
    with pytest.raises(RepalignError) as error:
        check_image(image(tmp_path / "x.nii.gz", fault), COMMAND, grid)
    assert_error(error.value, "FSL command: flirt -in 'a b'", "output x.nii.gz", part)


@pytest.mark.parametrize("fault", sorted(set(WRONG) - {"zeros"}))
def test_a_wrong_field_is_an_error_of_its_command(tmp_path, grid, fault):
    with pytest.raises(RepalignError) as error:
        check_field(image(tmp_path / "x.nii.gz", fault, (3,)), COMMAND, grid)
    assert_error(error.value, "FSL command: flirt -in 'a b'", WRONG[fault].split(" (")[0])


@pytest.mark.parametrize("volumes", [(), (2,)])
def test_a_field_has_three_directions(tmp_path, volumes):
    with pytest.raises(RepalignError, match=r"2 volumes|shape"):
        check_field(image(tmp_path / "x.nii.gz", volumes=volumes), COMMAND)


def test_labels_are_whole_numbers(tmp_path, grid):
    labels = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    path = write_nifti(tmp_path / "x.nii.gz", labels.astype("f4"))
    np.testing.assert_array_equal(check_labels(path, COMMAND, grid), labels)
    with pytest.raises(RepalignError) as error:
        check_labels(image(path), COMMAND, grid)
    assert_error(error.value, "flirt", "whole numbers")


GOOD = "1 0 0 5  \n0 1 0 0  \n0 0 1 0  \n0 0 0 1  \n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "an empty file"),
        ("one two\n", "no matrix"),
        ("1 2\n3\n", "no matrix"),
        ("1 2\n3 4\n", "[[1.0, 2.0], [3.0, 4.0]]"),
        (GOOD.replace("5", "nan"), "nan"),
        (GOOD.replace("0 0 1 0", "0 0 0 0"), "has an inverse"),
        (GOOD.replace("0 0 0 1", "0 0 1 1"), "0.0, 0.0, 1.0, 1.0"),
    ],
)
def test_a_wrong_matrix_is_an_error_of_its_command(tmp_path, text, part):
    path = tmp_path / "x.mat"
    path.write_text(GOOD)
    check_matrix(path, COMMAND)
    path.write_text(text)
    with pytest.raises(RepalignError) as error:
        check_matrix(path, COMMAND)
    assert_error(error.value, "flirt", "x.mat", part)
    path.unlink()
    with pytest.raises(RepalignError, match="no such file"):
        check_matrix(path, COMMAND)
