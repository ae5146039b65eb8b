"""NSD's experiment tables and image file."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import scipy.io
from numpy.typing import NDArray

from repalign.simulate.design import Design, basic_counts
from repalign.simulate.seeds import stream
from repalign.simulate.settings import N_REPETITIONS, NsdSimulation


def write_design(path: Path, design: Design, settings: NsdSimulation) -> None:
    """Write ``nsd_expdesign.mat``; image numbers and positions are 1-based there.

    Parameters
    ----------
    path : Path
        File to write.
    design : Design
        The design.
    settings : NsdSimulation
        Trials per session.
    """
    content = io.BytesIO()
    scipy.io.savemat(
        content,
        {
            "basiccnt": basic_counts(design, settings.n_trials_per_session),
            "masterordering": (design.order[None, :] + 1).astype(np.uint16),
            "sharedix": (design.images[:1, : design.n_shared] + 1).astype(np.int32),
            "stimpattern": design.slots,
            "subjectim": (design.images + 1).astype(np.int32),
        },
    )
    # The first 116 bytes are free text; SciPy puts the time of day there.
    text = b"MATLAB 5.0 MAT-file, simulated by repalign"
    path.write_bytes(text.ljust(116) + content.getvalue()[116:])


def stimulus_table(design: Design, settings: NsdSimulation) -> pd.DataFrame:
    """Make the table of ``nsd_stim_info_merged.csv``.

    Parameters
    ----------
    design : Design
        The design.
    settings : NsdSimulation
        Sizes and seed.

    Returns
    -------
    pandas.DataFrame
        One row an image, in the order of the image file; trial numbers are 1-based and 0 where
        the subject never sees the image. Trials of sessions not done are included, as in NSD.
    """
    rng = stream(settings.seed, "stimulus table")
    n_images = settings.n_images
    side = rng.random(n_images) < 0.7
    loss = np.round(rng.uniform(0, 0.3, n_images), 4)
    # Squares are cut from wide pictures (left and right) or tall ones (top and bottom).
    crops = [
        f"(0, 0, {half}, {half})" if wide else f"({half}, {half}, 0, 0)"
        for half, wide in zip((loss / 2).round(4).tolist(), side, strict=True)
    ]
    table = pd.DataFrame(
        {
            "cocoId": np.sort(rng.choice(581_929, n_images, replace=False)) + 1,
            "cocoSplit": np.where(rng.random(n_images) < 0.93, "train2017", "val2017"),
            "cropBox": crops,
            "loss": loss,
            "nsdId": np.arange(n_images),
            "flagged": rng.random(n_images) < 0.02,
            "BOLD5000": rng.random(n_images) < 0.02,
            "shared1000": np.isin(np.arange(n_images), design.images[0, : design.n_shared]),
        }
    )
    trial = np.empty((settings.n_images_per_subject, N_REPETITIONS), dtype=np.int64)
    trial[design.order, design.repetition] = np.arange(1, design.order.size + 1)
    seen, repetitions = {}, {}
    for subject, images in enumerate(design.images, start=1):
        flag = np.zeros(n_images, dtype=np.int64)
        flag[images] = 1
        seen[f"subject{subject}"] = flag
        for repetition in range(N_REPETITIONS):
            number = np.zeros(n_images, dtype=np.int64)
            number[images] = trial[:, repetition]
            repetitions[f"subject{subject}_rep{repetition}"] = number
    return pd.concat([table, pd.DataFrame({**seen, **repetitions})], axis=1)


def write_images(path: Path, images: Iterable[NDArray[np.uint8]], n_images: int) -> None:
    """Write ``nsd_stimuli.hdf5`` image by image.

    Parameters
    ----------
    path : Path
        File to write.
    images : iterable of ndarray, uint8, shape (size, size, 3)
        In the order of ``nsdId``.
    n_images : int
        How many there are.
    """
    with h5py.File(path, "w", track_order=False) as file:
        for index, image in enumerate(images):
            if index == 0:
                brick = file.create_dataset(
                    "imgBrick", (n_images, *image.shape), "uint8", track_times=False
                )
            brick[index] = image
