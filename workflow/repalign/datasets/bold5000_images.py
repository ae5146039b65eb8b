"""The images of BOLD5000, from the lists of what each subject was shown."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from repalign.errors import RepalignError

REPEATED = "rep_"
"""Prefix of images that are shown more than once. It does not say which showing it is."""
FOLDERS = {"coco": "COCO", "imagenet": "ImageNet", "scenes": "Scene"}
"""Folder of the pictures of each source."""
N_PRESENTATIONS = {1: 5254, 2: 5254, 3: 5254, 4: 3108}
N_IMAGES = {"coco": 2000, "imagenet": 1916, "scenes": 1000}
"""Known counts of the real dataset (Chang et al. 2019, doi:10.1038/s41597-019-0052-3)."""


@dataclass(frozen=True)
class Presentation:
    """One line of a presentation list; all numbers are those of the folder and file names."""

    subject: int
    session: int
    run: int
    image_name: str


def read_presentations(folder: str | Path) -> list[Presentation]:
    """Read the presentation lists of all subjects.

    Parameters
    ----------
    folder : str or Path
        With CSI<subject>/CSI<subject>_sess<session>/*.txt: a file a run, whose name ends in the
        number of the run; an image a line, perhaps with the prefix `rep_`, which is dropped.

    Returns
    -------
    list of Presentation
        In the order of subject, session, run and line.

    Raises
    ------
    RepalignError
        If there is no list, a list is empty or cannot be read, or a session or run is missing
        or there twice.
    """
    folder = Path(folder)
    shown: list[Presentation] = []
    for subject, place in _numbered(folder, r"CSI(\d+)", "CSI<subject>", contiguous=False):
        pattern = rf"CSI{subject}_sess(\d+)"
        for session, inner in _numbered(place, pattern, f"CSI{subject}_sess<session>"):
            for run, path in _numbered(inner, r".*?(\d+)\.txt", "lists of runs"):
                names = [line.strip() for line in _read(path).splitlines()]
                kept = [name.removeprefix(REPEATED) for name in names if name]
                if not kept:
                    raise _error("an empty list", path, "the images of a run, one a line")
                shown += [Presentation(subject, session, run, name) for name in kept]
    return shown


def source_of(image_name: str) -> str:
    """Return where an image comes from, by its name: coco, imagenet or scenes."""
    if image_name.startswith("COCO"):
        return "coco"
    return "imagenet" if re.match(r"n\d+_\d+", image_name) else "scenes"


def bold5000_images(presentations: list[Presentation], below: str) -> pd.DataFrame:
    """Make the index of images.

    Parameters
    ----------
    presentations : list of Presentation
        In the order of subject, session, run and line.
    below : str
        Where the folder of the pictures lies in the raw dataset.

    Returns
    -------
    DataFrame
        A row an image: bold_id (0-based number of its first presentation over all subjects, so
        sparse), image_name, stim_source and image_path (in the raw dataset). The number of the
        row is `bold_position`, by which features are ordered.

    Raises
    ------
    RepalignError
        If the stems of two images differ in capitals alone, or not at all: results name images
        by their lower-case stem.
    """
    first: dict[str, int] = {}
    for k, shown in enumerate(presentations):
        first.setdefault(shown.image_name, k)
    stems: dict[str, str] = {}
    for name in first:
        other = stems.setdefault(Path(name).stem.lower(), name)
        if other != name:
            raise _error(f"{other} and {name}", "presentation lists", "stems that are unique")
    sources = [source_of(name) for name in first]
    return pd.DataFrame(
        {
            "bold_id": list(first.values()),
            "image_name": list(first),
            "stim_source": sources,
            "image_path": [
                str(PurePosixPath(below, FOLDERS[source], name))
                for source, name in zip(sources, first, strict=True)
            ],
        }
    )


def check_pictures(images: pd.DataFrame, folder: str | Path) -> None:
    """Refuse an index of images whose pictures are not all there.

    Parameters
    ----------
    images : DataFrame
        As `bold5000_images` returns it.
    folder : str or Path
        Folder of the pictures, with COCO, ImageNet and Scene.

    Raises
    ------
    RepalignError
        Naming the first picture that is missing, and how many are.
    """
    places = images["stim_source"].map(FOLDERS) + "/" + images["image_name"]
    lost = [place for place in places if not (Path(folder) / place).is_file()]
    if lost:
        raise _error(
            f"no {lost[0]} ({len(lost)} of {len(images)} pictures missing)",
            folder,
            "the picture of every image in the presentation lists",
        )


def check_real_bold5000(presentations: list[Presentation], images: pd.DataFrame) -> None:
    """Refuse lists that claim to be BOLD5000's and have other counts."""
    shown = dict(Counter(item.subject for item in presentations))
    if shown != N_PRESENTATIONS:
        raise _error(f"presentations {shown}", "presentation lists", f"{N_PRESENTATIONS}")
    sources = images["stim_source"].value_counts().to_dict()
    if sources != N_IMAGES:
        raise _error(f"images {sources}", "presentation lists", f"{N_IMAGES}")


def _numbered(
    folder: Path, pattern: str, what: str, *, contiguous: bool = True
) -> list[tuple[int, Path]]:
    """Return the folders or files with a number in their name, by number; 1, 2, ... or refuse."""
    matches = [(re.fullmatch(pattern, path.name), path) for path in sorted(folder.glob("*"))]
    found = sorted((int(match[1]), path) for match, path in matches if match)
    numbers = [number for number, _ in found]
    if not found:
        raise _error(f"no {what}", folder, "the presentation lists of BOLD5000")
    expected = list(range(1, len(found) + 1)) if contiguous else sorted(set(numbers))
    if numbers != expected:
        raise _error(f"{what} {numbers}", folder, "each once, from 1 on without a gap")
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _error(f"unreadable ({error})", path, "a list of images as text") from error


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Fetch the stimuli of BOLD5000 again, or correct bold5000.files.",
    )
