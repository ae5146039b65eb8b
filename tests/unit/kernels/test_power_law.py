"""Power laws against SciPy's curve fit and known curves."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from repalign.kernels.power_law import (
    EPSILON,
    bootstrap_power_law,
    fit_power_law,
    percentile_band,
)


def power(x, a, b):
    return a * x**b


@pytest.mark.parametrize(
    ("a", "b", "noise"),
    [(0.329, 0.536, 0.01), (2.0, 1.77, 0.02), (-0.4, 1.2, 0.01), (0.1, 0, 0.01),
     (0.2, -0.5, 0.05)],
)  # fmt: skip
def test_the_fit_is_that_of_scipy(a, b, noise):
    rng = np.random.default_rng(3)
    x = rng.uniform(0.001, 0.3, 120)
    y = power(x, a, b) + rng.normal(0, noise, 120)
    law = fit_power_law(x, y)
    expected, _ = curve_fit(power, x, y, p0=[a, b], xtol=1e-12, ftol=1e-12)
    np.testing.assert_allclose([law.a, law.b], expected, rtol=1e-5)
    assert law.shift == 0
    assert law.n == 120
    residual = y - power(x, *expected)
    assert law.r_squared == pytest.approx(1 - residual.var() / y.var() - (
        residual.mean() ** 2 / y.var()), abs=1e-8)  # fmt: skip


def test_a_curve_without_noise_is_found_exactly():
    x = np.linspace(0.01, 2, 30)
    law = fit_power_law(x, 0.7 * x**2.5)
    assert (law.a, law.b) == pytest.approx((0.7, 2.5), rel=1e-8)
    assert law.r_squared == pytest.approx(1)
    np.testing.assert_allclose(law(x), 0.7 * x**2.5)


def test_x_is_shifted_if_some_is_not_positive_and_y_never():
    x = np.array([-0.02, 0.1, 0.2, 0.3, 0.5])
    shift = 0.02 + EPSILON
    y = 0.5 * (x + shift) ** 0.8
    law = fit_power_law(x, y - 0.0)
    assert law.shift == pytest.approx(shift)
    assert (law.a, law.b) == pytest.approx((0.5, 0.8), rel=1e-6)
    np.testing.assert_allclose(law(x), y, atol=1e-9)


def test_points_with_nan_are_left_out():
    x, y = np.linspace(0.1, 1, 10), np.linspace(0.1, 1, 10) ** 2
    gaps = np.where(np.arange(10) == 4, np.nan, y)
    law = fit_power_law(x, gaps)
    assert law.n == 9
    assert law.b == pytest.approx(2)


def test_fewer_than_three_points_have_no_fit():
    law = fit_power_law(np.array([0.1, 0.2]), np.array([0.1, 0.2]))
    assert np.isnan([law.a, law.b, law.r_squared]).all()
    a, b = bootstrap_power_law(np.array([0.1]), np.array([0.1]), 4, np.random.default_rng(0))
    assert np.isnan(a).all()
    assert np.isnan(b).all()


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="expected"):
        fit_power_law(np.zeros(3), np.zeros(4))


def test_every_bootstrap_sample_is_fitted_as_if_alone():
    rng = np.random.default_rng(5)
    x = rng.uniform(0.01, 0.3, 25)
    y = power(x, 0.4, 0.7) + rng.normal(0, 0.01, 25)
    a, b = bootstrap_power_law(x, y, 6, np.random.default_rng(1))
    counts = np.random.default_rng(1).multinomial(25, np.full(25, 1 / 25), size=6)
    for sample, found in zip(counts, zip(a, b, strict=True), strict=True):
        alone = fit_power_law(np.repeat(x, sample), np.repeat(y, sample))
        assert found == pytest.approx((alone.a, alone.b), rel=1e-6)
    again = bootstrap_power_law(x, y, 6, np.random.default_rng(1))
    np.testing.assert_array_equal(a, again[0])


def test_samples_of_too_few_points_are_left_out():
    x, y = np.array([0.1, 0.2, 0.4]), np.array([0.1, 0.3, 0.5])
    a, _ = bootstrap_power_law(x, y, 200, np.random.default_rng(0))
    assert 0 < np.isnan(a).sum() < 200


def test_the_spread_of_the_bootstrap_is_that_of_repeated_data():
    rng = np.random.default_rng(8)
    x = np.linspace(0.02, 0.3, 60)
    repeated = [fit_power_law(x, power(x, 0.3, 0.6) + rng.normal(0, 0.01, 60)).b
                for _ in range(120)]  # fmt: skip
    y = power(x, 0.3, 0.6) + rng.normal(0, 0.01, 60)
    _, b = bootstrap_power_law(x, y, 400, rng)
    assert np.nanstd(b) == pytest.approx(np.std(repeated), rel=0.4)


def test_the_band_holds_the_curve():
    rng = np.random.default_rng(2)
    x = rng.uniform(0.01, 0.3, 40)
    y = power(x, 0.3, 0.6) + rng.normal(0, 0.02, 40)
    law = fit_power_law(x, y)
    places = np.array([0.05, 0.1, 0.2])
    low, high = percentile_band(law, *bootstrap_power_law(x, y, 200, rng), places)
    assert (low < law(places)).all()
    assert (law(places) < high).all()
    nothing = np.full(3, np.nan)
    assert np.isnan(percentile_band(law, nothing, nothing, places)[0]).all()
