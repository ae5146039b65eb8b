"""Language with vision models, and subjects with untrained models, from the tiny dataset."""

from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from repalign.models.features import write_features
from repalign.tables.provenance import read_record

from .oracle import RAW, Oracle, clipped, similarity, unbiased_hsic
from .project import Project

TABLE = "results/nsd/alignment_model_model_coco.parquet"
PARTS = "results/nsd/parts/model_model"
LANGUAGE = {"sim-llm-large_pool-avg_prompt-coco": 6, "sim-llm-small_pool-avg_prompt-coco": 5}
VISION = {"sim-vit-base_pool-cls": 5, "sim-vit-large_pool-cls": 6, "sim-vit-small_pool-cls": 4}
METRICS = ["rsa", "unbiased_cka", "mutual_knn"]
BATCH, TOPK = 20, 5
COLUMNS = {
    "model_language": "category", "model_vision": "category", "layer_language": "int16",
    "layer_vision": "int16", "batch": "uint16", "metric": "category", "score": "float32",
}  # fmt: skip
KEYS = ["model_language", "model_vision", "batch", "metric", "layer_language", "layer_vision"]


@pytest.fixture(scope="module")
def compared(finished, tmp_path_factory) -> Project:
    """The table of the five simulated models. Do not change it; copy it."""
    project = finished.copy(tmp_path_factory.mktemp("models") / "project")
    project.set("model_model", batch_size=BATCH, topk=TOPK, include_flattened=True)
    project.snakemake("--quiet", "all", "--", TABLE)
    return project


def load(project: Project, target: str = TABLE) -> pd.DataFrame:
    return pd.read_parquet(project.root / target)


def n_images(project: Project) -> int:
    return len(pd.read_parquet(project.root / "results/nsd/prepared/stimuli.parquet"))


def test_there_is_a_row_for_every_batch_metric_and_pair_of_layers(compared):
    frame = load(compared)
    n_batches = -(-n_images(compared) // BATCH)
    assert n_batches == 3
    assert frame.dtypes.astype(str).to_dict() == COLUMNS
    assert len(frame) == n_batches * 3 * (6 + 5 + 2) * (5 + 6 + 4 + 3)
    expected = [
        (x, y, batch, metric, a, b)
        for x, y in product(LANGUAGE, VISION)
        for batch in range(n_batches)
        for metric in METRICS
        for a in range(-1, LANGUAGE[x])
        for b in range(-1, VISION[y])
    ]
    assert list(frame[KEYS].astype(object).itertuples(index=False, name=None)) == expected
    assert frame["score"].notna().all()
    assert read_record(compared.root / TABLE)["dataset_source"] == "simulated"


def rows_of(oracle: Oracle, model: str, n_layers: int, ids: np.ndarray) -> list[np.ndarray]:
    """All layers flattened, then each; clamped and of length 1."""
    layers = [oracle.features(model, layer, ids) for layer in range(n_layers)]
    limit = np.quantile(np.abs(np.hstack(layers)), 0.95)
    layers = [np.clip(layer, -limit, limit) for layer in (np.hstack(layers), *layers)]
    return [layer / np.linalg.norm(layer, axis=1, keepdims=True) for layer in layers]


def neighbours(x: np.ndarray) -> list[set[int]]:
    products = x @ x.T
    np.fill_diagonal(products, -np.inf)
    return [{*row} for row in np.argsort(-products, axis=1)[:, :TOPK].tolist()]


def plain(x: np.ndarray, y: np.ndarray) -> list[float]:
    """The three metrics as in textbooks."""
    k, m = x @ x.T, y @ y.T
    cka = unbiased_hsic(k, m) / np.sqrt(unbiased_hsic(k, k) * unbiased_hsic(m, m))
    common = [len(a & b) / TOPK for a, b in zip(neighbours(x), neighbours(y), strict=True)]
    rsa = similarity(*(1 - np.corrcoef(v)[np.triu_indices(len(v), 1)] for v in (x, y)))
    return [rsa, float(cka), float(np.mean(common))]


@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize(("x", "y"), [(0, 0), (1, 2)])
def test_values_are_those_of_plain_numpy(compared, batch, x, y):
    language, vision = [*LANGUAGE][x], [*VISION][y]
    oracle = Oracle(compared.root)
    ids = np.arange(n_images(compared))[batch * BATCH : (batch + 1) * BATCH]
    of_language = rows_of(oracle, language, LANGUAGE[language], ids)
    of_vision = rows_of(oracle, vision, VISION[vision], ids)
    frame = load(compared).query(
        "model_language == @language and model_vision == @vision and batch == @batch"
    )
    found = frame["score"].to_numpy().reshape(3, len(of_language), len(of_vision))
    expected = [[plain(a, b) for b in of_vision] for a in of_language]
    np.testing.assert_allclose(found, np.moveaxis(expected, -1, 0), atol=1e-5)


def test_deep_vision_layers_are_nearest_to_language(compared):
    """As planted: language holds layout and animacy, which vision comes to with depth."""
    frame = load(compared).query("model_vision == 'sim-vit-large_pool-cls' and layer_language > 0")
    cka = frame[frame["metric"] == "unbiased_cka"].groupby("layer_vision")["score"].mean()
    assert cka[5] > cka[0] + 0.1


def test_other_settings_and_other_orders_of_images(compared, tmp_path):
    """Without the flattened layers and with rows shuffled, the other rows stay as they are."""
    project = compared.copy(tmp_path / "project")
    before = load(project)
    path = project.root / RAW / "features/sim-vit-base_pool-cls.h5"
    with h5py.File(path) as file:
        ids, attributes = file["ids"][()], dict(file.attrs)
        layers = [file["layers"][name][()] for name in sorted(file["layers"])]
    order = np.random.default_rng(0).permutation(len(ids))
    del attributes["dims"]
    write_features(path, [layer[order] for layer in layers], ids[order], attributes)
    project.set("model_model", batch_size=BATCH, topk=TOPK, include_flattened=False)
    assert project.pending(TABLE) == {"compare_models": 3, "join_model_model": 1}
    project.snakemake("--quiet", "all", "--", TABLE)
    kept = before[(before["layer_language"] >= 0) & (before["layer_vision"] >= 0)]
    pd.testing.assert_frame_equal(load(project), kept.reset_index(drop=True))


@pytest.mark.parametrize("fault", ["image", "stimuli"])
def test_features_of_other_images_are_refused(compared, tmp_path, fault):
    project = compared.copy(tmp_path / "project")
    folder = project.root / RAW / "features"
    path = folder / "sim-vit-base_pool-cls.h5"
    with h5py.File(path, "a") as file:
        if fault == "image":
            file["ids"][30] = 99_999
        else:
            file.attrs["stimuli_digest"] = "one"
    if fault == "stimuli":
        with h5py.File(folder / "sim-vit-large_pool-cls.h5", "a") as file:
            file.attrs["stimuli_digest"] = "another"
    (project.root / TABLE).unlink()
    done = project.snakemake("--keep-going", "--", TABLE, check=False)
    text = done.stdout + done.stderr
    assert done.returncode
    assert "Traceback (most recent call last)" not in text
    said = {
        "image": ["sim-vit-base_pool-cls.h5, layer 0", "no features of 1 of", "ids 30"],
        "stimuli": ["sim-vit-large_pool-cls.h5", "stimuli_digest another"],
    }[fault]
    for words in said:
        assert words in text, text
    assert not (project.root / TABLE).exists()


# ------------------------------------------------------------------ untrained models

SUBJECTS = {1: 3, 3: 2}
"""Two of the subjects, with their sessions."""
SEEDS = [0, 7]
JOINED = [1, 2, 4, 126, 180]
UNTRAINED = {
    "llm-x_pool-avg_prompt-coco-untrained": ("language", [6, 9]),
    "vit_x_pool-cls-untrained": ("vision", [12, 4, 8]),
}
SCHEMA = {
    "layer": "uint8", "metric": "category", "score": "float32", "n_stim": "uint16",
    "roi": "uint16", "subject": "uint8", "session": "uint8", "model": "category",
    "modality": "category",
}  # fmt: skip


def random_features(model: str, seed: int, n: int) -> list[np.ndarray]:
    rng = np.random.default_rng([seed, len(model)])
    mixed = rng.normal(size=(n, 3))
    return [
        (mixed @ rng.normal(size=(3, d)) + 0.3 * rng.normal(size=(n, d)) + 5).astype(np.float32)
        for d in UNTRAINED[model][1]
    ]


@pytest.fixture(scope="module")
def untrained(finished, tmp_path_factory) -> Project:
    """Gram vectors of sessions by the workflow; parts and tables by their scripts."""
    project = finished.copy(tmp_path_factory.mktemp("untrained") / "project")
    grams = "results/nsd/session_grams/all/joined/sub-{:02d}"
    project.snakemake("--quiet", "all", "--", *(grams.format(subject) for subject in SUBJECTS))
    n = n_images(project)
    order = np.random.default_rng(1).permutation(n)
    parts = {}
    for model, seed in product(UNTRAINED, SEEDS):
        features = project.root / f"features-{seed}" / f"{model}.h5"
        layers = [layer[order] for layer in random_features(model, seed, n)]
        write_features(features, layers, order, {"weights": "random", "seed": seed})
        for subject in SUBJECTS:
            parts[model, seed, subject] = project.root / f"parts/{model}-{seed}-{subject}.parquet"
            run_part(project, model, seed, subject, features, parts[model, seed, subject])
    for name, seeds in (("one", SEEDS[:1]), ("two", SEEDS)):
        chosen = [parts[key] for key in product(UNTRAINED, seeds, SUBJECTS)]
        run_join(project, chosen, seeds, f"{name}.parquet")
    return project


def run_part(project, model, seed, subject, features, output, check=True):
    grams = f"results/nsd/session_grams/all/joined/sub-{subject:02d}"
    words = {
        "model": model, "seed": seed, "subject": subject, "features": features, "grams": grams,
        "dataset": "nsd", "min-trials": 3, "output": output,
    }  # fmt: skip
    arguments = [str(word) for key, value in words.items() for word in (f"--{key}", value)]
    return project.python("workflow/scripts/compare_untrained.py", *arguments, check=check)


def run_join(project, parts: list[Path], seeds: list[int], output: str, check=True):
    words = {
        "regions": ["results/nsd/prepared/regions.tsv"], "subjects": SUBJECTS, "seeds": seeds,
        "sessions": SUBJECTS.values(), "hemispheres": ["joined"], "models": UNTRAINED,
        "parts": parts, "output": [output],
    }  # fmt: skip
    arguments = [str(word) for key, values in words.items() for word in (f"--{key}", *values)]
    return project.python("workflow/scripts/join_cka_untrained.py", *arguments, check=check)


@pytest.mark.parametrize(("name", "seeds"), [("one", SEEDS[:1]), ("two", SEEDS)])
def test_untrained_models_have_a_row_for_each_region_session_and_layer(untrained, name, seeds):
    frame = load(untrained, f"{name}.parquet")
    several = {"seed": "uint32"} if len(seeds) > 1 else {}
    assert frame.dtypes.astype(str).to_dict() == SCHEMA | several
    n_layers = sum(len(dims) for _, dims in UNTRAINED.values())
    assert len(frame) == len(JOINED) * sum(SUBJECTS.values()) * n_layers * len(seeds)
    expected = [
        (modality, model, seed, subject, roi, layer, session)
        for model, (modality, dims) in UNTRAINED.items()
        for seed in seeds
        for subject, sessions in SUBJECTS.items()
        for roi in JOINED
        for layer in range(len(dims))
        for session in range(1, sessions + 1)
    ]
    if not several:
        frame = frame.assign(seed=seeds[0])
    keys = ["modality", "model", "seed", "subject", "roi", "layer", "session"]
    assert list(frame[keys].astype(object).itertuples(index=False, name=None)) == expected
    assert set(frame["metric"]) == {"unbiased_cka"}
    assert set(frame["n_stim"]) == {30}


@pytest.mark.parametrize(("model", "seed"), list(zip(UNTRAINED, (7, 0), strict=True)))
def test_untrained_values_are_the_textbook_estimator(untrained, model, seed):
    """Responses are clipped, features are not."""
    subject, session = 3, 2
    oracle = Oracle(untrained.root)
    trials = oracle.session(subject, session)
    layers = random_features(model, seed, n_images(untrained))

    def gram(values: np.ndarray) -> np.ndarray:
        centred = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
        return centred @ centred.T

    frame = load(untrained, "two.parquet").query(
        "subject == @subject and session == @session and model == @model and seed == @seed"
    )
    expected = []
    for roi, layer in product(JOINED, layers):
        patterns = oracle.patterns(subject, roi, trials["trial"], joined=True)
        k = gram(clipped(patterns.astype(np.float64)))
        m = gram(layer[trials["stimulus"].to_numpy(np.int64)])
        norm = np.sqrt(unbiased_hsic(k, k) * unbiased_hsic(m, m))
        expected.append(unbiased_hsic(k, m) / norm)
    np.testing.assert_allclose(frame["score"], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "vit_y_pool-cls-untrained"}, "model vit_x_pool-cls-untrained"),
        ({"seed": 1}, "seed 0"),
    ],
)
def test_untrained_features_of_another_model_or_seed_are_refused(untrained, change, words):
    model, seed, subject = "vit_x_pool-cls-untrained", 0, 1
    features = untrained.root / f"features-{seed}/{model}.h5"
    asked = {"model": model, "seed": seed, **change}
    output = untrained.root / "refused.parquet"
    done = run_part(
        untrained, asked["model"], asked["seed"], subject, features, output, check=False
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert not output.exists()


def test_parts_in_another_order_or_of_another_seed_are_refused(untrained):
    parts = [
        untrained.root / f"parts/{model}-0-{subject}.parquet"
        for model, subject in product(UNTRAINED, SUBJECTS)
    ]
    for wrong, seeds in ((parts[::-1], [0]), (parts, [7])):
        done = run_join(untrained, wrong, seeds, "refused.parquet", check=False)
        assert done.returncode == 1
        assert "rows of {'model':" in done.stderr
        assert not (untrained.root / "refused.parquet").exists()
