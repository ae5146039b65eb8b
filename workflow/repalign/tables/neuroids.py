"""The table of a subject's neuroids: which voxel each is, and its noise ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from repalign.errors import RepalignError
from repalign.tables.columns import CATEGORY, field, table_of
from repalign.tables.parquet import read_table, write_table

GRID = b"grid"
"""Key of the metadata that holds the length of the axes, x y z."""
SCHEMA = pa.schema(
    [
        field("region", CATEGORY, "region"),
        field("number", pa.int32(), "place among the neuroids of the region, from 0"),
        field("i", pa.uint16(), "voxel along x of the NIfTI volume, from 0"),
        field("j", pa.uint16(), "voxel along y, from 0"),
        field("k", pa.uint16(), "voxel along z, from 0"),
        field("ncsnr", pa.float32(), "signal-to-noise ratio as shipped; NaN where undefined"),
        field("nc_testset", pa.float64(), "noise ceiling of a mean over repetitions, percent"),
    ]
)


@dataclass(frozen=True)
class Neuroids:
    """Neuroids of a subject, region after region.

    Attributes
    ----------
    grid : tuple of int
        Voxels along x, y, z.
    regions : dict of str to slice
        Rows of each region.
    voxels : ndarray, shape (n_neuroids, 3), int64
        Voxel along x, y, z.
    ncsnr, nc_testset : ndarray, shape (n_neuroids,)
        As in the table.
    """

    grid: tuple[int, int, int]
    regions: dict[str, slice]
    voxels: npt.NDArray[np.int64]
    ncsnr: npt.NDArray[np.float32]
    nc_testset: npt.NDArray[np.float64]


def write_neuroids(path: str | Path, neuroids: Neuroids, record: Mapping[str, Any]) -> None:
    """Write the table.

    Parameters
    ----------
    path : str or Path
        The file to make.
    neuroids : Neuroids
        What it says.
    record : mapping
        Provenance.
    """
    sizes = {name: rows.stop - rows.start for name, rows in neuroids.regions.items()}
    columns = {
        "region": np.repeat(list(sizes), list(sizes.values())).astype(object),
        "number": np.concatenate([np.arange(size) for size in sizes.values()]),
        **dict(zip("ijk", neuroids.voxels.T, strict=True)),
        "ncsnr": neuroids.ncsnr,
        "nc_testset": neuroids.nc_testset,
    }
    grid = " ".join(map(str, neuroids.grid)).encode()
    write_table(path, table_of(SCHEMA.with_metadata({GRID: grid}), columns), record)


def read_neuroids(path: str | Path) -> Neuroids:
    """Read the table.

    Parameters
    ----------
    path : str or Path
        As `write_neuroids` wrote it.

    Returns
    -------
    Neuroids
        With the rows of each region.

    Raises
    ------
    RepalignError
        If it is no such table.
    """
    table = read_table(path, SCHEMA)
    grid = (pq.read_schema(path).metadata or {}).get(GRID, b"").split()
    regions = np.asarray(table["region"].to_pylist())
    starts = np.flatnonzero(regions[1:] != regions[:-1]) + 1
    edges = [0, *starts.tolist(), regions.size]
    names = [str(regions[start]) for start in edges[:-1]] if regions.size else []
    if len(grid) != 3 or not names or len(set(names)) < len(names):
        raise RepalignError(
            f"regions {names} on a grid of {len(grid)} axes",
            where=path,
            expected="each region in one piece, on a grid of 3 axes",
            remedy="Delete the file and run the workflow again.",
        )
    spans = pairwise(edges)
    x, y, z = (int(size) for size in grid)
    return Neuroids(
        (x, y, z),
        {name: slice(a, b) for name, (a, b) in zip(names, spans, strict=True)},
        np.stack([table[axis].to_numpy().astype(np.int64) for axis in "ijk"], axis=1),
        table["ncsnr"].to_numpy(),
        table["nc_testset"].to_numpy(),
    )
