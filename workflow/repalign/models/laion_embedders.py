"""What makes the embeddings of pictures: vision models, or a projection that is no model."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from repalign.errors import RepalignError
from repalign.models.libraries import import_torch
from repalign.models.loading import LoadedVision

Float32 = npt.NDArray[np.float32]
Embed = Callable[[Sequence[Image.Image]], Float32]
"""8-bit RGB pictures to rows of shape (n, width)."""

PROJECTION = "projection, not a model"
"""What the attribute `backend` of a file says that no model made."""
SIDE = 16
"""Width and height of a picture that is projected, pixels."""
_INTERPOLATION = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
}


@dataclass(frozen=True)
class Preparation:
    """How a picture becomes the input of a model.

    Attributes
    ----------
    size : int
        Width and height, pixels.
    resize : {"shortest", "squash"}
        ``"shortest"``: the shorter side becomes `size`, and the middle is cut out. ``"squash"``:
        both sides become `size`.
    interpolation : {"bicubic", "bilinear"}
        Of Pillow, which smooths where it shrinks.
    mean, std : tuple of float
        Of each channel, in 0 to 1.
    """

    size: int
    resize: Literal["shortest", "squash"]
    interpolation: Literal["bicubic", "bilinear"]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, picture: Image.Image) -> Float32:
        """Return a picture as an array of shape (3, size, size)."""
        kind, size = _INTERPOLATION[self.interpolation], self.size
        if self.resize == "squash":
            scaled = picture.resize((size, size), kind)
        else:
            width, height = picture.size
            shorter = min(width, height)
            new = (int(size * width / shorter), int(size * height / shorter))
            left, top = (round((side - size) / 2) for side in new)
            scaled = picture.resize(new, kind).crop((left, top, left + size, top + size))
        values = np.asarray(scaled, np.float32) / np.float32(255)
        mean, std = (np.asarray(channels, np.float32) for channels in (self.mean, self.std))
        return np.ascontiguousarray(((values - mean) / std).transpose(2, 0, 1), np.float32)


def projection(label: str, width: int) -> Embed:
    """Return a stand-in for a model: a fixed random projection of a small picture.

    Parameters
    ----------
    label : str
        Name of the embedding, which the projection is drawn by.
    width : int
        Numbers an image.

    Returns
    -------
    callable
        Pictures, shrunk to 16 x 16 pixels by averaging, to float32 rows of shape (n, width). It
        runs anywhere and gives the same bytes everywhere; it knows nothing of what pictures show.
    """
    seed = np.random.SeedSequence([zlib.crc32(label.encode()), width])
    rng = np.random.Generator(np.random.PCG64(seed))
    axes = rng.standard_normal((3 * SIDE * SIDE, width)) / np.sqrt(3 * SIDE * SIDE)

    def embed(pictures: Sequence[Image.Image]) -> Float32:
        small = [picture.resize((SIDE, SIDE), Image.Resampling.BOX) for picture in pictures]
        pixels = np.stack([np.asarray(picture, np.float64).ravel() for picture in small])
        # Rounded, so that bytes do not depend on the linear-algebra library.
        rows: Float32 = np.round((pixels / 255 - 0.5) @ axes, 5).astype(np.float32)
        return rows

    return embed


def timm_embedder(loaded: LoadedVision, preparation: Preparation, pool: str) -> Embed:
    """Return what runs a vision model on pictures.

    Parameters
    ----------
    loaded : LoadedVision
        A vision transformer of timm, on the device that it runs on.
    preparation : Preparation
        How pictures are prepared. Where their size is no multiple of the model's patches, the
        right and lower edges are left out, as a convolution without padding does.
    pool : {"output", "patches", "normed_patches"}
        ``"output"``: what the model returns, its pooled tokens after its projection.
        ``"patches"``: the mean of the patch tokens after the last block, without class and
        register tokens, before the last normalisation. ``"normed_patches"``: after it.

    Returns
    -------
    callable
        Pictures to float32 rows of shape (n, width).

    Raises
    ------
    RepalignError
        If the model has no blocks of patch tokens where they are wanted.
    """
    module = loaded.module
    n_prefix = int(getattr(module, "num_prefix_tokens", -1))
    if pool != "output" and (n_prefix < 0 or not len(getattr(module, "blocks", ()))):
        raise RepalignError(
            f"{type(module).__name__} has no patch tokens",
            where="laion.stimuli",
            expected="a vision transformer of timm, or pool: output",
            remedy="Correct `model` or `pool` of this embedding.",
        )
    side = _fit_size(module, preparation.size)

    def embed(pictures: Sequence[Image.Image]) -> Float32:
        torch = import_torch()
        batch = np.stack([preparation(picture) for picture in pictures])[:, :, :side, :side]
        first = next(module.parameters())
        values = torch.from_numpy(np.ascontiguousarray(batch)).to(first.device, first.dtype)
        if pool == "output":
            found = module(values)
        elif pool == "normed_patches":
            found = module.forward_features(values)[:, n_prefix:].mean(dim=1)
        else:
            found = _last_tokens(module, values)[:, n_prefix:].mean(dim=1)
        rows: Float32 = found.float().cpu().numpy()
        return rows

    return embed


def _fit_size(module: Any, size: int) -> int:  # noqa: ANN401
    """Return the width of the model's input, after setting the model to it if it has another."""
    patches = getattr(module, "patch_embed", None)
    if patches is None:
        return size
    side = size // int(patches.patch_size[0]) * int(patches.patch_size[0])
    if tuple(patches.img_size or (side, side)) != (side, side):
        module.set_input_size(img_size=(side, side))
    return side


def _last_tokens(module: Any, values: Any) -> Any:  # noqa: ANN401
    """Return the tokens (n, n_tokens, dim) after the last block."""
    heard: list[Any] = []
    handle = module.blocks[-1].register_forward_hook(lambda _m, _i, output: heard.append(output))
    try:
        module.forward_features(values)
    finally:
        handle.remove()
    return heard[0]
