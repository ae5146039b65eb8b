"""Sentences about a scene, made from its content by template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from repalign.simulate.scenes import Layout, SceneObject


def write_captions(
    layout: Layout, objects: tuple[SceneObject, ...], rng: np.random.Generator
) -> tuple[str, ...]:
    """Describe a scene in five sentences, as five annotators would.

    Parameters
    ----------
    layout : Layout
        The place.
    objects : tuple of SceneObject
        What is in it.
    rng : numpy.random.Generator
        Chooses among wordings.

    Returns
    -------
    tuple of str
        Five different captions that name setting, ground, backdrop and objects truly.
    """
    things = _list_things(objects)
    place = _name_place(layout)
    surface = "wall" if layout.setting == "indoor" else "sky"
    behind = _article(f"{layout.backdrop} {surface}")
    depth = "far away" if layout.depth > 0.5 else "close"
    main = _article(objects[-1].category) if objects else "Nothing"
    opening = str(rng.choice(["A picture", "A view", "A scene"]))
    return (
        f"{_capital(things)} in {place} with {behind}.",
        f"{_capital(place)} with {layout.material} and {things}.",
        f"{opening} of {things} on {layout.material} in front of {behind}.",
        f"An {layout.setting} scene with {things}, and the background is {depth}.",
        f"{_capital(main)} in the foreground of an {layout.setting} scene.",
    )


def _capital(text: str) -> str:
    """Start a sentence."""
    return text[0].upper() + text[1:]


def _name_place(layout: Layout) -> str:
    """Name the kind of place."""
    if layout.setting == "indoor":
        return "a bright room" if layout.openness > 0.22 else "a room"
    if layout.openness > 0.65:
        return "an open landscape"
    return "a street" if layout.ground in ("tiles", "plain") else "a place with trees"


def _article(noun: str) -> str:
    """Put "a" or "an" before a noun; nouns in the plural form stand alone."""
    if noun in ("skis", "scissors", "broccoli"):
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _list_things(objects: tuple[SceneObject, ...]) -> str:
    """Join the object names: "a dog, two cars and a kite"."""
    counts: dict[str, int] = {}
    for thing in objects:
        counts[thing.category] = counts.get(thing.category, 0) + 1
    irregular = {"person": "people", "sheep": "sheep", "bus": "buses", "couch": "couches",
                 "knife": "knives", "sandwich": "sandwiches", "toothbrush": "toothbrushes",
                 "wine glass": "wine glasses", "bench": "benches", "skis": "pairs of skis",
                 "scissors": "pairs of scissors", "broccoli": "pieces of broccoli",
                 "mouse": "computer mice"}  # fmt: skip
    numbers = {2: "two", 3: "three", 4: "four"}
    names = [
        _article(name) if n == 1 else f"{numbers[n]} {irregular.get(name, name + 's')}"
        for name, n in counts.items()
    ]
    if not names:
        return "nothing in particular"
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"
