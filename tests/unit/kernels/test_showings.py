"""Repeated showings, against counting by hand."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.kernels.showings import (
    chronological_count,
    lacking_showings,
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


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
def test_numbers_of_any_kind(dtype):
    assert chronological_count(np.array([0, 5, 0, 0, 5], dtype)).tolist() == [0, 0, 1, 2, 1]


def test_who_lacks_a_repetition():
    images = np.array(["a", "a", "b", "c", "c"])
    assert lacking_showings(images, np.array([0, 1, 0, 0, 1])).tolist() == ["b"]
    assert lacking_showings(images[[0, 1, 3, 4]], np.array([0, 1, 1, 0])).size == 0
