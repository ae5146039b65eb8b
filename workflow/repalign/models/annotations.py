"""What is known of each image beside its pixels: from COCO's objects, a detector, and answers.

The published table has these columns; the rules behind them are ours, since their maker is not
public. `docs/methods.md` has them in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.errors import RepalignError
from repalign.models.partitions import ANIMATE, SUPERCATEGORIES
from repalign.models.scene_objects import object_dominated

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

UNPARSED = "unparsed"
"""An answer that was none of those asked for."""

QUESTIONS = {
    "motion": ("motion", "static"),
    "indoor": ("indoor", "natural", "urban", "object"),
    "scene": ("scene-dominated", "object-in-scene", "object-dominated"),
}
"""The three questions about an image and their answers."""

ENVIRONMENTS = {
    "indoor": "indoor",
    "natural": "outdoor natural",
    "urban": "outdoor urban",
    "object": "object",
    UNPARSED: UNPARSED,
}
DOMINANCE = {
    "scene-dominated": "Scene-dominated",
    "object-in-scene": "Elements-in-Scene",
    "object-dominated": "Element-dominated",
    UNPARSED: "Unparsed",
}
LEVELS = {"Scene-dominated": 2, "Elements-in-Scene": 1, "Element-dominated": 0}
"""How much the scene dominates; an image whose answer could not be read has none."""

CATEGORIES = {
    "sports": ("Person (Sports)", "#1F77B4"),
    "person_action": ("Person (Other)", "#AEC7E8"),
    "animal": ("Animal", "#2CA02C"),
    "scene": ("Scene", "#FF7F0E"),
    "object": ("Object", "#FFBB78"),
}
"""Name for people and colour of each image category; those of animal and object are ours."""

BIOLOGY = ("Animated (Animal)", "Animated (Human)", "Inanimate")


def read_answers(path: str | Path, question: str) -> pd.DataFrame:
    """Read the answers to one question.

    Parameters
    ----------
    path : str or Path
        `<question>.csv`, with at least the columns `nsd_id` and `answer`.
    question : str
        A key of `QUESTIONS`.

    Returns
    -------
    DataFrame
        nsd_id (int64, each once) and answer.

    Raises
    ------
    RepalignError
        If the file cannot be read, a column is missing, an image is there twice, or an answer is
        none of those asked for, nor `unparsed`.
    """
    table = read_csv(path, f"the answers to {question!r}")
    missing = [name for name in ("nsd_id", "answer") if name not in table]
    if missing:
        raise _error(f"no column {missing[0]}", f"{path}, header", "columns nsd_id and answer")
    to_integers(table, "nsd_id", path)
    allowed = (*QUESTIONS[question], UNPARSED)
    wrong = ~table["answer"].isin(allowed).to_numpy()
    twice = table["nsd_id"].duplicated().to_numpy()
    for bad, expected in ((wrong, f"one of {', '.join(allowed)}"), (twice, "each image once")):
        if bad.any():
            row = int(bad.argmax())
            found = f"answer '{table['answer'].iloc[row]}' for nsd_id {table['nsd_id'].iloc[row]}"
            raise _error(found, f"{path}, data row {row + 1}", expected)
    return table[["nsd_id", "answer"]]


def annotate(
    ids: Ids,
    objects: pd.DataFrame,
    areas: pd.DataFrame,
    detected: pd.DataFrame,
    answers: Mapping[str, pd.DataFrame],
) -> dict[str, npt.NDArray[Any]]:
    """Put together what is known of some images.

    Parameters
    ----------
    ids : ndarray of int64, shape (n_images,)
        nsd_id of each image.
    objects : DataFrame
        What is in the images: nsd_id and supercategory of each object, as
        `repalign.models.partitions.read_objects` gives them.
    areas : DataFrame
        How large it is: nsd_id, supercategory, area (pixels of COCO's picture) and shown_area
        (share of the shown square) of each object.
    detected : DataFrame
        Objects in the shown pictures: nsd_id and percent_area. An image without rows has none.
    answers : mapping of str to DataFrame
        nsd_id and answer for each of `QUESTIONS`.

    Returns
    -------
    dict of str to ndarray, shape (n_images,)
        Columns of `repalign.models.kmcca_tables.ANNOTATIONS`.

    Raises
    ------
    RepalignError
        If a question has no answer for an image.

    Notes
    -----
    An `unparsed` answer is kept as such in the column that it is about, is neither motion nor
    static, and is not taken for an object.
    """
    there = {name: np.isin(ids, objects.loc[objects["supercategory"] == name, "nsd_id"])
             for name in SUPERCATEGORIES}  # fmt: skip
    said = {name: _answers_of(ids, answers[name], name) for name in QUESTIONS}
    is_dominated = np.isin(ids, object_dominated(detected))
    life = np.any([there[name] for name in ANIMATE], axis=0)
    category = _category(ids, there, areas, said)
    environment = _mapped(said["indoor"], ENVIRONMENTS)
    dominance = _mapped(said["scene"], DOMINANCE)
    dominance[(category == "object") | is_dominated] = DOMINANCE["object-dominated"]
    is_animal = category == "animal"
    is_human = np.isin(category, ["sports", "person_action"])
    flags = {
        **there,
        "motion": said["motion"] == "motion",
        "static": said["motion"] == "static",
    }
    return {
        "nsd_id": ids,
        **{name: flag.astype(np.uint8) for name, flag in flags.items()},
        "image_category": category,
        "image_color": _mapped(category, {k: colour for k, (_, colour) in CATEGORIES.items()}),
        "environment": environment,
        "environment2": np.where(life, environment + " life", environment),
        "scene_dominated": said["scene"],
        "life": life,
        "category2": _mapped(category, {k: name for k, (name, _) in CATEGORIES.items()}),
        "biology": np.select([is_animal, is_human], BIOLOGY[:2], BIOLOGY[2]).astype(object),
        "scene_dominated2": dominance,
    }


def scene_level(dominance: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return how much the scene dominates each image.

    Parameters
    ----------
    dominance : ndarray of str, shape (n_images,)
        The column `scene_dominated2`.

    Returns
    -------
    ndarray of float64, shape (n_images,)
        2, 1 or 0; NaN where the answer could not be read.
    """
    return np.array([LEVELS.get(text, np.nan) for text in dominance], dtype=np.float64)


def _answers_of(ids: Ids, table: pd.DataFrame, question: str) -> Texts:
    """Return the answer for each image."""
    found = table.set_index("nsd_id")["answer"].reindex(ids)
    if found.isna().any():
        missing = ids[found.isna().to_numpy()]
        raise _error(
            f"no answer for nsd_id {missing[0]} ({missing.size} of {ids.size} images)",
            f"answers to {question!r}",
            "an answer for every image, or `unparsed`",
        )
    return found.to_numpy(dtype=object)


def _category(
    ids: Ids,
    there: Mapping[str, Mask],
    areas: pd.DataFrame,
    said: Mapping[str, Texts],
) -> Texts:
    """Return the kind of each image.

    Of a person and an animal, the one that covers more of the shown square decides; if the
    square shows neither, the one that covers more of COCO's picture; of equal ones the person.
    """
    covered = {
        (name, column): areas.loc[areas["supercategory"] == name]
        .groupby("nsd_id")[column]
        .sum()
        .reindex(ids, fill_value=0.0)
        .to_numpy(dtype=np.float64)
        for name in ANIMATE
        for column in ("shown_area", "area")
    }
    shown = covered["animal", "shown_area"] - covered["person", "shown_area"]
    whole = covered["animal", "area"] - covered["person", "area"]
    is_shown = covered["animal", "shown_area"] + covered["person", "shown_area"] > 0
    both = there["person"] & there["animal"]
    larger_animal = np.where(is_shown, shown, whole) > 0
    animal = there["animal"] & (~both | larger_animal)
    person = there["person"] & ~animal
    is_object = (said["indoor"] == "object") | (said["scene"] == "object-dominated")
    kinds = [person & there["sports"], person, animal, is_object]
    return np.select(kinds, ["sports", "person_action", "animal", "object"], "scene").astype(
        object
    )


def _mapped(values: Texts, names: Mapping[str, str]) -> Texts:
    """Return the name of each value."""
    return np.array([names[value] for value in values], dtype=object)


def _error(found: str, where: str, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Make the answers again, or correct the file; an answer may be `unparsed`.",
    )
