"""Tables beside inter-subject RSA: their published form, and their values from plain NumPy."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from repalign.tables.provenance import read_record

from .oracle import RAW, Oracle, rdm, residual, similarity, unbiased_cka, unit
from .project import (
    CKA,
    CONTROLS,
    GROUPS,
    MODEL_TABLES,
    MODELS,
    NULL_LANGUAGE,
    NULL_SUBJECT,
    NULL_VISION,
    PARTIAL_MODELS,
    PARTIAL_PAIRS,
    PARTITIONS,
    PVALUES,
    REST,
    SHIFT_1,
    Project,
)

SUBJECTS = [1, 2, 3]
SESSIONS = {1: 3, 2: 3, 3: 2}
JOINED = [1, 2, 4, 126, 180]
"""V1, MST, V2, PHA1 and p24 by number."""
SEPARATED = [*JOINED, *(roi + 180 for roi in JOINED)]
CONDITIONS = ["uncontrolled", *CONTROLS]
LAYERS = [(model, layer) for model, n_layers in MODELS.items() for layer in range(n_layers)]

PAIR = {
    "roi_x": "uint16", "roi_y": "uint16", "similarity": "float32", "subject_i": "uint8",
    "subject_j": "uint8", "join_hemispheres": "bool", "rep_shift": "uint8",
}  # fmt: skip
CONTROL = {"control": "category", "distance": "category"}
PARTIAL_MODEL = {
    "roi": "uint16", "layer": "uint8", "similarity": "float32", "subject": "uint8",
    "model": "category", "join_hemispheres": "bool", **CONTROL,
}  # fmt: skip
MODEL = {
    "roi": "uint16", "layer": "uint8", "session": "uint8", "similarity": "float32",
    "subject": "uint8", "model": "category", "join_hemispheres": "bool",
}  # fmt: skip
SCHEMAS = {
    PARTITIONS: {**PAIR, "subset": "category"},
    **{table: {**PAIR, **CONTROL} for table in PARTIAL_PAIRS},
    **{
        table: {**PAIR, "subject_j": "category", "similarity_normalized": "float32"}
        for table in GROUPS
    },
    CKA: {
        "subject_i": "uint8", "subject_j": "uint8", "roi_x": "uint16", "roi_y": "uint16",
        "shift": "uint8", "join_hemispheres": "bool", "score": "float32", "metric": "category",
    },
    **dict.fromkeys(MODEL_TABLES, MODEL),
    **dict.fromkeys(PARTIAL_MODELS, PARTIAL_MODEL),
    PVALUES: {
        "roi": "uint16", "name": "str", "comparison": "category", "observed": "float64",
        "null_mean": "float64", "null_std": "float64", "pvalue": "float64",
        "pvalue_fdr_bh": "float64", "apa_star": "str", "mne_name": "str",
    },
}  # fmt: skip


def rois_of(target: str) -> list[int]:
    return SEPARATED if "separated" in target else JOINED


def keys_of(target: str) -> tuple[list[str], list[tuple]]:
    """The key columns of a table and their values row by row, as published."""
    rois = rois_of(target)
    pairs = [(i, j) for i in SUBJECTS for j in SUBJECTS]
    areas = list(product(rois, rois))
    if target == PARTITIONS:
        rows = product(["animate", "inanimate"], pairs, areas)
        names = ["subset", "subject_i", "subject_j", "roi_x", "roi_y"]
        return names, [(s, *p, *a) for s, p, a in rows]
    if target in PARTIAL_PAIRS:
        names = ["subject_i", "subject_j", "control", "roi_x", "roi_y"]
        return names, [(*p, c, *a) for p, c, a in product(pairs, CONDITIONS, areas)]
    if target in GROUPS:
        rows = product(SUBJECTS, areas)
        names = ["subject_i", "subject_j", "roi_x", "roi_y"]
        return names, [(i, f"group_without_{i}", *a) for i, a in rows]
    if target == CKA:
        names = ["subject_i", "subject_j", "roi_x", "roi_y"]
        return names, [(*p, *a) for p, a in product(pairs, areas)]
    if target in MODEL_TABLES:
        names = ["model", "subject", "roi", "layer", "session"]
        return names, [
            (model, subject, roi, layer, session)
            for model, n_layers in MODELS.items()
            for subject in SUBJECTS
            for roi in rois
            for layer in range(n_layers)
            for session in range(1, SESSIONS[subject] + 1)
        ]
    if target in PARTIAL_MODELS:
        names = ["model", "subject", "control", "roi", "layer"]
        return names, [
            (model, *rest)
            for model, n_layers in MODELS.items()
            for rest in product(SUBJECTS, CONDITIONS, rois, range(n_layers))
        ]
    names = ["comparison", "roi"]
    return names, list(product(["intersubject", "language", "vision"], JOINED))


N_ROWS = {
    PARTITIONS: 2 * 9 * 5**2,
    PARTIAL_PAIRS[0]: 9 * 4 * 5**2,
    PARTIAL_PAIRS[1]: 9 * 4 * 10**2,
    GROUPS[0]: 3 * 5**2,
    GROUPS[1]: 3 * 5**2,
    CKA: 9 * 5**2,
    MODEL_TABLES[0]: 5 * (3 + 3 + 2) * 14,
    MODEL_TABLES[1]: 10 * (3 + 3 + 2) * 14,
    PARTIAL_MODELS[0]: 3 * 5 * 14 * 4,
    PARTIAL_MODELS[1]: 3 * 10 * 14 * 4,
    PVALUES: 3 * 5,
}


@pytest.fixture(scope="module")
def oracle(finished_all) -> Oracle:
    return Oracle(finished_all.root)


def load(project: Project, target: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / target)


def test_there_are_as_many_layers_as_the_files_have():
    assert len(LAYERS) == 14


@pytest.mark.parametrize("target", SCHEMAS)
def test_schema_rows_and_order(finished_all, target):
    frame = load(finished_all, target)
    found = {name: str(kind) for name, kind in frame.dtypes.items()}
    found = {name: "str" if kind == "object" else kind for name, kind in found.items()}
    assert list(found.items()) == list(SCHEMAS[target].items())
    assert len(frame) == N_ROWS[target]
    names, rows = keys_of(target)
    columns = [frame[name].astype(object).tolist() for name in names]
    assert list(zip(*columns, strict=True)) == rows


@pytest.mark.parametrize("target", SCHEMAS)
def test_constant_columns_and_categories(finished_all, target):
    frame = load(finished_all, target)
    if "join_hemispheres" in frame:
        assert set(frame["join_hemispheres"]) == {"separated" not in target}
    shift = {"rep_shift", "shift"} & set(frame)
    if shift:
        assert set(frame[shift.pop()]) == {0 if target == GROUPS[0] else 1}
    for name in frame.select_dtypes("category"):
        assert set(frame[name].cat.categories) == set(frame[name])
    if "control" in frame:
        plain = frame["control"] == "uncontrolled"
        assert set(frame.loc[plain, "distance"]) == {"uncontrolled"}
        assert set(frame.loc[~plain, "distance"]) == {"euclidean"}
    if target == CKA:
        assert set(frame["metric"]) == {"unbiased_cka"}
    for name in {"similarity", "similarity_normalized", "score"} & set(frame):
        assert frame[name].between(-1 - 1e-6, 1 + 1e-6).all()


@pytest.mark.parametrize("target", REST)
def test_every_file_says_how_it_was_made(finished_all, target):
    record = read_record(finished_all.root / target)
    assert record["dataset_source"] == "simulated"
    assert str(finished_all.root) not in str(record)


@pytest.mark.parametrize("target", [NULL_SUBJECT, NULL_VISION, NULL_LANGUAGE])
def test_nulls_are_float32_draws_by_regions(finished_all, target):
    null = np.load(finished_all.root / target, allow_pickle=False)
    assert null.shape == (10000, len(JOINED))
    assert null.dtype == np.float32
    assert null.flags.c_contiguous
    assert np.isfinite(null).all()


@pytest.mark.parametrize(
    ("target", "subject", "session", "model", "layer"),
    [
        (MODEL_TABLES[0], 3, 2, "sim-vit-base_pool-cls", 2),
        (MODEL_TABLES[1], 1, 3, "sim-llm-small_pool-avg_prompt-coco", 0),
    ],
)
def test_subject_model_values(finished_all, oracle, target, subject, session, model, layer):
    frame = load(finished_all, target).query(
        "subject == @subject and session == @session and model == @model and layer == @layer"
    )
    trials = oracle.session(subject, session)
    assert trials["stimulus"].duplicated().any(), "repeats stay in"
    of_layer = rdm(oracle.features(model, layer, trials["stimulus"]))
    expected = [
        similarity(
            rdm(oracle.patterns(subject, roi, trials["trial"], joined=target == MODEL_TABLES[0])),
            of_layer,
        )
        for roi in rois_of(target)
    ]
    np.testing.assert_allclose(frame["similarity"], expected, atol=1e-5)


def test_planted_models_are_found_where_they_were_planted(finished_all):
    """Vision models explain V1 better than language models do."""
    frame = load(finished_all, MODEL_TABLES[0]).query("roi == 1")
    best = frame.groupby("model", observed=True)["similarity"].max()
    assert best["sim-vit-base_pool-cls"] > best["sim-llm-small_pool-avg_prompt-coco"]


@pytest.mark.parametrize(("target", "subject"), [(PARTIAL_MODELS[0], 2), (PARTIAL_MODELS[1], 3)])
def test_partial_model_values_are_correlations_of_residuals(finished_all, oracle, target, subject):
    model, layer = "sim-vit-small_pool-cls", 3
    frame = load(finished_all, target).query(
        "subject == @subject and model == @model and layer == @layer"
    )
    trials = oracle.shared(subject)
    of_layer = rdm(oracle.features(model, layer, trials["stimulus"]))
    of_rois = [
        rdm(oracle.patterns(subject, roi, trials["trial"], joined=target == PARTIAL_MODELS[0]))
        for roi in rois_of(target)
    ]
    for condition in CONDITIONS:
        found = frame.loc[frame["control"] == condition, "similarity"]
        if condition == "uncontrolled":
            expected = [similarity(x, of_layer) for x in of_rois]
        else:
            control = oracle.control(condition, trials["stimulus"].to_numpy())
            rest = residual(of_layer, control)
            expected = [similarity(residual(x, control), rest) for x in of_rois]
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("i", "j"), [(1, 1), (1, 3), (3, 2)])
def test_partial_pair_values_are_correlations_of_residuals(finished_all, oracle, i, j):
    frame = load(finished_all, PARTIAL_PAIRS[0]).query("subject_i == @i and subject_j == @j")
    matched = oracle.matched(i, j, 1)
    x = [rdm(oracle.patterns(i, roi, matched["trial_x"], joined=True)) for roi in JOINED]
    y = [rdm(oracle.patterns(j, roi, matched["trial_y"], joined=True)) for roi in JOINED]
    for name in CONTROLS:
        control = oracle.control(name, matched["stimulus"].to_numpy())
        left = [residual(v, control) for v in x]
        right = [residual(v, control) for v in y]
        expected = [similarity(a, b) for a, b in product(left, right)]
        found = frame.loc[frame["control"] == name, "similarity"]
        np.testing.assert_allclose(found, expected, atol=1e-5)
    plain = load(finished_all, SHIFT_1).query("subject_i == @i and subject_j == @j")
    found = frame.loc[frame["control"] == "uncontrolled", "similarity"].to_numpy()
    # All shared images are controlled here, so nothing else differs.
    np.testing.assert_allclose(found, plain["similarity"], atol=1e-6)


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_group_values(finished_all, oracle, shift, subject):
    """The mean of pairwise similarities; normalised, the correlation with the mean RDM."""
    others = [j for j in SUBJECTS if j != subject]
    common = oracle.shared(subject).rename(columns={"trial": "own"})
    for j in others:
        of_j = oracle.matched(subject, j, shift)
        of_j = of_j[["stimulus", "repetition", "trial_y"]].rename(columns={"trial_y": f"of {j}"})
        common = common.merge(of_j, on=["stimulus", "repetition"])
    own = [rdm(oracle.patterns(subject, roi, common["own"], joined=True)) for roi in JOINED]
    group = {
        j: [rdm(oracle.patterns(j, roi, common[f"of {j}"], joined=True)) for roi in JOINED]
        for j in others
    }
    pairwise = [
        np.mean([similarity(own[a], group[j][b]) for j in others])
        for a, b in product(range(5), range(5))
    ]
    mean = [np.mean([unit(group[j][b]) for j in others], axis=0) for b in range(5)]
    with_mean = [similarity(own[a], mean[b]) for a, b in product(range(5), range(5))]
    frame = load(finished_all, GROUPS[shift]).query("subject_i == @subject")
    np.testing.assert_allclose(frame["similarity"], pairwise, atol=1e-5)
    np.testing.assert_allclose(frame["similarity_normalized"], with_mean, atol=1e-5)


@pytest.mark.parametrize(("i", "j"), [(2, 2), (1, 3), (3, 1)])
def test_cka_is_the_textbook_estimator(finished_all, oracle, i, j):
    matched = oracle.matched(i, j, 1)
    x = [oracle.patterns(i, roi, matched["trial_x"], joined=True) for roi in JOINED]
    y = [oracle.patterns(j, roi, matched["trial_y"], joined=True) for roi in JOINED]
    expected = [unbiased_cka(a, b) for a, b in product(x, y)]
    frame = load(finished_all, CKA).query("subject_i == @i and subject_j == @j")
    np.testing.assert_allclose(frame["score"], expected, atol=1e-5)


@pytest.mark.parametrize("subset", ["animate", "inanimate"])
def test_partitions_are_restricted_to_their_images(finished_all, oracle, subset):
    scenes = json.loads((finished_all.root / RAW / "truth/scenes.json").read_text())
    beside = pd.read_csv(finished_all.root / RAW / "truth/objects_beside.tsv", sep="\t")
    images = [
        scene["nsd_id"]
        for scene in scenes
        if (scene["objects"] or scene["nsd_id"] in set(beside["nsd_id"]))
        and any(thing["animate"] for thing in scene["objects"]) == (subset == "animate")
    ]
    i, j = 2, 3
    matched = oracle.matched(i, j, 1)
    matched = matched[matched["stimulus"].isin(images)]
    assert 3 < len(matched) < len(oracle.matched(i, j, 1))
    expected = [
        similarity(
            rdm(oracle.patterns(i, a, matched["trial_x"], joined=True)),
            rdm(oracle.patterns(j, b, matched["trial_y"], joined=True)),
        )
        for a, b in product(JOINED, JOINED)
    ]
    frame = load(finished_all, PARTITIONS).query(
        "subject_i == @i and subject_j == @j and subset == @subset"
    )
    np.testing.assert_allclose(frame["similarity"], expected, atol=1e-5)


def test_pvalues_follow_from_the_published_files(finished_all):
    """Recomputed with pandas from the tables and nulls alone."""
    subject = load(finished_all, SHIFT_1).query("roi_x == roi_y and subject_i != subject_j")
    observed = {
        "intersubject": subject.astype({"similarity": float}).groupby("roi_x")["similarity"].mean()
    }
    models = load(finished_all, MODEL_TABLES[0]).astype({"similarity": float, "model": str})
    order = models["similarity"].abs().sort_values(ascending=False, kind="stable").index
    keys = ["roi", "model", "subject", "session"]
    best = models.loc[order].groupby(keys, sort=True)["similarity"].first()
    by_model = best.groupby(keys[:3]).mean().groupby(keys[:2]).mean().reset_index()
    vision = by_model["model"].str.endswith("-cls")
    for name, chosen in (("language", ~vision), ("vision", vision)):
        observed[name] = by_model[chosen].groupby("roi")["similarity"].mean()
    files = {"intersubject": NULL_SUBJECT, "language": NULL_LANGUAGE, "vision": NULL_VISION}
    table = load(finished_all, PVALUES)
    for name, values in observed.items():
        found = table[table["comparison"] == name]
        null = np.load(finished_all.root / files[name]).astype(float)
        mean, sd = null.mean(axis=0), null.std(axis=0)
        exceeding = (np.abs(null - mean) >= np.abs(values.to_numpy() - mean)).sum(axis=0)
        p = (1 + exceeding) / (len(null) + 1)
        ascending = np.argsort(p)
        stepped = p[ascending] * len(p) / np.arange(1, len(p) + 1)
        corrected = np.empty(len(p))
        corrected[ascending] = np.minimum.accumulate(stepped[::-1])[::-1].clip(max=1)
        np.testing.assert_allclose(found["observed"], values, rtol=1e-9)
        np.testing.assert_allclose(found["null_mean"], mean, atol=1e-12)
        np.testing.assert_allclose(found["null_std"], sd, rtol=1e-9)
        np.testing.assert_allclose(found["pvalue"], p, rtol=1e-12)
        np.testing.assert_allclose(found["pvalue_fdr_bh"], corrected, rtol=1e-12)
        bounds = [(0.0001, "****"), (0.001, "***"), (0.01, "**"), (0.05, "*")]
        stars = [next((s for b, s in bounds if q < b), "n.s.") for q in corrected]
        assert found["apa_star"].tolist() == stars
    assert table["name"].tolist() == ["V1", "MST", "V2", "PHA1", "p24"] * 3
    assert table["mne_name"].iloc[0] == "L_V1_ROI-lh"
