"""Tiny files in NSD's formats, made in the test's own folder."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from repalign.datasets.mask_files import Grid
from repalign.errors import RepalignError

SHAPE = (5, 6, 4)
AFFINE = np.array([[1.0, 0, 0, -2], [0, 1, 0, -3], [0, 0, 1, 4], [0, 0, 0, 1]])


def write_nifti(
    path: Path, values: np.ndarray, affine: np.ndarray = AFFINE, **header: Any
) -> Path:
    image = nib.Nifti1Image(values, affine, dtype=values.dtype)
    for key, value in header.items():
        image.header[key] = value
    raw = image.to_bytes()
    if header:  # nibabel resets the scaling when it writes
        block = image.header.copy()
        for key, value in header.items():
            block[key] = value
        block["vox_offset"], block["magic"] = 352, b"n+1"
        raw = block.binaryblock + b"\0\0\0\0" + values.tobytes(order="F")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(raw, 1) if path.suffix == ".gz" else raw)
    return path


def assert_error(error: RepalignError, *parts: object) -> None:
    """Each part must stand in the message, and no field may be empty."""
    for part in parts:
        assert str(part) in str(error)
    assert all((error.found, error.where, error.expected, error.remedy))


def nothing_left(folder: Path, name: str) -> bool:
    """No output of this name, and no temporary file beside it."""
    return not (folder / name).exists() and not list(folder.glob(".writing-*"))


def grid_at(shape: tuple[int, int, int], origin: tuple[float, float, float]) -> Grid:
    """Voxels of 1 mm whose x axis runs to the left, like NSD's in MNI space."""
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = origin
    return Grid(shape, affine)


@dataclass
class Experiment:
    """A small experiment: 3 subjects, 4 sessions of 15 trials, 20 images each, 6 shared."""

    n_subjects: int = 3
    n_sessions: int = 4
    n_runs: int = 3
    n_shared: int = 6
    n_images: int = 20
    seed: int = 0
    order: np.ndarray = field(init=False)
    images: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.order = rng.permutation(np.repeat(np.arange(self.n_images), 3))
        n_own = self.n_images - self.n_shared
        self.n_stimuli = self.n_shared + self.n_subjects * n_own
        ids = rng.permutation(self.n_stimuli)
        shared = np.sort(ids[: self.n_shared])
        own = ids[self.n_shared :].reshape(self.n_subjects, n_own)
        self.images = np.hstack([np.tile(shared, (self.n_subjects, 1)), own])

    @property
    def n_trials(self) -> int:
        return self.order.size

    @property
    def per_session(self) -> int:
        return self.n_trials // self.n_sessions

    def mat(self) -> dict[str, np.ndarray]:
        slots = self.per_session // self.n_runs + 1
        pattern = np.zeros((self.n_sessions, self.n_runs, slots), np.uint8)
        sizes = np.full(self.n_runs, self.per_session // self.n_runs)
        sizes[: self.per_session % self.n_runs] += 1
        for run, size in enumerate(sizes):
            pattern[:, run, :size] = 1
        return {
            "basiccnt": np.zeros((3, self.n_sessions), np.uint16),
            "masterordering": (self.order + 1).astype(np.uint16)[None],
            "sharedix": (self.images[0, : self.n_shared] + 1).astype(np.int32)[None],
            "stimpattern": pattern,
            "subjectim": (self.images + 1).astype(np.int32),
        }

    def table(self) -> pd.DataFrame:
        n = self.n_stimuli
        columns: dict[str, Any] = {
            "cocoId": 1000 + np.arange(n),
            "cocoSplit": np.where(np.arange(n) % 2, "train2017", "val2017"),
            "cropBox": ["(0, 0, 0.1, 0.1)"] * n,
            "loss": np.zeros(n),
            "nsdId": np.arange(n),
            "flagged": np.arange(n) == 3,
            "BOLD5000": np.arange(n) % 5 == 0,
            "shared1000": np.isin(np.arange(n), self.images[0, : self.n_shared]),
        }
        for s in range(self.n_subjects):
            columns[f"subject{s + 1}"] = np.isin(np.arange(n), self.images[s]).astype(int)
        for s in range(self.n_subjects):
            trials = self.images[s][self.order]
            repetitions = np.zeros((n, 3), int)
            for image in self.images[s]:
                repetitions[image] = np.flatnonzero(trials == image) + 1
            for r in range(3):
                columns[f"subject{s + 1}_rep{r}"] = repetitions[:, r]
        return pd.DataFrame(columns)

    def write(self, folder: Path) -> tuple[Path, Path]:
        return self.write_mat(folder), self.write_table(folder, self.table())

    def write_mat(self, folder: Path, **changed: Any) -> Path:
        path = folder / "nsd_expdesign.mat"
        content = {k: v for k, v in (self.mat() | changed).items() if v is not None}
        savemat(path, content)
        return path

    def write_table(self, folder: Path, table: pd.DataFrame) -> Path:
        path = folder / "nsd_stim_info_merged.csv"
        table.to_csv(path)
        return path


@pytest.fixture
def experiment() -> Experiment:
    return Experiment()


@pytest.fixture
def labels() -> tuple[np.ndarray, np.ndarray]:
    """Labels of the left and the right hemisphere: all 180, some voxels outside."""
    rng = np.random.default_rng(1)
    shape = (10, 9, 8)
    left = np.full(shape, -1, np.int16)
    right = np.full(shape, -1, np.int16)
    both = np.r_[np.arange(1, 181), rng.integers(0, 181, 5 * 72 - 180)]
    left[:5] = rng.permutation(both).reshape(5, 9, 8)
    right[5:] = rng.permutation(both).reshape(5, 9, 8)
    return left, right


@pytest.fixture
def atlas(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A merged atlas of SHAPE with the regions 1, 2, 181 and 200."""
    rng = np.random.default_rng(2)
    mask = rng.choice(np.array([0, 0, 1, 2, 181, 200], np.uint16), SHAPE)
    mask[0, 0, 0] = 1
    return write_nifti(tmp_path / "atlas.nii.gz", mask), mask


@pytest.fixture
def make_session(tmp_path: Path) -> Callable[..., tuple[Path, np.ndarray]]:
    def make(name: str = "betas.nii.gz", n: int = 7, seed: int = 3, **kw: Any) -> Any:
        rng = np.random.default_rng(seed)
        betas = rng.integers(-3000, 3000, (*SHAPE, n)).astype(kw.pop("dtype", np.int16))
        return write_nifti(tmp_path / name, betas, **kw), betas

    return make
