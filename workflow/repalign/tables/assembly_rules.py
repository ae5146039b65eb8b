"""What a file of responses must be so that Brain-Score, and any xarray, takes it as it is.

Brain-Score gathers the coordinates of each axis into one index, averages over rows whose
presentation coordinates are all equal, and joins stimuli by the text of `stimulus_id`. Each rule
here is one that breaks there, often silently.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from repalign.errors import RepalignError
from repalign.kernels.showings import lacking_showings

DIMS = ("presentation", "neuroid", "time_bin")
"""Axes in order; the last one may be missing."""
REQUIRED_TEXTS = {
    "presentation": ("stimulus_id",),
    "neuroid": ("neuroid_id", "subject", "region"),
    "time_bin": (),
}
"""Coordinates of text that each axis must have."""
REPETITION = "repetition"
"""The one presentation coordinate that may vary within a stimulus."""
_NAMED = ", ".join(name for names in REQUIRED_TEXTS.values() for name in names)
_READ_AS_OTHERS = frozenset(
    (
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "True", "TRUE", "true",
        "False", "FALSE", "false",
    )
)  # fmt: skip
"""Texts that are no texts any more when pandas reads them from a CSV file."""

logger = logging.getLogger(__name__)


def refuse(found: str, where: str | Path, expected: str, remedy: str = "") -> RepalignError:
    """Return the error of an assembly that breaks a rule.

    Parameters
    ----------
    found, expected, remedy : str
        As in `RepalignError`.
    where : str or Path
        The file, and the coordinate in it.
    """
    remedy = remedy or "Correct what makes the assembly; docs/assemblies.md has the rules."
    return RepalignError(found, where=where, expected=expected, remedy=remedy)


def check_assembly(
    assembly: xr.DataArray, where: str | Path, *, allow_ragged: bool = False
) -> None:
    """Refuse an assembly that Brain-Score would refuse, misread or average wrongly.

    Parameters
    ----------
    assembly : DataArray
        Axes (presentation, neuroid) or (presentation, neuroid, time_bin).
    where : str or Path
        The file, for messages.
    allow_ragged : bool
        Whether stimuli may have different repetitions; a warning counts them then.

    Raises
    ------
    RepalignError
        If an axis, a value, a coordinate or an attribute breaks a rule; nothing is repaired.
    """
    _check_values(assembly, where)
    plain = {
        str(name): (str(coord.dims[0]), plain_coord(name, coord, where))
        for name, coord in assembly.coords.items()
        if _is_flat(name, coord, where)
    }
    for dim in map(str, assembly.dims):
        own = {name: values for name, (along, values) in plain.items() if along == dim}
        _check_axis(dim, own, where)
    coords = {name: values for name, (_, values) in plain.items()}
    _check_neuroids(coords, where)
    _check_presentations(
        {name: values for name, (along, values) in plain.items() if along == "presentation"},
        where,
        allow_ragged=allow_ragged,
    )
    if "time_bin" in assembly.dims:
        _check_time(coords, where)
    _check_attributes(assembly, where)


def plain_coord(name: Hashable, coord: xr.DataArray, where: str | Path) -> npt.NDArray[Any]:
    """Return the values of a coordinate as an array of numbers, of truth values or of text.

    Parameters
    ----------
    name : str
        The coordinate.
    coord : DataArray, shape (n,)
        Its values.
    where : str or Path
        The file, for messages.

    Returns
    -------
    ndarray, shape (n,)
        Integers, finite floats, bool or fixed-width unicode.

    Raises
    ------
    RepalignError
        If values are bytes, categories, times, complex, mixed or missing.
    """
    place = f"{where}, coordinate {name}"
    dtype: Any = coord.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        raise refuse("categories", place, "text or numbers", "Turn them into text (astype(str)).")
    values = np.asarray(coord.values)
    if values.dtype.kind in "OT":
        return _texts(values, place)
    if values.dtype.kind == "S":
        raise _bytes(place)
    if values.dtype.kind not in "iufbU" or values.dtype == np.float16:
        raise refuse(f"values of type {values.dtype}", place, "integers, floats, bool or text")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        n = int(np.count_nonzero(~np.isfinite(values)))
        raise refuse(
            f"{n} of {values.size} values that are not finite",
            place,
            "finite numbers: rows with NaN are in no group, and a filter drops them",
        )
    return values.astype(np.str_) if values.dtype.kind == "U" else values


def looks_like_a_number(text: str) -> bool:
    """Say whether a CSV reader would turn a text into a number, a truth value or a gap."""
    return text in _READ_AS_OTHERS or re.fullmatch(_NUMBER, text) is not None


_NUMBER = re.compile(
    r"\s*[+-]?(\d+(_\d+)*\.?\d*|\.\d+|inf|infinity|nan)(e[+-]?\d+)?\s*", re.IGNORECASE
)


def _check_values(assembly: xr.DataArray, where: str | Path) -> None:
    if assembly.dims not in (DIMS[:2], DIMS):
        found = f"axes {assembly.dims}"
        raise refuse(found, where, f"axes {DIMS[:2]} or {DIMS}, in this order")
    if assembly.dtype not in (np.float32, np.float64):
        raise refuse(f"values of type {assembly.dtype}", where, "float32 or float64")
    if not assembly.size:
        raise refuse(f"no values: shape {assembly.shape}", where, "at least one of each axis")
    n = assembly.size - int(np.count_nonzero(np.isfinite(assembly.values)))
    if n:
        raise refuse(f"{n} values that are not finite", where, "finite values")


def _is_flat(name: Hashable, coord: xr.DataArray, where: str | Path) -> bool:
    """Refuse an index, and a coordinate that is not along one axis."""
    place = f"{where}, coordinate {name}"
    levels = "Call reset_index on it, so that its levels become coordinates."
    if isinstance(coord.variable, xr.IndexVariable) and isinstance(
        coord.to_index(), pd.MultiIndex
    ):
        raise refuse("a MultiIndex", place, "flat coordinates", levels)
    if name in DIMS:
        raise refuse("a coordinate named like its axis", place, "another name", "Rename it.")
    if coord.ndim != 1:
        raise refuse(f"{coord.ndim} axes", place, "one axis")
    return True


def _check_axis(dim: str, own: dict[str, npt.NDArray[Any]], where: str | Path) -> None:
    """Refuse an axis without the coordinates that it must have."""
    for name in REQUIRED_TEXTS[dim]:
        place = f"{where}, coordinate {name}"
        if name not in own:
            raise refuse(f"no {name} along {dim}", place, f"text: {_NAMED} are needed")
        if own[name].dtype.kind != "U":
            raise refuse(f"values of type {own[name].dtype}", place, "text")
        if (own[name] == "").any():
            raise refuse("an empty text", place, "text")
    if len(own) < 2:
        found = f"{len(own)} coordinate(s): {', '.join(own) or 'none'}"
        raise refuse(
            found, f"{where}, axis {dim}", "at least two, or Brain-Score loses the name of one"
        )


def _check_neuroids(coords: dict[str, npt.NDArray[Any]], where: str | Path) -> None:
    ids, counts = np.unique(coords["neuroid_id"], return_counts=True)
    if (counts > 1).any():
        found = f"{ids[counts > 1][0]} {counts.max()} times"
        raise refuse(found, f"{where}, coordinate neuroid_id", "each id once")
    ceilings = coords.get("nc_testset")
    if ceilings is None:
        return
    place = f"{where}, coordinate nc_testset"
    if ceilings.dtype.kind not in "iuf" or ceilings.min() < 0 or ceilings.max() > 100:
        found = "no numbers"
        if ceilings.dtype.kind in "iuf":
            found = f"values from {ceilings.min():g} to {ceilings.max():g}"
        raise refuse(found, place, "noise ceilings in percent, 0 to 100")
    if 0 < ceilings.max() <= 1:
        logger.warning(
            "%s: no value above %.3g. Noise ceilings are in percent; if these are fractions, "
            "Brain-Score, which takes neuroids above 30, will find none.", place, ceilings.max(),
        )  # fmt: skip


def _check_presentations(
    coords: dict[str, npt.NDArray[Any]], where: str | Path, *, allow_ragged: bool
) -> None:
    ids = coords["stimulus_id"]
    place = f"{where}, coordinate stimulus_id"
    different = np.unique(ids)
    numbers = [text for text in different.tolist() if looks_like_a_number(text)]
    if numbers:
        raise refuse(
            f"{numbers[0]!r}, which a CSV reader takes for a number or a gap",
            place,
            "text that begins no number, such as nsd_00042",
        )
    stimulus = np.searchsorted(different, ids)
    for name, values in coords.items():
        if name in ("stimulus_id", REPETITION):
            continue
        _, codes = np.unique(values, return_inverse=True)
        if np.unique(np.stack([stimulus, codes]), axis=1).shape[1] > different.size:
            raise refuse(
                f"{name} varies within a stimulus",
                f"{where}, coordinate {name}",
                "the same value for all repetitions, which would never be averaged otherwise",
                "Leave it out of the assembly; the table of trials has it.",
            )
    _check_repetitions(coords, different.size, where, allow_ragged=allow_ragged)


def _check_repetitions(
    coords: dict[str, npt.NDArray[Any]], n_stimuli: int, where: str | Path, *, allow_ragged: bool
) -> None:
    ids = coords["stimulus_id"]
    place = f"{where}, coordinate {REPETITION}"
    repetition = coords.get(REPETITION)
    if repetition is None:
        if n_stimuli < ids.size:
            raise refuse(
                f"{ids.size} presentations of {n_stimuli} stimuli, but no {REPETITION}",
                place,
                "a coordinate that tells presentations of a stimulus apart",
            )
        return
    if repetition.dtype.kind not in "iu":
        raise refuse(f"values of type {repetition.dtype}", place, "integers")
    ragged = lacking_showings(ids, repetition)
    if not ragged.size:
        return
    found = f"{ragged.size} of {n_stimuli} stimuli lack some repetition, first {ragged[0]}"
    if not allow_ragged:
        raise refuse(
            found,
            place,
            "the same repetitions of every stimulus, or halves of them share no stimuli",
            "Keep the common ones, or number them odd and even (repalign.kernels.showings).",
        )
    logger.warning("%s: %s; split-half ceilings of Brain-Score fail on it.", place, found)


def _check_time(coords: dict[str, npt.NDArray[Any]], where: str | Path) -> None:
    start, end = (coords.get(f"time_bin_{side}") for side in ("start", "end"))
    if start is None or end is None or start.dtype.kind not in "iu" or end.dtype.kind not in "iu":
        raise refuse(
            "no integers time_bin_start and time_bin_end", f"{where}, axis time_bin", "both, in ms"
        )
    if (start >= end).any():
        raise refuse("a bin that ends before it starts", f"{where}, axis time_bin", "start < end")


def _check_attributes(assembly: xr.DataArray, where: str | Path) -> None:
    for name, value in assembly.attrs.items():
        is_number = isinstance(value, int | float | np.integer | np.floating)
        if isinstance(value, str) or (
            is_number and not isinstance(value, bool) and np.isfinite(value)
        ):
            continue
        raise refuse(
            f"{value!r}", f"{where}, attribute {name}", "text or a finite number, which netCDF has"
        )


def _texts(values: npt.NDArray[Any], place: str) -> npt.NDArray[np.str_]:
    """Turn objects into text if they are text; netCDF would make '' of what is missing."""
    items = values.ravel().tolist()
    if any(isinstance(item, bytes) for item in items):
        raise _bytes(place)
    wrong = [item for item in items if not isinstance(item, str)]
    if wrong:
        raise refuse(f"{wrong[0]!r} among text", place, "text without a gap, or numbers alone")
    return np.array(items, dtype=np.str_).reshape(values.shape)


def _bytes(place: str) -> RepalignError:
    return refuse("bytes, which no text equals", place, "text", "Decode them (np.char.decode).")
