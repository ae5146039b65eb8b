"""Paired t tests against SciPy."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from repalign.kernels.paired import bonferroni, paired_t


def test_statistics_are_those_of_scipy():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.3, 1, (8, 20)), rng.normal(0, 1, (8, 20))
    first[2, 4] = second[5, 4] = second[0, 7] = np.nan
    found = paired_t(first, second)
    expected = ttest_rel(first, second, axis=0, nan_policy="omit")
    np.testing.assert_allclose(found.t, expected.statistic)
    np.testing.assert_allclose(found.p, expected.pvalue)
    np.testing.assert_allclose(found.df, expected.df)
    np.testing.assert_allclose(found.difference, np.nanmean(first - second, axis=0))
    for k in (0, 4):
        pairs = ~np.isnan(first[:, k] - second[:, k])
        low, high = ttest_rel(first[pairs, k], second[pairs, k]).confidence_interval(0.95)
        assert found.half_width[k] == pytest.approx((high - low) / 2)


def test_fewer_than_two_pairs_and_equal_differences_have_no_test():
    first = np.array([[1.0, 0.3, 2.0], [np.nan, 0.1, 3.0], [np.nan, 0.7, 4.0]])
    found = paired_t(first, np.array([[0.0, 0.2, 1.0], [0.0, 0.0, 2.0], [0.0, 0.6, 3.0]]))
    assert np.isnan(found.p).all()
    assert np.isnan(found.t).all()
    np.testing.assert_allclose(found.difference, [1, 0.1, 1])
    assert np.isnan(paired_t(np.empty((0, 2)), np.empty((0, 2))).difference).all()


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="shapes"):
        paired_t(np.zeros((3, 2)), np.zeros((3, 1)))


def test_bonferroni_counts_the_tests_that_were_made():
    np.testing.assert_allclose(
        bonferroni(np.array([0.01, 0.5, np.nan, 0.2])), [0.03, 1, np.nan, 0.6]
    )
