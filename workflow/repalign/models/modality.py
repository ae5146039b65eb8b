"""Which modality a model has, from its name alone."""

from __future__ import annotations

from collections.abc import Sequence

from repalign.tables.laion_layout import WIDTHS as LAION_EMBEDDINGS

MODALITIES = ("vision", "language")


def modality_of(stem: str) -> str:
    """Tell the modality of a model by its key.

    Parameters
    ----------
    stem : str
        Model key; `-untrained` at its end does not count.

    Returns
    -------
    str
        ``"vision"`` if the key ends with `-cls`, begins with `vit_` or is that of an embedding
        that LAION-fMRI comes with, otherwise ``"language"``.

    Notes
    -----
    The reference implementation has both rules, in different places. They agree on the published
    models; a vision model whose tokens are averaged is seen by the second alone.
    """
    named = stem.removesuffix("-untrained").endswith("-cls") or stem.startswith("vit_")
    return "vision" if named or stem in LAION_EMBEDDINGS else "language"


def by_modality(models: Sequence[str]) -> dict[str, list[str]]:
    """Return the models of each modality, in their order; an empty list where there is none."""
    return {
        modality: [name for name in models if modality_of(name) == modality]
        for modality in MODALITIES
    }
