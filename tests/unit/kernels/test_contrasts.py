"""Tests of two conditions against scipy and closed forms."""

import numpy as np
import pytest
from scipy import stats

from repalign.kernels.contrasts import contrast, correct


def matrices(n: int = 8, columns: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    first = rng.normal(size=(n, columns))
    return first, first + rng.normal(0.4, 0.7, (n, columns))


def test_paired_is_that_of_scipy():
    a, b = matrices()
    found, expected = contrast(a, b, test="paired", correction="bh"), stats.ttest_rel(a, b)
    np.testing.assert_allclose(found.t, expected.statistic)
    np.testing.assert_allclose(found.p, expected.pvalue)
    np.testing.assert_allclose(found.difference, (a - b).mean(axis=0))
    np.testing.assert_allclose(found.adjusted, stats.false_discovery_control(expected.pvalue))
    assert set(found.df) == {7}


def test_welch_is_that_of_scipy():
    a, b = matrices()
    found = contrast(a, b, test="welch", correction="bonferroni")
    expected = stats.ttest_ind(a, b, equal_var=False)
    np.testing.assert_allclose(found.t, expected.statistic)
    np.testing.assert_allclose(found.p, expected.pvalue)
    np.testing.assert_allclose(found.adjusted, np.minimum(5 * expected.pvalue, 1))


def test_a_closed_form():
    """Differences 1, 2, 3: mean 2, standard error 1 / sqrt(3)."""
    a = np.array([[1.0], [2.0], [3.0]])
    found = contrast(a, np.zeros((3, 1)), test="paired", correction="bonferroni")
    assert found.t[0] == pytest.approx(2 * np.sqrt(3))
    assert found.df[0] == 2


@pytest.mark.parametrize("test", ["paired", "welch"])
def test_undefined_values_and_columns(test):
    a, b = matrices()
    a[0, 0] = np.nan
    a[1:, 1] = np.nan
    a[:, 2] = b[:, 2] = 1
    found = contrast(a, b, test=test, correction="bonferroni")
    if test == "paired":
        assert found.p[0] == pytest.approx(stats.ttest_rel(a[1:, 0], b[1:, 0]).pvalue)
    assert np.isnan(found.p[[1, 2]]).all()
    assert found.difference[2] == 0
    np.testing.assert_allclose(found.adjusted[3:], np.minimum(3 * found.p[3:], 1))


def test_others_are_refused():
    a, b = matrices()
    with pytest.raises(ValueError, match="shapes"):
        contrast(a, b[:, :2], test="paired", correction="bh")
    with pytest.raises(ValueError, match="'sign'"):
        contrast(a, b, test="sign", correction="bh")
    with pytest.raises(ValueError, match="'holm'"):
        correct(np.array([0.1]), "holm")
