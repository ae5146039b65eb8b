"""Brain RDMs of images and token RDMs: trials, means, and vectors that are known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.alignment.sessions import compare_layers
from repalign.alignment.subsets import shared_trials
from repalign.alignment.token_vectors import token_vectors
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.errors import RepalignError
from repalign.tables.rdm_store import RdmReader
from repalign.tables.token_tables import write_tokens

from .conftest import N_SHARED

UPPER = np.triu_indices(8, 1)


def own_trials(trials, subject):
    """Return the shared trials of a subject, by image and repetition."""
    own = trials[(trials["subject"] == subject) & trials["shared"]]
    return own.sort_values(["stimulus", "repetition"])


@pytest.mark.parametrize("subject", [1, 3])
def test_every_shared_trial_is_a_row_in_mode_all(trials, subject):
    own = own_trials(trials, subject)
    found = shared_trials(trials, subject, 3, "all")
    assert found.keys.tolist() == (own["stimulus"] * 3 + own["repetition"]).tolist()
    assert found.rows.tolist() == own["trial"].tolist()
    assert found.images is None


@pytest.mark.parametrize("subject", [1, 3])
def test_the_first_trial_that_there_is(trials, subject):
    first = own_trials(trials, subject).groupby("stimulus").first()
    found = shared_trials(trials, subject, 3, "first")
    assert (found.keys // 3).tolist() == first.index.tolist()
    assert (found.keys % 3).tolist() == first["repetition"].tolist()
    assert found.rows.tolist() == first["trial"].tolist()
    assert found.images is None


@pytest.mark.parametrize("subject", [1, 3])
def test_means_take_all_trials_of_an_image(trials, subject):
    own = own_trials(trials, subject)
    found = shared_trials(trials, subject, 3, "mean")
    assert (found.keys // 3).tolist() == sorted(set(own["stimulus"]))
    assert found.rows.tolist() == own["trial"].tolist()
    assert found.images is not None
    assert found.images.tolist() == own["stimulus"].tolist()


def test_an_incomplete_subject_keeps_images_that_it_saw_once(trials):
    """Subject 3 did two of three sessions: fewer trials, yet all its images take part."""
    counts = own_trials(trials, 3).groupby("stimulus").size()
    assert counts.min() < 3, "the example needs an incomplete image"
    assert len(shared_trials(trials, 3, 3, "mean").keys) == len(counts)
    assert len(shared_trials(trials, 1, 3, "mean").keys) == N_SHARED


def test_a_subject_without_shared_trials_has_no_row(trials):
    for mode in ("mean", "first", "all"):
        assert len(shared_trials(trials[~trials["shared"]], 1, 3, mode).keys) == 0


@pytest.mark.parametrize("clip", [0, 0.01])
def test_the_rdm_of_means_is_of_clipped_patterns(clip):
    rng = np.random.default_rng(0)
    patterns = (rng.standard_t(3, (12, 40)) * 300).astype(np.int16)
    images = np.array([4, 4, 4, 6, 6, 9, 10, 10, 10, 11, 11, 11])
    make = VectorMaker("rdm", clip, images=images)
    found = make.empty(5)
    make(patterns, found)
    clipped = np.clip(patterns, *np.quantile(patterns.astype(float), [clip, 1 - clip]))
    means = np.array([clipped[images == image].mean(axis=0) for image in (4, 6, 9, 10, 11)])
    distances = pdist(means, "correlation")
    expected = (distances - distances.mean()) / np.linalg.norm(distances - distances.mean())
    np.testing.assert_allclose(found, expected, atol=1e-6)


def write_texts(path, texts):
    write_tokens(path, np.arange(len(texts)), texts, {})
    return path


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    texts = [rng.choice(list("abcdefgh"), rng.integers(2, 6)).tolist() for _ in range(20)]
    texts[3] = []
    return write_texts(tmp_path / "tokens.parquet", texts)


def test_vectors_are_unit_and_in_the_order_of_the_columns(path):
    stimuli = np.array([7, 3, 1, 15, 0, 12, 19, 8])
    found = token_vectors(path, stimuli)
    assert found.shape == (3, 28)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-5)
    from repalign.tables.token_tables import read_tokens

    texts = [set(read_tokens(path)[1].to_pylist()[k]) for k in stimuli]
    jaccard = [1 - len(texts[i] & texts[j]) / len(texts[i] | texts[j]) for i, j in zip(*UPPER)]  # noqa: B905
    assert np.corrcoef(found[0], jaccard)[0, 1] > 1 - 1e-6


def test_pairs_of_one_image_can_be_left_out(path):
    stimuli = np.array([7, 7, 1, 15, 1, 12, 19, 8])
    keep = different_stimuli(stimuli)
    found = token_vectors(path, stimuli, keep)
    assert not found[:, ~keep].any()
    whole = token_vectors(path, stimuli)
    for without, vector in zip(found, whole, strict=True):
        assert np.corrcoef(without[keep], vector[keep])[0, 1] > 1 - 1e-6
        assert abs(np.linalg.norm(without) - 1) < 1e-6


def test_too_few_trials_and_flat_rdms_are_nan(tmp_path, path):
    assert np.isnan(token_vectors(path, np.arange(2), enough=False)).all()
    same = write_texts(tmp_path / "same.parquet", [["a", "b"]] * 5)
    assert np.isnan(token_vectors(same, np.arange(5))).all()
    empty = write_texts(tmp_path / "empty.parquet", [[]] * 5)
    assert np.isnan(token_vectors(empty, np.arange(5))).all()


def test_images_without_tokens_are_refused_even_if_too_few(path):
    for enough in (True, False):
        with pytest.raises(RepalignError, match="no row for image 20"):
            token_vectors(path, np.array([1, 20]), enough=enough)


def planted(seed: int, n: int = 60, n_tokens: int = 40) -> tuple[list[list[str]], np.ndarray]:
    """Return texts and their counts."""
    counts = np.random.default_rng(seed).poisson(0.25, (n, n_tokens))
    texts = [[f"t{k}" for k, m in enumerate(row) for _ in range(m)] for row in counts]
    return texts, counts


def brain_vectors(patterns: list[np.ndarray]) -> np.ndarray:
    make = VectorMaker("rdm", 0)
    vectors = np.array([make.empty(len(patterns[0])) for _ in patterns])
    for pattern, vector in zip(patterns, vectors, strict=True):
        make(pattern, vector)
    return vectors


def test_patterns_that_are_counts_have_score_one(tmp_path, store):
    """A voxel a token: the brain RDM is the RDM of counts, another one of binary vectors."""
    texts, counts = planted(0)
    vectors = brain_vectors([counts.astype(float), (counts > 0).astype(float)])
    path = write_texts(tmp_path / "t.parquet", texts)
    rdms = RdmReader(store("brain", vectors, np.arange(60) * 3))
    found = compare_layers(rdms, token_vectors(path, rdms.keys // 3))
    assert found[0, 2] > 1 - 1e-5
    assert found[1, 1] > 1 - 1e-5
    assert 0.5 < found[0, 0] < found[1, 0] < 1


def test_unrelated_patterns_have_score_zero_within_three_standard_errors(tmp_path, store):
    texts, counts = planted(1)
    rng = np.random.default_rng(2)
    mixing = rng.normal(size=(counts.shape[1], 80))
    signal = [counts @ mixing + 3 * rng.normal(size=(60, 80)) for _ in range(20)]
    noise = [rng.normal(size=(60, 80)) for _ in range(200)]
    path = write_texts(tmp_path / "t.parquet", texts)
    rdms = RdmReader(store("brain", brain_vectors(signal + noise), np.arange(60) * 3))
    found = compare_layers(rdms, token_vectors(path, rdms.keys // 3))
    for scores in found.T:
        null = scores[20:]
        assert abs(null.mean()) < 3 * null.std() / np.sqrt(len(null))
        assert scores[:20].min() > null.max()
