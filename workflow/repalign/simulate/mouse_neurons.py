"""Simulated neurons of mouse V1: what they respond to, how noisily, and what is true of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from repalign.simulate.mouse_settings import MouseSimulation
from repalign.simulate.seeds import stream

Floats = npt.NDArray[np.float64]
AREAS = ("V1", "LM")
LAYERS = ("L2/3", "L4")
FEV = {"V1": (0.25, 0.8), "LM": (0.05, 0.4)}
"""Lowest and highest planted fraction of explainable variance."""
_TWIN_DISTANCE = 3.0
"""Micrometres between the two records of one cell."""


@dataclass(frozen=True)
class Neurons:
    """The neurons of one scan.

    Attributes
    ----------
    unit_ids : ndarray of int, shape (n_neurons,)
    area, layer : ndarray of str, shape (n_neurons,)
    places : ndarray, shape (n_neurons, 3)
        Micrometres.
    weights : ndarray, shape (n_neurons, n_latent)
        What each responds to; zeros for a silent one.
    fev : ndarray, shape (n_neurons,)
        Planted fraction of explainable variance on the test pictures; NaN for a silent one.
    twin : ndarray of int, shape (n_neurons,)
        Row of the other record of the same cell; -1 if there is none.
    """

    unit_ids: npt.NDArray[np.int64]
    area: npt.NDArray[np.str_]
    layer: npt.NDArray[np.str_]
    places: Floats
    weights: Floats
    fev: Floats
    twin: npt.NDArray[np.int64]

    def means(self, latent: Floats, strength: float) -> Floats:
        """Return the expected responses to pictures, shape (n_images, n_neurons)."""
        means = np.exp(strength * latent @ self.weights.T)
        return np.where(np.isnan(self.fev), 0.0, means)


def make_neurons(settings: MouseSimulation, scan: int, *, areas: tuple[str, ...]) -> Neurons:
    """Draw the neurons of a scan: two of them silent, and one cell recorded twice.

    Parameters
    ----------
    settings : MouseSimulation
        Sizes.
    scan : int
        Number of the scan, for its random stream.
    areas : tuple of str
        Areas that are recorded, in turn.
    """
    rng = stream(settings.seed, "mouse neurons", scan)
    n = settings.n_neurons + scan % 3
    area = np.array([areas[k % len(areas)] for k in range(n)])
    layer = np.array([LAYERS[k // 2 % len(LAYERS)] for k in range(n)])
    weights = rng.normal(0, 1, (n, settings.n_latent))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    fev = np.array([rng.uniform(*FEV[name]) for name in area])
    places = np.round(rng.uniform(-400, 400, (n, 3)), 1)
    twin = np.full(n, -1)
    first, second = 4, 8
    twin[[first, second]] = second, first
    weights[second], fev[second] = weights[first], fev[first]
    area[second], layer[second] = area[first], layer[first]
    places[second] = places[first] + [_TWIN_DISTANCE, 0, 0]
    fev[[1, 6]] = np.nan
    unit_ids = np.sort(rng.choice(np.arange(1, 4 * n), n, replace=False))
    return Neurons(unit_ids, area, layer, places, weights, fev, twin)


def draw_responses(
    neurons: Neurons,
    means: Floats,
    test_means: Floats,
    trials: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Draw noisy responses: gamma variables, which are never negative.

    Parameters
    ----------
    neurons : Neurons
        With the planted fractions.
    means : ndarray, shape (n_images, n_neurons)
        Expected responses.
    test_means : ndarray, shape (n_test, n_neurons)
        Those to the test pictures, for which the fractions hold.
    trials : ndarray of int, shape (n_trials,)
        Picture of each trial.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    ndarray of float32, shape (n_trials, n_neurons)

    Notes
    -----
    A gamma variable of mean m and shape k has variance m**2 / k. With k = mean(m**2) / noise the
    variances average to ``noise = signal * (1 - fev) / fev`` over the test pictures. Records of
    one cell share its noise but for a few per cent.
    """
    signal = test_means.var(axis=0)
    alive = np.flatnonzero(~np.isnan(neurons.fev))
    fev = neurons.fev[alive]
    shape = np.square(test_means[:, alive]).mean(axis=0) * fev / (signal[alive] * (1 - fev))
    drawn = np.zeros((len(trials), len(neurons.fev)))
    drawn[:, alive] = rng.gamma(shape, means[trials][:, alive] / shape)
    for row in np.flatnonzero(neurons.twin >= 0):
        other = int(neurons.twin[row])
        if row > other:
            drawn[:, row] = drawn[:, other] * rng.normal(1, 0.02, len(trials)).clip(0.9, 1.1)
    return drawn.astype(np.float32)
