"""Where the heavy products are formed: on the CPU by the kernels, or on a GPU by PyTorch.

Functions here and in `device_nulls` are those of `repalign.kernels`, with the name of a device.
Numbers of devices differ by rounding alone, below 1e-5 in float32. PyTorch is imported for a GPU
and never else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.kernels import comparison
from repalign.models.libraries import full_precision, import_torch

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

DEVICES = ("cpu", "cuda")
"""Values of the setting. Tests use "torch-cpu", too: the code of "cuda" on the CPU."""

CPU = "resources.device: cpu"


def check_device(device: str) -> None:
    """Refuse a device that is not there, before anything is computed.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        `resources.device`.

    Raises
    ------
    RepalignError
        If PyTorch cannot be imported or sees no GPU.
    """
    if device != "cpu":
        with opened(device):
            pass


def put(array: Array, device: str) -> Any:  # noqa: ANN401
    """Copy an array to a device, if it is to be used there several times.

    Parameters
    ----------
    array : ndarray
        Any shape and dtype.
    device : {"cpu", "cuda"}
        Where it goes.

    Returns
    -------
    ndarray or torch.Tensor
        What functions take in place of the array.
    """
    if device == "cpu":
        return array
    with opened(device) as (torch, place):
        return as_tensor(torch, array, place)


def rsa_matrix(blocks: Iterable[tuple[Array, Array]], device: str) -> FloatArray:
    """Similarity of every RDM of one set with every RDM of another, from blocks of pairs.

    Parameters
    ----------
    blocks : iterable of (x_block, y_block)
        Arrays (n_rois_x, k) and (n_rois_y, k), as for `repalign.kernels.comparison.rsa_matrix`.
    device : {"cpu", "cuda"}
        Where the products are formed; sums over blocks are float64 on both.

    Returns
    -------
    similarity : ndarray of float64, shape (n_rois_x, n_rois_y)
        NaN in the row or column of an RDM that holds NaN, and nowhere else.

    Raises
    ------
    RepalignError
        If the device is not there or has too little memory.
    ValueError
        If there is no block, or the shapes or dtypes of a block do not fit.
    """
    if device == "cpu":
        return comparison.rsa_matrix(blocks)
    total = None
    with opened(device) as (torch, place):
        for x_block, y_block in blocks:
            _check_block(x_block, y_block, None if total is None else total.shape)
            x = as_tensor(torch, x_block, place)
            y = x if y_block is x_block else as_tensor(torch, y_block, place)
            product = (x @ y.T).to(torch.float64)
            total = product if total is None else total.add_(product)
        if total is None:
            raise ValueError("blocks are empty; expected at least one pair (x_block, y_block)")
        return as_array(total)


def as_tensor(torch: Any, array: Any, place: Any) -> Any:  # noqa: ANN401
    """Return a tensor on a device, without a copy if it is one."""
    return array if isinstance(array, torch.Tensor) else torch.tensor(array, device=place)


def as_array(tensor: Any) -> FloatArray:  # noqa: ANN401
    """Return a tensor as an array in main memory."""
    array: FloatArray = tensor.cpu().numpy()
    return array


@contextmanager
def opened(device: str) -> Iterator[tuple[Any, Any]]:
    """Import PyTorch, set full precision, and show what is missing as a readable error."""
    if device not in (*DEVICES[1:], "torch-cpu"):
        raise ValueError(f"device is {device!r}; expected one of {DEVICES}")
    torch = import_torch(
        f"resources.device: {device}",
        expected="PyTorch 2.5 or later, built for CUDA",
        remedy="Install the gpu extra (pip install 'repalign[gpu]') where the workflow runs, "
        f"or set {CPU} in config/config.yaml.",
    )
    if device == "cuda" and not torch.cuda.is_available():
        raise RepalignError(
            f"no GPU that PyTorch {torch.__version__} can use",
            where="resources.device: cuda",
            expected="an NVIDIA GPU that this job may use, with its driver",
            remedy="Ask the scheduler for a GPU, install a build of PyTorch that fits the driver, "
            f"or set {CPU} in config/config.yaml.",
        )
    full_precision(torch)
    try:
        with torch.inference_mode():
            yield torch, torch.device("cuda" if device == "cuda" else "cpu")
    except torch.OutOfMemoryError as error:
        raise RepalignError(
            f"too little GPU memory ({str(error).splitlines()[0]})",
            where=f"resources.device: {device}",
            expected="room for the RDMs and products of one job",
            remedy=f"Run one job at a time (snakemake --resources gpu=1), or set {CPU} in "
            "config/config.yaml.",
        ) from error


def _check_block(x: Array, y: Array, expected: tuple[int, ...] | None) -> None:
    """Refuse blocks that do not fit each other or the blocks before."""
    fits = x.ndim == y.ndim == 2 and x.shape[1] == y.shape[1] and x.dtype == y.dtype
    if not fits or expected not in (None, (len(x), len(y))):
        raise ValueError(
            f"a block is {x.dtype} of shape {x.shape} and {y.dtype} of shape {y.shape}; expected "
            f"one dtype, as many pairs, and {expected or 'any number of'} rows"
        )
