"""One simple drawing a supercategory, varied by category: colour, proportions, parts."""

from __future__ import annotations

from collections.abc import Callable

from repalign.simulate.canvas import Canvas, Colour, shade
from repalign.simulate.frame import HUES, Frame
from repalign.simulate.scenes import SceneObject
from repalign.simulate.sprites_indoor import (
    draw_device,
    draw_food,
    draw_furniture,
    draw_household,
    draw_vessel,
)
from repalign.simulate.sprites_outdoor import (
    draw_animal,
    draw_held,
    draw_outdoor,
    draw_person,
    draw_vehicle,
)

_SPRITES: dict[str, Callable[[Frame, SceneObject, Colour], None]] = {
    "person": draw_person,
    "animal": draw_animal,
    "vehicle": draw_vehicle,
    "outdoor": draw_outdoor,
    "accessory": draw_held,
    "sports": draw_held,
    "kitchen": draw_vessel,
    "food": draw_food,
    "furniture": draw_furniture,
    "electronic": draw_device,
    "appliance": draw_device,
    "indoor": draw_household,
}


def draw_object(canvas: Canvas, thing: SceneObject) -> None:
    """Draw one object into its box.

    Parameters
    ----------
    canvas : Canvas
        Where to draw.
    thing : SceneObject
        Category, box and tint.
    """
    colour = shade(HUES[thing.category_id % len(HUES)], 0.18 * thing.tint)
    _SPRITES[thing.supercategory](Frame(canvas, thing), thing, colour)
