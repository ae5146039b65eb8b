"""Areas and hubs of multi-view CCA."""

import pandas as pd
import pytest

from repalign.errors import RepalignError
from repalign.tables.hubs import (
    AREAS,
    HUB_NAMES,
    HUBS,
    ROIS,
    area_regions,
    control_names,
    hub_of,
    roi_areas,
)


def regions(*names: str) -> pd.DataFrame:
    rows = [(k + 180 * right, name) for right in (1, 0) for k, name in enumerate(names, start=1)]
    return pd.DataFrame(rows, columns=["roi", "name"])


def test_there_are_nineteen_regions_in_the_published_order():
    assert ROIS == (
        "MT", "MST", "V4t", "FST", "TPOJ2", "TPOJ3", "PHA1", "PHA2", "PHA3", "VMV1", "VMV2",
        "VMV3", "V1", "V2", "V3", "V4", "visual_cortex", "ventral_hub", "dorsal_hub",
    )  # fmt: skip
    assert sorted(area for areas in HUBS.values() for area in areas) == sorted(AREAS)
    assert set(HUB_NAMES) == set(HUBS)


def test_every_area_has_a_hub():
    assert {hub_of(area) for area in AREAS} == set(HUBS)
    assert hub_of("V3") == hub_of("visual_cortex") == "visual_cortex"


def test_areas_have_both_hemispheres_left_first():
    found = area_regions(regions("V2", "p24", "MST"))
    assert found == {"MST": [3, 183], "V2": [1, 181]}


def test_without_any_area_the_setting_is_named():
    with pytest.raises(RepalignError, match=r"nsd\.regions"):
        area_regions(regions("p24", "A1"))


def test_hubs_consist_of_the_areas_that_are_there():
    assert roi_areas(["V1", "MST", "V2"]) == {
        "MST": ["MST"],
        "V1": ["V1"],
        "V2": ["V2"],
        "visual_cortex": ["V1", "V2"],
        "dorsal_hub": ["MST"],
    }
    assert list(roi_areas(list(AREAS))) == list(ROIS)


def test_twelve_controls_are_in_the_order_of_their_files():
    names = control_names(tuple(HUBS))
    assert len(names) == 12
    files = [f"control_{name}.parquet" for name in names]
    assert files == sorted(files)
    assert names[:3] == ["biology", "biology_binary", "dorsal_hub_cca_1-3"]
    assert control_names([]) == ["biology", "biology_binary", "scene"]
