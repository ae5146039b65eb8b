"""Regions of eight simulated subjects whose alignment is known, for `validity.py`.

Subjects have the session counts of NSD, so that their nine trial sets have seven sizes. What the
kinds of data are is said in `validity.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from scale import SESSIONS, TRIALS

from repalign.alignment.nulls import PairClass
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.datasets.matching import trial_set
from repalign.kernels.rdm import normalise_rdm

RELABELLED = ("independent", "drifting", "categorical")
BY_TRIAL = ("time", "category of the image", "same image")
N_VOXELS = 20

Maker = Callable[[np.random.Generator, int], np.ndarray]


@dataclass
class Vectors:
    """One RDM vector in memory, read like a folder of them."""

    keys: np.ndarray
    only: np.ndarray

    def vector(self, row: int) -> np.ndarray:
        """Return the vector of region 0, the only one."""
        assert row == 0
        return self.only


@cache
def trials_table(n_trials: int) -> pd.DataFrame:
    """Trials of 8 subjects: images three times each, in one order; missing sessions at the end."""
    image = np.random.default_rng(7).permutation(np.arange(n_trials) // 3)
    one = pd.DataFrame({"trial": np.arange(n_trials), "stimulus": image, "shared": True})
    one["repetition"] = one.groupby("stimulus").cumcount()
    held = {
        subject: n_trials * TRIALS[40, sessions] // 3000 for subject, sessions in SESSIONS.items()
    }
    return pd.concat([one[: held[subject]].assign(subject=subject) for subject in SESSIONS])


@cache
def trial_sets(n_trials: int) -> dict[tuple[int, int], tuple[np.ndarray, dict, dict]]:
    """Return keys and rows of both sides (by subject) of every class of pairs at shift 1."""
    trials, sets = trials_table(n_trials), {}
    counts = sorted(set(SESSIONS.values()), reverse=True)
    for a, b in product(counts, counts):
        first, second = ([k for k, count in SESSIONS.items() if count == one] for one in (a, b))
        partner = {a: first[0], b: second[0]}
        x = {i: trial_set(trials, i, partner[b], 1, "x") for i in first}
        y = {j: trial_set(trials, j, partner[a], 1, "y") for j in second}
        keys = next(iter(x.values()))[0]
        assert all(np.array_equal(one, keys) for one, _ in [*x.values(), *y.values()])
        rows = [{k: found[1] for k, found in side.items()} for side in (x, y)]
        sets[a, b] = (keys, *rows)
    return sets


def classes_of(rdm: Callable[[int, np.ndarray], np.ndarray], n_trials: int) -> list[PairClass]:
    """Return the classes of pairs, given the RDM of a subject on some of its trials."""
    classes = []
    for keys, *sides in trial_sets(n_trials).values():
        made = [{k: Vectors(keys, rdm(k, rows)) for k, rows in side.items()} for side in sides]
        classes.append(PairClass(keys, *made))
    return classes


def observed(classes: list[PairClass]) -> float:
    """Mean over all ordered pairs i != j, pair by pair."""
    found = [
        float(np.dot(x.only.astype(np.float64), y.only))
        for one in classes
        for (i, x), (j, y) in product(one.x.items(), one.y.items())
        if i != j
    ]
    return float(np.mean(found))


# Patterns (n_trials, N_VOXELS) of one subject in a region where subjects are not aligned.


def independent(rng: np.random.Generator, n_trials: int) -> np.ndarray:
    return rng.standard_normal((n_trials, N_VOXELS), np.float32)


def categorical(rng: np.random.Generator, n_trials: int) -> np.ndarray:
    labels = rng.permutation(np.arange(n_trials) % 8)
    return independent(rng, 8)[labels] + independent(rng, n_trials)


def drifting(rng: np.random.Generator, n_trials: int) -> np.ndarray:
    walk = np.cumsum(independent(rng, n_trials), axis=0) * np.float32(0.05)
    return walk + independent(rng, n_trials)


def repeated(rng: np.random.Generator, n_trials: int) -> np.ndarray:
    image = trials_table(n_trials)["stimulus"].to_numpy()[:n_trials]
    return independent(rng, n_trials)[image] + independent(rng, n_trials)


def planted(strength: float) -> Maker:
    """Patterns whose geometry is common to all subjects to some extent."""

    def make(rng: np.random.Generator, n_trials: int) -> np.ndarray:
        image = trials_table(n_trials)["stimulus"].to_numpy()[:n_trials]
        common = independent(np.random.default_rng(11), n_trials)[image]
        turned = common @ np.linalg.qr(independent(rng, N_VOXELS))[0]
        return strength * turned + independent(rng, n_trials)

    return make


def simulated(make: Maker, n_trials: int, seed: int, *, drop: bool = False) -> list[PairClass]:
    """Simulate a region in all subjects; RDMs by the workflow's kernel."""
    patterns = {
        subject: make(np.random.default_rng([seed, subject]), n_trials) for subject in SESSIONS
    }
    image = trials_table(n_trials)["stimulus"].to_numpy()[:n_trials]

    def rdm(subject: int, rows: np.ndarray) -> np.ndarray:
        make_vector = VectorMaker(keep=different_stimuli(image[rows]) if drop else None)
        vector = make_vector.empty(len(rows))
        make_vector(patterns[subject][rows], vector)
        return vector

    return classes_of(rdm, n_trials)


def structured(kind: str, n_trials: int, seed: int) -> list[PairClass]:
    """RDMs of all subjects that share a structure over trials, plus noise of each.

    Of `RELABELLED`, the structure is one of positions in the RDM: neighbours are alike, or the
    same eighth of all positions. Of `BY_TRIAL`, it is one of the trials themselves, whose order in
    the RDM is that of the workflow: by image and repetition.
    """
    rng = np.random.default_rng(seed)
    image = trials_table(n_trials)["stimulus"].to_numpy()[:n_trials]
    label = np.random.default_rng(13).permutation(np.arange(n_trials) % 8)

    def rdm(_: int, rows: np.ndarray) -> np.ndarray:
        low, high = np.triu_indices(len(rows), 1)
        category = np.arange(len(rows)) * 8 // len(rows)
        structure = {
            "independent": 0.0,
            "drifting": (high - low) / len(rows),
            "categorical": (category[low] != category[high]).astype(float),
            "time": np.abs(rows[high] - rows[low]) / n_trials,
            "category of the image": label[image[rows[low]]] != label[image[rows[high]]],
            "same image": image[rows[low]] != image[rows[high]],
        }[kind]
        noise = 0.3 * rng.standard_normal(low.size)
        return normalise_rdm(structure + noise).astype(np.float32)

    return classes_of(rdm, n_trials)
