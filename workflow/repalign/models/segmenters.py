"""Finding what nouns name in a picture: what all ways to do it share, and a plain one."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from repalign.errors import RepalignError

Mask = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

COLOUR = "colour threshold, not a model"
"""What the attribute `backend` says of masks that no model made."""


@dataclass(frozen=True)
class Found:
    """One thing that was found.

    Attributes
    ----------
    noun : str
        What it is.
    score : float
        How sure that is; of a picture's things the surest comes first.
    box : tuple of float or None
        x0, y0, x1, y1 in pixels, as the detector gave it; None if it noticed the thing without
        saying where.
    mask : ndarray of bool, shape (height, width)
        Its pixels; all, where it is nowhere in particular.
    """

    noun: str
    score: float
    box: Box | None
    mask: Mask


class Segmenter(Protocol):
    """Finds things in pictures.

    Attributes
    ----------
    facts : dict of str to str, int or float
        What files of its masks say: `backend`, thresholds, models.
    """

    @property
    def facts(self) -> dict[str, Any]:
        """Say what it is."""

    def find(self, picture: Image.Image, nouns: Sequence[str]) -> list[Found]:
        """Find what nouns name in an 8-bit RGB picture, in any order."""


@dataclass(frozen=True)
class Nouns:
    """What is looked for.

    Attributes
    ----------
    names : tuple of str
        The nouns, each once.
    colours : dict of str to tuple of int
        Red, green and blue of each in 0 to 255, where the table has them.
    """

    names: tuple[str, ...]
    colours: dict[str, tuple[int, int, int]]

    def named_in(self, captions: Sequence[str]) -> list[str]:
        """Return the nouns that captions name, as whole words or with a plural s."""
        words = [
            word.strip(".,;:!?\"'()").casefold() for text in captions for word in text.split()
        ]
        text = f" {' '.join(words)} "
        return [
            noun for noun in self.names
            if any(f" {noun.casefold()}{end} " in text for end in ("", "s", "es"))
        ]  # fmt: skip


def read_nouns(path: str | Path) -> Nouns:
    """Read what to look for.

    Parameters
    ----------
    path : str or Path
        Tab-separated, with the column `noun` and, for the backend `colour`, `red`, `green` and
        `blue`. `null` is a noun like any other.

    Returns
    -------
    Nouns
        In the order of the file.

    Raises
    ------
    RepalignError
        If there is no such file, it has other columns, or a noun is empty or there twice.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, delimiter="\t")
            rows, columns = list(reader), tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _error(f"unreadable ({error})", path, "a table of nouns") from error
    if columns not in (("noun",), ("noun", "red", "green", "blue")):
        raise _error(f"columns {list(columns)}", path, "noun, or noun, red, green, blue")
    names = [row["noun"] or "" for row in rows]
    for k, name in enumerate(names):
        if not name.strip() or name in names[:k]:
            found = f"noun {name!r}{' twice' if name.strip() else ''}"
            raise _error(found, f"{path}, data row {k + 1}", "every noun once")
    colours = {}
    for k, row in enumerate(rows if len(columns) > 1 else []):
        values = [str(row[channel]) for channel in columns[1:]]
        if not all(value.isdecimal() and int(value) < 256 for value in values):
            raise _error(f"colour {values}", f"{path}, data row {k + 1}", "numbers of 0 to 255")
        colours[names[k]] = (int(values[0]), int(values[1]), int(values[2]))
    return Nouns(tuple(names), colours)


@dataclass(frozen=True)
class ColourSegmenter:
    """Finds flat shapes by their colour: for simulated pictures, and for no others.

    Attributes
    ----------
    colours : dict of str to tuple of int
        Red, green and blue of each noun.
    threshold : float
        Pixels nearer to the colour, by Euclidean distance of the channels, belong to it.
    min_pixels : int
        Smaller shapes are none. Where only such ones add up to as many, the thing is noticed but
        not localised.

    Notes
    -----
    A shape is a set of pixels that touch along edges. Its score is 1 - (mean distance of its
    pixels from the colour) / threshold.
    """

    colours: dict[str, tuple[int, int, int]]
    threshold: float = 60.0
    min_pixels: int = 16

    @property
    def facts(self) -> dict[str, Any]:
        """Say what it is."""
        return {"backend": COLOUR, "threshold": self.threshold, "min_pixels": self.min_pixels}

    def find(self, picture: Image.Image, nouns: Sequence[str]) -> list[Found]:
        """Find the shapes of the colours of some nouns."""
        pixels = np.asarray(picture, np.float64)
        return [found for noun in nouns for found in self._shapes(pixels, noun)]

    def _shapes(self, pixels: npt.NDArray[np.float64], noun: str) -> list[Found]:
        distance = np.sqrt(((pixels - self.colours[noun]) ** 2).sum(axis=2))
        near = distance < self.threshold
        labels, n_shapes = ndimage.label(near)
        masks = [labels == k for k in range(1, n_shapes + 1)]
        large = [mask for mask in masks if mask.sum() >= self.min_pixels]
        if not large and near.sum() >= self.min_pixels:
            return [Found(noun, self._score(distance[near]), None, np.ones_like(near))]
        return [Found(noun, self._score(distance[m]), bounds(m), m) for m in large]

    def _score(self, distances: npt.NDArray[np.float64]) -> float:
        return float(1 - distances.mean() / self.threshold)


def bounds(mask: Mask) -> Box:
    """Return the bounds of a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (height, width)
        With one pixel at least.

    Returns
    -------
    tuple of float
        x0, y0, x1, y1: the first pixel, and the one behind the last.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1
    )  # fmt: skip


def surest(
    scores: Float64, labels: npt.NDArray[np.int64], boxes: Float64, overlap: float
) -> npt.NDArray[np.int64]:
    """Leave out boxes that a surer one of the same noun overlaps.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
        How sure each is.
    labels : ndarray of int64, shape (n,)
        Noun of each.
    boxes : ndarray of float64, shape (n, 4)
        x0, y0, x1, y1.
    overlap : float
        Largest share of the union of two boxes that both may cover.

    Returns
    -------
    ndarray of int64, shape (n_kept,)
        Positions, surest first; of equal ones the first.
    """
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    for k in np.argsort(-scores, kind="stable").tolist():
        same = [j for j in kept if labels[j] == labels[k]]
        low = np.maximum(boxes[same, :2], boxes[k, :2])
        high = np.minimum(boxes[same, 2:], boxes[k, 2:])
        common = np.prod(np.maximum(high - low, 0), axis=1)
        if (common <= overlap * (area[same] + area[k] - common)).all():
            kept.append(k)
    return np.array(kept, np.int64)


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Correct the table that laion.stimuli.segmentations.nouns names.",
    )
