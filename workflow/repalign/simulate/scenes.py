"""What is in each simulated image: its layout, its objects, its captions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repalign.simulate.captions import write_captions
from repalign.simulate.seeds import stream

COCO: dict[str, dict[int, str]] = {
    "person": {1: "person"},
    "vehicle": {2: "bicycle", 3: "car", 4: "motorcycle", 5: "airplane", 6: "bus", 7: "train",
                8: "truck", 9: "boat"},
    "outdoor": {10: "traffic light", 11: "fire hydrant", 13: "stop sign", 14: "parking meter",
                15: "bench"},
    "animal": {16: "bird", 17: "cat", 18: "dog", 19: "horse", 20: "sheep", 21: "cow",
               22: "elephant", 23: "bear", 24: "zebra", 25: "giraffe"},
    "accessory": {27: "backpack", 28: "umbrella", 31: "handbag", 32: "tie", 33: "suitcase"},
    "sports": {34: "frisbee", 35: "skis", 36: "snowboard", 37: "sports ball", 38: "kite",
               39: "baseball bat", 40: "baseball glove", 41: "skateboard", 42: "surfboard",
               43: "tennis racket"},
    "kitchen": {44: "bottle", 46: "wine glass", 47: "cup", 48: "fork", 49: "knife", 50: "spoon",
                51: "bowl"},
    "food": {52: "banana", 53: "apple", 54: "sandwich", 55: "orange", 56: "broccoli",
             57: "carrot", 58: "hot dog", 59: "pizza", 60: "donut", 61: "cake"},
    "furniture": {62: "chair", 63: "couch", 64: "potted plant", 65: "bed", 67: "dining table",
                  70: "toilet"},
    "electronic": {72: "tv", 73: "laptop", 74: "mouse", 75: "remote", 76: "keyboard",
                   77: "cell phone"},
    "appliance": {78: "microwave", 79: "oven", 80: "toaster", 81: "sink", 82: "refrigerator"},
    "indoor": {84: "book", 85: "clock", 86: "vase", 87: "scissors", 88: "teddy bear",
               89: "hair drier", 90: "toothbrush"},
}  # fmt: skip
"""The 80 COCO thing categories by supercategory, with COCO's own ids."""

ANIMATE = ("person", "animal")
"""Supercategories that count as animate."""

GROUNDS = ("plain", "stripes", "tiles", "speckle", "waves")
"""Textures of the ground."""

# In the order of GROUNDS.
_MATERIALS = {
    "indoor": ("bare floor", "wooden floor", "tiled floor", "carpet", "striped rug"),
    "outdoor": ("sand", "ploughed earth", "pavement", "grass", "water"),
}
_BACKDROPS: dict[str, dict[str, tuple[float, float, float]]] = {
    "outdoor": {"blue": (0.45, 0.68, 0.93), "grey": (0.70, 0.73, 0.76),
                "orange": (0.96, 0.66, 0.42), "pale": (0.83, 0.90, 0.95)},
    "indoor": {"cream": (0.93, 0.88, 0.76), "green": (0.62, 0.74, 0.62),
               "white": (0.93, 0.93, 0.92), "red": (0.72, 0.42, 0.38)},
}  # fmt: skip
_CONTEXT = {
    "indoor": ("furniture", "electronic", "appliance", "kitchen", "food", "indoor", "accessory"),
    "outdoor": ("vehicle", "outdoor", "sports", "accessory", "food"),
}
_HOUSE_ANIMALS = (16, 17, 18)
# Typical height as a share of the image, and width as a share of the height.
_SIZES = {
    "person": (0.50, 0.42), "vehicle": (0.30, 1.75), "outdoor": (0.36, 0.55),
    "animal": (0.32, 1.25), "accessory": (0.22, 0.85), "sports": (0.20, 1.00),
    "kitchen": (0.22, 0.55), "food": (0.17, 1.20), "furniture": (0.34, 1.15),
    "electronic": (0.22, 1.40), "appliance": (0.36, 0.95), "indoor": (0.22, 0.80),
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """The place: all lengths are shares of the image, all strengths lie in 0 to 1.

    Attributes
    ----------
    setting : str
        ``"indoor"`` or ``"outdoor"``.
    openness : float
        0 enclosed, 1 open to the horizon.
    horizon : float
        Height at which ground and backdrop meet, from the top.
    depth : float
        0 shallow, 1 deep: how strongly the ground converges.
    ground : str
        One of `GROUNDS`.
    material : str
        What the ground is made of, in words.
    backdrop : str
        Name of the sky or wall colour.
    colour : tuple of float
        Sky or wall colour, red, green, blue.
    """

    setting: str
    openness: float
    horizon: float
    depth: float
    ground: str
    material: str
    backdrop: str
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class SceneObject:
    """One object; `box` is (left, top, width, height) as shares of the image."""

    category_id: int
    category: str
    supercategory: str
    box: tuple[float, float, float, float]
    tint: float

    @property
    def animate(self) -> bool:
        """Whether the object is a person or an animal."""
        return self.supercategory in ANIMATE


@dataclass(frozen=True)
class Scene:
    """Everything that is known about one image; `objects` are ordered from back to front."""

    number: int
    layout: Layout
    objects: tuple[SceneObject, ...]
    captions: tuple[str, ...]


def make_scene(seed: int, number: int) -> Scene:
    """Draw the content of one image.

    Parameters
    ----------
    seed : int
        Seed of the simulation.
    number : int
        0-based image number.

    Returns
    -------
    Scene
        Half of the scenes hold something animate, whatever their setting; about 3 % are empty.
    """
    rng = stream(seed, "scene", number)
    layout = _draw_layout(rng)
    objects = _draw_objects(layout, rng)
    return Scene(number, layout, objects, write_captions(layout, objects, rng))


def _draw_layout(rng: np.random.Generator) -> Layout:
    setting = "indoor" if rng.random() < 0.45 else "outdoor"
    openness = rng.uniform(0.0, 0.45) if setting == "indoor" else rng.uniform(0.3, 1.0)
    ground = int(rng.integers(len(GROUNDS)))
    backdrop = str(rng.choice(list(_BACKDROPS[setting])))
    colour = np.clip(_BACKDROPS[setting][backdrop] + rng.normal(0, 0.03, 3), 0, 1)
    return Layout(
        setting=setting,
        openness=round(float(openness), 3),
        horizon=round(float(rng.uniform(0.34, 0.68)), 3),
        depth=round(float(rng.uniform(0, 1)), 3),
        ground=GROUNDS[ground],
        material=_MATERIALS[setting][ground],
        backdrop=backdrop,
        colour=(
            round(float(colour[0]), 3), round(float(colour[1]), 3), round(float(colour[2]), 3)
        ),
    )  # fmt: skip


def _draw_objects(layout: Layout, rng: np.random.Generator) -> tuple[SceneObject, ...]:
    """Draw up to four objects that suit the setting, far ones first."""
    if rng.random() < 0.03:
        return ()
    kinds: list[str] = []
    if rng.random() < 0.5:
        kinds += [str(rng.choice(ANIMATE))] * int(rng.integers(1, 3))
    n_things = int(rng.integers(0 if kinds else 1, 3))
    kinds += [str(kind) for kind in rng.choice(_CONTEXT[layout.setting], n_things)]
    columns = rng.permutation(len(kinds))
    objects = []
    for kind, column in zip(kinds, columns, strict=True):
        ids = list(COCO[kind])
        if kind == "animal" and layout.setting == "indoor":
            ids = list(_HOUSE_ANIMALS)
        category_id = int(rng.choice(ids))
        height, aspect = _SIZES[kind]
        nearness = rng.uniform(0.25, 1.0)
        height = height * (0.62 + 0.55 * nearness)
        width = min(height * aspect * rng.uniform(0.9, 1.1), 0.62)
        centre = (column + 0.5 + rng.uniform(-0.18, 0.18)) / len(kinds)
        left = float(np.clip(centre - width / 2, 0.01, 0.99 - width))
        foot = layout.horizon + (0.97 - layout.horizon) * (0.2 + 0.8 * nearness)
        top = float(np.clip(foot - height, 0.02, 0.98 - height))
        box = (round(left, 4), round(top, 4), round(float(width), 4), round(float(height), 4))
        name = COCO[kind][category_id]
        objects.append(
            SceneObject(category_id, name, kind, box, round(float(rng.uniform(-1, 1)), 3))
        )
    return tuple(sorted(objects, key=lambda thing: thing.box[1] + thing.box[3]))
