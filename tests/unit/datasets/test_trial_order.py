"""Trial order of BOLD5000 and THINGS-fMRI: every wrong list, event file and index is refused."""

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.bids_events import read_events
from repalign.datasets.bold5000_images import (
    Presentation,
    bold5000_images,
    check_pictures,
    read_presentations,
)
from repalign.datasets.bold5000_index import IMAGES, images_table
from repalign.datasets.bold5000_index import captions_index as bold5000_captions
from repalign.datasets.bold5000_trials import (
    bold5000_trials,
    read_bold5000_events,
    read_bold5000_images,
    read_order,
    shown_to,
)
from repalign.datasets.things_images import read_things_images
from repalign.datasets.things_index import captions_index as things_captions
from repalign.datasets.things_index import categories_index
from repalign.datasets.things_trials import (
    read_stimulus_metadata,
    read_things_events,
    things_stimuli,
    things_trials,
)
from repalign.datasets.trial_table import trials_of_presentations
from repalign.errors import RepalignError

from .conftest import assert_error

NAMES = ["COCO_train2014_000000000001.jpg", "n01440764_1.JPEG", "HorseRaceTrack1.jpg", "pier2.jpg"]


def lists(folder, subjects=(1, 2), sessions=2, runs=2):
    """Two subjects, two sessions of two runs of three trials, in orders of their own."""
    rng = np.random.default_rng(0)
    for s in subjects:
        for session in range(1, sessions + 1):
            place = folder / f"CSI{s}" / f"CSI{s}_sess{session:02d}"
            place.mkdir(parents=True)
            for run in range(1, runs + 1):
                names = rng.permutation(NAMES)[:3]
                (place / f"CSI_sess{session:02d}_run{run:02d}.txt").write_text("\n".join(names))
    return folder


def image_index(folder, names=NAMES):
    shown = [Presentation(1, 1, 1, name) for name in names]
    path = folder / "images.csv"
    bold5000_images(shown, "x").to_csv(path, index=False)
    return read_bold5000_images(path)


def test_repetitions_are_counted_whatever_the_prefix_says(tmp_path):
    lists(tmp_path)
    images = image_index(tmp_path)
    before = bold5000_trials(shown_to(read_order([tmp_path], []), {1: 2, 2: 2}), images)
    for path in tmp_path.rglob("*.txt"):
        path.write_text("".join(f"rep_{line}\n" for line in path.read_text().split("\n")))
    after = bold5000_trials(shown_to(read_order([tmp_path], []), {1: 2, 2: 2}), images)
    pd.testing.assert_frame_equal(before, after)
    counts = before.groupby(["subject", "stimulus"])["repetition"]
    assert (counts.max() == counts.size() - 1).all()
    assert before["session_trial"].tolist() == [*range(6)] * 4


def test_a_subject_or_session_that_is_declared_and_not_there_is_an_error(tmp_path):
    presentations = read_presentations(lists(tmp_path))
    for sessions, parts in (
        ({1: 2, 3: 2}, ("no trial of subject(s) [3] (found: [1])", "subjects [1, 3]")),
        ({1: 2, 2: 3}, ("2 sessions of subject 2", "3", "bold5000.sessions")),
    ):
        with pytest.raises(RepalignError) as error:
            shown_to(presentations, sessions)
        assert_error(error.value, *parts)
    assert shown_to(presentations, {1: 1, 2: 2}).groupby("subject").size().tolist() == [6, 12]


@pytest.mark.parametrize(
    ("drop", "parts"),
    [
        (lambda p: p.session == 1, ("sessions [2]", "subject 1")),
        (lambda p: (p.session, p.run) == (2, 1), ("runs [2]", "subject 1, session 2")),
    ],
)
def test_a_gap_in_the_order_is_an_error(tmp_path, drop, parts):
    kept = [p for p in read_presentations(lists(tmp_path)) if not drop(p)]
    with pytest.raises(RepalignError) as error:
        shown_to(kept, {1: 2, 2: 2})
    assert_error(error.value, *parts)


def test_images_that_do_not_resolve_are_named(tmp_path):
    shown = shown_to(read_presentations(lists(tmp_path / "lists")), {1: 2, 2: 2})
    images = image_index(tmp_path, NAMES[:3])
    with pytest.raises(RepalignError) as error:
        bold5000_trials(shown, images)
    assert_error(error.value, "images that are not there", "pier2.jpg", "subject 1, session 1")
    (tmp_path / "COCO").mkdir()
    (tmp_path / "COCO" / NAMES[0]).touch()
    with pytest.raises(RepalignError) as error:
        check_pictures(images, tmp_path)
    assert_error(error.value, tmp_path, f"ImageNet/{NAMES[1]}", "2 of 3 pictures missing")


def test_capitals_and_suffixes_do_not_matter_and_ids_must_ascend(tmp_path):
    images = image_index(tmp_path, ["HorseRaceTrack1.jpg", "pier2.JPEG"])
    shown = [Presentation(1, 1, 1, "horseracetrack1.JPG"), Presentation(1, 1, 1, "pier2.jpg")]
    assert bold5000_trials(shown_to(shown, {1: 1}), images)["stimulus"].tolist() == [0, 1]
    table = pd.read_csv(tmp_path / "images.csv")
    for changed, part in (
        (table[::-1], "do not ascend"),
        (table.assign(image_name="a.jpg"), "a twice"),
        (table.drop(columns="stim_source"), "no column stim_source"),
    ):
        changed.to_csv(tmp_path / "images.csv", index=False)
        with pytest.raises(RepalignError) as error:
            read_bold5000_images(tmp_path / "images.csv")
        assert_error(error.value, part, "images.csv")


def test_the_table_of_images_has_the_dense_number(tmp_path):
    shown = [Presentation(1, 1, 1, name) for name in (NAMES[0], NAMES[0], NAMES[2])]
    bold5000_images(shown, "x").to_csv(tmp_path / "i.csv", index=False)
    table = images_table(read_bold5000_images(tmp_path / "i.csv"))
    assert table.schema.equals(IMAGES)
    assert table.to_pydict()["bold_id"] == [0, 2]
    assert table.to_pydict()["bold_position"] == [0, 1]


def write_events(folder, rows, name="sub-CSI1_ses-01_task-5000scenes_run-01_events.tsv"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    pd.DataFrame(rows, columns=["onset", "ImgName", "ImgType"]).to_csv(path, sep="\t", index=False)
    return path


EVENTS = [(6.0, NAMES[0], "rep_coco"), (16.0, NAMES[1], "imagenet"), (26.0, NAMES[2], "scenes")]


def test_events_are_ordered_by_subject_session_and_run(tmp_path):
    paths = [
        write_events(tmp_path, EVENTS, f"sub-CSI{s}_ses-{k:02d}_task-x_run-{r:02d}_events.tsv")
        for s, k, r in ((2, 1, 1), (1, 10, 2), (1, 2, 1), (1, 10, 1))
    ]
    table = read_events(paths, ("ImgName",))
    found = table[["subject", "session", "run"]].drop_duplicates().to_numpy().tolist()
    assert found == [[1, 2, 1], [1, 10, 1], [1, 10, 2], [2, 1, 1]]
    assert read_bold5000_events(paths[2:3])[0] == Presentation(1, 2, 1, NAMES[0])


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ([EVENTS[0], EVENTS[1], EVENTS[1]], ("onset 16.0 after 16.0", "data row 3")),
        ([EVENTS[1], EVENTS[0]], ("onset 6.0 after 16.0", "data row 2")),
        ([(6.0, NAMES[0], "scenes")], ("ImgType scenes", "coco", "session 1")),
        ([("x", NAMES[0], "coco")], ("cannot be read", "number as onset")),
    ],
)
def test_wrong_events_are_refused(tmp_path, rows, parts):
    path = write_events(tmp_path, rows)
    with pytest.raises(RepalignError) as error:
        read_bold5000_events([path])
    assert_error(error.value, *parts)


def test_event_files_that_do_not_say_their_run_or_say_it_twice_are_refused(tmp_path):
    path = write_events(tmp_path, EVENTS)
    again = write_events(tmp_path / "again", EVENTS)
    other = write_events(tmp_path, EVENTS, "events.tsv")
    short = tmp_path / "sub-CSI1_ses-01_task-5000scenes_run-02_events.tsv"
    short.write_text("onset\tImgName\n1\ta\n")
    lost = tmp_path / path.name.replace("run-01", "run-03")
    for paths, part in (
        ([path, again], "a second time"),
        ([other], "without subject"),
        ([short], "no column ImgType"),
        ([lost], "cannot be read"),
    ):
        with pytest.raises(RepalignError) as error:
            read_bold5000_events(paths)
        assert_error(error.value, part)


def things_tables(folder, n=6):
    """Metadata of a subject, and images of two concepts."""
    names = [f"{concept}_{k:02d}s" for concept in ("aardvark", "zebra") for k in (1, 2, 3)]
    images = pd.DataFrame(
        {
            "things_id": range(6),
            "image_name": names,
            "category": [name.split("_")[0] for name in names],
            "category_id": [3, 3, 3, 300, 300, 300],
            "image_category_index": [1, 2, 3] * 2,
            "image_path": [f"p/{name}.jpg" for name in names],
        }
    )
    metadata = pd.DataFrame(
        {
            "trial_type": (["train"] * 2 + ["test"]) * 2,
            "session": [1, 1, 1, 2, 2, 2],
            "run": 1,
            "subject_id": 1,
            "trial_id": range(6),
            "stimulus": [f"{names[k]}.jpg" for k in (0, 4, 5, 2, 3, 5)],
        }
    )
    images.to_csv(folder / "images.csv", index=False)
    metadata.to_csv(folder / "metadata.csv", index=False)
    return folder / "metadata.csv", folder / "images.csv"


def test_things_trials_and_stimuli(tmp_path):
    metadata, images = things_tables(tmp_path)
    shown, index = read_stimulus_metadata([metadata], [1]), read_things_images(images)
    trials = things_trials(shown, index)
    assert trials["stimulus"].tolist() == [0, 4, 5, 2, 3, 5]
    assert trials["repetition"].tolist() == [0, 0, 0, 0, 0, 1]
    assert trials["session_trial"].tolist() == [0, 1, 2, 0, 1, 2]
    stimuli = things_stimuli(shown, index)
    assert stimuli["subset"].tolist() == ["train", "", "train", "train", "train", "test"]
    assert stimuli["category_id"].tolist() == [3, 3, 3, 300, 300, 300]


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda t: pd.concat([t, t[-1:]]), ("trial_id 5 a second time", "data row 7")),
        (lambda t: t.drop(index=2), ("trial_id 3", "data row 3", "trial_id 2")),
        (lambda t: t.assign(subject_id=2), ("subject 2", "subject 1")),
        (lambda t: t.assign(session=[1, 1, 1, 3, 3, 3]), ("sessions [1, 3]", "things.subjects")),
        (lambda t: t.assign(run=[1, 1, 2, 1, 2, 1]), ("runs [1, 2, 1]", "session 2")),
        (lambda t: t.drop(columns="stimulus"), ("no column stimulus",)),
        (lambda t: t[:0], ("no row",)),
    ],
)
def test_wrong_stimulus_metadata_are_refused(tmp_path, change, parts):
    path, _ = things_tables(tmp_path)
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(RepalignError) as error:
        read_stimulus_metadata([path], [1])
    assert_error(error.value, *parts)


def test_wrong_images_of_things_are_refused(tmp_path):
    metadata, path = things_tables(tmp_path)
    shown, table = read_stimulus_metadata([metadata], [1]), pd.read_csv(path)
    lost = table[table.image_name != "zebra_02s"].assign(things_id=range(5))
    for changed, part in (
        (table[1:], "other ids"),
        (table.assign(image_name="a"), "a twice"),
        (table.drop(columns="category"), "no column category"),
        (lost, "1 presentations of images that are not there, first zebra_02s"),
    ):
        changed.to_csv(path, index=False)
        with pytest.raises(RepalignError) as error:
            things_trials(shown, read_things_images(path))
        assert_error(error.value, part)
    both = shown.assign(trial_type=["train"] * 5 + ["test"])
    with pytest.raises(RepalignError, match="as both types"):
        things_stimuli(both, table)


def test_events_of_things_leave_catch_trials_out(tmp_path):
    path = tmp_path / "sub-01_ses-things01_task-things_run-01_events.tsv"
    rows = [("1", "exp", "zebra/zebra_01s.jpg"), ("2", "catch", "c.jpg"), ("3", "test", "a/a.jpg")]
    table = pd.DataFrame(rows, columns=["onset", "trial_type", "file_path"])
    table.to_csv(path, sep="\t", index=False)
    shown = read_things_events([path], [1])
    assert shown["image_name"].tolist() == ["zebra_01s", "a"]
    assert shown["trial_type"].tolist() == ["train", "test"]
    with pytest.raises(RepalignError, match=r"no trial of subject\(s\) \[2\]"):
        read_things_events([path], [1, 2])
    table.assign(trial_type="probe").to_csv(path, sep="\t", index=False)
    with pytest.raises(RepalignError, match=r"\['probe'\]"):
        read_things_events([path], [1])


def test_captions_are_ordered_by_id_and_keep_wide_category_ids(tmp_path):
    _, path = things_tables(tmp_path)
    images = read_things_images(path)
    captions = images.assign(caption=[f"c{k}" for k in range(6)], model="m", prompt="p")
    captions[::-1].to_csv(tmp_path / "c.csv", index=False)
    table = things_captions(tmp_path / "c.csv", images)
    assert list(table) == ["things_id", "name", "category", "category_id", "caption"]
    assert table["caption"].tolist() == [f"c{k}" for k in range(6)]
    # Published, 300 is stored in 8 bits and becomes 44.
    assert table["category_id"].tolist() == [3, 3, 3, 300, 300, 300]
    assert table["category_id"].dtype == np.uint16
    for changed, part in (
        (captions[1:], "5 captions"),
        (captions.assign(image_name=captions.image_name[::-1].to_numpy()), "zebra_03s as image 0"),
        (captions.drop(columns="caption"), "no column caption"),
    ):
        changed.to_csv(tmp_path / "c.csv", index=False)
        with pytest.raises(RepalignError) as error:
            things_captions(tmp_path / "c.csv", images)
        assert_error(error.value, part, "c.csv")


def test_captions_of_bold5000_follow_bold_position(tmp_path):
    images = image_index(tmp_path)
    captions = images.assign(caption=list("abcd"), model="m", prompt="p")
    captions[::-1].to_csv(tmp_path / "c.csv", index=False)
    table = bold5000_captions(tmp_path / "c.csv", images)
    assert table["caption"].tolist() == list("abcd")
    assert list(table)[:4] == ["bold_id", "image_name", "stim_source", "image_path"]
    shuffled = captions.assign(image_name=captions["image_name"][::-1].to_numpy())
    for changed, part in ((captions[1:], "3 captions"), (shuffled, "pier2.jpg with bold_id 0")):
        changed.to_csv(tmp_path / "c.csv", index=False)
        with pytest.raises(RepalignError) as error:
            bold5000_captions(tmp_path / "c.csv", images)
        assert_error(error.value, part)


def category_tables(folder, rows=3, columns=27):
    header = "\t".join(f"k{k}" for k in range(columns))
    line = "\t".join(["1"] + ["0"] * (columns - 1))
    (folder / "m.tsv").write_text("\n".join([header, *[line] * rows]) + "\n")
    (folder / "t.tsv").write_text("tool\tanimal\ttool\t\nfood\n\t\t\n")
    return folder / "m.tsv", folder / "t.tsv"


def test_categories(tmp_path):
    table = categories_index(["a", "b", "c"], *category_tables(tmp_path))
    assert list(table)[:2] == ["category_id", "category_name"]
    assert list(table)[-1] == "tags"
    assert table.shape == (3, 30)
    assert table["tags"].tolist() == ["animal;tool", "food", ""]
    assert table["k0"].tolist() == [1, 1, 1]


def test_wrong_categories_are_refused(tmp_path):
    for options, part in (({"rows": 2}, "2 rows"), ({"columns": 26}, "26 columns")):
        with pytest.raises(RepalignError) as error:
            categories_index(["a", "b", "c"], *category_tables(tmp_path, **options))
        assert_error(error.value, part, "27 categories")
    members, tags = category_tables(tmp_path)
    with pytest.raises(RepalignError, match="3 rows"):
        categories_index(["a", "b"], *category_tables(tmp_path, rows=2))
    members, tags = category_tables(tmp_path)
    members.write_text(members.read_text().replace("1\t0", "yes\t0", 1))
    with pytest.raises(RepalignError) as error:
        categories_index(["a", "b", "c"], members, tags)
    assert_error(error.value, "'yes' in column k0", "data row 1")


def test_shared_means_shown_to_every_subject_of_the_table():
    shown = pd.DataFrame(
        {"subject": [1, 1, 2, 2], "session": 1, "run": 1, "stimulus": [5, 6, 6, 6]}
    )
    trials = trials_of_presentations(shown)
    assert trials["shared"].tolist() == [False, True, True, True]
    assert trials["repetition"].tolist() == [0, 0, 0, 1]
    assert trials["trial"].tolist() == [0, 1, 0, 1]
