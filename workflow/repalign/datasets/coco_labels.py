"""One label an NSD image, from the objects that COCO annotates in its picture.

The label is that of the annotation, or of the category, that covers most of the picture. Lists of
all annotations stay beside it, so that other rules can be tried on the table.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from repalign.datasets.coco_file import read_coco
from repalign.datasets.coco_objects import INSTANCE_CHECKS
from repalign.datasets.nsd_coco import Picture
from repalign.errors import RepalignError
from repalign.tables.columns import CATEGORY
from repalign.tables.curated_tables import COCO_LABELS, UNKNOWN

logger = logging.getLogger(__name__)

LabelRule = Literal["largest_instance", "largest_category_sum", "in_crop"]
RULES: tuple[LabelRule, ...] = ("largest_instance", "largest_category_sum", "in_crop")

WRONG_PICTURES = (
    "id_lookup is list_position: NSD image numbers were used as positions in COCO's list of "
    "images, so every label belongs to an unrelated picture. This reproduces a published set and "
    "is of no other use."
)
"""What logs and records say of the compatibility mode."""


@dataclass(frozen=True)
class Thing:
    """An annotation of a picture.

    Attributes
    ----------
    category, supercategory : str
        What it is.
    area : float
        Pixels of COCO's picture that it covers.
    in_crop : float
        Those of them inside the shown square; NaN if the picture is another one.
    crowd : bool
        Whether it marks a crowd, not one object.
    """

    category: str
    supercategory: str
    area: float
    in_crop: float
    crowd: bool


@dataclass(frozen=True)
class Labelled:
    """The COCO picture that an image's labels come from, and what is annotated there."""

    coco_id: int | None
    things: list[Thing]


def things_by_id(objects: pa.Table, pictures: Sequence[Picture]) -> list[Labelled]:
    """Return the annotations of each image's own picture.

    Parameters
    ----------
    objects : pyarrow.Table
        Columns of `COCO_OBJECTS`: found by the COCO number that the stimulus table gives.
    pictures : sequence of Picture
        All images, in the order wanted.

    Returns
    -------
    list of Labelled
        One an image. Annotations are in COCO's order.

    Raises
    ------
    RepalignError
        If an object is of an image that the stimulus table lacks, or of another picture.
    """
    names = ("nsd_id", "coco_id", "category", "supercategory", "area", "shown", "crowd")
    found: dict[int, list[Thing]] = {picture.nsd_id: [] for picture in pictures}
    own = {picture.nsd_id: picture.coco_id for picture in pictures}
    for nsd_id, coco_id, category, supercategory, area, shown, crowd in zip(
        *(objects[name].to_pylist() for name in names), strict=True
    ):
        if own.get(nsd_id) != coco_id:
            raise RepalignError(
                f"COCO picture {coco_id} as NSD image {nsd_id}",
                where="table of COCO objects",
                expected=f"picture {own.get(nsd_id)}, as in the stimulus table",
                remedy="Delete coco_objects.parquet and run the workflow again.",
            )
        found[nsd_id].append(Thing(category, supercategory, area, area * shown, crowd))
    return [Labelled(picture.coco_id, found[picture.nsd_id]) for picture in pictures]


def things_by_position(files: Sequence[str | Path], pictures: Sequence[Picture]) -> list[Labelled]:
    """Return the annotations that a lookup of NSD numbers in renumbered lists finds: the defect.

    Parameters
    ----------
    files : sequence of str or Path, length 2
        `instances_train2017.json` and `instances_val2017.json`.
    pictures : sequence of Picture
        All images, in the order wanted.

    Returns
    -------
    list of Labelled
        One an image; of an unrelated picture, or of none.

    Notes
    -----
    The published set merged both files by a script that gives images new numbers: their places in
    the joined lists, from 0. It then looked up NSD's numbers from 1. (The script leaves a gap
    between both lists, which the real NSD never reaches: its 73,000 images are fewer than the
    118,287 of the first list.)
    """
    logger.warning("%s", WRONG_PICTURES)
    # Two readings each: which pictures are wanted depends on the order of all of them.
    bare = [read_coco(path, (), {}, categories=False).images for path in files]
    places = dict(enumerate(coco_id for images in bare for coco_id in images))
    looked_up = [places.get(picture.nsd_id + 1) for picture in pictures]
    wanted = {coco_id for coco_id in looked_up if coco_id is not None}
    things: dict[int, list[Thing]] = {}
    for path in files:
        file = read_coco(path, wanted, INSTANCE_CHECKS, categories=True)
        for coco_id, entries in file.annotations.items():
            kinds = [file.categories[entry["category_id"]] for entry in entries]
            things[coco_id] = [
                Thing(
                    kind["name"],
                    kind["supercategory"],
                    float(entry["area"]),
                    math.nan,
                    bool(entry["iscrowd"]),
                )
                for kind, entry in zip(kinds, entries, strict=True)
            ]
    return [
        Labelled(coco_id, things.get(coco_id, []) if coco_id is not None else [])
        for coco_id in looked_up
    ]


def labels_table(
    pictures: Sequence[Picture],
    labelled: Sequence[Labelled],
    rule: LabelRule,
    *,
    include_crowd: bool,
) -> pa.Table:
    """Make the table of labels.

    Parameters
    ----------
    pictures : sequence of Picture
        All images.
    labelled : sequence of Labelled
        What is annotated, in the same order.
    rule : {"largest_instance", "largest_category_sum", "in_crop"}
        Which annotation, or category, gives the label. ``"largest_instance"``: the annotation
        with the largest area in COCO's picture. ``"largest_category_sum"``: the category, and
        the supercategory, with the largest sum of areas; each by its own sums. ``"in_crop"``:
        the annotation with the largest area inside the shown square. The first in COCO's order
        wins a tie.
    include_crowd : bool
        Whether regions that mark a crowd count.

    Returns
    -------
    pyarrow.Table
        Columns of `COCO_LABELS`.
    """
    rows = [
        _row(picture, own, rule, include_crowd=include_crowd)
        for picture, own in zip(pictures, labelled, strict=True)
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COCO_LABELS)
    arrays = [
        pa.array(values, pa.string()).dictionary_encode().cast(CATEGORY)
        if entry.type == CATEGORY
        else pa.array(values, entry.type)
        for values, entry in zip(columns, COCO_LABELS, strict=True)
    ]
    table = pa.Table.from_arrays(arrays, schema=COCO_LABELS)
    n_unknown = sum(row[-2] == UNKNOWN for row in rows)
    logger.info("%d images, %d of them without a label", len(rows), n_unknown)
    return table


def _row(
    picture: Picture, labelled: Labelled, rule: LabelRule, *, include_crowd: bool
) -> tuple[object, ...]:
    """Return the columns of one image."""
    things = [thing for thing in labelled.things if include_crowd or not thing.crowd]
    supercats, cats = [t.supercategory for t in things], [t.category for t in things]
    areas, in_crop = [t.area for t in things], [t.in_crop for t in things]
    if rule == "largest_category_sum":
        chosen = _largest_sum(supercats, areas), _largest_sum(cats, areas)
    else:
        chosen = _largest(supercats, cats, areas if rule == "largest_instance" else in_crop, rule)
    return (
        picture.nsd_id, picture.coco_id, picture.split, labelled.coco_id, len(things), supercats,
        cats, areas, in_crop, *chosen,
    )  # fmt: skip


def _largest(
    supercats: Sequence[str], cats: Sequence[str], sizes: Sequence[float], rule: LabelRule
) -> tuple[str, str]:
    """Return the labels of the first of the largest annotations."""
    if not sizes:
        return UNKNOWN, UNKNOWN
    k = sizes.index(max(sizes))
    # What the square does not show at all is no label of it.
    if rule == "in_crop" and not sizes[k] > 0:
        return UNKNOWN, UNKNOWN
    return supercats[k], cats[k]


def _largest_sum(names: Sequence[str], areas: Sequence[float]) -> str:
    """Return the name with the largest sum of areas; exact sums, so that ties are ties."""
    totals = {name: math.fsum(own) for name, own in _grouped(names, areas)}
    return max(totals, key=totals.__getitem__, default=UNKNOWN)


def _grouped(names: Sequence[str], areas: Sequence[float]) -> Iterator[tuple[str, list[float]]]:
    """Yield each name with its areas, in order of first occurrence."""
    groups: dict[str, list[float]] = {}
    for name, area in zip(names, areas, strict=True):
        groups.setdefault(name, []).append(area)
    yield from groups.items()
