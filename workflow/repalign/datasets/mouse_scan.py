"""A mouse scan as tables: trials with counted repetitions, responses, neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.mouse_files import ScanFiles
from repalign.datasets.mouse_findings import Finding, refuse_scan, rows_text
from repalign.datasets.mouse_meta import DATA, TIERS, ScanMeta, read_meta
from repalign.tables.scan_names import digest_of, stimulus_id

BEHAVIOUR = ("pupil_radius", "pupil_radius_change", "speed")
"""Columns of `data/behavior`: radius of the pupil, its derivative, absolute treadmill speed."""
PUPIL = ("pupil_x", "pupil_y")
"""Columns of `data/pupil_center`."""
Floats = npt.NDArray[np.float32]


@dataclass
class Scan:
    """A scan, read and checked, without its images.

    Attributes
    ----------
    meta : ScanMeta
        Its names and neurons; `meta.findings` holds all that is odd about the scan.
    trials : DataFrame
        A row a trial, by file number.
    responses : ndarray of float32, shape (n_trials, n_neurons)
        By file number, not normalised.
    image_shape : tuple of int
        Channels, height, width.
    """

    meta: ScanMeta
    trials: pd.DataFrame
    responses: Floats
    image_shape: tuple[int, ...]

    @property
    def withheld(self) -> list[str]:
        """Return the tiers whose responses were taken out of the files."""
        hidden = self.trials.loc[self.trials["withheld"], "tier"].unique()
        return [tier for tier in TIERS if tier in hidden]


def read_scan(files: ScanFiles, key: str | None = None) -> Scan:
    """Read a scan and check all of it.

    Parameters
    ----------
    files : ScanFiles
        The open scan.
    key : str, optional
        Data key that it must have.

    Returns
    -------
    Scan
        Trials have the columns file, tier, image_class, image_id, stimulus_id, pixels,
        repetition, order, trial_idx, withheld, shown_at, and those of behaviour and pupil.

    Raises
    ------
    RepalignError
        Naming file and row: as `read_meta`; if arrays of trials differ in shape or hold values
        that are not finite; if trials of one image show different pixels; if an image is in two
        tiers.

    Notes
    -----
    `repetition` counts the earlier trials of an image, by `trial_idx`; by file number where that
    is hashed. `order` is the rank of `trial_idx`, which has gaps where trials were dropped.
    A tier is *withheld* if all responses in it are 0.
    """
    meta = read_meta(files, key)
    trials = meta.trials
    n_trials, n_neurons = len(trials), len(meta.neurons)
    pixels, shape = _digest_images(files, n_trials, meta.findings)
    responses = np.empty((n_trials, n_neurons), np.float32)
    behaviour, pupil = np.empty((n_trials, 3)), np.empty((n_trials, 2))
    stacks: tuple[npt.NDArray[Any], ...] = (responses, behaviour, pupil)
    for name, stack in zip(DATA[1:], stacks, strict=True):
        for k in range(n_trials):
            stack[k] = read_trial(files, name, k, stack.shape[1])
    order = np.arange(n_trials)
    if not meta.hashed:
        order = np.argsort(np.argsort(trials["trial_idx"].to_numpy(), kind="stable"))
    withheld = _withheld(trials, responses)
    trials = trials.assign(
        stimulus_id=[
            stimulus_id(kind, number)
            for kind, number in zip(trials["image_class"], trials["image_id"], strict=True)
        ],
        pixels=pixels,
        repetition=_repetitions(trials, order),
        order=order,
        trial_idx=trials["trial_idx"].astype(str),
        withheld=withheld,
        **{name: behaviour[:, k] for k, name in enumerate(BEHAVIOUR)},
        **{name: pupil[:, k] for k, name in enumerate(PUPIL)},
    )
    _check_images(files, trials)
    meta.findings += _oddities(trials, responses, behaviour)
    return Scan(meta, trials, responses, shape)


def read_trial(files: ScanFiles, name: str, k: int, n: int) -> npt.NDArray[Any]:
    """Read responses, behaviour or pupil of one trial.

    Parameters
    ----------
    files : ScanFiles
        The open scan.
    name : str
        Folder of `data/`.
    k : int
        File number.
    n : int
        Values that it must hold; (1, n) is taken for (n,), as README files have it.

    Returns
    -------
    ndarray, shape (n,)
        In the dtype of the file.

    Raises
    ------
    RepalignError
        If there are more or fewer, or one is not finite.
    """
    place = f"data/{name}/{k}.npy"
    values = files.numbers(place)
    if values.shape not in ((n,), (1, n)):
        raise refuse_scan(f"shape {values.shape}", files.where(place), f"({n},)")
    values = values.reshape(n)
    if not np.isfinite(values).all():
        column = int(np.argmax(~np.isfinite(values)))
        raise refuse_scan(
            f"{values[column]} in column {column}", files.where(place), "finite values"
        )
    return values


def read_image(files: ScanFiles, k: int) -> npt.NDArray[np.float32]:
    """Read the image of one trial.

    Parameters
    ----------
    files : ScanFiles
        The open scan.
    k : int
        File number.

    Returns
    -------
    ndarray of float32, shape (n_channels, height, width)

    Raises
    ------
    RepalignError
        If it has other axes, or a value is not finite.
    """
    place = f"data/images/{k}.npy"
    values = files.numbers(place)
    if values.ndim != 3 or not values.size or values.shape[0] > 3:
        expected = "(channels, height, width), of 1 to 3 channels"
        raise refuse_scan(f"shape {values.shape}", files.where(place), expected)
    image: npt.NDArray[np.float32] = np.ascontiguousarray(values, np.float32)
    if not np.isfinite(image).all():
        raise refuse_scan("pixels that are not finite", files.where(place), "finite values")
    return image


def read_data(
    files: ScanFiles, trials: pd.DataFrame, responses: npt.NDArray[Any]
) -> dict[str, npt.NDArray[Any]]:
    """Return all trials of each kind of data, for statistics over them.

    Parameters
    ----------
    files : ScanFiles
        The open scan; images are read from it, into one float32 array.
    trials : DataFrame
        Trials as `read_scan` returns them.
    responses : ndarray, shape (n_trials, n_neurons)
        Responses.

    Returns
    -------
    dict of str to ndarray, shape (n_trials, ...)
        By folder of `data/`.
    """
    first = read_image(files, 0)
    images = np.empty((len(trials), *first.shape), np.float32)
    for k in range(len(trials)):
        images[k] = read_image(files, k)
    return {
        "images": images,
        "responses": responses,
        "behavior": trials[list(BEHAVIOUR)].to_numpy(dtype=np.float64),
        "pupil_center": trials[list(PUPIL)].to_numpy(dtype=np.float64),
    }


def _digest_images(
    files: ScanFiles, n_trials: int, findings: list[Finding]
) -> tuple[list[str], tuple[int, ...]]:
    """Return a digest of each trial's image, and the shape that all have."""
    digests: list[str] = []
    shape: tuple[int, ...] = ()
    outside = []
    for k in range(n_trials):
        image = read_image(files, k)
        shape = shape or image.shape
        if image.shape != shape:
            raise refuse_scan(
                f"shape {image.shape}", files.where(f"data/images/{k}.npy"), f"{shape}, as 0.npy"
            )
        if image.min() < 0 or image.max() > 255:
            outside.append(k)
        digests.append(digest_of(image))
    if outside:
        findings.append(
            Finding("pixel_range", "data/images", rows_text(outside), "other values", "0 to 255")
        )
    return digests, shape


def _repetitions(trials: pd.DataFrame, order: npt.NDArray[np.integer[Any]]) -> npt.NDArray[Any]:
    """Count the earlier trials of the same image."""
    by_time = trials.iloc[np.argsort(order, kind="stable")]
    counted: npt.NDArray[Any] = (
        by_time.groupby(["image_class", "image_id"]).cumcount().sort_index().to_numpy()
    )
    return counted


def _withheld(trials: pd.DataFrame, responses: Floats) -> npt.NDArray[np.bool_]:
    """Say which trials are of a tier without a single response."""
    active = responses.any(axis=1)
    alive = np.unique(trials["tier"].to_numpy(dtype=str)[active])
    return ~trials["tier"].isin(alive).to_numpy(dtype=bool)


def _check_images(files: ScanFiles, trials: pd.DataFrame) -> None:
    """Refuse an image of two kinds of pixels, or in two tiers."""
    by_image = trials.groupby(["image_class", "image_id"], sort=False)
    for column, found, expected in (
        ("pixels", "different pixels", "the same pixels whenever an image is shown"),
        ("tier", "different tiers", "each image in one tier, or tests are not independent"),
    ):
        different = by_image[column].nunique()
        wrong = different.index[different > 1]
        if len(wrong):
            rows = np.asarray(by_image.indices[wrong[0]]).tolist()
            raise refuse_scan(
                f"{found} of image {wrong[0][0]} {wrong[0][1]} in trials {rows_text(rows)}",
                files.where("data/images" if column == "pixels" else "meta/trials/tiers.npy"),
                expected,
            )


def _oddities(
    trials: pd.DataFrame, responses: Floats, behaviour: npt.NDArray[np.float64]
) -> list[Finding]:
    """Report what would go wrong silently later on."""
    found = []
    folder = "data/responses"
    for tier in trials.loc[trials["withheld"], "tier"].unique():
        rows = rows_text(np.flatnonzero(trials["tier"] == tier).tolist())
        found.append(Finding("withheld", folder, rows, f"zeros in all of {tier}", "responses"))
    silent = ~responses.any(axis=1) & ~trials["withheld"].to_numpy()
    if silent.any():
        rows = rows_text(np.flatnonzero(silent).tolist())
        found.append(Finding("silent_trial", folder, rows, "zeros alone", "some response"))
    if (responses < 0).any():
        rows = rows_text(np.flatnonzero((responses < 0).any(axis=1)).tolist())
        lowest = f"{responses.min():g}"
        found.append(Finding("negative_response", folder, rows, lowest, "0 or more"))
    shown = responses[~trials["withheld"].to_numpy()]
    quiet = np.flatnonzero((shown == shown[:1]).all(axis=0)) if len(shown) else np.array([])
    if quiet.size:
        rows = "neurons " + rows_text(quiet.tolist())
        found.append(Finding("silent_neuron", folder, rows, "one value in all trials", "changes"))
    for k, name in enumerate(BEHAVIOUR):
        if (behaviour[:, k] == behaviour[:1, k]).all():
            expected = "changes; its standard deviation of 0 divides by 0"
            row = f"column {k} ({name})"
            found.append(Finding("flat_behaviour", "data/behavior", row, "one value", expected))
    train = trials.loc[trials["tier"] == "train"]
    twice = train.loc[train["repetition"] > 0, "file"].tolist()
    if twice:
        found.append(
            Finding("repeated_train", "data/images", rows_text(twice), "shown before", "once each")
        )
    pixels = trials.drop_duplicates(["image_class", "image_id"])
    shared = pixels.loc[pixels["pixels"].duplicated(keep=False)]
    if len(shared):
        rows = rows_text(shared["file"].tolist())
        found.append(
            Finding("same_pixels", "data/images", rows, "equal pixels of other ids", "one id each")
        )
    return found
