"""Small simulated mouse scans, and ways to spoil them."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.datasets.mouse_files import ScanFiles, open_scan
from repalign.datasets.mouse_index import IndexedScan, write_index
from repalign.datasets.mouse_scan import Scan, read_data, read_scan
from repalign.simulate.mouse_settings import MouseSimulation

TINY = MouseSimulation(
    n_neurons=14, n_train=6, n_validation=2, n_test=5, n_repeats=4, image_shape=(8, 12), n_latent=3
)
ZIP = "static21067-10-18-GrayImageNet-94c6ff995dac.zip"
FOLDER = "static22846-10-16-GrayImageNet-94c6ff995dac"
THIRD = "static23343-5-17-GrayImageNet-94c6ff995dac.zip"
COMPETITION = "static26872-17-20-GrayImageNet-94c6ff995dac.zip"
COLOR = "static25311-4-6-ColorImageNet-c7f31a88b2d0.zip"
GREY = [ZIP, FOLDER, THIRD]
ROOT_OF_ZIP = ZIP.removesuffix(".zip")
META, TRIALS, NEURONS = "meta/", "meta/trials/", "meta/neurons/"
Arrays = dict[str, Any]


def read(path: Path, key: str | None = None) -> Scan:
    with open_scan(path) as files:
        return read_scan(files, key)


def index(path: Path, folder: Path) -> IndexedScan:
    write_index(folder, read(path), {"spec": None}, distance=15, correlation=0.5)
    return IndexedScan(folder)


def codes(scan: Scan) -> set[str]:
    return {finding.code for finding in scan.meta.findings}


def spoil(source: Path, target: Path, change: Callable[[Arrays], None]) -> Path:
    """Copy a folder scan with other arrays: `change` gets those of `meta`, and may add more."""
    shutil.copytree(source, target)
    names = [p.relative_to(target).as_posix() for p in (target / "meta").rglob("*.npy")]
    arrays: Arrays = {name: np.load(target / name, allow_pickle=False) for name in names}
    before = dict(arrays)
    change(arrays)
    for name in before.keys() - arrays.keys():
        (target / name).unlink()
    for name, array in arrays.items():
        if array is before.get(name):
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(array, bytes):
            (target / name).write_bytes(array)
        else:
            np.save(target / name, array, allow_pickle=array.dtype == object)
    return target


def npy(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


@contextmanager
def rezipped(source: Path, target: Path) -> Iterator[zipfile.ZipFile]:
    """Copy a zip file, open for more members."""
    shutil.copy(source, target)
    with zipfile.ZipFile(target, "a") as archive:
        yield archive


@contextmanager
def opened(path: Path) -> Iterator[ScanFiles]:
    with open_scan(path) as files:
        yield files


def trials_of(folder: Path, tier: str) -> list[int]:
    tiers = np.load(folder / "meta/trials/tiers.npy")
    return np.flatnonzero(tiers == tier).tolist()


def data_of(path: Path, scan: IndexedScan) -> dict[str, npt.NDArray[Any]]:
    with open_scan(path) as files:
        return read_data(files, scan.trials, scan.responses)
