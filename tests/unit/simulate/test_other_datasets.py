"""Simulated BOLD5000 and THINGS: raw formats, planted truth, hemispheres.

The truth is looked for in what is read here with NumPy, h5py, nibabel and pandas alone; the
readers of the library must then find the same.
"""

import json
from collections import Counter
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.stats import spearmanr

from repalign.datasets.bold5000_atlas import relabel_atlas
from repalign.datasets.bold5000_images import bold5000_images, read_presentations
from repalign.datasets.bold5000_trials import (
    bold5000_trials,
    read_bold5000_events,
    read_bold5000_images,
    session_counts,
    shown_to,
)
from repalign.datasets.nsd_atlas import region_voxels
from repalign.datasets.response_folder import open_region
from repalign.datasets.responses import extract_session, gather_responses
from repalign.datasets.things_responses import extract_table_responses
from repalign.datasets.things_trials import read_stimulus_metadata, read_things_events
from repalign.datasets.things_voxels import HemisphereRule, read_table_voxels
from repalign.errors import RepalignError
from repalign.simulate.bold5000 import simulate_bold5000
from repalign.simulate.other_settings import Bold5000Simulation, ThingsSimulation
from repalign.simulate.things import make_trials, simulate_things
from repalign.simulate.truth import read_simulation
from repalign.tables.prepared import ALL_REGIONS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def bold(tmp_path_factory):
    folder = tmp_path_factory.mktemp("default") / "bold5000"
    simulate_bold5000(folder, Bold5000Simulation())
    return folder


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    folder = tmp_path_factory.mktemp("default") / "things"
    simulate_things(folder, ThingsSimulation())
    return folder


def read_bold5000(folder):
    """Responses, regions, images and sessions of every subject, lists and NIfTI read here."""
    data = {}
    for s, n_sessions in read_simulation(folder)["sessions"].items():
        atlas = nib.load(folder / f"preprocessed/atlas/subj-0{s}_HCP_atlas_func_360.nii.gz")
        roi = np.asarray(atlas.dataobj).astype(int)
        roi = np.where(roi > 200, roi - 20, roi) if int(s) % 2 == 0 else roi
        betas, images, sessions = [], [], []
        for k in range(1, n_sessions + 1):
            name = f"bold5000/CSI{s}_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-{k:02d}.nii.gz"
            volumes = np.asarray(nib.load(folder / name).dataobj)
            assert volumes.dtype == np.float32
            lists = folder / f"bold5000_stimuli/Stimuli_Presentation_Lists/CSI{s}"
            lines = [
                line.removeprefix("rep_")
                for path in sorted((lists / f"CSI{s}_sess{k:02d}").glob("*.txt"))
                for line in path.read_text().splitlines()
            ]
            assert volumes.shape[3] == len(lines)
            betas.append(volumes[roi > 0].T)
            images += lines
            sessions += [k] * len(lines)
        data[int(s)] = (np.nan_to_num(np.concatenate(betas)), roi[roi > 0], images, sessions)
    return data


def read_things(folder):
    """The same of THINGS: tables read here; left is where voxel_x is below 36."""
    data = {}
    for s in read_simulation(folder)["sessions"]:
        stem = folder / f"betas_csv/betas_csv/sub-0{s}"
        voxels = pd.read_csv(f"{stem}_VoxelMetadata.csv")
        trials = pd.read_csv(f"{stem}_StimulusMetadata.csv")
        with h5py.File(f"{stem}_ResponseData.h5") as file:
            betas = file["ResponseData/block0_values"][()]
            ids = file["ResponseData/block1_values"][:, 0]
        assert ids.tolist() == voxels["voxel_id"].tolist()
        flags = voxels.filter(regex="^glasser-").to_numpy()
        assert set(flags.sum(axis=1)) == {0, 1}
        roi = np.where(flags.any(axis=1), flags.argmax(axis=1) + 1, 0)
        roi = np.where((roi > 0) & (voxels["voxel_x"] >= 36), roi + 180, roi)
        data[int(s)] = (betas[roi > 0].T, roi[roi > 0], trials["stimulus"].tolist(),
                        trials["session"].tolist())  # fmt: skip
    return data


def unit_rdm(patterns):
    low, high = np.quantile(patterns, [0.003, 0.997])
    patterns = np.clip(patterns.astype(float), low, high)
    patterns = patterns - patterns.mean(axis=1, keepdims=True)
    patterns /= np.linalg.norm(patterns, axis=1, keepdims=True)
    rdm = 1 - (patterns @ patterns.T)[np.triu_indices(len(patterns), 1)]
    rdm -= rdm.mean()
    return rdm / np.linalg.norm(rdm)


def similarities(data, groups):
    """Similarity of every ordered pair and session of the first; shape (n, n_groups)."""
    rows = {}
    for s, (_, _, images, _) in data.items():
        seen = Counter()
        rows[s] = {}
        for row, image in enumerate(images):
            rows[s][image, seen[image]] = row
            seen[image] += 1
    columns = {
        s: [np.flatnonzero(np.isin(roi, group)) for group in groups]
        for s, (_, roi, _, _) in data.items()
    }

    def rdms(s, chosen):
        return np.array([unit_rdm(data[s][0][np.ix_(chosen, own)]) for own in columns[s]])

    found = []
    for i, (_, _, _, sessions) in data.items():
        for j in data:
            if i == j:
                continue
            matched = sorted((row, rows[j][key]) for key, row in rows[i].items() if key in rows[j])
            for session in sorted(set(sessions)):
                pairs = np.array([(a, b) for a, b in matched if sessions[a] == session])
                found.append((rdms(i, pairs[:, 0]) * rdms(j, pairs[:, 1])).sum(axis=1))
    return np.array(found)


@pytest.mark.parametrize("dataset", ["bold", "things"])
def test_planted_similarities_and_hemispheres_are_recovered(dataset, request):
    folder = request.getfixturevalue(dataset)
    data = (read_bold5000 if dataset == "bold" else read_things)(folder)
    areas = pd.read_csv(folder / "truth/areas.tsv", sep="\t")
    regions = pd.read_csv(folder / "truth/regions.tsv", sep="\t")
    planted = areas[areas.family != "none"]
    joined = similarities(data, [[roi, roi + 180] for roi in planted.roi]).mean(axis=0)
    assert spearmanr(joined, planted.planted_similarity)[0] > 0.9
    ratio = joined / planted.planted_similarity
    strong = planted.planted_similarity > 0.2
    assert ratio[strong].between(0.7, 1.3).all()
    assert abs(ratio[strong].mean() - 1) < 0.06
    null = areas[areas.family == "none"].roi[:40]
    assert abs(similarities(data, [[roi, roi + 180] for roi in null]).mean()) < 0.01
    left, right = (regions.planted_similarity.to_numpy()[k : k + 180] for k in (0, 180))
    tilted = np.flatnonzero((left > 1.2 * right) & (left > 0.2)) + 1
    assert tilted.size >= 6
    seen_left, seen_right = (
        similarities(data, [[roi + shift] for roi in tilted]).mean(axis=0) for shift in (0, 180)
    )
    assert (seen_left > seen_right).mean() > 0.8
    assert seen_left.mean() > 1.15 * seen_right.mean()


def test_the_reader_of_bold5000_finds_what_was_simulated(bold, tmp_path):
    presentations = read_presentations(bold / "bold5000_stimuli/Stimuli_Presentation_Lists")
    events = sorted((bold / "events").rglob("*_events.tsv"))
    assert read_bold5000_events(events) == presentations
    bold5000_images(presentations, "x").to_csv(tmp_path / "images.csv", index=False)
    images = read_bold5000_images(tmp_path / "images.csv")
    sessions = {int(s): n for s, n in read_simulation(bold)["sessions"].items()}
    trials = bold5000_trials(shown_to(presentations, sessions), images)
    for subject, (betas, roi, names, _) in read_bold5000(bold).items():
        own = trials[trials.subject == subject]
        assert images["image_name"].to_numpy()[own["stimulus"]].tolist() == names
        atlas = tmp_path / f"{subject}.nii.gz"
        raw = bold / f"preprocessed/atlas/subj-0{subject}_HCP_atlas_func_360.nii.gz"
        report = relabel_atlas(raw, atlas)
        assert report.numbering == ("201-380" if subject % 2 == 0 else "0-360")
        paths = []
        for session, n_trials in session_counts(trials, subject).items():
            name = f"CSI{subject}_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-{session:02d}.nii.gz"
            paths.append(tmp_path / f"{subject}-{session}.npy")
            extract_session(bold / "bold5000" / name, atlas, ALL_REGIONS, paths[-1], n_trials,
                            non_finite="zero")  # fmt: skip
        out = tmp_path / f"sub-{subject}"
        gather_responses(paths, region_voxels(atlas, ALL_REGIONS), out)
        for region in (1, 180, 181, 360):
            np.testing.assert_array_equal(open_region(out, region), betas[:, roi == region])
        with pytest.raises(RepalignError, match=f"expected: {n_trials + 1} volumes"):
            extract_session(bold / "bold5000" / name, atlas, [1], paths[-1], n_trials + 1)


def test_the_reader_of_things_finds_what_was_simulated(things, tmp_path):
    names = pd.read_csv(ROOT / "resources/hcp_mmp1.tsv", sep="\t", dtype=str)["name"][:180]
    data = read_things(things)
    events = sorted((things / "events").rglob("*_events.tsv"))
    stem = things / "betas_csv/betas_csv"
    metadata = [stem / f"sub-0{s}_StimulusMetadata.csv" for s in data]
    shown = read_stimulus_metadata(metadata, list(data))
    pd.testing.assert_frame_equal(read_things_events(events, list(data)), shown)
    for subject, (betas, roi, stimuli, _) in data.items():
        own = shown[shown.subject == subject]
        assert (own["image_name"] + ".jpg").tolist() == stimuli
        voxels = read_table_voxels(
            stem / f"sub-0{subject}_VoxelMetadata.csv", names.tolist(), HemisphereRule()
        )
        out = tmp_path / f"sub-{subject}"
        extract_table_responses(stem / f"sub-0{subject}_ResponseData.h5", voxels, len(own), out)
        for region in (1, 180, 181, 360):
            np.testing.assert_array_equal(open_region(out, region), betas[:, roi == region])


def test_bold5000_has_the_awkward_parts_of_the_real_one(bold):
    data = read_bold5000(bold)
    assert len(data) == 4
    settings = Bold5000Simulation()
    presented = json.loads((bold / "truth/presentations.json").read_text())
    marked = [row for row in presented if row["line"].startswith("rep_")]
    seen = Counter()
    first = []
    for row in presented:
        key = (row["subject"], row["image_name"])
        first.append(seen[key] == 0)
        seen[key] += 1
    # The mark does not say which showing it is, as in the real lists.
    assert any(f for f, row in zip(first, presented, strict=True) if row in marked)
    assert max(seen.values()) == 2
    assert len({row["image_name"] for row in presented}) == settings.n_images
    labels = [
        np.asarray(
            nib.load(bold / f"preprocessed/atlas/subj-0{s}_HCP_atlas_func_360.nii.gz").dataobj
        )
        for s in (1, 2)
    ]
    assert [int(volume.max()) for volume in labels] == [360, 380]
    name = "bold5000/CSI1_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-01.nii.gz"
    volumes = np.asarray(nib.load(bold / name).dataobj)
    empty = np.isnan(volumes)
    assert (empty.all(axis=3) == empty.any(axis=3)).all()
    assert 0 < empty[labels[0] > 0][:, 0].mean() < 0.03


def test_things_shows_each_train_image_once_and_test_images_in_every_session():
    settings = ThingsSimulation()
    batches = []
    for own in make_trials(settings):
        counts = Counter(trial.image for trial in own)
        kinds = {trial.image: trial.trial_type for trial in own}
        assert {n for image, n in counts.items() if kinds[image] == "train"} == {1}
        tested = [image for image in counts if kinds[image] == "test"]
        assert len(tested) == settings.n_test
        assert {counts[image] for image in tested} == {settings.n_sessions}
        batches.append(
            [
                frozenset(t.image for t in own if t.session == k and t.trial_type == "train")
                for k in range(1, settings.n_sessions + 1)
            ]
        )
    # The same sets in an order of each subject's own.
    assert {frozenset(own) for own in batches} == {frozenset(batches[0])}
    assert any(own != batches[0] for own in batches)


def test_things_events_hold_the_trials_and_catch_trials(things):
    settings = ThingsSimulation()
    paths = sorted((things / "events/sub-02").rglob("*_events.tsv"))
    assert len(paths) == settings.n_sessions * settings.n_runs
    events = pd.concat(pd.read_csv(path, sep="\t") for path in paths)
    catch = events.trial_type == "catch"
    assert catch.sum() == len(paths) * settings.n_catch_per_run
    trials = pd.read_csv(things / "betas_csv/betas_csv/sub-02_StimulusMetadata.csv")
    names = events.loc[~catch, "file_path"].str.split("/").str[1].tolist()
    assert names == trials["stimulus"].tolist()
    assert events.loc[~catch, "trial_type"].replace("exp", "train").tolist() == list(
        trials["trial_type"]
    )


def test_things_noise_ceilings_follow_the_planted_shares(things):
    voxels = pd.read_csv(things / "betas_csv/betas_csv/sub-01_VoxelMetadata.csv")
    own = voxels.groupby("glasser-V1")["nc_singletrial"].max()
    assert own[1] > 20
    assert voxels["voxel_x"].min() < 36 <= voxels["voxel_x"].max()
    for name in ("FFA", "PPA"):
        left, right = (voxels.loc[voxels[side + name] > 0, "voxel_x"] for side in "lr")
        assert left.max() < 36 <= right.min()


@pytest.mark.parametrize(
    ("model", "change", "message"),
    [
        (ThingsSimulation, {"n_train_per_session": 40}, "need 130 images"),
        (ThingsSimulation, {"n_runs": 40}, "36 trials in 40 runs"),
        (ThingsSimulation, {"voxels_per_region": (3, 5)}, "at least 8"),
        (Bold5000Simulation, {"sessions": (2, 3)}, "first subject"),
        (Bold5000Simulation, {"volume_shape": (12, 12, 12)}, "has room"),
    ],
)
def test_sizes_that_contradict_each_other_are_refused(model, change, message):
    with pytest.raises(ValidationError, match=message):
        model(**change)
