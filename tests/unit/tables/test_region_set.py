"""Regions of HCP-MMP1 and regions that a dataset brings: numbered, selected, written, grouped."""

import pytest

from repalign.errors import RepalignError
from repalign.figures.regions import arrange
from repalign.tables.prepared import read_regions, region_labels, roi_groups
from repalign.tables.region_set import Region, RegionSet, write_own_regions

OWN = [
    Region("V1v", "retinotopic"),
    Region("V1", "cortex", "lh"),
    Region("FFA1", "face"),
    Region("NA", "face"),
    Region("V1", "cortex", "rh"),
]


@pytest.fixture
def own():
    return RegionSet.of_dataset(OWN, where="rois/")


def written(path, regions: RegionSet):
    columns = regions.params()
    write_own_regions(path, rois=columns.pop("regions"), **columns)
    return read_regions(path)


def test_both_hemispheres_of_areas_left_first():
    regions = RegionSet.of_hcp([7, 2, 7])
    assert regions.rois == (2, 7, 182, 187)
    assert regions.joined == [2, 7]
    own = {name: [] for name in ("names", "areas", "sides", "joined")}
    assert regions.params() == {"regions": [2, 7, 182, 187], **own}


def test_own_regions_are_numbered_in_their_order(own):
    assert own.rois == (1, 2, 3, 4, 5)
    assert own.joined_ids == (1, 2, 3, 4, 2)
    assert own.joined == [1, 2, 3, 4]


def test_a_selection_keeps_the_ids_of_all(own):
    assert own.select("all", where="") is own
    faces = own.select(["face"], where="")
    assert (faces.rois, faces.joined) == ((3, 4), [3, 4])
    assert own.select(["V1", "V1v"], where="").rois == (1, 2, 5)


@pytest.mark.parametrize("wanted", [["V2"], [], ["V1", "lh"]])
def test_a_selection_of_what_is_not_there_is_refused(own, wanted):
    with pytest.raises(RepalignError, match="V1v, V1, FFA1, NA") as caught:
        own.select(wanted, where="laion.regions")
    assert caught.value.where == "laion.regions"


@pytest.mark.parametrize(
    ("regions", "found"),
    [
        ([], "0 regions"),
        ([Region("a"), Region("b"), Region("a")], "region 'a' twice"),
        ([Region("a", hemisphere="lh"), Region("a", hemisphere="lh")], "region 'a' twice"),
        ([Region("a", hemisphere="lh"), Region("a")], "region 'a' twice"),
        ([Region("")], "a region named ''"),
        ([Region("--help")], "a region named '--help'"),
        ([Region("a\tb")], r"a region named 'a\\tb'"),
    ],
)
def test_lists_that_are_none_are_refused(regions, found):
    with pytest.raises(RepalignError, match=found):
        RegionSet.of_dataset(regions, where="rois/")


def test_the_written_table_says_which_regions_belong_together(own, tmp_path):
    table = written(tmp_path / "regions.tsv", own)
    assert table["name"].tolist() == ["V1v", "V1", "FFA1", "NA", "V1"]
    assert table["hemisphere"].tolist() == ["", "lh", "", "", "rh"]
    assert roi_groups(table, joined=True) == {1: [1], 2: [2, 5], 3: [3], 4: [4]}
    assert roi_groups(table, joined=False) == {k: [k] for k in range(1, 6)}


def test_more_own_regions_than_areas_of_the_atlas_stay_apart(tmp_path):
    many = RegionSet.of_dataset([Region(f"r{k}") for k in range(400)], where="")
    table = written(tmp_path / "regions.tsv", many)
    assert roi_groups(table, joined=True) == {k: [k] for k in range(1, 401)}


def test_labels_follow_the_groups(own, tmp_path):
    table = written(tmp_path / "regions.tsv", own)
    for joined in (True, False):
        labels = region_labels(table, joined=joined)
        assert labels.index.tolist() == list(roi_groups(table, joined=joined))
        assert set(labels["mne_name"]) == {""}
    assert region_labels(table, joined=True)["name"].tolist() == ["V1v", "V1", "FFA1", "NA"]


def test_figures_draw_regions_without_hemispheres(own, tmp_path):
    table = written(tmp_path / "regions.tsv", own)
    drawn = arrange(table, [1, 2, 3, 4], joined=True)
    assert [region.label for region in drawn] == ["V1v", "V1", "FFA1", "NA"]
    assert [region.group for region in drawn] == ["retinotopic", "cortex", "face", "face"]
    apart = arrange(table, [1, 2, 3, 4, 5], joined=False)
    assert [region.label for region in apart] == ["V1v", "FFA1", "NA", "L V1", "R V1"]
