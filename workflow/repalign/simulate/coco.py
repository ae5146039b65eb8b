"""COCO's annotation files for the pictures of a simulated NSD, in COCO's own structure.

NSD shows a square of each COCO picture. Annotations are of the whole picture: boxes, areas and
outlines are moved and scaled from the square to it. As in COCO, neither images nor annotations
stand in any useful order, numbers are no places in a list, and there are pictures that NSD did
not take. Each picture keeps the order of its captions and objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.simulate.coco_beside import add_beside
from repalign.simulate.coco_people import PERSON, person_annotation, person_category
from repalign.simulate.coco_photo import Annotation, Float64, Photo, annotation, polygon
from repalign.simulate.scenes import COCO, Scene, make_scene
from repalign.simulate.seeds import stream
from repalign.tables.atomic import atomic_file
from repalign.tables.coco_tables import SPLITS

T = TypeVar("T")

N_OTHERS = 4
"""Pictures of each split that NSD did not take."""
CROWD_SHARE = 0.3
"""Share of the scenes with two objects of a kind in which a region is marked as a crowd."""


def write_coco(
    folder: Path, scenes: Sequence[Scene], areas: Sequence[Sequence[int]], stimuli: pd.DataFrame,
    size: int, seed: int, beside_share: float = 0.0,
) -> list[Photo]:  # fmt: skip
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
    beside_share : float
        Share of NSD's pictures with objects beside the square; see `coco_beside.add_beside`.

    Returns
    -------
    list of Photo
        All pictures, in the order in which the files list them: train2017, then val2017.
    """
    photos = list(_photos(scenes, areas, stimuli, size, seed))
    add_beside(photos, beside_share, seed)
    photos += _others(len(scenes), set(stimuli["cocoId"]), size, seed)
    captions = _number(photos, seed)
    categories = {
        "instances": [
            {"supercategory": kind, "id": number, "name": name}
            for kind, names in COCO.items()
            for number, name in names.items()
        ],
        "person_keypoints": [person_category()],
    }
    listed: list[Photo] = []
    for k, split in enumerate(SPLITS):
        rng = stream(seed, "coco order", k)
        order = rng.permutation(sum(photo.split == split for photo in photos))
        own = [photo for photo in photos if photo.split == split]
        ordered = [own[position] for position in order]
        listed += ordered
        groups = {
            "captions": _scattered([captions[photo.coco_id] for photo in own], rng),
            "instances": _with_beside(own, rng, stream(seed, "coco order beside", k)),
            "person_keypoints": _scattered([list(_people(photo, seed)) for photo in own], rng),
        }
        for name, entries in groups.items():
            content = {"info": _INFO, "licenses": _LICENSES,
                       "images": [_image(photo) for photo in ordered],
                       "annotations": entries}  # fmt: skip
            if name in categories:
                content["categories"] = categories[name]
            with atomic_file(folder / f"{name}_{split}.json") as temporary:
                temporary.write_text(json.dumps(content), encoding="utf-8")
    return listed


def _number(photos: Sequence[Photo], seed: int) -> dict[int, list[Annotation]]:
    """Give all objects numbers, and return the numbered captions of each picture.

    The numbers of all else are the same with and without objects beside the square.
    """
    beside = [entry for photo in photos for entry in photo.beside]
    added = {id(entry) for entry in beside}
    shown = [entry for photo in photos for entry in photo.objects if id(entry) not in added]
    rng = stream(seed, "coco numbers")
    for entry, number in zip(shown, rng.permutation(3 * len(shown)), strict=False):
        entry["id"] = int(number) + 1
    free = stream(seed, "coco numbers beside").permutation(3 * len(beside)) + 3 * len(shown)
    for entry, number in zip(beside, free, strict=False):
        entry["id"] = int(number) + 1
    numbers = iter(rng.permutation(3 * sum(len(photo.captions) for photo in photos)) + 1)
    return {
        photo.coco_id: [
            {"image_id": photo.coco_id, "id": int(next(numbers)), "caption": text}
            for text in photo.captions
        ]
        for photo in photos
    }


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
    # Fractions of the whole picture, as NSD's crop boxes are: exact where sides are rounded.
    corner = np.array([left * width, top * height])
    extent = np.array([(1 - left - right) * width, (1 - top - bottom) * height])
    x0, y0, x1, y1 = np.concatenate([corner, corner + extent]).tolist()
    photo = Photo(coco_id, split, (width, height), scene.captions, (x0, y0, x1, y1))
    for thing, share in zip(scene.objects, shares, strict=True):
        box = np.concatenate([corner + thing.box[:2] * extent, thing.box[2:] * extent])
        area = round(share * float(extent.prod()), 4)
        outline = [polygon(box, area)]
        photo.objects.append(annotation(photo, thing.category_id, box, area, outline))
    kinds = [thing.category_id for thing in scene.objects]
    many = next((kind for kind in kinds if kinds.count(kind) > 1), None)
    if many is not None and rng.random() < CROWD_SHARE:
        boxes = [entry["bbox"] for entry in photo.objects if entry["category_id"] == many]
        photo.objects.append(_crowd(photo, many, np.array(boxes)))
    return photo


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
    return annotation(photo, category, box, float(box[2] * box[3]), outline, crowd=True)


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
    return _dealt(groups, rng.permutation(_owners([len(group) for group in groups])))


def _with_beside(
    photos: Sequence[Photo], rng: np.random.Generator, other: np.random.Generator
) -> list[Annotation]:
    """Mix the objects of pictures; what `rng` draws next does not depend on those beside."""
    n_shown = [len(photo.objects) - len(photo.beside) for photo in photos]
    owners = rng.permutation(_owners(n_shown))
    added = other.permutation(_owners([len(photo.beside) for photo in photos]))
    places = other.integers(owners.size, size=added.size, endpoint=True)
    return _dealt([photo.objects for photo in photos], np.insert(owners, places, added))


def _owners(counts: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(len(counts)), counts)


def _dealt(groups: Sequence[Sequence[T]], owners: npt.NDArray[np.int64]) -> list[T]:
    """Take the next member of each owner's group."""
    members = [iter(group) for group in groups]
    return [next(members[owner]) for owner in owners]
