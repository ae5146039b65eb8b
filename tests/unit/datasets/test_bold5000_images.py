"""The index of BOLD5000's images: from the real order of presentation, and refused lists."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path

import pytest

from repalign.datasets.bold5000_images import (
    bold5000_images,
    check_real_bold5000,
    read_presentations,
    source_of,
)
from repalign.errors import RepalignError

EVENTS = Path(__file__).parents[2] / "data/bold5000_events.tsv.gz"
BELOW = "pictures"


def write_lists(folder: Path, runs: dict[tuple[int, int, int], list[str]]) -> Path:
    """Write presentation lists by subject, session and run."""
    for (subject, session, run), names in runs.items():
        place = folder / f"CSI{subject}" / f"CSI{subject}_sess{session:02d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"CSI{subject}_sess{session:02d}_run{run:02d}.txt").write_text(
            "".join(f"{name}\n" for name in names)
        )
    return folder


@pytest.fixture(scope="module")
def events() -> list[dict[str, str]]:
    """What each subject was shown, from the public events of the dataset."""
    with gzip.open(EVENTS, "rt", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def real(events, tmp_path_factory) -> Path:
    """The real order of images, written as the presentation lists have it."""
    runs: dict[tuple[int, int, int], list[str]] = {}
    for row in events:
        key = (int(row["sub"][-1]), int(row["ses"]), int(row["run"]))
        mark = "rep_" if row["ImgType"].startswith("rep_") else ""
        runs.setdefault(key, []).append(mark + row["ImgName"])
    return write_lists(tmp_path_factory.mktemp("real"), runs)


def test_the_real_order_gives_the_known_counts(real, events):
    presentations = read_presentations(real)
    images = bold5000_images(presentations, BELOW)
    check_real_bold5000(presentations, images)
    assert len(presentations) == 18_870
    assert len(images) == 4_916
    assert images["stim_source"].value_counts().to_dict() == {
        "coco": 2000,
        "imagenet": 1916,
        "scenes": 1000,
    }
    # 113 images are shown more than once to the first subject.
    shown = Counter(row.image_name for row in presentations if row.subject == 1)
    assert sum(n > 1 for n in shown.values()) == 113
    assert [row.image_name for row in presentations] == [row["ImgName"] for row in events]


def test_ids_of_the_real_images_are_sparse_and_those_of_first_showings(real, events):
    images = bold5000_images(read_presentations(real), BELOW)
    ids = images["bold_id"].to_numpy()
    # All images are seen by the first subject, in its 5,254 trials.
    assert ids[0] == 0
    assert ids.max() < 5_254
    assert (ids[1:] > ids[:-1]).all()
    assert (ids != range(len(ids))).any()
    names = [row["ImgName"] for row in events]
    assert [names[k] for k in ids] == images["image_name"].to_list()
    assert [names.index(name) for name in images["image_name"][::97]] == ids[::97].tolist()


def test_sources_by_name_are_those_that_the_real_events_tell(events):
    told = {row["ImgName"]: row["ImgType"].removeprefix("rep_") for row in events}
    assert {name: source_of(name) for name in told} == told


def test_order_prefix_and_paths(tmp_path):
    lists = write_lists(
        tmp_path,
        {
            (2, 1, 1): ["b room1.JPG", "n0123_4.JPEG"],
            (1, 1, 2): ["rep_b room1.JPG"],
            (1, 1, 1): ["rep_COCO_train2014_000000000009.jpg", "", "  b room1.JPG  "],
            (1, 2, 1): ["COCO_train2014_000000000009.jpg", "pier.jpeg"],
        },
    )
    (lists / "CSI1/notes.txt").write_text("not a list\n")
    images = bold5000_images(read_presentations(lists), "a/b")
    assert list(images.columns) == ["bold_id", "image_name", "stim_source", "image_path"]
    assert images.to_numpy().tolist() == [
        [0, "COCO_train2014_000000000009.jpg", "coco",
         "a/b/COCO/COCO_train2014_000000000009.jpg"],
        [1, "b room1.JPG", "scenes", "a/b/Scene/b room1.JPG"],
        [4, "pier.jpeg", "scenes", "a/b/Scene/pier.jpeg"],
        [6, "n0123_4.JPEG", "imagenet", "a/b/ImageNet/n0123_4.JPEG"],
    ]  # fmt: skip


def test_runs_are_ordered_by_number(tmp_path):
    place = tmp_path / "CSI1/CSI1_sess01"
    place.mkdir(parents=True)
    for run in range(1, 12):
        (place / f"CSI1_sess01_run{run}.txt").write_text(f"image{run:02d}.jpg\n")
    found = read_presentations(tmp_path)
    assert [item.run for item in found] == list(range(1, 12))
    assert found[-1].image_name == "image11.jpg"


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ({}, "no CSI<subject>"),
        ({(1, 2, 1): ["a.jpg"]}, r"\[2\]"),
        ({(1, 1, 1): ["a.jpg"], (1, 1, 3): ["b.jpg"]}, r"\[1, 3\]"),
        ({(1, 1, 1): []}, "an empty list"),
    ],
)
def test_lists_with_gaps_are_refused(tmp_path, runs, found):
    with pytest.raises(RepalignError, match=found):
        read_presentations(write_lists(tmp_path, runs))


def test_two_files_of_one_run_are_refused(tmp_path):
    lists = write_lists(tmp_path, {(1, 1, 1): ["a.jpg"]})
    (lists / "CSI1/CSI1_sess01/copy_run1.txt").write_text("a.jpg\n")
    with pytest.raises(RepalignError, match=r"\[1, 1\]"):
        read_presentations(lists)


@pytest.mark.parametrize("other", ["A.jpg", "a.jpeg"])
def test_images_that_results_could_not_tell_apart_are_refused(tmp_path, other):
    presentations = read_presentations(write_lists(tmp_path, {(1, 1, 1): ["a.jpg", other]}))
    with pytest.raises(RepalignError, match=f"a.jpg and {other}"):
        bold5000_images(presentations, BELOW)


def test_lists_that_are_no_text_are_refused(tmp_path):
    lists = write_lists(tmp_path, {(1, 1, 1): ["a.jpg"]})
    next(lists.rglob("*.txt")).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RepalignError, match="unreadable"):
        read_presentations(lists)


def test_other_counts_than_the_real_ones_are_refused(real):
    presentations = read_presentations(real)
    with pytest.raises(RepalignError, match="4: 3107"):
        check_real_bold5000(presentations[:-1], bold5000_images(presentations, BELOW))
    images = bold5000_images(presentations, BELOW)
    with pytest.raises(RepalignError, match="'coco': 1999"):
        check_real_bold5000(presentations, images[images["image_name"] != images["image_name"][3]])
