"""The check that rows of the table of images describe the pictures of the same rows: J7.

Nothing in the file of pictures names them, so a table that was sorted anew gives every name
another picture, and no reader notices. Two things give it away: names end in the format of their
picture, and pictures that look alike have embeddings that are alike.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from repalign.datasets.laion_checks import Findings, named
from repalign.tables.laion_layout import GREY, IMAGES_DATASET

Float64 = npt.NDArray[np.float64]

N_SAMPLE = 400
"""Pictures that are looked at."""
N_PERMUTATIONS = 999
SMALLEST = 20
"""Fewer images say nothing about an order."""
LARGEST_P = 0.01
_SIDE = 8
_SUFFIXES = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",)}


def check_pictures(
    path: Path | None,
    images: pd.DataFrame | None,
    embeddings: Mapping[str, Path | None],
    findings: Findings,
) -> dict[str, tuple[int, int]]:
    """Check the file of pictures against the table of images.

    Parameters
    ----------
    path : Path or None
        The file of pictures; None if it is absent.
    images : DataFrame or None
        As from `laion_metadata.read_metadata`; None if it is absent.
    embeddings : mapping of str to Path or None
        Embedding files by label.
    findings : Findings
        Takes what is found.

    Returns
    -------
    dict of str to tuple of int
        Width and height of the shared images; empty if they cannot be read.

    Notes
    -----
    The second sign is a permutation test: the correlation of the similarities of a sample of
    pictures, shrunk to 8 x 8 pixels, with the mean cosine similarities of their embeddings, as
    against the same with the pictures shuffled (Mantel, 1967).
    """
    if path is None or images is None:
        absent = "the file of pictures" if path is None else "the table of images"
        findings.skip(["J7"], "pictures", f"{absent} is absent")
        return {}
    names = images["image_name"].tolist()
    try:
        with h5py.File(path, "r") as file:
            pictures = file.get(IMAGES_DATASET)
            if not isinstance(pictures, h5py.Dataset) or len(pictures) != len(names):
                found = "no dataset" if pictures is None else f"{len(pictures)} rows"
                findings.fail("J7", named(path), f"{found} of {len(names)} images")
                return {}
            sizes, wrong = _formats(pictures, names)
            if wrong:
                findings.judge("J7", named(path), wrong, "pictures of another format than named")
            else:
                p, n_images = _resemblance(pictures, names, embeddings)
                _judge_resemblance(p, n_images, named(path), findings)
    except OSError as error:
        findings.fail("J7", named(path), f"unreadable: {error}")
        return {}
    shared = set(images["image_name"][images["shared"]])
    return {name: size for name, size in sizes.items() if name in shared}


def _formats(
    pictures: h5py.Dataset, names: Sequence[str]
) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Return the size of every picture by name, and the rows that are of another format."""
    sizes, wrong = {}, []
    for k, name in enumerate(names):
        try:
            with Image.open(io.BytesIO(bytes(pictures[k]))) as image:
                sizes[name] = image.size
                fits = name.lower().endswith(_SUFFIXES.get(str(image.format), ()))
                if not fits:
                    wrong.append(f"row {k}, {name}: {image.format}")
        except (OSError, SyntaxError, ValueError) as error:
            wrong.append(f"row {k}, {name}: no picture ({type(error).__name__})")
    return sizes, wrong


def _judge_resemblance(p: float | None, n_images: int, name: str, findings: Findings) -> None:
    if p is None:
        fine = "formats fit; too few images with embeddings for more"
        findings.judge("J7", name, [], "", fine=fine)
        return
    wrong = [f"p = {p:.3f}, {n_images} images"] if p > LARGEST_P else []
    message = "embeddings do not resemble the pictures: the table may have been sorted anew"
    fine = f"formats fit; embeddings resemble the pictures, p = {p:.3f}, {n_images} images"
    findings.judge("J7", name, wrong, message, fine=fine)


def _resemblance(
    pictures: h5py.Dataset, names: Sequence[str], embeddings: Mapping[str, Path | None]
) -> tuple[float | None, int]:
    """Return the p-value of the permutation test and the number of images."""
    rows = [_rows_of(path) for path in embeddings.values() if path is not None]
    rows = [found for found in rows if found]
    known = [k for k, name in enumerate(names) if rows and all(name in found for found in rows)]
    if len(known) < SMALLEST:
        return None, len(known)
    steps = np.linspace(0, len(known) - 1, min(N_SAMPLE, len(known))).round().astype(int)
    sample = [known[k] for k in np.unique(steps)]
    seen = _similar(np.stack([_small(bytes(pictures[k])) for k in sample]))
    felt = np.mean(
        [_embedding_similarity(path, [names[k] for k in sample])
         for path in embeddings.values() if path is not None and _rows_of(path)], axis=0,
    )  # fmt: skip
    return permutation_p(seen, felt), len(sample)


def permutation_p(first: Float64, second: Float64) -> float:
    """Test whether two matrices of similarities go together.

    Parameters
    ----------
    first, second : ndarray of float64, shape (n_images, n_images)
        Symmetric.

    Returns
    -------
    float
        Share of correlations of the upper triangles, the observed one included, that are at least
        the observed one where the images of `first` are shuffled.
    """
    upper = np.triu_indices(len(first), 1)
    target = second[upper] - second[upper].mean()
    rng = np.random.default_rng(0)
    observed = float(target @ first[upper])
    # The sum and the length of the shuffled triangle stay the same, so products decide.
    count = 0
    for _ in range(N_PERMUTATIONS):
        order = rng.permutation(len(first))
        count += float(target @ first[order][:, order][upper]) >= observed
    return (1 + count) / (1 + N_PERMUTATIONS)


def _rows_of(path: Path) -> dict[str, int]:
    """Return the row of each image in an embedding file; empty if it cannot be read."""
    try:
        with h5py.File(path, "r") as file:
            ids = file["image_ids"].asstr()[()]
            return {str(name): k for k, name in enumerate(ids)} if "embedding" in file else {}
    except (OSError, KeyError, TypeError, AttributeError):
        return {}


def _embedding_similarity(path: Path, names: Sequence[str]) -> Float64:
    """Return the cosine similarities of images; those without an embedding have 0."""
    rows = _rows_of(path)
    with h5py.File(path, "r") as file:
        values = np.stack([file["embedding"][rows[name]] for name in names]).astype(np.float64)
    values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    values /= np.where(lengths > 0, lengths, 1)
    similar: Float64 = values @ values.T
    return similar


def _small(content: bytes) -> Float64:
    """Return a picture as displayed, shrunk to a few numbers."""
    with Image.open(io.BytesIO(content)) as image:
        layers = image.convert("RGBA")
    grey = Image.new("RGBA", layers.size, (*GREY, 255))
    shown = Image.alpha_composite(grey, layers).convert("RGB")
    small = shown.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float64).ravel()


def _similar(values: Float64) -> Float64:
    """Return the correlations of rows after taking their mean off."""
    values = values - values.mean(axis=0)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    values = values / np.where(lengths > 0, lengths, 1)
    similar: Float64 = values @ values.T
    return similar
