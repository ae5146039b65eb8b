"""The small tables of a prepared dataset are read as they were meant."""

import pandas as pd
import pyarrow as pa
import pytest

from repalign.errors import RepalignError
from repalign.tables.parquet import write_table
from repalign.tables.prepared import (
    ALL_REGIONS,
    TRIAL_COLUMNS,
    read_regions,
    read_trials_table,
    roi_groups,
)


def regions(*ids: int) -> pd.DataFrame:
    return pd.DataFrame({"roi": ids})


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "regions.tsv"
    path.write_text(
        "roi\tname\themisphere\tarea\n"
        "181\t1\trh\tSomatosensory\n"
        "1\t1\tlh\tNA\n"
        "25\tNA\tlh\t007\n"
        "26\tnan\tlh\t1e3\n"
    )
    return path


def test_names_stay_text(table):
    frame = read_regions(table)
    assert frame["name"].tolist() == ["1", "NA", "nan", "1"]
    assert frame["area"].tolist() == ["NA", "007", "1e3", "Somatosensory"]


def test_regions_are_in_ascending_order(table):
    frame = read_regions(table)
    assert frame["roi"].tolist() == [1, 25, 26, 181]
    assert frame["hemisphere"].tolist() == ["lh", "lh", "lh", "rh"]
    assert frame.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "roi\tname\themisphere\n1\tV1\tlh\n",
        "roi,name,hemisphere,area\n1,V1,lh,a\n",
        "",
        "roi\tname\themisphere\tarea\nV1\tV1\tlh\ta\n",
        "roi\tname\themisphere\tarea\n1\tV1\tlh\ta\n1\tV1\tlh\ta\n",
    ],
    ids=["no column", "commas", "empty", "no number", "twice"],
)
def test_a_table_of_regions_that_is_none_is_said(tmp_path, text):
    path = tmp_path / "regions.tsv"
    path.write_text(text)
    with pytest.raises(RepalignError, match=r"regions\.tsv"):
        read_regions(path)


def test_missing_tables_are_said(tmp_path):
    with pytest.raises(RepalignError, match=r"gone\.tsv"):
        read_regions(tmp_path / "gone.tsv")
    with pytest.raises(RepalignError, match=r"gone\.parquet"):
        read_trials_table(tmp_path / "gone.parquet")


def test_a_missing_column_of_trials_is_named(tmp_path):
    path = tmp_path / "trials.parquet"
    columns = {name: [1] for name in TRIAL_COLUMNS if name != "repetition"}
    write_table(path, pa.table(columns), {})
    with pytest.raises(RepalignError, match="no column repetition"):
        read_trials_table(path)


def test_joined_regions_put_left_before_right():
    everything = roi_groups(regions(*ALL_REGIONS), joined=True)
    assert list(everything) == list(range(1, 181))
    assert everything[1] == [1, 181]
    assert everything[180] == [180, 360]


def test_a_subset_of_regions_keeps_its_ids():
    chosen = regions(1, 7, 180, 181, 360)
    assert roi_groups(chosen, joined=True) == {1: [1, 181], 7: [7], 180: [180, 360]}
    assert roi_groups(chosen, joined=False) == {k: [k] for k in (1, 7, 180, 181, 360)}


def test_a_right_region_alone_goes_by_the_id_of_its_area():
    assert roi_groups(regions(182, 190), joined=True) == {2: [182], 10: [190]}
