"""Write one simulated scan in the layout of the real ones, to a folder or a zip file."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from repalign.simulate.mouse_neurons import Neurons

Arrays = dict[str, npt.NDArray[Any]]
StatisticsRule = Literal["train", "all"]
_START = np.datetime64("2020-03-05T14:00:00", "us")


@dataclass(frozen=True)
class Look:
    """How a scan is stored.

    Attributes
    ----------
    name : str
        Of its folder, and of the zip file without `.zip`.
    prefix : str
        How the arrays of what was shown begin.
    zipped : bool
        Whether it is a zip file.
    statistics : {"train", "all"}
        Trials that the shipped statistics are of: the training trials with ddof 1, as a rule, or
        all trials with ddof 0.
    withheld : bool
        Whether responses of the test tiers are zeros and the order of the trials is hashed.
    stray : tuple of str
        Files of operating systems among the others.
    """

    name: str
    prefix: str
    zipped: bool
    statistics: StatisticsRule = "train"
    withheld: bool = False
    stray: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recording:
    """What a scan holds: trials in the order of presentation.

    Attributes
    ----------
    images : ndarray of float32, shape (n_images, n_channels, height, width)
        All pictures.
    image_ids : ndarray of int, shape (n_images,)
        Their numbers.
    shown : ndarray of int, shape (n_trials,)
        Picture of each trial.
    tiers : ndarray of str, shape (n_trials,)
    trial_idx : ndarray of int, shape (n_trials,)
        With gaps.
    responses : ndarray of float32, shape (n_trials, n_neurons)
    """

    images: npt.NDArray[np.float32]
    image_ids: npt.NDArray[np.int64]
    shown: npt.NDArray[np.int64]
    tiers: npt.NDArray[np.str_]
    trial_idx: npt.NDArray[np.int64]
    responses: npt.NDArray[np.float32]


def write_scan(
    root: Path,
    look: Look,
    key: str,
    neurons: Neurons,
    recording: Recording,
    rng: np.random.Generator,
) -> None:
    """Write a scan; the files of its trials are numbered at random, as in the real ones.

    Parameters
    ----------
    root : Path
        Folder of the scans.
    look : Look
        How it is stored.
    key : str
        Animal, session and scan.
    neurons : Neurons
        Its neurons.
    recording : Recording
        Its trials.
    rng : numpy.random.Generator
        Source of file numbers and behaviour.
    """
    n = len(recording.shown)
    order = rng.permutation(n)
    responses = recording.responses[order]
    behaviour = np.column_stack([rng.gamma(9, 4, n), rng.normal(0, 1, n), rng.exponential(2, n)])
    pupil = rng.normal((120, 80), 4, (n, 2))
    if look.withheld:
        responses = responses.copy()
        responses[np.isin(recording.tiers[order], ("test", "final_test"))] = 0
        behaviour, pupil = np.zeros_like(behaviour), np.zeros_like(pupil)
    data: Arrays = {
        "images": recording.images[recording.shown[order]],
        "responses": responses,
        "behavior": behaviour,
        "pupil_center": pupil,
    }
    arrays: Arrays = {
        f"data/{name}/{k}.npy": values[k] for name, values in data.items() for k in range(n)
    }
    arrays |= _neuron_arrays(key, neurons)
    arrays |= _trial_arrays(look, key, recording, order)
    arrays |= _statistics(look, data, recording.tiers[order])
    if look.zipped:
        _write_zip(root / f"{look.name}.zip", look, arrays)
    else:
        _write_folder(root / look.name, look, arrays)


def _neuron_arrays(key: str, neurons: Neurons) -> Arrays:
    animal, session, scan = map(int, key.split("-"))
    n = len(neurons.unit_ids)
    values: Arrays = {
        "unit_ids": neurons.unit_ids.astype(np.uint16),
        "animal_ids": np.full(n, animal, np.uint16),
        "sessions": np.full(n, session, np.uint8),
        "scan_idx": np.full(n, scan, np.uint8),
        "area": neurons.area,
        "layer": neurons.layer,
        "cell_motor_coordinates": neurons.places,
    }
    return {f"meta/neurons/{name}.npy": array for name, array in values.items()}


def _trial_arrays(
    look: Look, key: str, recording: Recording, order: npt.NDArray[np.int64]
) -> Arrays:
    animal, session, scan = map(int, key.split("-"))
    n, trial_idx = len(order), recording.trial_idx[order]
    times = [str(_START + np.timedelta64(int(k) * 800_123, "us")) for k in trial_idx]
    digests = [hashlib.md5(f"{key} {k}".encode(), usedforsecurity=False) for k in trial_idx]
    hashes = np.array([digest.hexdigest() for digest in digests])
    values: Arrays = {
        "tiers": recording.tiers[order],
        "trial_idx": hashes if look.withheld else trial_idx.astype(np.uint32),
        f"{look.prefix}image_id": recording.image_ids[recording.shown[order]],
        f"{look.prefix}image_class": np.full(n, "imagenet"),
        f"{look.prefix}trial_ts": np.array([f"Timestamp('{t.replace('T', ' ')}')" for t in times]),
        f"{look.prefix}presentation_time": np.full(n, 0.5),
        f"{look.prefix}pre_blank_period": np.full(n, 0.3),
        f"{look.prefix}last_flip": np.arange(n) * 48,
        "condition_hash": np.array([f"c{k:05d}" for k in recording.shown[order]]),
        "animal_id": np.full(n, animal),
        "session": np.full(n, session),
        "scan_idx": np.full(n, scan),
    }
    return {f"meta/trials/{name}.npy": array for name, array in values.items()}


def _statistics(
    look: Look, data: Mapping[str, npt.NDArray[Any]], tiers: npt.NDArray[Any]
) -> Arrays:
    """Return `meta/statistics/`, once over all kinds of stimuli and once for the only one."""
    train = tiers == "train"
    kind = "stimulus_Frame" if look.prefix == "frame_" else "stimulus_ColorFrameProjector"
    found: Arrays = {}
    for name, values in data.items():
        chosen, ddof = (values[train], 1) if look.statistics == "train" else (values, 0)
        # One number for all pixels, or one a column.
        wide = chosen.reshape(-1 if name == "images" else (len(chosen), -1)).astype(np.float64)
        moments = {
            "mean": wide.mean(axis=0),
            "std": wide.std(axis=0, ddof=ddof),
            "min": wide.min(axis=0),
            "max": wide.max(axis=0),
            "median": np.median(wide, axis=0),
        }
        for folder in ("all", kind):
            for moment, value in moments.items():
                place = f"meta/statistics/{name}/{folder}/{moment}.npy"
                found[place] = np.asarray(value, np.float32)
    return found


def _write_folder(folder: Path, look: Look, arrays: Arrays) -> None:
    for name, array in arrays.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        np.save(place, array, allow_pickle=False)
    for name in look.stray:
        (folder / name).write_bytes(b"\0\0\0\1Bud1")


def _write_zip(path: Path, look: Look, arrays: Arrays) -> None:
    """Write a zip file of one folder, without times, so that equal scans are equal files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            archive.writestr(_member(f"{look.name}/{name}"), content.getvalue())
        for name in look.stray:
            archive.writestr(_member(name), b"\0\0\0\1Bud1")


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info
