"""Whether what a program of FSL wrote is what it should have written."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.datasets.fsl import failed
from repalign.datasets.nifti import NiftiVolumes, read_label_volume
from repalign.datasets.space import check_same_space
from repalign.errors import RepalignError


@dataclass(frozen=True)
class Grid:
    """The voxels of an image.

    Attributes
    ----------
    path : Path
        The image, for messages.
    shape : tuple of int
        Voxels along x, y, z.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    """

    path: Path
    shape: tuple[int, ...]
    affine: NDArray[np.float64]


def grid_of(path: Path, ndim: int = 3) -> Grid:
    """Read the grid of an image from its header.

    Parameters
    ----------
    path : Path
        The image.
    ndim : int
        Axes that it must have.

    Returns
    -------
    Grid
        Its voxels.
    """
    with NiftiVolumes(path, ndim=ndim) as image:
        return Grid(path, image.shape[:3], image.affine)


def check_image(path: Path, command: Sequence[str], grid: Grid | None = None) -> NDArray[np.bool_]:
    """Refuse an image that is missing, damaged, empty, not finite or on another grid.

    Parameters
    ----------
    path : Path
        A 3-D image that the command should have made.
    command : sequence of str
        The command, for messages.
    grid : Grid, optional
        The voxels that it must have.

    Returns
    -------
    ndarray, shape (n_voxels,), bool
        Where it is not 0, x fastest.

    Raises
    ------
    RepalignError
        If anything is wrong with it, naming the command.
    """
    try:
        _refuse_missing(path)
        with NiftiVolumes(path, ndim=3) as image:
            (filled,) = (volume != 0 for volume in image)
            if grid is not None:
                check_same_space(
                    path, image.shape, image.affine, grid.path, grid.shape, grid.affine
                )
        if not filled.any():
            raise _wrong(path, "an empty image: all voxels are 0", "some voxels that are not")
    except RepalignError as error:
        raise _of_command(command, path, error) from error
    return np.asarray(filled)


def check_labels(path: Path, command: Sequence[str], grid: Grid) -> NDArray[np.int32]:
    """Read labels that a command should have made, with all checks of an image.

    Parameters
    ----------
    path : Path
        The image.
    command : sequence of str
        The command, for messages.
    grid : Grid
        The voxels that it must have.

    Returns
    -------
    ndarray, shape (x, y, z), int32
        The labels.

    Raises
    ------
    RepalignError
        If anything is wrong with it, or it holds anything but whole numbers.
    """
    check_image(path, command, grid)
    try:
        return read_label_volume(path)[0]
    except RepalignError as error:
        raise _of_command(command, path, error) from error


def check_field(path: Path, command: Sequence[str], grid: Grid | None = None) -> None:
    """Refuse a deformation that is missing, damaged, not finite or on another grid.

    Parameters
    ----------
    path : Path
        A 4-D image with three volumes: displacements, or coefficients of splines.
    command : sequence of str
        The command, for messages.
    grid : Grid, optional
        The voxels that it must have; coefficients have their own.

    Raises
    ------
    RepalignError
        If anything is wrong with it, naming the command.
    """
    try:
        _refuse_missing(path)
        with NiftiVolumes(path, ndim=4) as image:
            if image.n_volumes != 3:
                raise _wrong(path, f"{image.n_volumes} volumes", "3, one a direction")
            if grid is not None:
                check_same_space(
                    path, image.shape, image.affine, grid.path, grid.shape, grid.affine
                )
            for _ in image:  # every value is checked by reading it
                pass
    except RepalignError as error:
        raise _of_command(command, path, error) from error


def check_matrix(path: Path, command: Sequence[str]) -> None:
    """Refuse an affine transform that is missing, malformed or cannot be inverted.

    Parameters
    ----------
    path : Path
        Text with four rows of four numbers.
    command : sequence of str
        The command, for messages.

    Raises
    ------
    RepalignError
        If anything is wrong with it, naming the command.
    """
    try:
        _refuse_missing(path)
        expected = "a 4 x 4 matrix of finite numbers that has an inverse"
        try:
            rows = path.read_text(encoding="ascii").split("\n")
            matrix = np.array([[float(x) for x in row.split()] for row in rows if row.strip()])
        except ValueError as error:
            raise _wrong(path, f"no matrix ({error})", expected) from error
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise _wrong(path, f"{matrix.tolist()}", expected)
        if not np.allclose(matrix[3], [0, 0, 0, 1]) or abs(np.linalg.det(matrix)) < 1e-6:
            raise _wrong(path, f"{matrix.tolist()}", expected)
    except RepalignError as error:
        raise _of_command(command, path, error) from error


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        raise _wrong(path, "it ended well but wrote no such file", "a file")
    if not path.stat().st_size:
        raise _wrong(path, "an empty file", "a file with content")


def _wrong(path: Path, found: str, expected: str) -> RepalignError:
    return RepalignError(found, where=path, expected=expected, remedy="-")


def _of_command(command: Sequence[str], path: Path, error: RepalignError) -> RepalignError:
    """Return an error of an output as one of the command that should have made it."""
    return failed(
        shlex.join(command), f"output {path.name}: {error.found} (expected {error.expected})"
    )
