"""Alignment on BOLD5000 and THINGS: published form, values from plain NumPy, planted truth."""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repalign.tables.provenance import read_record

from .oracle import Oracle, rdm, residual, similarity, unbiased_cka
from .project import (
    BOLD,
    OTHER_CKA,
    OTHER_GROUP,
    OTHER_MODELS,
    OTHER_PARTIAL,
    OTHER_PVALUES,
    OTHER_SHIFT,
    SESSION_MODELS,
    SESSION_PAIRS,
    THINGS,
    UNPUBLISHED,
    Project,
)

SESSIONS = {"bold5000": {1: 2, 2: 2, 3: 1}, "things": {1: 3, 2: 3}}
JOINED = [1, 2, 180]
"""V1, MST and p24 by number."""
SEPARATED = [*JOINED, *(roi + 180 for roi in JOINED)]
PAIRS = {
    "session": "int64", "roi_x": "uint16", "roi_y": "uint16", "similarity": "float32",
    "subject_i": "uint8", "subject_j": "uint8", "join_hemispheres": "bool", "dataset": "str",
    "rep_shift": "category",
}  # fmt: skip
MODELS = {
    "session": "uint8", "roi": "uint16", "layer": "uint16", "similarity": "float32",
    "subject": "uint8", "model": "category", "join_hemispheres": "bool", "dataset": "category",
}  # fmt: skip
TOLERANCE = 1e-5


def load(project: Project, target: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / target)


def types(frame: pd.DataFrame) -> list[tuple[str, str]]:
    found = {name: str(kind) for name, kind in frame.dtypes.items()}
    return [(name, "str" if kind == "object" else kind) for name, kind in found.items()]


def dataset_of(target: str) -> str:
    return target.split("/")[1]


@pytest.mark.parametrize(
    ("target", "label"), [*zip(SESSION_PAIRS, ["bold5000-coco", "things"], strict=True)]
)
def test_pairs_of_subjects_have_the_published_form(finished_others, target, label):
    frame, sessions = load(finished_others, target), SESSIONS[dataset_of(target)]
    rois = SEPARATED if "separated" in target else JOINED
    assert types(frame) == list(PAIRS.items())
    assert set(frame["join_hemispheres"]) == {"joined" in target}
    assert set(frame["dataset"]) == {label}
    assert set(frame["rep_shift"]) == {label}, "as published"
    keys = frame[["subject_i", "subject_j", "session", "roi_x", "roi_y"]]
    assert list(keys.itertuples(index=False, name=None)) == [
        (i, j, session, *areas)
        for i, j in permutations(sessions, 2)
        for session in range(1, sessions[i] + 1)
        for areas in product(rois, rois)
    ]


@pytest.mark.parametrize(
    ("target", "label"), [*zip(SESSION_MODELS, ["bold5000-scenes", "things"], strict=True)]
)
def test_models_have_the_published_form(finished_others, target, label):
    frame, sessions = load(finished_others, target), SESSIONS[dataset_of(target)]
    assert types(frame) == list(MODELS.items())
    assert set(frame["join_hemispheres"]) == {True}
    assert set(frame["dataset"]) == {label}
    keys = frame[["model", "subject", "session", "roi", "layer"]].astype({"model": object})
    assert list(keys.itertuples(index=False, name=None)) == [
        (model, subject, session, roi, layer)
        for model, n_layers in OTHER_MODELS.items()
        for subject, n_sessions in sessions.items()
        for session in range(1, n_sessions + 1)
        for roi in JOINED
        for layer in range(1, n_layers + 1)
    ]


@pytest.mark.parametrize(
    ("target", "subset", "pair", "session"),
    [
        (SESSION_PAIRS[0], "coco", (1, 2), 2),
        (SESSION_PAIRS[0], "coco", (2, 3), 1),
        (SESSION_PAIRS[1], "all", (1, 2), 3),
        (SESSION_PAIRS[1], "all", (2, 1), 1),
    ],
)
def test_values_of_pairs_of_subjects(finished_others, target, subset, pair, session):
    oracle = Oracle(finished_others.root, dataset_of(target))
    joined = "joined" in target
    matched = oracle.in_session(*pair, session, subset)
    assert len(matched) > 3
    frame = load(finished_others, target)
    for roi_x, roi_y in ((1, 1), (2, 180), JOINED[1:] if joined else (181, 1)):
        x = oracle.patterns(pair[0], roi_x, matched["trial_x"], joined=joined)
        y = oracle.patterns(pair[1], roi_y, matched["trial_y"], joined=joined)
        found = frame.query(
            "subject_i == @pair[0] and subject_j == @pair[1] and session == @session"
            " and roi_x == @roi_x and roi_y == @roi_y"
        )["similarity"].item()
        assert abs(found - similarity(rdm(x), rdm(y))) < TOLERANCE


@pytest.mark.parametrize(
    ("target", "subset", "subject", "session"),
    [(SESSION_MODELS[0], "scenes", 2, 2), (SESSION_MODELS[1], "all", 1, 3)],
)
@pytest.mark.parametrize("model", OTHER_MODELS)
def test_values_of_models(finished_others, target, subset, subject, session, model):
    oracle = Oracle(finished_others.root, dataset_of(target))
    trials = oracle.session(subject, session, subset)
    frame = load(finished_others, target).query(
        "subject == @subject and session == @session and model == @model and roi == 2"
    )
    brain = rdm(oracle.patterns(subject, 2, trials["trial"], joined=True))
    for layer in range(OTHER_MODELS[model]):
        expected = similarity(brain, rdm(oracle.features(model, layer, trials["stimulus"])))
        found = frame.loc[frame["layer"] == layer + 1, "similarity"].item()
        assert abs(found - expected) < TOLERANCE


def test_pairs_are_no_transposes_of_each_other(finished_others):
    """The sessions are those of the first subject."""
    frame = load(finished_others, SESSION_PAIRS[1])
    one, other = (
        frame.query("subject_i == @i and subject_j == @j and session == 1")["similarity"]
        .to_numpy()
        .reshape(6, 6)
        for i, j in ((1, 2), (2, 1))
    )
    assert not np.allclose(one, other.T, atol=1e-3)


@pytest.fixture(scope="module")
def both_hemispheres(finished_others, tmp_path_factory) -> Project:
    project = finished_others.copy(tmp_path_factory.mktemp("hemispheres") / "project")
    target = f"{BOLD}_subject_subject_alignment_separated.parquet"
    assert project.pending(target) == {"compare_subject_sessions": 6, "join_rsa_sessions": 1}
    project.snakemake("--quiet", "all", "--", target)
    return project


@pytest.mark.parametrize("name", ["bold5000", "things"])
def test_what_was_planted_is_found_on_its_own_side(both_hemispheres, name):
    stem = {"bold5000": BOLD, "things": THINGS}[name]
    frame = load(both_hemispheres, f"{stem}_subject_subject_alignment_separated.parquet")
    own = frame[frame["roi_x"] == frame["roi_y"]].groupby("roi_x")["similarity"].mean()
    path = both_hemispheres.root / f"resources/simulated/{name}/truth/regions.tsv"
    planted = pd.read_csv(path, sep="\t").set_index("roi")["planted_similarity"]
    assert own.index.tolist() == SEPARATED
    np.testing.assert_allclose(own, planted.loc[SEPARATED], atol=0.12)
    assert planted[1] > planted[181], "V1 is stronger on the left"
    assert own[1] > own[181]


# ------------------------------------------------------------------ analyses beyond the published


@pytest.mark.parametrize("target", [*SESSION_PAIRS, *SESSION_MODELS, *UNPUBLISHED])
def test_every_file_says_how_it_was_made(finished_others, target):
    record = read_record(finished_others.root / target)
    assert record["dataset_source"] == "simulated"
    assert record["spec"]["wildcards"]["dataset"] == dataset_of(target)


def test_shifted_repetitions_of_things_are_those_of_test_images(finished_others):
    oracle = Oracle(finished_others.root, "things")
    frame, cka = load(finished_others, OTHER_SHIFT), load(finished_others, OTHER_CKA)
    matched = oracle.matched(1, 2, shift=1, count=3)
    kinds = oracle.stimuli.set_index("stimulus")["subset"]
    assert set(matched["stimulus"].map(kinds)) == {"test"}
    assert len(matched) == 8 * 3
    x = oracle.patterns(1, 1, matched["trial_x"], joined=True)
    y = oracle.patterns(2, 2, matched["trial_y"], joined=True)
    row = "subject_i == 1 and subject_j == 2 and roi_x == 1 and roi_y == 2"
    found = frame.query(row)["similarity"].item()
    assert abs(found - similarity(rdm(x), rdm(y))) < TOLERANCE
    assert abs(cka.query(row)["score"].item() - unbiased_cka(x, y)) < TOLERANCE


def test_the_group_of_bold5000_is_compared_on_images_that_all_were_shown(finished_others):
    oracle, frame = Oracle(finished_others.root, "bold5000"), load(finished_others, OTHER_GROUP)
    one, two = (
        oracle.matched(1, j, shift=0, count=2).rename(columns={"trial_y": f"trial_{j}"})
        for j in (2, 3)
    )
    trials = one.merge(two, on=["stimulus", "repetition", "trial_x"])
    assert len(trials) == len(one) < sum(len(oracle.in_session(1, 2, k)) for k in (1, 2))
    own = rdm(oracle.patterns(1, 1, trials["trial_x"], joined=True))
    others = [rdm(oracle.patterns(j, 1, trials[f"trial_{j}"], joined=True)) for j in (2, 3)]
    expected = np.mean([similarity(own, other) for other in others])
    found = frame.query("subject_i == 1 and roi_x == 1 and roi_y == 1")["similarity"].item()
    assert abs(found - expected) < TOLERANCE


def test_partial_similarities_are_correlations_of_residuals(finished_others):
    oracle, frame = Oracle(finished_others.root, "bold5000"), load(finished_others, OTHER_PARTIAL)
    model = "sim-vit-small_pool-cls"
    controlled = pd.read_parquet(oracle.raw / "control_matrices/control_scene.parquet")
    trials = oracle.shared(2)
    trials = trials[trials["stimulus"].isin(controlled["bold_position"])]
    brain = rdm(oracle.patterns(2, 1, trials["trial"], joined=True))
    layer = rdm(oracle.features(model, 1, trials["stimulus"]))
    control = oracle.control("scene", trials["stimulus"].to_numpy())
    expected = similarity(residual(brain, control), residual(layer, control))
    row = "model == @model and subject == 2 and roi == 1 and layer == 1 and control == 'scene'"
    assert abs(frame.query(row)["similarity"].item() - expected) < TOLERANCE


def test_pvalues_of_things(finished_others):
    frame, models = load(finished_others, OTHER_PVALUES), load(finished_others, SESSION_MODELS[1])
    assert len(frame) == 3 * len(JOINED)
    assert frame["pvalue"].between(1 / 1001, 1).all()
    shift = load(finished_others, OTHER_SHIFT)
    own = shift[(shift["subject_i"] != shift["subject_j"]) & (shift["roi_x"] == shift["roi_y"])]
    observed = frame.set_index(["comparison", "roi"])["observed"]
    expected = own.groupby("roi_x")["similarity"].mean()
    np.testing.assert_allclose(observed["intersubject"], expected, atol=1e-6)
    keys = ["model", "subject", "session", "roi"]
    extreme = models.loc[models["similarity"].abs().groupby(
        [models[key] for key in keys], observed=True).idxmax()]  # fmt: skip
    for model, name in zip(OTHER_MODELS, ("language", "vision"), strict=True):
        means = extreme[extreme["model"] == model].groupby("roi")["similarity"].mean()
        np.testing.assert_allclose(observed[name], means, atol=1e-6)
    v1 = frame.query("roi == 1 and comparison != 'language'")
    assert (v1["pvalue"] < 0.01).all()


# ------------------------------------------------------------------ jobs, staleness, bad input


def test_tables_share_what_they_have_in_common(finished_others):
    pending = finished_others.pending
    assert pending(f"{BOLD}-imagenet_subject_subject_alignment_joined.parquet") == {
        "select_stimuli": 1, "compare_subject_sessions": 6, "join_rsa_sessions": 1,
    }  # fmt: skip
    assert pending(f"{THINGS}_subject_model_alignment_separated.parquet") == {
        "compute_session_rdms": 2, "compare_model": 4, "join_rsa_subject_model": 1,
    }  # fmt: skip
    assert pending(*SESSION_PAIRS, *SESSION_MODELS, *UNPUBLISHED) == {}


def test_another_model_file_makes_its_own_comparisons_stale_alone(finished_others, tmp_path):
    project = finished_others.copy(tmp_path / "project")
    folder = project.root / "resources/simulated/bold5000/features"
    source = (folder / "sim-vit-base_pool-cls.h5").read_bytes()
    (folder / "sim-vit-small_pool-cls.h5").unlink()
    (folder / "sim-vit-small_pool-cls.h5").write_bytes(source)
    assert project.pending(*SESSION_PAIRS, *SESSION_MODELS) == {
        "compare_model": 3, "join_rsa_subject_model": 1,
    }  # fmt: skip


def test_too_few_trials_are_nan_and_said(finished_others, tmp_path):
    project = finished_others.copy(tmp_path / "project")
    oracle = Oracle(project.root, "bold5000")
    counts = [len(oracle.in_session(1, 3, session, "coco")) for session in (1, 2)]
    fewer, more = sorted(counts)
    assert fewer < more
    project.set("rsa", min_trials=more)
    part = "results/bold5000/parts/subject_subject_sessions/coco_joined/sub-01_sub-03.parquet"
    project.snakemake("--quiet", "all", "--", part)
    frame = load(project, part)
    undefined = frame["similarity"].isna().groupby(frame["session"]).agg(["all", "any"])
    for session, count in enumerate(counts, start=1):
        assert undefined.loc[session].tolist() == [count == fewer] * 2
    assert len(frame) == 2 * len(JOINED) ** 2, "no row is lost"
    log = (project.root / f"logs/{part.removeprefix('results/')}.log").read_text()
    assert f"{fewer} trials, fewer than rsa.min_trials = {more}" in log


def test_files_of_absent_datasets_say_what_to_do(finished_others):
    done = finished_others.snakemake(
        "-n", "--", "results/nsd/rsa_subject_model_alignment_joined.parquet", check=False
    )
    assert done.returncode
    assert "repalign simulate nsd" in done.stdout + done.stderr


def test_figures_are_those_of_what_can_be_made_of_others(finished_others):
    done = finished_others.snakemake("-n")
    listed = done.stdout + done.stderr
    figures = {Path(word).name for word in listed.split() if word.endswith(".png")}
    stem, by_session = Path(OTHER_SHIFT).stem, Path(SESSION_PAIRS[1]).stem
    assert {f"{stem}_heatmap.png", f"{stem}_ranking.png", f"{by_session}_overview.png"} <= figures
    assert f"{by_session}_heatmap.png" not in figures, "tables by session have no heat maps"
    assert "results/nsd/" not in listed
