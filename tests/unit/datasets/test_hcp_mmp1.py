from pathlib import Path

import pandas as pd
import pytest

from repalign.datasets.hcp_mmp1 import (
    HCP_COLUMNS,
    hcp_table,
    read_hcp_table,
    regions_table,
    write_hcp_table,
    write_regions,
)
from repalign.errors import RepalignError

from .conftest import assert_error, nothing_left

RESOURCES = Path(__file__).parents[3] / "resources"
NAMES = RESOURCES / "hcp_mmp1.tsv"
AREAS = RESOURCES / "hcp_mmp1_areas.tsv"


@pytest.fixture(scope="module")
def hcp():
    return hcp_table(NAMES, AREAS)


def test_published_anchors(hcp):
    left = hcp[hcp.hemisphere == "lh"].set_index("name")
    anchors = {
        "V1": 0, "V2": 1, "V3": 2, "V6": 7, "MST": 24, "STSva": 64, "PI": 75, "TE1m": 89,
        "v23ab": 132, "a32pr": 141, "p24": 143,
    }  # fmt: skip
    assert {name: left.roi_order[name] for name in anchors} == anchors
    assert left.loc["V1", ["area", "area_color", "area_id"]].tolist() == [
        "Primary Visual", "#1f77b4", 0,
    ]  # fmt: skip
    first_five = hcp.name.tolist()[:5]
    assert first_five == ["V1", "MST", "V6", "V2", "V3"]


def test_shape_of_the_table(tmp_path, hcp):
    write_hcp_table(NAMES, AREAS, tmp_path / "hcp.csv")
    raw = pd.read_csv(tmp_path / "hcp.csv", dtype=str, keep_default_na=False)
    assert list(raw) == ["Unnamed: 0", *HCP_COLUMNS]
    assert raw["Unnamed: 0"].tolist() == [str(k) for k in range(360)]
    assert raw["roi"].tolist() == [str(k) for k in range(1, 361)]
    assert raw.loc[180, ["name", "atlas", "hemisphere", "mne_name"]].tolist() == [
        "V1", "rh.HCP_MMP1", "rh", "R_V1_ROI-rh",
    ]  # fmt: skip
    assert (raw[["description", "full_name", "other_names", "studies"]] == "").all(axis=None)
    assert sorted(hcp.roi_order[:180]) == list(range(180))
    assert hcp.roi_order[:180].tolist() == hcp.roi_order[180:].tolist()
    assert hcp.groupby("area_id").area.nunique().eq(1).all()
    assert hcp.mne_name.is_unique
    pd.testing.assert_frame_equal(read_hcp_table(tmp_path / "hcp.csv"), hcp, check_dtype=False)
    assert {"1", "2", "25", "46"} <= set(read_hcp_table(tmp_path / "hcp.csv").name)


def test_regions(tmp_path, hcp):
    table = regions_table(hcp, [181, 1, 4])
    assert table.roi.tolist() == [1, 4, 181]
    columns = ["roi", "name", "hemisphere", "area", "mne_name", "roi_order", "area_color"]
    assert list(table) == columns
    write_regions(hcp, [1], tmp_path / "regions.tsv")
    assert (tmp_path / "regions.tsv").read_text() == (
        "\t".join(columns) + "\n1\tV1\tlh\tPrimary Visual\tL_V1_ROI-lh\t0\t#1f77b4\n"
    )
    for wrong in ([361], [0, 1], []):
        with pytest.raises(RepalignError) as error:
            regions_table(hcp, wrong)
        assert_error(error.value, "nsd.regions", "1 to 360")


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("V2 V3 V4", "V2 V3", ("missing: V4",)),
        ("V2 V3 V4", "V2 V3 V4 V4", ("repeated: V4",)),
        ("V2 V3 V4", "V2 V3 V4 V9", ("unknown: V9",)),
        ("#ff7f0e\t4", "#ff7f0e\t5", ("column section",)),
        ("21\tDLPFC", "20\tDLPFC", ("column area_id",)),
        ("members", "who", ("no column members",)),
    ],
)
def test_broken_groupings(tmp_path, old, new, parts):
    text = AREAS.read_text()
    assert old in text
    (tmp_path / "areas.tsv").write_text(text.replace(old, new, 1))
    with pytest.raises(RepalignError) as error:
        write_hcp_table(NAMES, tmp_path / "areas.tsv", tmp_path / "hcp.csv")
    assert_error(error.value, tmp_path / "areas.tsv", *parts)
    assert nothing_left(tmp_path, "hcp.csv")


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (lambda t: t[::-1], "column roi"),
        (lambda t: t.assign(hemisphere=["rh"] * 180 + ["lh"] * 180), "column hemisphere"),
        (lambda t: t.assign(name=[*t.name[:359], "V1"]), "column name"),
    ],
)
def test_broken_names(tmp_path, edit, part):
    table = pd.read_csv(NAMES, sep="\t", dtype=str)
    edit(table).to_csv(tmp_path / "names.tsv", sep="\t", index=False)
    with pytest.raises(RepalignError) as error:
        hcp_table(tmp_path / "names.tsv", AREAS)
    assert_error(error.value, tmp_path / "names.tsv", part)
