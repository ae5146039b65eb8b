"""Simulated brains of any dataset: anatomy, planted strengths, and who draws the responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.anatomy import Anatomy, subject_anatomy
from repalign.simulate.atlas import Family
from repalign.simulate.geometry import KernelMoments
from repalign.simulate.planting import Planting, plant
from repalign.simulate.responses import Cortex, SubjectResponses, make_cortex
from repalign.simulate.settings import BrainSettings


@dataclass(frozen=True)
class Brain:
    """One simulated subject.

    Attributes
    ----------
    anatomy : Anatomy
        The atlas volumes.
    cortex : Cortex
        The voxels that respond.
    responses : SubjectResponses
        Draws sessions.
    """

    anatomy: Anatomy
    cortex: Cortex
    responses: SubjectResponses


@dataclass(frozen=True)
class Shown:
    """What one subject is shown.

    Attributes
    ----------
    images : ndarray, int64, shape (n_trials,)
        0-based image of each trial, in the order of the recording.
    sessions : ndarray, int64, shape (n_trials,)
        0-based session of each trial.
    """

    images: NDArray[np.int64]
    sessions: NDArray[np.int64]

    def keys(self) -> list[tuple[int, int]]:
        """List image and number of its earlier showings, trial by trial."""
        seen: Counter[int] = Counter()
        found = []
        for image in self.images.tolist():
            found.append((image, seen[image]))
            seen[image] += 1
        return found


def make_brains(
    settings: BrainSettings,
    n_subjects: int,
    kernels: dict[Family, KernelMoments],
    features: dict[str, NDArray[np.float64]],
) -> tuple[list[Brain], Planting]:
    """Make all subjects of a dataset.

    Parameters
    ----------
    settings : BrainSettings
        Sizes, noise and seed.
    n_subjects : int
        Number of subjects.
    kernels : dict of str to KernelMoments
        Moments of each family's feature kernel over the trials that are compared.
    features : dict of str to ndarray, shape (n_images, n_components)
        Latent features by family.

    Returns
    -------
    list of Brain, Planting
        The subjects, and what they are expected to show.
    """
    subjects = range(n_subjects)
    anatomies = [subject_anatomy(settings, subject) for subject in subjects]
    cortices = [make_cortex(settings, subject, anatomies[subject]) for subject in subjects]
    planting = plant(settings, kernels, np.stack([cortex.n_live() for cortex in cortices]))
    brains = [
        Brain(anatomy, cortex, SubjectResponses(settings, subject, cortex, share, features))
        for subject, anatomy, cortex, share in zip(
            subjects, anatomies, cortices, planting.share, strict=True
        )
    ]
    return brains, planting


def compared_images(shown: Sequence[Shown]) -> list[NDArray[np.int64]]:
    """List the images of every comparison of two subjects by the sessions of the first.

    Parameters
    ----------
    shown : sequence of Shown
        What each subject is shown.

    Returns
    -------
    list of ndarray, int64, shape (n_trials,)
        For each ordered pair of subjects and each session of the first, the images of its trials
        that the second subject has with the same repetition. With one subject, its own sessions.
        Comparisons of fewer than three trials are left out.
    """
    keys = [one.keys() for one in shown]
    known = [set(own) for own in keys]
    pairs = [(i, j) for i in range(len(shown)) for j in range(len(shown)) if i != j]
    compared = []
    for i, j in pairs or [(0, 0)]:
        matched = np.array([key in known[j] for key in keys[i]])
        for session in range(int(shown[i].sessions.max()) + 1):
            images = shown[i].images[matched & (shown[i].sessions == session)]
            if images.size > 2:
                compared.append(images)
    return compared
