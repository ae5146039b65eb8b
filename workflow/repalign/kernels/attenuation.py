"""Several measures of the same regions as power laws of one latent reliability."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

_LEAST = 1e-9
"""Smallest reliability; the logarithm of 0 has no gradient."""


class Attenuation(NamedTuple):
    """A joint fit ``value[r, j] = a[j] * reliability[r] ** b[j]``."""

    reliability: FloatArray
    """Latent reliability of each region (n_regions,), 0 to 1."""
    a: FloatArray
    """Factor of each measure (n_measures,), 0 to 1."""
    b: FloatArray
    """Exponent of each measure (n_measures,), at least 1."""
    loss: FloatArray
    """Sum of squares that each start ended with (n_starts,), ascending."""
    reliability_of_starts: FloatArray
    """Reliability of each start (n_starts, n_regions), in the order of `loss`."""

    def predicted(self) -> FloatArray:
        """Evaluate the fit.

        Returns
        -------
        fitted : array (n_regions, n_measures)
            What the fit says of each region and measure.
        """
        return _predict(self.reliability, self.a, self.b)


def fit_attenuation(values: Array, n_starts: int, rng: np.random.Generator) -> Attenuation:
    """Fit all measures jointly by bounded least squares.

    Parameters
    ----------
    values : array (n_regions, n_measures)
        Similarities without NaN, such as within subjects, between subjects, with models.
    n_starts : int
        Jittered starts, of which the best is taken.
    rng : numpy.random.Generator
        Source of the jitter.

    Returns
    -------
    fit : Attenuation
        In the scale of `canonical`.

    Raises
    ------
    ValueError
        If a value is NaN, or there are fewer than two measures or three regions.

    Notes
    -----
    L-BFGS-B with the exact gradient; reliability in (0, 1], a in [0, 1], b at least 1.
    """
    observed = np.asarray(values, dtype=np.float64)
    if observed.ndim != 2 or observed.shape[0] < 3 or observed.shape[1] < 2:
        raise ValueError(f"values have shape {observed.shape}; expected (>= 3, >= 2)")
    if not np.isfinite(observed).all():
        raise ValueError("values hold NaN or infinite entries; leave such regions out")
    n, m = observed.shape
    bounds = [(_LEAST, 1.0)] * n + [(0.0, 1.0)] * m + [(1.0, None)] * m
    low, high = np.array([(one, np.inf if two is None else two) for one, two in bounds]).T
    level = np.clip(observed.mean(axis=1) / max(observed.mean(axis=1).max(), _LEAST), 0.01, 1)
    fits = []
    for _ in range(n_starts):
        start = np.concatenate(
            [
                level * np.exp(rng.normal(0, 0.2, n)),
                np.clip(observed.max(axis=0), 0.05, 1) * np.exp(rng.normal(0, 0.2, m)),
                1 + rng.exponential(0.5, m),
            ]
        )
        done = minimize(
            _loss_and_gradient,
            np.clip(start, low, high),
            args=(observed,),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 2000, "maxfun": 4000, "ftol": 1e-13, "gtol": 1e-9},
        )
        parts = np.split(done.x, [n, n + m])
        fits.append((float(done.fun), *canonical(*parts)))
    fits.sort(key=lambda fit: fit[0])
    _, reliability, a, b = fits[0]
    losses = np.array([fit[0] for fit in fits])
    return Attenuation(reliability, a, b, losses, np.stack([fit[1] for fit in fits]))


def canonical(reliability: Array, a: Array, b: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Choose one of the equivalent scales of a fit.

    Parameters
    ----------
    reliability : array (n_regions,)
        Latent reliability.
    a, b : array (n_measures,)
        Factors and exponents; the exponents are positive.

    Returns
    -------
    reliability : array (n_regions,)
    a, b : array (n_measures,)
        The same fitted values with the smallest exponent 1 and the largest factor 1: the steepest
        scale that the bounds allow.

    Notes
    -----
    With ``r -> (s r)^c``, ``b -> b / c`` and ``a -> a s^-b`` all fitted values stay, so that two
    numbers of a fit are convention. A measure of factor 0 has no say.
    """
    power = float(np.min(b))
    exponents = b / power
    raised = np.power(reliability, power)
    scale = float(np.max(np.power(a, 1 / exponents)))
    if scale <= 0:
        return raised, a.astype(np.float64), exponents
    return raised * scale, a * scale**-exponents, exponents


def _predict(reliability: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """Return fitted values, shape (n_regions, n_measures)."""
    fitted: FloatArray = a * np.power(reliability[:, None], b)
    return fitted


def _loss_and_gradient(parameters: FloatArray, observed: FloatArray) -> tuple[float, FloatArray]:
    """Return the sum of squares and its gradient by all parameters."""
    n, m = observed.shape
    reliability, a, b = np.split(parameters, [n, n + m])
    log = np.log(reliability)[:, None]
    power = np.exp(b * log)
    residual = a * power - observed
    weighted = 2 * residual * power
    gradient = np.concatenate(
        [
            np.sum(weighted * a * b, axis=1) / reliability,
            np.sum(weighted, axis=0),
            np.sum(weighted * a * log, axis=0),
        ]
    )
    return float(np.sum(residual * residual)), gradient
