"""Latent features of the images, one space a family; the truth behind the planted geometry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.scenes import COCO, GROUNDS, Scene
from repalign.simulate.settings import N_COMPONENTS

_GRID = 4
_N_ORIENTATIONS = 4
_SCALES = (1, 4)


def energy_descriptor(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Measure oriented contrast at two scales on a coarse grid.

    Parameters
    ----------
    image : ndarray, uint8, shape (size, size, 3)
        A rendered image; `size` is a multiple of 16.

    Returns
    -------
    ndarray, float64, shape (128,)
        Logarithm of the mean gradient energy: 2 scales x 4 orientations x 16 cells.
    """
    grey = image.mean(axis=2) / 255
    parts = []
    for scale in _SCALES:
        side = grey.shape[0] // scale
        coarse = grey.reshape(side, scale, side, scale).mean(axis=(1, 3))
        down, right = np.gradient(coarse)
        energy = down**2 + right**2
        orientation = np.mod(np.arctan2(down, right), np.pi) * _N_ORIENTATIONS / np.pi
        cell = side // _GRID
        for index in range(_N_ORIENTATIONS):
            gap = np.abs(orientation - index)
            tuning = np.clip(1 - np.minimum(gap, _N_ORIENTATIONS - gap), 0, 1)
            tuned = (energy * tuning).reshape(_GRID, cell, _GRID, cell).mean(axis=(1, 3))
            parts.append(np.log(tuned + 1e-4).ravel())
    return np.concatenate(parts)


def layout_descriptor(scene: Scene) -> NDArray[np.float64]:
    """List the layout of a scene: setting, openness, horizon, depth, colour and ground.

    Parameters
    ----------
    scene : Scene
        Content of an image.

    Returns
    -------
    ndarray, float64, shape (12,)
        Numbers and 0/1 flags.
    """
    layout = scene.layout
    grounds = [float(layout.ground == ground) for ground in GROUNDS]
    numbers = [float(layout.setting == "indoor"), layout.openness, layout.horizon, layout.depth]
    return np.array([*numbers, *layout.colour, *grounds])


def animacy_descriptor(scene: Scene) -> NDArray[np.float64]:
    """List what kinds of objects a scene holds, animate ones with the most weight.

    Parameters
    ----------
    scene : Scene
        Content of an image.

    Returns
    -------
    ndarray, float64, shape (14,)
        Share of animate objects (twice the weight of a kind), number of objects, and the share
        of each of the 12 supercategories.
    """
    kinds = [thing.supercategory for thing in scene.objects]
    n_things = max(len(kinds), 1)
    animate = sum(thing.animate for thing in scene.objects) / n_things
    shares = [kinds.count(kind) / n_things for kind in COCO]
    return np.array([2 * animate, 0.15 * len(kinds), *shares])


def condense(descriptors: NDArray[np.float64], standardise: bool) -> NDArray[np.float64]:
    """Reduce descriptors to a few dimensions and give every image the same length.

    Parameters
    ----------
    descriptors : ndarray, shape (n_images, n_descriptors)
        A row an image.
    standardise : bool
        Whether descriptors are in different units and are z-scored first.

    Returns
    -------
    ndarray, float64, shape (n_images, n_components)
        Principal component scores, half-way whitened, rows of unit length. Signs are fixed and
        values rounded, so that they do not depend on the linear-algebra library.
    """
    centred = descriptors - descriptors.mean(axis=0)
    if standardise:
        sd = centred.std(axis=0)
        centred = centred / np.where(sd > 0, sd, 1)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    # Fewer images or flags than components leave directions without variance.
    kept = np.argsort(values)[::-1][:N_COMPONENTS]
    axes = vectors[:, kept]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(kept.size)])
    scores = centred @ axes / np.maximum(values[kept], 1e-6) ** 0.25
    scores = np.where(values[kept] > 1e-6, scores, 0)
    length = np.linalg.norm(scores, axis=1, keepdims=True)
    return np.asarray(np.round(scores / np.where(length > 0, length, 1), 6))


def latent_features(
    scenes: list[Scene], energies: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Make the three feature spaces.

    Parameters
    ----------
    scenes : list of Scene
        Content of every image.
    energies : ndarray, shape (n_images, 128)
        `energy_descriptor` of every image.

    Returns
    -------
    dict of str to ndarray, shape (n_images, n_components)
        Unit-length features by family: ``energy``, ``layout``, ``animacy``.
    """
    layouts = np.stack([layout_descriptor(scene) for scene in scenes])
    kinds = np.stack([animacy_descriptor(scene) for scene in scenes])
    return {
        "energy": condense(energies, standardise=False),
        "layout": condense(layouts, standardise=True),
        "animacy": condense(kinds, standardise=False),
    }
