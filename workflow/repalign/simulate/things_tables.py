"""The tables of a simulated THINGS-fMRI, in the layout of the table release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.simulate.atlas import parcels
from repalign.simulate.brains import Brain
from repalign.simulate.scenes import COCO
from repalign.simulate.settings import N_AREAS

if TYPE_CHECKING:
    from repalign.simulate.things import Trial

MIDLINE = 36
"""`voxel_x` of the first voxels of the right hemisphere, as in the real dataset."""
HIGHER_CATEGORIES = (
    "animal", "bird", "body part", "clothing", "clothing accessory", "container", "dessert",
    "drink", "electronic device", "food", "fruit", "furniture", "home decor", "insect",
    "kitchen appliance", "kitchen tool", "medical equipment", "musical instrument",
    "office supply", "part of car", "plant", "sports equipment", "tool", "toy", "vegetable",
    "vehicle", "weapon",
)  # fmt: skip
"""The 27 higher-level categories of THINGS."""

_KINDS = {
    "vehicle": "vehicle", "animal": "animal", "sports": "sports equipment", "food": "food",
    "kitchen": "kitchen tool", "furniture": "furniture", "electronic": "electronic device",
    "appliance": "kitchen appliance", "accessory": "clothing accessory",
}  # fmt: skip
_LOCALISERS = {"FFA": "FFC", "PPA": "PHA1"}
"""Functional localisers, and the area that stands for each."""
_SPELLINGS = {"7PL": "7Pl"}
"""Names of areas that the release spells in its own way."""


def write_concept_tables(folder: Path, words: Sequence[str]) -> None:
    """Write the higher-level categories of the concepts.

    Parameters
    ----------
    folder : Path
        Where ``category_mat_manual.tsv`` (0 and 1) and ``categorization.tsv`` (names as people
        gave them, rows of different lengths, some names twice) are to lie.
    words : sequence of str
        The concepts, in order.
    """
    folder.mkdir(parents=True)
    kinds = {word: kind for kind, names in COCO.items() for word in names.values()}
    members, tags = ["\t".join(HIGHER_CATEGORIES)], []
    for k, word in enumerate(words):
        own = _KINDS.get(kinds[word])
        flags = [str(int(name == own)) for name in HIGHER_CATEGORIES]
        members.append("\t".join(flags))
        named = [kinds[word], "thing", *([own] if own else []), kinds[word]][: 2 + k % 3]
        tags.append("\t".join(named))
    for name, lines in (("category_mat_manual.tsv", members), ("categorization.tsv", tags)):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_stimulus_metadata(
    path: Path, subject: int, trials: Sequence[Trial], files: Sequence[str]
) -> None:
    """Write ``sub-0S_StimulusMetadata.csv``.

    Parameters
    ----------
    path : Path
        File to write.
    subject : int
        Subject number, from 1.
    trials : sequence of Trial
        What the subject is shown, in order.
    files : sequence of str
        ``<concept>/<file>`` of each image.
    """
    rows = [
        (trial.trial_type, trial.session, trial.run, subject, k, *reversed(file.split("/")))
        for k, trial in enumerate(trials)
        for file in [files[trial.image]]
    ]
    columns = ["trial_type", "session", "run", "subject_id", "trial_id", "stimulus", "concept"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False, lineterminator="\n")


def write_voxel_metadata(
    path: Path, subject: int, brain: Brain, share: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Write ``sub-0S_VoxelMetadata.csv``: every voxel of the brain.

    Parameters
    ----------
    path : Path
        File to write.
    subject : int
        Subject number, from 1.
    brain : Brain
        The subject.
    share : ndarray, float64, shape (360,)
        Share of variance of the signal, by roi - 1; what the noise ceilings say.

    Returns
    -------
    ndarray, int64, shape (n_brain,)
        Positions in the cortex of the voxels 0, 1, 2, ...: by x, then y, then z.
    """
    cortex, shape = brain.cortex, brain.anatomy.brain.shape
    places = np.unravel_index(cortex.voxels, shape, order="F")
    order = np.lexsort(places[::-1])
    x, y, z = (axis[order] for axis in places)
    roi = cortex.roi[order]
    signal = np.concatenate([[0.0], share])[roi]
    columns: dict[str, NDArray[np.generic] | int] = {
        "voxel_id": np.arange(order.size),
        "subject_id": subject,
        "voxel_x": x + MIDLINE - (shape[0] + 1) // 2,
        "voxel_y": y,
        "voxel_z": z,
        "nc_singletrial": np.round(100 * signal, 4),
        "nc_testset": np.round(100 * signal / (signal + (1 - signal) / 12), 4),
    }
    left = parcels()[:N_AREAS]
    number = {parcel.name: parcel.roi for parcel in left}
    for name, area in _LOCALISERS.items():
        columns[f"l{name}"] = (roi == number[area]).astype(np.int64)
        columns[f"r{name}"] = (roi == number[area] + N_AREAS).astype(np.int64)
    for parcel in left:
        both = (roi == parcel.roi) | (roi == parcel.roi + N_AREAS)
        name = _SPELLINGS.get(parcel.name, parcel.name)
        columns[f"glasser-{name}"] = both.astype(np.int64)
    pd.DataFrame(columns).to_csv(path, index=False, lineterminator="\n")
    return order


def write_responses(path: Path, responses: NDArray[np.float64]) -> None:
    """Write ``sub-0S_ResponseData.h5`` as pandas stores such a table in its fixed format.

    Parameters
    ----------
    path : Path
        File to write.
    responses : ndarray, float64, shape (n_voxels, n_trials)
        Rows by ascending voxel id.

    Notes
    -----
    The labels of the trials and of all columns are of mixed types in the real file, which pandas
    pickles. Here a text stands in their place: no reader may look at them.
    """
    n_voxels, _ = responses.shape
    opaque = np.frombuffer(b"labels of columns, pickled in the real file", np.uint8)
    with h5py.File(path, "w", track_order=False) as file:
        group = file.create_group("ResponseData")
        texts = {"CLASS": "GROUP", "TITLE": "", "VERSION": "1.0", "pandas_type": "frame",
                 "pandas_version": "0.15.2", "encoding": "UTF-8", "errors": "strict"}  # fmt: skip
        for name, text in texts.items():
            group.attrs[name] = np.bytes_(text)
        group.attrs["ndim"], group.attrs["nblocks"] = 2, 2
        for name, values in {
            "axis0": opaque,
            "axis1": np.arange(n_voxels),
            "block0_items": opaque,
            "block0_values": responses.astype(np.float32),
            "block1_items": np.array([b"voxel_id"]),
            "block1_values": np.arange(n_voxels)[:, np.newaxis],
        }.items():
            group.create_dataset(name, data=values, track_times=False)
