"""Paired t tests against SciPy, and which are not made."""

import numpy as np
import pytest
from scipy import stats

from repalign.kernels.paired import paired_tests
from repalign.kernels.pvalues import benjamini_hochberg


def test_tests_match_scipy():
    values = np.random.default_rng(0).normal(size=(6, 5))
    found = paired_tests(values)
    for i, j in [(0, 1), (3, 2), (4, 0)]:
        expected = stats.ttest_rel(values[:, i], values[:, j])
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
    expected = stats.ttest_rel(values[kept, 0], values[kept, 1]).pvalue
    assert paired_tests(values).p[0, 1] == pytest.approx(expected)


def test_what_cannot_be_tested_is_not():
    values = np.array([[0.1, 0.1, np.nan, 0.4], [0.2, 0.2, 0.3, 0.5]])
    found = paired_tests(values)
    assert np.isnan(found.q[0, 1]), "all differences are 0"
    assert np.isnan(found.q[0, 2]), "one subject"
    assert found.p[0, 3] == 0, "the same difference in all subjects"
    assert found.t[3, 0] == np.inf
    with pytest.raises(ValueError, match="n_subjects"):
        paired_tests(np.zeros(3))
