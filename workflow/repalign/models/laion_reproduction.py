"""How near embeddings come to the released ones: reported, never claimed to be equal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.errors import RepalignError
from repalign.models.laion_embeddings import backend_of
from repalign.tables.laion_layout import NO_MODEL

COLUMNS = ("label", "images", "n_images", "minimum", "q01", "median", "mean")


def compare_embeddings(
    files: Mapping[str, tuple[Path, Path]], images: pd.DataFrame
) -> pd.DataFrame:
    """Compare embeddings with the released ones, image by image.

    Parameters
    ----------
    files : mapping of str to (Path, Path)
        The file that was made and the released one, by label.
    images : DataFrame
        As from `laion_metadata.read_metadata`.

    Returns
    -------
    DataFrame
        The columns of `COLUMNS`: cosine similarities in float64 over all images, over those of
        each value of `dataset`, and over those with transparency (``png``), by label.

    Raises
    ------
    RepalignError
        If a file says that it is of no model, or lacks an image.
    """
    names = images["image_name"]
    groups = {"all": np.ones(len(images), bool)}
    groups |= {str(d): (images["dataset"] == d).to_numpy() for d in sorted(set(images["dataset"]))}
    groups["png"] = names.str.endswith(".png").to_numpy()
    rows = []
    for label, (made, released) in files.items():
        first, second = (read_unit(path, names.tolist()) for path in (made, released))
        cosine = np.einsum("ij,ij->i", first, second)
        for group, taken in groups.items():
            if taken.any():
                values = cosine[taken]
                low, median = np.quantile(values, [0.01, 0.5])
                rows.append((label, group, values.size, values.min(), low, median, values.mean()))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_unit(path: Path, names: list[str]) -> npt.NDArray[np.float64]:
    """Read the rows of images, brought to length 1.

    Parameters
    ----------
    path : Path
        An embedding file of a model.
    names : list of str
        Images wanted, in order.

    Returns
    -------
    ndarray of float64, shape (n_images, width)
        A row an image.

    Raises
    ------
    RepalignError
        If the file says that it is of no model, lacks an image, or has a row of zeros.
    """
    if backend_of(path).endswith(NO_MODEL):
        raise RepalignError(
            f"backend: {backend_of(path)}",
            where=path,
            expected="embeddings of a model, to say how near they come to the released ones",
            remedy="Set laion.stimuli.embeddings.backend: timm, and fetch the released files.",
        )
    with h5py.File(path, "r") as file:
        ids = {str(name): row for row, name in enumerate(file["image_ids"].asstr()[()])}
        values = file["embedding"][()].astype(np.float64)
    missing = [name for name in names if name not in ids]
    if missing:
        raise RepalignError(
            f"no {missing[0]}, nor {len(missing) - 1} other images",
            where=path,
            expected="a row of every image",
            remedy="Look at the validation report, E2.",
        )
    wanted = values[[ids[name] for name in names]]
    lengths = np.linalg.norm(wanted, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and lengths.all()):
        raise RepalignError(
            "rows of zeros, NaN or infinity",
            where=path,
            expected="an embedding of every image",
            remedy="Look at the validation report, E4 and E7.",
        )
    unit: npt.NDArray[np.float64] = wanted / lengths
    return unit
