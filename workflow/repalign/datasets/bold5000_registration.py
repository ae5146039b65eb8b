"""The HCP-MMP1 atlas carried from MNI152 to the functional space of a BOLD5000 subject, by FSL."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.datasets.fsl import Fsl
from repalign.datasets.fsl_outputs import (
    Grid,
    check_field,
    check_image,
    check_labels,
    check_matrix,
    grid_of,
)
from repalign.datasets.label_space import check_hemispheres, check_inside, check_lost
from repalign.datasets.nsd_atlas import write_label_volume
from repalign.datasets.registration_inputs import (
    Choices,
    Images,
    filled_voxels,
    stage_atlas,
    stage_images,
)

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
        target = stage_images(images, choices, folder)
        labels, in_template = stage_atlas(images, choices, folder)
        _register(fsl, folder, choices)
        found = _carry(fsl, folder)
        lost = check_lost(labels, found, output, choices.max_lost_regions)
        check_hemispheres(found, grid_of(folder / "bold.nii.gz").affine, output)
        brain = filled_voxels(folder / "bold_brain.nii.gz")
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
