"""The images of a simulated LAION-fMRI: their names, what they show, and their pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from repalign.simulate.captions import write_captions
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.render import render
from repalign.simulate.scenes import COCO, Scene, SceneObject, make_scene
from repalign.simulate.seeds import stream
from repalign.tables.laion_layout import GREY, OOD_CATEGORIES, SUBJECT_OF_SUFFIX

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

COLOURS: dict[str, tuple[int, int, int]] = {
    "person": (255, 0, 0), "dog": (0, 255, 0), "car": (0, 0, 255), "bench": (255, 255, 0),
    "bird": (255, 0, 255), "cup": (0, 255, 255), "clock": (255, 128, 0), "sign": (128, 0, 255),
}  # fmt: skip
"""What can be in an image, each drawn as a flat shape of its own colour."""
_CATEGORIES = {"sign": "stop sign"}
_KINDS = {name: (kind, k) for kind, names in COCO.items() for k, name in names.items()}
_ANIMATE = ("person", "dog", "bird")
_THINGS = tuple(noun for noun in COLOURS if noun not in _ANIMATE)
_PARTICIPANT = "shared"
"""What `participant` says of images that all see; the spelling in the release is not known."""


@dataclass(frozen=True)
class LaionImage:
    """One image.

    Attributes
    ----------
    number : int
        Of its scene, from 0; `laion_images` gives the images in another order.
    name : str
        File name, the key of all tables.
    dataset : str
        Where it is from: LAION-natural, THINGS, THINGSplus, NSD or OOD.
    participant : str
        `shared`, or the subject that alone sees it, such as `sub-03`.
    n_reps : int
        How often it is planned to be shown to a subject.
    """

    number: int
    name: str
    dataset: str
    participant: str
    n_reps: int

    @property
    def is_shared(self) -> bool:
        """Say whether all subjects see it."""
        return self.participant == _PARTICIPANT

    @property
    def is_ood(self) -> bool:
        """Say whether it is out of distribution."""
        return self.dataset == "OOD"

    def is_seen_by(self, subject: int) -> bool:
        """Say whether a subject sees it."""
        return self.participant in (_PARTICIPANT, f"sub-{subject:02d}")


@dataclass(frozen=True)
class Drawing:
    """What an image looks like.

    Attributes
    ----------
    scene : Scene
        What it shows.
    shown : ndarray of uint8, shape (image_size, image_size, 3)
        As displayed; of an image of another size before it is cut.
    encoded : bytes
        The JPEG or PNG file.
    size : tuple of int
        Its width and height, pixels.
    masks : list of (str, ndarray of bool)
        Noun and visible pixels of each object, in the order of the scene's objects.
    """

    scene: Scene
    shown: Pixels
    encoded: bytes
    size: tuple[int, int]
    masks: list[tuple[str, Mask]]


def laion_images(settings: LaionSimulation) -> list[LaionImage]:
    """Name all images.

    Parameters
    ----------
    settings : LaionSimulation
        Sizes and seed.

    Returns
    -------
    list of LaionImage
        In the order of the metadata, which is no alphabetical one.
    """
    rows = [*_shared(settings), *_unique(settings)]
    images = [LaionImage(k, *row) for k, row in enumerate(rows)]
    order = stream(settings.seed, "laion order").permutation(len(images))
    return [images[k] for k in order.tolist()]


def _shared(settings: LaionSimulation) -> Iterator[tuple[str, str, str, int]]:
    nouns = list(COLOURS)
    for k in range(settings.n_shared_laion):
        name = f"shared_12rep_LAION_cluster_{1003 + 17 * k}_i{k % 3}.jpg"
        yield name, "LAION-natural", _PARTICIPANT, 12
    for k in range(settings.n_shared_things):
        name = f"shared_12rep_THINGS+_kmeans_{k}_{nouns[k % len(nouns)]}.jpg"
        yield name, "THINGSplus", _PARTICIPANT, 12
    for k in range(settings.n_shared_nsd):
        yield f"shared_4rep_NSD_special1000_{100 + k}.jpg", "NSD", _PARTICIPANT, 4
    for k in range(settings.n_shared_ood):
        category = OOD_CATEGORIES[k % len(OOD_CATEGORIES)]
        name = f"shared_4rep_OOD_{category}_{nouns[k % len(nouns)]}_{k}.{_suffix(k)}"
        yield name, "OOD", _PARTICIPANT, 4


def _suffix(k: int) -> str:
    """Return the format of an OOD image: every second one is a PNG file with transparency."""
    return "png" if k % 2 == 0 else "jpg"


def _unique(settings: LaionSimulation) -> Iterator[tuple[str, str, str, int]]:
    nouns = list(COLOURS)
    for number, subject in SUBJECT_OF_SUFFIX.items():
        participant, end = f"sub-{subject:02d}", f"_p{number:02d}.jpg"
        for k in range(settings.n_unique_laion):
            name = f"unique_LAION_initial_cluster_{1122 + 31 * k + number}_i{20 + k}{end}"
            yield name, "LAION-natural", participant, 4
        for k in range(settings.n_unique_things):
            noun = nouns[(k + number) % len(nouns)]
            if k % 3 == 0:
                yield f"unique_THINGS_{noun}_{k}{end}", "THINGS", participant, 4
            else:
                yield f"unique_THINGS+_kmeans_{k}_{noun}{end}", "THINGSplus", participant, 4


def draw_image(image: LaionImage, settings: LaionSimulation) -> Drawing:
    """Draw an image.

    Parameters
    ----------
    image : LaionImage
        Which one.
    settings : LaionSimulation
        Sizes and seed.

    Returns
    -------
    Drawing
        A PNG file has transparent pixels of other colours beneath; every fourth image that one
        subject alone sees is less high than wide.
    """
    scene = _scene(image.number, settings.seed)
    size = settings.image_size
    pixels = render(Scene(image.number, scene.layout, (), ()), size, settings.seed)[0]
    masks = [_paint(pixels, thing) for thing in scene.objects]
    if image.name.endswith(".png"):
        layers = _transparent(pixels, masks)
        shown = _over_grey(layers)
        return Drawing(scene, shown, _png(layers), (size, size), masks)
    cut = not image.is_shared and image.number % 4 == 3
    height = size * 3 // 4 if cut else size
    return Drawing(scene, pixels, _jpeg(pixels[:height]), (size, height), masks)


def _scene(number: int, seed: int) -> Scene:
    """Draw what an image shows: up to four things in the quarters of the picture, apart."""
    layout = make_scene(seed, number).layout
    rng = stream(seed, "laion scene", number)
    n_things = int(rng.choice([0, 1, 2, 3, 4], p=[0.04, 0.24, 0.32, 0.24, 0.16]))
    kinds = _ANIMATE if rng.random() < 0.5 else _THINGS
    objects = []
    for place in rng.permutation(4)[:n_things].tolist():
        noun = str(rng.choice(kinds if rng.random() < 0.7 else list(COLOURS)))
        category = _CATEGORIES.get(noun, noun)
        supercategory, category_id = _KINDS[category]
        width, height = (round(float(share), 4) for share in rng.uniform(0.24, 0.4, 2))
        left = 0.05 + 0.5 * (place % 2) + float(rng.uniform(0, 0.4 - width))
        top = 0.05 + 0.5 * (place // 2) + float(rng.uniform(0, 0.4 - height))
        box = (round(left, 4), round(top, 4), width, height)
        objects.append(SceneObject(category_id, category, supercategory, box, 0.0))
    things = tuple(objects)
    return Scene(number, layout, things, write_captions(layout, things, rng))


def noun_of(thing: SceneObject) -> str:
    """Return the key of `COLOURS` that an object is."""
    return next((noun for noun, name in _CATEGORIES.items() if name == thing.category),
                thing.category)  # fmt: skip


def _paint(pixels: Pixels, thing: SceneObject) -> tuple[str, Mask]:
    """Paint an object: what is animate as an ellipse, anything else as a rectangle."""
    noun, size = noun_of(thing), len(pixels)
    left, top, width, height = (edge * size for edge in thing.box)
    y, x = np.mgrid[:size, :size] + 0.5
    right, down = (x - left) / width * 2 - 1, (y - top) / height * 2 - 1
    if noun in _ANIMATE:
        mask: Mask = right**2 + down**2 <= 1
    else:
        mask = np.maximum(np.abs(right), np.abs(down)) <= 1
    pixels[mask] = COLOURS[noun]
    return noun, mask


def _transparent(pixels: Pixels, masks: list[tuple[str, Mask]]) -> Pixels:
    """Hide the ground of half a picture, with the colour of people beneath, and dim a strip."""
    size = len(pixels)
    ground = ~np.any([np.zeros((size, size), bool), *(mask for _, mask in masks)], axis=0)
    layers = np.dstack([pixels, np.full((size, size), 255, np.uint8)])
    hidden = ground & (np.arange(size) < size // 2)
    layers[hidden] = (*COLOURS["person"], 0)
    strip = slice(size // 2, size // 2 + size // 8)
    layers[:, strip, 3][ground[:, strip]] = 128
    return layers


def _over_grey(layers: Pixels) -> Pixels:
    """Return a transparent picture as it was displayed."""
    shown = Image.fromarray(layers)
    grey = Image.new("RGBA", shown.size, (*GREY, 255))
    return np.asarray(Image.alpha_composite(grey, shown).convert("RGB"))


def _png(layers: Pixels) -> bytes:
    content = io.BytesIO()
    Image.fromarray(layers).save(content, "PNG")
    return content.getvalue()


def _jpeg(pixels: Pixels) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=95, subsampling=0)
    return content.getvalue()
