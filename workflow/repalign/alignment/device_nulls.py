"""Products of permuted RDMs on a device: the kernels of nulls, or the same by PyTorch.

Apart from `device`, so that a change of these kernels concerns nulls alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.alignment.device import as_array, as_tensor, opened
from repalign.kernels import cyclic, nulls

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

BLOCK_BYTES = 1 << 28
"""Gathered values, and their transforms, that a device holds at once."""

RESULT_BYTES = 1 << 31
"""Products of all draws of a cyclic set that a device holds at once."""

PAIRS = 1 << 18
"""Most pairs of trials that are summed in single precision."""


def cyclic_products(x: Any, y: Any, tau: Array, sigma: Array, device: str) -> FloatArray:  # noqa: ANN401
    """``<x, P_t y>`` for the n permutations of a cyclic set.

    Parameters
    ----------
    x, y : ndarray or what `put` returns, shape (n_trials, n_trials)
        Unit RDMs as symmetric matrices.
    tau, sigma : ndarray of integers, shape (n_trials,)
        Relabelings of the trials.
    device : {"cpu", "cuda"}
        Where it is computed.

    Returns
    -------
    products : ndarray of float64, shape (n_trials,)
        All NaN if an RDM holds NaN.

    Raises
    ------
    RepalignError
        If the device is not there or has too little memory.
    ValueError
        If shapes or dtypes do not fit or a relabeling is not a permutation.
    """
    if device == "cpu":
        return cyclic.cyclic_products(x, y, tau, sigma)
    return cyclic_cross_products(x[None], y[None], tau, sigma, device)[:, 0, 0]


def cyclic_cross_products(x: Any, y: Any, tau: Array, sigma: Array, device: str) -> FloatArray:  # noqa: ANN401
    """``<x_i, P_t y_j>`` of all RDMs of one set with all of another, for a cyclic set.

    Parameters
    ----------
    x, y : ndarray or what `put` returns, shapes (n_x, n_trials, n_trials), (n_y, ...)
        Unit RDMs as symmetric matrices.
    tau, sigma : ndarray of integers, shape (n_trials,)
        Relabelings of the trials.
    device : {"cpu", "cuda"}
        Where it is computed. A GPU holds both sets, up to `RESULT_BYTES` of results and up to
        about `BLOCK_BYTES` of transforms.

    Returns
    -------
    products : ndarray of float64, shape (n_trials, n_x, n_y)
        NaN for RDMs that hold NaN, and nowhere else.

    Raises
    ------
    RepalignError
        If the device is not there or has too little memory.
    ValueError
        If shapes or dtypes do not fit or a relabeling is not a permutation.
    """
    if device == "cpu":
        return cyclic.cyclic_cross_products(x, y, tau, sigma)
    _check(x, y, {"tau": tau, "sigma": sigma})
    n = len(tau)
    found = np.zeros((n, len(x), len(y)))
    if n < 2:
        return found
    step = max(1, RESULT_BYTES // (len(x) * cyclic.padded_length(n) * 32))
    with opened(device) as (torch, place):
        orders = [as_tensor(torch, order.astype(np.int64), place) for order in (tau, sigma)]
        x, y = (as_tensor(torch, stack, place).reshape(len(stack), n * n) for stack in (x, y))
        for start in range(0, len(y), step):
            part = slice(start, start + step)
            found[:, :, part] = as_array(_correlations(torch, x, y[part], *orders))
    return found


def permuted_products(x: Any, y: Any, permutations: Array, device: str) -> FloatArray:  # noqa: ANN401
    """``<x, P y>`` for every permutation.

    Parameters
    ----------
    x, y : ndarray or what `put` returns, shape (n_trials, n_trials)
        Unit RDMs as symmetric matrices.
    permutations : ndarray of integers, shape (n_permutations, n_trials)
        Rows are permutations of the trials of `y`.
    device : {"cpu", "cuda"}
        Where it is computed.

    Returns
    -------
    products : ndarray of float64, shape (n_permutations,)
        NaN if an RDM holds NaN.

    Raises
    ------
    RepalignError
        If the device is not there or has too little memory.
    ValueError
        If shapes or dtypes do not fit or a row is not a permutation.
    """
    if device == "cpu":
        return nulls.permuted_products(x[..., None], y[..., None], permutations)[:, 0]
    return permuted_cross_products(x[None], y[None], permutations, device)[:, 0, 0]


def permuted_cross_products(x: Any, y: Any, permutations: Array, device: str) -> FloatArray:  # noqa: ANN401
    """``<x_i, P y_j>`` of all RDMs of one set with all of another, for every permutation.

    Parameters
    ----------
    x, y : ndarray or what `put` returns, shapes (n_x, n_trials, n_trials), (n_y, ...)
        Unit RDMs as symmetric matrices.
    permutations : ndarray of integers, shape (n_permutations, n_trials)
        Rows are permutations of the trials of `y`.
    device : {"cpu", "cuda"}
        Where it is computed.

    Returns
    -------
    products : ndarray of float64, shape (n_permutations, n_x, n_y)
        NaN for RDMs that hold NaN, and nowhere else.

    Raises
    ------
    RepalignError
        If the device is not there or has too little memory.
    ValueError
        If shapes or dtypes do not fit or a row is not a permutation.
    """
    _check(x, y, {f"row {draw}": row for draw, row in enumerate(permutations)})
    n = permutations.shape[1]
    # Permuting x by the inverse is the same as permuting y.
    inverses = np.argsort(permutations, axis=1)
    rows, columns = np.triu_indices(n, 1)
    found = np.empty((len(permutations), len(x), len(y)))
    if device == "cpu":
        flat = y[:, rows, columns].T.astype(np.float64)
        for draw, inverse in enumerate(inverses):
            found[draw] = x[:, inverse[rows], inverse[columns]] @ flat
        return found
    length = max(1, min(PAIRS, BLOCK_BYTES // (len(x) * x.itemsize)))
    with opened(device) as (torch, place):
        u, v, inverses = (as_tensor(torch, index, place) for index in (rows, columns, inverses))
        x, y = (as_tensor(torch, stack, place).reshape(len(stack), n * n) for stack in (x, y))
        total = torch.zeros(found.shape, dtype=torch.float64, device=place)
        for start in range(0, len(rows), length):
            a, b = (index[start : start + length] for index in (u, v))
            theirs = y[:, a * n + b].T
            for draw, inverse in enumerate(inverses):
                total[draw] += x[:, inverse[a] * n + inverse[b]] @ theirs
        return as_array(total)


def _correlations(torch: Any, x: Any, y: Any, tau: Any, sigma: Any) -> Any:  # noqa: ANN401
    """Correlate the wrapped diagonals of two stacks (n_x, n * n) and (n_y, n * n).

    See `repalign.kernels.cyclic` for the formula. Undefined RDMs are left out of the transforms,
    which some libraries make of two rows together, and set to NaN afterwards.
    """
    n = len(tau)
    padded = cyclic.padded_length(n)
    width = max(1, BLOCK_BYTES // ((len(x) + len(y)) * 4 * padded * x.itemsize))
    spectrum = torch.zeros(
        (padded // 2 + 1, len(x), len(y)), dtype=torch.complex128, device=x.device
    )
    undefined = torch.zeros((len(x), len(y)), dtype=torch.bool, device=x.device)
    for start in range(1, n // 2 + 1, width):
        stop = min(start + width, n // 2 + 1)
        of_x, bad_x = _spectra(torch, x, tau, range(start, stop), padded)
        of_y, bad_y = _spectra(torch, y, sigma, range(start, stop), padded)
        undefined |= bad_x[:, None] | bad_y
        if 2 * (stop - 1) == n:
            # The middle diagonal is its own mirror image: it holds every pair twice.
            of_x[:, -1] *= 0.5
        if len(x) == len(y) == 1:
            spectrum += (of_x.conj() * of_y).sum(dim=1, dtype=torch.complex128).T[:, :, None]
        else:
            spectrum += of_x.conj().permute(2, 0, 1) @ of_y.permute(2, 1, 0)
    lags = torch.fft.irfft(spectrum, padded, dim=0)
    products = lags[:n]
    if padded > n:
        products[1:] += lags[padded - n + 1 :]
    return products.masked_fill_(undefined, torch.nan)


def _spectra(
    torch: Any,  # noqa: ANN401
    flat: Any,  # noqa: ANN401
    order: Any,  # noqa: ANN401
    diagonals: range,
    padded: int,
) -> tuple[Any, Any]:
    """Transform wrapped diagonals: (n_matrices, n_diagonals, padded // 2 + 1), and what is NaN."""
    n = len(order)
    steps = torch.arange(diagonals.start, diagonals.stop, device=order.device)
    column = (torch.arange(n, device=order.device) + steps[:, None]) % n
    rows = flat[:, order * n + order[column]]
    bad = ~torch.isfinite(rows).flatten(1).all(dim=1)
    rows[bad] = 0
    return torch.fft.rfft(rows, padded, dim=2), bad


def _check(x: Any, y: Any, orders: dict[str, Array]) -> None:  # noqa: ANN401
    """Refuse stacks that do not fit each other, and orders that are not permutations."""
    n = x.shape[-1]
    fits = x.ndim == y.ndim == 3 and x.shape[1:] == y.shape[1:] == (n, n) and x.dtype == y.dtype
    if not fits or not len(x) or not len(y):
        raise ValueError(
            f"x and y are {x.dtype} of shape {tuple(x.shape)} and {y.dtype} of shape "
            f"{tuple(y.shape)}; expected one dtype and shapes (n_x, n_trials, n_trials) and "
            "(n_y, n_trials, n_trials), none empty"
        )
    for name, order in orders.items():
        if not np.array_equal(np.sort(order), np.arange(n)):
            raise ValueError(f"{name} is not a permutation of 0 to {n - 1}")
