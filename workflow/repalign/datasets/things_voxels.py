"""Which voxels of THINGS-fMRI's response tables belong to which region of which hemisphere."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.errors import RepalignError

logger = logging.getLogger(__name__)

N_AREAS = 180
PREFIX = "glasser-"
"""Columns of `VoxelMetadata.csv` that flag the voxels of an HCP-MMP1 area, both hemispheres."""

_LOCALISER = re.compile(r"([lr])([A-Z]\w+)")
_REMEDY = "Fetch sub-0S_VoxelMetadata.csv of the table release again."


@dataclass(frozen=True)
class HemisphereRule:
    """How a voxel's hemisphere follows from its index along x.

    Attributes
    ----------
    midline : float
        Voxels with `voxel_x` below it are on the lower side. 36 in THINGS-fMRI, the middle of
        volumes that are 72 voxels wide.
    left : {"lower", "upper"}
        Which side is the left hemisphere: `lower` where x runs from left to right.
    legacy : bool
        Number the lower side 181-360 and the upper one 1-180, as the published code does, which
        calls the lower side left.
    """

    midline: float = 36.0
    left: Literal["lower", "upper"] = "lower"
    legacy: bool = False

    def is_left(self, x: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which voxels are in the left hemisphere.

        Parameters
        ----------
        x : ndarray, shape (n_voxels,), int64
            `voxel_x`.

        Returns
        -------
        ndarray, shape (n_voxels,), bool
            Whether each is on the left side.
        """
        lower = x < self.midline
        return lower if self.left == "lower" else ~lower

    def is_first(self, x: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which voxels have regions 1-180: the left ones, or the upper ones if `legacy`.

        Parameters
        ----------
        x : ndarray, shape (n_voxels,), int64
            `voxel_x`.

        Returns
        -------
        ndarray, shape (n_voxels,), bool
            Whether each is numbered from 1 and not from 181.
        """
        return x >= self.midline if self.legacy else self.is_left(x)


@dataclass(frozen=True)
class TableVoxels:
    """The voxels of a list of regions in a table of responses.

    Attributes
    ----------
    regions : ndarray, shape (n_rois,), int64
        Region ids, ascending.
    offsets : ndarray, shape (n_rois + 1,), int64
        Region r has the columns offsets[r] to offsets[r + 1].
    voxel_id : ndarray, shape (n_voxels,), int64
        Region by region, ascending within a region, which is the published voxel order.
    known : ndarray, shape (n_table_voxels,), int64
        All voxel ids of the metadata, in a region or not, in the order of the file.
    """

    regions: NDArray[np.int64]
    offsets: NDArray[np.int64]
    voxel_id: NDArray[np.int64]
    known: NDArray[np.int64]


def read_table_voxels(
    path: str | Path, area_names: Sequence[str], rule: HemisphereRule
) -> TableVoxels:
    """Read the regions of a subject's voxels.

    Parameters
    ----------
    path : str or Path
        `sub-0S_VoxelMetadata.csv`: voxel_id, voxel_x and 180 columns `glasser-<name>` of 0 or 1.
    area_names : sequence of str
        Names of the areas 1 to 180, which the columns must follow. Case does not count: the
        release writes `7Pl` where the atlas has `7PL`.
    rule : HemisphereRule
        How to tell left from right.

    Returns
    -------
    TableVoxels
        The voxels of the regions 1 to 360.

    Raises
    ------
    RepalignError
        If a column is missing, misnamed or in another order, a voxel is there twice or in two
        areas, a hemisphere is empty, or localisers of the left and right hemisphere (columns such
        as `lFFA` and `rFFA`) lie on the sides that `rule` calls right and left.
    """
    table = read_csv(path, "the voxel metadata of THINGS-fMRI")
    flags = _flags(table, area_names, path)
    ids = table["voxel_id"].to_numpy()
    if np.unique(ids).size != ids.size:
        twice = table.loc[table["voxel_id"].duplicated(), "voxel_id"].iloc[0]
        raise _error(f"voxel {twice} twice", f"{path}, column voxel_id", "each voxel once")
    n_areas = flags.sum(axis=1)
    if (n_areas > 1).any():
        row = int((n_areas > 1).argmax())
        names = [area_names[k] for k in np.flatnonzero(flags[row]).tolist()]
        raise _error(
            f"voxel {ids[row]} in {n_areas[row]} areas: {', '.join(names)} "
            f"({int((n_areas > 1).sum())} such voxels)",
            f"{path}, data row {row + 1}", "each voxel in one area at most",
        )  # fmt: skip
    x = table["voxel_x"].to_numpy()
    labelled = n_areas == 1
    _check_sides(table, rule, x, labelled, path)
    roi = np.where(rule.is_first(x), 0, N_AREAS) + flags.argmax(axis=1) + 1
    rows = np.flatnonzero(labelled)
    rows = rows[np.lexsort((ids[rows], roi[rows]))]
    counts = np.bincount(roi[rows], minlength=2 * N_AREAS + 1)[1:]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return TableVoxels(np.arange(1, 2 * N_AREAS + 1), offsets, ids[rows], ids)


def _flags(table: pd.DataFrame, area_names: Sequence[str], path: str | Path) -> NDArray[np.int64]:
    """Return the flags of the areas, shape (n_voxels, 180), after checking the columns."""
    for name in ("voxel_id", "voxel_x"):
        if name not in table:
            raise _error(f"no column {name}", path, "voxel_id, voxel_x and the area columns")
        to_integers(table, name, path)
    columns = [name for name in table.columns if name.startswith(PREFIX)]
    if len(columns) != N_AREAS or len(area_names) != N_AREAS:
        raise _error(f"{len(columns)} columns {PREFIX}*", path, f"{N_AREAS}, one an area")
    found = [column.removeprefix(PREFIX) for column in columns]
    wrong = [
        k for k in range(N_AREAS) if found[k].casefold() != area_names[k].casefold()
    ]  # fmt: skip
    if wrong:
        k = wrong[0]
        known = found[k].casefold() in {name.casefold() for name in area_names}
        raise _error(
            f"{columns[k]} as area {k + 1} ({len(wrong)} columns "
            f"{'in another order' if known else 'with other names'})",
            path, f"{PREFIX}{area_names[k]}: the areas in the order of their numbers",
        )  # fmt: skip
    for column in columns:
        to_integers(table, column, path)
    flags = table[columns].to_numpy(dtype=np.int64)
    if flags.max(initial=0) > 1:
        row, k = (int(n) for n in np.argwhere(flags > 1)[0])
        raise _error(f"{flags[row, k]} in column {columns[k]}",
                     f"{path}, data row {row + 1}", "0 or 1")  # fmt: skip
    return flags


def _check_sides(
    table: pd.DataFrame,
    rule: HemisphereRule,
    x: NDArray[np.int64],
    labelled: NDArray[np.bool_],
    path: str | Path,
) -> None:
    """Check the rule against the data: voxels on both sides, localisers on their own."""
    left = rule.is_left(x)
    n_left, n_right = int((left & labelled).sum()), int((~left & labelled).sum())
    logger.info("%s: %d voxels left, %d right of voxel_x %g", path, n_left, n_right, rule.midline)
    if not n_left or not n_right:
        raise _error(
            f"{n_left} labelled voxels left and {n_right} right, voxel_x {x[labelled].min()} to "
            f"{x[labelled].max()}" if labelled.any() else "no labelled voxel",
            path, f"voxels on both sides of voxel_x {rule.midline:g}",
            "Set things.midline to the middle of this subject's volume.",
        )  # fmt: skip
    right_way, wrong_way = 0, 0
    for column in table.columns:
        match = _LOCALISER.fullmatch(column)
        if match and {f"l{match[2]}", f"r{match[2]}"} <= set(table.columns):
            own = pd.to_numeric(table[column], errors="coerce").to_numpy() > 0
            on_left = int((own & left).sum())
            on_right = int(own.sum()) - on_left
            right_way += on_left if match[1] == "l" else on_right
            wrong_way += on_right if match[1] == "l" else on_left
    if wrong_way > right_way:
        other = "upper" if rule.left == "lower" else "lower"
        raise _error(
            f"{wrong_way} of {wrong_way + right_way} voxels of the localisers (lFFA, rFFA, ...) "
            "in the other hemisphere",
            path, f"left localisers on the {rule.left} side of voxel_x {rule.midline:g}",
            f"Set things.left_side to {other}.",
        )  # fmt: skip
    if right_way:
        share = right_way / (right_way + wrong_way)
        logger.info("%s: %.1f %% of localiser voxels on their own side", path, 100 * share)


def _error(found: str, where: str | Path, expected: str, remedy: str = _REMEDY) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
