"""Drawings of people, animals, vehicles, street furniture and things that people carry."""

from __future__ import annotations

from repalign.simulate.canvas import Colour, shade
from repalign.simulate.frame import DARK, GLASS, HUES, LONG_TOOLS, Frame
from repalign.simulate.scenes import SceneObject

_FUR: dict[str, Colour] = {
    "bird": (0.30, 0.36, 0.50), "cat": (0.75, 0.52, 0.28), "dog": (0.55, 0.38, 0.24),
    "horse": (0.42, 0.26, 0.17), "sheep": (0.93, 0.91, 0.86), "cow": (0.88, 0.85, 0.80),
    "elephant": (0.56, 0.57, 0.60), "bear": (0.32, 0.22, 0.16), "zebra": (0.95, 0.95, 0.93),
    "giraffe": (0.88, 0.68, 0.32),
}  # fmt: skip


def draw_person(f: Frame, thing: SceneObject, _: Colour) -> None:
    """Draw a standing person; skin, shirt and trousers vary."""
    skin = shade((0.72, 0.50, 0.36), 0.45 * thing.tint)
    shirt = HUES[int((thing.tint + 1) * 97) % len(HUES)]
    trousers = shade((0.22, 0.25, 0.38), 0.3 * thing.tint)
    for side in (-1, 1):
        f.line(0.5 + 0.14 * side, 0.55, 0.5 + 0.19 * side, 0.96, 0.085, trousers)
        f.line(0.5 + 0.24 * side, 0.27, 0.5 + 0.42 * side, 0.52, 0.06, skin)
    f.box(0.22, 0.21, 0.56, 0.38, shirt, 0.07)
    f.disc(0.5, 0.11, 0.105, skin)
    f.ellipse(0.5, 0.055, 0.24, 0.055, shade(DARK, 0.25 * (1 + thing.tint) / 2))
    f.disc(0.41, 0.115, 0.014, DARK)
    f.disc(0.59, 0.115, 0.014, DARK)


def draw_animal(f: Frame, thing: SceneObject, _: Colour) -> None:
    """Draw a bird, or a four-legged animal with its own coat and neck."""
    fur = shade(_FUR[thing.category], 0.12 * thing.tint)
    dark = shade(fur, -0.35)
    if thing.category == "bird":
        f.ellipse(0.45, 0.55, 0.33, 0.24, fur)
        f.ellipse(0.38, 0.50, 0.24, 0.14, dark)
        f.disc(0.76, 0.33, 0.15, fur)
        f.line(0.86, 0.33, 0.97, 0.37, 0.06, (0.93, 0.62, 0.15))
        f.disc(0.79, 0.30, 0.03, DARK)
        for x in (0.42, 0.52):
            f.line(x, 0.75, x, 0.96, 0.03, (0.80, 0.50, 0.15))
        return
    neck = {"giraffe": 0.07, "horse": 0.18, "zebra": 0.18}.get(thing.category, 0.30)
    body = {"sheep": 0.26, "elephant": 0.29, "bear": 0.27}.get(thing.category, 0.20)
    for x in (0.20, 0.31, 0.57, 0.68):
        f.line(x, 0.60, x, 0.95, 0.085, dark if x in (0.31, 0.57) else fur)
    f.line(0.66, 0.52, 0.83, neck + 0.04, 0.17, fur)
    f.ellipse(0.44, 0.53, 0.33, body, fur)
    f.ellipse(0.86, neck + 0.03, 0.115, 0.12, fur)
    f.line(0.13, 0.46, 0.05, 0.62, 0.04, dark)
    for x in (0.80, 0.87):
        f.line(x, neck - 0.05, x - 0.01, max(neck - 0.13, 0.03), 0.05, dark)
    f.disc(0.88, neck, 0.022, DARK)
    if thing.category == "zebra":
        for x in (0.20, 0.30, 0.40, 0.50, 0.60):
            f.line(x, 0.38, x + 0.03, 0.68, 0.045, DARK)
    elif thing.category in ("cow", "giraffe"):
        for x, y in ((0.27, 0.50), (0.42, 0.60), (0.55, 0.47), (0.38, 0.44)):
            f.ellipse(x, y, 0.065, 0.065, (0.35, 0.23, 0.15))
    elif thing.category == "elephant":
        f.line(0.93, 0.36, 0.95, 0.80, 0.08, fur)
        f.ellipse(0.76, 0.36, 0.09, 0.16, dark)


def draw_vehicle(f: Frame, thing: SceneObject, colour: Colour) -> None:
    """Draw two wheels and a frame, a plane, a boat, or a body with windows."""
    name = thing.category
    if name in ("bicycle", "motorcycle"):
        for x in (0.22, 0.78):
            f.disc(x, 0.68, 0.27, DARK)
            f.disc(x, 0.68, 0.20, (0.78, 0.78, 0.78))
        f.line(0.22, 0.68, 0.42, 0.35, 0.07, colour)
        f.line(0.42, 0.35, 0.70, 0.35, 0.16 if name == "motorcycle" else 0.06, colour)
        f.line(0.70, 0.25, 0.78, 0.68, 0.07, colour)
        f.line(0.36, 0.28, 0.48, 0.28, 0.08, DARK)
    elif name == "airplane":
        f.ellipse(0.5, 0.5, 0.47, 0.13, (0.92, 0.93, 0.95))
        f.line(0.48, 0.5, 0.30, 0.92, 0.11, colour)
        f.line(0.10, 0.47, 0.03, 0.14, 0.12, colour)
        for x in (0.35, 0.47, 0.59, 0.71):
            f.disc(x, 0.46, 0.035, (0.35, 0.45, 0.60))
    elif name == "boat":
        f.ellipse(0.5, 0.72, 0.47, 0.22, colour)
        f.box(0.0, 0.48, 1.0, 0.22, shade(colour, 0.3))
        f.line(0.5, 0.05, 0.5, 0.52, 0.04, (0.40, 0.28, 0.18))
        f.canvas.polygon(
            [(f.x(0.53), f.y(0.06)), (f.x(0.86), f.y(0.44)), (f.x(0.53), f.y(0.44))],
            (0.96, 0.95, 0.90),
        )
    else:
        long = name in ("bus", "train", "truck")
        f.box(0.02, 0.10 if long else 0.42, 0.96, 0.70 if long else 0.38, colour, 0.09)
        if name == "car":
            f.box(0.22, 0.10, 0.54, 0.50, colour, 0.16)
        windows = ((0.72, 0.2),) if name == "truck" else ((0.08, 0.2), (0.4, 0.2), (0.72, 0.2))
        for x, width in windows if long else ((0.28, 0.19), (0.51, 0.19)):
            f.box(x, 0.20, width, 0.24, GLASS, 0.04)
        for x in (0.12, 0.22, 0.78, 0.88) if name == "train" else (0.22, 0.78):
            f.disc(x, 0.82, 0.15, DARK)
            f.disc(x, 0.82, 0.07, (0.75, 0.75, 0.75))


def draw_outdoor(f: Frame, thing: SceneObject, colour: Colour) -> None:
    """Draw a bench, a hydrant, or a post with a sign or lamps."""
    name = thing.category
    if name == "bench":
        for y in (0.25, 0.42, 0.62):
            f.box(0.0, y, 1.0, 0.11, (0.55, 0.36, 0.20), 0.03)
        for x in (0.10, 0.84):
            f.box(x, 0.25, 0.07, 0.73, DARK)
    elif name == "fire hydrant":
        red: Colour = (0.85, 0.20, 0.15)
        f.box(0.28, 0.28, 0.44, 0.68, red, 0.05)
        f.ellipse(0.5, 0.26, 0.25, 0.16, shade(red, -0.2))
        f.line(0.12, 0.52, 0.88, 0.52, 0.14, shade(red, -0.2))
    else:
        f.box(0.44, 0.40, 0.12, 0.58, (0.45, 0.46, 0.48))
        if name == "stop sign":
            f.disc(0.5, 0.26, 0.25, (0.80, 0.12, 0.14))
            f.box(0.24, 0.21, 0.52, 0.10, (0.97, 0.97, 0.97))
        else:
            f.box(0.24, 0.02, 0.52, 0.58, DARK if name == "traffic light" else colour, 0.06)
            for y, lamp in ((0.12, (0.90, 0.2, 0.2)), (0.30, (0.95, 0.8, 0.2)),
                            (0.48, (0.3, 0.8, 0.4))):  # fmt: skip
                f.disc(0.5, y, 0.07, lamp if name == "traffic light" else GLASS)


def draw_held(f: Frame, thing: SceneObject, colour: Colour) -> None:
    """Bags, tools, toys: long ones as a stroke, round ones as a disc, the rest as a bag."""
    name = thing.category
    if name in LONG_TOOLS:
        f.line(0.30, 0.94, 0.62, 0.28, 0.09, shade(colour, -0.15))
        f.ellipse(0.66, 0.20, 0.20, 0.18, colour if name != "knife" else GLASS)
    elif name in ("sports ball", "frisbee", "clock", "tennis racket", "baseball glove"):
        f.line(0.5, 0.55, 0.5, 0.95, 0.09, DARK)
        f.disc(0.5, 0.42, 0.38, colour)
        f.disc(0.5, 0.42, 0.29, shade(colour, 0.55))
        f.line(0.5, 0.42, 0.68, 0.26, 0.04, DARK)
    elif name in ("snowboard", "surfboard", "skateboard"):
        f.line(0.08, 0.80, 0.92, 0.55, 0.20, colour)
        f.line(0.15, 0.78, 0.85, 0.57, 0.05, shade(colour, 0.6))
    elif name in ("umbrella", "kite"):
        f.canvas.polygon(
            [(f.x(0.5), f.y(0.02)), (f.x(0.99), f.y(0.46)), (f.x(0.01), f.y(0.46))], colour
        )
        f.line(0.5, 0.10, 0.5, 0.95, 0.04, DARK)
    else:
        f.ellipse(0.5, 0.26, 0.24, 0.20, DARK)
        f.ellipse(0.5, 0.28, 0.16, 0.14, shade(colour, 0.5))
        f.box(0.08, 0.30, 0.84, 0.66, colour, 0.12)
        f.box(0.20, 0.55, 0.60, 0.26, shade(colour, -0.25), 0.06)
