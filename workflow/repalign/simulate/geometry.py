r"""How strong a signal gives which inter-subject similarity.

A region of a subject has :math:`V` live voxels. The response pattern of a trial is

.. math:: p = \sqrt{a}\,s + \sqrt{o}\,h + \sqrt{1 - a - o}\,e,

with the signal :math:`s = F W`, a session offset :math:`h` and Student t noise :math:`e`, all of
unit variance. A row of :math:`F` (the image's features) has length 1, and the rows of the
subject's own random :math:`W` are orthogonal to each other and to the constant pattern, so that
two images' signals have exactly the correlation :math:`k` of their features in every subject.

Write :math:`c` for the mean and :math:`q` for the mean square of the cosine between the centred,
clipped pattern and its signal. Over noise, the correlation :math:`R` of two trials has

.. math::

   E[R] = c^2 k, \qquad
   E[R^2] = b^2 k^2 + \frac{1 - b^2}{V - 1}, \qquad b = \frac{q - 1/(V-1)}{1 - 1/(V-1)},

because what is not along the signal is spread evenly over the other dimensions. Noise of
different subjects and trials is independent, so the expected Pearson correlation of two subjects'
RDMs is the geometric mean of their

.. math::

   \rho = \frac{c^4\,\mathrm{var}(k)}{b^2\,E[k^2] + (1-b^2)/(V-1) - c^4 E[k]^2},

with moments of :math:`k` over all pairs of matched trials, pairs of the same image included. For
Gaussian noise :math:`c^2 \approx b \approx a`; heavy tails and clipping make :math:`c` larger, so
:math:`c` and :math:`q` are computed by a small Monte Carlo integration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.seeds import stream

CLIP_QUANTILES = (0.003, 0.997)
"""Quantiles of a region's responses at which the published analysis clips them."""

_N_DRAWS = 6000


@dataclass(frozen=True)
class KernelMoments:
    """Moments of feature correlations over all pairs of matched trials."""

    mean: float
    mean_square: float

    @property
    def variance(self) -> float:
        """Variance over pairs."""
        return self.mean_square - self.mean**2


def kernel_moments(features: NDArray[np.float64]) -> KernelMoments:
    """Compute the moments of a feature kernel off its diagonal.

    Parameters
    ----------
    features : ndarray, shape (n_trials, n_components)
        Unit-length features of each trial's image.

    Returns
    -------
    KernelMoments
        Mean and mean square over the n_trials (n_trials - 1) / 2 pairs.
    """
    values = (features @ features.T)[np.triu_indices(len(features), 1)]
    return KernelMoments(float(values.mean()), float(np.square(values).mean()))


class SignalTheory:
    """Expected similarity as a function of signal share and voxel count.

    Parameters
    ----------
    max_voxels : int
        Largest voxel count asked for.
    noise_df : float
        Degrees of freedom of the Student t noise.
    offset_share : float
        Share of variance of the session offsets.

    Notes
    -----
    The tables depend on these three numbers alone, not on the simulation's seed. Noise is used
    with both signs (antithetic draws), which leaves a relative error of about 0.2 % in `c`.
    """

    def __init__(self, max_voxels: int, noise_df: float, offset_share: float) -> None:
        self.shares = np.linspace(0.0, np.sqrt(0.95 - offset_share), 40) ** 2
        steps = int(np.ceil(np.log(max(max_voxels, 8) / 6) / np.log(1.25))) + 1
        self.voxels = np.unique(np.geomspace(6, max(max_voxels, 8), steps).round().astype(int))
        tables = [self._cosines(int(n_voxels), noise_df, offset_share) for n_voxels in self.voxels]
        self._mean = np.stack([mean for mean, _ in tables])
        self._mean_square = np.stack([mean_square for _, mean_square in tables])

    def _cosines(
        self, n_voxels: int, noise_df: float, offset_share: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Integrate the cosine between pattern and signal, and its square, for every share."""
        rng = stream(0, "signal theory", n_voxels)
        shape = (_N_DRAWS, n_voxels)
        signal = rng.standard_normal(shape)
        signal -= signal.mean(axis=1, keepdims=True)
        signal /= np.sqrt(np.square(signal).mean(axis=1, keepdims=True))
        offset = rng.standard_normal(shape) * np.sqrt(offset_share)
        noise = unit_t(rng, noise_df, shape)
        mean, mean_square = np.zeros(self.shares.size), np.zeros(self.shares.size)
        for index, share in enumerate(self.shares):
            rest = offset + np.sqrt(1 - share - offset_share) * noise
            for sign in (1.0, -1.0):
                pattern = np.sqrt(share) * signal + sign * rest
                pattern = pattern.clip(*np.quantile(pattern, CLIP_QUANTILES))
                pattern -= pattern.mean(axis=1, keepdims=True)
                cosine = (pattern * signal).sum(axis=1) / np.sqrt(
                    np.square(pattern).sum(axis=1) * n_voxels
                )
                mean[index] += cosine.mean() / 2
                mean_square[index] += np.square(cosine).mean() / 2
        return mean, mean_square

    def _curve(self, n_voxels: float, kernel: KernelMoments) -> NDArray[np.float64]:
        """Compute the expected similarity at every tabulated share for one voxel count."""
        # The tables are smooth in 1 / V.
        place = np.interp(-1 / n_voxels, -1 / self.voxels, np.arange(self.voxels.size))
        low = min(int(place), self.voxels.size - 2)
        weight = place - low
        mean = (1 - weight) * self._mean[low] + weight * self._mean[low + 1]
        square = (1 - weight) * self._mean_square[low] + weight * self._mean_square[low + 1]
        floor = 1 / (n_voxels - 1)
        along = ((square - floor) / (1 - floor)).clip(0, 1)
        variance = along**2 * kernel.mean_square + (1 - along**2) * floor
        variance -= mean**4 * kernel.mean**2
        curve: NDArray[np.float64] = mean**4 * kernel.variance / variance
        curve[0] = 0.0
        return curve

    def similarity(self, share: float, n_voxels: float, kernel: KernelMoments) -> float:
        """Give the expected similarity of two alike subjects.

        Parameters
        ----------
        share : float
            Share of variance of the signal.
        n_voxels : float
            Live voxels of the region.
        kernel : KernelMoments
            Moments of the feature kernel.

        Returns
        -------
        float
            Expected Pearson correlation of two RDMs at shift 1.
        """
        return float(np.interp(share, self.shares, self._curve(n_voxels, kernel)))

    def share(self, similarity: float, n_voxels: float, kernel: KernelMoments) -> float:
        """Give the signal share with an expected similarity; the inverse of `similarity`."""
        return float(np.interp(similarity, self._curve(n_voxels, kernel), self.shares))


def unit_t(
    rng: np.random.Generator, noise_df: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Draw Student t noise of unit variance.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random stream.
    noise_df : float
        Degrees of freedom, above 2.
    shape : tuple of int
        Shape of the result.

    Returns
    -------
    ndarray, float64
        Independent draws.
    """
    return np.asarray(rng.standard_t(noise_df, shape) * np.sqrt((noise_df - 2) / noise_df))


def random_projection(
    rng: np.random.Generator, n_components: int, n_voxels: int
) -> NDArray[np.float64]:
    """Draw a subject's own map from features to voxels.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random stream.
    n_components : int
        Feature dimensions; below `n_voxels`.
    n_voxels : int
        Live voxels.

    Returns
    -------
    ndarray, float64, shape (n_components, n_voxels)
        Rows orthogonal to each other and to the constant, of squared length `n_voxels`, so that
        a unit-length feature vector gives a pattern of zero mean and unit variance.
    """
    frame = rng.standard_normal((n_voxels, n_components))
    frame -= frame.mean(axis=0)
    orthonormal, _ = np.linalg.qr(frame)
    return np.asarray(orthonormal.T * np.sqrt(n_voxels))
