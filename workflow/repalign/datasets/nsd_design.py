"""NSD's experiment design: which image each subject saw at each trial."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from repalign.errors import RepalignError

_NDIM = {"masterordering": 2, "sharedix": 2, "stimpattern": 3, "subjectim": 2, "basiccnt": 2}
_REMEDY = "Use the nsd_expdesign.mat of the NSD release as it is."


@dataclass(frozen=True)
class Design:
    """The planned experiment, all numbers 0-based except where a name says otherwise.

    Attributes
    ----------
    path : Path
        Where it was read from.
    order : ndarray, shape (n_trials,), int64
        Image position (column of `images`) of each trial; common to all subjects.
    images : ndarray, shape (n_subjects, n_positions), int64
        Image id (`nsd_id`) of each subject and position.
    shared : ndarray, shape (n_shared,), int64
        Ids of the images that all subjects see: the first columns of `images`.
    run : ndarray, shape (n_trials,), uint8
        Run of each trial, 1-based within its session.
    n_sessions : int
        Planned sessions a subject.
    n_repetitions : int
        How often each image is shown to a subject.
    """

    path: Path
    order: NDArray[np.int64]
    images: NDArray[np.int64]
    shared: NDArray[np.int64]
    run: NDArray[np.uint8]
    n_sessions: int
    n_repetitions: int

    @property
    def n_trials(self) -> int:
        """Planned trials a subject."""
        return int(self.order.size)

    @property
    def n_subjects(self) -> int:
        """Number of subjects."""
        return int(self.images.shape[0])

    @property
    def n_trials_per_session(self) -> int:
        """Trials a session."""
        return self.n_trials // self.n_sessions

    def trial_images(self, subject: int) -> NDArray[np.int64]:
        """Return the images that a subject was planned to see.

        Parameters
        ----------
        subject : int
            Subject number, from 1.

        Returns
        -------
        ndarray, shape (n_trials,), int64
            Image id (1-based) of each planned trial, in chronological order.
        """
        planned: NDArray[np.int64] = self.images[subject - 1, self.order]
        return planned


def read_design(path: str | Path) -> Design:
    """Read and check `nsd_expdesign.mat`.

    Parameters
    ----------
    path : str or Path
        A MATLAB file (version 7 or older) with `masterordering` (1, n_trials), `sharedix`
        (1, n_shared) and `subjectim` (n_subjects, n_positions), all 1-based, `stimpattern`
        (n_sessions, n_runs, n_slots) of zeros and ones, and `basiccnt` (3, n_sessions).

    Returns
    -------
    Design
        The same as 0-based numbers.

    Raises
    ------
    RepalignError
        If the file cannot be read, a variable is missing, numbers are not 1-based, image
        positions are not shown equally often, subjects disagree on the shared images, or the
        sessions do not hold the trials.
    """
    path = Path(path)
    arrays = _load(path)
    order = arrays["masterordering"].ravel()
    subject_images, shared = arrays["subjectim"], arrays["sharedix"].ravel()
    for name, values in (("masterordering", order), ("subjectim", subject_images)):
        _check_one_based(path, name, values)
    _check_one_based(path, "sharedix", shared)
    n_repetitions = _check_repetitions(path, order, subject_images.shape[1])
    _check_shared(path, subject_images, shared)
    pattern = arrays["stimpattern"]
    _check_sessions(path, pattern, order.size, arrays["basiccnt"])
    slots = np.nonzero(pattern)
    return Design(
        path=path,
        order=order - 1,
        images=subject_images - 1,
        shared=shared - 1,
        run=(slots[1] + 1).astype(np.uint8),
        n_sessions=pattern.shape[0],
        n_repetitions=n_repetitions,
    )


def _error(found: str, path: Path, place: str, expected: str) -> RepalignError:
    return RepalignError(found, where=f"{path}, {place}", expected=expected, remedy=_REMEDY)


def _load(path: Path) -> dict[str, NDArray[np.int64]]:
    try:
        content: dict[str, Any] = loadmat(path, variable_names=list(_NDIM))
    except FileNotFoundError as error:
        raise RepalignError(
            "no such file",
            where=path,
            expected="NSD's experiment design",
            remedy="Fetch nsd_expdesign.mat from NSD (nsddata/experiments/nsd).",
        ) from error
    except Exception as error:  # damaged files fail in SciPy in many ways
        raise RepalignError(
            f"a file that cannot be read ({type(error).__name__}: {error})",
            where=path,
            expected="a MATLAB file of version 7 or older",
            remedy="Fetch nsd_expdesign.mat again.",
        ) from error
    for name, ndim in _NDIM.items():
        if name not in content:
            raise _error("no such variable", path, name, f"the variables {', '.join(_NDIM)}")
        values = np.asarray(content[name])
        if values.ndim != ndim or values.size == 0 or values.dtype.kind not in "iufb":
            found = f"shape {values.shape} of {values.dtype}"
            raise _error(found, path, name, f"numbers on {ndim} axes")
        if (values != np.round(values)).any():
            raise _error("numbers that are not whole", path, name, "whole numbers")
    return {name: np.asarray(content[name]).astype(np.int64) for name in _NDIM}


def _check_one_based(path: Path, name: str, values: NDArray[np.int64]) -> None:
    if values.min() < 1:
        found = f"the number {values.min()}, so the numbers are 0-based"
        raise _error(found, path, name, "1-based numbers")


def _check_repetitions(path: Path, order: NDArray[np.int64], n_positions: int) -> int:
    counts = np.bincount(order, minlength=n_positions + 1)[1:]
    if counts.size > n_positions:
        found = f"image position {order.max()}"
        raise _error(
            found, path, "masterordering", f"1 to {n_positions}, the columns of subjectim"
        )
    n_repetitions = order.size // n_positions
    uneven = np.flatnonzero(counts != max(n_repetitions, 1))
    if uneven.size:
        found = f"image position {uneven[0] + 1} shown {counts[uneven[0]]} times"
        expected = f"every position {max(n_repetitions, 1)} times"
        raise _error(found, path, "masterordering", expected)
    return n_repetitions


def _check_shared(path: Path, images: NDArray[np.int64], shared: NDArray[np.int64]) -> None:
    if shared.size > images.shape[1]:
        found = f"{shared.size} shared images"
        raise _error(found, path, "sharedix", f"at most {images.shape[1]}, as in subjectim")
    wrong = np.argwhere(images[:, : shared.size] != shared)
    if wrong.size:
        subject, column = (int(n) for n in wrong[0])
        found = f"image {images[subject, column]} for subject {subject + 1}"
        place = f"subjectim, column {column + 1}"
        raise _error(found, path, place, f"image {shared[column]}, as in sharedix")
    ordered, owners = np.sort(images, axis=1), images[:, shared.size :].ravel()
    twice = np.argwhere(np.diff(ordered, axis=1) == 0)
    if twice.size:
        subject, column = (int(n) for n in twice[0])
        found = f"image {ordered[subject, column]} twice for subject {subject + 1}"
        raise _error(found, path, "subjectim", "each image once a subject")
    ids, counts = np.unique(owners, return_counts=True)
    if (counts > 1).any():
        found = f"image {ids[counts > 1][0]} for {counts.max()} subjects, but not in sharedix"
        raise _error(found, path, "subjectim", "images outside sharedix for one subject each")


def _check_sessions(
    path: Path, pattern: NDArray[np.int64], n_trials: int, counts: NDArray[np.int64]
) -> None:
    n_sessions = pattern.shape[0]
    if not np.isin(pattern, (0, 1)).all():
        raise _error("other values than 0 and 1", path, "stimpattern", "zeros and ones")
    if n_trials % n_sessions:
        found = f"{n_trials} trials in {n_sessions} sessions"
        raise _error(found, path, "stimpattern", "the same number of trials in each session")
    if counts.shape[1] != n_sessions:
        found = f"{counts.shape[1]} sessions"
        raise _error(found, path, "basiccnt", f"{n_sessions} sessions, as in stimpattern")
    totals = pattern.sum(axis=(1, 2))
    wrong = np.flatnonzero(totals != n_trials // n_sessions)
    if wrong.size:
        found = f"{totals[wrong[0]]} trials"
        place = f"stimpattern, session {wrong[0] + 1}"
        raise _error(found, path, place, f"{n_trials // n_sessions} trials in every session")
