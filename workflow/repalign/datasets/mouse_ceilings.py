"""The table of noise ceilings of the neurons of a mouse scan."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from repalign.datasets.mouse_index import IndexedScan
from repalign.kernels.ceilings import oracle_conservative, oracle_jackknife, trial_variances
from repalign.kernels.reliability import split_half
from repalign.tables.columns import table_of
from repalign.tables.mouse_schemas import CEILINGS

MEASURES = ("fev", "oracle_jackknife", "oracle_conservative", "split_half", "nc_testset")


def ceilings_table(scan: IndexedScan, n_splits: int, seed: int) -> pa.Table:
    """Measure how well each neuron can be predicted, from the repetitions of test images.

    Parameters
    ----------
    scan : IndexedScan
        The scan; test images shown once take no part.
    n_splits, seed : int
        Random halves of the repetitions.

    Returns
    -------
    pyarrow.Table
        Columns of `CEILINGS`, a row a neuron in the order of the responses. Measures are NaN for
        all neurons if the responses to test images are withheld or no image repeats, and for
        silent neurons.
    """
    neurons = scan.neurons
    rows, images = repeated_tests(scan)
    responses = np.asarray(scan.responses[rows])
    seen = np.asarray(scan.responses[~scan.trials["withheld"].to_numpy(dtype=bool)])
    silent = (seen == seen[:1]).all(axis=0)
    measured = _measures(responses, images, n_splits, seed)
    _, counts = np.unique(images, return_counts=True)
    n = len(neurons)
    quiet = silent | (responses == responses[:1]).all(axis=0) if len(rows) else silent
    return table_of(
        CEILINGS,
        {
            "data_key": scan.key,
            **{name: neurons[name].to_numpy() for name in ("unit_id", "area", "layer")},
            **{name: np.where(quiet, np.nan, measured[name]) for name in MEASURES},
            "n_images": len(counts),
            "repeats_min": int(counts.min()) if len(counts) else 0,
            "repeats_max": int(counts.max()) if len(counts) else 0,
            "mean_response": responses.mean(axis=0, dtype=np.float64)
            if len(rows)
            else np.full(n, np.nan),
            "std_response": responses.std(axis=0, dtype=np.float64, ddof=1)
            if len(rows) > 1
            else np.full(n, np.nan),
            "silent": silent,
        },
    )


def repeated_tests(scan: IndexedScan) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the trials of test images that are shown twice or more.

    Parameters
    ----------
    scan : IndexedScan
        The scan.

    Returns
    -------
    rows : ndarray of int64, shape (n_trials,)
        Rows of the responses, ascending.
    images : ndarray of int64, shape (n_trials,)
        A number for each image, in the order of its first row.
    """
    tests = scan.of_tier("test")
    number = tests.groupby("stimulus_id", sort=False).ngroup()
    kept = tests.loc[tests.groupby("stimulus_id")["file"].transform("size") > 1]
    return np.asarray(kept["file"], np.int64), np.asarray(number.loc[kept.index], np.int64)


def _measures(
    responses: npt.NDArray[Any], images: npt.NDArray[np.int64], n_splits: int, seed: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Return all measures by name, shape (n_neurons,)."""
    if len(images) < 2:
        return dict.fromkeys(MEASURES, np.full(responses.shape[1], np.nan))
    variances = trial_variances(responses, images)
    return {
        "fev": variances.fev,
        "oracle_jackknife": oracle_jackknife(responses, images),
        "oracle_conservative": oracle_conservative(responses, images),
        "split_half": split_half(responses, images, n_splits, seed),
        "nc_testset": variances.noise_ceiling(),
    }
