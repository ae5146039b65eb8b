"""COCO's annotation files for the pictures of a simulated NSD, in COCO's own structure.

NSD shows a square of each COCO picture. Annotations are of the whole picture: boxes, areas and
outlines are moved and scaled from the square to it. As in COCO, neither images nor annotations
stand in any useful order, numbers are no places in a list, and there are pictures that NSD did
not take. Each picture keeps the order of its captions and objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.simulate.coco_people import PERSON, person_annotation, person_category
from repalign.simulate.scenes import COCO, Scene, make_scene
from repalign.simulate.seeds import stream
from repalign.tables.atomic import atomic_file
from repalign.tables.coco_tables import SPLITS

T = TypeVar("T")
Float64 = npt.NDArray[np.float64]
Annotation = dict[str, Any]

N_OTHERS = 4
"""Pictures of each split that NSD did not take."""
CROWD_SHARE = 0.3
"""Share of the scenes with two objects of a kind in which a region is marked as a crowd."""


@dataclass
class Photo:
    """A whole COCO picture, and what is annotated in it.

    Attributes
    ----------
    coco_id : int
        COCO's number.
    split : str
        One of `SPLITS`.
    size : tuple of int
        Width and height, pixels.
    captions : tuple of str
        In the order of the annotators.
    objects : list of dict
        Annotations as in `instances_*.json`, crowds last.
    """

    coco_id: int
    split: str
    size: tuple[int, int]
    captions: tuple[str, ...]
    objects: list[Annotation] = field(default_factory=list)


def write_coco(
    folder: Path, scenes: Sequence[Scene], areas: Sequence[Sequence[int]], stimuli: pd.DataFrame,
    size: int, seed: int,
) -> None:  # fmt: skip
    """Write `captions_`, `instances_` and `person_keypoints_{train,val}2017.json`.

    Parameters
    ----------
    folder : Path
        Where to write; each file appears when it is whole.
    scenes : sequence of Scene
        In the order of the image file.
    areas : sequence of sequence of int
        Pixels of each object in the square picture.
    stimuli : DataFrame
        NSD's stimulus table: cocoId, cocoSplit, cropBox.
    size : int
        Width of the square picture, pixels.
    seed : int
        Seed of the simulation.
    """
    photos = list(_photos(scenes, areas, stimuli, size, seed))
    photos += _others(len(scenes), set(stimuli["cocoId"]), size, seed)
    rng = stream(seed, "coco numbers")
    everything = [entry for photo in photos for entry in photo.objects]
    for entry, number in zip(everything, rng.permutation(3 * len(everything)), strict=False):
        entry["id"] = int(number) + 1
    numbers = iter(rng.permutation(3 * sum(len(photo.captions) for photo in photos)) + 1)
    captions = {
        photo.coco_id: [
            {"image_id": photo.coco_id, "id": int(next(numbers)), "caption": text}
            for text in photo.captions
        ]
        for photo in photos
    }
    things = [
        {"supercategory": kind, "id": number, "name": name}
        for kind, names in COCO.items()
        for number, name in names.items()
    ]
    for k, split in enumerate(SPLITS):
        rng = stream(seed, "coco order", k)
        order = rng.permutation(sum(photo.split == split for photo in photos))
        own = [photo for photo in photos if photo.split == split]
        images = [_image(own[position]) for position in order]
        kinds: dict[str, tuple[list[list[Annotation]], list[Annotation] | None]] = {
            "captions": ([captions[photo.coco_id] for photo in own], None),
            "instances": ([photo.objects for photo in own], things),
            "person_keypoints": (
                [list(_people(photo, seed)) for photo in own],
                [person_category()],
            ),
        }
        for name, (groups, categories) in kinds.items():
            content = {"info": _INFO, "licenses": _LICENSES, "images": images,
                       "annotations": _scattered(groups, rng)}  # fmt: skip
            if categories is not None:
                content["categories"] = categories
            with atomic_file(folder / f"{name}_{split}.json") as temporary:
                temporary.write_text(json.dumps(content), encoding="utf-8")


_INFO = {
    "description": "COCO 2017 Dataset, simulated by repalign", "url": "", "version": "1.0",
    "year": 2017, "contributor": "repalign", "date_created": "2017/09/01",
}  # fmt: skip
_LICENSES = [{"url": "", "id": 1, "name": "Simulated"}]


def _photos(
    scenes: Sequence[Scene], areas: Sequence[Sequence[int]], stimuli: pd.DataFrame, size: int,
    seed: int,
) -> Iterator[Photo]:  # fmt: skip
    """Make the whole pictures that the squares of NSD were cut from."""
    rows = stimuli[["cocoId", "cocoSplit", "cropBox"]].to_numpy(object).tolist()
    for scene, pixels, (coco_id, split, crop) in zip(scenes, areas, rows, strict=True):
        edges = [float(part) for part in crop.strip("()").split(",")]
        shares = [area / size**2 for area in pixels]
        yield _photo(scene, shares, coco_id, split, edges, size, seed)


def _others(n_images: int, taken: set[int], size: int, seed: int) -> Iterator[Photo]:
    """Make pictures that NSD did not take."""
    rng = stream(seed, "coco others")
    free = sorted(set(range(1, 2 * len(taken) + 1000)) - taken)
    ids = rng.choice(free, N_OTHERS * len(SPLITS), replace=False).tolist()
    for k, coco_id in enumerate(ids):
        scene = make_scene(seed, n_images + k)
        shares = [0.7 * thing.box[2] * thing.box[3] for thing in scene.objects]
        edges = [0.0, 0.0, 0.1, 0.1]
        yield _photo(scene, shares, coco_id, SPLITS[k % len(SPLITS)], edges, size, seed)


def _photo(
    scene: Scene, shares: Sequence[float], coco_id: int, split: str, crop: Sequence[float],
    size: int, seed: int,
) -> Photo:  # fmt: skip
    """Enlarge a square picture, and add what the crop took away."""
    rng = stream(seed, "coco picture", scene.number)
    side = round(size * float(rng.uniform(1.1, 1.6)))
    top, bottom, left, right = crop
    width, height = round(side / (1 - left - right)), round(side / (1 - top - bottom))
    photo = Photo(coco_id, split, (width, height), scene.captions)
    # Fractions of the whole picture, as NSD's crop boxes are: exact where sides are rounded.
    corner = np.array([left * width, top * height])
    extent = np.array([(1 - left - right) * width, (1 - top - bottom) * height])
    for thing, share in zip(scene.objects, shares, strict=True):
        box = np.concatenate([corner + thing.box[:2] * extent, thing.box[2:] * extent])
        area = round(share * float(extent.prod()), 4)
        outline = [_polygon(box, area)]
        photo.objects.append(_annotation(photo, thing.category_id, box, area, outline))
    kinds = [thing.category_id for thing in scene.objects]
    many = next((kind for kind in kinds if kinds.count(kind) > 1), None)
    if many is not None and rng.random() < CROWD_SHARE:
        boxes = [entry["bbox"] for entry in photo.objects if entry["category_id"] == many]
        photo.objects.append(_crowd(photo, many, np.array(boxes)))
    return photo


def _annotation(
    photo: Photo, category: int, box: Float64, area: float, outline: object, *, crowd: bool = False
) -> Annotation:
    """Make an annotation as in `instances_*.json`; its number comes later."""
    return {
        "segmentation": outline,
        "area": area,
        "iscrowd": int(crowd),
        "image_id": photo.coco_id,
        "bbox": [round(float(edge), 2) for edge in box],
        "category_id": category,
        "id": 0,
    }


def _polygon(box: Float64, area: float) -> list[float]:
    """Draw an outline of eight corners that touches all sides of a box and has an area.

    Corners are the middles of the sides and, between them, points on the diagonals, at a
    distance from the centre that gives the area: from a star over a diamond to the whole box.
    """
    x, y, width, height = box
    far = min(area / (width * height), 1.0) / 2
    corners = [(0, -0.5), (far, -far), (0.5, 0), (far, far), (0, 0.5), (-far, far), (-0.5, 0),
               (-far, -far)]  # fmt: skip
    points = np.array(corners) * [width, height] + [x + width / 2, y + height / 2]
    return [round(float(value), 2) for value in points.ravel()]


def _crowd(photo: Photo, category: int, boxes: Float64) -> Annotation:
    """Mark the whole pixels that hold some boxes as a crowd, by run lengths."""
    width, height = photo.size
    x0, y0 = np.floor(boxes[:, :2].min(axis=0)).astype(int)
    x1, y1 = np.ceil((boxes[:, :2] + boxes[:, 2:]).max(axis=0)).astype(int)
    x1, y1 = min(int(x1), width), min(int(y1), height)
    mask = np.zeros((width, height), bool)
    mask[x0:x1, y0:y1] = True
    # Runs of columns: pixels outside come first, if there are none as a run of 0.
    flat = np.concatenate([[False], mask.ravel(), [not mask[-1, -1]]])
    counts = np.diff(np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1])]))
    outline = {"counts": counts.tolist(), "size": [height, width]}
    box = np.array([x0, y0, x1 - x0, y1 - y0], float)
    return _annotation(photo, category, box, float(box[2] * box[3]), outline, crowd=True)


def _people(photo: Photo, seed: int) -> Iterator[Annotation]:
    """Make the annotations of `person_keypoints_*.json`."""
    rng = stream(seed, "coco people", photo.coco_id)
    for entry in photo.objects:
        if entry["category_id"] == PERSON:
            yield person_annotation(entry, rng)


def _image(photo: Photo) -> dict[str, Any]:
    """Describe a picture."""
    width, height = photo.size
    return {
        "license": 1, "file_name": f"{photo.coco_id:012d}.jpg", "coco_url": "", "height": height,
        "width": width, "date_captured": "2013-11-14 17:02:52", "flickr_url": "",
        "id": photo.coco_id,
    }  # fmt: skip


def _scattered(groups: Sequence[Sequence[T]], rng: np.random.Generator) -> list[T]:
    """Mix the members of groups, which keep their order within a group."""
    owners = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    members = [iter(group) for group in groups]
    return [next(members[owner]) for owner in rng.permutation(owners)]
