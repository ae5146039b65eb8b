"""HCP-MMP1 on the surface: which area each vertex of fsaverage5 is in, from a user's file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.filebasedimages import ImageFileError
from nibabel.freesurfer.io import read_annot

from repalign.errors import RepalignError
from repalign.tables.fsaverage import FINER, N_VERTICES

Labels = npt.NDArray[np.int16]

NO_AREA = ("", "???", "unknown", "medial_wall", "medialwall")
_LABEL = re.compile(r"^(?:([lr])_)?(.*?)(?:_roi)?(?:-[lr]h)?$")


def read_surface_labels(path: str | Path, hemisphere: str, names: Sequence[str]) -> Labels:
    """Read the parcellation of one hemisphere.

    Parameters
    ----------
    path : str or Path
        An annotation (`.annot`) whose labels are names of areas, such as L_V1_ROI; or numbers of
        areas, 0 for none, a vertex each (`.mgz`, `.mgh`), as NSD has them. On fsaverage, or a
        coarser surface of its family.
    hemisphere : {'lh', 'rh'}
        Side that labels must be of, where they say it.
    names : sequence of str, shape (n_areas,)
        Names of areas 1, 2, ... in their order.

    Returns
    -------
    ndarray of int16, shape (10242,)
        Area of each vertex of fsaverage5, 1 to n_areas; 0 for none.

    Raises
    ------
    RepalignError
        If the file cannot be read, is of another surface or side, or has other areas.
    """
    is_annotation = Path(path).suffix == ".annot"
    try:
        read = _from_annotation if is_annotation else _from_numbers
        labels = read(path, hemisphere, names)
    except (OSError, ValueError, IndexError, ImageFileError) as error:
        raise _error(f"a file that cannot be read ({error})", path) from error
    if len(labels) not in FINER:
        raise _error(f"{len(labels)} vertices", path)
    # Finer surfaces of the family begin with the vertices of coarser ones.
    return labels[:N_VERTICES].copy()


def read_area_names(path: str | Path, n_areas: int) -> list[str]:
    """Read the names of the areas of one hemisphere from the committed table.

    Parameters
    ----------
    path : str or Path
        Tab-separated, with the columns roi and name; left areas come first.
    n_areas : int
        Areas of a hemisphere.

    Returns
    -------
    list of str
        In the order of their numbers.

    Raises
    ------
    RepalignError
        If the table has too few rows.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t") if lines else []
    if "name" not in header or len(lines) <= n_areas:
        raise RepalignError(
            f"{len(lines)} lines with the columns {header}",
            where=path,
            expected=f"a column `name` and {n_areas} rows or more",
            remedy="Restore the file from the repository.",
        )
    return [line.split("\t")[header.index("name")] for line in lines[1 : n_areas + 1]]


def _from_annotation(path: str | Path, hemisphere: str, names: Sequence[str]) -> Labels:
    """Read labels by their names."""
    with Path(path).open("rb") as file:
        n_vertices = int.from_bytes(file.read(4), "big")
    if n_vertices not in FINER:
        raise _error(f"{n_vertices} vertices", path)
    index, _, found = read_annot(path)
    numbers = {_plain(name): k for k, name in enumerate(names, start=1)}
    own = np.zeros(len(found) + 1, dtype=np.int16)
    for k, raw in enumerate(found):
        text = raw.decode("utf-8", "replace").strip()
        match = _LABEL.fullmatch(text.lower())
        side, area = match.groups() if match else (None, text)
        if area in NO_AREA or text.lower() in NO_AREA:
            continue
        if side is not None and side != hemisphere[0]:
            raise _error(f"the label {text}", path, f"labels of the hemisphere {hemisphere}")
        if _plain(area) not in numbers:
            raise _error(f"the label {text}", path, "names of HCP-MMP1 areas, such as L_V1_ROI")
        own[k] = numbers[_plain(area)]
    # Vertices without a label have index -1, which is the last entry: 0.
    labels: Labels = own[index]
    return labels


def _from_numbers(path: str | Path, hemisphere: str, names: Sequence[str]) -> Labels:  # noqa: ARG001
    """Read labels by their numbers."""
    values = np.asarray(nib.load(path).dataobj).reshape(-1)
    known = np.isfinite(values) & (values == np.round(values))
    if not known.all() or (values.size and not 0 <= values.min() <= values.max() <= len(names)):
        low, high = values.min(), values.max()
        raise _error(f"values from {low} to {high}", path, f"whole numbers from 0 to {len(names)}")
    return values.astype(np.int16)


def _plain(name: str) -> str:
    """Return a name without what spellings differ in."""
    return name.replace(" ", "").lower()


def _error(found: str, path: str | Path, expected: str = "") -> RepalignError:
    """Return the error for a file that is no such parcellation."""
    return RepalignError(
        found,
        where=path,
        expected=expected
        or (
            f"HCP-MMP1 on fsaverage, .annot or .mgz, with {' or '.join(map(str, FINER))} vertices"
        ),
        remedy="Name the right file in maps.parcellation.",
    )
