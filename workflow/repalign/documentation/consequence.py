"""What follows from changing a setting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Consequence:
    """What follows from changing some settings.

    Attributes
    ----------
    keys : tuple of str
        Patterns of the keys, with `*`.
    changes : str
        Which numbers or files change, what published behaviour a value restores, what it costs.
    reruns : tuple of str
        Steps that take the setting themselves; what is made from their outputs follows. Empty: no
        result depends on it.
    """

    keys: tuple[str, ...]
    changes: str
    reruns: tuple[str, ...] = ()


def consequence(keys: str, changes: str, *reruns: str) -> Consequence:
    """Return what follows from changing settings, whose patterns are parted by spaces."""
    return Consequence(tuple(keys.split()), changes, reruns)


RDMS = (
    "compute_rdms", "compute_session_rdms", "compute_image_rdms", "compute_control_rdms",
    "compare_group", "compare_subject_sessions",
)  # fmt: skip
"""Steps that compute RDMs of responses, and those that do so within a comparison."""
FEATURES = ("extract_vision_features", "extract_language_features")
