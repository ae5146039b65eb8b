"""Which modality a model has, from its name alone."""

from __future__ import annotations

MODALITIES = ("vision", "language")


def modality_of(stem: str) -> str:
    """Tell the modality of a model by its key, the published way.

    Parameters
    ----------
    stem : str
        Model key; `-untrained` at its end does not count.

    Returns
    -------
    str
        ``"vision"`` if the key ends with `-cls`, otherwise ``"language"``.
    """
    return "vision" if stem.removesuffix("-untrained").endswith("-cls") else "language"
