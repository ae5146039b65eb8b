"""Objects that COCO lists for a picture and that the square of NSD does not show.

They are what labels depend on: the largest object of a picture may lie beside the square, two
objects may be equally large, and several small ones may together be larger than the largest. All
are inanimate, so that no picture becomes one of people or animals by what it does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from repalign.simulate.coco_photo import Annotation, Photo, annotation, polygon
from repalign.simulate.scenes import ANIMATE, COCO
from repalign.simulate.seeds import stream
from repalign.tables.atomic import atomic_file

MIN_SIDE = 3.0
"""Strips beside the square that are narrower, in pixels, get no object."""
ALONE_SHARE = 0.5
"""Share of the pictures without objects, of those with a strip, that get one beside the square."""
_MARGIN = 0.05
_FILLED = 0.85
_OF_PAIR = 0.6


def add_beside(photos: Sequence[Photo], share: float, seed: int) -> None:
    """Add objects beside the square to some pictures.

    Parameters
    ----------
    photos : sequence of Photo
        Pictures of NSD; objects are added to `objects` and `beside`, before any crowd.
    share : float
        Share of the pictures with objects that get more: one object as large as fits, or, where
        there is room, two of a kind that together are larger than the largest object, or one
        exactly as large, listed before or after it. If it is above 0, some pictures without
        objects get one, too.
    seed : int
        Seed of the simulation.
    """
    if not share:
        return
    for photo in photos:
        rng = stream(seed, "coco beside", photo.coco_id)
        strips = _strips(photo)
        if not strips or rng.random() >= (share if photo.objects else ALONE_SHARE):
            continue
        shown = {entry["category_id"] for entry in photo.objects}
        taken = {kind for kind, names in COCO.items() if shown & set(names)}
        kind = str(rng.choice([kind for kind in COCO if kind not in {*ANIMATE, *taken}]))
        category = int(rng.choice(list(COCO[kind])))
        largest = max((entry["area"] for entry in photo.objects), default=0.0)
        roomy = [strip for strip in strips if 0 < largest <= strip[2] * strip[3]]
        choice = str(rng.choice(["largest", "pair", "tie"]))
        if choice == "tie" and roomy:
            _add(photo, category, roomy[0], largest, first=bool(rng.random() < 0.5))
        elif choice == "pair" and len(roomy) == 2:
            for strip in roomy:
                _add(photo, category, strip, round(_OF_PAIR * largest, 4), first=False)
        else:
            area = round(_FILLED * strips[0][2] * strips[0][3], 4)
            _add(photo, category, strips[0], area, first=False)


def write_beside(path: Path, photos: Sequence[Photo], ids: dict[int, int]) -> None:
    """Write ``objects_beside.tsv``: nsd_id, coco_id, category_id and category, a row an object.

    Parameters
    ----------
    path : Path
        File to write.
    photos : sequence of Photo
        Pictures; those that NSD did not take are left out.
    ids : dict of int to int
        Each picture of NSD, by COCO's number.
    """
    names = {number: name for kind in COCO.values() for number, name in kind.items()}
    rows = sorted(
        (ids[photo.coco_id], photo.coco_id, entry["category_id"])
        for photo in photos
        if photo.coco_id in ids
        for entry in photo.beside
    )
    lines = ["nsd_id\tcoco_id\tcategory_id\tcategory"]
    lines += [
        f"{nsd_id}\t{coco_id}\t{number}\t{names[number]}" for nsd_id, coco_id, number in rows
    ]
    with atomic_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _strips(photo: Photo) -> list[list[float]]:
    """List what the crop removes on each side, as x, y, width and height, wide enough ones."""
    width, height = photo.size
    x0, y0, x1, y1 = photo.square
    edges = [
        [0.0, 0.0, x0 - _MARGIN, float(height)],
        [x1 + _MARGIN, 0.0, width - x1 - _MARGIN, float(height)],
        [0.0, 0.0, float(width), y0 - _MARGIN],
        [0.0, y1 + _MARGIN, float(width), height - y1 - _MARGIN],
    ]
    return [box for box in edges if min(box[2], box[3]) >= MIN_SIDE]


def _add(photo: Photo, category: int, strip: list[float], area: float, *, first: bool) -> None:
    """Add an object that fills a strip, with an area of its own."""
    box = np.array(strip)
    entry: Annotation = annotation(photo, category, box, area, [polygon(box, area)])
    n_single = sum(not one["iscrowd"] for one in photo.objects)
    photo.objects.insert(0 if first else n_single, entry)
    photo.beside.append(entry)
