"""COCO's annotation files: what is not needed is dropped while reading, the rest is checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError

REMEDY = "Fetch annotations_trainval2017.zip from COCO again, and unpack it."
_KEPT = frozenset({
    "images", "annotations", "categories", "id", "image_id", "category_id", "caption", "bbox",
    "area", "iscrowd", "segmentation", "counts", "size", "width", "height", "name",
    "supercategory", "keypoints", "num_keypoints",
})  # fmt: skip
_IDS = ("id", "image_id", "category_id")

Float64 = npt.NDArray[np.float64]
Entry = dict[str, Any]
Check = Callable[[Any], bool]


def is_whole(value: object) -> bool:
    """Say whether a value is a whole number of at least 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_number(value: object) -> bool:
    """Say whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def is_numbers(length: int) -> Check:
    """Return a check for a list of some finite numbers."""
    return lambda value: (
        isinstance(value, list) and len(value) == length and all(map(is_number, value))
    )


def is_text(value: object) -> bool:
    """Say whether a value is text."""
    return isinstance(value, str)


def is_flag(value: object) -> bool:
    """Say whether a value is 0 or 1."""
    return is_whole(value) and value in (0, 1)


def is_outline(value: object) -> bool:
    """Say whether a value is a list of polygons, or run lengths, as `read_coco` leaves them."""
    if isinstance(value, dict):
        counts, size = value.get("counts"), value.get("size")
        return isinstance(counts, np.ndarray) and is_numbers(2)(size)
    return isinstance(value, list) and all(isinstance(part, np.ndarray) for part in value)


@dataclass(frozen=True)
class CocoFile:
    """One annotation file.

    Attributes
    ----------
    path : str
        The file.
    images : dict of int to tuple of int
        Width and height of every image, by its COCO number.
    annotations : dict of int to list of dict
        Annotations of the wanted images that have some, in the order of the file.
    categories : dict of int to dict
        By COCO's number of the category, never by its place in the list.
    """

    path: str
    images: dict[int, tuple[int, int]]
    annotations: dict[int, list[Entry]]
    categories: dict[int, Entry]


def read_coco(
    path: str | Path, wanted: Collection[int], checks: Mapping[str, Check], *, categories: bool
) -> CocoFile:
    """Read and check an annotation file.

    Parameters
    ----------
    path : str or Path
        `captions_`, `instances_` or `person_keypoints_{train,val}2017.json`.
    wanted : collection of int
        COCO numbers of images. Of annotations of other images, only the numbers are kept and
        checked.
    checks : mapping of str to callable
        Keys that annotations must have, beside `id` and `image_id`, and what holds of each.
    categories : bool
        Whether annotations belong to categories.

    Returns
    -------
    CocoFile
        In `segmentation`, each polygon is an array (n_points, 2), and `counts` an array.

    Raises
    ------
    RepalignError
        If the file cannot be read, a list or a key is missing or of the wrong kind, a number
        stands twice, or an annotation names an image or a category that the file does not have.
        The message names list and place.
    """
    chosen = frozenset(wanted)
    content = _parse(path, chosen)
    lists = {}
    for name in ("images", "annotations", *(["categories"] if categories else [])):
        if not isinstance(content, dict) or not isinstance(content.get(name), list):
            raise coco_error(f"no list {name!r}", path, "the keys images, annotations, ...")
        lists[name] = content[name]
    sizes = {"width": is_whole, "height": is_whole}
    images = _by_id(lists["images"], "images", path, sizes)
    kinds = {"name": is_text, "supercategory": is_text}
    known = _by_id(lists.get("categories", []), "categories", path, kinds)
    annotations: dict[int, list[Entry]] = {}
    numbers: set[int] = set()
    for k, entry in enumerate(lists["annotations"]):
        place = f"annotations[{k}]"
        number = _checked(entry, {"id": is_whole, "image_id": is_whole}, path, place)["id"]
        if number in numbers:
            raise coco_error(f"annotation {number} twice", f"{path}, {place}", "each once")
        numbers.add(number)
        image = entry["image_id"]
        if image not in images:
            raise coco_error(f"image {image}", f"{path}, {place}", "an image of the list images")
        if (
            categories
            and _checked(entry, {"category_id": is_whole}, path, place)["category_id"] not in known
        ):
            found = f"category {entry['category_id']}"
            raise coco_error(found, f"{path}, {place}", "a category of the list categories")
        if image in chosen:
            annotations.setdefault(image, []).append(_checked(entry, checks, path, place))
    return CocoFile(
        str(path),
        {number: (entry["width"], entry["height"]) for number, entry in images.items()},
        annotations,
        known,
    )


def _parse(path: str | Path, wanted: frozenset[int]) -> Any:  # noqa: ANN401
    """Parse JSON; each object is reduced when it is complete, so the whole is never in memory."""

    def reduced(entry: Entry) -> Entry:
        image = entry.get("image_id")
        if isinstance(image, int) and image not in wanted:
            return {name: entry[name] for name in _IDS if name in entry}
        kept = {name: value for name, value in entry.items() if name in _KEPT}
        if "segmentation" in kept:
            kept["segmentation"] = _outline(kept["segmentation"])
        return kept

    try:
        return json.loads(Path(path).read_text(encoding="utf-8"), object_hook=reduced)
    except OSError as error:
        raise coco_error(f"no readable file ({error.strerror})", path, "a COCO file") from error
    except json.JSONDecodeError as error:
        found = f"JSON that breaks at character {error.pos} of {len(error.doc)} ({error.msg})"
        raise coco_error(found, path, "a complete JSON file") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise coco_error(f"no JSON ({error})", path, "a complete JSON file") from error


def _outline(value: Any) -> Any:  # noqa: ANN401
    """Turn the numbers of an outline into arrays; leave what is no outline for the checks."""
    if isinstance(value, dict) and isinstance(value.get("counts"), list):
        counts = value["counts"]
        return {**value, "counts": np.array(counts)} if all(map(is_whole, counts)) else value
    if isinstance(value, list):
        polygons = [_polygon(part) for part in value]
        if all(part is not None for part in polygons):
            return polygons
    return value


def _polygon(value: Any) -> Float64 | None:  # noqa: ANN401
    """Return the points of a list of x and y in turn, or None if it is something else."""
    try:
        numbers = np.array(value)
    except ValueError:
        return None
    if numbers.ndim != 1 or numbers.dtype.kind not in "iuf" or numbers.size % 2:
        return None
    points = numbers.astype(np.float64).reshape(-1, 2)
    return points if np.isfinite(points).all() else None


def _by_id(
    entries: list[Any], name: str, path: str | Path, checks: Mapping[str, Check]
) -> dict[int, Entry]:
    """Return entries by their number."""
    found: dict[int, Entry] = {}
    for k, entry in enumerate(entries):
        place = f"{name}[{k}]"
        number = _checked(entry, {"id": is_whole, **checks}, path, place)["id"]
        if number in found:
            raise coco_error(f"id {number} twice", f"{path}, {place}", "each number once")
        found[number] = entry
    return found


def _checked(entry: Any, checks: Mapping[str, Check], path: str | Path, place: str) -> Entry:  # noqa: ANN401
    """Return an entry after checking that it has what it must."""
    if not isinstance(entry, dict):
        raise coco_error(f"{entry!r:.60}", f"{path}, {place}", "an object with keys")
    for name, holds in checks.items():
        if name not in entry or not holds(entry[name]):
            value = f"{name}: {entry[name]!r:.60}" if name in entry else f"no key {name!r}"
            where = f"{path}, {place}" + (f" (id {entry['id']})" if "id" in entry else "")
            raise coco_error(value, where, f"{', '.join(checks)}, as COCO writes them")
    return entry


def coco_error(found: str, where: str | Path, expected: str) -> RepalignError:
    """Return an error about an annotation file."""
    return RepalignError(found, where=where, expected=expected, remedy=REMEDY)
