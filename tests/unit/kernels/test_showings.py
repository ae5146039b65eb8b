"""Repeated showings, against counting by hand."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.kernels.showings import (
    chronological_count,
    common_showings,
    lacking_showings,
    odd_and_even,
)

IMAGES = st.lists(st.sampled_from("abcde"), max_size=40)


@given(IMAGES)
def test_showings_are_counted(images):
    seen: Counter[str] = Counter()
    expected = []
    for image in images:
        expected.append(seen[image])
        seen[image] += 1
    shown = np.array(images, dtype="U1")
    assert chronological_count(shown).tolist() == expected
    assert odd_and_even(shown).tolist() == [count % 2 for count in expected]


@given(IMAGES)
def test_common_showings_are_as_many_for_all(images):
    shown = np.array(images, dtype="U1")
    kept = common_showings(shown)
    counts = Counter(images)
    fewest = min(counts.values(), default=0)
    assert Counter(shown[kept].tolist()) == Counter(dict.fromkeys(counts, fewest))
    assert (np.diff(kept) > 0).all()
    assert (chronological_count(shown)[kept] < fewest).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
def test_numbers_of_any_kind(dtype):
    assert chronological_count(np.array([0, 5, 0, 0, 5], dtype)).tolist() == [0, 0, 1, 2, 1]


def test_who_lacks_a_repetition():
    images = np.array(["a", "a", "b", "c", "c"])
    assert lacking_showings(images, np.array([0, 1, 0, 0, 1])).tolist() == ["b"]
    assert lacking_showings(images[[0, 1, 3, 4]], np.array([0, 1, 1, 0])).size == 0
    assert lacking_showings(images, odd_and_even(images)).tolist() == ["b"]
