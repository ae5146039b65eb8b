"""Drawings of vessels, food, furniture, devices and household things."""

from __future__ import annotations

from repalign.simulate.canvas import Colour, shade
from repalign.simulate.frame import DARK, GLASS, LONG_TOOLS, Frame
from repalign.simulate.scenes import SceneObject
from repalign.simulate.sprites_outdoor import draw_held

_FOOD: dict[str, Colour] = {
    "banana": (0.97, 0.86, 0.27), "apple": (0.78, 0.15, 0.17), "sandwich": (0.86, 0.69, 0.43),
    "orange": (0.96, 0.57, 0.13), "broccoli": (0.25, 0.50, 0.22), "carrot": (0.93, 0.45, 0.13),
    "hot dog": (0.72, 0.30, 0.18), "pizza": (0.93, 0.74, 0.33), "donut": (0.85, 0.50, 0.60),
    "cake": (0.95, 0.87, 0.80),
}  # fmt: skip
_ROUND_FOOD = ("apple", "orange", "pizza", "donut", "broccoli")


def draw_vessel(f: Frame, thing: SceneObject, colour: Colour) -> None:
    """Draw cutlery, bottles and bowls."""
    name = thing.category
    if name in LONG_TOOLS:
        draw_held(f, thing, (0.75, 0.76, 0.78))
    elif name in ("bottle", "vase", "wine glass"):
        f.box(0.38, 0.04, 0.24, 0.50, colour, 0.04)
        f.ellipse(0.5, 0.66, 0.36, 0.31, colour if name != "wine glass" else GLASS)
        f.line(0.36, 0.52, 0.34, 0.80, 0.035, shade(colour, 0.6))
    else:
        f.ellipse(0.5, 0.52, 0.46, 0.44, colour)
        f.box(0.0, 0.02, 1.0, 0.28, shade(colour, 0.35), 0.05)


def draw_food(f: Frame, thing: SceneObject, _: Colour) -> None:
    """Draw food on a plate."""
    own = shade(_FOOD[thing.category], 0.15 * thing.tint)
    f.ellipse(0.5, 0.84, 0.49, 0.15, (0.96, 0.96, 0.95))
    if thing.category in _ROUND_FOOD:
        f.disc(0.5, 0.46, 0.40, own)
        f.disc(0.5, 0.46, 0.14, shade(own, -0.4 if thing.category != "donut" else 0.8))
    elif thing.category in ("cake", "sandwich"):
        f.box(0.16, 0.20, 0.68, 0.60, own, 0.05)
        f.box(0.16, 0.42, 0.68, 0.12, (0.78, 0.28, 0.30))
    else:
        f.line(0.15, 0.66, 0.50, 0.56, 0.30, own)
        f.line(0.50, 0.56, 0.86, 0.28, 0.24, own)


def draw_furniture(f: Frame, thing: SceneObject, colour: Colour) -> None:
    """Draw a table, a chair, a plant, a toilet, or upholstery."""
    name = thing.category
    wood: Colour = shade((0.50, 0.33, 0.20), 0.2 * thing.tint)
    if name == "potted plant":
        f.box(0.30, 0.66, 0.40, 0.32, (0.72, 0.38, 0.24), 0.04)
        for x, y in ((0.5, 0.12), (0.26, 0.22), (0.74, 0.22), (0.16, 0.42), (0.84, 0.42)):
            f.line(0.5, 0.68, x, y, 0.09, (0.22, 0.52, 0.26))
    elif name == "dining table":
        f.box(0.0, 0.28, 1.0, 0.14, wood, 0.03)
        for x in (0.08, 0.84):
            f.box(x, 0.40, 0.08, 0.58, shade(wood, -0.3))
    elif name == "chair":
        f.box(0.26, 0.02, 0.12, 0.96, wood)
        f.box(0.26, 0.46, 0.50, 0.12, colour, 0.03)
        f.box(0.66, 0.50, 0.10, 0.48, wood)
        f.box(0.26, 0.06, 0.16, 0.36, colour, 0.04)
    elif name == "toilet":
        f.box(0.20, 0.05, 0.24, 0.55, (0.93, 0.94, 0.95), 0.04)
        f.ellipse(0.56, 0.62, 0.32, 0.20, (0.97, 0.97, 0.98))
        f.box(0.42, 0.70, 0.26, 0.28, (0.90, 0.91, 0.93), 0.04)
    else:
        f.box(0.0, 0.18, 1.0, 0.50, shade(colour, -0.15), 0.14)
        f.box(0.0, 0.50, 1.0, 0.38, colour, 0.10)
        f.box(0.10, 0.36, 0.34, 0.22, shade(colour, 0.55), 0.06)
        for x in (0.05, 0.87):
            f.box(x, 0.86, 0.08, 0.13, wood)


def draw_device(f: Frame, thing: SceneObject, colour: Colour) -> None:
    """Screens, kitchen machines and books: a box with a panel and knobs."""
    case: Colour = shade(colour, 0.5) if thing.supercategory == "appliance" else DARK
    if thing.category == "laptop":
        f.box(0.08, 0.05, 0.84, 0.62, case, 0.04)
        f.box(0.13, 0.10, 0.74, 0.50, (0.42, 0.66, 0.86))
        f.box(0.0, 0.70, 1.0, 0.16, (0.70, 0.70, 0.72), 0.04)
    elif thing.category in ("mouse", "remote", "cell phone"):
        f.box(0.30, 0.10, 0.40, 0.84, case, 0.14)
        f.box(0.36, 0.22, 0.28, 0.34, GLASS, 0.03)
        f.disc(0.5, 0.75, 0.06, colour)
    elif thing.category == "keyboard":
        f.box(0.0, 0.42, 1.0, 0.40, case, 0.05)
        for y in (0.50, 0.65):
            for step in range(7):
                f.box(0.05 + 0.13 * step, y, 0.09, 0.09, (0.85, 0.85, 0.86))
    else:
        f.box(0.02, 0.05, 0.96, 0.90, case, 0.05)
        f.box(0.10, 0.16, 0.60, 0.64, (0.42, 0.66, 0.86) if case == DARK else DARK, 0.03)
        for y in (0.26, 0.46, 0.66):
            f.disc(0.84, y, 0.055, colour)


def draw_household(f: Frame, thing: SceneObject, colour: Colour) -> None:
    """Draw what lies about in a house."""
    if thing.category == "teddy bear":
        fur: Colour = (0.68, 0.48, 0.30)
        for x in (0.30, 0.70):
            f.disc(x, 0.10, 0.09, shade(fur, -0.2))
            f.disc(x, 0.90, 0.10, shade(fur, -0.2))
        f.ellipse(0.5, 0.66, 0.34, 0.28, fur)
        f.disc(0.5, 0.27, 0.22, fur)
        for x in (0.40, 0.60):
            f.disc(x, 0.24, 0.03, DARK)
    elif thing.category == "vase":
        draw_vessel(f, thing, colour)
    elif thing.category == "book":
        f.box(0.10, 0.10, 0.80, 0.84, colour, 0.03)
        f.box(0.10, 0.10, 0.12, 0.84, shade(colour, -0.35))
        f.box(0.32, 0.24, 0.46, 0.12, (0.96, 0.95, 0.90))
    else:
        draw_held(f, thing, colour)
