"""NSD's shared images as assemblies: which images, which split, and whose responses to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from repalign.datasets.nsd_recordings import Ids, Recording
from repalign.datasets.nsd_split import stimulus_names
from repalign.errors import RepalignError
from repalign.kernels.zscores import column_scale
from repalign.tables.assemblies import check_pair, make_assembly

TIME_BIN = (70, 170)
"""The bin, ms, that Brain-Score gives to fMRI, which has none."""
REAL_IMAGES = {(1, 2, 3, 4, 5, 6, 7, 8): 515, (1, 2, 5, 7): 1000}
"""Images with three repetitions in all of some subjects, in the real dataset."""

Float32 = npt.NDArray[np.float32]


def stimulus_set_name(variant: str, part: str) -> str:
    """Return the identifier of a stimulus set, as published."""
    return f"Allen2022_fMRI{variant}_{part}_Stimuli"


def assembly_attributes(
    identifier: str, source: str | None, n_repetitions: int, **more: str
) -> dict[str, str]:
    """Return what an assembly says of itself, wherever the file goes.

    Parameters
    ----------
    identifier : str
        Name in Brain-Score's registry.
    source : str or None
        Whether the data are real or simulated.
    n_repetitions : int
        Repetitions in a mean; 1 for single trials.
    **more : str
        Further attributes.
    """
    values = "mean of repetitions" if n_repetitions > 1 else "single repetitions"
    return {
        "identifier": identifier,
        "dataset": f"Natural Scenes Dataset ({source or 'of unknown source'})",
        "responses": f"func1pt8mm betas, z-scored within session over all trials; {values}",
        "nc_testset": "100 ncsnr^2 / (ncsnr^2 + 1/3), percent; 0 where ncsnr is undefined",
        **more,
    }


def check_real_count(images: Ids, subjects: Sequence[int]) -> None:
    """Refuse another number of images than the real dataset has for the published subjects.

    Parameters
    ----------
    images : ndarray, shape (n_images,), int64
        Those with all three repetitions in all of them.
    subjects : sequence of int
        The subjects.

    Raises
    ------
    RepalignError
        If the number is known and another one.
    """
    known = REAL_IMAGES.get(tuple(sorted(subjects)), images.size)
    if known != images.size:
        raise RepalignError(
            f"{images.size} images with three repetitions in subjects {sorted(subjects)}",
            where="nsd_expdesign.mat and nsd.sessions",
            expected=f"{known}, as in NSD",
            remedy="Correct nsd.sessions; for recordings that are not NSD set nsd.source: other.",
        )


def split_images(images: Ids, train_share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Say which images are for training.

    Parameters
    ----------
    images : ndarray, shape (n_images,), int64
        Image numbers, ascending.
    train_share : float
        Share of the images that is for training, rounded down.
    seed : int
        Seed of the draw.

    Returns
    -------
    ndarray, shape (n_images,), bool
        True for training.

    Raises
    ------
    RepalignError
        If there is none for training, or none for testing.

    Notes
    -----
    NumPy's legacy generator shuffles positions, and the first ones are for training: with 0.8
    and seed 42 this is the split of the published benchmark.
    """
    positions = np.arange(images.size)
    np.random.RandomState(seed).shuffle(positions)
    train = np.zeros(images.size, bool)
    train[positions[: int(train_share * images.size)]] = True
    if train.all() or not train.any():
        raise RepalignError(
            f"{int(train.sum())} of {images.size} images for training",
            where="assemblies.train_share, and images that all subjects were shown three times",
            expected="some for training and some for testing",
            remedy="Change the share, or choose subjects with more sessions.",
        )
    return train


def region_assembly(
    recordings: Sequence[Recording],
    region: str,
    images: Ids,
    n_repetitions: int,
    attributes: Mapping[str, str],
) -> xr.DataArray:
    """Make the assembly of a region: means over repetitions, all subjects side by side.

    Parameters
    ----------
    recordings : sequence of Recording
        The subjects, in order.
    region : str
        The region.
    images : ndarray, shape (n_images,), int64
        Images, ascending.
    n_repetitions : int
        Repetitions that each image has.
    attributes : mapping
        About the whole.

    Returns
    -------
    DataArray, shape (n_images, n_neuroids)
        float32; sums are float64.
    """
    blocks = [
        one.scores(region, images, n_repetitions).mean(axis=1).astype(np.float32)
        for one in recordings
    ]
    neuroid = _joined([neuroid_coords(one, region) for one in recordings])
    return make_assembly(
        np.concatenate(blocks, axis=1), image_coords(images), neuroid, attributes=attributes
    )


def benchmark_pair(
    recordings: Sequence[Recording],
    images: Ids,
    train: npt.NDArray[np.bool_],
    n_repetitions: int,
    global_zscore: Literal["all_images", "train_only"],
    attributes: tuple[Mapping[str, str], Mapping[str, str]],
) -> tuple[xr.DataArray, xr.DataArray]:
    """Make the assemblies that Brain-Score trains and tests on: all subjects and regions.

    Parameters
    ----------
    recordings : sequence of Recording
        The subjects, in order.
    images : ndarray, shape (n_images,), int64
        Images, ascending.
    train : ndarray, shape (n_images,), bool
        True for training.
    n_repetitions : int
        Repetitions that each image has.
    global_zscore : {"all_images", "train_only"}
        Images whose means over repetitions give the mean and standard deviation of a neuroid.
    attributes : tuple of mapping
        About the whole of each.

    Returns
    -------
    train : DataArray, shape (n_train, n_neuroids, 1), float32
        Means over repetitions, in the order of the images.
    test : DataArray, shape (n_test * n_repetitions, n_neuroids, 1), float32
        Single repetitions, image after image.
    """
    regions = list(recordings[0].neuroids.regions)
    coords = _joined([neuroid_coords(one, name) for one in recordings for name in regions])
    n_neuroids = len(coords["neuroid_id"])
    n_train, n_test = int(train.sum()), int((~train).sum())
    fitted = np.empty((n_train, n_neuroids), np.float32)
    tested = np.empty((n_test * n_repetitions, n_neuroids), np.float32)
    start = 0
    for one in recordings:
        for name in regions:
            scores = one.scores(name, images, n_repetitions)
            means = scores.mean(axis=1)
            mean, deviation = column_scale(
                means if global_zscore == "all_images" else means[train]
            )
            stop = start + scores.shape[2]
            fitted[:, start:stop] = (means[train] - mean) / deviation
            single = (scores[~train] - mean) / deviation
            tested[:, start:stop] = single.reshape(-1, stop - start)
            start = stop
    repeated = np.repeat(images[~train], n_repetitions)
    repetition = np.tile(np.arange(n_repetitions), n_test)
    pair = (
        make_assembly(
            fitted, image_coords(images[train]), coords, time_bin=TIME_BIN,
            attributes=attributes[0],
        ),
        make_assembly(
            tested, {**image_coords(repeated), "repetition": repetition}, coords,
            time_bin=TIME_BIN, attributes=attributes[1],
        ),
    )  # fmt: skip
    check_pair(*pair, "train and test assembly")
    return pair


def image_coords(images: Ids) -> dict[str, npt.NDArray[np.generic]]:
    """Return the coordinates of presentations of images.

    Parameters
    ----------
    images : ndarray, shape (n_presentations,), int64
        Image of each presentation.

    Returns
    -------
    dict of str to ndarray, shape (n_presentations,)
        `stimulus_id` and `nsd_id`.
    """
    return {"stimulus_id": stimulus_names(images), "nsd_id": images}


def neuroid_coords(recording: Recording, region: str) -> dict[str, npt.NDArray[np.generic]]:
    """Return the coordinates of the neuroids of a subject and region.

    Parameters
    ----------
    recording : Recording
        The subject.
    region : str
        The region.

    Returns
    -------
    dict of str to ndarray, shape (n_neuroids,)
        Besides ids and ceiling the place of the voxel: `voxel_x`, `voxel_y` and `voxel_z` along
        the axes of the HDF5 file, as published (z, y, x of the volume), and `voxel_i`, `voxel_j`
        and `voxel_k` along x, y, z of the NIfTI volume.
    """
    neuroids = recording.neuroids
    rows = neuroids.regions[region]
    label = f"subj{recording.subject:02d}"
    i, j, k = neuroids.voxels[rows].T
    return {
        "neuroid_id": np.array([f"{label}_{region}_v{n:04d}" for n in range(i.size)]),
        "subject": np.full(i.size, label),
        "region": np.full(i.size, region),
        "nc_testset": neuroids.nc_testset[rows],
        "voxel_x": k, "voxel_y": j, "voxel_z": i,
        "voxel_i": i, "voxel_j": j, "voxel_k": k,
    }  # fmt: skip


def _joined(
    parts: Sequence[Mapping[str, npt.NDArray[np.generic]]],
) -> dict[str, npt.NDArray[np.generic]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
