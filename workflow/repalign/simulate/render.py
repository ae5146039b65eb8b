"""Draw scenes: backdrop, ground with its texture and perspective, then the objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.canvas import Canvas, Colour, shade
from repalign.simulate.scenes import Layout, Scene
from repalign.simulate.seeds import stream
from repalign.simulate.sprites import draw_object

_GROUND_COLOURS: dict[str, Colour] = {
    "bare floor": (0.72, 0.68, 0.62), "wooden floor": (0.66, 0.45, 0.27),
    "tiled floor": (0.80, 0.80, 0.77), "carpet": (0.55, 0.42, 0.50),
    "striped rug": (0.44, 0.52, 0.62), "sand": (0.90, 0.80, 0.56),
    "ploughed earth": (0.55, 0.42, 0.27), "pavement": (0.62, 0.62, 0.62),
    "grass": (0.38, 0.62, 0.28), "water": (0.22, 0.45, 0.62),
}  # fmt: skip
_CONTRAST = {"plain": 0.02, "stripes": 0.16, "tiles": 0.18, "speckle": 0.13, "waves": 0.15}


def render(scene: Scene, size: int, seed: int) -> tuple[NDArray[np.uint8], list[int]]:
    """Draw a scene.

    Parameters
    ----------
    scene : Scene
        Content.
    size : int
        Width and height of the image, pixels.
    seed : int
        Seed of the simulation, for texture and background detail.

    Returns
    -------
    image : ndarray, uint8, shape (size, size, 3)
        Red, green, blue.
    areas : list of int
        Pixels covered by each object before nearer objects hide some of them.
    """
    rng = stream(seed, "render", scene.number)
    canvas = Canvas(size)
    _draw_backdrop(canvas, scene.layout, rng)
    _draw_ground(canvas, scene.layout, rng)
    areas = []
    for thing in scene.objects:
        left, _, width, _ = thing.box
        foot = thing.box[1] + thing.box[3]
        ground = shade(_GROUND_COLOURS[scene.layout.material], -0.45)
        canvas.ellipse(left + width / 2, foot - 0.005, width * 0.5, 0.018, ground)
        canvas.start_object()
        draw_object(canvas, thing)
        areas.append(int(canvas.drawn.sum()))
    return canvas.to_uint8(), areas


def _draw_backdrop(canvas: Canvas, layout: Layout, rng: np.random.Generator) -> None:
    """Paint sky or wall with a vertical gradient, and what stands in front of it."""
    height = np.linspace(-0.10, 0.22, canvas.size, dtype=np.float32)[:, None, None]
    canvas.pixels[:] = np.clip(np.asarray(layout.colour, np.float32) + height * 0.6, 0, 1)
    if layout.setting == "indoor":
        _draw_room(canvas, layout, rng)
    else:
        _draw_landscape(canvas, layout, rng)


def _draw_room(canvas: Canvas, layout: Layout, rng: np.random.Generator) -> None:
    """Paint side walls that converge with depth, a window as wide as the room is open, a frame."""
    inset = 0.05 + 0.22 * layout.depth
    horizon = layout.horizon
    ceiling = 0.02 + 0.5 * inset
    for edge, wall in ((0.0, inset), (1.0, 1 - inset)):
        corners = [(edge, 0.0), (wall, ceiling), (wall, horizon), (edge, 1.0)]
        if edge == 1.0:
            corners.reverse()
        canvas.polygon(corners, shade(layout.colour, -0.16))
    canvas.polygon(
        [(0.0, 0.0), (1.0, 0.0), (1 - inset, ceiling), (inset, ceiling)],
        shade(layout.colour, 0.35),
    )
    room, clear = 1 - 2 * inset, horizon - ceiling
    width = room * (0.12 + 0.7 * layout.openness)
    left = inset + float(rng.uniform(0.05, 0.95)) * (room - width)
    top = ceiling + 0.14 * clear
    canvas.box(left, top, width, 0.55 * clear, (0.97, 0.97, 0.95))
    canvas.box(left + 0.01, top + 0.01, width - 0.02, 0.55 * clear - 0.02, (0.63, 0.81, 0.95))
    canvas.line(left + width / 2, top, left + width / 2, top + 0.55 * clear, 0.012,
                (0.97, 0.97, 0.95))  # fmt: skip
    if left - inset > 0.14:
        hue = rng.uniform(0.2, 0.8, 3)
        canvas.box(inset + 0.03, top, 0.09, 0.10, (0.35, 0.25, 0.18))
        canvas.box(inset + 0.04, top + 0.01, 0.07, 0.08,
                   (float(hue[0]), float(hue[1]), float(hue[2])))  # fmt: skip


def _draw_landscape(canvas: Canvas, layout: Layout, rng: np.random.Generator) -> None:
    """Paint sun or clouds, far hills, and the nearer the place the taller trees or houses."""
    sun_x = float(rng.uniform(0.1, 0.9))
    if layout.backdrop in ("blue", "orange"):
        canvas.ellipse(sun_x, 0.12, 0.055, 0.055, (1.0, 0.95, 0.70))
    for _ in range(int(rng.integers(0, 4))):
        x, y = float(rng.uniform(0, 1)), float(rng.uniform(0.06, 0.22))
        for step in (-0.05, 0.0, 0.05):
            canvas.ellipse(x + step, y, 0.06, 0.03, shade(layout.colour, 0.6))
    horizon = layout.horizon
    if rng.random() < 0.6:
        far: Colour = (0.50, 0.58, 0.66)
        for x in rng.uniform(-0.1, 1.1, 4):
            peak = horizon - 0.05 - 0.16 * float(rng.random())
            canvas.polygon([(x, peak), (x + 0.3, horizon), (x - 0.3, horizon)],
                           shade(far, float(rng.uniform(-0.15, 0.15))))  # fmt: skip
    tall = (1 - layout.openness) * 0.9
    for x in np.arange(-0.02, 1.0, 0.125) if tall > 0.1 else []:
        if rng.random() > 0.25 + tall:
            continue
        height = tall * horizon * float(rng.uniform(0.6, 1.0))
        if layout.ground in ("tiles", "plain"):
            _draw_house(canvas, float(x), horizon, height, rng)
        else:
            green = shade((0.20, 0.42, 0.22), float(rng.uniform(-0.25, 0.25)))
            canvas.box(x + 0.05, horizon - height * 0.4, 0.018, height * 0.4, (0.36, 0.25, 0.16))
            canvas.ellipse(x + 0.06, horizon - height * 0.62, 0.065, height * 0.38, green)


def _draw_house(
    canvas: Canvas, x: float, horizon: float, height: float, rng: np.random.Generator
) -> None:
    """Paint a block with windows."""
    wall = shade((0.62, 0.56, 0.52), float(rng.uniform(-0.35, 0.3)))
    canvas.box(x, horizon - height, 0.12, height, wall)
    for y in np.arange(horizon - height + 0.03, horizon - 0.05, 0.06):
        for offset in (0.02, 0.072):
            canvas.box(x + offset, float(y), 0.028, 0.03, shade(wall, -0.5))


def _draw_ground(canvas: Canvas, layout: Layout, rng: np.random.Generator) -> None:
    """Paint the ground below the horizon with its texture in perspective."""
    first = int(layout.horizon * canvas.size)
    y = (np.arange(first, canvas.size) + 0.5) / canvas.size - layout.horizon
    below = (np.maximum(y, 0.004) / (1 - layout.horizon))[:, None]
    x = ((np.arange(canvas.size) + 0.5) / canvas.size - 0.5)[None, :]
    # Distance to the eye grows towards the horizon, the more the deeper the place.
    far = 1 / (below + 0.15 + 0.9 * (1 - layout.depth))
    across, along = x * far * 5, far * 7
    phase = float(rng.uniform(0, 1))
    texture = {
        "plain": np.zeros((y.size, canvas.size)),
        "stripes": np.sign(np.sin(2 * np.pi * (across * 1.6 + phase))) + 0 * along,
        "tiles": np.sign(np.sin(np.pi * (across + phase) * 2) * np.sin(np.pi * along)),
        "waves": np.sin(2 * np.pi * (along * 1.2 + 0.18 * np.sin(across * 2.2 + phase * 6))),
        "speckle": rng.standard_normal((y.size, canvas.size)),
    }[layout.ground]
    fade = np.clip(below * 3 + 0.15, 0, 1)
    light = 1 + _CONTRAST[layout.ground] * texture * fade + 0.12 * (below - 0.5)
    colour = np.asarray(_GROUND_COLOURS[layout.material], np.float32)
    ground = np.clip(light[..., None] * colour, 0, 1).astype(np.float32)
    if layout.setting == "outdoor":
        canvas.pixels[first:] = ground
        return
    # Indoors the floor is a trapezoid between the side walls.
    inset = 0.05 + 0.22 * layout.depth
    canvas.pixels[first:] = np.where(
        (np.abs(x) <= 0.5 - inset * (1 - below))[..., None], ground, canvas.pixels[first:]
    )
