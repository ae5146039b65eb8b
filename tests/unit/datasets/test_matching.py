import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repalign.datasets.matching import (
    check_repetitions,
    match_sessions,
    match_trials,
    trial_set,
)
from repalign.errors import RepalignError

from .conftest import assert_error


def trials_of(subject, n_trials, rng, n_images=12, n_shared=8, n_rep=3):
    """Recorded trials of a subject; subjects have orders of their own."""
    order = rng.permutation(np.repeat(np.arange(n_images), n_rep))[:n_trials]
    images = np.where(order < n_shared, order, order + 100 * subject)
    repetition = pd.Series(order).groupby(order).cumcount().to_numpy()
    return pd.DataFrame(
        {"subject": subject, "trial": np.arange(n_trials), "stimulus": images.astype("u4"),
         "repetition": repetition.astype("u1"), "shared": order < n_shared}
    )  # fmt: skip


def brute_force(i, j, shift, n_rep):
    pairs = []
    for a in i[i.shared].itertuples():
        for b in j[j.shared].itertuples():
            if a.stimulus == b.stimulus and b.repetition == (int(a.repetition) - shift) % n_rep:
                pairs.append((a.trial, b.trial, a.stimulus * n_rep + a.repetition))
    return pairs


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**20),
    n_rep=st.integers(1, 4),
    shift=st.integers(-1, 5),
    lengths=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    same=st.booleans(),
)
def test_matching_against_brute_force(seed, n_rep, shift, lengths, same):
    rng = np.random.default_rng(seed)
    sizes = [int(part * 12 * n_rep) for part in lengths]
    first, second = (trials_of(k + 1, sizes[k], rng, n_rep=n_rep) for k in range(2))
    trials = pd.concat([second, first])
    i, j = 1, 1 if same else 2
    other = first if same else second
    rows_i, rows_j, keys = match_trials(first, other, shift, n_rep)
    assert list(zip(rows_i, rows_j, keys, strict=True)) == brute_force(first, other, shift, n_rep)
    keys_x, rows_x = trial_set(trials, i, j, shift, "x", n_rep)
    keys_y, rows_y = trial_set(trials, j, i, shift, "y", n_rep)
    np.testing.assert_array_equal(keys_x, keys_y)
    by_key = np.argsort(keys)
    np.testing.assert_array_equal(keys_x, keys[by_key])
    np.testing.assert_array_equal(rows_x, rows_i[by_key])
    np.testing.assert_array_equal(rows_y, rows_j[by_key])
    assert (np.diff(keys_x) > 0).all()
    assert {array.dtype for array in (keys_x, rows_x, rows_i, rows_j, keys)} == {np.dtype("i8")}
    # Shift n - s of (j, i) is shift s of (i, j), the other way round.
    back_j, back_i, _ = match_trials(other, first, n_rep - shift, n_rep)
    assert set(zip(back_i, back_j, strict=True)) == set(zip(rows_i, rows_j, strict=True))


def test_direction_of_the_shift():
    """Shift 1 pairs the repetitions 0, 1, 2 of i with 2, 0, 1 of j."""
    i = pd.DataFrame(
        {"subject": 1, "trial": [0, 1, 2], "stimulus": 5, "repetition": [0, 1, 2], "shared": True}
    )
    rows_i, rows_j, keys = match_trials(i, i.assign(trial=[10, 11, 12]), 1, 3)
    assert rows_i.tolist() == [0, 1, 2]
    assert rows_j.tolist() == [12, 10, 11]
    assert keys.tolist() == [15, 16, 17]


def test_trials_that_cannot_be():
    good = trials_of(1, 30, np.random.default_rng(0))
    shared = good.index[good.shared]
    for wrong, part in (
        (pd.concat([good, good.loc[shared[:1]]]), "each repetition of an image once"),
        (good.assign(repetition=good.repetition + 1), "repetitions 0 to 2"),
    ):
        with pytest.raises(RepalignError) as error:
            match_trials(good, wrong, 1, 3)
        assert_error(error.value, "subject 1", "trial", part)


def test_role_must_be_known():
    with pytest.raises(ValueError, match="role"):
        trial_set(trials_of(1, 5, np.random.default_rng(0)), 1, 1, 0, "z", 3)


# ------------------------------------------------------------------ by sessions of one subject


def recorded(rng, subject, n_trials, n_images=9, per_session=7):
    """Trials of a subject in random order, some images never, some often."""
    stimulus = rng.integers(0, n_images, n_trials)
    frame = pd.DataFrame({"subject": subject, "trial": np.arange(n_trials), "stimulus": stimulus})
    frame["session"] = frame["trial"] // per_session + 1
    frame["repetition"] = frame.groupby("stimulus").cumcount()
    # Neither decides anything here.
    return frame.assign(shared=False)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**16),
    lengths=st.tuples(st.integers(1, 40), st.integers(0, 40)),
    subset=st.booleans(),
)
def test_sessions_are_matched_as_by_brute_force(seed, lengths, subset):
    rng = np.random.default_rng(seed)
    own, other = (recorded(rng, k + 1, n) for k, n in enumerate(lengths))
    trials = pd.concat([other, own]).sample(frac=1, random_state=seed)
    stimuli = np.array([1, 4, 6]) if subset else None
    wanted = {1, 4, 6} if subset else set(range(9))
    theirs = {
        (row.stimulus, row.repetition): row.trial for row in other.itertuples()
    }  # fmt: skip
    found = list(match_sessions(trials, 1, 2, 40, stimuli))
    assert [session for session, *_ in found] == sorted(set(own["session"]))
    for session, keys, rows_i, rows_j in found:
        expected = [
            (row.stimulus * 40 + row.repetition, row.trial, theirs[row.stimulus, row.repetition])
            for row in own[own["session"] == session].itertuples()
            if (row.stimulus, row.repetition) in theirs and row.stimulus in wanted
        ]
        triples = zip(keys.tolist(), rows_i.tolist(), rows_j.tolist(), strict=True)
        assert list(triples) == expected, "in the order of the recording of i"


def test_a_stimulus_shown_too_often_is_named():
    trials = recorded(np.random.default_rng(0), 3, 40)
    often = int(trials["repetition"].max()) + 1
    check_repetitions(trials, often)
    with pytest.raises(RepalignError, match=rf"repetition {often - 1}") as caught:
        list(match_sessions(trials, 3, 3, often - 1))
    assert "subject 3" in str(caught.value.where)
    assert "bold5000.repetitions" in str(caught.value)
