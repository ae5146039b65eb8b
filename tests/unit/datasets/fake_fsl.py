"""Stand-ins for FSL's programs, for images that share one space already.

Installed under the names of the programs, this file takes their arguments, notes them, and writes
what they would write if nothing had to be moved: images are resampled by their headers, transforms
are the identity. `FAKE_FSL_FAULT=<program>:<fault>` makes one program go wrong.
"""

import gzip
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

PROGRAMS = ("fslreorient2std", "bet", "flirt", "convert_xfm", "fnirt", "convertwarp", "applywarp")
KINDS = {2: "u1", 4: "<i2", 8: "<i4", 16: "<f4", 64: "<f8", 512: "<u2"}
Image = tuple[np.ndarray, np.ndarray]


def install(home: Path) -> Path:
    """Make a folder that looks like FSLDIR; return it."""
    (home / "bin").mkdir(parents=True)
    (home / "etc").mkdir()
    (home / "etc/fslversion").write_text("6.0.7.99\n")
    for name in PROGRAMS:
        program = home / "bin" / name
        program.write_text(f"#!{sys.executable}\n" + Path(__file__).read_text())
        program.chmod(0o755)
    return home


def read(name: str) -> Image:
    """Voxels and affine of an image that is named without its ending."""
    found = [Path(name + ending) for ending in ("", ".nii.gz", ".nii")]
    raw = next(path for path in found if path.is_file()).read_bytes()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    ndim, *shape = struct.unpack_from("<8h", raw, 40)
    kind = KINDS[struct.unpack_from("<h", raw, 70)[0]]
    start = int(struct.unpack_from("<f", raw, 108)[0])
    affine = np.vstack(
        [np.array(struct.unpack_from("<12f", raw, 280)).reshape(3, 4), [0, 0, 0, 1]]
    )
    size = int(np.prod(shape[:ndim]))
    return np.frombuffer(raw, kind, size, start).reshape(shape[:ndim], order="F"), affine


def write(name: str, values: np.ndarray, affine: np.ndarray) -> None:
    """A float32 image, as FSL writes most of its own."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    dims = [values.ndim, *values.shape, *[1] * (7 - values.ndim)]
    struct.pack_into("<8h", header, 40, *dims)
    struct.pack_into("<hh", header, 70, 16, 32)
    struct.pack_into("<8f", header, 76, 1, *np.linalg.norm(affine[:3, :3], axis=0), 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    struct.pack_into("<hh", header, 252, 0, 2)
    struct.pack_into("<12f", header, 280, *affine[:3].ravel())
    header[344:348] = b"n+1\0"
    raw = bytes(header) + values.astype("<f4").tobytes(order="F")
    Path(name + ".nii.gz").write_bytes(gzip.compress(raw, 1))


def onto(moving: Image, fixed: Image) -> Image:
    """An image on the voxels of another one, nearest neighbour."""
    values, affine = moving
    target, target_affine = fixed
    places = np.indices(target.shape[:3]).reshape(3, -1)
    step = np.linalg.inv(affine) @ target_affine
    source = np.floor(step[:3, :3] @ places + step[:3, 3:] + 0.5 + 1e-6).astype(int)
    inside = ((source >= 0) & (source < np.array(values.shape)[:, None])).all(axis=0)
    found = np.zeros(places.shape[1])
    found[inside] = values[tuple(source[:, inside])]
    return found.reshape(target.shape[:3]), target_affine


def reoriented(image: Image) -> Image:
    """An image with its axes turned to those of the template: right to left, then up."""
    values, affine = image
    order = [int(np.argmax(np.abs(row[:3]))) for row in affine[:3]]
    turned = np.column_stack([affine[:, order], affine[:, 3]])
    values = values.transpose(order)
    for axis, sign in enumerate((-1, 1, 1)):
        if turned[axis, axis] * sign < 0:
            values = np.flip(values, axis)
            turned[:, 3] += turned[:, axis] * (values.shape[axis] - 1)
            turned[:, axis] *= -1
    return values, turned


def long_options(words: list[str]) -> dict[str, str]:
    return dict(word.removeprefix("--").split("=", 1) for word in words)


def short_options(words: list[str]) -> dict[str, str]:
    return {words[k].removeprefix("-"): words[k + 1] for k in range(0, len(words), 2)}


def fslreorient2std(words: list[str]) -> None:
    save(words[1], *reoriented(read(words[0])))


def bet(words: list[str]) -> None:
    values, affine = read(words[0])
    brain = np.zeros(values.shape)
    inner = tuple(slice(1, -1) for _ in range(3))
    brain[inner] = values[inner]
    save(words[1], brain, affine)


def flirt(words: list[str]) -> None:
    given = short_options(words)
    save_matrix(given["omat"], np.eye(4))
    save(given["out"], *onto(read(given["in"]), read(given["ref"])))


def convert_xfm(words: list[str]) -> None:
    given = short_options(words)
    save_matrix(given["omat"], np.linalg.inv(np.loadtxt(given["inverse"])))


def fnirt(words: list[str]) -> None:
    given = long_options(words)
    fixed = read(given["ref"])
    np.loadtxt(given["aff"])
    save(given["iout"], *onto(read(given["in"]), fixed))
    save(given["cout"], np.zeros((4, 4, 4, 3)), fixed[1])


def convertwarp(words: list[str]) -> None:
    given = long_options(words)
    read(given["warp1"])
    np.loadtxt(given["postmat"])
    fixed, affine = read(given["ref"])
    save(given["out"], np.zeros((*fixed.shape, 3)), affine)


def applywarp(words: list[str]) -> None:
    given = long_options(words)
    read(given["warp"])
    save(given["out"], *onto(read(given["in"]), read(given["ref"])))


FAULTS: dict[str, Callable[[np.ndarray, np.ndarray], Image]] = {
    "zeros": lambda values, affine: (values * 0, affine),
    "nan": lambda values, affine: (np.where(np.arange(values.size).reshape(values.shape) == 7,
                                            np.nan, values), affine),
    "shape": lambda values, affine: (values[:-1], affine),
    "moved": lambda values, affine: (values, affine + MOVE),
    "volumes": lambda values, affine: (values[..., :2], affine),
    "mirrored": lambda values, affine: (values[::-1], affine),
    "halves": lambda values, affine: (values + 0.5 * (values == 7), affine),
    "invented": lambda values, affine: (np.where(values == 7, 999, values), affine),
    "lost-18": lambda values, affine: (np.where(values <= 18, 0, values), affine),
    "lost-19": lambda values, affine: (np.where(values <= 19, 0, values), affine),
    "corner": lambda values, affine: (np.where(np.arange(len(values))[:, None, None] * 4 <
                                               len(values), values, 0), affine),
}  # fmt: skip
MOVE = np.array([[0, 0, 0, 4], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0.0]])


def save(name: str, values: np.ndarray, affine: np.ndarray) -> None:
    if FAULT == "missing":
        return
    if FAULT == "empty":
        Path(name + ".nii.gz").touch()
        return
    if FAULT in FAULTS:
        values, affine = FAULTS[FAULT](np.asarray(values, float), affine)
    write(name, values, affine)
    if FAULT == "truncated":
        path = Path(name + ".nii.gz")
        path.write_bytes(path.read_bytes()[:-30])


def save_matrix(name: str, matrix: np.ndarray) -> None:
    if FAULT == "no-matrix":
        return
    if FAULT == "singular":
        matrix = np.diag([1, 1, 0, 1])
    lines = ["  ".join(f"{x:.10g}" for x in row) + "  \n" for row in matrix]
    Path(name).write_text("not a matrix\n" if FAULT == "text" else "".join(lines))


if __name__ == "__main__":
    NAME = Path(sys.argv[0]).name
    wanted, _, fault = os.environ.get("FAKE_FSL_FAULT", "").partition(":")
    FAULT = fault if wanted == NAME else ""
    if notes := os.environ.get("FAKE_FSL_NOTES"):
        seen = {k: os.environ.get(k) for k in ("FSLDIR", "FSLOUTPUTTYPE", "LC_ALL")}
        with Path(notes).open("a") as file:
            file.write(json.dumps([[NAME, *sys.argv[1:]], seen, os.getpid()]) + "\n")
    if FAULT == "exit":
        sys.stderr.write("line that scrolled away\n" + "Image Exception : #22\n" * 15)
        sys.exit(3)
    if FAULT == "hang":
        time.sleep(600)
    sys.stdout.write(f"{NAME} says hello\n")
    globals()[NAME](sys.argv[1:])
