"""Checks of the masks of LAION-fMRI and their table: S1 to S10, one mask in memory at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.laion_checks import Findings, named, stand_in
from repalign.datasets.laion_metadata import read_laion_table
from repalign.errors import RepalignError
from repalign.tables.laion_layout import BOX, FULL_MASK, MASK_COLUMNS, MASKS_DATASET, NULL_WORDS

OF_TABLE = ("S1", "S2", "S3", "S6", "S8", "S9")
OF_FILE = ("S4", "S5", "S7", "S10")
BOX_TOLERANCE = 1.0
"""Pixels between a box and the bounds of its mask."""

Size = tuple[int, int]


@dataclass(frozen=True)
class Images:
    """What is known of the images.

    Attributes
    ----------
    shared : frozenset of str or None
        Names of the shared ones; None if the table of images is absent.
    sizes : mapping of str to tuple of int
        Width and height, where pictures are there.
    is_real : bool
        Whether the data are real; masks that no model made then fail S10.
    """

    shared: frozenset[str] | None
    sizes: Mapping[str, Size]
    is_real: bool = False


def check_masks(
    path: Path | None, table_path: Path | None, images: Images, findings: Findings
) -> None:
    """Check the masks and their table.

    Parameters
    ----------
    path, table_path : Path or None
        The two files; None where one is absent.
    images : Images
        What is known of the images.
    findings : Findings
        Takes what is found.
    """
    table = _read_table(table_path, findings)
    if path is None:
        findings.fail(OF_FILE, "segmentations", "there is no such file")
        _check_rows(table, None, table_path, findings)
        return
    try:
        with h5py.File(path, "r") as file:
            masks = file.get(MASKS_DATASET)
            if not isinstance(masks, h5py.Dataset) or masks.ndim != 3 or masks.dtype != np.uint8:
                found = getattr(masks, "dtype", "nothing"), getattr(masks, "shape", "")
                findings.fail(OF_FILE, named(path), f"no dataset `masks` of uint8: {found}")
                _check_rows(table, None, table_path, findings)
                return
            maker = file.attrs.get("backend", "")
            wrong = _storage(masks) + stand_in(maker, is_real=images.is_real)
            fine = f"backend: {maker}" if maker else ""
            findings.judge("S10", named(path), wrong, "other storage, or no model", fine=fine)
            _check_rows(table, len(masks), table_path, findings)
            _check_content(masks, path, table, table_path, images, findings)
    except (OSError, EOFError) as error:
        findings.fail("S4", named(path), f"unreadable: {error}")
    if table is not None and table_path is not None:
        _check_shared(table, images, table_path, findings)


def _read_table(path: Path | None, findings: Findings) -> pd.DataFrame | None:
    """Check S1; return the table, its numbers NaN where they are none, if it has its columns."""
    if path is None:
        findings.fail(OF_TABLE, "segmentations_metadata", "there is no such file")
        return None
    try:
        text = read_laion_table(path, "the table of masks", MASK_COLUMNS)
    except RepalignError as error:
        findings.fail(OF_TABLE, named(path), f"{error.found}; expected {error.expected}")
        return None
    table = text.copy()
    wrong: list[str] = []
    for column in ("mask_row", "instance_id"):
        fits = text[column].str.fullmatch(r"\d+")
        wrong += _cells(text, column, ~fits)
        table[column] = pd.to_numeric(text[column].where(fits), errors="coerce")
    fits = text["localized"].isin(("0", "1"))
    wrong += _cells(text, "localized", ~fits)
    table["localized"] = pd.to_numeric(text["localized"].where(fits), errors="coerce")
    may_lack = text["localized"] == "0"
    for column in ("score", *BOX):
        table[column] = pd.to_numeric(text[column], errors="coerce")
        bad = ~np.isfinite(table[column])
        wrong += _cells(
            text, column, bad & ~((text[column] == "") & may_lack & (column != "score"))
        )
    for column in ("image_name", "noun"):
        wrong += _cells(text, column, text[column].str.strip() == "")
    findings.judge("S1", named(path), wrong, "values of another kind")
    nulls = [f"row {k}" for k in np.flatnonzero(text["noun"].isin(NULL_WORDS))]
    message = "nouns that table readers take for missing values"
    findings.judge("C7", named(path), nulls, message)
    return table


def _cells(table: pd.DataFrame, column: str, bad: pd.Series) -> list[str]:
    return [f"row {k}: {column} {table[column].iloc[k]!r}" for k in np.flatnonzero(bad)]


def _storage(masks: h5py.Dataset) -> list[str]:
    """Say how the storage of masks differs from the published one."""
    wrong = [] if masks.compression == "gzip" else [f"compression {masks.compression}"]
    return wrong if masks.shuffle else [*wrong, "no byte shuffle"]


def _check_rows(
    table: pd.DataFrame | None, n_masks: int | None, path: Path | None, findings: Findings
) -> None:
    """Check S2, S3 and S6."""
    if table is None or path is None:
        return
    rows = table["mask_row"]
    count = len(rows) if n_masks is None else n_masks
    wrong = [f"row {k}" for k in np.flatnonzero(rows.isna() | rows.duplicated() | (rows >= count))]
    if count != len(rows):
        wrong.append(f"{len(rows)} rows of {count} masks")
    findings.judge("S2", named(path), wrong, "rows that are no masks, or masks without a row")
    twice = table.duplicated(["image_name", "noun", "instance_id"])
    findings.judge("S3", named(path), [f"row {k}" for k in np.flatnonzero(twice)],
                   "an instance that is there already")  # fmt: skip
    unordered = []
    for (image, noun), group in table.groupby(["image_name", "noun"], sort=False):
        by_instance = group.sort_values("instance_id")
        numbered = by_instance["instance_id"].tolist() == list(range(len(group)))
        falls = bool((by_instance["score"].diff().iloc[1:] <= 0).all())
        if not (numbered and falls):
            unordered.append(f"{image}, {noun}")
    findings.judge("S6", named(path), unordered, "instances that are not numbered by score")


def _check_content(
    masks: h5py.Dataset,
    path: Path,
    table: pd.DataFrame | None,
    table_path: Path | None,
    images: Images,
    findings: Findings,
) -> None:
    """Check S4, S5, S7 and S8, reading every mask once."""
    n_masks, height, width = masks.shape
    by_row = (
        {} if table is None else {int(r): k for k, r in enumerate(table["mask_row"].fillna(-1))}
    )
    not_binary, boxes, flags = [], [], []
    for number in range(n_masks):
        values: npt.NDArray[np.uint8] = masks[number]
        if values.max(initial=0) > 1:
            not_binary.append(f"mask {number}: {int(values.max())}")
        if table is None or number not in by_row:
            continue
        row = by_row[number]
        entry = table.iloc[row]
        box = entry[list(BOX)].to_numpy(float)
        inside = _is_inside(box, width, height)
        localized = entry["localized"] == 1
        if not inside or (localized and not _fits(box, values > 0)):
            boxes.append(f"row {row}")
        covered = float((values > 0).mean())
        if localized and (np.isnan(box).any() or covered >= FULL_MASK):
            flags.append(f"row {row}: 1, {covered:.1%} covered")
        elif entry["localized"] == 0 and not np.isnan(box).any() and covered < FULL_MASK:
            flags.append(f"row {row}: 0, {covered:.1%} covered")
    findings.judge("S4", named(path), not_binary, "values above 1")
    if table is None or table_path is None:
        findings.skip(["S5", "S7"], named(path), "S1 fails")
        return
    findings.judge("S7", named(table_path), boxes,
                   "boxes beyond the picture, or other than the bounds of the mask")  # fmt: skip
    findings.judge("S8", named(table_path), flags, "flags that do not fit the mask")
    sized = [name for name in table["image_name"].unique() if name in images.sizes]
    if not sized:
        findings.skip(["S5"], named(path), "the pictures are absent")
        return
    wrong = [
        f"{name}: {images.sizes[name]}" for name in sized
        if images.sizes[name] != (width, height)
    ]  # fmt: skip
    findings.judge("S5", named(path), wrong, f"pictures of another size than ({width}, {height})")


def _is_inside(box: npt.NDArray[np.float64], width: int, height: int) -> bool:
    """Say whether a box lies in the picture; one that is not given does."""
    if np.isnan(box).all():
        return True
    x0, y0, x1, y1 = box
    return bool(0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height)


def _fits(box: npt.NDArray[np.float64], mask: npt.NDArray[np.bool_]) -> bool:
    """Say whether a box is the bounds of a mask; the far edges may count their pixel or not."""
    if not mask.any() or np.isnan(box).any():
        return False
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    edges = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return bool((np.abs(box - edges) <= BOX_TOLERANCE).all())


def _check_shared(table: pd.DataFrame, images: Images, path: Path, findings: Findings) -> None:
    if images.shared is None:
        findings.skip(["S9"], named(path), "the table of images is absent")
        return
    wrong = [name for name in table["image_name"].unique() if name not in images.shared]
    findings.judge("S9", named(path), wrong, "images that are not shared, or not known")
