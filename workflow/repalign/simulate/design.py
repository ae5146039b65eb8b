"""The experimental design: which image each subject is planned to see in which trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.seeds import stream
from repalign.simulate.settings import N_REPETITIONS, NsdSimulation


@dataclass(frozen=True)
class Design:
    """The design of the whole experiment; every number is 0-based here.

    Attributes
    ----------
    order : ndarray, int64, shape (n_planned_trials,)
        Position in a subject's image list shown in each trial; common to all subjects.
    repetition : ndarray, int64, shape (n_planned_trials,)
        How often that position was shown before.
    images : ndarray, int64, shape (n_subjects, n_images_per_subject)
        Image at each position. The first `n_shared` columns are equal in all rows, ascending;
        the other images belong to one subject each.
    slots : ndarray, uint8, shape (n_planned_sessions, n_runs, n_slots)
        1 where a trial fills the slot.
    n_shared : int
        Number of shared images.
    """

    order: NDArray[np.int64]
    repetition: NDArray[np.int64]
    images: NDArray[np.int64]
    slots: NDArray[np.uint8]
    n_shared: int

    def matched_positions(self, n_trials_i: int, n_trials_j: int, shift: int) -> NDArray[np.int64]:
        """List the shared positions that two subjects have in common at a repetition shift.

        Parameters
        ----------
        n_trials_i, n_trials_j : int
            Trials that the two subjects completed.
        shift : int
            A trial of i with repetition r is matched with repetition (r - shift) mod 3 of j.

        Returns
        -------
        ndarray, int64, shape (n_matched,)
            Positions in the image list, in the order of i's trials.
        """
        trial = np.empty((int(self.order.max()) + 1, N_REPETITIONS), dtype=np.int64)
        trial[self.order, self.repetition] = np.arange(self.order.size)
        position, repetition = self.order[:n_trials_i], self.repetition[:n_trials_i]
        other = trial[position, (repetition - shift) % N_REPETITIONS]
        return position[(position < self.n_shared) & (other < n_trials_j)]


def make_design(settings: NsdSimulation) -> Design:
    """Draw the design.

    Parameters
    ----------
    settings : NsdSimulation
        Sizes and seed.

    Returns
    -------
    Design
        A random order without immediate repetitions (where more than two images exist), so
        first showings are frequent early and rare late, as in NSD.
    """
    rng = stream(settings.seed, "design")
    order = _draw_order(settings.n_images_per_subject, rng)
    return Design(
        order=order,
        repetition=_count_repetitions(order),
        images=_draw_images(settings, rng),
        slots=_draw_slots(settings, rng),
        n_shared=settings.n_shared,
    )


def _draw_order(n_images: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Shuffle three copies of each position, then move immediate repetitions elsewhere."""
    order = rng.permutation(np.repeat(np.arange(n_images, dtype=np.int64), N_REPETITIONS))
    for _ in range(1000):
        repeated = np.flatnonzero(order[1:] == order[:-1]) + 1
        if not repeated.size or n_images < 3:
            break
        for trial in repeated:
            other = rng.integers(order.size)
            order[[trial, other]] = order[[other, trial]]
    return order


def _count_repetitions(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count, for each trial, the earlier trials with the same position."""
    by_position = np.argsort(order, kind="stable")
    repetition = np.empty_like(order)
    repetition[by_position] = np.arange(order.size) % N_REPETITIONS
    return repetition


def _draw_images(settings: NsdSimulation, rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal the images out: some to everybody, the rest to one subject each."""
    dealt = rng.permutation(settings.n_images).astype(np.int64)
    shared = np.sort(dealt[: settings.n_shared])
    own = dealt[settings.n_shared :].reshape(settings.n_subjects, -1)
    return np.hstack([np.tile(shared, (settings.n_subjects, 1)), own])


def _draw_slots(settings: NsdSimulation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Scatter blank slots; odd runs hold the trials that do not divide evenly, as in NSD."""
    slots = np.zeros((settings.n_planned_sessions, settings.n_runs, settings.n_slots), np.uint8)
    base, left_over = divmod(settings.n_trials_per_session, settings.n_runs)
    runs = np.arange(settings.n_runs)
    odd_first = np.concatenate([runs[::2], runs[1::2]])
    filled = np.full(settings.n_runs, base)
    filled[odd_first[:left_over]] += 1
    for session in slots:
        for run, n_trials in zip(session, filled, strict=True):
            run[rng.permutation(settings.n_slots)[:n_trials]] = 1
    return slots


def basic_counts(design: Design, n_trials_per_session: int) -> NDArray[np.uint16]:
    """Count first, second and third showings in each session.

    Parameters
    ----------
    design : Design
        The design.
    n_trials_per_session : int
        Trials in a session.

    Returns
    -------
    ndarray, uint16, shape (3, n_planned_sessions)
        ``basiccnt`` of ``nsd_expdesign.mat``.
    """
    sessions = design.repetition.reshape(-1, n_trials_per_session)
    return np.stack(
        [(sessions == showing).sum(axis=1) for showing in range(N_REPETITIONS)]
    ).astype(np.uint16)
