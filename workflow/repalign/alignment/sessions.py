"""RDM or Gram vectors of a subject's sessions, and their comparison with the layers of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.alignment.device import rsa_matrix
from repalign.alignment.vectors import VectorMaker
from repalign.datasets.matching import check_repetitions
from repalign.errors import RepalignError
from repalign.kernels.comparison import DEFAULT_BLOCK
from repalign.kernels.rdm import n_pairs
from repalign.models.features import Features
from repalign.tables.progress import progress
from repalign.tables.rdm_store import RdmReader


def session_folder(session: int) -> str:
    """Return the name of the folder of a session's RDM vectors."""
    return f"ses-{session:02d}"


def session_trials(
    trials: pd.DataFrame,
    subject: int,
    n_repetitions: int,
    stimuli: npt.NDArray[np.int64] | None = None,
) -> Iterator[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield the trials of each session of a subject, in the order of the recording.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset.
    subject : int
        Subject number.
    n_repetitions : int
        Showings of a stimulus at most; key = stimulus * n_repetitions + repetition.
    stimuli : ndarray of int64, shape (n,), optional
        Stimuli that take part; all of them, if not given.

    Yields
    ------
    session : int
        Session number; sessions without such trials are there, too.
    keys, rows : ndarray of int64, shape (n_trials,)
        What identifies each trial, and its row in the response matrices.

    Raises
    ------
    RepalignError
        If a stimulus is shown more often.
    """
    own = trials[trials["subject"] == subject].sort_values("trial")
    check_repetitions(own, n_repetitions)
    for session, whole in own.groupby("session", sort=True):
        part = whole if stimuli is None else whole[whole["stimulus"].isin(stimuli)]
        keys = part["stimulus"].astype(np.int64) * n_repetitions + part["repetition"]
        yield int(str(session)), keys.to_numpy(np.int64), part["trial"].to_numpy(np.int64)


def layer_vectors(
    features: Features, stimuli: npt.NDArray[np.int64], make: VectorMaker, *, enough: bool
) -> npt.NDArray[np.float32]:
    """Compute the vectors of all layers of a model on some trials.

    Parameters
    ----------
    features : Features
        The model.
    stimuli : ndarray of int64, shape (n_trials,)
        Stimulus of each trial; repeats give equal rows.
    make : VectorMaker
        What is computed of each layer.
    enough : bool
        Whether there are enough trials; if not, all vectors are NaN.

    Returns
    -------
    ndarray of float32, shape (n_layers, n_pairs)
        Unit vectors.
    """
    vectors = np.full((features.n_layers, n_pairs(len(stimuli))), np.nan, dtype=np.float32)
    if enough:
        distinct, back = np.unique(stimuli, return_inverse=True)
        for layer in range(features.n_layers):
            make(features.rows(layer, distinct)[back], vectors[layer])
    return vectors


def compare_layers(
    rdms: RdmReader, layers: npt.NDArray[np.float32], device: str = "cpu"
) -> npt.NDArray[np.float64]:
    """Compare all regions with all layers.

    Parameters
    ----------
    rdms : RdmReader
        Vectors of the regions.
    layers : ndarray of float32, shape (n_layers, n_pairs)
        Vectors of the layers on the same trials.
    device : {"cpu", "cuda"}
        Where the products are formed.

    Returns
    -------
    ndarray of float64, shape (n_rois, n_layers)
        Similarities; NaN if there are no pairs.

    Raises
    ------
    RepalignError
        If the numbers of pairs differ, or the device is not there.
    """
    if layers.shape[1] != rdms.shape[1]:
        raise RepalignError(
            f"{layers.shape[1]} pairs of trials of the model and {rdms.shape[1]} of the regions",
            where=rdms.folder,
            expected="vectors of the same trials",
            remedy="Delete the folder and run the workflow again.",
        )
    if not rdms.shape[1]:
        return np.full((rdms.shape[0], len(layers)), np.nan)
    starts = range(0, layers.shape[1], DEFAULT_BLOCK)
    blocks = (
        (block, layers[:, start : start + DEFAULT_BLOCK])
        for start, block in zip(starts, rdms.blocks(DEFAULT_BLOCK), strict=True)
    )
    return rsa_matrix(blocks, device)


def compare_sessions(
    sessions: Mapping[int, RdmReader],
    features: Features,
    maker: Callable[[npt.NDArray[np.int64]], VectorMaker],
    *,
    n_repetitions: int,
    min_trials: int,
    device: str = "cpu",
) -> npt.NDArray[np.float32]:
    """Compare all regions of a subject with all layers of a model, session by session.

    Parameters
    ----------
    sessions : mapping of int to RdmReader
        Vectors of the regions in each session.
    features : Features
        The model.
    maker : callable
        From the stimulus of each trial, (n_trials,), to what makes vectors of layers.
    n_repetitions : int
        As in `session_trials`, which made the keys.
    min_trials : int
        With fewer trials all similarities are NaN.
    device : {"cpu", "cuda"}
        Where the products are formed.

    Returns
    -------
    ndarray of float32, shape (n_rois, n_layers, n_sessions)
        Similarities.
    """
    similarities = []
    for vectors in progress(sessions.values(), "sessions", total=len(sessions)):
        stimuli = vectors.keys // n_repetitions
        enough = len(stimuli) >= min_trials
        layers = layer_vectors(features, stimuli, maker(stimuli), enough=enough)
        similarities.append(compare_layers(vectors, layers, device))
    return np.stack(similarities, axis=-1).astype(np.float32)


def open_sessions(folder: Path) -> dict[int, RdmReader]:
    """Open the vectors of all sessions of a subject, by session number."""
    found = sorted(folder.glob("ses-*"))
    return {int(path.name.removeprefix("ses-")): RdmReader(path) for path in found}
