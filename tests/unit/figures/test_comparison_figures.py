"""Numbers of figures against pandas and planted values; every kind is drawn."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from repalign.dag.comparison_figures import TABLE_FIGURES
from repalign.figures.dataset_numbers import Reliability, dataset_numbers, page_numbers
from repalign.figures.dataset_page import PANEL, _by_region, plot_dataset
from repalign.figures.files import save_figure
from repalign.figures.kmcca import (
    ANNOTATIONS,
    plot_projections,
    plot_words,
    projection_numbers,
    word_numbers,
)
from repalign.figures.marks import SHARED_PAIRS
from repalign.figures.model_scores import depth_summary
from repalign.figures.model_surfaces import mean_surfaces, plot_surfaces, surface_numbers
from repalign.figures.nothing import NothingToShowError
from repalign.figures.parcels import Parcels
from repalign.figures.partial import partial_comparison, plot_partial
from repalign.figures.partitions import partitions, plot_partitions
from repalign.figures.session_overview import (
    SessionPairs,
    overview_numbers,
    plot_overview,
    session_pairs,
)
from repalign.figures.style import PIXEL, axes_at, new_figure
from repalign.figures.tokenizers import clustered, plot_tokenizers, token_summary
from repalign.figures.untrained import (
    LayerCurves,
    depth_numbers,
    plot_untrained,
    trained_curves,
    untrained_curves,
)
from repalign.kernels.power_law import fit_power_law

SUBJECTS, ROIS = [1, 2, 5], [1, 2, 4, 5, 6]
"""V1, MST, V2, 4 and MT, hemispheres joined."""
MODELS = {"a_prompt-coco": "language", "b-cls": "vision"}


def pairs(rng: np.random.Generator, subjects=SUBJECTS) -> pd.DataFrame:
    """Inter-subject RSA of every region with every region."""
    rows = pd.DataFrame(
        list(product(subjects, subjects, ROIS, ROIS)),
        columns=["subject_i", "subject_j", "roi_x", "roi_y"],
    )
    return rows.assign(
        similarity=rng.uniform(0, 1, len(rows)).astype("float32"),
        join_hemispheres=True,
        rep_shift=np.uint8(1),
    )


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def save(tmp_path) -> Callable[..., Path]:
    """Write a table."""

    def write(name: str, frame: pd.DataFrame) -> Path:
        path = tmp_path / "nsd" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        frame.to_parquet(path)
        return path

    return write


@pytest.fixture
def named(regions) -> pd.DataFrame:
    """The regions of the tables, by the ids that they have in these."""
    ids = {"V1": 1, "MST": 2, "V2": 4, "4": 5, "MT": 6}
    chosen = regions[regions["name"].isin(ids) & (regions["hemisphere"] == "lh")]
    roi = chosen["name"].map(ids)
    return chosen.assign(roi=roi).sort_values("roi", ignore_index=True)


def models(rng: np.random.Generator, n_layers: int = 3) -> pd.DataFrame:
    """Scores of both models, in the order of published tables."""
    rows = pd.DataFrame(
        list(product(MODELS, SUBJECTS, [1, 2], ROIS, range(n_layers))),
        columns=["model", "subject", "session", "roi", "layer"],
    )
    score = rng.uniform(0, 1, len(rows)).astype("float32")
    return rows.assign(similarity=score, join_hemispheres=True)


def drawn(
    tmp_path: Path, plot: Callable[[], object], numbers: pd.DataFrame, times: int = 2
) -> None:
    """Draw and write; all three files are there, and equal every time."""
    found = []
    for k in range(times):
        files = {name: tmp_path / f"{k}.{name}" for name in ("png", "svg", "tsv")}
        save_figure(plot(), numbers, **files, record={"spec": None})
        found.append([path.read_bytes() for path in files.values()])
    assert found[0] == found[-1]
    assert found[0][0].startswith(b"\x89PNG")
    assert b"<svg" in found[0][1]
    assert len(found[0][2].splitlines()) == len(numbers) + 1


def components(rng: np.random.Generator) -> pd.DataFrame:
    values = {name: list(colors) for name, (_, colors) in ANNOTATIONS.items()}
    return pd.DataFrame(
        [
            {"nsd_id": k, "roi": roi, "cca_1": rng.normal(), "cca_2": rng.normal(),
             **{name: options[k % len(options)] for name, options in values.items()}}
            for roi in ("V1", "visual_cortex", "dorsal_hub")
            for k in range(12)
        ]
    )  # fmt: skip


def test_components(tmp_path, save, rng):
    frame = components(rng)
    table = save("kmcca_projections", frame)
    numbers = projection_numbers(table)
    own = frame[frame["roi"] == "dorsal_hub"]["cca_1"]
    expected = (own - own.min()) / (own.max() - own.min())
    np.testing.assert_allclose(numbers.loc[numbers["hub"] == "dorsal_hub", "x"], expected)
    assert list(dict.fromkeys(numbers["hub"])) == ["visual_cortex", "dorsal_hub"]
    drawn(tmp_path, lambda: plot_projections(numbers, table, source="simulated"), numbers)


def test_words(tmp_path, save, rng):
    frame = pd.DataFrame(
        {"hub": "EVC", "token": [f"w{k:02d}" for k in range(50)],
         "score": rng.normal(size=50), "n_images": 5, "pvalue": 0.01}
    )  # fmt: skip
    table = save("words", frame)
    numbers = word_numbers(table)
    ordered = frame.sort_values("score", ascending=False)["token"].tolist()
    assert numbers["token"].tolist() == ordered[:20] + ordered[-20:]
    assert word_numbers(table, 30)["token"].tolist() == ordered
    drawn(tmp_path, lambda: plot_words(numbers, table), numbers)


def test_partial(tmp_path, save, rng, named):
    plain = pairs(rng)
    lower = plain.assign(similarity=plain["similarity"] - np.float32(0.3))
    table = save(
        "partial",
        pd.concat(
            [plain.assign(control="uncontrolled"), lower.assign(control="dorsal_hub_cca_1")]
        ),
    )
    found = partial_comparison(table, named, SUBJECTS, joined=True)
    own = plain[(plain["roi_x"] == plain["roi_y"]) & plain["roi_x"].isin([2, 6])]
    own = own[own["subject_i"] != own["subject_j"]]
    np.testing.assert_allclose(
        found.first[:, 0], own.groupby("subject_i")["similarity"].mean(), rtol=1e-6
    )
    np.testing.assert_allclose(found.tests.difference, 0.3, atol=1e-6)
    drawn(tmp_path, lambda: plot_partial(found, table), found.numbers())


def test_controls_of_ones_own_leave_nothing_to_show(tmp_path, save, rng, named):
    """Else one figure would stop all others of a run with supplied controls."""
    rows = [pairs(rng).assign(control=control) for control in ("uncontrolled", "scene")]
    table = save("partial", pd.concat(rows))
    with pytest.raises(NothingToShowError, match="controls scene, uncontrolled"):
        partial_comparison(table, named, SUBJECTS, joined=True)


def test_partitions(tmp_path, save, rng, named):
    sets = {name: pairs(rng).assign(subset=name) for name in ("animate", "inanimate")}
    table = save("sets", pd.concat(sets.values(), ignore_index=True))
    found = partitions(table, named, SUBJECTS, list(sets), shift=1, joined=True)
    other = sets["inanimate"].query("subject_i != subject_j")
    expected = other.pivot_table(index="roi_x", columns="roi_y", values="similarity")
    order = [1, 4, 2, 6]
    assert found.names == ("V1", "V2", "MST", "MT")
    np.testing.assert_allclose(found.second, expected.loc[order, order], rtol=1e-6)
    written = [text.get_text() for text in plot_partitions(found, table).texts]
    assert any(SHARED_PAIRS in text for text in written)
    drawn(tmp_path, lambda: plot_partitions(found, table), found.numbers())


@pytest.mark.parametrize(("of_subjects", "share"), [(0.0, 0.16), (3.0, 0.34)])
def test_as_many_tests_as_captions_say_are_significant_without_a_difference(of_subjects, share):
    """Subjects' means over all others share pairs; a third is where effects go with subjects."""
    rng, n = np.random.default_rng(0), 8
    own = rng.normal(0, of_subjects, (4000, n))
    noise = rng.normal(size=(4000, n, n)) / np.sqrt(2)
    difference = own[:, :, None] + own[:, None] + noise + noise.swapaxes(1, 2)
    difference[:, np.arange(n), np.arange(n)] = 0
    p = ttest_1samp(difference.sum(axis=2) / (n - 1), 0, axis=1).pvalue
    assert (p <= 0.05).mean() == pytest.approx(share, abs=0.02)


def test_tokenizers(tmp_path, save, rng, named):
    rows = pd.DataFrame(
        list(product(SUBJECTS, ROIS, ["words", "llama"])), columns=["subject", "roi", "tokenizer"]
    )
    scores = ("jaccard_score", "correlation_score", "correlation_freq_score")
    table = save("tokens", rows.assign(**{name: rng.uniform(size=len(rows)) for name in scores}))
    scores_of_models = models(rng)
    brain, model = save("pairs", pairs(rng)), save("models", scores_of_models)
    found = token_summary(table, brain, model, named, SUBJECTS, ["a_prompt-coco"], joined=True)
    language = scores_of_models.query("model == 'a_prompt-coco'")
    expected = {
        "language, first layer": language.query("layer == 0"),
        "language, best layer": language.groupby(["subject", "session", "roi"])[
            ["similarity"]
        ].max(),
    }
    for name, rows_of in expected.items():
        means = rows_of.groupby("roi")["similarity"].mean()
        np.testing.assert_allclose(found.measures[name], means, rtol=1e-6)
    names, r = found.correlations()
    a, b = (found.measures[names[k]] for k in (0, 2))
    assert r[0, 2] == pytest.approx(np.corrcoef(a, b)[0, 1])
    numbers = found.numbers()
    cells = numbers[numbers["panel"] == "correlation"].set_index(["measure", "other"])["value"]
    assert cells[names[0], names[2]] == pytest.approx(r[0, 2])
    assert len(cells) == len(names) ** 2
    drawn(tmp_path, lambda: plot_tokenizers(found, table), numbers)


def test_clusters_are_together_and_constants_have_no_correlation(rng):
    a, b = rng.normal(size=(2, 30))
    noise = rng.normal(0, 0.01, (4, 30))
    names, r = clustered(["a", "b", "a2", "b2"], np.array([a, b, a, b]) + noise)
    assert {names[0], names[1]} in ({"a", "a2"}, {"b", "b2"})
    assert r[0, 1] > 0.99
    _, r = clustered(["a", "c"], np.array([a, np.ones(30)]))
    assert np.isnan(r).sum() == 3


def test_untrained(tmp_path, save, rng, named):
    frame = models(rng).rename(columns={"similarity": "score"})
    frame["modality"] = frame["model"].map(MODELS)
    frame.loc[frame["layer"] == 1, "score"] = -2
    table = save("untrained", frame)
    found = untrained_curves(table, ROIS, SUBJECTS)
    own = frame.query("model == 'b-cls' and layer == 0")
    expected = own.pivot_table(index="subject", columns="roi", values="score")
    np.testing.assert_allclose(found.curves["vision"][:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(found.peak["vision"], -2)
    parcels = Parcels.of(named, joined=True)
    model = save("models", models(rng))
    summary = depth_summary(model, list(MODELS), ROIS, SUBJECTS, joined=True)
    trained = trained_curves(summary, MODELS)
    np.testing.assert_allclose(trained.peak["vision"], summary.peak_of_mean[1])
    numbers = depth_numbers({"untrained": found, "trained": trained}, parcels)
    assert set(numbers.query("panel == 'curve'")["subject"]) == set(SUBJECTS)
    drawn(tmp_path, lambda: plot_untrained(found, trained, parcels, table), numbers)
    plot_untrained(found, None, parcels, table)


def test_surfaces(tmp_path, save):
    """A plane over depth comes back as it is, however many layers models have."""
    rows = [
        {"model_language": x, "model_vision": y, "layer_language": i, "layer_vision": j,
         "batch": batch, "metric": metric,
         "score": 9.0 if min(i, j) < 0 else i / (n - 1) + 2 * j / (m - 1) + batch}
        for (x, n), (y, m), batch, metric in product(
            [("a", 4), ("b", 6)], [("c", 3), ("d", 5)], [0, 1], ["rsa", "mutual_knn"]
        )
        for i in range(-1, n)
        for j in range(-1, m)
    ]  # fmt: skip
    table = save("model_model", pd.DataFrame(rows))
    found = mean_surfaces(table, n_points=7)
    depth = np.linspace(0, 1, 7)
    assert list(found.grids) == ["rsa", "mutual_knn"]
    assert found.n_pairs == 4
    np.testing.assert_allclose(found.grids["rsa"], depth[:, None] + 2 * depth + 0.5)
    drawn(tmp_path, lambda: plot_surfaces(found, table), surface_numbers(found))


@pytest.mark.parametrize("undefined", [0, 3])
def test_an_undefined_layer_keeps_its_place(save, undefined):
    """The surface has no value there, and elsewhere those of the plane."""
    rows = [
        {"model_language": "a", "model_vision": "b", "layer_language": i, "layer_vision": j,
         "batch": 0, "metric": "rsa", "score": np.nan if i == undefined else i + j}
        for i in range(4)
        for j in range(3)
    ]  # fmt: skip
    grid = mean_surfaces(save("model_model", pd.DataFrame(rows)), n_points=7).grids["rsa"]
    depth = np.linspace(0, 1, 7)
    known = depth >= 1 / 3 - 1e-9 if undefined == 0 else depth <= 2 / 3 + 1e-9
    np.testing.assert_allclose(grid[known], (3 * depth[:, None] + 2 * depth)[known])
    assert np.isnan(grid[~known]).all()


def test_sessions(tmp_path, save, rng, named):
    frame = pd.concat([pairs(rng).assign(session=k) for k in (1, 2)], ignore_index=True)
    table, model = save("sessions", frame), save("models", models(rng))
    found = session_pairs(table, ROIS, joined=True)
    other = frame.query("subject_i != subject_j")
    means = other.pivot_table(index="roi_x", columns="roi_y", values="similarity").to_numpy()
    np.testing.assert_allclose(found.matrix, (means + means.T) / 2, rtol=1e-6)
    assert found.n_pairs == 3
    parcels = Parcels.of(named, joined=True)
    summary = depth_summary(model, list(MODELS), ROIS, SUBJECTS, joined=True)
    curves = trained_curves(summary, MODELS, by_session=True)
    np.testing.assert_allclose(curves.peak["vision"], summary.peak[1].mean(axis=0))
    numbers = overview_numbers(found, curves, parcels)
    assert set(numbers["subject"].dropna()) == set(SUBJECTS)
    law = fit_power_law(np.diag(found.matrix), curves.peak["vision"])
    own = numbers[numbers["panel"] == "scatter, vision"].set_index("quantity")["y"]
    assert own["power law, b"] == pytest.approx(law.b, nan_ok=True)
    figure = plot_overview(found, curves, parcels, "T", table)
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sum("Spearman" in text for text in written) == 2
    assert sum("R² =" in text for text in written) == 2
    drawn(tmp_path, lambda: plot_overview(found, curves, parcels, "T", table), numbers)


def test_sessions_of_separated_hemispheres(rng, regions):
    """Hubs and the published list are found on both sides, and names say which side it is."""
    parcels = Parcels.of(regions, joined=False)
    rois = tuple(parcels.rois)
    shape = len(SUBJECTS), 40, len(rois)
    found = SessionPairs(rois, rng.uniform(size=(len(rois), len(rois))), 3)
    curves = LayerCurves(
        rois, tuple(SUBJECTS), {"vision": rng.uniform(size=shape)},
        {"vision": rng.uniform(size=len(rois))}, {"vision": 1},
    )  # fmt: skip
    numbers = overview_numbers(found, curves, parcels)
    matrix = numbers.query("panel == 'matrix'")
    sides = [f"{side} {name}" for side in "LR" for name in ("V1", "V2", "MST", "MT")]
    assert list(dict.fromkeys(matrix["region"])) == sides
    cells = matrix.set_index(["region", "other"])["y"]
    assert cells["L V1", "R MT"] == found.matrix[0, rois.index(186)]
    depth = numbers.query("panel == 'depth, vision'")
    assert set(depth["region"]) == {"visual_cortex", "dorsal_hub"}
    own = depth.query("region == 'visual_cortex' and subject == 5")["y"]
    early = [rois.index(roi) for roi in (1, 4, 181, 184)]
    np.testing.assert_allclose(own, curves.curves["vision"][2][:, early].mean(axis=1))
    figure = plot_overview(found, curves, parcels, "T", "nsd/table.parquet")
    names = [text.get_text() for axes in figure.axes for text in axes.get_yticklabels()]
    assert set(sides) <= set(names)


def test_a_dataset_page(tmp_path, regions):
    trials = pd.DataFrame(
        {"subject": [1] * 6 + [2] * 4, "session": [1, 1, 1, 2, 2, 2, 1, 1, 1, 1],
         "stimulus": [0, 1, 0, 1, 0, 7, 0, 0, 1, 8], "shared": [True] * 5 + [False] + [True] * 3
         + [False]}
    )  # fmt: skip
    stimuli = pd.DataFrame({"stimulus": [0, 1, 2, 7, 8], "shared": [True] * 3 + [False] * 2})
    quality = pd.DataFrame(
        [
            {"subject": subject, "roi": roi, "name": name, "hemisphere": side, "n_voxels": 10,
             "n_dead": subject - 1, "status": "ok" if roi > 1 else "too few"}
            for subject in (1, 2)
            for roi, name, side in regions[["roi", "name", "hemisphere"]].itertuples(index=False)
        ]
    )  # fmt: skip
    found = dataset_numbers(trials, stimuli, quality, regions, [1, 2], planned=3)
    assert found.subjects["missing"].tolist() == [4, 6]
    assert found.subjects["flagged"].tolist() == [1, 1]
    assert found.subjects["dead"].tolist() == [0, len(regions)]
    assert found.shown.tolist() == [[1, 0, 1, 1], [1, 1, 1, 0]]
    np.testing.assert_array_equal(found.sessions, [[3, 3], [4, np.nan]])
    values = (np.array([0.1, 0.2]), np.array([np.nan, 0.4]))
    reliability = Reliability(("V1", "V2"), values, "r", (1, 2))
    numbers = page_numbers(found, reliability)
    value = numbers.set_index(["panel", "subject", "item"])["value"]
    assert value["voxels", 2, "V1"] == 20, "both hemispheres, as drawn"
    assert len(value["voxels"]) == len(regions)
    assert value["r", 2, "V1"] == 0.2
    assert np.isnan(value["r", 1, "V2"])
    assert value["median r"].tolist() == pytest.approx([0.15, 0.4])
    neurons = page_numbers(found, Reliability(("A", "B"), (np.arange(31.0), np.ones(2)), "c"))
    drawn_of = neurons[neurons["panel"].str.endswith("c")].groupby("item")["value"].apply(list)
    assert drawn_of["A"] == [15, 7.5, 22.5]
    assert drawn_of["B"] == [1, 1, 1]
    drawn(tmp_path, lambda: plot_dataset("NSD", found, reliability), numbers)
    plot_dataset("NSD", found, None, source="simulated")


def test_many_regions_have_ranks_from_one_and_marks_that_do_not_touch():
    figure = new_figure(1600, 400)
    axes = axes_at(figure, 100, 50, PANEL, 300)
    n = 180
    _by_region(axes, [f"R{k}" for k in range(n)], [np.array([float(k)]) for k in range(n)], "b")
    (medians,) = axes.lines
    assert medians.get_xdata()[0] == 1
    assert medians.get_ydata()[0] == n - 1
    step = np.diff(axes.transData.transform([(1, 0), (2, 0)])[:, 0])[0] * PIXEL
    assert medians.get_markersize() < step
    assert all(np.sqrt(points.get_sizes()[0]) < step for points in axes.collections)
    assert axes.get_xticks()[0] == 1


def test_every_kind_has_a_test_here():
    text = Path(__file__).read_text(encoding="utf-8")
    for figure in TABLE_FIGURES:
        assert f"def test_{figure.step.removeprefix('plot_')}(" in text, figure.step
