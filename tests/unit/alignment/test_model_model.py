"""Layers of models against layers: planted similarity, chance, the published procedure, faults."""

import logging
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import pdist

from repalign.alignment.layers import METRICS, LayerMaker
from repalign.alignment.model_model import compare_on_batches, image_batches
from repalign.errors import RepalignError
from repalign.models.feature_sets import open_feature_sets
from repalign.models.features import open_features, write_features
from repalign.tables.parquet import write_table

LANGUAGE, VISION = "llm_pool-avg_prompt-coco", "vit_pool-cls"


def model(folder: Path, name: str, layers: list[np.ndarray], ids: np.ndarray | None = None):
    """Write features of a model, and open them."""
    path = folder / f"{name}.h5"
    order = np.arange(len(layers[0])) if ids is None else ids
    write_features(path, [layer.astype(np.float32) for layer in layers], order, {})
    return open_features(path)


def compare(maker, language, vision, batches, memory_mb=4096):
    """Similarities of one language with one vision model."""
    found = compare_on_batches(
        maker,
        {language.model: language},
        {vision.model: vision},
        dict(enumerate(batches)),
        memory_mb=memory_mb,
    )
    return found[language.model, vision.model]


# ------------------------------------------------------------------ the published procedure


def hsic(k: np.ndarray, m: np.ndarray) -> float:
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    total = np.trace(k @ m) + k.sum() * m.sum() / ((n - 1) * (n - 2))
    return float((total - 2 / (n - 2) * np.sum(k @ m)) / (n * (n - 3)))


def published(x: np.ndarray, y: np.ndarray, k: int) -> list[float]:
    """Pearson of RDMs, unbiased CKA and common neighbours of clamped features, in float64."""
    x, y = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, y))
    grams = [v @ v.T for v in (x, y)]
    cka = hsic(*grams) / np.sqrt(hsic(grams[0], grams[0]) * hsic(grams[1], grams[1]))
    sets = []
    for gram in grams:
        np.fill_diagonal(gram, -np.inf)
        sets.append(np.argsort(-gram, axis=1)[:, :k].tolist())
    common = [len({*a} & {*b}) / k for a, b in zip(*sets, strict=True)]
    rsa = np.corrcoef(pdist(x, "correlation"), pdist(y, "correlation"))[0, 1]
    return [float(rsa), float(cka), float(np.mean(common))]


def clamped(layers: list[np.ndarray], ids: np.ndarray, scope: str) -> list[np.ndarray]:
    """All layers flattened first, then each."""
    rows = [layer.astype(np.float32).astype(np.float64)[ids] for layer in layers]
    together = np.quantile(np.abs(np.hstack(rows)), 0.95)
    limits = [together if scope == "batch" else np.quantile(np.abs(v), 0.95) for v in rows]
    kept = [np.clip(v, -q, q) for v, q in zip(rows, limits, strict=True)]
    return [np.hstack(kept), *kept]


@pytest.fixture
def two(tmp_path):
    """A language model of 3 layers and a vision model of 2 layers, which share something."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(50, 4))
    sizes = [(6, 1), (9, 40), (12, 2)], [(7, 1), (5, 3)]
    layers = [
        [s * (shared @ rng.normal(size=(4, d)) + rng.standard_t(3, size=(50, d))) for d, s in side]
        for side in sizes
    ]
    names = (LANGUAGE, VISION)
    return layers, [model(tmp_path, name, v) for name, v in zip(names, layers, strict=True)]


@pytest.mark.parametrize("flattened", [False, True])
@pytest.mark.parametrize("scope", ["batch", "layer"])
def test_every_pair_of_layers_is_compared_as_published(two, scope, flattened):
    layers, (language, vision) = two
    maker = LayerMaker(METRICS, 5, 0.95, scope, flattened)
    batches = [np.arange(20), np.arange(20, 40), np.arange(40, 50)]
    scores = compare(maker, language, vision, batches)
    first = 0 if flattened else 1
    assert scores.shape == (3, 3, 4 - first, 3 - first)
    assert scores.dtype == np.float32
    for number, ids in enumerate(batches):
        x, y = (clamped(side, ids, scope)[first:] for side in layers)
        for (a, own), (b, other) in product(enumerate(x), enumerate(y)):
            expected = published(own, other, 5)
            np.testing.assert_allclose(scores[number, :, a, b], expected, atol=2e-6)


def test_the_scope_of_outliers_matters_where_one_layer_is_large(two):
    _, (language, vision) = two
    batch = [np.arange(50)]
    scores = {
        scope: compare(LayerMaker(outlier_scope=scope), language, vision, batch)
        for scope in ("batch", "layer")
    }
    difference = np.abs(scores["batch"] - scores["layer"]).max(axis=(0, 1, 3))
    assert (difference > 1e-3).all()
    unclamped = compare(LayerMaker(outlier_quantile=1.0), language, vision, batch)
    # The small layers are all but unclamped where the large one sets the limit.
    assert np.abs(scores["batch"] - unclamped)[..., 0, 1].max() < 0.05


def test_metrics_come_in_the_order_asked_for(two):
    _, (language, vision) = two
    batch = [np.arange(30)]
    everything = compare(LayerMaker(), language, vision, batch)
    chosen = compare(LayerMaker(["mutual_knn", "rsa"]), language, vision, batch)
    np.testing.assert_array_equal(chosen, everything[:, [2, 0]])


# ------------------------------------------------------------------ planted truth and chance

N_LATENT, N_DIMS, N_IMAGES, N_BATCHES = 6, 80, 120, 30
SHARES = {LANGUAGE: [0.15, 0.9], VISION: [0.5, 0.8, 1.0]}
"""Share of the variance of each layer that is of the shared latents."""


def planted(rng, latents: np.ndarray, share: float) -> np.ndarray:
    """Latents in orthogonal directions, and noise."""
    axes = np.linalg.qr(rng.normal(size=(N_DIMS, N_LATENT)))[0]
    noise = rng.normal(size=(len(latents), N_DIMS)) / np.sqrt(N_DIMS)
    return np.sqrt(share) * latents @ axes.T + np.sqrt(1 - share) * noise


def expected_similarity(w: float, v: float) -> float:
    """Large-sample CKA, and RSA, of two planted layers.

    Inner products of two images have variance w^2 / r of the latents, which are directions in r
    dimensions, and (1 - w^2) / p of the rest; the latents alone are shared.
    """
    own = [s**2 / N_LATENT + (1 - s**2) / N_DIMS for s in (w, v)]
    return w * v / N_LATENT / float(np.sqrt(own[0] * own[1]))


def simulated(folder: Path, *, related: bool):
    rng = np.random.default_rng(5)
    n = N_IMAGES * N_BATCHES
    opened = []
    latents = rng.normal(size=(n, N_LATENT))
    for name, shares in SHARES.items():
        if not related:
            latents = rng.normal(size=(n, N_LATENT))
        directions = latents / np.linalg.norm(latents, axis=1, keepdims=True)
        opened.append(model(folder, name, [planted(rng, directions, s) for s in shares]))
    batches = np.arange(n).reshape(N_BATCHES, N_IMAGES)
    scores = compare(LayerMaker(outlier_quantile=1.0), *opened, list(batches))
    return scores.mean(axis=0), scores.std(axis=0, ddof=1) / np.sqrt(N_BATCHES)


def test_models_that_share_latents_are_as_similar_as_they_were_made(tmp_path):
    mean, error = simulated(tmp_path, related=True)
    truth = [[expected_similarity(w, v) for v in SHARES[VISION]] for w in SHARES[LANGUAGE]]
    assert np.ptp(truth) > 0.5
    for metric in (0, 1):
        # The closed form is that of many images: 2 % is left of 120.
        assert (np.abs(mean[metric] - truth) < 3 * error[metric] + 0.02).all()
    assert (error[:2] < 0.01).all()
    chance = 10 / (N_IMAGES - 1)
    assert (mean[2] > chance + 5 * error[2]).all()
    assert (np.diff(mean[2], axis=1) > 0).all()


def test_unrelated_models_are_similar_by_chance_alone(tmp_path):
    mean, error = simulated(tmp_path, related=False)
    chance = np.array([0, 0, 10 / (N_IMAGES - 1)])[:, np.newaxis, np.newaxis]
    assert (np.abs(mean - chance) < 3 * error).all()
    assert (error < 0.01).all()


def test_cka_and_neighbours_do_not_see_rotations_and_scale(tmp_path):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(40, 12)) + rng.normal(size=(40, 1))
    rotation = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    language = model(tmp_path, LANGUAGE, [x, 1000 * x @ rotation])
    vision = model(tmp_path, VISION, [rng.normal(size=(40, 5)) + x[:, :5]])
    scores = compare(LayerMaker(outlier_quantile=1.0), language, vision, [np.arange(40)])
    np.testing.assert_allclose(scores[0, 1:, 0], scores[0, 1:, 1], atol=1e-6)


# ------------------------------------------------------------------ what is undefined


def test_a_layer_without_similarity_is_nan_alone(tmp_path):
    rng = np.random.default_rng(7)
    good = [rng.normal(size=(30, 6)) for _ in range(3)]
    language = model(tmp_path, LANGUAGE, [good[0], np.ones((30, 4)), good[1]])
    vision = model(tmp_path, VISION, [good[2], good[1]])
    scores = compare(LayerMaker(outlier_scope="layer"), language, vision, [np.arange(30)])
    assert np.isnan(scores[0, :, 1]).all()
    assert not np.isnan(scores[0][:, [0, 2]]).any()
    np.testing.assert_allclose(scores[0, :, 2, 1], 1, atol=1e-6)


@pytest.mark.parametrize(
    ("n_images", "undefined"),
    [
        (1, ["rsa", "unbiased_cka", "mutual_knn"]),
        (2, ["rsa", "unbiased_cka", "mutual_knn"]),
        (3, ["unbiased_cka", "mutual_knn"]),
        (4, ["mutual_knn"]),
        (10, ["mutual_knn"]),
        (11, []),
    ],
)
def test_batches_that_are_too_short_give_nan_and_a_warning(tmp_path, caplog, n_images, undefined):
    rng = np.random.default_rng(8)
    opened = [model(tmp_path, name, [rng.normal(size=(40, 6))]) for name in (LANGUAGE, VISION)]
    with caplog.at_level(logging.WARNING, "repalign"):
        scores = compare(LayerMaker(), *opened, [np.arange(20), np.arange(n_images)])
    assert not np.isnan(scores[0]).any()
    found = [m for m, grid in zip(METRICS, scores[1], strict=True) if np.isnan(grid).all()]
    assert found == undefined
    if n_images == 11:
        assert scores[1, 2, 0, 0] == 1
    said = f"batch 1 of {n_images} images: {', '.join(undefined)} are NaN"
    assert caplog.messages == ([said] if undefined else [])


# ------------------------------------------------------------------ files


def test_rows_go_by_ids_and_not_by_their_place(tmp_path, two):
    layers, (language, vision) = two
    order = np.random.default_rng(9).permutation(50)
    (tmp_path / "other").mkdir()
    shuffled = model(tmp_path / "other", LANGUAGE, [v[order] for v in layers[0]], order)
    batches = [np.arange(30), np.arange(30, 50)]
    np.testing.assert_array_equal(
        compare(LayerMaker(flattened=True), shuffled, vision, batches),
        compare(LayerMaker(flattened=True), language, vision, batches),
    )


def test_a_missing_image_is_named(two):
    _, (language, vision) = two
    with pytest.raises(RepalignError, match=r"no features of 2 of 12 images: ids 50, 51"):
        compare(LayerMaker(), language, vision, [np.arange(40, 52)])


def test_memory_is_checked_before_anything_is_read(two, monkeypatch):
    _, (language, vision) = two
    monkeypatch.setattr(language, "rows", None)
    monkeypatch.setattr(vision, "rows", None)
    with pytest.raises(RepalignError, match=r"(?s)50 images.*memory_mb = 0 MiB.*batch_size"):
        compare(LayerMaker(), language, vision, [np.arange(50)], memory_mb=0)


def test_needed_memory_grows_with_what_is_asked(two, monkeypatch):
    _, (language, vision) = two
    held, passing = [vision], [language]

    def needed(maker: LayerMaker) -> int:
        low, high = 0, 1 << 20
        while low < high:
            middle = (low + high) // 2
            try:
                maker.check_memory(held, passing, 2000, middle)
                high = middle
            except RepalignError:
                low = middle + 1
        return low

    plain = needed(LayerMaker())
    # Two vectors of 2 million pairs for each of two layers of vision and three of language.
    assert plain > 5 * 2 * 1_999_000 * 4 / 2**20
    assert needed(LayerMaker(["mutual_knn"])) < needed(LayerMaker(["rsa"])) < plain
    assert needed(LayerMaker(flattened=True)) > plain


def test_files_are_found_by_the_names_of_models(tmp_path):
    rng = np.random.default_rng(10)
    for name in ("b", "a", "c"):
        model(tmp_path, name, [rng.normal(size=(5, 3))]).close()
    files = [tmp_path / f"{name}.h5" for name in ("c", "a", "b")]
    with open_feature_sets(["a", "b", "c"], files, dataset="nsd") as opened:
        assert [*opened] == ["a", "b", "c"]
        assert all(name == features.model for name, features in opened.items())


@pytest.mark.parametrize(
    ("models", "files", "words"),
    [
        (["a", "b"], ["a"], "no file of b"),
        (["a"], ["a", "b"], "a file of b"),
        (["a"], ["a", "x/a"], "two files of a"),
    ],
)
def test_files_that_do_not_fit_the_models_are_refused(models, files, words):
    paths = [Path(f"{name}.h5") for name in files]
    with (
        pytest.raises(RepalignError, match=rf"(?s){words}.*expected one|{words}"),
        open_feature_sets(models, paths, dataset="nsd"),
    ):
        pass


def test_a_file_of_another_model_is_refused(tmp_path):
    model(tmp_path, "a_pool-cls", [np.eye(5)]).close()
    renamed = (tmp_path / "a_pool-cls.h5").rename(tmp_path / "b_pool-cls.h5")
    with (
        pytest.raises(RepalignError, match="a_pool-cls"),
        open_feature_sets(["b_pool-cls"], [renamed], dataset="nsd"),
    ):
        pass


@pytest.mark.parametrize(
    ("n_images", "size", "expected"),
    [(7, 3, [3, 3, 1]), (6, 3, [3, 3]), (2, 750, [2]), (73_000, 750, [750] * 97 + [250])],
)
def test_batches_are_of_consecutive_images(tmp_path, n_images, size, expected):
    ids = np.random.default_rng(0).permutation(n_images).astype(np.uint32)
    write_table(tmp_path / "stimuli.parquet", pa.table({"nsd_id": ids}), {})
    batches = image_batches(tmp_path / "stimuli.parquet", size)
    assert [len(batch) for batch in batches] == expected
    np.testing.assert_array_equal(np.concatenate(batches), np.arange(n_images))
