"""Region matrices of THINGS-fMRI from the HDF5 tables of voxels by trials, in bounded memory."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from repalign.datasets.response_folder import (
    ConstantColumns,
    quality_table,
    region_file,
    write_all,
    write_npy_header,
    write_quality_table,
)
from repalign.datasets.things_voxels import TableVoxels
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_folder

logger = logging.getLogger(__name__)

GROUP = "ResponseData"
BLOCK_BYTES = 64 * 2**20
"""Voxels are read in blocks of about this size."""

_LAYOUT = (
    f"group {GROUP} of a pandas store in fixed format: block0_values, voxels × trials of numbers, "
    "and block1_values, voxels × 1 of voxel ids"
)
_REMEDY = "Fetch sub-0S_ResponseData.h5 of the table release again."


def extract_table_responses(
    path: str | Path, voxels: TableVoxels, n_trials: int, output_folder: str | Path
) -> None:
    """Write one matrix a region from a subject's table of responses.

    Parameters
    ----------
    path : str or Path
        `sub-0S_ResponseData.h5`, in the layout that pandas calls fixed. It is read as plain
        HDF5: what pandas stored beside the numbers is pickled, and is not looked at.
    voxels : TableVoxels
        The voxels of each region.
    n_trials : int
        Columns that the table must have: the trials of the subject.
    output_folder : str or Path
        Folder to make: `roi-001.npy` ... of shape (n_trials, n_voxels), float32, C order, columns
        by ascending voxel id; and `regions.tsv`.

    Raises
    ------
    RepalignError
        If the file has another layout or another number of trials, its voxels are not those of
        the metadata, or a voxel has a value that is not finite or nothing but zeros. No output
        is left.

    Notes
    -----
    The file is read once, in blocks of voxels; the rows of each region are written behind one
    another, and transposed region by region. Memory is two blocks, disk twice the output.
    """
    with _open_table(Path(path), n_trials) as (values, ids):
        order = _check_ids(ids, voxels, path)
        with atomic_folder(output_folder) as temporary:
            by_voxel = temporary / "by_voxel"
            by_voxel.mkdir()
            _write_rows(values, ids, order, voxels, by_voxel, Path(path))
            n_voxels, n_dead = [], []
            for k, roi in enumerate(voxels.regions.tolist()):
                n_own = int(voxels.offsets[k + 1] - voxels.offsets[k])
                source = by_voxel / f"{roi}.f32"
                n_dead.append(_transpose(source, (n_own, n_trials), temporary / region_file(roi)))
                n_voxels.append(n_own)
                source.unlink(missing_ok=True)
            shutil.rmtree(by_voxel)
            table = quality_table(voxels.regions.tolist(), n_voxels, n_dead)
            write_quality_table(temporary, table)


@contextmanager
def _open_table(path: Path, n_trials: int) -> Iterator[tuple[h5py.Dataset, NDArray[np.int64]]]:
    """Open the two blocks of a table: responses (not read yet) and voxel ids."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        found = "no such file" if not path.is_file() else f"no readable HDF5 file ({error})"
        raise _error(found, path, _LAYOUT) from error
    with file:
        values, ids = _blocks(file, path)
        if values.shape[1] != n_trials:
            raise _error(
                f"{values.shape[1]} trials (block0_values of shape {values.shape})",
                path,
                f"{n_trials} trials, as in the stimulus metadata",
                "Use metadata and responses of the same subject and release.",
            )
        yield values, np.asarray(ids[:, 0], dtype=np.int64)


def _blocks(file: h5py.File, path: Path) -> tuple[h5py.Dataset, h5py.Dataset]:
    """Return the two blocks, or say what the file holds instead."""
    group = file.get(GROUP)
    if not isinstance(group, h5py.Group):
        raise _error(f"a file with {_contents(file)}", path, _LAYOUT)
    blocks = [group.get(name) for name in ("block0_values", "block1_values")]
    values, ids = blocks
    fits = (
        isinstance(values, h5py.Dataset)
        and isinstance(ids, h5py.Dataset)
        and values.ndim == ids.ndim == 2
        and values.dtype.kind == "f"
        and ids.dtype.kind in "iu"
        and ids.shape == (values.shape[0], 1)
        and "block2_values" not in group
    )
    label = group.get("block1_items")
    if isinstance(label, h5py.Dataset) and label.dtype.kind == "S":
        # A label of one type is stored as text; labels of mixed types are pickled, and left alone.
        fits = fits and label[...].tolist() == [b"voxel_id"]
    if not fits:
        raise _error(f"{GROUP} with {_contents(group)}", path, _LAYOUT)
    return values, ids


def _contents(group: h5py.Group) -> str:
    """List what a group holds, with shapes and types."""
    items = [
        f"{name} {item.shape} {item.dtype}" if isinstance(item, h5py.Dataset) else f"group {name}"
        for name, item in sorted(group.items())
    ]
    return ", ".join(items[:8]) + (" ..." if len(items) > 8 else "") or "nothing in it"


def _check_ids(ids: NDArray[np.int64], voxels: TableVoxels, path: str | Path) -> NDArray[np.int64]:
    """Return the rows of the file by ascending voxel id, after comparing them to the metadata."""
    order = np.argsort(ids, kind="stable")
    if (np.diff(ids[order]) == 0).any():
        twice = ids[order][1:][np.diff(ids[order]) == 0][0]
        raise _error(f"voxel {twice} twice", f"{path}, block1_values", "each voxel once")
    known = np.sort(voxels.known)
    if not np.array_equal(ids[order], known):
        extra = np.setdiff1d(ids, known)
        absent = np.setdiff1d(known, ids)
        example = f"{extra[0]} unknown" if extra.size else f"{absent[0]} missing"
        raise _error(
            f"{ids.size} voxels, {extra.size} unknown and {absent.size} missing (voxel {example})",
            f"{path}, block1_values",
            f"the {known.size} voxels of the voxel metadata",
            "Use metadata and responses of the same subject and release.",
        )
    return order


def _write_rows(
    values: h5py.Dataset,
    ids: NDArray[np.int64],
    order: NDArray[np.int64],
    voxels: TableVoxels,
    folder: Path,
    path: Path,
) -> None:
    """Append the rows of every region to a raw float32 file, by ascending voxel id."""
    region_of = np.full(ids.size, -1)
    owner = np.repeat(np.arange(voxels.regions.size), np.diff(voxels.offsets))
    region_of[order[np.searchsorted(ids[order], voxels.voxel_id)]] = owner
    per_block = max(1, BLOCK_BYTES // max(1, values.shape[1] * values.dtype.itemsize))
    in_order = bool((np.diff(ids) > 0).all())
    with ExitStack() as stack:
        files = [
            stack.enter_context((folder / f"{roi}.f32").open("wb", buffering=0))
            for roi in voxels.regions.tolist()
        ]
        for start in range(0, ids.size, per_block):
            rows = order[start : start + per_block]
            block = values[start : start + per_block] if in_order else _gather(values, rows)
            wanted = np.flatnonzero(region_of[rows] >= 0)
            _check_values(block[wanted], ids[rows[wanted]], path)
            for k in np.unique(region_of[rows[wanted]]):
                own = block[region_of[rows] == k]
                write_all(files[k], np.ascontiguousarray(own, dtype=np.float32))
            logger.info("%s: %d of %d voxels", path, min(start + per_block, ids.size), ids.size)


def _gather(values: h5py.Dataset, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Read rows in any order; HDF5 wants them ascending."""
    ascending = np.argsort(rows, kind="stable")
    block = np.empty((rows.size, values.shape[1]), dtype=values.dtype)
    block[ascending] = values[rows[ascending]]
    return block


def _check_values(block: NDArray[Any], ids: NDArray[np.int64], path: Path) -> None:
    """Refuse values that are not finite, and voxels without any response."""
    if not np.isfinite(block).all():
        row, trial = (int(k) for k in np.argwhere(~np.isfinite(block))[0])
        raise _error(f"{block[row, trial]}", f"{path}, voxel {ids[row]}, trial {trial} (from 0)",
                     "finite values")  # fmt: skip
    silent = ~block.any(axis=1)
    if silent.any():
        raise _error(
            f"only zeros in voxel {ids[silent][0]} ({int(silent.sum())} such voxels in a block)",
            path,
            "responses in every voxel of a region",
            "Check that the file is whole; leave the voxel out of its area in the voxel metadata.",
        )


def _transpose(source: Path, shape: tuple[int, int], output: Path) -> int:
    """Write voxels × trials as trials × voxels; return how many voxels are constant."""
    n_voxels, n_trials = shape
    constant = ConstantColumns(n_voxels)
    with output.open("wb", buffering=0) as file:
        write_npy_header(file, (n_trials, n_voxels), np.dtype(np.float32))
        if not n_voxels:
            return 0
        rows = np.memmap(source, dtype=np.float32, mode="r", shape=shape)
        per_block = max(1, BLOCK_BYTES // (4 * n_voxels))
        for start in range(0, n_trials, per_block):
            block = np.ascontiguousarray(rows[:, start : start + per_block].T)
            constant.update(block)
            write_all(file, block)
    return int(constant.columns.size)


def _error(found: str, where: str | Path, expected: str, remedy: str = _REMEDY) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
