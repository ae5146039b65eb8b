"""The joint power-law fit against planted parameters and numerical gradients."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from repalign.kernels.attenuation import _loss_and_gradient, canonical, fit_attenuation

A, B = np.array([0.85, 0.63, 1.0, 0.29]), np.array([1.63, 1.23, 2.17, 1.0])


@pytest.fixture(scope="module")
def reliability():
    return np.random.default_rng(0).uniform(0.05, 0.6, 30)


def test_planted_parameters_are_found(reliability):
    values = A * reliability[:, None] ** B
    fit = fit_attenuation(values, 3, np.random.default_rng(1))
    np.testing.assert_allclose(fit.a, A, atol=0.01)
    np.testing.assert_allclose(fit.b, B, atol=0.02)
    np.testing.assert_allclose(fit.reliability, reliability, atol=0.01)
    np.testing.assert_allclose(fit.predicted(), values, atol=1e-4)
    assert fit.loss.shape == (3,)
    assert (np.diff(fit.loss) >= 0).all()
    assert fit.reliability_of_starts.shape == (3, 30)
    np.testing.assert_array_equal(fit.reliability_of_starts[0], fit.reliability)


def test_bounds_hold_with_noise_and_negative_values(reliability):
    values = A * reliability[:, None] ** B + np.random.default_rng(2).normal(0, 0.02, (30, 4))
    assert values.min() < 0
    fit = fit_attenuation(values, 2, np.random.default_rng(0))
    assert fit.reliability.min() > 0
    assert fit.reliability.max() <= 1
    assert fit.b.min() == 1
    assert fit.a.max() == 1
    again = fit_attenuation(values, 2, np.random.default_rng(0))
    np.testing.assert_array_equal(fit.reliability, again.reliability)


def test_the_gradient_is_that_of_the_loss(reliability):
    values = A * reliability[:8, None] ** B
    point = np.concatenate([reliability[:8] * 0.9, A * 0.8, B + 0.2])
    _, gradient = _loss_and_gradient(point, values)
    numerical = approx_fprime(point, lambda p: _loss_and_gradient(p, values)[0], 1e-7)
    np.testing.assert_allclose(gradient, numerical, atol=1e-5)


def test_the_canonical_scale_changes_no_fitted_value(reliability):
    a, b = np.array([0.5, 0.2, 0.0]), np.array([1.5, 3.0, 2.0])
    new = canonical(reliability, a, b)
    np.testing.assert_allclose(
        new[1] * new[0][:, None] ** new[2], a * reliability[:, None] ** b, atol=1e-14
    )
    assert new[2].min() == 1
    assert new[1].max() == pytest.approx(1)
    equivalent = canonical(reliability**0.5 * 0.9, a * 0.9 ** (-2 * b), b * 2)
    for one, other in zip(new, equivalent, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.zeros((2, 4)), "expected"), (np.zeros((5, 1)), "expected"),
     (np.full((5, 3), np.nan), "NaN")],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        fit_attenuation(values, 1, np.random.default_rng(0))
