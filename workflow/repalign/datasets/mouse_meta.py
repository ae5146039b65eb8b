"""The arrays in `meta/` of a mouse scan: its neurons and its trials, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.mouse_files import ScanFiles
from repalign.datasets.mouse_findings import Finding, refuse_scan, rows_text
from repalign.tables.scan_names import ScanName, parse_key, parse_scan_name

PREFIXES = ("", "colorframeprojector_", "frame_")
"""How the arrays of what was shown begin; the first one whose image ids are there counts."""
DATA = ("images", "responses", "behavior", "pupil_center")
"""Folders of `data/`, each with a file a trial."""
TIERS = ("train", "validation", "test", "final_test")
"""Sets of trials, in the order of tables."""
NEURONS, TRIALS = "meta/neurons/", "meta/trials/"
_STAMP = re.compile(
    r"(?:Timestamp\(['\"])?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?)(?:['\"]\))?"
)
_TRIAL = re.compile(rf"data/({'|'.join(DATA)})/(0|[1-9]\d*)\.npy")
_HASH = re.compile(r"[0-9a-f]{32}")


@dataclass
class ScanMeta:
    """What `meta/` says of a scan.

    Attributes
    ----------
    name : ScanName
        Animal, session and scan, kind of pictures, stimulus set.
    prefix : str
        One of `PREFIXES`.
    neurons : DataFrame
        A row a neuron in the order of the responses: unit_id, area, layer, x, y, z.
    trials : DataFrame
        A row a trial, by file number: file, tier, image_class, image_id, trial_idx (text),
        shown_at.
    hashed : bool
        Whether `trial_idx` is hashed, so that the order of the trials is unknown.
    findings : list of Finding
        What is odd, so far.
    """

    name: ScanName
    prefix: str
    neurons: pd.DataFrame
    trials: pd.DataFrame
    hashed: bool
    findings: list[Finding] = field(default_factory=list)


def read_meta(files: ScanFiles, key: str | None = None) -> ScanMeta:
    """Read and check what a scan says of its neurons and trials.

    Parameters
    ----------
    files : ScanFiles
        The open scan.
    key : str, optional
        Data key that it must have. Without it, that of its file name, or else of its neurons.

    Returns
    -------
    ScanMeta
        With what is odd about names and meta in `findings`.

    Raises
    ------
    RepalignError
        Naming file and row, if an array is missing, of the wrong type or length, or contradicts
        another one.
    """
    findings: list[Finding] = []
    name = _name(files, key, findings)
    neurons = _neurons(files, name, findings)
    n_trials = _count_trials(files)
    _check_keys(files)
    prefix = next(
        (p for p in PREFIXES if f"{TRIALS}{p}image_id.npy" in files), None
    )  # the order decides where there are several
    if prefix is None:
        raise refuse_scan(
            "no image_id, colorframeprojector_image_id or frame_image_id",
            files.where(TRIALS),
            "the image of every trial",
        )
    trials, hashed = _trials(files, prefix, n_trials, findings)
    if files.stray:
        findings += [
            Finding("stray_file", name, "", "a file of an operating system", "files of the scan")
            for name in files.stray
        ]
    return ScanMeta(name, prefix, neurons, trials, hashed, findings)


def _name(files: ScanFiles, key: str | None, findings: list[Finding]) -> ScanName:
    """Say which scan it is; name, arrays and what was asked for must agree."""
    said = parse_scan_name(files.path.name)
    stem = files.path.name.removesuffix(".zip")
    if files.top and files.top != stem:
        expected = f"{stem}, as the file is named"
        findings.append(Finding("top_folder", files.top, "", f"a folder {files.top}", expected))
    arrays = ("animal_ids", "sessions", "scan_idx")
    there = [f"{NEURONS}{array}.npy" for array in arrays if f"{NEURONS}{array}.npy" in files]
    counted = [np.unique(files.array(name)) for name in there]
    for name, values in zip(there, counted, strict=True):
        if len(values) != 1:
            found = f"{len(values)} values: {rows_text(values.tolist())}"
            raise refuse_scan(found, files.where(name), "one, as a scan is of one recording")
    of_arrays = "-".join(str(int(v[0])) for v in counted) if len(counted) == len(arrays) else None
    keys = {k: w for k, w in ((key, "mouse.files"), (said and said.key, "its name"),
                              (of_arrays, "meta/neurons")) if k is not None}  # fmt: skip
    if len(keys) > 1:
        found = " and ".join(f"{k} ({w})" for k, w in keys.items())
        raise refuse_scan(
            f"keys {found}", str(files.path), "one key for a scan", "Give the scan its own name."
        )
    if not keys:
        raise refuse_scan(
            "a name that says no animal, session and scan, and no arrays that do",
            str(files.path),
            "static<animal>-<session>-<scan>-GrayImageNet-<hash>, or the same with ColorImageNet",
            "Rename it, or give its key in mouse.files.",
        )
    if said is None:
        found, expected = stem, "static<animal>-<session>-<scan>-<kind>-<hash>"
        findings.append(Finding("scan_name", "", "", found, expected))
        return parse_key(next(iter(keys)))
    return said


def _neurons(files: ScanFiles, name: ScanName, findings: list[Finding]) -> pd.DataFrame:
    units = files.numbers(f"{NEURONS}unit_ids.npy")
    if units.ndim != 1 or not units.size or units.dtype.kind not in "iu":
        found = f"{units.dtype} of shape {units.shape}"
        where = files.where(f"{NEURONS}unit_ids.npy")
        raise refuse_scan(found, where, "whole numbers (n_neurons,)")
    values, counts = np.unique(units, return_counts=True)
    if (counts > 1).any():
        rows = np.flatnonzero(units == values[counts > 1][0])
        raise refuse_scan(
            f"unit {values[counts > 1][0]} in rows {rows_text(rows.tolist())}",
            files.where(f"{NEURONS}unit_ids.npy"),
            "each unit once",
        )
    n = len(units)
    places = np.full((n, 3), np.nan)
    motor = f"{NEURONS}cell_motor_coordinates.npy"
    if motor in files:
        places = _of_length(files, motor, n, "n_neurons", (3,)).astype(np.float64)
    else:
        findings.append(Finding("no_positions", motor, "", "no file", "x, y, z of every neuron"))
    texts = {
        column: _texts(files, f"{NEURONS}{column}.npy", n, "n_neurons")
        for column in ("area", "layer")
    }
    _check_constant(files, n, name, findings)
    return pd.DataFrame(
        {"unit_id": units.astype(np.int64), **texts}
        | {axis: places[:, k] for k, axis in enumerate("xyz")}
    )


def _check_constant(files: ScanFiles, n: int, name: ScanName, findings: list[Finding]) -> None:
    """Check the arrays that repeat the key for every neuron; those left out are reported."""
    for array in ("animal_ids", "sessions", "scan_idx"):
        place = f"{NEURONS}{array}.npy"
        if place in files:
            _of_length(files, place, n, "n_neurons")
        else:
            findings.append(Finding("no_key_array", place, "", "no file", f"that of {name.key}"))


def _count_trials(files: ScanFiles) -> int:
    """Count trials by the files of each folder of `data/`, which must be 0 to N - 1."""
    numbers: dict[str, set[int]] = {name: set() for name in DATA}
    for name in files:
        if not name.startswith("data/"):
            continue
        found = _TRIAL.fullmatch(name)
        if found is None:
            raise refuse_scan(
                "a file that is no trial",
                files.where(name),
                f"data/<{'|'.join(DATA)}>/<number>.npy, numbers without leading zeros",
                "Remove it, or fetch the scan again.",
            )
        numbers[found[1]].add(int(found[2]))
    n_trials = max(map(len, numbers.values()))
    for folder, there in numbers.items():
        missing = sorted(set(range(n_trials)) - there)
        if missing or not n_trials:
            raise refuse_scan(
                f"{len(there)} files, without {rows_text(missing) or 'any'}",
                files.where(f"data/{folder}"),
                f"0.npy to {n_trials - 1}.npy, as many as in the other folders",
            )
    return n_trials


def _check_keys(files: ScanFiles) -> None:
    """Refuse arrays of trials that would stand in for data in the public reader."""
    for name in DATA:
        if f"{TRIALS}{name}.npy" in files:
            raise refuse_scan(
                f"an array of trials named {name}",
                files.where(f"{TRIALS}{name}.npy"),
                "another name: the public reader takes it for the data of that name",
                "Rename it, or remove it.",
            )


def _trials(
    files: ScanFiles, prefix: str, n: int, findings: list[Finding]
) -> tuple[pd.DataFrame, bool]:
    """Return the table of trials, and whether their order is hidden."""
    tiers = _texts(files, f"{TRIALS}tiers.npy", n, "n_trials")
    unknown = np.flatnonzero(~np.isin(tiers, TIERS))
    if unknown.size:
        raise refuse_scan(
            f"tier {str(tiers[unknown[0]])!r} in row {unknown[0]}",
            files.where(f"{TRIALS}tiers.npy"),
            f"one of {', '.join(TIERS)}",
        )
    ids = _of_length(files, f"{TRIALS}{prefix}image_id.npy", n, "n_trials")
    if ids.dtype.kind not in "iu" or ids.min(initial=0) < 0:
        place = files.where(f"{TRIALS}{prefix}image_id.npy")
        raise refuse_scan(f"values of type {ids.dtype}", place, "whole numbers from 0")
    kinds = _texts(files, f"{TRIALS}{prefix}image_class.npy", n, "n_trials")
    order, hashed = _trial_idx(files, n)
    if hashed:
        found, expected = "hashes", "numbers that give the order of presentation"
        findings.append(Finding("hashed_order", f"{TRIALS}trial_idx.npy", "", found, expected))
    frame = pd.DataFrame(
        {
            "file": np.arange(n),
            "tier": tiers,
            "image_class": kinds,
            "image_id": ids.astype(np.int64),
            "trial_idx": order,
            "shown_at": _times(files, f"{TRIALS}{prefix}trial_ts.npy", n),
        }
    )
    return frame, hashed


def _trial_idx(files: ScanFiles, n: int) -> tuple[npt.NDArray[Any], bool]:
    """Return trial_idx, each once; text if they are hashed."""
    place = f"{TRIALS}trial_idx.npy"
    values = files.array(place)
    if values.shape != (n,):
        raise refuse_scan(f"shape {values.shape}", files.where(place), f"({n},)")
    hashed = values.dtype.kind == "U"
    if hashed and (wrong := [k for k, v in enumerate(values) if not _HASH.fullmatch(str(v))]):
        found = f"{str(values[wrong[0]])!r} in row {wrong[0]}"
        raise refuse_scan(found, files.where(place), "whole numbers, or md5 sums")
    if not hashed and values.dtype.kind not in "iu":
        raise refuse_scan(f"values of type {values.dtype}", files.where(place), "whole numbers")
    different, counts = np.unique(values, return_counts=True)
    if (counts > 1).any():
        rows = np.flatnonzero(values == different[counts > 1][0]).tolist()
        found = f"{different[counts > 1][0]} in rows {rows_text(rows)}"
        raise refuse_scan(found, files.where(place), "each number once")
    return values, hashed


def _times(files: ScanFiles, place: str, n: int) -> npt.NDArray[Any]:
    """Return times as text, cut out of how pandas prints them; empty where there is no file."""
    if place not in files:
        return np.full(n, "", dtype="U1")
    texts = _texts(files, place, n, "n_trials")
    times = [_STAMP.fullmatch(str(text)) for text in texts]
    wrong = [k for k, time in enumerate(times) if time is None]
    if wrong:
        found = f"{str(texts[wrong[0]])!r} in row {wrong[0]}"
        raise refuse_scan(found, files.where(place), "a time such as 2020-01-31 12:30:00.5")
    return np.array([time[1].replace("T", " ") for time in times if time])


def _of_length(
    files: ScanFiles, place: str, n: int, name: str, rest: tuple[int, ...] = ()
) -> npt.NDArray[Any]:
    """Read numbers and check their shape and that they are finite."""
    values = files.numbers(place)
    if values.shape != (n, *rest):
        raise refuse_scan(
            f"shape {values.shape}", files.where(place), f"{(n, *rest)}, with {name} = {n}"
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0][0])
        raise refuse_scan(f"a value that is not finite in row {row}", files.where(place), "finite")
    return values


def _texts(files: ScanFiles, place: str, n: int, name: str) -> npt.NDArray[np.str_]:
    """Read text and check that there is one for each row; numbers become text."""
    values = files.array(place)
    if values.shape != (n,):
        raise refuse_scan(
            f"shape {values.shape}", files.where(place), f"({n},), with {name} = {n}"
        )
    texts = values if values.dtype.kind == "U" else values.astype(str)
    empty = np.flatnonzero(texts == "")
    if empty.size:
        raise refuse_scan(f"an empty text in row {empty[0]}", files.where(place), "text")
    return np.asarray(texts, np.str_)
