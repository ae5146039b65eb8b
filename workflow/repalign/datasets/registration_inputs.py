"""What a registration of the BOLD5000 atlas starts from: images, choices, and their checks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from repalign.datasets.bold5000_atlas import renumber
from repalign.datasets.fsl_outputs import Grid, grid_of
from repalign.datasets.label_space import (
    check_hemispheres,
    check_inside,
    check_lost,
    resample_labels,
)
from repalign.datasets.nifti import NiftiVolumes, read_label_volume
from repalign.datasets.nifti_header import open_stream, read_header
from repalign.datasets.nsd_atlas import write_label_volume
from repalign.datasets.space import check_same_space
from repalign.errors import RepalignError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Images:
    """The images that a registration starts from.

    Attributes
    ----------
    t1 : Path
        The subject's T1-weighted image, with the skull.
    bold : Path
        A functional image on the grid of the betas: 3-D, or 4-D, whose mean over time is taken.
    betas : Path
        Betas of one session; their header alone is read.
    atlas : Path
        Labels of HCP-MMP1 in an MNI152 space, of either numbering.
    template, template_brain : Path
        The T1-weighted template of an MNI152 space, with and without the skull.
    """

    t1: Path
    bold: Path
    betas: Path
    atlas: Path
    template: Path
    template_brain: Path


@dataclass(frozen=True)
class Choices:
    """How to register.

    Attributes
    ----------
    atlas_space, template_space : str
        Names of their MNI152 spaces.
    t1_fraction, bold_fraction : float
        Threshold of brain extraction: smaller ones keep more.
    bold_dof : int
        Degrees of freedom from BOLD to T1: 6, 7, 9 or 12.
    beta_grid : str
        `header`: the BOLD image must have the affine of the betas. `shape`: only their shape;
        voxels correspond by their indices, and the result has the affine of the betas.
    max_lost_regions : float
        Largest share of the atlas's regions that may end without a voxel.
    """

    atlas_space: str
    template_space: str
    t1_fraction: float = 0.25
    bold_fraction: float = 0.4
    bold_dof: int = 12
    beta_grid: str = "header"
    max_lost_regions: float = 0.05


def stage_images(images: Images, choices: Choices, folder: Path) -> Grid:
    """Put all images but the atlas into the work folder.

    Programs see short relative names, so that commands, and the record of them, name no place
    of this machine.

    Parameters
    ----------
    images : Images
        What to start from.
    choices : Choices
        What the BOLD image must share with the betas.
    folder : Path
        Where links to `t1`, `template` and `template_brain` and the mean `bold` are made.

    Returns
    -------
    Grid
        The voxels of the betas.

    Raises
    ------
    RepalignError
        If an image cannot be read, is empty, or has other voxels than it must.
    """
    for path, name in (
        (images.t1, "t1"),
        (images.template, "template"),
        (images.template_brain, "template_brain"),
    ):
        filled_voxels(path)
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        (folder / f"{name}{'.nii.gz' if packed else '.nii'}").symlink_to(path.absolute())
    head, brain = grid_of(images.template), grid_of(images.template_brain)
    check_same_space(brain.path, brain.shape, brain.affine, head.path, head.shape, head.affine)
    mean, affine = mean_volume(images.bold)
    betas = grid_of(images.betas, ndim=4)
    _check_grid(Grid(images.bold, mean.shape, affine), betas, choices.beta_grid)
    nib.Nifti1Image(mean, affine).to_filename(folder / "bold.nii.gz")
    return betas


def _check_grid(bold: Grid, betas: Grid, how: str) -> None:
    """Refuse a BOLD image whose voxels are not those of the betas."""
    same = betas.affine if how == "shape" else bold.affine
    try:
        check_same_space(bold.path, bold.shape, same, betas.path, betas.shape, betas.affine)
    except RepalignError as error:
        raise RepalignError(
            error.found,
            where=bold.path,
            expected=error.expected,
            remedy=(
                "Give the functional image that the betas were fitted on. If its voxels are those "
                "of the betas and only the header of one is off, set "
                "bold5000.registration.beta_grid: shape."
            ),
        ) from error
    if how == "shape" and not np.allclose(bold.affine, betas.affine):
        logger.warning(
            "%s: another affine than %s; voxels correspond by their indices, as beta_grid says",
            bold.path,
            betas.path,
        )


def mean_volume(path: str | Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return a 3-D image, or the mean over time of a 4-D one, read volume by volume.

    Parameters
    ----------
    path : str or Path
        The image.

    Returns
    -------
    mean : ndarray, shape (x, y, z), float32
        The mean, summed in float64.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.

    Raises
    ------
    RepalignError
        If it cannot be read, is neither 3-D nor 4-D, holds values that are not finite, or is 0.
    """
    path = Path(path)
    with open_stream(path) as stream:
        ndim = len(read_header(stream, path).shape)
    with NiftiVolumes(path, ndim=4 if ndim == 4 else 3) as image:
        total = np.zeros(int(np.prod(image.shape[:3])))
        for volume in image:
            total += volume
        shape, n_volumes, affine = image.shape[:3], image.n_volumes, image.affine
    if not total.any():
        raise _empty(path)
    logger.info("%s: mean of %d volume(s)", path, n_volumes)
    return (total / n_volumes).astype(np.float32).reshape(shape, order="F"), affine


def filled_voxels(path: Path) -> NDArray[np.bool_]:
    """Read where a 3-D image is not 0.

    Parameters
    ----------
    path : Path
        The image.

    Returns
    -------
    ndarray, shape (n_voxels,), bool
        x fastest.

    Raises
    ------
    RepalignError
        If it cannot be read, holds values that are not finite, or is 0 everywhere.
    """
    with NiftiVolumes(path, ndim=3) as image:
        (filled,) = (volume != 0 for volume in image)
    if not filled.any():
        raise _empty(path)
    return np.asarray(filled)


def _empty(path: Path) -> RepalignError:
    return RepalignError(
        "an empty image: all voxels are 0",
        where=path,
        expected="an image of a head",
        remedy="Check that this is the right file; if it is, fetch it again.",
    )


def stage_atlas(
    images: Images, choices: Choices, folder: Path
) -> tuple[NDArray[np.uint16], float]:
    """Put the atlas, on the template's grid, into the work folder.

    Parameters
    ----------
    images : Images
        What to start from.
    choices : Choices
        Spaces, and how many regions may be lost.
    folder : Path
        Where `atlas` is written.

    Returns
    -------
    labels : ndarray, shape (x, y, z), uint16
        The atlas on its own grid, 0-360.
    share : float
        Share of its voxels in the template's brain.

    Raises
    ------
    RepalignError
        If its labels follow no known numbering, its hemispheres are exchanged, it lies outside
        the template's brain, or it loses too many regions on the template's grid.
    """
    stored, affine = read_label_volume(images.atlas)
    labels, numbering = renumber(stored, images.atlas)
    logger.info("%s: labels %s, %s", images.atlas, numbering, choices.atlas_space)
    check_hemispheres(labels, affine, images.atlas)
    if choices.atlas_space != choices.template_space:
        logger.warning(
            "the atlas is in %s and the template in %s: their coordinates agree to some "
            "millimetres; with the template of the atlas's space they would be the same",
            choices.atlas_space,
            choices.template_space,
        )
    grid = grid_of(images.template)
    resampled = resample_labels(labels, affine, grid.shape, grid.affine)
    check_lost(labels, resampled, images.atlas, choices.max_lost_regions)
    share = check_inside(
        resampled, filled_voxels(images.template_brain), images.atlas, "brain of the template"
    )
    write_label_volume(folder / "atlas.nii.gz", resampled, grid.affine)
    return labels, share
