"""Paired t tests against SciPy, of two conditions and of every two regions."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from repalign.kernels.paired import bonferroni, paired_t, paired_tests
from repalign.kernels.pvalues import benjamini_hochberg


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


def test_every_two_regions_are_tested_as_scipy_does():
    values = np.random.default_rng(0).normal(size=(6, 5))
    found = paired_tests(values)
    for i, j in [(0, 1), (3, 2), (4, 0)]:
        expected = ttest_rel(values[:, i], values[:, j])
        assert found.t[i, j] == pytest.approx(expected.statistic)
        assert found.p[i, j] == pytest.approx(expected.pvalue)
        assert found.difference[i, j] == pytest.approx((values[:, i] - values[:, j]).mean())


def test_the_family_is_every_pair_once():
    values = np.random.default_rng(1).normal(size=(5, 7))
    found = paired_tests(values)
    upper = np.triu_indices(7, k=1)
    np.testing.assert_allclose(found.q[upper], benjamini_hochberg(found.p[upper]))
    np.testing.assert_array_equal(found.q, found.q.T)
    assert np.isnan(np.diag(found.q)).all()


def test_subjects_without_a_value_are_left_out_of_a_pair():
    values = np.random.default_rng(2).normal(size=(5, 3))
    values[1, 0] = np.nan
    kept = [0, 2, 3, 4]
    expected = ttest_rel(values[kept, 0], values[kept, 1]).pvalue
    assert paired_tests(values).p[0, 1] == pytest.approx(expected)


def test_what_cannot_be_tested_is_not():
    values = np.array([[0.1, 0.1, np.nan, 0.4], [0.2, 0.2, 0.3, 0.5]])
    found = paired_tests(values)
    assert np.isnan(found.q[0, 1]), "all differences are 0"
    assert np.isnan(found.q[0, 2]), "one subject"
    assert np.isnan(found.p[0, 3]), "the same difference in all subjects"
    with pytest.raises(ValueError, match="n_subjects"):
        paired_tests(np.zeros(3))
