"""Images of mouse scans as models see them: three channels of 8 bits, by a rule that says how."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from repalign.datasets.mouse_files import ScanFiles, open_scan
from repalign.datasets.mouse_findings import refuse_scan
from repalign.datasets.mouse_scan import read_image
from repalign.tables.scan_names import digest_of

ChannelRule = Literal["uv_green_zero", "luminance"]
CHANNEL_RULES: tuple[ChannelRule, ...] = ("uv_green_zero", "luminance")
Pixels = npt.NDArray[np.uint8]


def to_rgb(image: npt.NDArray[np.float32], rule: ChannelRule) -> Pixels:
    """Turn an image into three channels.

    Parameters
    ----------
    image : ndarray of float32, shape (n_channels, height, width)
        Grey (1 channel), or UV and green (2 channels); 0 to 255.
    rule : {"uv_green_zero", "luminance"}
        Of two channels: UV, green and 0 as red, green and blue; or their mean three times.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Rounded to whole values, half to even. One channel is repeated; three are kept.

    Raises
    ------
    ValueError
        If there are other numbers of channels, or values outside of 0 to 255.

    Notes
    -----
    Models are trained on what people see, and no rule makes UV visible to them. `luminance`
    leaves out colour, `uv_green_zero` keeps it in channels that mean something else.
    """
    if image.ndim != 3 or image.shape[0] not in (1, 2, 3):
        raise ValueError(f"an image of shape {image.shape}; expected 1 to 3 channels first")
    if image.size and not (image.min() >= 0 and image.max() <= 255):
        raise ValueError(f"pixels from {image.min():g} to {image.max():g}; expected 0 to 255")
    if image.shape[0] == 2 and rule == "uv_green_zero":
        channels = np.concatenate([image, np.zeros_like(image[:1])])
    elif image.shape[0] == 3:
        channels = image
    else:
        channels = np.repeat(image.mean(axis=0, keepdims=True, dtype=np.float64), 3, axis=0)
    rgb: Pixels = np.rint(np.moveaxis(channels, 0, -1)).astype(np.uint8)
    return rgb


class ScanPictures:
    """Stimuli of mouse scans, read from the scans one at a time; see `models.images.Images`.

    Parameters
    ----------
    scans : mapping of str to Path
        Folder or zip file of each scan by data key.
    files : sequence of str, shape (n_images,)
        Where each stimulus is: data key and file number, such as `21067-10-18/17`.
    digests : sequence of str, shape (n_images,)
        Digest of the pixels that it must have.
    ids : sequence of int, shape (n_images,)
        Its number.
    rule : {"uv_green_zero", "luminance"}
        What becomes of two channels.

    Raises
    ------
    RepalignError
        If a scan cannot be opened, or one is missing.
    """

    def __init__(
        self,
        scans: Mapping[str, Path],
        files: Sequence[str],
        digests: Sequence[str],
        ids: Sequence[int] | npt.NDArray[np.integer[Any]],
        rule: ChannelRule,
    ) -> None:
        self.ids = np.asarray(ids, np.int64)
        self._rule = rule
        self._places = [(f.split("/")[0], int(f.split("/")[1])) for f in files]
        self._digests = list(digests)
        self._stack = ExitStack()
        self._scans: dict[str, ScanFiles] = {}
        for key in sorted({key for key, _ in self._places}):
            if key not in scans:
                raise refuse_scan(f"no scan {key}", "mouse.raw", "every scan that has stimuli")
            self._scans[key] = self._stack.enter_context(open_scan(scans[key]))

    @property
    def changes(self) -> Counter[str]:
        """Count nothing: the rule holds for all."""
        return Counter()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._places)

    def name(self, k: int) -> str:
        """Name image `k` for people."""
        key, number = self._places[k]
        return self._scans[key].where(f"data/images/{number}.npy")

    def picture(self, k: int) -> Image.Image:
        """Return image `k` as 8-bit RGB, in its own size."""
        return Image.fromarray(self._pixels(k))

    def encoded(self, k: int) -> bytes:
        """Return image `k` as the bytes of a PNG file."""
        content = io.BytesIO()
        self.picture(k).save(content, "PNG")
        return content.getvalue()

    def content(self, k: int) -> bytes:
        """Return the pixels of image `k` as stored."""
        return self._stored(k).tobytes()

    def close(self) -> None:
        """Close the scans."""
        self._stack.close()

    def _stored(self, k: int) -> npt.NDArray[np.float32]:
        key, number = self._places[k]
        image = read_image(self._scans[key], number)
        if digest_of(image) != self._digests[k]:
            raise refuse_scan(
                "other pixels than when it was indexed",
                self.name(k),
                f"digest {self._digests[k]}",
                "Run the workflow again, so that the scan is indexed anew.",
            )
        return image

    def _pixels(self, k: int) -> Pixels:
        try:
            return to_rgb(self._stored(k), self._rule)
        except ValueError as error:
            raise refuse_scan(str(error), self.name(k), "an image that can be shown") from error
