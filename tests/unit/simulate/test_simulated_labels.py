"""Objects beside the square, and the labels that follow by every rule."""

import json

import pandas as pd
import pytest

from repalign.datasets.coco_objects import objects_table, read_instances
from repalign.datasets.nsd_coco import SPLITS, read_nsd_pictures
from repalign.simulate.coco import write_coco
from repalign.simulate.coco_beside import write_beside
from repalign.simulate.labels import write_labels
from repalign.simulate.render import render
from repalign.simulate.scenes import make_scene

from .coco_pictures import stimulus_rows

SEED, SIZE, N_IMAGES = 8, 48, 300


def stimuli() -> pd.DataFrame:
    return stimulus_rows(N_IMAGES, 1)


@pytest.fixture(scope="module")
def truth():
    scenes = [make_scene(SEED, number) for number in range(N_IMAGES)]
    return scenes, [render(scene, SIZE, SEED)[1] for scene in scenes]


@pytest.fixture(scope="module")
def folder(truth, tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    listed = write_coco(folder, *truth, stimuli(), SIZE, SEED, beside_share=0.4)
    stimuli().to_csv(folder / "info.csv")
    ids = dict(zip(stimuli()["cocoId"].tolist(), range(N_IMAGES), strict=True))
    write_labels(folder / "labels.tsv", listed, ids)
    write_beside(folder / "objects_beside.tsv", listed, ids)
    return folder


@pytest.fixture(scope="module")
def labels(folder):
    return pd.read_csv(folder / "labels.tsv", sep="\t")


@pytest.fixture(scope="module")
def objects(folder):
    """All objects as the workflow reads them."""
    pictures = read_nsd_pictures(folder / "info.csv")
    files = read_instances([folder / f"instances_{split}.json" for split in SPLITS], pictures)
    return objects_table(files, pictures).to_pandas()


def content(folder, split):
    return json.loads((folder / f"instances_{split}.json").read_text())


def chosen(labels, lookup, rule, *, crowds):
    rows = labels[labels["id_lookup"] == lookup]
    rows = rows[(rows["rule"] == rule) & (rows["crowds"] == crowds)]
    assert rows["nsd_id"].tolist() == list(range(N_IMAGES))
    return rows.set_index("nsd_id")


def largest(frame, column):
    """The first of the largest, image by image."""
    place = frame.groupby("nsd_id")[column].idxmax()
    return frame.loc[place].set_index("nsd_id")


@pytest.mark.parametrize("crowds", [True, False])
@pytest.mark.parametrize(("rule", "column"), [("largest_instance", "area"),
                                              ("in_crop", "shown_area")])  # fmt: skip
def test_labels_of_the_largest_object(objects, labels, rule, column, crowds):
    frame = objects[(objects["shown_area"] > 0) | (rule != "in_crop")]
    frame = frame[crowds | ~frame["crowd"]].astype({"supercategory": str, "category": str})
    expected = largest(frame, column).reindex(range(N_IMAGES))
    rows = chosen(labels, "stim_info", rule, crowds=crowds)
    for name in ("supercategory", "category"):
        assert rows[name].tolist() == expected[name].fillna("unknown").tolist()


@pytest.mark.parametrize("crowds", [True, False])
@pytest.mark.parametrize("level", ["supercategory", "category"])
def test_labels_of_the_largest_sum(objects, labels, level, crowds):
    frame = objects[crowds | ~objects["crowd"]].astype({level: str})
    sums = frame.groupby(["nsd_id", level], sort=False)["area"].sum().reset_index()
    expected = largest(sums, "area")[level].reindex(range(N_IMAGES)).fillna("unknown")
    rows = chosen(labels, "stim_info", "largest_category_sum", crowds=crowds)
    assert rows[level].tolist() == expected.tolist()


def test_labels_by_place_in_the_list_are_of_other_pictures(folder, labels):
    """What joining the files with new numbers gives: place k for the image with number k + 1."""
    joined = [content(folder, split) for split in SPLITS]
    order = [entry["id"] for file in joined for entry in file["images"]]
    names = {entry["id"]: entry for file in joined for entry in file["categories"]}
    best: dict[int, dict] = {}
    for file in joined:
        for entry in file["annotations"]:
            found = best.get(entry["image_id"])
            if found is None or entry["area"] > found["area"]:
                best[entry["image_id"]] = entry
    expected = []
    for number in range(1, N_IMAGES + 1):
        entry = best.get(order[number])
        expected.append("unknown" if entry is None else names[entry["category_id"]]["name"])
    rows = chosen(labels, "list_position", "largest_instance", crowds=True)
    assert rows["category"].tolist() == expected
    right = chosen(labels, "stim_info", "largest_instance", crowds=True)
    assert (rows["category"] == right["category"]).mean() < 0.3


def test_every_case_that_labels_depend_on_occurs(objects, labels, truth):
    whole = chosen(labels, "stim_info", "largest_instance", crowds=True)["category"]
    unknown = whole == "unknown"
    assert 0 < unknown.sum() < 15
    in_crop = chosen(labels, "stim_info", "in_crop", crowds=True)["category"]
    assert 0 < ((in_crop == "unknown") & ~unknown).sum() < 15
    assert ((in_crop != whole) & (in_crop != "unknown")).sum() > 20
    summed = chosen(labels, "stim_info", "largest_category_sum", crowds=True)["category"]
    assert (summed != whole).sum() > 3
    singly = chosen(labels, "stim_info", "largest_category_sum", crowds=False)["category"]
    assert (singly != summed).sum() > 3
    # Two objects of different kinds are equally large, and larger than all others.
    tied = objects[objects["area"] == objects.groupby("nsd_id")["area"].transform("max")]
    ties = tied.groupby("nsd_id")["category"].nunique()
    images = ties.index[ties > 1]
    assert len(images) > 5
    beside_first = [not tied[tied["nsd_id"] == k]["shown_area"].iloc[0] for k in images]
    assert 0 < sum(beside_first) < len(images)


def test_the_crop_removes_what_is_listed_as_removed(folder, objects, truth):
    listed = pd.read_csv(folder / "objects_beside.tsv", sep="\t")
    removed = objects[objects["shown"] == 0]
    found = sorted(zip(removed["nsd_id"], removed["category_id"], strict=True))
    assert found == list(zip(listed["nsd_id"], listed["category_id"], strict=True))
    kept = objects[(objects["shown"] > 0) & ~objects["crowd"]]
    expected = [(s.number, t.category) for s in truth[0] for t in s.objects]
    assert list(zip(kept["nsd_id"], kept["category"], strict=True)) == expected
    assert not removed["supercategory"].isin(["person", "animal"]).any()
    inside = (removed["x"] >= 0) & (removed["y"] >= 0)
    inside &= removed["x"] + removed["width"] <= removed["picture_width"] + 0.01
    inside &= removed["y"] + removed["height"] <= removed["picture_height"] + 0.01
    assert inside.all()


def test_nothing_else_depends_on_the_objects_beside(folder, truth, tmp_path):
    """Numbers and content of all else are the same without them, and the order in a picture."""
    write_coco(tmp_path, *truth, stimuli(), SIZE, SEED)
    for kind in ("captions", "person_keypoints"):
        for split in SPLITS:
            name = f"{kind}_{split}.json"
            assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    n_added = 0
    for split in SPLITS:
        without, whole = content(tmp_path, split), content(folder, split)
        assert whole["images"] == without["images"]
        known = {entry["id"] for entry in without["annotations"]}
        kept = [entry for entry in whole["annotations"] if entry["id"] in known]
        for image in whole["images"]:
            own, before = (
                [entry for entry in entries if entry["image_id"] == image["id"]]
                for entries in (kept, without["annotations"])
            )
            assert own == before
        n_added += len(whole["annotations"]) - len(kept)
    assert n_added == len((folder / "objects_beside.tsv").read_text().splitlines()) - 1 > 50
