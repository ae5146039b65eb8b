"""The HCP-MMP1 atlas carried from MNI152 to the functional space of a BOLD5000 subject, by FSL."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from repalign.datasets.bold5000_atlas import renumber
from repalign.datasets.fsl import Fsl
from repalign.datasets.fsl_outputs import (
    Grid,
    check_field,
    check_image,
    check_labels,
    check_matrix,
    grid_of,
)
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

PROGRAMS = (
    "fslreorient2std",
    "bet",
    "flirt",
    "convert_xfm",
    "fnirt",
    "convertwarp",
    "applywarp",
)
"""Programs of FSL that are run."""


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


def register_atlas(
    images: Images, output: str | Path, choices: Choices, fsl: Fsl
) -> dict[str, Any]:
    """Carry the atlas from MNI152 to a subject's functional space.

    Parameters
    ----------
    images : Images
        What to start from.
    output : str or Path
        The labels on the grid of the betas, 0-360, uint16, `.nii.gz`.
    choices : Choices
        How to register.
    fsl : Fsl
        What does it.

    Returns
    -------
    dict
        For the record: versions and commands of FSL, digest of the templates, labels that were
        lost, and shares of the atlas in both brains.

    Raises
    ------
    RepalignError
        If an input does not fit, FSL lacks a program, a program fails, one of its outputs is
        missing, empty, not finite or on a wrong grid, or the atlas ends outside the brain, with
        its hemispheres exchanged, or without too many of its regions.

    Notes
    -----
    The steps are those of the public reference implementation (Convergent Transformations,
    `mni_to_functional.sh`): brain extraction (Smith, 2002, doi:10.1002/hbm.10062), affine
    registration (Jenkinson et al., 2002, doi:10.1006/nimg.2002.1132) of BOLD to T1 and of T1 to
    the template, non-linear registration of the template to the T1 (Andersson et al., 2007,
    FMRIB TR07JA2), and one interpolation of the labels through both. It departs from it in four
    places. The T1 is reoriented before anything else, so that all steps use one orientation.
    Brain extraction finds the centre of each brain by itself. The labels are resampled to the
    template's grid by their header, not registered to an intensity image. The template that is
    warped to the head has its skull, too.
    """
    output = Path(output)
    fsl.require(PROGRAMS)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=output.parent) as name:
        folder = Path(name).absolute()
        target = _stage(images, choices, folder)
        labels, in_template = _stage_atlas(images, choices, folder)
        _register(fsl, folder, choices)
        found = _carry(fsl, folder)
        lost = check_lost(labels, found, output, choices.max_lost_regions)
        check_hemispheres(found, grid_of(folder / "bold.nii.gz").affine, output)
        brain = _filled(folder / "bold_brain.nii.gz")
        in_bold = check_inside(found, brain, output, "brain of the BOLD image")
        write_label_volume(output, found.astype(np.uint16), target.affine)
    return {
        "fsl": fsl.record(),
        "templates": {
            role: "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
            for role, path in (("head", images.template), ("brain", images.template_brain))
        },
        "lost_regions": lost,
        "share_in_template_brain": in_template,
        "share_in_bold_brain": in_bold,
    }


# ---------------------------------------------------------------------- what goes in


def _stage(images: Images, choices: Choices, folder: Path) -> Grid:
    """Put all images but the atlas into the work folder; return the grid of the betas.

    Programs see short relative names, so that commands, and the record of them, name no place
    of this machine.
    """
    for path, name in (
        (images.t1, "t1"),
        (images.template, "template"),
        (images.template_brain, "template_brain"),
    ):
        _filled(path)
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


def _filled(path: Path) -> NDArray[np.bool_]:
    """Return where a 3-D image is not 0, shape (n_voxels,); one that is 0 is refused."""
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


def _stage_atlas(
    images: Images, choices: Choices, folder: Path
) -> tuple[NDArray[np.uint16], float]:
    """Put the atlas on the template's grid; return its own labels and its share in the brain."""
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
        resampled, _filled(images.template_brain), images.atlas, "brain of the template"
    )
    write_label_volume(folder / "atlas.nii.gz", resampled, grid.affine)
    return labels, share


# ---------------------------------------------------------------------- what FSL does


def _run(fsl: Fsl, folder: Path, *words: str) -> tuple[str, ...]:
    """Run a program in the work folder; return its command, for messages about its outputs."""
    fsl.run(*words, folder=folder)
    return words


def _register(fsl: Fsl, folder: Path, choices: Choices) -> None:
    """Find the way from the template to the T1, and from the T1 to the BOLD image."""
    done = _run(fsl, folder, "fslreorient2std", "t1", "t1_standard")
    check_image(folder / "t1_standard.nii.gz", done)
    t1, bold = grid_of(folder / "t1_standard.nii.gz"), grid_of(folder / "bold.nii.gz")
    template = grid_of(next(folder.glob("template.nii*")))
    _extract_brain(fsl, folder, "t1_standard", "t1_brain", t1, choices.t1_fraction)
    _extract_brain(fsl, folder, "bold", "bold_brain", bold, choices.bold_fraction)
    _align(fsl, folder, ("bold", "t1"), t1, choices.bold_dof)
    _align(fsl, folder, ("t1", "template"), template, 12)
    done = _run(
        *(fsl, folder, "fnirt", "--in=template", "--ref=t1_standard"),
        *("--aff=template_to_t1.mat", "--iout=template_in_t1", "--cout=template_to_t1_warp"),
    )
    check_image(folder / "template_in_t1.nii.gz", done, t1)
    check_field(folder / "template_to_t1_warp.nii.gz", done)


def _extract_brain(
    fsl: Fsl, folder: Path, head: str, brain: str, grid: Grid, fraction: float
) -> None:
    """Take the skull away, from a centre that the program finds by itself."""
    done = _run(fsl, folder, "bet", head, brain, "-R", "-f", f"{fraction:g}")
    filled = check_image(folder / f"{brain}.nii.gz", done, grid)
    volume = filled.sum() * abs(np.linalg.det(grid.affine)) / 1000
    logger.info("%s: %.0f ml, %.1f %% of the image", brain, volume, 100 * filled.mean())


def _align(fsl: Fsl, folder: Path, names: tuple[str, str], fixed: Grid, dof: int) -> None:
    """Find the affine transform between two brains, and its inverse."""
    moving, target = names
    forth, back = f"{moving}_to_{target}", f"{target}_to_{moving}"
    done = _run(
        *(fsl, folder, "flirt", "-in", f"{moving}_brain", "-ref", f"{target}_brain"),
        *("-out", forth, "-omat", f"{forth}.mat", "-dof", str(dof)),
    )
    check_matrix(folder / f"{forth}.mat", done)
    check_image(folder / f"{forth}.nii.gz", done, fixed)
    done = _run(fsl, folder, "convert_xfm", "-omat", f"{back}.mat", "-inverse", f"{forth}.mat")
    check_matrix(folder / f"{back}.mat", done)


def _carry(fsl: Fsl, folder: Path) -> NDArray[np.int32]:
    """Take the labels through both transforms at once; return them on the grid of the BOLD."""
    bold = grid_of(folder / "bold.nii.gz")
    done = _run(
        *(fsl, folder, "convertwarp", "--ref=bold_brain", "--warp1=template_to_t1_warp"),
        *("--postmat=t1_to_bold.mat", "--out=template_to_bold"),
    )
    check_field(folder / "template_to_bold.nii.gz", done, bold)
    done = _run(
        *(fsl, folder, "applywarp", "--in=atlas", "--ref=bold_brain", "--warp=template_to_bold"),
        *("--out=atlas_in_bold", "--interp=nn"),
    )
    return check_labels(folder / "atlas_in_bold.nii.gz", done, bold)
