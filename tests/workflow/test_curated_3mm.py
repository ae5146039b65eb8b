"""The curated decoding set of a simulated NSD, through Snakemake: the truth comes back."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat

from repalign.datasets.coco_labels import RULES, WRONG_PICTURES, labels_table, things_by_id
from repalign.datasets.nsd_coco import read_nsd_pictures
from repalign.tables.coco_tables import COCO_OBJECTS
from repalign.tables.curated_tables import COCO_LABELS, CURATED_TRIALS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import read_record

from .oracle import RAW
from .project import TINY, Project

SET = "results/nsd/curated_3mm/"
LABELS, TRIALS = SET + "coco_labels.parquet", SET + "trials.parquet"
MADE = [SET + "curation.png", SET + "sub-01.nii.gz"]
SUBJECTS = [1, 3]
KEPT_SESSIONS = 2


@pytest.fixture(scope="module")
def curated(tmp_path_factory) -> Project:
    """The set of two subjects, of three and two sessions. Do not change it; copy it."""
    settings = {**TINY, "nsd": {**TINY["nsd"], "subjects": SUBJECTS}}
    project = Project.create(tmp_path_factory.mktemp("curated") / "project", settings)
    project.repalign("simulate", "nsd")
    project.snakemake("--quiet", "all", "--", *MADE)
    return project


@pytest.fixture(scope="module")
def truth(curated) -> pd.DataFrame:
    """What each image is labelled by each rule, as planted."""
    table = pd.read_csv(curated.root / RAW / "truth/labels.tsv", sep="\t", keep_default_na=False)
    return table.set_index(["id_lookup", "rule", "crowds", "nsd_id"]).sort_index()


def shown(project: Project, subject: int) -> np.ndarray:
    """The image (from 0) of every planned trial, from the design itself."""
    design = loadmat(project.root / RAW / "nsd_expdesign.mat")
    order = design["masterordering"].ravel() - 1
    images: np.ndarray = design["subjectim"][subject - 1, order].astype(int) - 1
    return images


def array(project: Project, subject: int, name: str) -> np.ndarray:
    loaded: np.ndarray = np.load(
        project.root / f"{SET}sub-{subject:02d}_{name}.npy", allow_pickle=False
    )
    return loaded


def listed(project: Project, subject: int) -> pd.DataFrame:
    path = project.root / f"{SET}sub-{subject:02d}_trials.tsv"
    return pd.read_csv(path, sep="\t", keep_default_na=False)


def test_labels_agree_with_the_truth_for_every_trial(curated, truth):
    planted = truth.loc[("stim_info", "largest_instance", True), "supercategory"]
    frame = read_table(curated.root / TRIALS, CURATED_TRIALS).to_pandas()
    for subject in SUBJECTS:
        images = shown(curated, subject)
        own = frame[frame["subject"] == subject]
        expected = planted.loc[images].to_numpy()
        np.testing.assert_array_equal(own["nsd_id"], images)
        np.testing.assert_array_equal(own["supercat"].astype(str), expected)
        rows = listed(curated, subject)
        labels = array(curated, subject, "labels")
        assert labels.dtype.kind == "U"
        np.testing.assert_array_equal(labels, expected[rows["trial"]])
        np.testing.assert_array_equal(array(curated, subject, "images"), images[rows["trial"]])
        runs = array(curated, subject, "runs")
        assert runs.dtype == np.int32
        np.testing.assert_array_equal(runs, rows["trial"] // 15 + 1)
        assert "unknown" not in labels
        usable = expected[: KEPT_SESSIONS * 30] != "unknown"
        gone = np.setdiff1d(np.flatnonzero(usable), rows["trial"])
        assert set(expected[gone]) <= {"person"}
    assert len(array(curated, 1, "labels")) == len(array(curated, 3, "labels"))


@pytest.mark.parametrize("crowds", [True, False])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gives_the_planted_label(curated, truth, rule, crowds):
    pictures = read_nsd_pictures(curated.root / RAW / "nsd_stim_info_merged.csv")
    objects = curated.root / "results/nsd/prepared/coco_objects.parquet"
    things = things_by_id(read_table(objects, COCO_OBJECTS), pictures)
    table = labels_table(pictures, things, rule, include_crowd=crowds).to_pandas()
    planted = truth.loc[("stim_info", rule, crowds)].loc[table["nsd_id"]]
    np.testing.assert_array_equal(table["supercat"].astype(str), planted["supercategory"])
    np.testing.assert_array_equal(table["cat"].astype(str), planted["category"])


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_row_is_the_raw_volume_of_its_trial(curated, subject):
    """At 3 mm a voxel has the value of the 1 mm voxel at its centre, here in percent."""
    betas, rows = array(curated, subject, "betas"), listed(curated, subject)
    mask = nib.load(curated.root / f"{SET}sub-{subject:02d}_mask.nii.gz")
    where = np.argwhere(np.asarray(mask.dataobj) > 0)
    assert betas.dtype == np.float32
    assert betas.shape == (len(rows), len(where))
    raw = [
        nib.load(curated.root / RAW / f"1mm/subj{subject:02d}/betas_session{k:02d}.nii.gz")
        for k in range(1, KEPT_SESSIONS + 1)
    ]
    centres = where @ mask.affine[:3, :3].T + mask.affine[:3, 3]
    index = np.rint((centres - raw[0].affine[:3, 3]) / np.diag(raw[0].affine)[:3]).astype(int)
    inside = ((index >= 0) & (index < raw[0].shape[:3])).all(axis=1)
    assert inside.sum() > 50
    values = [np.asarray(one.dataobj)[tuple(index[inside].T)] for one in raw]
    expected = np.stack(
        [
            values[s - 1][:, k]
            for s, k in zip(rows["session"], rows["trial_in_session"], strict=True)
        ]
    )
    assert expected.std() > 100
    np.testing.assert_allclose(betas[:, inside] * 300, expected, atol=1e-2)
    np.testing.assert_array_equal(betas[:, ~inside], 0)


def test_sessions_without_data_are_counted(curated):
    image = nib.load(curated.root / f"{SET}sub-01_valid_sessions.nii.gz")
    counts = np.asarray(image.dataobj)
    assert set(np.unique(counts)) == {0, 1, 2}
    valid = [nib.load(curated.root / RAW / f"1mm/subj01/valid_session{k:02d}.nii.gz")
             for k in (1, 2)]  # fmt: skip
    assert not np.asarray(valid[1].dataobj)[..., :4].any(), "session 2 misses the lowest slices"
    assert counts[..., :2].max() == 1
    assert counts[..., 2].max() == 2


def test_the_report_and_the_4_d_image(curated):
    report = json.loads((curated.root / f"{SET}curation.json").read_text())
    assert report["source"] == "simulated"
    assert report["versions"]["nilearn"] == "0.13.1"
    assert report["n_keep"] == report["max_trials"] - report["max_unknown"]
    for subject in SUBJECTS:
        own = report["subjects"][f"{subject:02d}"]
        assert own["n_keep"] == report["n_keep"] == len(array(curated, subject, "betas"))
        labels, counts = np.unique(array(curated, subject, "labels"), return_counts=True)
        assert own["classes"] == dict(zip(labels.tolist(), counts.tolist(), strict=True))
    image = nib.load(curated.root / f"{SET}sub-01.nii.gz")
    assert image.get_data_dtype() == np.float32
    mask = np.asarray(nib.load(curated.root / f"{SET}sub-01_mask.nii.gz").dataobj) > 0
    values = np.asarray(image.dataobj)
    np.testing.assert_array_equal(values[mask].T, array(curated, 1, "betas"))
    assert not values[~mask].any()
    for path in (*MADE, LABELS, TRIALS, f"{SET}sub-03_betas.npy", f"{SET}curation.json"):
        record = read_record(curated.root / path)
        assert record is not None
        assert record["dataset_source"] == "simulated"


def restated(project: Project, n_images: int) -> list[str]:
    """The published mistake, written anew: places in the joined lists for NSD's numbers from 1."""
    files = [json.loads((project.root / RAW / f"annotations/instances_{split}.json").read_text())
             for split in ("train2017", "val2017")]  # fmt: skip
    kinds = {c["id"]: c["supercategory"] for c in files[0]["categories"]}
    ids = [image["id"] for file in files for image in file["images"]]
    entries = [entry for file in files for entry in file["annotations"]]
    labels = []
    for nsd_id in range(n_images):
        place = nsd_id + 1
        found = [e for e in entries if place < len(ids) and e["image_id"] == ids[place]]
        largest = max(found, key=lambda entry: entry["area"], default=None)
        labels.append("unknown" if largest is None else kinds[largest["category_id"]])
    return labels


def test_list_positions_reproduce_the_defect_and_resample_nothing(curated, truth, tmp_path):
    project = curated.copy(tmp_path / "project")
    assert project.pending(*MADE) == {}
    right = read_table(project.root / LABELS, COCO_LABELS).to_pandas()
    project.set("curated_3mm", id_lookup="list_position")
    pending = project.pending(*MADE)
    assert pending["label_coco_images"] == pending["choose_trials"] == 1
    assert pending["curate_responses"] == len(SUBJECTS)
    assert not {"resample_mni_session", "mask_grey_matter", "read_coco_objects"} & set(pending)
    project.snakemake("--quiet", "all", "--", LABELS)
    wrong = read_table(project.root / LABELS, COCO_LABELS).to_pandas()
    found = wrong["supercat"].astype(str).tolist()
    assert found == restated(project, len(wrong))
    planted = truth.loc[("list_position", "largest_instance", True)].loc[wrong["nsd_id"]]
    assert found == planted["supercategory"].tolist()
    # Labels of unrelated pictures agree by chance alone.
    agree = (wrong["supercat"].astype(str) == right["supercat"].astype(str)).mean()
    assert agree < 0.5
    assert (wrong["coco_id"] == right["coco_id"]).all()
    record = read_record(project.root / LABELS)
    assert record is not None
    assert record["warning"] == WRONG_PICTURES
    assert WRONG_PICTURES in (project.root / f"logs/{LABELS[8:]}.log").read_text()


def test_every_file_carries_how_it_was_made(curated):
    """Without that nobody could see that its bytes changed."""
    place = curated.root / SET
    files = [
        path for path in place.rglob("*") if path.is_file() and ".provenance" not in path.name
    ]
    assert len(files) >= 20
    assert [path for path in files if read_record(path) is None] == []
