"""The weights of a module in memory: seeds, digests, counts."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from repalign.models.libraries import import_torch


def state_digest(module: Any, ignored: Collection[str] = ()) -> str:  # noqa: ANN401
    """Compute a digest of a module's weights, whatever files they came from.

    Parameters
    ----------
    module : torch.nn.Module
        On the CPU.
    ignored : collection of str
        Names of tensors that are left out.

    Returns
    -------
    str
        SHA-256 over the tensors of the state dictionary in the order of their names: of each
        the name, dtype, shape and little-endian bytes.
    """
    torch = import_torch()
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if name in ignored:
            continue
        head = f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode()
        digest.update(struct.pack("<q", len(head)) + head)
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seed PyTorch's generator of the CPU, and put its state back afterwards."""
    if seed is None:
        raise ValueError("random weights need a seed")
    torch = import_torch()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def count_parameters(module: Any) -> int:  # noqa: ANN401
    """Count the parameters of a module; one that several modules share is there once."""
    return sum(parameter.numel() for parameter in module.parameters())
