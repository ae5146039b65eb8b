"""Null distributions from the files alone: draws written out, moments, sharding, other draws."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from repalign.kernels.moments import null_covariance
from repalign.kernels.permutations import (
    image_permutation,
    independent_permutation,
)

from ..permutations import cyclic_permutation
from .oracle import Oracle, permuted_product, rdm, unit
from .project import MODELS, NULL_LANGUAGE, NULL_SUBJECT, NULL_VISION, Project

SUBJECTS = [1, 2, 3]
PAIRS = list(permutations(SUBJECTS, 2))
JOINED = [1, 2, 4, 126, 180]
SEED = 0
N_IMAGES = 73_000
DRAWS = (0, 1, 40, 41, 59, 60, 9999)
"""The first ones, both sides of where sets of 41 and 60 trials end, and the last one."""

PART = "results/nsd/parts/null_subject_subject/shift-1_joined_{}/regions-00.npy"
MODEL = "sim-vit-small_pool-cls"
MODEL_PART = "results/nsd/parts/null_subject_model/joined_{}/" + MODEL + "/sub-03.npy"

Draw = Callable[[int, np.ndarray], np.ndarray]
"""The permutation of a draw, from its index and the keys of the trials."""


def cyclic(index: int, keys: np.ndarray) -> np.ndarray:
    return cyclic_permutation(SEED, index, len(keys))


def independent(index: int, keys: np.ndarray) -> np.ndarray:
    return independent_permutation(SEED, index, len(keys))


def by_image(index: int, keys: np.ndarray) -> np.ndarray:
    images = independent_permutation(SEED, index, N_IMAGES)
    found = image_permutation(images, keys, 3)
    # Every trial is replaced by the same repetition of another image.
    assert np.array_equal(keys[found] % 3, keys % 3)
    return found


class Nulls:
    """RDMs of all pairs, and the statistics of a draw computed one by one."""

    def __init__(self, project: Project) -> None:
        self.oracle = Oracle(project.root)
        self.pairs = {pair: self.of_pair(*pair) for pair in PAIRS}

    def of_pair(self, i: int, j: int) -> tuple[np.ndarray, list, list]:
        matched = self.oracle.matched(i, j, 1).sort_values(["stimulus", "repetition"])
        keys = (3 * matched["stimulus"] + matched["repetition"]).to_numpy()
        x, y = (
            [rdm(self.oracle.patterns(s, roi, matched[f"trial_{side}"], joined=True))
             for roi in JOINED]
            for s, side in ((i, "x"), (j, "y"))
        )  # fmt: skip
        return keys, x, y

    def subject_draw(self, index: int, draw: Draw) -> list[float]:
        return [
            float(
                np.mean(
                    [
                        permuted_product(x[k], y[k], draw(index, keys))
                        for keys, x, y in self.pairs.values()
                    ]
                )
            )
            for k in range(len(JOINED))
        ]

    def session_draw(
        self, index: int, draw: Draw, subject: int, session: int, model: str
    ) -> list[float]:
        """The signed extreme over layers in a session."""
        trials = self.oracle.session(subject, session)
        keys = (3 * trials["stimulus"] + trials["repetition"]).to_numpy(np.int64)
        pi = draw(index, keys)
        layers = [
            rdm(self.oracle.features(model, k, trials["stimulus"])) for k in range(MODELS[model])
        ]
        found = []
        for roi in JOINED:
            own = rdm(self.oracle.patterns(subject, roi, trials["trial"], joined=True))
            values = [permuted_product(own, layer, pi) for layer in layers]
            found.append(max(values, key=abs))
        return found


@pytest.fixture(scope="module")
def nulls(finished_all) -> Nulls:
    return Nulls(finished_all)


def test_a_draw_is_joint_over_pairs(finished_all, nulls):
    """The same index gives all pairs of one number of trials the same permutation."""
    assert sorted({len(keys) for keys, _, _ in nulls.pairs.values()}) == [41, 60]
    null = np.load(finished_all.root / NULL_SUBJECT)
    for index in DRAWS:
        np.testing.assert_allclose(null[index], nulls.subject_draw(index, cyclic), atol=1e-6)


def test_the_subject_null_has_its_exact_mean_and_variance(finished_all, nulls):
    null = np.load(finished_all.root / NULL_SUBJECT).astype(float)
    for k in range(len(JOINED)):
        mean, variance = 0.0, 0.0
        for size in (41, 60):
            chosen = [(x[k], y[k]) for keys, x, y in nulls.pairs.values() if len(keys) == size]
            x, y = (
                np.stack([squareform(unit(v)) for v in side]) for side in zip(*chosen, strict=True)
            )
            means, covariance = null_covariance(x, y)
            mean += means.sum() / 6
            variance += covariance.sum() / 36
        error = np.sqrt(variance / len(null))
        assert abs(null[:, k].mean() - mean) < 5 * error
        assert 0.9 < null[:, k].var() / variance < 1.1


@pytest.mark.parametrize("target", [NULL_VISION, NULL_LANGUAGE])
def test_the_model_null_nests_as_the_observed_values_do(finished_all, nulls, target):
    """Largest over layers with its sign; means over sessions, subjects, models in this order."""
    null = np.load(finished_all.root / target)
    models = [m for m in MODELS if m.endswith("-cls") == (target == NULL_VISION)]
    for index in (0, 29, 30):
        by_model = []
        for model in models:
            by_subject = []
            for subject, n_sessions in ((1, 3), (2, 3), (3, 2)):
                sessions = [
                    nulls.session_draw(index, cyclic, subject, s, model)
                    for s in range(1, n_sessions + 1)
                ]
                by_subject.append(np.mean(sessions, axis=0))
            by_model.append(np.mean(by_subject, axis=0))
        np.testing.assert_allclose(null[index], np.mean(by_model, axis=0), atol=1e-6)


def test_the_bytes_do_not_depend_on_the_sharding(finished_all, tmp_path):
    folder = finished_all.root / "results/nsd/rdms/all/shift-1_joined"

    def side(subject: int, role: str, partner: int) -> str:
        # Subject 3 has one session less; the first of all others stands for them.
        stands = 3 if partner == 3 else 1
        return str(folder / f"sub-{subject:02d}_{role}_sub-{stands:02d}")

    words = [
        "workflow/scripts/compute_subject_null.py",
        *("--x", *(side(i, "x", j) for i, j in PAIRS)),
        *("--y", *(side(j, "y", i) for i, j in PAIRS)),
        *("--subjects", "1", "2", "3", "--repetitions", "3", "--permutations", "10000"),
        *("--seed", "0", "--scheme", "cyclic", "--unit", "trial", "--n-images", str(N_IMAGES)),
    ]
    blocks = []
    for first in (0, 2, 4):
        output = tmp_path / f"{first}.npy"
        block = ["--first-row", str(first), "--n-rows", "2", "--output", str(output)]
        finished_all.python(*words, *block)
        blocks.append(np.load(output))
    assert [block.shape[1] for block in blocks] == [2, 2, 1]
    whole = np.load(finished_all.root / PART.format(10000))
    assert np.concatenate(blocks, axis=1).tobytes() == whole.tobytes()
    assert whole.tobytes() == np.load(finished_all.root / NULL_SUBJECT).tobytes()


@pytest.mark.parametrize(
    ("values", "draw"),
    [
        ({"scheme": "independent"}, independent),
        ({"unit": "image"}, by_image),
        pytest.param({"unit": "image", "scheme": "independent"}, by_image, marks=pytest.mark.long),
    ],
    ids=["independent", "image", "image independent"],
)
def test_other_draws(finished_all, nulls, tmp_path, values, draw):
    project = finished_all.copy(tmp_path / "project")
    project.set("permutation", **values)
    project.snakemake("--quiet", "all", "--", PART.format(3), MODEL_PART.format(3))
    subject_null = np.load(project.root / PART.format(3))
    model_null = np.load(project.root / MODEL_PART.format(3))
    for index in range(3):
        expected = nulls.subject_draw(index, draw)
        np.testing.assert_allclose(subject_null[index], expected, atol=1e-6)
        sessions = [nulls.session_draw(index, draw, 3, s, MODEL) for s in (1, 2)]
        np.testing.assert_allclose(model_null[index], np.mean(sessions, axis=0), atol=1e-6)


def test_the_number_of_draws_only_adds_draws(finished_all, tmp_path):
    project = finished_all.copy(tmp_path / "project")
    project.snakemake("--quiet", "all", "--", PART.format(70), MODEL_PART.format(70))
    for part in (PART, MODEL_PART):
        few, many = (np.load(project.root / part.format(n)) for n in (70, 10000))
        assert few.shape == (70, len(JOINED))
        np.testing.assert_array_equal(few, many[:70])
