"""Figures of assemblies: numbers against brute force, labels, odd assemblies, files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined
from PIL import Image
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist

import repalign
from repalign.dag.assembly_plan import FIGURES
from repalign.errors import RepalignError
from repalign.figures.assemblies import (
    mean_off_diagonal,
    read_summaries,
    region_summary,
    short_names,
    similarity_of_regions,
    title_of,
)
from repalign.figures.assembly_matrices import plot_regions, plot_subjects
from repalign.figures.assembly_rdms import plot_rdms
from repalign.figures.noise_ceilings import plot_noise_ceilings
from repalign.figures.style import save_png
from repalign.tables.assemblies import make_assembly, write_assembly
from repalign.tables.provenance import encode, read_record

WORKFLOW = Path(repalign.__file__).parents[1]
PLOTS = {
    "rdms": plot_rdms,
    "subjects": plot_subjects,
    "regions": plot_regions,
    "noise_ceilings": plot_noise_ceilings,
}
REGIONS = ("V1", "V2", "V4", "IT")
N_IMAGES = 12


def assembly(region="V1", subjects=("subj01", "subj02", "subj05"), images=range(N_IMAGES),
             n_voxels=30, ceilings=True, seed=0):  # fmt: skip
    """Responses that share a signal across subjects and, in part, across regions."""
    rng = np.random.default_rng(0)
    common = rng.standard_normal((N_IMAGES, 5))
    own = np.random.default_rng([seed, *region.encode()])
    signal = common + own.standard_normal((N_IMAGES, 5))
    owners = np.repeat(subjects, n_voxels)
    values = signal @ own.standard_normal((5, owners.size))
    values += own.standard_normal(values.shape)
    neuroid = {
        "neuroid_id": np.array([f"{s}_{region}_v{k:04d}" for k, s in enumerate(owners)]),
        "subject": owners,
        "region": np.full(owners.size, region),
    }
    if ceilings:
        neuroid["nc_testset"] = own.uniform(0, 80, owners.size)
    return make_assembly(
        values[list(images)].astype(np.float32),
        {
            "stimulus_id": np.array([f"nsd_{k:05d}" for k in images]),
            "nsd_id": np.array([*images]),
        },
        neuroid,
    )


@pytest.fixture
def write(tmp_path):
    def make(*arrays):
        folder = tmp_path / "nsd" / "assemblies"
        paths = []
        for array in arrays:
            path = folder / f"Allen2022.{array['region'].values[0]}.nc"
            write_assembly(array, path, {})
            paths.append(path)
        return paths

    return make


@pytest.fixture
def summaries(write):
    return read_summaries(write(*map(assembly, REGIONS)))


def texts(figure) -> list[str]:
    found = figure.findobj(matplotlib.text.Text)
    return [text.get_text() for text in found if text.get_text()]


# ------------------------------------------------------------------ what is shown


def test_numbers_are_those_of_scipy_and_numpy(summaries):
    arrays = [assembly(region) for region in REGIONS]
    means = []
    for summary, array in zip(summaries, arrays, strict=True):
        rdms = [
            pdist(array.values[:, array["subject"].values == subject].astype(float), "correlation")
            for subject in ("subj01", "subj02", "subj05")
        ]
        means.append(np.mean(rdms, axis=0))
        np.testing.assert_allclose(summary.rdm, means[-1], atol=1e-12)
        np.testing.assert_allclose(summary.consistency, np.corrcoef(rdms), atol=1e-12)
        expected = leaves_list(linkage(means[-1], "average"))
        assert summary.order.tolist() == expected.tolist()
        assert summary.n_neuroids == (30, 30, 30)
        assert summary.subjects == ("subj01", "subj02", "subj05")
        own = array["nc_testset"].values
        np.testing.assert_array_equal(np.concatenate(summary.ceilings), own)
    np.testing.assert_allclose(similarity_of_regions(summaries), np.corrcoef(means), atol=1e-12)
    assert [summary.region for summary in summaries] == list(REGIONS)


def test_interleaved_subjects_are_told_apart():
    array = assembly()
    mixed = array.isel(neuroid=np.random.default_rng(1).permutation(array.sizes["neuroid"]))
    one, other = region_summary(array, ""), region_summary(mixed, "")
    for name, rdm in zip(one.subjects, one.subject_rdms, strict=True):
        place = other.subjects.index(name)
        np.testing.assert_allclose(other.subject_rdms[place], rdm, atol=1e-10)


def test_a_subject_without_an_rdm_is_left_out_of_means():
    """One voxel gives correlations of 1 and -1 or none at all: no RDM."""
    array = assembly()
    keep = np.ones(array.sizes["neuroid"], bool)
    keep[1:30] = False
    summary = region_summary(array.isel(neuroid=keep), "")
    assert np.isnan(summary.subject_rdms[0]).all()
    whole = region_summary(array.isel(neuroid=slice(30, None)), "")
    np.testing.assert_array_equal(summary.rdm, whole.rdm)
    assert np.isnan(summary.consistency[0]).all()
    assert mean_off_diagonal(summary.consistency) == pytest.approx(
        mean_off_diagonal(whole.consistency)
    )


def test_nothing_has_an_rdm_with_two_images():
    summary = region_summary(assembly(images=range(2)), "")
    assert np.isnan(summary.rdm).all()
    assert summary.order.tolist() == [0, 1]
    assert np.isnan(mean_off_diagonal(summary.consistency))


def test_names():
    assert short_names(["subj01", "subj10", "monkey"]) == ["1", "10", "monkey"]
    assert title_of("results/nsd/assemblies_4subj/Allen2022.V1.nc") == (
        "Assemblies: nsd/assemblies_4subj"
    )


# ------------------------------------------------------------------ what is refused


def test_several_regions_are_refused(write):
    both = assembly()
    both["region"].values[:3] = "V2"
    with pytest.raises(RepalignError, match=r"2 regions(.|\n)*one region"):
        region_summary(both, "x.nc")


def test_repetitions_and_time_are_refused():
    array = assembly()
    twice = array.isel(presentation=[0, 0, 1, 1])
    with pytest.raises(RepalignError, match="stimuli with repetitions"):
        region_summary(twice, "x.nc")
    with pytest.raises(RepalignError, match="a time axis"):
        region_summary(array.expand_dims("time_bin", axis=2), "x.nc")


def test_other_stimuli_or_subjects_are_refused(write):
    paths = write(assembly("V1"), assembly("V2", images=range(1, N_IMAGES)))
    with pytest.raises(RepalignError, match=r"11 stimuli, first nsd_00001(.|\n)*12 stimuli"):
        read_summaries(paths)
    paths = write(assembly("V1"), assembly("V2", subjects=("subj01", "subj02")))
    with pytest.raises(RepalignError, match=r"V2(.|\n)*2 subjects(.|\n)*3 subjects"):
        read_summaries(paths)


def test_no_noise_ceilings_are_refused(write):
    found = read_summaries(write(assembly(ceilings=False)))
    with pytest.raises(RepalignError, match="no nc_testset in V1"):
        plot_noise_ceilings(found, "title")
    assert plot_rdms(found, "title").axes


# ------------------------------------------------------------------ what is drawn


def test_rdms_are_drawn_in_both_orders(summaries):
    figure = plot_rdms(summaries, "title", source="real")
    shown = texts(figure)
    assert set(REGIONS) <= set(shown)
    assert {"title", "by number", "clustered"} <= set(shown)
    assert any("12 images · 3 subjects · real data" in text for text in shown)
    first, clustered = (figure.axes[k].images[0].get_array() for k in range(2))
    order = summaries[0].order
    np.testing.assert_array_equal(clustered.filled(9), first.filled(9)[np.ix_(order, order)])
    assert first[0, 1] == summaries[0].rdm[0]
    assert first.mask.sum() == N_IMAGES
    assert any(f"sd {summaries[0].rdm.std():.3f}" in text for text in shown)


def test_matrices_have_their_numbers(summaries):
    figure = plot_subjects(summaries, "title")
    shown = texts(figure)
    value = summaries[3].consistency[0, 2]
    assert figure.axes[3].images[0].get_array()[0, 2] == value
    own = [text.get_text() for text in figure.axes[3].texts]
    assert own.count(f"{value:.2f}".replace("0.", ".")) >= 2
    mean = mean_off_diagonal(summaries[0].consistency)
    assert f"mean r {mean:.3f}".replace("0.", ".") in shown
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["1", "2", "5"]
    regions = plot_regions(summaries, "title").axes[0]
    drawn = regions.images[0].get_array()
    assert drawn[1, 3] == similarity_of_regions(summaries)[1, 3]
    assert drawn.mask.diagonal().all()
    assert [tick.get_text() for tick in regions.get_yticklabels()] == list(REGIONS)


def test_noise_ceilings_count_every_voxel(summaries):
    figure = plot_noise_ceilings(summaries, "title")
    pooled = np.concatenate(summaries[0].ceilings)
    bars = figure.axes[0].patches[0].get_data()
    assert bars.values.sum() == pytest.approx(100)
    assert bars.values[0] == pytest.approx(100 * np.mean(pooled < bars.edges[1]))
    share = round(100 * np.mean(pooled > 30))
    assert f"median {np.median(pooled):.1f} % · {share} % above 30" in texts(figure)
    medians = figure.axes[1].lines[0].get_xdata()
    np.testing.assert_allclose(medians, [np.median(own) for own in summaries[0].ceilings])


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
@pytest.mark.parametrize(
    "options",
    [{"subjects": ("subj01",)}, {"images": range(2)}, {"images": range(1)}, {"n_voxels": 1},
     {"subjects": tuple(f"subj{k:02d}" for k in range(1, 13))}],
    ids=["one subject", "two images", "one image", "one voxel", "twelve subjects"],
)  # fmt: skip
def test_odd_assemblies_are_drawn(write, tmp_path, plot, options):
    figure = plot(read_summaries(write(assembly(**options))), "title")
    save_png(figure, tmp_path / "figure.png", {})
    assert (tmp_path / "figure.png").stat().st_size > 1000


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_files_are_deterministic(summaries, tmp_path, plot):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    save_png(plot(summaries, "title"), paths[0], {"note": "r"})
    with matplotlib.rc_context({"font.size": 20, "image.interpolation": "bilinear"}):
        save_png(plot(summaries, "title"), paths[1], {"note": "r"})
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert read_record(paths[0]) == {"note": "r"}
    with Image.open(paths[0]) as image:
        assert image.width <= 1600


def test_the_script_runs_by_hand(write, tmp_path):
    paths = write(assembly("V1"), assembly("IT"))
    output = tmp_path / "figures" / "rdms.png"
    spec = encode({"step": "plot_assemblies", "params": {"source": "simulated"}})
    words = ["--figure", "rdms", "--source", "simulated", "--spec", spec, "--output", str(output)]
    subprocess.run(
        [sys.executable, WORKFLOW / "scripts/plot_assemblies.py", *words, "--assemblies", *paths],
        check=True,
        env={"PYTHONPATH": str(WORKFLOW)},
    )
    record = read_record(output)
    assert record is not None
    assert record["dataset_source"] == "simulated"


@pytest.mark.parametrize("figure", FIGURES)
def test_report_texts_are_valid(figure):
    snakemake = SimpleNamespace(
        params={"spec": encode({"params": {"source": "simulated"}})},
        wildcards=SimpleNamespace(dataset="nsd", variant="_4subj", figure=figure),
    )
    text = (WORKFLOW / "report/assemblies.rst").read_text(encoding="utf-8")
    shown = Environment(undefined=StrictUndefined, autoescape=False).from_string(text)  # noqa: S701
    html = publish_parts(
        shown.render(snakemake=snakemake),
        writer="html",
        settings_overrides={"halt_level": 2},
    )["body"]
    assert "nsd/assemblies_4subj" in html
    assert "simulated" in html
    assert ("dashed line" in html) == (figure == "noise_ceilings")
