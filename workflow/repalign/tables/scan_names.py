"""Names of mouse scans, and of the images that they show."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

KEY = r"\d+-\d+-\d+"
"""Pattern of the key of a scan: animal, session and scan."""
_NAME = re.compile(
    rf"static(?P<key>{KEY})-(?P<kind>Gray|Color)ImageNet(?:-(?P<stimulus_set>\w+))?"
)


class ScanName(NamedTuple):
    """What the name of a scan says."""

    animal: int
    """Number of the animal."""
    session: int
    """Number of the session of that animal."""
    scan: int
    """Number of the scan in that session."""
    kind: str
    """Pictures: Gray or Color; empty if the name does not say."""
    stimulus_set: str
    """Hash of the stimuli: scans of equal hash share them; empty if the name does not say."""

    @property
    def key(self) -> str:
        """Return the data key, such as 21067-10-18."""
        return f"{self.animal}-{self.session}-{self.scan}"


def parse_scan_name(name: str) -> ScanName | None:
    """Read the name of a scan's zip file or folder.

    Parameters
    ----------
    name : str
        Such as `static21067-10-18-GrayImageNet-94c6ff99.zip`, with or without `.zip`.

    Returns
    -------
    ScanName or None
        None for any other name: the scan needs a key from elsewhere then.
    """
    found = _NAME.fullmatch(name.removesuffix(".zip"))
    if found is None:
        return None
    return parse_key(found["key"])._replace(
        kind=found["kind"], stimulus_set=found["stimulus_set"] or ""
    )


def parse_key(key: str) -> ScanName:
    """Read a data key, such as 21067-10-18.

    Raises
    ------
    ValueError
        If it is none.
    """
    if re.fullmatch(KEY, key) is None:
        raise ValueError(f"{key!r} is no data key, such as 21067-10-18")
    animal, session, scan = map(int, key.split("-"))
    return ScanName(animal, session, scan, "", "")


def digest_of(image: npt.NDArray[np.float32]) -> str:
    """Return what tells images apart: a digest of shape and pixels, 32 hexadecimal digits.

    Parameters
    ----------
    image : ndarray of float32, shape (n_channels, height, width)
    """
    content = hashlib.sha256(str(image.shape).encode())
    content.update(np.ascontiguousarray(image, "<f4").tobytes())
    return content.hexdigest()[:32]


def stimulus_id(image_class: str, image_id: int) -> str:
    """Return the name of an image, which no reader of CSV files takes for a number."""
    kind = image_class if image_class[:1].isalpha() else f"class{image_class}"
    return f"{kind}_{image_id:06d}"
