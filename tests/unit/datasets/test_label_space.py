"""Labels on another grid keep their places; what is lost, turned or outside is noticed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import affine_transform

from repalign.datasets.label_space import (
    check_hemispheres,
    check_inside,
    check_lost,
    resample_labels,
)
from repalign.errors import RepalignError

SHAPE = (6, 5, 4)
EYE = np.eye(4)


@given(
    hnp.arrays(np.uint16, SHAPE, elements=st.integers(0, 380)),
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.floats(0.4, 2.5),
)
@settings(max_examples=60)
def test_resampling_is_scipys_nearest_neighbour(labels, shift, scale):
    target = np.diag([scale, 1 / scale, -1, 1.0])
    target[:3, 3] = np.array(shift) + 0.123
    found = resample_labels(labels, EYE, (7, 8, 9), target)
    expected = affine_transform(
        np.pad(labels, 1), target[:3, :3], target[:3, 3] + 1, (7, 8, 9), order=0, cval=0
    )  # fmt: skip
    # SciPy breaks ties otherwise; the offset of 0.123 makes them rare, not impossible.
    place = (
        np.einsum("ij,jxyz->ixyz", target[:3, :3], np.indices((7, 8, 9)))
        + target[:3, 3, None, None, None]
    )
    clear = (np.abs(place % 1 - 0.5) > 1e-5).all(axis=0)
    np.testing.assert_array_equal(found[clear], expected[clear])
    assert found.dtype == np.uint16


def test_the_same_grid_and_a_turned_one_lose_nothing():
    labels = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    np.testing.assert_array_equal(resample_labels(labels, EYE, SHAPE, EYE), labels)
    turned = np.diag([-1.0, 1, 1, 1])
    turned[0, 3] = SHAPE[0] - 1
    np.testing.assert_array_equal(resample_labels(labels, EYE, SHAPE, turned), labels[::-1])


def test_halfway_goes_to_the_larger_index_whatever_the_rounding():
    labels = np.arange(1, 5).reshape(4, 1, 1)
    for noise in (-1e-9, 0, 1e-9):
        target = EYE.copy()
        target[0, 3] = 0.5 + noise
        found = resample_labels(labels, EYE, (4, 1, 1), target).ravel()
        assert found.tolist() == [2, 3, 4, 0]


def sides() -> np.ndarray:
    labels = np.zeros(SHAPE, int)
    labels[:3], labels[3:] = 7, 190
    return labels


def test_hemispheres_are_told_by_the_header():
    check_hemispheres(sides(), EYE, "atlas")
    check_hemispheres(sides()[::-1], np.diag([-1.0, 1, 1, 1]), "atlas")
    for labels, affine in ((sides()[::-1], EYE), (sides(), np.diag([-1.0, 1, 1, 1]))):
        with pytest.raises(RepalignError, match="left labels around x"):
            check_hemispheres(labels, affine, "atlas")
    with pytest.raises(RepalignError, match="a hemisphere without a voxel"):
        check_hemispheres(np.where(sides() > 180, 0, 7), EYE, "atlas")


def test_half_of_the_atlas_must_lie_in_the_brain():
    brain = (sides() == 7).ravel(order="F")
    assert check_inside(sides(), brain, "atlas", "brain") == 0.5
    brain[0] = False
    with pytest.raises(RepalignError, match=r"49\.2 % of the labelled voxels in the brain"):
        check_inside(sides(), brain, "atlas", "brain")


def test_lost_labels_are_listed_up_to_a_share(caplog):
    before = np.arange(101).reshape(101, 1, 1)
    after = np.where(before <= 5, 0, before)
    assert check_lost(before, before, "atlas", 0.0) == []
    assert caplog.text == ""
    assert check_lost(before, after, "atlas", 0.05) == [1, 2, 3, 4, 5]
    assert "regions without a voxel: [1, 2, 3, 4, 5]" in caplog.text
    with pytest.raises(RepalignError, match="5 of 100 regions without a voxel"):
        check_lost(before, after, "atlas", 0.04)
    with pytest.raises(RepalignError, match=r"does not have: \[700\]"):
        check_lost(before, np.where(before == 9, 700, before), "atlas", 1.0)
