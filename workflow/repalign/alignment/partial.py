"""Similarities with something held constant: partial RSA, one control at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from repalign.kernels.comparison import DEFAULT_BLOCK, rsa, rsa_matrix
from repalign.kernels.partial import euclidean_rdm, partial_similarity
from repalign.kernels.rdm import n_pairs, normalise_rdm
from repalign.models.controls import Control
from repalign.tables.rdm_store import RdmReader

Matrix = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]

UNCONTROLLED = "uncontrolled"
DISTANCE = "euclidean"


def control_vectors(
    controls: Mapping[str, Control],
    stimuli: npt.NDArray[np.int64],
    keep: npt.NDArray[np.bool_] | None = None,
) -> Float32:
    """Compute the RDM vectors of controls on some trials.

    Parameters
    ----------
    controls : mapping of str to Control
        Control tables by name.
    stimuli : ndarray of int64, shape (n_trials,)
        Stimulus of each trial; repeats have distance 0.
    keep : ndarray of bool, shape (n_pairs,), optional
        Pairs of trials that take part, as in `repalign.alignment.vectors.VectorMaker`.

    Returns
    -------
    ndarray of float32, shape (n_controls, n_pairs)
        Unit vectors.
    """
    vectors = np.zeros((len(controls), n_pairs(len(stimuli))), dtype=np.float32)
    for vector, control in zip(vectors, controls.values(), strict=True):
        unit = euclidean_rdm(control.rows(stimuli), np.float64)
        if keep is None:
            vector[:] = unit
        else:
            scale = float(np.abs(unit).max(initial=0))
            vector[keep] = normalise_rdm(unit[keep], scale=scale)
    return vectors


def hold_constant(
    similarity: Matrix, x_control: Matrix, y_control: Matrix, names: list[str]
) -> Iterator[tuple[str, Matrix]]:
    """Yield the similarities without and with each control.

    Parameters
    ----------
    similarity : ndarray, shape (n_x, n_y)
        Uncontrolled similarities.
    x_control, y_control : ndarray, shape (n_x, n_controls) and (n_y, n_controls)
        Similarities of both sides with the controls.
    names : list of str
        Names of the controls.

    Yields
    ------
    name : str
        `uncontrolled` first, then each control.
    partial : ndarray, shape (n_x, n_y)
        NaN where a control explains a side wholly.
    """
    yield UNCONTROLLED, similarity
    for k, name in enumerate(names):
        one = np.ones((1, 1))
        yield name, partial_similarity(similarity, x_control[:, [k]], y_control[:, [k]], one)


def compare_with_controls(
    x: RdmReader, y: Float32, controls: Float32
) -> tuple[Matrix, Matrix, Matrix]:
    """Compare regions with vectors in memory, and both with the controls.

    Parameters
    ----------
    x : RdmReader
        Regions.
    y : ndarray of float32, shape (n_y, n_pairs)
        Vectors on the same trials, for example of layers.
    controls : ndarray of float32, shape (n_controls, n_pairs)
        Vectors of the controls.

    Returns
    -------
    similarity, x_control, y_control : ndarray of float64
        Shapes (n_x, n_y), (n_x, n_controls) and (n_y, n_controls).
    """
    both = np.concatenate([y, controls])
    starts = range(0, both.shape[1], DEFAULT_BLOCK)
    product = rsa_matrix(
        (block, both[:, start : start + DEFAULT_BLOCK])
        for start, block in zip(starts, x.blocks(DEFAULT_BLOCK), strict=True)
    )
    return product[:, : len(y)], product[:, len(y) :], rsa(y, controls)


def compare_pair_with_controls(
    x: RdmReader, y: RdmReader, controls: Float32
) -> tuple[Matrix, Matrix, Matrix]:
    """Compare the regions of two subjects, and both with the controls; see above."""
    parts = [x.blocks(DEFAULT_BLOCK), y.blocks(DEFAULT_BLOCK)]
    similarity = rsa_matrix(zip(*parts, strict=True))
    with_controls = []
    for reader in (x, y):
        starts = range(0, controls.shape[1], DEFAULT_BLOCK)
        with_controls.append(
            rsa_matrix(
                (block, controls[:, start : start + DEFAULT_BLOCK])
                for start, block in zip(starts, reader.blocks(DEFAULT_BLOCK), strict=True)
            )
        )
    return similarity, with_controls[0], with_controls[1]
