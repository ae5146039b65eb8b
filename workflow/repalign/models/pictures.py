"""Picture files, decoded whole and turned into 8-bit RGB; one that is damaged is refused."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile, ImageOps

from repalign.errors import RepalignError

ORIENTATION = 0x0112
"""Number of the EXIF field that says how a camera was held."""
_WITH_ALPHA = ("RGBA", "RGBa", "LA", "La", "PA")
_PLAIN = {"RGB": "", "L": "grey", "1": "black and white", "P": "palette", "CMYK": "CMYK",
          "YCbCr": "YCbCr", "RGBX": "padded RGB"}  # fmt: skip
WHITE = (255, 255, 255)
"""What browsers show transparent pictures over."""
_SERVED = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG"}


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    image : PIL.Image.Image
        8-bit RGB.
    changes : tuple of str
        What it was before, in words, where it was not 8-bit RGB and upright already.
    encoded : bytes
        A JPEG or PNG file that shows the same: the bytes that came in, if they do.
    """

    image: Image.Image
    changes: tuple[str, ...]
    encoded: bytes


def decode(content: bytes, where: str, *, ground: tuple[int, int, int] | None = WHITE) -> Picture:
    """Decode the bytes of a picture file.

    Parameters
    ----------
    content : bytes
        The whole file.
    where : str
        Its name, for messages.
    ground : tuple of int or None
        Colour that a transparent picture is laid over; None: its transparency is dropped, and
        colours that nobody was to see appear.

    Returns
    -------
    Picture
        Its first frame, as 8-bit RGB.

    Raises
    ------
    RepalignError
        If the file is empty, no picture, cut short or damaged, implausibly large, or of a kind
        whose brightness has no fixed scale (floating point, 32 bits).

    Notes
    -----
    Grey becomes three equal channels; 16-bit grey is divided by 257 first, so that white stays
    white. Palettes are looked up. CMYK and YCbCr are converted as Pillow does, without colour
    profiles, which are ignored throughout. Where there is transparency, the picture is laid over
    `ground`: white, as browsers show it, unless a dataset was shown over something else. Pictures
    are turned upright as their EXIF orientation says, as every viewer shows them.

    JPEG decoders fill what is missing with grey. A cut file is noticed by Pillow, whose
    LOAD_TRUNCATED_IMAGES is kept off; one whose end is zeros, as broken downloads leave it, by
    the missing end marker. Checksums of PNG chunks are verified.
    """
    if not content:
        raise _error("0 bytes", where, "a picture")
    # A global that some libraries switch on.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(content)) as checked:
            kind = _SERVED.get(str(checked.format), "")
            if kind == "PNG":
                checked.verify()
        if kind == "JPEG" and content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda"):
            raise _error("a JPEG file without its end", where, "a complete picture")
        with Image.open(io.BytesIO(content)) as file:
            file.load()
            image, changes = _to_rgb(file, where, ground)
    except Image.DecompressionBombError as error:
        raise _error(str(error), where, "a picture of a plausible size") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # Pillow reports damage in all these ways; a broken PNG is a SyntaxError.
        found = f"no picture that can be decoded ({error})"
        raise _error(found, where, "a complete picture file") from error
    same = bool(kind) and set(changes) <= {"grey"}
    return Picture(image, changes, content if same else encode_png(image))


def encode_jpeg(image: Image.Image, quality: int = 75) -> bytes:
    """Return the bytes of a JPEG file of a picture; 75 is Pillow's own default quality."""
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality)
    return content.getvalue()


def encode_png(image: Image.Image) -> bytes:
    """Return the bytes of a PNG file of a picture, which loses nothing."""
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def _to_rgb(
    file: Image.Image, where: str, ground: tuple[int, int, int] | None
) -> tuple[Image.Image, tuple[str, ...]]:
    """Turn a loaded picture into upright 8-bit RGB, and say what it was."""
    changes = []
    image = file
    if file.getexif().get(ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(file)
        changes.append("turned")
    if image.mode.startswith("I;16") or image.mode == "I":
        changes.append("16-bit grey")
        return _narrowed(image, where), tuple(changes)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        changes.append("transparent")
        shown = image.convert("RGBA")
        if ground is None:
            return shown.convert("RGB"), tuple(changes)
        below = Image.new("RGBA", shown.size, (*ground, 255))
        return Image.alpha_composite(below, shown).convert("RGB"), tuple(changes)
    if image.mode not in _PLAIN:
        raise _error(f"a picture of mode {image.mode}", where, "8 or 16 bits a channel")
    if _PLAIN[image.mode]:
        changes.append(_PLAIN[image.mode])
    return image.convert("RGB"), tuple(changes)


def _narrowed(image: Image.Image, where: str) -> Image.Image:
    """Turn 16-bit grey into RGB."""
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise _error("grey values of more than 16 bits", where, "8 or 16 bits a channel")
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8)).convert(
        "RGB"
    )


def _error(found: str, where: str, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Fetch the picture again, or save it as an 8-bit RGB PNG or JPEG file.",
    )
