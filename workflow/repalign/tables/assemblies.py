"""Assemblies: responses of neuroids to presentations, in files that Brain-Score loads as they are.

An assembly is an xarray DataArray with axes (presentation, neuroid) or (presentation, neuroid,
time_bin) and flat coordinates. On disk it is netCDF-4 with one data variable, without an index,
and byte for byte the same whenever it is made from the same values.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from repalign.errors import RepalignError
from repalign.tables.assembly_rules import DIMS, check_assembly, plain_coord, refuse
from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import versions_of, write_sidecar

ENGINE: Final = "h5netcdf"
UNNAMED = "__xarray_dataarray_variable__"
"""What xarray calls the data variable of an array without a name."""

Coords = Mapping[str, npt.NDArray[Any]]


def make_assembly(
    values: npt.NDArray[np.floating[Any]],
    presentation: Coords,
    neuroid: Coords,
    *,
    time_bin: tuple[int, int] | None = None,
    attributes: Mapping[str, str | int | float] | None = None,
) -> xr.DataArray:
    """Put responses and what is known of their axes together.

    Parameters
    ----------
    values : ndarray, shape (n_presentations, n_neuroids), float32 or float64
        Responses.
    presentation : mapping of str to ndarray
        Coordinates of n_presentations values; `stimulus_id` among them.
    neuroid : mapping of str to ndarray
        Coordinates of n_neuroids values; `neuroid_id`, `subject` and `region` among them.
    time_bin : tuple of int, optional
        Start and end, ms, of the one time bin of a third axis. Without it there is none.
    attributes : mapping, optional
        Text and numbers about the whole, such as `identifier`.

    Returns
    -------
    DataArray
        With flat coordinates and no index. `check_assembly` is for the writer.
    """
    coords: dict[str, Any] = {name: (DIMS[0], column) for name, column in presentation.items()}
    coords |= {name: (DIMS[1], column) for name, column in neuroid.items()}
    dims: tuple[str, ...] = DIMS[:2]
    if time_bin is not None:
        dims, values = DIMS, values[:, :, np.newaxis]
        for side, edge in zip(("start", "end"), time_bin, strict=True):
            coords[f"time_bin_{side}"] = (DIMS[2], np.array([edge], np.int64))
    return xr.DataArray(values, dims=dims, coords=coords, attrs=dict(attributes or {}))


def write_assembly(
    assembly: xr.DataArray,
    path: str | Path,
    record: Mapping[str, Any],
    *,
    allow_ragged: bool = False,
) -> None:
    """Check an assembly and write it, with its provenance beside it.

    Parameters
    ----------
    assembly : DataArray
        As `make_assembly` returns it, or any that keeps the rules.
    path : str or Path
        The file to make, `*.nc`.
    record : mapping
        Provenance, as `make_record` returns it.
    allow_ragged : bool
        Whether stimuli may have different repetitions; a warning counts them then.

    Raises
    ------
    RepalignError
        If a rule of `check_assembly` is broken, or the disk is full. Nothing is left of the file
        then, and an earlier file of that name is untouched.

    Notes
    -----
    Values and coordinates are copied into a new array, so that nothing of how a file was stored
    that the array came from gets into this one: a list of coordinates that are no longer there
    makes the file unreadable for xarray before 2022.6. Bytes depend on values, names and
    versions of the libraries only: no times, no compression, fixed order.
    """
    check_assembly(assembly, path, allow_ragged=allow_ragged)
    plain = _plain(assembly, path)
    floats = [name for name, coord in plain.coords.items() if coord.dtype.kind == "f"]
    names = [str(name) for name in (plain.name or UNNAMED, *floats)]
    encoding: dict[Hashable, dict[str, Any]] = {name: {"_FillValue": None} for name in names}
    with atomic_file(path) as temporary:
        plain.to_netcdf(temporary, engine=ENGINE, encoding=encoding)
    versions = {**record.get("versions", {}), **versions_of(("h5netcdf", "xarray"))}
    write_sidecar(path, {**record, "versions": versions})


def read_assembly(path: str | Path, *, allow_ragged: bool = True) -> xr.DataArray:
    """Read an assembly into memory; Brain-Score is not needed.

    Parameters
    ----------
    path : str or Path
        A netCDF-4 file with one data variable: ours, or any that keeps the rules.
    allow_ragged : bool
        Whether stimuli may have different repetitions.

    Returns
    -------
    DataArray
        With flat coordinates (text of fixed width) and no trace of how it was stored.

    Raises
    ------
    RepalignError
        If the file cannot be read, holds several variables, names coordinates that it does not
        have, or breaks a rule of `check_assembly`.
    """
    try:
        with xr.open_dataarray(path, engine=ENGINE) as opened:
            loaded = opened.load()
    except FileNotFoundError as error:
        raise refuse(
            "no such file", path, "an assembly", "Make it, or correct its path."
        ) from error
    except (OSError, ValueError) as error:
        raise RepalignError(
            f"a file that is no assembly ({error})",
            where=path,
            expected="a complete netCDF-4 file with one data variable",
            remedy="Delete it and run the workflow again; of another source, fetch it again.",
        ) from error
    listed = str(loaded.encoding.get("coordinates", loaded.attrs.get("coordinates", ""))).split()
    stale = sorted(set(listed) - set(map(str, loaded.coords)))
    if stale:
        raise refuse(
            f"a list of coordinates with {', '.join(stale)}, which the file does not have",
            path,
            "no such list: xarray before 2022.6, and so Brain-Score, refuses the file",
            "Open it with xarray, call drop_encoding, and write it again.",
        )
    check_assembly(loaded, path, allow_ragged=allow_ragged)
    return _plain(loaded, path)


def check_pair(train: xr.DataArray, test: xr.DataArray, where: str | Path) -> None:
    """Refuse a train and a test assembly that do not belong together.

    Parameters
    ----------
    train, test : DataArray
        Checked assemblies.
    where : str or Path
        What they are for, for messages.

    Raises
    ------
    RepalignError
        If neuroids differ in any coordinate or in order, time bins differ, or a stimulus is in
        both.
    """
    for dim in DIMS[1:]:
        own = [
            {str(n): c.values for n, c in part.coords.items() if c.dims == (dim,)}
            for part in (train, test)
        ]
        names = sorted(set(own[0]) ^ set(own[1])) or [
            name for name in own[0] if not np.array_equal(own[0][name], own[1][name])
        ]
        if names or train.dims != test.dims:
            found = f"other {', '.join(names) or 'axes'} in train than in test"
            raise refuse(found, f"{where}, axis {dim}", "the same, in the same order")
    both = np.intersect1d(train["stimulus_id"].values, test["stimulus_id"].values)
    if both.size:
        found = f"{both.size} stimuli in both, first {both[0]}"
        raise refuse(found, f"{where}, coordinate stimulus_id", "different stimuli in each")


def _plain(assembly: xr.DataArray, where: str | Path) -> xr.DataArray:
    """Copy a checked assembly into plain arrays, without encodings."""
    coords = {
        name: (coord.dims, plain_coord(name, coord, where))
        for name, coord in assembly.coords.items()
    }
    attributes = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in assembly.attrs.items()
    }
    values = np.ascontiguousarray(assembly.values)
    return xr.DataArray(values, dims=assembly.dims, coords=coords, attrs=attributes,
                        name=assembly.name)  # fmt: skip
