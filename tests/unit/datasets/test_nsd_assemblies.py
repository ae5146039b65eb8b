"""Assemblies of NSD on small numbers: images, the published split, means, z-scores, order."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repalign.alignment.shared_images import shared_images
from repalign.datasets.complete_images import complete_images
from repalign.datasets.nsd_assemblies import (
    assembly_attributes,
    benchmark_pair,
    check_real_count,
    region_assembly,
    split_images,
)
from repalign.datasets.nsd_betas import SessionSums, write_session_sums
from repalign.datasets.nsd_recordings import Recording, open_recordings
from repalign.datasets.nsd_split import read_split, write_split
from repalign.errors import RepalignError
from repalign.tables.assembly_rules import check_assembly
from repalign.tables.neuroids import Neuroids

N_TRIALS, N_SESSIONS, N_IMAGES = 24, 3, 10


def test_the_split_is_the_published_one():
    """515 images of eight subjects, 1,000 of four."""
    train = split_images(np.arange(515) * 7, 0.8, 42)
    assert (train.sum(), (~train).sum()) == (412, 103)
    test = np.flatnonzero(~train)
    assert test[:8].tolist() == [1, 13, 20, 21, 34, 43, 48, 49]
    assert test[-1] == 514
    train = split_images(np.arange(1000), 0.8, 42)
    assert (train.sum(), (~train).sum()) == (800, 200)
    assert np.flatnonzero(~train)[:8].tolist() == [1, 4, 13, 14, 20, 21, 27, 32]


def test_a_split_without_a_part_is_refused():
    for images in (np.arange(0), np.arange(1)):
        with pytest.raises(RepalignError, match="for training"):
            split_images(images, 0.8, 42)


def test_the_split_is_published_byte_by_byte(tmp_path):
    images = np.array([3048, 3076, 72948])
    write_split(tmp_path / "a.csv", images, np.array([True, False, True]))
    assert (tmp_path / "a.csv").read_bytes() == (
        b"stimulus_id,nsd_id,split\nnsd_03048,3048,train\nnsd_03076,3076,test\n"
        b"nsd_72948,72948,train\n"
    )
    found, train = read_split(tmp_path / "a.csv")
    assert found.tolist() == images.tolist()
    assert train.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nsd_03076", "nsd_03077"),
        ("3048,train", "3048,both"),
        ("nsd_id", "id"),
        ("nsd_03048,3048,train\n", ""),
        ("nsd_03048,3048", "nsd_03048,x"),
        ("test", "train"),
    ],
)
def test_other_splits_are_refused(tmp_path, old, new):
    images = np.array([3048, 3076, 72948])
    write_split(tmp_path / "a.csv", images, np.array([True, False, True]))
    text = (tmp_path / "a.csv").read_text()
    changed = text.replace(old, new) if new else text.replace(old, "") + old
    (tmp_path / "a.csv").write_text(changed)
    with pytest.raises(RepalignError, match="no split of images"):
        read_split(tmp_path / "a.csv")


def trials_of(subjects: dict[int, int]) -> pd.DataFrame:
    """Trials of subjects with so many sessions: common order, the first images are shared."""
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(N_IMAGES * 2 + 4), 3))
    parts = []
    for subject, sessions in subjects.items():
        own = order[: sessions * N_TRIALS]
        shared = own < N_IMAGES
        parts.append(
            pd.DataFrame(
                {
                    "subject": subject,
                    "session": np.arange(own.size) // N_TRIALS + 1,
                    "session_trial": np.arange(own.size) % N_TRIALS,
                    "stimulus": np.where(shared, own * 5 + 100, own * 1000 + subject),
                    "repetition": [int((own[:k] == image).sum()) for k, image in enumerate(own)],
                    "shared": shared,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_complete_images_against_counting():
    trials = trials_of({1: 3, 2: 2, 3: 3})
    for subjects in ([1, 3], [1, 2, 3], [2]):
        expected = [
            image
            for image in sorted(set(trials.loc[trials["shared"], "stimulus"]))
            if all(
                ((trials["subject"] == s) & (trials["stimulus"] == image)).sum() == 3
                for s in subjects
            )
        ]
        found = complete_images(trials, subjects, 3)
        assert found.tolist() == expected
        assert found.size > 0
        other = shared_images(trials, subjects, 3, "complete")
        assert all(other[s].tolist() == expected for s in subjects)


def test_known_counts_of_the_real_dataset():
    check_real_count(np.arange(515), [8, 1, 2, 3, 4, 5, 6, 7])
    check_real_count(np.arange(1000), [1, 2, 5, 7])
    check_real_count(np.arange(7), [1, 2])
    with pytest.raises(RepalignError, match="514 images"):
        check_real_count(np.arange(514), list(range(1, 9)))


SIZES = {"V1": 3, "IT": 4}


@pytest.fixture
def raw() -> dict[tuple[int, int], np.ndarray]:
    """All betas, by subject and session: trials x voxels."""
    rng = np.random.default_rng(4)
    made = {}
    for subject in (1, 2):
        for session in range(1, N_SESSIONS + 1):
            values = rng.integers(-900, 900, (N_TRIALS, 7)).astype(np.int16)
            values[:, 1] = 5 * session
            made[subject, session] = values
    return made


@pytest.fixture
def recordings(tmp_path, raw) -> list[Recording]:
    trials = trials_of({1: N_SESSIONS, 2: N_SESSIONS})
    made = []
    for subject in (1, 2):
        own = trials[trials["subject"] == subject]
        files = []
        for session in range(1, N_SESSIONS + 1):
            here = own[(own["session"] == session) & own["shared"]]["session_trial"]
            betas = raw[subject, session]
            wide = betas.astype(np.int64)
            kept = SessionSums(
                betas[here], here.to_numpy(), wide.sum(axis=0), (wide**2).sum(axis=0), N_TRIALS
            )
            files.append(tmp_path / f"{subject}-{session}.h5")
            write_session_sums(files[-1], kept)
        voxels = np.random.default_rng(subject).integers(0, 9, (7, 3))
        ceilings = np.linspace(0, 90, 7)
        regions = {"V1": slice(0, 3), "IT": slice(3, 7)}
        neuroids = Neuroids((9, 9, 9), regions, voxels, np.ones(7, np.float32), ceilings)
        made.append(Recording(subject, neuroids, files, own))
    return made


def expected_scores(
    raw: dict[tuple[int, int], np.ndarray], trials: pd.DataFrame, images: np.ndarray
) -> np.ndarray:
    """By the plain route: z-score whole sessions, then look trials up (images, 3, 7)."""
    subject = int(trials["subject"].iloc[0])
    result = np.zeros((images.size, 3, 7))
    for session in range(1, N_SESSIONS + 1):
        values = raw[subject, session] / 300
        std = values.std(axis=0)
        std[1] = 1  # constant: rounding may have left it a spread
        scores = (values - values.mean(axis=0)) / std
        for _, row in trials[trials["session"] == session].iterrows():
            if row["stimulus"] in images:
                place = np.flatnonzero(images == row["stimulus"])[0]
                result[place, row["repetition"]] = scores[row["session_trial"]]
    return result


def test_means_of_a_region(raw, recordings):
    images = complete_images(pd.concat([one.trials for one in recordings]), [1, 2], 3)
    assert images.size == N_IMAGES
    found = region_assembly(recordings, "IT", images, 3, assembly_attributes("x", "simulated", 3))
    check_assembly(found, "x")
    assert found.dtype == np.float32
    blocks = [expected_scores(raw, one.trials, images).mean(axis=1)[:, 3:] for one in recordings]
    np.testing.assert_allclose(found.to_numpy(), np.concatenate(blocks, axis=1), atol=1e-6)
    assert found["stimulus_id"].to_numpy().tolist() == [f"nsd_{n:05d}" for n in images]
    assert found["neuroid_id"].to_numpy().tolist() == [
        f"subj{s:02d}_IT_v{n:04d}" for s in (1, 2) for n in range(4)
    ]
    both = np.concatenate([one.neuroids.voxels[3:] for one in recordings])
    for names in ("voxel_i voxel_j voxel_k", "voxel_z voxel_y voxel_x"):
        columns = [found[name].to_numpy() for name in names.split()]
        np.testing.assert_array_equal(np.stack(columns, axis=1), both)
    assert "simulated" in found.attrs["dataset"]


@pytest.mark.parametrize("rule", ["all_images", "train_only"])
def test_train_and_test_assemblies(raw, recordings, rule):
    images = complete_images(recordings[0].trials, [1], 3)
    chosen = split_images(images, 0.8, 42)
    train, test = benchmark_pair(recordings, images, chosen, 3, rule, ({}, {"a": "b"}))
    check_assembly(train, "train")
    check_assembly(test, "test")
    assert train.shape == (8, 14, 1)
    assert test.shape == (6, 14, 1)
    for k, one in enumerate(recordings):
        single = expected_scores(raw, one.trials, images)
        means = single.mean(axis=1)
        scale = means if rule == "all_images" else means[chosen]
        deviation = scale.std(axis=0)
        deviation[1] = 1
        columns = slice(7 * k, 7 * k + 7)
        expected = (means[chosen] - scale.mean(axis=0)) / deviation
        np.testing.assert_allclose(train.to_numpy()[:, columns, 0], expected, atol=1e-5)
        expected = (single[~chosen] - scale.mean(axis=0)) / deviation
        np.testing.assert_allclose(
            test.to_numpy()[:, columns, 0], expected.reshape(6, 7), atol=1e-5
        )
    assert test["repetition"].to_numpy().tolist() == [0, 1, 2] * 2
    assert test["nsd_id"].to_numpy().tolist() == np.repeat(images[~chosen], 3).tolist()
    regions = ["V1"] * 3 + ["IT"] * 4
    assert train["region"].to_numpy().tolist() == regions * 2
    assert train["subject"].to_numpy().tolist() == ["subj01"] * 7 + ["subj02"] * 7
    assert (int(train["time_bin_start"][0]), int(train["time_bin_end"][0])) == (70, 170)
    # The constant voxel has no response, rather than one of rounding errors.
    assert (train.to_numpy()[:, 1] == 0).all()


def test_trials_that_were_not_extracted(recordings):
    images = complete_images(recordings[0].trials, [1], 3)
    fewer = Recording(1, recordings[0].neuroids, recordings[0].sessions[:2], recordings[0].trials)
    with pytest.raises(RepalignError, match="subject 1"):
        fewer.scores("V1", images, 3)
    moved = recordings[0].trials.assign(
        session_trial=(recordings[0].trials["session_trial"] + 1) % N_TRIALS
    )
    with pytest.raises(RepalignError, match="not extracted") as caught:
        Recording(1, recordings[0].neuroids, recordings[0].sessions, moved).scores("V1", images, 3)
    assert caught.value.where.endswith("1-1.h5")


def test_sessions_are_those_of_their_subjects():
    with pytest.raises(ValueError, match="5 sessions"):
        open_recordings([1, 2], ["a", "b"], list("abcde"), Path("trials.parquet"))
