"""The file of masks of LAION-fMRI and its table, written picture by picture."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

import h5py
import numpy as np

from repalign.errors import RepalignError
from repalign.models.laion_pictures import LaionPictures
from repalign.models.segmenters import Found, Mask, Segmenter, bounds
from repalign.tables.atomic import atomic_file
from repalign.tables.laion_layout import FULL_MASK, MASK_COLUMNS, MASKS_DATASET
from repalign.tables.progress import progress

log = logging.getLogger("repalign")


def write_segmentations(
    output: Path,
    table: Path,
    pictures: LaionPictures,
    nouns: Sequence[Sequence[str]],
    segmenter: Segmenter,
    attributes: Mapping[str, Any],
) -> int:
    """Find what nouns name in pictures, and write masks and table.

    Parameters
    ----------
    output : Path
        The HDF5 file: `masks`, (n_masks, height, width) uint8 of 0 and 1, one mask a chunk,
        gzip after byte shuffle.
    table : Path
        The CSV file with a row a mask, in the same order.
    pictures : LaionPictures
        The shared images, all of one size.
    nouns : sequence of sequence of str, length n_pictures
        What to look for in each.
    segmenter : Segmenter
        What finds it.
    attributes : mapping
        What the file says of itself beside the segmenter's facts.

    Returns
    -------
    int
        Number of masks.

    Raises
    ------
    RepalignError
        If pictures are of different sizes, or there is none.

    Notes
    -----
    Instances of a noun are numbered from 0 by falling score. `localized` is 1 where the detector
    gave a box and the mask covers less than 99 % of the picture. The box of a mask is its bounds,
    first pixel and the one behind the last; empty where the detector gave none. A mask without a
    pixel is left out. `mask_file` names the mask as a file of its own would be named: what the
    release holds there is not documented.
    """
    n_masks = n_empty = 0
    with _mask_writer(output, {**segmenter.facts, **attributes}) as add, _rows(table) as write:
        for k in progress(range(len(pictures)), "pictures", total=len(pictures)):
            picture, name = pictures.picture(k), pictures.image_name(k)
            add.start(picture.size, pictures.name(k))
            found = segmenter.find(picture, list(nouns[k]))
            kept = [one for one in found if one.mask.any()]
            n_empty += len(found) - len(kept)
            for row in _described(kept, name, n_masks):
                write(row)
            for one in _ordered(kept):
                add(one.mask)
            n_masks += len(kept)
    if n_empty:
        log.warning("%d masks without a pixel were left out", n_empty)
    return n_masks


def _ordered(found: Sequence[Found]) -> list[Found]:
    """Order what was found by falling score; equal ones as they were found."""
    return sorted(found, key=lambda one: -round(one.score, 6))


def _described(found: Sequence[Found], name: str, first: int) -> Iterator[tuple[object, ...]]:
    """Yield the rows of a picture's masks."""
    counts: dict[str, int] = {}
    for row, one in enumerate(_ordered(found), start=first):
        instance = counts.get(one.noun, 0)
        counts[one.noun] = instance + 1
        is_somewhere = one.box is not None
        place = int(is_somewhere and one.mask.mean() < FULL_MASK)
        box: Sequence[object] = bounds(one.mask) if is_somewhere else ("",) * 4
        file = f"{PurePosixPath(name).stem}/{one.noun}_{instance}.png"
        yield (row, name, one.noun, instance, f"{one.score:.6f}", *box, place, file)


class _Masks:
    """Adds masks to a dataset that grows; it is made when the size of the pictures is known."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._size: tuple[int, int] | None = None

    def start(self, size: tuple[int, int], where: str) -> None:
        """Take the width and height of a picture, which must be those of all others."""
        if self._size is None:
            shape = (size[1], size[0])
            self._file.create_dataset(
                MASKS_DATASET, (0, *shape), np.uint8, maxshape=(None, *shape),
                chunks=(1, *shape), compression="gzip", shuffle=True,
            )  # fmt: skip
            self._size = size
        elif size != self._size:
            raise RepalignError(
                f"{size[0]} x {size[1]} pixels",
                where=where,
                expected=f"{self._size[0]} x {self._size[1]}, as the pictures before",
                remedy="One dataset holds masks of one size: fetch the pictures again.",
            )

    def __call__(self, mask: Mask) -> None:
        """Add a mask."""
        masks = self._file[MASKS_DATASET]
        masks.resize(len(masks) + 1, axis=0)
        masks[-1] = mask.astype(np.uint8)


@contextmanager
def _mask_writer(output: Path, attributes: Mapping[str, Any]) -> Iterator[_Masks]:
    with atomic_file(output) as temporary, h5py.File(temporary, "w") as file:
        for name, value in sorted(attributes.items()):
            file.attrs[name] = value
        masks = _Masks(file)
        yield masks
        if MASKS_DATASET not in file:
            raise RepalignError(
                "no shared image",
                where=output,
                expected="pictures to look at",
                remedy="Look at the column unique_or_shared of the table of images.",
            )


@contextmanager
def _rows(table: Path) -> Iterator[Any]:
    """Give what writes a row of the table."""
    with atomic_file(table) as temporary, temporary.open("w", newline="", encoding="utf-8") as f:
        yield _writer(f).writerow


def _writer(file: TextIO) -> Any:  # noqa: ANN401
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(MASK_COLUMNS)
    return writer
