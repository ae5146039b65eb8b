"""Which label every image of a simulated NSD has, by each rule, from what was planted alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from repalign.simulate.coco_photo import Annotation, Photo
from repalign.simulate.scenes import COCO
from repalign.tables.atomic import atomic_file

RULES = ("largest_instance", "largest_category_sum", "in_crop")
UNKNOWN = "unknown"
"""The label of an image without objects."""

_NAMES = {number: (kind, name) for kind, names in COCO.items() for number, name in names.items()}


@dataclass(frozen=True)
class _Seen:
    """An object: its names and the area that a rule gives it."""

    supercategory: str
    category: str
    area: float


def write_labels(path: Path, listed: Sequence[Photo], ids: dict[int, int]) -> None:
    """Write ``labels.tsv``.

    Parameters
    ----------
    path : Path
        File to write.
    listed : sequence of Photo
        All pictures in the order of COCO's files, train2017 before val2017.
    ids : dict of int to int
        Each picture of NSD (from 0), by COCO's number.

    Notes
    -----
    A row an image, rule, with or without crowds, and kind of look-up: ``stim_info``, the picture
    itself, or ``list_position``, what a known mistake gives: the picture at the place of the
    image's number from 1 in the joined lists, the first picture having place 0. Supercategory and
    category are those of the object with the largest area (``largest_instance``), the label with
    the largest summed area (``largest_category_sum``; supercategories and categories each by
    their own sums), or the object with the largest area in the square (``in_crop``); the first
    one listed, if several are equal.
    """
    photos = {ids[photo.coco_id]: photo for photo in listed if photo.coco_id in ids}
    lines = ["nsd_id\tid_lookup\trule\tcrowds\tsupercategory\tcategory"]
    for image in sorted(photos):
        place = image + 1
        misplaced = [listed[place]] if place < len(listed) else []
        for lookup, found in (("stim_info", [photos[image]]), ("list_position", misplaced)):
            for rule in RULES if lookup == "stim_info" else RULES[:2]:
                for crowds in (True, False):
                    names = _label([*_seen(found, rule, crowds=crowds)], rule)
                    row = [str(image), lookup, rule, str(crowds).lower(), *names]
                    lines.append("\t".join(row))
    with atomic_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _seen(photos: Iterable[Photo], rule: str, *, crowds: bool) -> Iterable[_Seen]:
    """List the objects that count, with their areas."""
    for photo in photos:
        for entry in photo.objects:
            area = entry["area"] * (_shown(photo, entry) if rule == "in_crop" else 1.0)
            if area > 0 and (crowds or not entry["iscrowd"]):
                yield _Seen(*_NAMES[entry["category_id"]], area)


def _shown(photo: Photo, entry: Annotation) -> float:
    """Return the share of an object in the square; a crowd is a rectangle of whole pixels."""
    if not entry["iscrowd"]:
        return float(not any(entry is one for one in photo.beside))
    x, y, width, height = entry["bbox"]
    x0, y0, x1, y1 = photo.square
    across = min(x + width, x1) - max(x, x0)
    down = min(y + height, y1) - max(y, y0)
    return float(max(across, 0.0) * max(down, 0.0) / (width * height))


def _label(seen: Sequence[_Seen], rule: str) -> tuple[str, str]:
    """Return supercategory and category."""
    if not seen:
        return UNKNOWN, UNKNOWN
    if rule != "largest_category_sum":
        largest = max(seen, key=lambda one: one.area)
        return largest.supercategory, largest.category
    kinds: dict[str, float] = {}
    names: dict[str, float] = {}
    for one in seen:
        kinds[one.supercategory] = kinds.get(one.supercategory, 0.0) + one.area
        names[one.category] = names.get(one.category, 0.0) + one.area
    return max(kinds, key=lambda kind: kinds[kind]), max(names, key=lambda name: names[name])
