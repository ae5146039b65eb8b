"""Order, groups and names of regions, and the placement of labels."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.figures.regions import arrange, groups_of
from repalign.figures.style import spread

JOINED = [1, 2, 3, 4, 5, 6]


def test_joined_regions_follow_roi_order(regions):
    arranged = arrange(regions, JOINED, joined=True)
    assert [region.label for region in arranged] == ["V1", "V2", "V6", "MST", "MT", "4"]
    assert [region.index for region in arranged] == [0, 3, 2, 1, 5, 4]
    groups = groups_of(arranged)
    assert [(group.name, group.start, group.stop) for group in groups][3] == (
        "MT+ Visual Areas", 3, 5,
    )  # fmt: skip
    assert groups[3].middle == 3.5
    assert groups[3].color == "#2ca02c"


def test_separated_regions_are_left_then_right(regions):
    rois = regions["roi"].tolist()
    arranged = arrange(regions, rois, joined=False)
    assert [region.label for region in arranged[:2]] == ["L V1", "L V2"]
    assert [region.label for region in arranged[6:8]] == ["R V1", "R V2"]
    assert [region.roi for region in arranged[6:]] == [r.roi + 180 for r in arranged[:6]]
    assert len(groups_of(arranged)) == 10


def test_without_order_and_colours_groups_stay_together(regions):
    plain = regions.drop(columns=["roi_order", "area_color"])
    arranged = arrange(plain, regions["roi"].tolist(), joined=False)
    labels = [region.label for region in arranged]
    assert labels[:6] == ["L V1", "L MST", "L MT", "L V6", "L V2", "L 4"]
    assert [label[2:] for label in labels[6:]] == [label[2:] for label in labels[:6]]
    assert len({region.color for region in arranged}) == 5


def test_joined_area_of_the_right_hemisphere_alone(regions):
    right = regions[regions["hemisphere"] == "rh"]
    arranged = arrange(right, JOINED, joined=True)
    assert arranged[0].label == "V1"


def test_unknown_regions_are_refused(regions):
    with pytest.raises(RepalignError, match="no region 99"):
        arrange(regions, [1, 99], joined=True)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], []),
        ([50], [50]),
        ([10, 40, 80], [10, 40, 80]),
        ([50, 50], [45, 55]),
        ([0, 0, 100], [0, 10, 100]),
        ([98, 99, 100], [80, 90, 100]),
    ],
)
def test_labels_move_as_little_as_possible(wanted, expected):
    np.testing.assert_allclose(spread(wanted, 10, 0, 100), expected)


def test_labels_never_overlap():
    wanted = np.sort(np.random.default_rng(0).uniform(0, 1000, 44))
    placed = spread(wanted.tolist(), 20, 0, 1000)
    assert np.diff(placed).min() >= 20 - 1e-9
    assert placed.min() >= 0
    assert placed.max() <= 1000
