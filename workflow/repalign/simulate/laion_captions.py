"""Captions of the images of a simulated LAION-fMRI, some of them awkward to read from a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from repalign.simulate.laion_images import LaionImage
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.scenes import Scene
from repalign.simulate.seeds import stream
from repalign.tables.laion_layout import N_CAPTIONS

AI_MODEL = "sim-captioner-1"
_NULL_WORDS = ("None", "NA", "null", "nan", "n/a")
_AWKWARD = (
    'a "quoted" sign,\nover two lines',
    "a naïve drawing of a café, 30 °C",
    "=1+1, or so it seems",
)


class HumanCaption(NamedTuple):
    """A caption that a crowd worker wrote; rank 1 is the best of an image."""

    image_name: str
    rank: int
    caption: str
    batch: str
    worker: str


class AiCaption(NamedTuple):
    """A caption that a model wrote."""

    image_name: str
    caption: str
    ai_model: str


def human_captions(
    images: Sequence[LaionImage], scenes: Sequence[Scene], settings: LaionSimulation
) -> list[HumanCaption]:
    """Write what people said of the images.

    Parameters
    ----------
    images : sequence of LaionImage
        All of them.
    scenes : sequence of Scene
        What each shows.
    settings : LaionSimulation
        Seed, and whether some captions are words that readers take for missing values.

    Returns
    -------
    list of HumanCaption
        In no order: as they came in.
    """
    rng = stream(settings.seed, "laion captions")
    rows = []
    for image, scene in zip(images, scenes, strict=True):
        wanted = N_CAPTIONS["shared" if image.is_shared else "unique"]
        wordings = rng.permutation(len(scene.captions))[:wanted].tolist()
        for rank, wording in enumerate(wordings, start=1):
            batch = "topup1" if rank == wanted and image.number % 5 == 0 else "main3"
            worker = f"worker-{int(rng.integers(16**12)):012x}"
            rows.append(HumanCaption(image.name, rank, scene.captions[wording], batch, worker))
    texts = [*_AWKWARD, *(_NULL_WORDS if settings.null_words else ())]
    for place, text in zip(rng.choice(len(rows), len(texts), replace=False), texts, strict=True):
        rows[place] = rows[place]._replace(caption=text)
    return [rows[k] for k in rng.permutation(len(rows)).tolist()]


def ai_captions(images: Sequence[LaionImage], scenes: Sequence[Scene]) -> list[AiCaption]:
    """Write what a model said of the shared images that are not out of distribution."""
    return [
        AiCaption(image.name, " ".join(scene.captions[:2]), AI_MODEL)
        for image, scene in zip(images, scenes, strict=True)
        if image.is_shared and not image.is_ood
    ]
