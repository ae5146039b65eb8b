"""Mouse scans from zip files to published tables: analyses of other datasets run on them, too."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from repalign.kernels.reliability import rdm_bounds
from repalign.tables.provenance import read_record

from .oracle import clipped, similarity
from .project import Project

PAIRS = "results/mouse/rsa_mouse-test_image_pairs_joined.parquet"
SPEARMAN = PAIRS.replace(".parquet", "_spearman.parquet")
IMAGES = "results/mouse/rsa_mouse-test_images_joined.parquet"
MODELS = "results/mouse/rsa_mouse-test_subject_model_alignment_joined.parquet"
CEILINGS = "results/mouse/ceilings.parquet"
HEATMAP = "results/mouse/figures/rsa_mouse-test_image_pairs_joined_heatmap.png"
SCANS = ["21067-10-18", "22846-10-16", "26872-17-20"]
SUBJECTS = {1: SCANS[0], 2: SCANS[1]}
SETTINGS = {
    "mouse": {
        "scans": SCANS,
        "areas": {"V1": ["L2/3"]},
        "export": {"layer": {"scan": SCANS[0], "tiers": ["train", "test"], "regions": ["V1 L4"]}},
    },
    "simulate": {
        "mouse": {
            "n_mice": 2, "n_color_mice": 1, "n_neurons": 40, "n_train": 8, "n_validation": 2,
            "n_test": 12, "n_repeats": 5, "image_shape": [8, 12],
        }
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    """Tables of three tiny scans, one of them of a competition."""
    project = Project.create(tmp_path_factory.mktemp("mouse") / "project", SETTINGS)
    project.repalign("simulate", "mouse")
    targets = [
        PAIRS, SPEARMAN, IMAGES, MODELS, CEILINGS, HEATMAP,
        f"results/mouse/statistics/{SCANS[1]}", f"results/mouse/assemblies/{SCANS[0]}",
        "results/mouse/exported/layer",
    ]  # fmt: skip
    project.snakemake("--quiet", "all", "--", *targets)
    return project


def load(project: Project, target: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / target)


def mean_responses(project: Project, subject: int, roi: int) -> np.ndarray:
    """Mean responses to test images, straight from the prepared dataset."""
    place = project.root / "results/mouse/prepared"
    trials = pd.read_parquet(place / "trials.parquet").query("subject == @subject")
    stimuli = pd.read_parquet(place / "stimuli.parquet").query("subset == 'test'")
    own = trials[trials["stimulus"].isin(stimuli["stimulus"])].sort_values("stimulus")
    matrix = np.load(place / f"responses/sub-{subject:02d}/roi-{roi:03d}.npy")
    patterns = clipped(matrix[own["trial"]].astype(np.float64))
    return pd.DataFrame(patterns).groupby(own["stimulus"].to_numpy()).mean().to_numpy()


def test_pairs_of_mice_against_numpy(finished):
    pearson, spearman = (load(finished, t).set_index(
        ["subject_i", "subject_j", "roi_x", "roi_y"])["similarity"] for t in (PAIRS, SPEARMAN)
    )  # fmt: skip
    assert len(pearson) == 4 * 4
    for roi_x, roi_y in ((1, 1), (1, 2), (2, 2)):
        x = pdist(mean_responses(finished, 1, roi_x), "correlation")
        y = pdist(mean_responses(finished, 2, roi_y), "correlation")
        key = (1, 2, roi_x, roi_y)
        assert pearson[key] == pytest.approx(similarity(x, y), abs=1e-5)
        assert spearman[key] == pytest.approx(spearmanr(x, y).statistic, abs=1e-5)
        assert pearson[2, 1, roi_y, roi_x] == pearson[key]
    truth = pd.read_csv(finished.root / "resources/simulated/mouse/truth/pairs.csv")
    planted = truth.query("scan_i == '21067-10-18' and scan_j == '22846-10-16'")["similarity"]
    assert 0.5 < pearson[1, 2, 1, 1] < planted.item() + 0.05, "noise lowers it"


def test_ceilings_of_pairs_and_models(finished):
    table = load(finished, IMAGES).query("metric == 'pearson'")
    rdms = np.array([pdist(mean_responses(finished, s, 1), "correlation") for s in SUBJECTS])
    bounds = rdm_bounds(rdms, "pearson")
    for row, subject in enumerate(SUBJECTS):
        own = table[(table["subject"] == subject) & (table["roi"] == 1)]
        np.testing.assert_allclose(own["upper_bound"], bounds.upper[row], atol=1e-5)
        np.testing.assert_allclose(own["lower_bound"], bounds.lower[row], atol=1e-5)
        assert own["reliability"].between(0.5, 1).all()
        assert set(own["n_images"]) == {12}
    models = table.query("kind == 'model' and roi == 1").groupby("other", observed=True)["value"]
    best = models.max()
    assert best["sim-conv_pool-cls"] > 0.3 > best["sim-noise_pool-cls"]


def test_a_table_of_models_written_for_people(finished):
    table = load(finished, MODELS)
    assert set(table["subject"]) == set(SUBJECTS)
    assert set(table["dataset"]) == {"mouse-test"}
    means = table.query("roi == 1").groupby(["model", "layer"], observed=True)["similarity"].mean()
    conv = means["sim-conv_pool-cls"]
    assert conv.is_monotonic_increasing, "later layers hold more of what mice respond to"
    assert conv.max() > means["sim-noise_pool-cls"].max()


def test_ceilings_of_neurons(finished):
    table = load(finished, CEILINGS)
    assert list(dict.fromkeys(table["data_key"])) == SCANS
    assert table.query("data_key == '26872-17-20'")["fev"].isna().all()
    truth = pd.read_csv(finished.root / "resources/simulated/mouse/truth/neurons.csv")
    both = table.merge(truth, on=["data_key", "unit_id"], suffixes=("", "_true"))
    known = both.dropna(subset=["fev", "fev_true"])
    assert len(known) > 60
    assert known["fev"].corr(known["fev_true"]) > 0.7


def test_files_of_scans(finished):
    root = finished.root / "results/mouse"
    report = pd.read_csv(root / f"statistics/{SCANS[1]}/statistics_report.csv")
    assert set(report.query("data == 'responses'")["rule"]) == {"all trials, ddof 0"}
    names = {p.name for p in (root / f"assemblies/{SCANS[0]}").glob("*.nc")}
    assert {"V1_test_raw.nc", "V1_L2-3_train_standardised.nc"} <= names
    (part,) = (root / "exported/layer").glob("static*")
    assert part.name.startswith(f"static{SCANS[0]}-GrayImageNet-")
    assert set(np.load(part / "meta/neurons/layer.npy")) == {"L4"}
    for path in (PAIRS, CEILINGS, HEATMAP, f"results/mouse/scans/{SCANS[0]}"):
        assert read_record(finished.root / path)["dataset_source"] == "simulated"


def test_pictures_are_nowhere_but_in_exported_parts(finished):
    image = np.load(finished.root / "resources/simulated/mouse" /
                    "static22846-10-16-GrayImageNet-94c6ff995dac/data/images/0.npy")  # fmt: skip
    content = image.tobytes()
    for folder in ("results", "logs"):
        for path in (finished.root / folder).rglob("*"):
            if path.is_file() and "exported" not in path.parts:
                assert content not in path.read_bytes(), path


def test_one_setting_remakes_what_depends_on_it(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    assert project.pending(PAIRS, CEILINGS, MODELS) == {}
    project.set("mouse", scale="raw")
    pending = project.pending(PAIRS, CEILINGS)
    assert "index_mouse_scan" not in pending
    assert "measure_mouse_ceilings" not in pending
    assert pending["extract_mouse_responses"] == 2
    done = project.snakemake("results/mouse/scans/1-2-3", check=False)
    assert done.returncode
    assert "some of" in done.stderr or "one of the selected scans" in done.stderr
    assert not Path(project.root / "results/mouse/scans/1-2-3").exists()


def test_one_command_for_all_and_what_it_says_without_scans(finished, tmp_path):
    done = finished.snakemake("--dry-run", "mouse")
    assert "compare_image_rdms" not in done.stdout, "made already"
    assert "plot_rsa_ranking" in done.stdout
    project = Project.create(tmp_path / "project", SETTINGS)
    done = project.snakemake("--dry-run", "mouse", check=False)
    assert done.returncode
    assert "repalign simulate mouse" in done.stdout + done.stderr
