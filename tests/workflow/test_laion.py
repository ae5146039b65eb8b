"""LAION-fMRI from raw files to a table, against what NumPy and SciPy make of the same files."""

from __future__ import annotations

import h5py
import nibabel as nib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr

from .project import Project

SETTINGS = {
    "laion": {"subjects": [1, 3], "regions": ["V1d", "face"]},
    "rsa": {"clip_quantile": 0.0, "split_halves": 2},
    "simulate": {
        "laion": {
            "n_sessions": 2, "n_shared_laion": 8, "n_shared_things": 2, "n_shared_nsd": 2,
            "n_shared_ood": 9, "n_unique_laion": 1, "n_unique_things": 2, "image_size": 48,
        }
    },
}  # fmt: skip
IMAGES = "results/laion/rsa_images_main.parquet"
ALIGNED = "results/laion/aligned/sub-03_DINOv2.h5"
QUALITY = "results/laion/prepared/quality.tsv"
RAW = "resources/simulated/laion"
_START = RAW + "/derivatives/glmsingle-tedana/sub-{s:02d}/"


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    project = Project.create(tmp_path_factory.mktemp("laion"), SETTINGS)
    project.repalign("simulate", "laion")
    project.snakemake(IMAGES, ALIGNED, QUALITY)
    return project


@pytest.fixture(scope="module")
def table(finished) -> pd.DataFrame:
    return pq.read_table(finished.root / IMAGES).to_pandas()


def labels(root, subject) -> pd.DataFrame:
    """Label and session of every trial, in the order of the volumes."""
    parts = []
    for k in (1, 2):
        name = f"sub-{subject:02d}_ses-{k:02d}_task-images_desc-SingletrialBetas_trials.tsv"
        path = root / _START.format(s=subject) / f"ses-{k:02d}/func" / name
        parts.append(pd.read_csv(path, sep="\t").sort_values("beta_index").assign(session=k))
    return pd.concat(parts, ignore_index=True)


def mean_patterns(root, subject, region, images) -> np.ndarray:
    """Mean z-scored betas of images in a region, by nibabel: it scales what is to be scaled."""
    shown = labels(root, subject)
    mask = nib.load(next(root.glob(
        f"{RAW}/derivatives/rois/sub-{subject:02d}/*/*_res-1pt8_label-{region}_mask.nii.gz"
    ))).get_fdata()  # fmt: skip
    start = root / _START.format(s=subject)
    r2 = nib.load(next(start.glob("*_desc-R2mean_statmap.nii.gz"))).get_fdata()
    inside = (mask == 1) & np.isfinite(r2) & (r2 != 0)
    parts = []
    for k in (1, 2):
        betas = nib.load(next(start.glob(f"ses-{k:02d}/func/*_stat-effect_*.nii.gz"))).get_fdata()
        own = betas[inside].T
        parts.append((own - own.mean(axis=0)) / own.std(axis=0))
    whole = np.concatenate(parts)
    return np.stack([whole[(shown["label"] == image).to_numpy()].mean(axis=0) for image in images])


@pytest.fixture(scope="module")
def images(finished) -> list[str]:
    """Shared images that are not out of distribution and that both saw as often as planned."""
    known = pd.read_csv(finished.root / RAW / "stimuli/task-images_metadata.csv")
    found = []
    for row in known.itertuples():
        counts = {(labels(finished.root, s)["label"] == row.image_name).sum() for s in (1, 3)}
        is_ood = "_OOD_" in row.image_name
        if row.unique_or_shared == "shared" and not is_ood and counts == {row.n_reps}:
            found.append(row.image_name)
    return found


@pytest.mark.parametrize(("metric", "oracle"), [("pearson", pearsonr), ("spearman", spearmanr)])
def test_rsa_of_images_is_that_of_the_raw_files(finished, table, images, metric, oracle):
    root = finished.root
    with h5py.File(root / RAW / "stimuli/task-images_desc-DINOv2_embeddings.h5") as file:
        rows = {name: k for k, name in enumerate(file["image_ids"].asstr()[()])}
        features = file["embedding"][()].astype(float)[[rows[image] for image in images]]
    model = pdist(features, "correlation")
    for region in ("V1d", "FFA1"):
        rdms = {s: pdist(mean_patterns(root, s, region, images), "correlation") for s in (1, 3)}
        for subject, other in ((1, 3), (3, 1)):
            own = table[
                (table["subject"] == subject) & (table["name"] == region)
                & (table["metric"] == metric)
            ].set_index("other")  # fmt: skip
            found = own["value"]
            between = oracle(rdms[subject], rdms[other])[0]
            assert found[f"sub-{other:02d}"] == pytest.approx(between, abs=2e-4)
            expected = oracle(rdms[subject], model)[0]
            assert found["DINOv2"] == pytest.approx(expected, abs=2e-4)
            assert own["lower_bound"].iloc[0] == pytest.approx(between, abs=2e-4)
    assert set(table["n_images"]) == {len(images)}
    assert set(table["images"]) == {"laion-main"}


def test_what_was_planted_is_found(table):
    """Early regions follow contrast, which one embedding has most of; faces what is animate."""
    means = table[(table["kind"] == "model") & (table["metric"] == "pearson")]
    means = means.groupby(["name", "other"], observed=True)["value"].mean()
    assert means["V1d"].idxmax() == "DINOv2"
    assert means["FFA1", "SigLIP2"] > means["FFA1", "DINOv2"]


def test_regions_are_those_of_the_masks_and_have_no_hemisphere(finished, table):
    regions = pd.read_csv(finished.root / "results/laion/prepared/regions.tsv", sep="\t")
    assert regions["name"].tolist() == ["FFA1", "OFA", "V1d"]
    assert regions["hemisphere"].isna().all()
    assert table["roi"].unique().tolist() == regions["roi"].tolist()
    quality = pd.read_csv(finished.root / QUALITY, sep="\t")
    assert (quality["status"] == "ok").all()
    assert set(table["n_voxels"]) <= set(quality["n_voxels"])


def test_aligned_embeddings_are_those_of_the_trials(finished):
    shown = labels(finished.root, 3)["label"].tolist()
    with (
        h5py.File(finished.root / ALIGNED) as aligned,
        h5py.File(finished.root / RAW / "stimuli/task-images_desc-DINOv2_embeddings.h5") as file,
    ):
        rows = {name: k for k, name in enumerate(file["image_ids"].asstr()[()])}
        expected = file["embedding"][()][[rows[name] for name in shown]]
        np.testing.assert_array_equal(aligned["embedding"][()], expected)
        assert aligned["image_name"].asstr()[()].tolist() == shown


def test_nothing_is_pending_afterwards(finished):
    assert finished.pending(IMAGES, ALIGNED, QUALITY) == {}
