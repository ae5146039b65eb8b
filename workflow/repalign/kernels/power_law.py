"""Power laws y = a x^b by non-linear least squares, with percentile bootstrap."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

EPSILON = 1e-6
"""Where the smallest x comes to lie if some x is not positive."""

_STEPS = 200
_TOLERANCE = 1e-10
_BATCH = 500
_STEEPEST = 20.0
"""Exponents beyond are no fit but a search that ran away."""


class PowerLaw(NamedTuple):
    """A fitted power law ``y = a (x + shift)^b``."""

    a: float
    """Factor; NaN if nothing could be fitted."""
    b: float
    """Exponent."""
    shift: float
    """What was added to x to make it positive; 0 where it is."""
    r_squared: float
    """1 - residual / total sum of squares, in the units of y; negative for a bad fit."""
    n: int
    """Points that were fitted."""

    def __call__(self, x: Array) -> FloatArray:
        """Return the curve at x, NaN where x + shift is negative."""
        raised = np.asarray(x, dtype=np.float64) + self.shift
        with np.errstate(invalid="ignore", divide="ignore"):
            curve: FloatArray = self.a * raised**self.b
        return curve


def fit_power_law(x: Array, y: Array) -> PowerLaw:
    """Fit y = a (x + shift)^b by least squares in y.

    Parameters
    ----------
    x, y : array (n_points,)
        Points; those with a NaN are left out. y may be negative. If some x is not positive, all
        are shifted so that the smallest is `EPSILON`.

    Returns
    -------
    law : PowerLaw
        NaN parameters for fewer than three points, or for points that no curve comes near.

    Raises
    ------
    ValueError
        If the shapes differ or are no vectors.

    Notes
    -----
    Levenberg-Marquardt with the exact Jacobian, started from the best exponent of a grid. The fit
    minimises the error of y, not of log y, so that regions with large values count most.
    """
    known_x, known_y, shift = _points(x, y)
    n = len(known_x)
    if n < 3:
        return PowerLaw(np.nan, np.nan, shift, np.nan, n)
    a, b = _fit(known_x, known_y, np.ones((1, n)))
    law = PowerLaw(float(a[0]), float(b[0]), shift, np.nan, n)
    total = np.square(known_y - known_y.mean()).sum()
    residual = np.square(known_y - law.a * known_x**law.b).sum()
    return law._replace(r_squared=float(1 - residual / total) if total > 0 else np.nan)


def bootstrap_power_law(
    x: Array, y: Array, n_samples: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Fit resampled points.

    Parameters
    ----------
    x, y : array (n_points,)
        As for `fit_power_law`; the shift is that of all points.
    n_samples : int
        Samples, each of as many points as there are, drawn with replacement.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    a, b : array (n_samples,)
        Parameters; NaN where a sample could not be fitted, as where it has fewer than three
        different points.

    Raises
    ------
    ValueError
        If the shapes differ or are no vectors.
    """
    known_x, known_y, _ = _points(x, y)
    n = len(known_x)
    if n < 3:
        return np.full(n_samples, np.nan), np.full(n_samples, np.nan)
    parameters = np.empty((2, n_samples))
    for start in range(0, n_samples, _BATCH):
        stop = min(start + _BATCH, n_samples)
        counts = rng.multinomial(n, np.full(n, 1 / n), size=stop - start).astype(np.float64)
        parameters[:, start:stop] = _fit(known_x, known_y, counts)
        parameters[:, start:stop][:, np.count_nonzero(counts, axis=1) < 3] = np.nan
    return parameters[0], parameters[1]


def percentile_band(
    law: PowerLaw, a: Array, b: Array, x: Array, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Pointwise percentile band of bootstrapped curves.

    Parameters
    ----------
    law : PowerLaw
        Whose shift the curves share.
    a, b : array (n_samples,)
        From `bootstrap_power_law`; NaN are left out.
    x : array (n_places,)
        Where the band is wanted.
    level : float
        Share of curves between its edges.

    Returns
    -------
    low, high : array (n_places,)
        NaN where no sample could be fitted.
    """
    known = np.isfinite(a) & np.isfinite(b)
    if not known.any():
        return np.full(len(x), np.nan), np.full(len(x), np.nan)
    raised = np.maximum(np.asarray(x, dtype=np.float64) + law.shift, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        curves = a[known, None] * raised ** b[known, None]
    low, high = np.nanquantile(curves, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _points(x: Array, y: Array) -> tuple[FloatArray, FloatArray, float]:
    """Return the known points with positive x, and what was added to x."""
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"x and y have shapes {x.shape} and {y.shape}; expected (n_points,) both")
    known = np.isfinite(x) & np.isfinite(y)
    known_x, known_y = x[known].astype(np.float64), y[known].astype(np.float64)
    least = known_x.min() if known_x.size else 1.0
    shift = float(EPSILON - least) if least <= 0 else 0.0
    return known_x + shift, known_y, shift


def _fit(x: FloatArray, y: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a and b (n_fits,) for rows of weights (n_fits, n_points) of the points."""
    log_x = np.log(x)
    a, b = _start(log_x, y, weights)
    damping = np.full(len(a), 1e-3)
    power, residual, loss = _curves(log_x, y, weights, a, b)
    for _ in range(_STEPS):
        slope = a[:, None] * power * log_x
        aa, ab, bb, ga, gb = (
            np.einsum("sp,sp,sp->s", weights, one, two)
            for one, two in (
                (power, power), (power, slope), (slope, slope), (power, residual),
                (slope, residual),
            )
        )  # fmt: skip
        aa_damped, bb_damped = aa * (1 + damping), bb * (1 + damping)
        determinant = aa_damped * bb_damped - ab * ab
        with np.errstate(divide="ignore", invalid="ignore"):
            step_a = (bb_damped * ga - ab * gb) / determinant
            step_b = (aa_damped * gb - ab * ga) / determinant
        tried_power, tried_residual, tried = _curves(log_x, y, weights, a + step_a, b + step_b)
        better = tried <= loss
        a, b = np.where(better, a + step_a, a), np.where(better, b + step_b, b)
        power = np.where(better[:, None], tried_power, power)
        residual = np.where(better[:, None], tried_residual, residual)
        loss = np.where(better, tried, loss)
        damping = np.where(better, np.maximum(damping / 10, 1e-12), damping * 4)
        still = np.abs(step_b) <= _TOLERANCE * (1 + np.abs(b))
        still &= np.abs(step_a) <= _TOLERANCE * (1 + np.abs(a))
        if np.all(still | (damping > 1e12)):
            break
    failed = ~np.isfinite(loss) | (np.abs(b) > _STEEPEST)
    return np.where(failed, np.nan, a), np.where(failed, np.nan, b)


def _start(log_x: FloatArray, y: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the best exponents of a grid with their best factors, both (n_fits,)."""
    grid = np.concatenate([np.linspace(-2, 0, 11)[:-1], np.linspace(0, 4, 41)])
    power = np.exp(np.outer(grid, log_x))
    cross, square = weights @ (power * y).T, weights @ (power * power).T
    # With the best factor, the loss is the total less this.
    explained = np.square(cross) / square
    best = np.argmax(explained, axis=1)
    rows = np.arange(len(weights))
    return cross[rows, best] / square[rows, best], grid[best]


def _curves(
    log_x: FloatArray, y: FloatArray, weights: FloatArray, a: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return x^b and the residuals (n_fits, n_points), and the loss, infinite where they are."""
    with np.errstate(over="ignore", invalid="ignore"):
        power = np.exp(b[:, None] * log_x)
        residual = y - a[:, None] * power
        loss = np.einsum("sp,sp,sp->s", weights, residual, residual)
    return power, residual, np.where(np.isfinite(loss), loss, np.inf)
