"""Features of pictures: the residual stream after every transformer block of a timm model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from repalign.errors import RepalignError
from repalign.models.libraries import import_timm, import_torch

Float32 = npt.NDArray[np.float32]
_TRANSFORM = ("input_size", "interpolation", "mean", "std", "crop_pct", "crop_mode")
"""Parts of timm's data config that say how a picture is prepared."""


class Vision:
    """A vision transformer whose blocks are listened to.

    Parameters
    ----------
    module : torch.nn.Module
        A timm model with `blocks`, in evaluation mode, on the device that it runs on.
    data_config : mapping
        Its own way to prepare pictures, as timm.data.resolve_model_data_config gives it.
    pool : {"cls", "avg"}
        What stands for a picture: the class token, or the mean over patch tokens, without class
        and register tokens.

    Raises
    ------
    RepalignError
        If the model has no transformer blocks, or no class token where that is wanted.

    Notes
    -----
    Features are those after block i and before the final norm, as published: equal to timm's
    `forward_intermediates(norm=False)`. The head does not run.
    """

    def __init__(self, module: Any, data_config: Mapping[str, Any], pool: str) -> None:  # noqa: ANN401
        timm = import_timm()
        self._module, self._pool = module, pool
        self._blocks = _blocks(module)
        self._n_prefix = int(getattr(module, "num_prefix_tokens", -1))
        _check_pool(module, pool, self._n_prefix)
        settings = {name: data_config[name] for name in _TRANSFORM if name in data_config}
        self._prepare = timm.data.create_transform(**settings, is_training=False)
        self.transform = json.dumps(settings, sort_keys=True, default=list)
        """How pictures are prepared, as JSON."""
        self.n_layers = len(self._blocks)

    def features(self, pictures: Sequence[Image.Image]) -> Float32:
        """Compute the features of pictures, all at once.

        Parameters
        ----------
        pictures : sequence of PIL.Image.Image, length n
            8-bit RGB, of any size.

        Returns
        -------
        ndarray of float32, shape (n, n_layers, dim)
            First block first.
        """
        torch = import_torch()
        first = next(self._module.parameters())
        batch = torch.stack([self._prepare(picture) for picture in pictures])
        with self._listening() as heard:
            self._module.forward_features(batch.to(first.device, first.dtype))
        if sorted(heard) != list(range(self.n_layers)):
            raise _unsuitable(f"{len(heard)} of {self.n_layers} blocks were run")
        layers = [heard[number] for number in range(self.n_layers)]
        values: Float32 = torch.stack(layers, dim=1).float().cpu().numpy()
        return values

    @contextmanager
    def _listening(self) -> Iterator[dict[int, Any]]:
        """Give a mapping that fills with the pooled output of each block, until the block ends."""
        heard: dict[int, Any] = {}

        def listen(number: int) -> Any:  # noqa: ANN401
            def hook(_module: Any, _inputs: Any, output: Any) -> None:  # noqa: ANN401
                # Pooled at once: the tokens of all blocks together would fill the memory.
                heard[number] = self._pooled(output)

            return hook

        handles = [
            block.register_forward_hook(listen(number))
            for number, block in enumerate(self._blocks)
        ]
        try:
            yield heard
        finally:
            for handle in handles:
                handle.remove()

    def _pooled(self, tokens: Any) -> Any:  # noqa: ANN401
        """Pool tokens (n, n_tokens, dim) to (n, dim)."""
        if getattr(tokens, "ndim", 0) != 3 or tokens.shape[1] <= self._n_prefix:
            raise _unsuitable("a block whose output is not (pictures, tokens, dim)")
        if self._pool == "cls":
            return tokens[:, 0].clone()
        return tokens[:, self._n_prefix :].float().mean(dim=1)


def _blocks(module: Any) -> list[Any]:  # noqa: ANN401
    """Return the transformer blocks of a model."""
    blocks = list(getattr(module, "blocks", ()))
    if not blocks or not hasattr(module, "forward_features"):
        raise _unsuitable(f"{type(module).__name__} has no transformer blocks")
    return blocks


def _check_pool(module: Any, pool: str, n_prefix: int) -> None:  # noqa: ANN401
    """Refuse a pooling that the tokens of a model do not allow."""
    if pool not in ("cls", "avg"):
        raise ValueError(f"pool is {pool!r}; expected cls or avg")
    if pool == "cls" and getattr(module, "cls_token", None) is None:
        raise RepalignError(
            f"{type(module).__name__} has no class token",
            where="the registry of models, column pool: cls",
            expected="a model with a class token, or pool avg",
            remedy="Write `avg` in the column pool.",
        )
    if n_prefix < 0:
        raise _unsuitable(f"{type(module).__name__} does not say which tokens are patches")


def _unsuitable(found: str) -> RepalignError:
    return RepalignError(
        found,
        where="the registry of models",
        expected="a vision transformer of timm, with `blocks` of one width",
        remedy="Take the model out of the registry, or write `no` in its column extract.",
    )
