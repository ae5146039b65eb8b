"""Ways to break raw files: each takes a file and changes it in place."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from scipy.io import loadmat, savemat

Change = Callable[[np.ndarray], Any]
Break = Callable[[Path], None]


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: 2 * len(content) // 3])


def corrupt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(255 - byte for byte in content[middle : middle + 64])
    path.write_bytes(content)


def replace_by_text(path: Path) -> None:
    path.write_text("<html>404: this dataset has moved</html>\n")


def header_alone(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:352]))


def image(change: Change, *, dtype: type = np.int16, shift: float = 0.0) -> Break:
    """Change the values of an image, its stored type, or its position in millimetres."""

    def apply(path: Path) -> None:
        loaded = nib.load(path)
        values = np.asarray(loaded.dataobj)
        affine = loaded.affine.copy()
        affine[0, 3] += shift
        changed = change(values.astype(dtype))
        nib.save(nib.Nifti1Image(np.asarray(changed).astype(dtype), affine), path)

    return apply


def same(values: np.ndarray) -> np.ndarray:
    return values


def put(place: tuple[int, ...], value: float) -> Change:
    """Set one value."""

    def apply(values: np.ndarray) -> np.ndarray:
        values[place] = value
        return values

    return apply


def design(name: str, change: Change) -> Break:
    """Change one variable of the experiment design."""

    def apply(path: Path) -> None:
        content = {k: v for k, v in loadmat(path).items() if not k.startswith("_")}
        content[name] = change(content[name].copy())
        savemat(path, content, do_compression=True)

    return apply


def table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Break:
    """Change a CSV table."""

    def apply(path: Path) -> None:
        index = "Unnamed: 0"
        changed = change(pd.read_csv(path))
        changed.rename(columns={index: ""}).to_csv(path, index=False, lineterminator="\n")

    return apply
