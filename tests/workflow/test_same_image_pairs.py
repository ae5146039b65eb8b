"""Pairs of trials that show one image, left out of every RDM and of the controls."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from .oracle import Oracle, rdm, residual, similarity
from .project import Project

JOINED = [1, 2, 4, 126, 180]
PARTS = "results/nsd/parts"
MODEL = "sim-vit-base_pool-cls"
PAIR = PARTS + "/subject_subject/all_shift-1_joined_{}/sub-01_sub-02.parquet"
PARTIAL_PAIR = f"{PARTS}/subject_subject_partial/shift-1_joined/sub-01_sub-02.parquet"
MODEL_PART = f"{PARTS}/subject_model/all_joined/{MODEL}/sub-03.parquet"
PARTIAL_MODEL = f"{PARTS}/subject_model_partial/joined/{MODEL}/sub-03.parquet"
GROUP = f"{PARTS}/subject_group/shift-1_joined/sub-02.parquet"


@pytest.fixture(scope="module")
def dropped(finished_all, tmp_path_factory) -> Project:
    project = finished_all.copy(tmp_path_factory.mktemp("dropped") / "project")
    project.set("rsa", drop_same_image_pairs=True)
    project.snakemake(
        "--quiet", "all", "--", PAIR.format("pearson"), PAIR.format("spearman"), PARTIAL_PAIR,
        MODEL_PART, PARTIAL_MODEL, GROUP,
    )  # fmt: skip
    return project


@pytest.fixture(scope="module")
def oracle(dropped) -> Oracle:
    return Oracle(dropped.root)


def different(stimuli: pd.Series) -> np.ndarray:
    """Mark the pairs (n_pairs,) of trials with different images."""
    images = stimuli.to_numpy()
    a, b = np.triu_indices(len(images), 1)
    keep = np.asarray(images[a] != images[b])
    assert 0 < (~keep).sum() < len(keep) / 2
    return keep


def sides(oracle: Oracle) -> tuple[np.ndarray, np.ndarray, list, list]:
    matched = oracle.matched(1, 2, 1)
    keep = different(matched["stimulus"])
    x, y = (
        [rdm(oracle.patterns(s, roi, matched[column], joined=True))[keep] for roi in JOINED]
        for s, column in ((1, "trial_x"), (2, "trial_y"))
    )
    return matched["stimulus"].to_numpy(), keep, x, y


def check(project: Project, part: str, expected: list[float], **chosen: object) -> None:
    frame = pd.read_parquet(project.root / part)
    for name, value in chosen.items():
        frame = frame[frame[name] == value]
    np.testing.assert_allclose(frame["similarity"], expected, atol=1e-5)


def test_pairs_of_subjects(dropped, oracle, finished_all):
    _, _, x, y = sides(oracle)
    check(dropped, PAIR.format("pearson"), [similarity(a, b) for a, b in product(x, y)])
    ranks = [similarity(rankdata(a), rankdata(b)) for a, b in product(x, y)]
    check(dropped, PAIR.format("spearman"), ranks)
    before = pd.read_parquet(finished_all.root / PAIR.format("pearson"))["similarity"]
    after = pd.read_parquet(dropped.root / PAIR.format("pearson"))["similarity"]
    assert np.abs(before - after).max() > 1e-3


def test_controls_leave_out_the_same_pairs(dropped, oracle):
    stimuli, keep, x, y = sides(oracle)
    control = oracle.control("scene", stimuli)[keep]
    expected = [similarity(residual(a, control), residual(b, control)) for a, b in product(x, y)]
    check(dropped, PARTIAL_PAIR, expected, control="scene")
    trials = oracle.shared(3)
    keep = different(trials["stimulus"])
    control = oracle.control("biology", trials["stimulus"].to_numpy())[keep]
    layer = residual(rdm(oracle.features(MODEL, 1, trials["stimulus"]))[keep], control)
    expected = [
        similarity(
            residual(rdm(oracle.patterns(3, roi, trials["trial"], joined=True))[keep], control),
            layer,
        )
        for roi in JOINED
    ]
    check(dropped, PARTIAL_MODEL, expected, control="biology", layer=1)


def test_sessions_and_layers(dropped, oracle):
    trials = oracle.session(3, 1)
    keep = different(trials["stimulus"])
    layer = rdm(oracle.features(MODEL, 4, trials["stimulus"]))[keep]
    expected = [
        similarity(rdm(oracle.patterns(3, roi, trials["trial"], joined=True))[keep], layer)
        for roi in JOINED
    ]
    check(dropped, MODEL_PART, expected, session=1, layer=4)


def test_groups(dropped, oracle):
    one, three = oracle.matched(2, 1, 1), oracle.matched(2, 3, 1)
    common = one.merge(three, on=["stimulus", "repetition", "trial_x"], suffixes=("_1", "_3"))
    keep = different(common["stimulus"])
    own = [rdm(oracle.patterns(2, roi, common["trial_x"], joined=True))[keep] for roi in JOINED]
    expected = np.mean(
        [
            [
                similarity(
                    a, rdm(oracle.patterns(s, roi, common[f"trial_y_{s}"], joined=True))[keep]
                )
                for a, roi in product(own, JOINED)
            ]
            for s in (1, 3)
        ],
        axis=0,
    )
    check(dropped, GROUP, list(expected))
