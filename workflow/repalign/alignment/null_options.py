"""Options and output of the scripts that compute nulls."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.alignment.draws import Draws
from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import make_record, write_sidecar


def draws_of(options: argparse.Namespace, n_trials: int) -> Draws:
    """Return the draws that a script's options describe.

    Parameters
    ----------
    options : argparse.Namespace
        With permutations, seed, scheme, unit, n_images, repetitions and device.
    n_trials : int
        Trials of the largest set.

    Returns
    -------
    Draws
        The permutations.
    """
    n_max = options.n_images if options.unit == "image" else n_trials
    return Draws(
        options.scheme,
        options.unit,
        options.seed,
        options.permutations,
        n_max,
        options.repetitions,
        options.device,
    )


def write_null(output: Path, null: npt.NDArray[np.floating], spec: str | None) -> None:
    """Write a null distribution as float32 `.npy`, with its record beside it.

    Parameters
    ----------
    output : Path
        The file to make.
    null : ndarray, shape (n_permutations, n_rois)
        The statistic in each draw.
    spec : str or None
        What the workflow knows of the job.
    """
    with atomic_file(output) as temporary, temporary.open("wb") as file:
        np.save(file, np.ascontiguousarray(null, dtype=np.float32), allow_pickle=False)
    write_sidecar(output, make_record(spec))
