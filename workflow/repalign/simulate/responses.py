"""The responses of one subject: signal of the images seen, session offsets and noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.anatomy import Anatomy
from repalign.simulate.atlas import FAMILIES, parcels
from repalign.simulate.geometry import random_projection, unit_t
from repalign.simulate.seeds import stream
from repalign.simulate.settings import N_AREAS, UNITS_PER_PERCENT, BrainSettings

_UNLABELLED_SD = 0.6
"""Noise outside the areas, relative to that of the areas."""


@dataclass(frozen=True)
class Cortex:
    """The responding voxels of one subject, in Fortran (file) order of the volume.

    Attributes
    ----------
    voxels : ndarray, int64, shape (n_brain,)
        Fortran-order index of each brain voxel.
    roi : ndarray, int16, shape (n_brain,)
        1 to 360, or 0 outside all areas.
    dead : ndarray, bool, shape (n_brain,)
        Voxels that are 0 in every trial.
    """

    voxels: NDArray[np.int64]
    roi: NDArray[np.int16]
    dead: NDArray[np.bool_]

    def n_live(self) -> NDArray[np.int64]:
        """Count the live voxels of every roi; shape (360,)."""
        return np.bincount(self.roi[~self.dead], minlength=2 * N_AREAS + 1)[1:]


def make_cortex(settings: BrainSettings, subject: int, anatomy: Anatomy) -> Cortex:
    """List the brain voxels of a subject and choose the dead ones.

    Parameters
    ----------
    settings : BrainSettings
        Share of dead voxels and seed.
    subject : int
        0-based subject.
    anatomy : Anatomy
        The subject's atlas.

    Returns
    -------
    Cortex
        Dead voxels are a random 1 % (by default) of those in areas.
    """
    voxels = np.flatnonzero(anatomy.brain.ravel(order="F"))
    roi = anatomy.rois().ravel(order="F")[voxels]
    drawn = stream(settings.seed, "dead", subject).random(voxels.size)
    return Cortex(voxels, roi, (drawn < settings.dead_fraction) & (roi > 0))


class SubjectResponses:
    """Draws the sessions of one subject.

    Parameters
    ----------
    settings : BrainSettings
        Noise, units and seed.
    subject : int
        0-based subject.
    cortex : Cortex
        Voxels, regions and dead voxels.
    share : ndarray, shape (360,)
        Share of variance of the signal, by roi - 1.
    features : dict of str to ndarray, shape (n_images, n_components)
        Latent features by family.

    Notes
    -----
    Session offsets make trials of one session alike. The order of trials is common to all
    subjects, so at shift 0 this is a similarity between subjects without any signal: with the
    default settings about 0.00065 in joined null areas. At shift 1, 0.00002 to 0.00004 remain,
    because some matched trials fall into the same session (computed from the designs of ten
    seeds); the standard error of the mean of all null areas is 0.00009.
    """

    def __init__(
        self,
        settings: BrainSettings,
        subject: int,
        cortex: Cortex,
        share: NDArray[np.float64],
        features: dict[str, NDArray[np.float64]],
    ) -> None:
        self.settings, self.subject, self.cortex = settings, subject, cortex
        self._features = np.hstack([features[family] for family in FAMILIES])
        n_components = features[FAMILIES[0]].shape[1]
        self._weights = np.zeros((self._features.shape[1], cortex.voxels.size))
        for parcel in parcels():
            if parcel.family == "none":
                continue
            live = np.flatnonzero((cortex.roi == parcel.roi) & ~cortex.dead)
            if not live.size:
                continue
            first = FAMILIES.index(parcel.family) * n_components
            rng = stream(settings.seed, "projection", subject, parcel.roi)
            self._weights[first : first + n_components, live] = np.sqrt(
                share[parcel.roi - 1]
            ) * random_projection(rng, n_components, live.size)
        variance = np.concatenate([[0.0], share])[cortex.roi]
        self._noise_sd = np.sqrt(1 - variance - settings.offset_share)

    def values(
        self, session: int, images: NDArray[np.int64], units: float = 1.0
    ) -> Iterator[NDArray[np.float64]]:
        """Draw the responses of one session, trial by trial.

        Parameters
        ----------
        session : int
            0-based session.
        images : ndarray, int64, shape (n_trials,)
            0-based image of each trial.
        units : float
            Factor of all responses.

        Yields
        ------
        ndarray, float64, shape (n_brain,)
            Responses in the voxels of `cortex`; 0 in dead ones.
        """
        settings, cortex = self.settings, self.cortex
        rng = stream(settings.seed, "session", self.subject, session)
        offset = rng.standard_normal(cortex.voxels.size) * np.sqrt(settings.offset_share)
        scale = np.where(cortex.roi > 0, 1.0, _UNLABELLED_SD)
        scale = np.where(cortex.dead, 0.0, scale) * settings.beta_sd * units
        for image in images:
            noise = unit_t(rng, settings.noise_df, (cortex.voxels.size,))
            response = self._features[image] @ self._weights + offset + self._noise_sd * noise
            yield response * scale

    def signal_variance(self, images: NDArray[np.int64]) -> NDArray[np.float64]:
        """Compute the variance of the signal alone over some trials.

        Parameters
        ----------
        images : ndarray, int64, shape (n_trials,)
            0-based image of each trial.

        Returns
        -------
        ndarray, float64, shape (n_brain,)
            Population variance, relative to the whole variance of a voxel.
        """
        return np.asarray(np.var(self._features[images] @ self._weights, axis=0))

    @property
    def noise_variance(self) -> NDArray[np.float64]:
        """Return the variance of the trial noise, relative to the whole variance of a voxel."""
        return np.asarray(np.square(self._noise_sd))

    def session(self, session: int, images: NDArray[np.int64]) -> Iterator[NDArray[np.int16]]:
        """Draw the responses of one session as NSD stores them.

        Parameters
        ----------
        session : int
            0-based session.
        images : ndarray, int64, shape (n_trials,)
            0-based image of each trial.

        Yields
        ------
        ndarray, int16, shape (n_brain,)
            Percent signal change times 300 in the voxels of `cortex`.
        """
        limits = np.iinfo(np.int16)
        for response in self.values(session, images, UNITS_PER_PERCENT):
            yield np.rint(response).clip(limits.min, limits.max).astype(np.int16)
