"""Simulated subjects of LAION-fMRI: the published layout, awkward as the real one, with truth."""

from __future__ import annotations

import filecmp
import json

import h5py
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from repalign.datasets.laion_metadata import read_metadata
from repalign.datasets.laion_sets import read_split
from repalign.datasets.laion_trials import laion_trials, read_presentations, short_images
from repalign.datasets.laion_voxels import brain_voxels, laion_voxels, read_ceilings
from repalign.datasets.nifti import NiftiVolumes
from repalign.kernels.ceilings import trial_variances
from repalign.settings.laion_recordings import LaionFiles
from repalign.simulate.laion import simulate_laion
from repalign.simulate.laion_settings import LaionSimulation
from repalign.tables import laion_layout as layout

SMALL = LaionSimulation(
    n_sessions=2, n_shared_laion=6, n_shared_things=2, n_shared_nsd=2, n_shared_ood=9,
    n_unique_laion=1, n_unique_things=2, image_size=48,
)  # fmt: skip
FILES = LaionFiles()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("laion") / "raw"
    simulate_laion(folder, SMALL)
    return folder


@pytest.fixture(scope="module")
def metadata(folder):
    return read_metadata(folder / layout.METADATA)


@pytest.fixture(scope="module")
def trials(folder, metadata):
    tables = {
        (subject, session): folder / FILES.trials.format(subject=subject, session=session)
        for subject in layout.SUBJECTS
        for session in (1, 2)
    }
    return laion_trials(read_presentations(tables, metadata), metadata)


def masks(folder, subject):
    place = folder / f"derivatives/rois/sub-{subject:02d}"
    found = sorted(place.glob("*/*_res-1pt8_*_mask.nii.gz"))
    return {path.name.split("label-")[1].removesuffix("_mask.nii.gz"): path for path in found}


def test_the_same_settings_give_the_same_files(folder, tmp_path):
    simulate_laion(tmp_path / "again", SMALL)
    for place in ("derivatives", "splits", "truth"):
        names = [str(p.relative_to(folder)) for p in (folder / place).rglob("*") if p.is_file()]
        same, _, _ = filecmp.cmpfiles(folder, tmp_path / "again", names, shallow=False)
        assert sorted(same) == sorted(names)


def test_every_image_is_shown_as_often_as_planned_but_a_few(trials, metadata):
    short = short_images(trials, metadata)
    lacking = sum(
        metadata["n_reps"].iloc[image] - count
        for image, showings in short.items()
        for count in showings.values()
    )
    assert lacking == SMALL.n_short
    assert trials["shared"].any()
    assert not trials["shared"].all()
    sizes = trials.groupby(["subject", "session"]).size()
    assert len({*sizes}) > 1, "sessions are of unequal length"
    assert trials.groupby(["subject", "session", "stimulus"]).size().max() > 1


def test_betas_have_a_volume_a_trial_and_one_subject_has_whole_numbers(folder, trials):
    kinds = {}
    for subject in layout.SUBJECTS:
        path = folder / FILES.betas.format(subject=subject, session=2)
        with NiftiVolumes(path, check_finite=False) as image:
            own = (trials["subject"] == subject) & (trials["session"] == 2)
            assert image.n_volumes == own.sum()
            kinds[subject] = (image.stored_dtype.name, image.scl_slope)
    assert kinds.pop(3) == ("int16", pytest.approx(1 / 300))
    assert set(kinds.values()) == {("float32", 1.0)}


def test_masks_overlap_leave_the_brain_and_lack_in_one_subject(folder):
    brain = brain_voxels(folder / FILES.brain.format(subject=1), "nonzero")
    assert brain_voxels(folder / FILES.brain.format(subject=1), "positive").index.size < (
        brain.index.size
    )
    found = masks(folder, 1)
    voxels = laion_voxels(dict(enumerate(found.values(), start=1)), brain)
    assert np.unique(voxels.index).size < voxels.index.size
    raw = sum(int(np.asarray(nib.load(path).dataobj).sum()) for path in found.values())
    assert raw == voxels.index.size + 3 * len(found)
    assert set(found) - set(masks(folder, 7)) == {"FFA1"}


def test_ceilings_are_those_of_the_planted_signal(folder, trials):
    truth = pd.read_csv(folder / "truth/laion_regions.tsv", sep="\t")
    brain = brain_voxels(folder / FILES.brain.format(subject=1), "nonzero")
    ceilings = read_ceilings(folder / FILES.ceiling.format(subject=1), brain)
    found = masks(folder, 1)
    own = trials[trials["subject"] == 1]
    for row in truth[truth["subject"] == 1].itertuples():
        voxels = laion_voxels({1: found[row.name]}, brain)
        assert voxels.index.size == row.n_voxels
        expected = 100 * row.share / (row.share + (1 - row.share) / 6)
        np.testing.assert_allclose(ceilings[voxels.index], expected, rtol=1e-5)
        values = []
        for session in (1, 2):
            with NiftiVolumes(
                folder / FILES.betas.format(subject=1, session=session), check_finite=False
            ) as image:
                betas = np.stack([volume[voxels.index] for volume in image]).astype(float)
            values.append((betas - betas.mean(axis=0)) / betas.std(axis=0))
        fev = trial_variances(np.concatenate(values), own["stimulus"].to_numpy()).fev
        # Images differ in how much of the signal they have, and voxels in what they respond to.
        assert np.median(fev) == pytest.approx(row.share, abs=0.2)


def test_splits_have_the_published_names_and_leave_ood_images_to_their_own(folder, metadata):
    ood = set(metadata["image_name"][metadata["ood"]])
    shared = set(metadata["image_name"][metadata["shared"]])
    for name in ("random_4", "cluster_k5_0", "tau"):
        split = read_split(folder / f"splits/shared/{name}.json")
        assert {*split.train, *split.test} == shared - ood
    split = read_split(folder / "splits/shared/ood.json")
    assert (set(split.test), set(split.train)) == (ood, shared - ood)
    pool = json.loads((folder / "splits/sub-03/tau.json").read_text())["pool"]
    assert pool.startswith("sub-04"), "the older number, as published"


def test_embeddings_know_all_images(folder, metadata):
    with h5py.File(folder / layout.EMBEDDINGS.format(label="CLIP")) as file:
        names = file["image_ids"].asstr()[()].tolist()
    assert sorted(names) == sorted(metadata["image_name"])
    assert names != metadata["image_name"].tolist()


@pytest.mark.parametrize(
    "changes", [{"region_voxels": (4, 20)}, {"region_voxels": (20, 200)}, {"n_short": 21}]
)
def test_sizes_that_do_not_fit_are_refused(changes):
    with pytest.raises(ValidationError):
        LaionSimulation(**changes)
