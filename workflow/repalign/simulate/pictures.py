"""Picture files of simulated datasets, in the formats that real collections of pictures have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from repalign.simulate.render import render
from repalign.simulate.scenes import COCO, Scene, SceneObject, make_scene

KINDS = ("rgb", "grey", "cmyk", "png")
"""What files named as JPEG hold in ImageNet and COCO: mostly RGB, some grey or CMYK, and a PNG."""


def kind_of(position: int) -> str:
    """Return the kind of the picture at a position: three in every twelve are awkward."""
    return {3: "grey", 6: "cmyk", 8: "png"}.get(position % 12, "rgb")


def save_picture(path: Path, pixels: npt.NDArray[np.uint8], kind: str) -> None:
    """Write a picture.

    Parameters
    ----------
    path : Path
        File to write; its suffix decides nothing.
    pixels : ndarray, uint8, shape (height, width, 3)
        Red, green and blue.
    kind : str
        One of `KINDS`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    if kind == "png":
        image.save(path, "PNG")
        return
    mode = {"rgb": "RGB", "grey": "L", "cmyk": "CMYK"}[kind]
    image.convert(mode).save(path, "JPEG", quality=90)


def concept_scene(seed: int, number: int, category: str) -> Scene:
    """Draw a scene with one large object, as pictures of a concept have."""
    supercategory, category_id = next(
        (kind, id_)
        for kind, names in COCO.items()
        for id_, name in names.items()
        if name == category
    )
    drawn = make_scene(seed, number)
    tint = round(((number * 37) % 100) / 50 - 1, 3)
    thing = SceneObject(category_id, category, supercategory, (0.2, 0.25, 0.6, 0.6), tint)
    return Scene(number, drawn.layout, (thing,), ())


def draw(scene: Scene, size: int, seed: int) -> npt.NDArray[np.uint8]:
    """Draw a scene.

    Returns
    -------
    ndarray, uint8, shape (size, size, 3)
        Red, green and blue.
    """
    return render(scene, size, seed)[0]


def described(scene: Scene, path: str, kind: str) -> dict[str, Any]:
    """Return what is true of a picture, for the folder `truth`."""
    return {
        "image_path": path,
        "kind": kind,
        "setting": scene.layout.setting,
        "objects": [thing.category for thing in scene.objects],
    }
