"""A place to draw one object: its box as a coordinate frame, and the colours in use."""

from __future__ import annotations

from repalign.simulate.canvas import Canvas, Colour
from repalign.simulate.scenes import SceneObject

HUES: tuple[Colour, ...] = (
    (0.80, 0.22, 0.20), (0.20, 0.42, 0.72), (0.93, 0.72, 0.20), (0.25, 0.58, 0.35),
    (0.58, 0.32, 0.62), (0.90, 0.50, 0.22), (0.30, 0.62, 0.68), (0.45, 0.36, 0.30),
    (0.85, 0.55, 0.65), (0.25, 0.27, 0.33),
)  # fmt: skip
DARK: Colour = (0.12, 0.12, 0.14)
GLASS: Colour = (0.70, 0.85, 0.93)
LONG_TOOLS = ("fork", "knife", "spoon", "tie", "baseball bat", "toothbrush", "skis", "scissors")


class Frame:
    """Places inside an object's box: (0, 0) is its top left corner, (1, 1) its bottom right."""

    def __init__(self, canvas: Canvas, thing: SceneObject) -> None:
        self.canvas = canvas
        self.left, self.top, self.width, self.height = thing.box

    def x(self, share: float) -> float:
        """Turn a share of the width into a place on the canvas."""
        return self.left + share * self.width

    def y(self, share: float) -> float:
        """Turn a share of the height into a place on the canvas."""
        return self.top + share * self.height

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Paint an ellipse; radii are shares of width and height."""
        self.canvas.ellipse(self.x(x), self.y(y), rx * self.width, ry * self.height, colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Paint a circle; its radius is a share of the box's height."""
        side = radius * self.height
        self.canvas.ellipse(self.x(x), self.y(y), side, side, colour)

    def box(
        self, x: float, y: float, width: float, height: float, colour: Colour, corner: float = 0.0
    ) -> None:
        """Paint a rectangle; its corner radius is a share of the height."""
        self.canvas.box(
            self.x(x), self.y(y), width * self.width, height * self.height, colour,
            corner * self.height,
        )  # fmt: skip

    def line(
        self, x0: float, y0: float, x1: float, y1: float, width: float, colour: Colour
    ) -> None:
        """Paint a line; its width is a share of the height."""
        self.canvas.line(
            self.x(x0), self.y(y0), self.x(x1), self.y(y1), width * self.height, colour
        )
