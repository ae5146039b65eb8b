"""Which COCO picture each NSD image was cut from, where it was cut, and what COCO says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repalign.datasets.coco_file import Check, CocoFile, Entry, coco_error, read_coco
from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.datasets.nsd_stim_info import read_stim_info
from repalign.datasets.nsd_stimuli_csv import pictures_of_stimuli_csv
from repalign.errors import RepalignError
from repalign.tables.coco_tables import SPLITS

_NAMES = {
    "nsdId": "nsd_id",
    "cocoId": "coco_id",
    "cocoSplit": "coco_split",
    "cropBox": "crop_box",
    "shared1000": "shared",
}


@dataclass(frozen=True)
class Picture:
    """Where one NSD image comes from.

    Attributes
    ----------
    nsd_id, coco_id : int
        NSD's number, from 0, and COCO's.
    split : str
        One of `SPLITS`.
    shared : bool
        Whether all subjects are shown it.
    crop : tuple of float
        top, bottom, left, right: the fractions of COCO's picture that were cut off.
    """

    nsd_id: int
    coco_id: int
    split: str
    shared: bool
    crop: tuple[float, float, float, float]


def read_nsd_pictures(path: str | Path) -> list[Picture]:
    """Read what the stimulus table says of COCO.

    Parameters
    ----------
    path : str or Path
        `nsd_stim_info_merged.csv`; or `nsd_stimuli.csv`, from which images that no trial shows
        are absent.

    Returns
    -------
    list of Picture
        One an image, in ascending order of nsd_id.

    Raises
    ------
    RepalignError
        If the table is not what it should be, a split is unknown, two images are of one
        picture, or a crop box cannot be read. The message names the image.
    """
    header = read_csv(path, "nsd_stim_info_merged.csv or nsd_stimuli.csv", n_rows=0)
    if "coco_id" in header:
        table = pictures_of_stimuli_csv(path)
    else:
        table = read_stim_info(path).rename(columns=_NAMES)
    table = table.sort_values("nsd_id", ignore_index=True)
    to_integers(table, "coco_id", path)
    columns = [table[name].tolist() for name in ("nsd_id", "coco_id", "coco_split", "shared")]
    crops = map(str, table["crop_box"].tolist())
    pictures = []
    seen: set[int] = set()
    for nsd_id, coco_id, split, shared, crop in zip(*columns, crops, strict=True):
        if split not in SPLITS:
            found = f"COCO split {split!r} of image {nsd_id}"
            raise _error(found, path, f"one of {', '.join(SPLITS)}")
        if coco_id in seen:
            found = f"COCO image {coco_id} again at image {nsd_id}"
            raise _error(found, path, "each COCO image once")
        seen.add(coco_id)
        pictures.append(Picture(nsd_id, coco_id, split, shared, _crop(crop, path, nsd_id)))
    return pictures


def _crop(text: str, path: str | Path, image: int) -> tuple[float, float, float, float]:
    """Read the fractions that a crop takes away: top, bottom, left, right."""
    try:
        top, bottom, left, right = (float(part) for part in text.strip("()[] ").split(","))
        valid = all(0 <= part < 1 for part in (top, bottom, left, right))
        valid = valid and max(top + bottom, left + right) < 1
    except ValueError:
        valid = False
    if not valid:
        expected = "(top, bottom, left, right), the fractions of the picture that are cut off"
        raise _error(f"crop box {text!r} of image {image}", path, expected)
    return top, bottom, left, right


def read_splits(
    files: Sequence[str | Path],
    pictures: Sequence[Picture],
    checks: Mapping[str, Check],
    *,
    categories: bool = True,
) -> dict[str, CocoFile]:
    """Read the annotations of NSD images from the files of both splits.

    Parameters
    ----------
    files : sequence of str or Path, length 2
        In the order of `SPLITS`.
    pictures : sequence of Picture
        Images that are wanted.
    checks, categories
        As for `coco_file.read_coco`.

    Returns
    -------
    dict of str to CocoFile
        By split.
    """
    wanted = {picture.coco_id for picture in pictures}
    return {
        split: read_coco(path, wanted, checks, categories=categories)
        for split, path in zip(SPLITS, files, strict=True)
    }


def with_annotations(
    files: Mapping[str, CocoFile], pictures: Sequence[Picture]
) -> Iterator[tuple[Picture, CocoFile, list[Entry]]]:
    """Yield each picture with the file of its split and its annotations, which may be none.

    Parameters
    ----------
    files : mapping of str to CocoFile
        By split.
    pictures : sequence of Picture
        Images, in the order wanted.

    Yields
    ------
    Picture, CocoFile, list of dict
        Annotations in the order of the file.

    Raises
    ------
    RepalignError
        If a picture is not in the file of its split.
    """
    for picture in pictures:
        file = files[picture.split]
        if picture.coco_id not in file.images:
            found = f"no COCO image {picture.coco_id}, which NSD image {picture.nsd_id} is"
            raise coco_error(found, f"{file.path}, images", "every NSD image of this split")
        yield picture, file, file.annotations.get(picture.coco_id, [])


def _error(found: str, path: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=path,
        expected=expected,
        remedy="Use the stimulus table of the NSD release as it is.",
    )
