"""Names of the sets of images of LAION-fMRI that may take part in comparisons."""

from __future__ import annotations

N_REPETITIONS = 12
"""Showings of an image to a subject at most, in the whole experiment."""
SPLITS = (
    *(f"random_{k}" for k in range(5)), *(f"cluster_k5_{k}" for k in range(5)), "tau", "ood",
)  # fmt: skip
"""Names of the train-test splits that come with the public client."""
SIDES = ("train", "test")

KINDS = ("main", "ood", "natural")
"""Shared images that are not out of distribution; those that are; and all images that are not,
shared or not."""
OF_SPLITS = tuple(f"{split}-{side}" for split in SPLITS for side in SIDES)
"""Sides of the splits of the shared images."""
OF_NOUNS = ("with-noun", "without-noun")
"""Those of `main` with and without the noun of the settings."""
IMAGE_SETS = (*KINDS, *OF_SPLITS, *OF_NOUNS)


def split_of(name: str) -> tuple[str, str]:
    """Return split and side of a set of `OF_SPLITS`."""
    split, _, side = name.rpartition("-")
    return split, side
