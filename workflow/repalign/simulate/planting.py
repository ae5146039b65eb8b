"""How much signal every region of every subject gets, and what that is expected to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.atlas import FAMILIES, Family, parcels
from repalign.simulate.design import Design
from repalign.simulate.geometry import KernelMoments, SignalTheory, kernel_moments
from repalign.simulate.settings import N_AREAS, BrainSettings, NsdSimulation


@dataclass(frozen=True)
class Planting:
    """The planted strengths and their expected results.

    Attributes
    ----------
    share : ndarray, float64, shape (n_subjects, 360)
        Share of variance of the signal, by subject and roi - 1.
    separated : ndarray, float64, shape (360,)
        Expected inter-subject similarity of one hemisphere, at shift 1, over ordered pairs.
    joined : ndarray, float64, shape (180,)
        The same for both hemispheres joined.
    """

    share: NDArray[np.float64]
    separated: NDArray[np.float64]
    joined: NDArray[np.float64]


def plant(
    settings: BrainSettings,
    kernels: dict[Family, KernelMoments],
    n_live: NDArray[np.int64],
) -> Planting:
    """Choose the signal shares that give every region its planted similarity.

    Parameters
    ----------
    settings : BrainSettings
        Noise.
    kernels : dict of str to KernelMoments
        Moments of each family's feature kernel over the trials that are compared.
    n_live : ndarray, int64, shape (n_subjects, 360)
        Voxels that respond, by subject and roi - 1.

    Returns
    -------
    Planting
        Shares and expectations. Expectations are computed from the shares, so they hold where a
        goal is out of reach, too.
    """
    theory = SignalTheory(
        int(n_live.reshape(len(n_live), 2, N_AREAS).sum(axis=1).max()),
        settings.noise_df,
        settings.offset_share,
    )
    share = np.zeros(n_live.shape)
    own = np.zeros(n_live.shape)
    joined = np.zeros((len(n_live), N_AREAS))
    for parcel in parcels():
        if parcel.family == "none":
            continue
        column, kernel = parcel.roi - 1, kernels[parcel.family]
        for subject, n_voxels in enumerate(n_live[:, column]):
            share[subject, column] = theory.share(parcel.goal, float(n_voxels), kernel)
            own[subject, column] = theory.similarity(
                share[subject, column], float(n_voxels), kernel
            )
    for parcel in parcels()[:N_AREAS]:
        if parcel.family == "none":
            continue
        both = [parcel.roi - 1, parcel.roi - 1 + N_AREAS]
        for subject in range(len(n_live)):
            n_voxels = n_live[subject, both]
            # Signals of the hemispheres add up: the joined share is the voxels' mean share.
            mixed = float(np.average(share[subject, both], weights=n_voxels))
            joined[subject, parcel.roi - 1] = theory.similarity(
                mixed, float(n_voxels.sum()), kernels[parcel.family]
            )
    return Planting(share, _over_pairs(own), _over_pairs(joined))


def matched_kernels(
    settings: NsdSimulation, design: Design, features: dict[str, NDArray[np.float64]]
) -> dict[Family, KernelMoments]:
    """Average the kernel moments over ordered pairs of subjects at shift 1.

    Parameters
    ----------
    settings : NsdSimulation
        Sessions of the subjects.
    design : Design
        Which trials are matched.
    features : dict of str to ndarray, shape (n_images, n_components)
        Latent features by family.

    Returns
    -------
    dict of str to KernelMoments
        By family. With a single subject, its own shared trials count.
    """
    n_trials = [done * settings.n_trials_per_session for done in settings.sessions]
    pairs = [(i, j) for i in n_trials for j in n_trials]
    if len(n_trials) > 1:
        subjects = range(len(n_trials))
        pairs = [(n_trials[i], n_trials[j]) for i in subjects for j in subjects if i != j]
    matched = {pair: design.matched_positions(*pair, shift=1) for pair in set(pairs)}
    shared = design.images[0, : design.n_shared]
    compared = [shared[matched[pair]] for pair in pairs if matched[pair].size > 2]
    return mean_kernels(features, compared or [np.repeat(shared, 3)])


def mean_kernels(
    features: dict[str, NDArray[np.float64]], compared: list[NDArray[np.int64]]
) -> dict[Family, KernelMoments]:
    """Average the kernel moments over sets of trials.

    Parameters
    ----------
    features : dict of str to ndarray, shape (n_images, n_components)
        Latent features by family.
    compared : list of ndarray, int64, shape (n_trials,)
        The images of each set of trials that is compared.

    Returns
    -------
    dict of str to KernelMoments
        By family.
    """
    kernels: dict[Family, KernelMoments] = {}
    for family in FAMILIES:
        moments: dict[bytes, KernelMoments] = {}
        for images in compared:
            if images.tobytes() not in moments:
                moments[images.tobytes()] = kernel_moments(features[family][images])
        used = [moments[images.tobytes()] for images in compared]
        kernels[family] = KernelMoments(
            float(np.mean([kernel.mean for kernel in used])),
            float(np.mean([kernel.mean_square for kernel in used])),
        )
    return kernels


def _over_pairs(own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average the geometric means of two different subjects' values over all pairs."""
    if len(own) == 1:
        return np.asarray(own[0])
    root = np.sqrt(own)
    n_pairs = len(own) * (len(own) - 1)
    return np.asarray((root.sum(axis=0) ** 2 - own.sum(axis=0)) / n_pairs)
