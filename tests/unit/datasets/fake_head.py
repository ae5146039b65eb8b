"""A tiny head, its functional images and an atlas, all in one space but on different grids."""

from pathlib import Path

import numpy as np

from repalign.datasets.registration_inputs import Images

from .conftest import write_nifti

SHAPE = (12, 10, 8)
BOLD = np.array([[3.0, 0, 0, -18], [0, 3, 0, -20], [0, 0, 3, -9], [0, 0, 0, 1]])


def functional_labels() -> np.ndarray:
    """All 360 labels within the brain, left ones at small x."""
    labels = np.zeros(SHAPE, np.int16)
    rng = np.random.default_rng(0)
    for first, side in ((1, labels[1:6, 1:-1, 1:-1]), (181, labels[6:11, 1:-1, 1:-1])):
        own = np.r_[np.arange(first, first + 180), rng.integers(first, first + 180, 60)]
        side[...] = rng.permutation(own).reshape(side.shape)
    return labels


def fine(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same on voxels of 1 mm, three of which lie in one of 3 mm along each axis."""
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = BOLD[:3, 3] - 1
    return np.kron(values, np.ones((3, 3, 3), values.dtype)), affine


def mirrored(values: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same with x from right to left in the file, as FSL's template has it."""
    turned = affine.copy()
    turned[0, 0], turned[0, 3] = -affine[0, 0], affine[0, 3] + len(values) - 1
    return values[::-1], turned


def make_images(raw: Path) -> Images:
    """All that a registration starts from."""
    rng = np.random.default_rng(1)
    head, affine = fine(rng.uniform(50, 99, SHAPE).astype(np.float32))
    template, brain = head.copy(), np.zeros_like(head)
    brain[2:-2, 2:-2, 2:-2] = template[2:-2, 2:-2, 2:-2]
    # Sagittal slices from front to back, as scanners write them: not the template's axes.
    sagittal = np.zeros((4, 4))
    sagittal[:, [2, 0, 1, 3]] = affine
    run = rng.uniform(100, 200, (*SHAPE, 3)).astype(np.float32)
    public = np.where(functional_labels() > 180, functional_labels() + 20, functional_labels())
    return Images(
        write_nifti(raw / "t1.nii.gz", head.transpose(1, 2, 0).copy(), sagittal),
        write_nifti(raw / "bold.nii.gz", run, BOLD),
        write_nifti(raw / "betas.nii.gz", run[..., :2].copy(), BOLD),
        write_nifti(raw / "atlas.nii.gz", *fine(public)),
        write_nifti(raw / "template.nii", *mirrored(template, affine)),
        write_nifti(raw / "brain.nii.gz", *mirrored(brain, affine)),
    )
