"""Two subjects by the sessions of the first, against a plain float64 transcription."""

import logging

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from repalign.alignment.session_pairs import SessionComparer
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.errors import RepalignError

N_TRIALS = {1: 24, 2: 16}
PER_SESSION = 8
GROUPS = {1: [1, 181], 7: [7]}
WIDTH = {1: 6, 181: 9, 7: 12}
QUANTILE = 0.01


@pytest.fixture(scope="module", params=["int16", "float32", "float64"])
def responses(request, tmp_path_factory):
    """Matrices of two subjects in a dtype of the datasets."""
    rng = np.random.default_rng(4)
    folders = {}
    for subject, n_trials in N_TRIALS.items():
        folders[subject] = tmp_path_factory.mktemp(f"sub-{subject}")
        for roi, width in WIDTH.items():
            values = 200 * rng.standard_t(4, (n_trials, width))
            np.save(folders[subject] / f"roi-{roi:03d}.npy", values.astype(request.param))
    return folders


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(1)
    frames = []
    for subject, n_trials in N_TRIALS.items():
        # Image 9 is shown twice in the first session of either subject.
        shown = np.concatenate([[9, 9], rng.permutation(n_trials - 2)])
        frame = pd.DataFrame({"subject": subject, "trial": np.arange(n_trials), "stimulus": shown})
        frame["session"] = frame["trial"] // PER_SESSION + 1
        frame["repetition"] = frame.groupby("stimulus").cumcount()
        frames.append(frame.assign(shared=False))
    return pd.concat(frames, ignore_index=True)


def comparer(responses, pair, *, min_trials=3, drop=False, memory_mb=500) -> SessionComparer:
    def maker(keys):
        return VectorMaker("rdm", QUANTILE, different_stimuli(keys // 3) if drop else None)

    folders = (responses[pair[0]], responses[pair[1]])
    return SessionComparer(folders, GROUPS, maker, min_trials, memory_mb)


def matched_trials(trials, pair, session, stimuli):
    """Matched trials of a session of the first subject."""
    own, other = (trials[trials["subject"] == s] for s in pair)
    own = own[own["session"] == session].sort_values("trial")
    matched = own.merge(other, on=["stimulus", "repetition"])
    return matched if stimuli is None else matched[matched["stimulus"].isin(stimuli)]


def plain(responses, pair, matched, *, drop=False):
    """Similarities on some matched trials."""

    def rdm(subject, members, rows):
        files = [responses[subject] / f"roi-{roi:03d}.npy" for roi in members]
        x = np.hstack([np.load(file)[rows] for file in files]).astype(np.float64)
        return pdist(np.clip(x, *np.quantile(x, [QUANTILE, 1 - QUANTILE])), "correlation")

    shown = matched["stimulus"].to_numpy()
    upper = np.triu_indices(len(matched), 1)
    keep = shown[upper[0]] != shown[upper[1]] if drop else np.full(len(upper[0]), True)
    sides = [
        [rdm(subject, members, matched[f"trial_{side}"])[keep] for members in GROUPS.values()]
        for subject, side in zip(pair, "xy", strict=True)
    ]
    found = [[np.corrcoef(a, b)[0, 1] for b in sides[1]] for a in sides[0]]
    return np.array(found)


@pytest.mark.parametrize("pair", [(1, 2), (2, 1)])
@pytest.mark.parametrize("stimuli", [None, [0, 1, 2, 3, 5, 8, 9, 11]])
@pytest.mark.parametrize("drop", [False, True])
def test_similarities_are_those_of_the_plain_procedure(
    responses, trials, tmp_path, pair, stimuli, drop
):
    compare = comparer(responses, pair, min_trials=4, drop=drop)
    chosen = None if stimuli is None else np.array(stimuli)
    found = dict(compare(trials, pair, 3, chosen, tmp_path))
    assert list(found) == list(range(1, N_TRIALS[pair[0]] // PER_SESSION + 1))
    compared = 0
    for session, similarity in found.items():
        matched = matched_trials(trials, pair, session, stimuli)
        assert similarity.shape == (2, 2)
        if len(matched) < 4:
            assert np.isnan(similarity).all()
        else:
            expected = plain(responses, pair, matched, drop=drop)
            np.testing.assert_allclose(similarity, expected, atol=1e-5)
            compared += 1
    assert compared
    assert not list(tmp_path.iterdir()), "vectors are gone when they are used"


@pytest.mark.parametrize("stimuli", [[], [9], [0, 9]])
def test_too_few_trials_are_nan_and_said(responses, trials, tmp_path, stimuli, caplog):
    caplog.set_level(logging.WARNING, logger="repalign")
    found = list(comparer(responses, (1, 2))(trials, (1, 2), 3, np.array(stimuli, int), tmp_path))
    assert [session for session, _ in found] == [1, 2, 3]
    counts = [len(matched_trials(trials, (1, 2), k, stimuli)) for k in (1, 2, 3)]
    for (_, similarity), count in zip(found, counts, strict=True):
        assert np.isnan(similarity).all() == (count < 3)
    few = sum(count < 3 for count in counts)
    assert caplog.text.count("fewer than rsa.min_trials = 3") == 2 * few > 0


def test_a_subject_that_is_not_there_matches_nothing(responses, trials, tmp_path):
    found = dict(comparer(responses, (1, 2))(trials, (1, 7), 3, None, tmp_path))
    assert all(np.isnan(similarity).all() for similarity in found.values())
    assert len(found) == 3


def test_too_little_memory_is_refused(responses, trials, tmp_path):
    with pytest.raises(RepalignError, match="memory_mb"):
        list(comparer(responses, (1, 2), memory_mb=0)(trials, (1, 2), 3, None, tmp_path))
