"""What every setting changes, and which jobs run again first, for people."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from repalign.documentation.comparison_settings import COMPARISONS, MACHINE
from repalign.documentation.consequence import Consequence
from repalign.documentation.dataset_settings import DATASETS, OTHER_DATASETS
from repalign.documentation.image_settings import IMAGES

OF_DATASETS = ("nsd", "bold5000", "things", "laion", "mouse")

CONSEQUENCES: Sequence[Consequence] = (
    *OTHER_DATASETS, *COMPARISONS, *IMAGES, *MACHINE, *DATASETS,
)  # fmt: skip
"""In order: the first whose pattern fits a key is the one of that key."""


def consequence_of(key: str) -> Consequence | None:
    """Return what follows from changing a setting, or None where nobody wrote it down.

    Parameters
    ----------
    key : str
        Dotted key, such as `rsa.clip_quantile`.
    """
    for consequence in CONSEQUENCES:
        if any(fnmatchcase(key, pattern) for pattern in consequence.keys):
            return consequence
    return None


def steps_of(key: str) -> list[str]:
    """Return the steps that a setting makes run again first; of a dataset's key those of it.

    Parameters
    ----------
    key : str
        Dotted key, such as `rsa.clip_quantile`.
    """
    found = consequence_of(key)
    section = key.split(".")[0]
    others = [name for name in OF_DATASETS if name != section and section in OF_DATASETS]
    steps = found.reruns if found else ()
    return [step for step in steps if not any(name in step for name in others)]
