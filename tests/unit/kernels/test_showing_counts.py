"""Counts of showings, those of NSD's own design included."""

from collections import Counter

import numpy as np
import pytest

from repalign.kernels.showing_counts import showings


def test_counts_are_those_of_a_counter():
    rng = np.random.default_rng(0)
    images = np.array([9, 2, 5, 7, 40])
    shown = rng.choice([2, 5, 7, 9, 11], 30)
    times = Counter(shown.tolist())
    found = showings(shown, images, planned=8)
    for k, count in enumerate(found.counts):
        assert count == sum(times[image] == k for image in images.tolist())
    assert found.missing == sum(max(8 - times[image], 0) for image in images.tolist())


@pytest.mark.parametrize(
    ("three", "two", "one", "none", "trials"),
    [(1000, 0, 0, 0, 3000), (614, 213, 103, 70, 2371), (515, 251, 141, 93, 2188)],
)
def test_known_subjects_of_nsd(three, two, one, none, trials):
    times = np.repeat([3, 2, 1, 0], [three, two, one, none])
    shown = np.repeat(np.arange(1000), times)
    found = showings(shown, np.arange(1000), planned=3)
    assert found.counts.tolist() == [none, one, two, three]
    assert found.missing == 3000 - trials == 3000 - len(shown)


def test_nothing_shown_and_wrong_plans():
    found = showings(np.array([], dtype=int), np.array([4, 5]), planned=2)
    assert found.counts.tolist() == [2, 0, 0]
    assert found.missing == 4
    with pytest.raises(ValueError, match="2 images, 1 different"):
        showings(np.array([1]), np.array([1, 1]), planned=1)
