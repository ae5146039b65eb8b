"""Which trials take part: sessions, groups, subsets, pairs of different images."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repalign.alignment.groups import compare_with_group, group_trials
from repalign.alignment.pairs import compare_regions
from repalign.alignment.sessions import (
    compare_layers,
    layer_vectors,
    open_sessions,
    session_folder,
    session_trials,
)
from repalign.alignment.subsets import (
    SUBSET,
    check_count,
    matched_trials,
    read_subset,
    stimuli_of,
    subject_trials,
)
from repalign.alignment.vectors import VectorMaker, different_stimuli, rank_vector
from repalign.datasets.matching import trial_set
from repalign.errors import RepalignError
from repalign.kernels.gram import gram_vector
from repalign.kernels.rdm import n_pairs, rdm_vector
from repalign.models.features import open_features, write_features
from repalign.tables.rdm_store import RdmReader

from .conftest import N_SHARED, PER_SESSION, SESSIONS, unit_vectors


def key(frame: pd.DataFrame) -> np.ndarray:
    return (frame["stimulus"] * 3 + frame["repetition"]).to_numpy(np.int64)


# ------------------------------------------------------------------ sessions


@pytest.mark.parametrize("subject", SESSIONS)
def test_sessions_are_whole_and_in_the_order_of_the_recording(trials, subject):
    found = list(session_trials(trials, subject, 3))
    assert [session for session, _, _ in found] == list(range(1, SESSIONS[subject] + 1))
    rows = np.concatenate([rows for _, _, rows in found])
    np.testing.assert_array_equal(rows, np.arange(SESSIONS[subject] * PER_SESSION))
    own = trials[trials["subject"] == subject].sort_values("trial")
    np.testing.assert_array_equal(np.concatenate([keys for _, keys, _ in found]), key(own))


def test_sessions_keep_their_numbers():
    """As numbered in the table, not by their place in it."""
    frame = pd.DataFrame(
        {"subject": 1, "session": [4, 4, 11, 11], "trial": [0, 1, 2, 3], "stimulus": [5, 6, 5, 7],
         "repetition": [0, 0, 1, 0]}
    )  # fmt: skip
    assert [session for session, _, _ in session_trials(frame, 1, 3)] == [4, 11]


def test_sessions_of_a_subset_are_all_there(trials):
    """Rows must not be lost because a session has none of the images."""
    own = trials[(trials["subject"] == 1) & trials["stimulus"].isin([2, 5])].sort_values("trial")
    found = list(session_trials(trials, 1, 3, np.array([2, 5])))
    assert [session for session, _, _ in found] == [1, 2, 3]
    np.testing.assert_array_equal(np.concatenate([rows for _, _, rows in found]), own["trial"])
    none = list(session_trials(trials, 1, 3, np.array([999])))
    assert [(session, len(keys), len(rows)) for session, keys, rows in none] == [
        (1, 0, 0), (2, 0, 0), (3, 0, 0),
    ]  # fmt: skip


def test_keys_of_too_many_repetitions_are_refused(trials):
    """They would be those of other stimuli."""
    with pytest.raises(RepalignError, match="repetition 2"):
        list(session_trials(trials, 1, 2))


def test_folders_of_sessions_are_opened_by_number(store, tmp_path):
    for session in (1, 2, 10):
        store(f"sub/{session_folder(session)}", unit_vectors(2, 4, session), np.arange(4))
    found = open_sessions(tmp_path / "sub")
    assert list(found) == [1, 2, 10]
    assert all(reader.shape == (2, 6) for reader in found.values())


@pytest.fixture
def features(tmp_path):
    rng = np.random.default_rng(0)
    layers = [rng.normal(size=(9, width)).astype(np.float32) for width in (5, 7)]
    path = tmp_path / "toy_pool-cls.h5"
    write_features(path, layers, np.arange(9)[::-1], {})
    return open_features(path), [layer[::-1] for layer in layers]


def test_layers_have_a_row_a_trial_with_repeats(features):
    model, layers = features
    stimuli = np.array([3, 1, 3, 8, 0])
    found = layer_vectors(model, stimuli, VectorMaker(clip_quantile=0.01), enough=True)
    assert found.dtype == np.float32
    for vector, layer in zip(found, layers, strict=True):
        np.testing.assert_array_equal(vector, rdm_vector(layer[stimuli], 0.01))
    assert found[0].argmin() == 1, "the same image twice is the most similar pair"


def test_too_few_trials_are_nan(features):
    found = layer_vectors(features[0], np.array([1, 2]), VectorMaker(), enough=False)
    assert found.shape == (2, 1)
    assert np.isnan(found).all()


def test_layers_of_other_trials_are_refused(store):
    reader = RdmReader(store("x", unit_vectors(3, 6, 0), np.arange(6)))
    layers = unit_vectors(2, 6, 1)
    expected = unit_vectors(3, 6, 0).astype(float) @ layers.T.astype(float)
    np.testing.assert_allclose(compare_layers(reader, layers), expected, atol=1e-6)
    with pytest.raises(RepalignError, match="10 pairs of trials of the model and 15"):
        compare_layers(reader, unit_vectors(2, 5, 1))


def test_no_pairs_of_trials_have_no_similarity(store):
    reader = RdmReader(store("empty", np.empty((3, 0), np.float32), np.arange(1)))
    assert np.isnan(compare_layers(reader, np.empty((2, 0), np.float32))).all()
    found = compare_regions(reader, reader)
    assert found.shape == (3, 3)
    assert np.isnan(found).all()


# ------------------------------------------------------------------ groups


@pytest.mark.parametrize("shift", [0, 1, 2])
@pytest.mark.parametrize("subject", SESSIONS)
def test_group_trials_are_those_that_everyone_has(trials, shift, subject):
    others = [j for j in SESSIONS if j != subject]
    keys, rows = group_trials(trials, subject, others, shift, 3)
    by_key = {
        s: dict(zip(key(own).tolist(), own["trial"].tolist(), strict=True))
        for s, own in trials[trials["shared"]].groupby("subject")
    }

    def partner(k: int) -> int:
        return 3 * (k // 3) + (k % 3 - shift) % 3

    expected = sorted(k for k in by_key[subject] if all(partner(k) in by_key[j] for j in others))
    assert keys.tolist() == expected
    assert rows[subject].tolist() == [by_key[subject][k] for k in expected]
    for j in others:
        assert rows[j].tolist() == [by_key[j][partner(k)] for k in expected]


def test_the_group_is_the_mean_of_unit_vectors(trials, tmp_path):
    rng = np.random.default_rng(0)
    responses = {}
    for subject, n_sessions in SESSIONS.items():
        responses[subject] = tmp_path / f"sub-{subject}"
        responses[subject].mkdir()
        for roi in (1, 2):
            shape = (n_sessions * PER_SESSION, 5 + roi)
            values = rng.integers(-300, 300, shape).astype(np.int16)
            np.save(responses[subject] / f"roi-{roi:03d}.npy", values)
    keys, rows = group_trials(trials, 2, [1, 3], 1, 3)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    groups = {1: [1], 2: [2]}
    similarity, normalized = compare_with_group(
        scratch, responses, groups, keys, rows, VectorMaker(clip_quantile=0.0), subject=2
    )

    def vector(subject: int, roi: int) -> np.ndarray:
        values = np.load(responses[subject] / f"roi-{roi:03d}.npy")[rows[subject]]
        distance = 1 - np.corrcoef(values.astype(float))
        flat = distance[np.triu_indices(len(keys), 1)]
        return (flat - flat.mean()) / np.linalg.norm(flat - flat.mean())

    for a in (1, 2):
        for b in (1, 2):
            mean = (vector(1, b) + vector(3, b)) / 2
            expected = vector(2, a) @ mean
            assert abs(similarity[a - 1, b - 1] - expected) < 1e-6
            correlation = np.corrcoef(vector(2, a), mean)[0, 1]
            assert abs(normalized[a - 1, b - 1] - correlation) < 1e-6


# ------------------------------------------------------------------ subsets


@pytest.fixture
def subset(tmp_path):
    path = tmp_path / "subset.parquet"
    pq.write_table(pa.table({"stimulus": np.array([6, 1, 3], np.uint32)}, schema=SUBSET), path)
    return path


@pytest.mark.parametrize("role", ["x", "y"])
@pytest.mark.parametrize("shift", [0, 1])
def test_matched_trials_of_a_subset(trials, subset, role, shift):
    assert read_subset(subset).tolist() == [1, 3, 6]
    keys, rows = trial_set(trials, 1, 3, shift, role)
    chosen = np.isin(keys // 3, [1, 3, 6])
    assert 0 < chosen.sum() < len(keys)
    found = matched_trials(trials, 1, 3, shift, role, 3, subset)
    np.testing.assert_array_equal(found[0], keys[chosen])
    np.testing.assert_array_equal(found[1], rows[chosen])
    whole = matched_trials(trials, 1, 3, shift, role, 3, None)
    np.testing.assert_array_equal(whole[0], keys)


def test_trials_of_a_subject_in_a_subset_are_chronological(trials, subset):
    keys, rows = subject_trials(trials, 3, 3, subset)
    own = trials.query("subject == 3 and shared and stimulus in [1, 3, 6]").sort_values("trial")
    np.testing.assert_array_equal(rows, own["trial"])
    np.testing.assert_array_equal(keys, key(own))
    assert (np.diff(rows) > 0).all()


def test_images_that_are_not_shared_are_refused(trials, tmp_path):
    path = tmp_path / "controlled.parquet"
    ids = np.array([0, N_SHARED + 101, N_SHARED + 100], np.uint32)
    pq.write_table(pa.table({"stimulus": ids}, schema=SUBSET), path)
    with pytest.raises(RepalignError, match=f"2 stimuli.*first is {N_SHARED + 100}") as caught:
        subject_trials(trials, 1, 3, path)
    assert "controlled.parquet" in str(caught.value.where)


def test_subsets_of_stimuli_are_those_of_the_table(tmp_path):
    path = tmp_path / "stimuli.parquet"
    names = ["test", "", "train", "test"]
    pq.write_table(
        pa.table({"stimulus": np.array([7, 1, 2, 0], np.uint32), "subset": names}), path
    )
    assert stimuli_of(path, "test").tolist() == [0, 7]
    with pytest.raises(RepalignError, match=r"subset coco(.|\n)*test, train"):
        stimuli_of(path, "coco")
    pq.write_table(pa.table({"stimulus": [1, 2]}), path)
    with pytest.raises(RepalignError, match=r"subset test(.|\n)*none"):
        stimuli_of(path, "test")


def test_too_many_trials_are_refused_with_their_size():
    check_count(6000, 6000, "x")
    with pytest.raises(RepalignError, match=r"9840 matched trials, 185 MiB(.|\n)*max_trials"):
        check_count(9840, 6000, "results/things")


# ------------------------------------------------------------------ vectors

STIMULI = np.array([4, 2, 4, 9, 2, 7])


def test_pairs_of_different_images_are_marked():
    keep = different_stimuli(STIMULI)
    assert keep is not None
    upper = np.triu_indices(6, 1)
    np.testing.assert_array_equal(keep, STIMULI[upper[0]] != STIMULI[upper[1]])
    assert (~keep).sum() == 2
    assert different_stimuli(np.array([3, 1, 2])) is None


def test_left_out_pairs_add_nothing():
    rng = np.random.default_rng(0)
    keep = different_stimuli(STIMULI)
    assert keep is not None
    x, y = rng.normal(size=(2, 6, 40))
    make = VectorMaker("rdm", 0.0, keep)
    vectors = [make.empty(6), make.empty(6)]
    for patterns, out in zip((x, y), vectors, strict=True):
        make(patterns, out)
        assert not out[~keep].any()
        assert abs(np.linalg.norm(out) - 1) < 1e-6
    upper = np.triu_indices(6, 1)
    a, b = ((1 - np.corrcoef(p))[upper][keep] for p in (x, y))
    assert abs(vectors[0] @ vectors[1] - np.corrcoef(a, b)[0, 1]) < 1e-6
    ranked = rank_vector(vectors[0], "average", keep)
    assert not ranked[~keep].any()
    order = a.argsort().argsort()
    assert np.corrcoef(ranked[keep], order)[0, 1] > 1 - 1e-6


def test_without_a_mask_vectors_are_those_of_the_kernels():
    patterns = np.random.default_rng(1).normal(size=(6, 9))
    for make, expected in (
        (VectorMaker("rdm", 0.1), rdm_vector(patterns, 0.1)),
        (VectorMaker("gram", 0.1), gram_vector(patterns, 0.1)),
        (VectorMaker("rdm", 0.0), rdm_vector(patterns, None)),
    ):
        out = make.empty(6)
        assert np.isnan(out).all()
        assert out.shape == (n_pairs(6),)
        make(patterns, out)
        np.testing.assert_array_equal(out, expected)
