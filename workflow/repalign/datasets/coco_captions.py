"""COCO's captions of NSD images: `nsd-captions-coco.csv`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from repalign.datasets.coco_file import CocoFile, coco_error, is_text
from repalign.datasets.nsd_coco import Picture, read_splits, with_annotations
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

logger = logging.getLogger(__name__)

SEPARATOR = ";"
"""Between the captions of an image; one that stands inside a caption becomes a comma."""
_SPECIAL = frozenset(',"\r\n')


def read_captions(files: Sequence[str | Path], pictures: Sequence[Picture]) -> dict[str, CocoFile]:
    """Read `captions_train2017.json` and `captions_val2017.json`; see `nsd_coco.read_splits`."""
    return read_splits(files, pictures, {"caption": is_text}, categories=False)


def captions_index(files: Mapping[str, CocoFile], pictures: Sequence[Picture]) -> pd.DataFrame:
    """Make the captions table.

    Parameters
    ----------
    files : mapping of str to CocoFile
        As `read_captions` gives them.
    pictures : sequence of Picture
        Every image, in order.

    Returns
    -------
    DataFrame
        nsd_id, coco_id, cocoSplit, captions: row k is image k. Captions are joined by `;` in
        the order of the annotations; of each caption, only `;` is changed, to a comma. Blank
        captions are left out, and counted in the log.

    Raises
    ------
    RepalignError
        If an image is not in the stimulus table, not in the file of its split, or has no
        caption.

    Notes
    -----
    Published, rows are in COCO's order, while readers take the row for the image.
    """
    found = {picture.nsd_id for picture in pictures}
    absent = sorted(set(range(max(found, default=0) + 1)) - found)
    if absent:
        raise RepalignError(
            f"no COCO number of {len(absent)} image(s), the first is image {absent[0]}",
            where="the stimulus table",
            expected="every image, from 0 on",
            remedy="Use the nsd_stim_info_merged.csv of NSD, or trials that show every image.",
        )
    rows, n_blank = [], 0
    for picture, file, entries in with_annotations(files, pictures):
        given = [str(entry["caption"]) for entry in entries]
        kept = [caption.replace(SEPARATOR, ",") for caption in given if caption.strip()]
        if not kept:
            found_none = f"no caption of COCO image {picture.coco_id}"
            place = f"{file.path}, annotations"
            expected = f"captions of every NSD image; this is image {picture.nsd_id}"
            raise coco_error(found_none, place, expected)
        n_blank += len(given) - len(kept)
        rows.append((picture.nsd_id, picture.coco_id, picture.split, SEPARATOR.join(kept)))
    if n_blank:
        logger.warning("%d blank captions are left out", n_blank)
    return pd.DataFrame(rows, columns=["nsd_id", "coco_id", "cocoSplit", "captions"])


def write_captions(table: pd.DataFrame, output: str | Path) -> None:
    """Write the captions table; read it back as text, with `keep_default_na=False`.

    Parameters
    ----------
    table : DataFrame
        As `captions_index` makes it.
    output : str or Path
        The file to make. Texts with commas, quotes or line breaks stand in quotes.

    Notes
    -----
    Written field by field: the csv module leaves a lone carriage return unquoted, and readers
    take that for the end of the row.
    """
    lines = [",".join(table.columns)]
    lines += [",".join(map(_field, row)) for row in table.itertuples(index=False, name=None)]
    with atomic_file(output) as temporary:
        temporary.write_bytes(("\n".join(lines) + "\n").encode())


def _field(value: object) -> str:
    """Return one field, in quotes where it needs them."""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if _SPECIAL & set(text) else text
