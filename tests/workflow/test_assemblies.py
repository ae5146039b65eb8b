"""Assemblies of a tiny NSD, against a plain float64 computation from the raw files."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import h5py
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from .project import Project

SETTINGS: dict[str, Any] = {
    "nsd": {"subjects": [1, 2], "regions": ["V1"]},
    "assemblies": {"variants": {"one": [1]}},
    "simulate": {
        "nsd": {
            "sessions": [3, 2],
            "n_planned_sessions": 3,
            "n_trials_per_session": 30,
            "n_runs": 2,
            "n_slots": 18,
            "n_shared": 20,
            "image_size": 32,
            "volume_shape": [26, 30, 26],
            "voxels_per_region": [8, 12],
        }
    },
}
FOLDER = Path("results/nsd/assemblies")
PACKAGED = FOLDER / "packaged"
IT = FOLDER / "Allen2022.IT.nc"
OF_ONE = "results/nsd/assemblies_one/Allen2022.V1.nc"
LABELS = {"V1": (1, 2), "V2": (3, 4), "V4": (7,)}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Project:
    """A finished run. Do not change it."""
    project = Project.create(tmp_path_factory.mktemp("assemblies") / "project", SETTINGS)
    project.repalign("simulate", "nsd")
    project.snakemake("--quiet", "all", "--", str(IT), OF_ONE, str(PACKAGED / "packages.tsv"))
    return project


class Oracle:
    """The same numbers by another route: whole sessions, float64, NSD's stimulus table."""

    def __init__(self, root: Path, subjects: dict[int, int]) -> None:
        self.raw = root / "resources/simulated/nsd"
        self.subjects = subjects
        info = pd.read_csv(self.raw / "nsd_stim_info_merged.csv", index_col=0)
        trials = {s: info[[f"subject{s}_rep{r}" for r in range(3)]].to_numpy() for s in subjects}
        complete = info["shared1000"].to_numpy(bool).copy()
        for subject, sessions in subjects.items():
            own = trials[subject]
            complete &= ((own > 0) & (own <= sessions * 30)).all(axis=1)
        self.images = np.flatnonzero(complete)
        self.trials = {subject: own[self.images] - 1 for subject, own in trials.items()}

    def masks(self, subject: int) -> dict[str, np.ndarray]:
        """Masks on the axes of the HDF5 files."""
        folder = self.raw / f"subj{subject:02d}/func1pt8mm/roi"

        def labels(name: str) -> np.ndarray:
            return np.asarray(nib.load(folder / f"{name}.nii.gz").get_fdata().T)

        areas = labels("prf-visualrois")
        masks = {name: np.isin(areas, values) for name, values in LABELS.items()}
        masks["IT"] = (labels("lh.streams") == 5) | (labels("rh.streams") == 5)
        return masks

    def sessions(self, subject: int) -> np.ndarray:
        """All trials of a subject (n_trials, z, y, x), in percent."""
        folder = self.raw / f"subj{subject:02d}/func1pt8mm/betas_fithrf_GLMdenoise_RR"
        parts = []
        for session in range(1, self.subjects[subject] + 1):
            with h5py.File(folder / f"betas_session{session:02d}.hdf5") as file:
                parts.append(file["betas"][()].astype(np.float64) / 300)
        return np.stack(parts)

    def scores(self, subject: int, region: str) -> np.ndarray:
        """z-scores (n_images, 3, n_voxels)."""
        values = self.sessions(subject)[:, :, self.masks(subject)[region]]
        deviation = values.std(axis=1, keepdims=True)
        dead = np.ptp(values, axis=1, keepdims=True) == 0
        scores = np.where(
            dead, 0, (values - values.mean(axis=1, keepdims=True)) / np.where(dead, 1, deviation)
        )
        return scores.reshape(-1, scores.shape[2])[self.trials[subject]]


def test_means_are_those_of_the_raw_files(made):
    for path, region, subjects in ((IT, "IT", {1: 2, 2: 2}), (Path(OF_ONE), "V1", {1: 3})):
        oracle = Oracle(made.root, subjects)
        with xr.open_dataarray(made.root / path) as assembly:
            assert assembly.dims == ("presentation", "neuroid")
            assert assembly.dtype == np.float32
            assert assembly["nsd_id"].to_numpy().tolist() == oracle.images.tolist()
            means = [oracle.scores(subject, region).mean(axis=1) for subject in subjects]
            expected = np.concatenate(means, axis=1)
            np.testing.assert_allclose(assembly.to_numpy(), expected, rtol=0, atol=1e-6)
        assert oracle.images.size >= 5
    # A variant of fewer subjects with more sessions has more images.
    assert oracle.images.size == 20


def test_voxels_and_ceilings_are_those_of_the_volumes(made):
    """`voxel_x` indexes what h5py shows; `voxel_i` what nibabel shows; the truth agrees."""
    truth = pd.read_csv(
        made.root / "resources/simulated/nsd/truth/func1pt8mm.tsv", sep="\t"
    ).set_index(["subject", "i", "j", "k"])
    oracle = Oracle(made.root, {1: 2, 2: 2})
    with xr.open_dataarray(made.root / IT) as assembly:
        coords = {str(name): coord.to_numpy() for name, coord in assembly.coords.items()}
    assert len(set(coords["neuroid_id"].tolist())) == coords["neuroid_id"].size
    for subject in (1, 2):
        own = coords["subject"] == f"subj{subject:02d}"
        mask = oracle.masks(subject)["IT"]
        places = np.stack([coords[f"voxel_{axis}"][own] for axis in "xyz"], axis=1)
        np.testing.assert_array_equal(places, np.argwhere(mask))
        ijk = np.stack([coords[f"voxel_{axis}"][own] for axis in "ijk"], axis=1)
        np.testing.assert_array_equal(ijk, places[:, ::-1])
        planted = truth.loc[[(subject, *voxel) for voxel in ijk.tolist()]]
        assert (planted["stream"] == 5).all()
        assert len(planted) == (truth.loc[subject]["stream"] == 5).sum()
        folder = oracle.raw / f"subj{subject:02d}/func1pt8mm/betas_fithrf_GLMdenoise_RR"
        ratio = nib.load(folder / "ncsnr.nii.gz").get_fdata()[tuple(ijk.T)]
        ceiling = np.nan_to_num(100 * ratio**2 / (ratio**2 + 1 / 3), nan=0.0)
        np.testing.assert_allclose(coords["nc_testset"][own], ceiling, rtol=1e-6)
        assert (ceiling[planted["dead"] == 1] == 0).all()


def test_the_split_and_what_brain_score_scores(made):
    oracle = Oracle(made.root, {1: 2, 2: 2})
    split = pd.read_csv(made.root / FOLDER / "train_test_split.csv")
    assert split["nsd_id"].tolist() == oracle.images.tolist()
    positions = np.arange(len(split))
    np.random.RandomState(42).shuffle(positions)
    train = np.isin(np.arange(len(split)), positions[: int(0.8 * len(split))])
    assert (split["split"] == np.where(train, "train", "test")).all()
    blocks = [oracle.scores(subject, region) for subject in (1, 2) for region in (*LABELS, "IT")]
    single = np.concatenate(blocks, axis=2)
    means = single.mean(axis=1)
    deviation = means.std(axis=0)
    deviation[np.ptp(means, axis=0) == 0] = 1
    scale = (means.mean(axis=0), deviation)
    expected = {
        "train": (means[train] - scale[0]) / scale[1],
        "test": ((single[~train] - scale[0]) / scale[1]).reshape(-1, means.shape[1]),
    }
    for part, values in expected.items():
        path = made.root / PACKAGED / f"assy_Allen2022_fMRI_{part}_Assembly.nc"
        with xr.open_dataarray(path) as assembly:
            np.testing.assert_allclose(assembly.to_numpy()[:, :, 0], values, atol=2e-5)
            assert assembly.attrs["identifier"] == f"Allen2022_fMRI_{part}_Assembly"
            assert assembly.attrs["stimulus_set_identifier"] == f"Allen2022_fMRI_{part}_Stimuli"
            assert "simulated" in assembly.attrs["dataset"]


def test_pictures_and_digests(made):
    with h5py.File(made.root / "resources/simulated/nsd/nsd_stimuli.hdf5") as file:
        brick = file["imgBrick"][()]
    split = pd.read_csv(made.root / FOLDER / "train_test_split.csv")
    for part in ("train", "test"):
        stem = made.root / PACKAGED / f"stimulus_Allen2022_fMRI_{part}_Stimuli"
        table = pd.read_csv(stem.with_suffix(".csv"))
        assert table["nsd_id"].tolist() == split.loc[split["split"] == part, "nsd_id"].tolist()
        with zipfile.ZipFile(stem.with_suffix(".zip")) as file:
            assert file.namelist() == table["filename"].tolist()
            for image, name in zip(table["nsd_id"], table["filename"], strict=True):
                pixels = np.asarray(Image.open(io.BytesIO(file.read(name))))
                np.testing.assert_array_equal(pixels, brick[image])
    packages = pd.read_csv(made.root / PACKAGED / "packages.tsv", sep="\t")
    assert len(packages) == 6
    for row in packages.itertuples():
        content = (made.root / PACKAGED / row.file).read_bytes()
        assert hashlib.sha1(content).hexdigest() == row.sha1  # noqa: S324
        assert hashlib.sha256(content).hexdigest() == row.sha256


def test_only_what_a_choice_touches_is_made_again(made, tmp_path):
    project = made.copy(tmp_path / "project")
    wanted = (str(IT), str(PACKAGED / "packages.tsv"))
    assert project.pending(*wanted) == {}
    project.set("assemblies", global_zscore="train_only")
    assert project.pending(*wanted) == {"build_nsd_benchmark": 1, "list_nsd_packages": 1}
    project.set("assemblies", global_zscore="all_images", it_definition="glasser9")
    pending = project.pending(*wanted)
    assert pending["find_nsd_neuroids"] == 2
    assert pending["extract_nsd_shared_trials"] == 4
    assert "split_nsd_images" not in pending


def test_the_same_bytes_by_one_core(made, tmp_path):
    project = made.copy(tmp_path / "project")
    names = [f"assy_Allen2022_fMRI_{part}_Assembly.nc" for part in ("train", "test")]
    before = [(project.root / PACKAGED / name).read_bytes() for name in names]
    for name in (*names, "packages.tsv"):
        (project.root / PACKAGED / name).unlink()
    project.command("snakemake", "--cores", "1", "--quiet", "all", "--", str(PACKAGED / names[0]))
    assert [(project.root / PACKAGED / name).read_bytes() for name in names] == before
