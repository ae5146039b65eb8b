"""Checks that join the files of subjects with the images: J1 to J6, J8 and J9.

Betas are never read: their headers say all that is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from nibabel.filebasedimages import ImageFileError

from repalign.datasets.laion_checks import Findings, named
from repalign.datasets.laion_metadata import read_laion_table
from repalign.errors import RepalignError
from repalign.tables.laion_layout import TRIAL_COLUMNS, owner_of

ALL = ("J1", "J2", "J3", "J4", "J5", "J6", "J8", "J9")
_SESSION = re.compile(r"(sub-\d+)_(ses-\d+)_")
_SUBJECT = re.compile(r"(sub-\d+)_")
NEARLY_ALL = 0.95
"""Share of the planned trials that a subject with all sessions has at least."""
_GRID_TOLERANCE = 1e-3
"""Millimetres between affines of one grid."""


@dataclass
class SubjectFiles:
    """Files of one subject.

    Attributes
    ----------
    trials, betas : dict of str to Path
        Trial tables and betas by session, such as `ses-01`.
    grids : list of Path
        Other images on the grid of the betas: region masks, noise ceilings, R2.
    """

    trials: dict[str, Path] = field(default_factory=dict)
    betas: dict[str, Path] = field(default_factory=dict)
    grids: list[Path] = field(default_factory=list)


def by_subject(
    trials: Sequence[Path], betas: Sequence[Path], grids: Sequence[Path]
) -> dict[str, SubjectFiles]:
    """Sort files by the subjects and sessions that their names say."""
    found: dict[str, SubjectFiles] = {}
    for kind, paths in (("trials", trials), ("betas", betas)):
        for path in paths:
            match = _SESSION.search(path.name)
            if match:
                own = found.setdefault(match[1], SubjectFiles())
                getattr(own, kind)[match[2]] = path
    for path in grids:
        match = _SUBJECT.search(path.name)
        if match:
            found.setdefault(match[1], SubjectFiles()).grids.append(path)
    return dict(sorted(found.items()))


def check_subjects(
    subjects: Mapping[str, SubjectFiles], images: pd.DataFrame | None, findings: Findings
) -> None:
    """Check the files of all subjects.

    Parameters
    ----------
    subjects : mapping of str to SubjectFiles
        By label, such as `sub-01`.
    images : DataFrame or None
        As from `laion_metadata.read_metadata`; None if it is absent.
    findings : Findings
        Takes what is found.
    """
    if not subjects:
        findings.skip(ALL, "subjects", "no trial tables")
        return
    shown: dict[str, Counter[str]] = {}
    for subject, files in subjects.items():
        labels: Counter[str] = Counter()
        for session, path in sorted(files.trials.items()):
            table = _read_trials(path, findings)
            if table is None:
                continue
            _check_index(table, path, findings)
            _check_known(table, images, path, findings)
            if session in files.betas:
                _check_betas(files.betas[session], len(table), findings)
            labels.update(table["label"])
        lonely = sorted(set(files.betas) - set(files.trials))
        findings.judge("J2", subject, lonely, "sessions with betas and without a trial table")
        _check_grids(files, subject, findings)
        shown[subject] = labels
    for subject, labels in shown.items():
        others = [own for name, own in shown.items() if name != subject]
        _check_owner(subject, labels, others, findings)
        _check_repetitions(subject, labels, images, findings)
    _check_shared(shown, images, findings)


def _read_trials(path: Path, findings: Findings) -> pd.DataFrame | None:
    try:
        return read_laion_table(path, "a trial table", TRIAL_COLUMNS, separator="\t")
    except RepalignError as error:
        message = f"{error.found}; expected {error.expected}"
        findings.fail(("J1", "J3"), named(path), message)
        return None


def _check_index(table: pd.DataFrame, path: Path, findings: Findings) -> None:
    found = pd.to_numeric(table["beta_index"], errors="coerce").to_numpy()
    wrong = [f"row {k}" for k in np.flatnonzero(found != np.arange(len(table)))]
    message = "rows in another order than the betas, which readers of the row order take wrong"
    findings.judge("J3", named(path), wrong, message)


def _check_known(
    table: pd.DataFrame, images: pd.DataFrame | None, path: Path, findings: Findings
) -> None:
    if images is None:
        findings.skip(["J1"], named(path), "the table of images is absent")
        return
    unknown = ~table["label"].isin(images["image_name"])
    wrong = [f"row {k}: {table['label'].iloc[k]!r}" for k in np.flatnonzero(unknown)]
    findings.judge("J1", named(path), wrong, "labels that are no image")


def _check_betas(path: Path, n_trials: int, findings: Findings) -> None:
    """Check J2 and J8 from the header."""
    try:
        image = nib.load(path)
    except (OSError, EOFError, ImageFileError) as error:
        findings.fail(("J2", "J8"), named(path), f"unreadable: {error}")
        return
    shape = image.shape
    n_volumes = shape[3] if len(shape) == 4 else 0
    wrong = [] if n_volumes == n_trials else [f"{n_volumes} volumes of {n_trials} trials"]
    findings.judge("J2", named(path), wrong, "more or fewer volumes than trials")
    # nibabel takes the scaling out of the header when it loads an image.
    slope, offset = float(image.dataobj.slope), float(image.dataobj.inter)
    wrong = [] if (slope, offset) == (1, 0) else [f"slope {slope:g}, intercept {offset:g}"]
    message = (
        f"{image.get_data_dtype()} that must be scaled: readers of the bare numbers are off by "
        "these factors"
    )
    findings.judge("J8", named(path), wrong, message)


def _check_grids(files: SubjectFiles, subject: str, findings: Findings) -> None:
    """Check J9: betas of all sessions and other images of a subject share shape and affine."""
    paths = [*(files.betas[session] for session in sorted(files.betas)), *files.grids]
    first: tuple[tuple[int, ...], np.ndarray] | None = None
    wrong = []
    for path in paths:
        try:
            image = nib.load(path)
        except (OSError, EOFError, ImageFileError) as error:
            wrong.append(f"{named(path)}: unreadable ({type(error).__name__})")
            continue
        grid = (image.shape[:3], image.affine)
        first = first or grid
        if grid[0] != first[0]:
            wrong.append(f"{named(path)}: {grid[0]}")
        elif not np.allclose(grid[1], first[1], atol=_GRID_TOLERANCE):
            wrong.append(f"{named(path)}: another affine")
    if paths:
        message = f"images on another grid than {named(paths[0])}"
        findings.judge("J9", subject, wrong, message)
    else:
        findings.skip(["J9"], subject, "no images")


def _check_owner(
    subject: str, labels: Counter[str], others: Sequence[Counter[str]], findings: Findings
) -> None:
    """Check J4: an image of one subject has its number, in the old numbering, in its name."""
    number = int(subject.removeprefix("sub-"))
    owners = {label: owner_of(label) for label in labels}
    wrong = [
        f"{label} of sub-{owner:02d}" for label, owner in owners.items()
        if owner not in (None, number)
    ]  # fmt: skip
    wrong += [
        f"{label} of two subjects" for label, owner in owners.items()
        if owner == number and any(label in other for other in others)
    ]  # fmt: skip
    findings.judge("J4", subject, wrong, "images that another subject alone is to see")


def _check_repetitions(
    subject: str, labels: Counter[str], images: pd.DataFrame | None, findings: Findings
) -> None:
    """Check J6: more showings than planned are an error, fewer are listed."""
    if images is None:
        findings.skip(["J6"], subject, "the table of images is absent")
        return
    planned = dict(zip(images["image_name"], images["n_reps"], strict=True))
    known = [(label, count) for label, count in labels.items() if label in planned]
    more = [f"{label}: {n} of {planned[label]}" for label, n in known if n > planned[label]]
    if more:
        findings.judge("J6", subject, more, "images that are shown more often than planned")
        return
    fewer = [f"{label}: {n} of {planned[label]}" for label, n in known if n < planned[label]]
    message = "images that are shown less often than planned; leave them out of ceilings"
    findings.judge("J6", subject, fewer, message, status="note")


def _check_shared(
    shown: Mapping[str, Counter[str]], images: pd.DataFrame | None, findings: Findings
) -> None:
    """Check J5 over all subjects."""
    if images is None:
        findings.skip(["J5"], "subjects", "the table of images is absent")
        return
    shared = set(images["image_name"][images["shared"]])
    of_all = set().union(*(shared & set(labels) for labels in shown.values()))
    lost = {subject: sorted(of_all - set(labels)) for subject, labels in shown.items()}
    wrong = [f"{subject}: no {name}" for subject, names in lost.items() for name in names]
    message = "shared images that some subjects are not shown"
    if any(names and _is_complete(s, shown[s], images) for s, names in lost.items()):
        findings.judge("J5", "subjects", wrong, message)
    else:
        message += ", of whom sessions are absent"
        findings.judge("J5", "subjects", wrong, message, status="note")


def _is_complete(subject: str, labels: Counter[str], images: pd.DataFrame) -> bool:
    """Say whether a subject has all sessions: hardly fewer trials than are planned."""
    number = int(subject.removeprefix("sub-"))
    owned = np.array([owner_of(name) == number for name in images["image_name"]], bool)
    planned = images["n_reps"].to_numpy()[images["shared"].to_numpy(bool) | owned].sum()
    return bool(labels.total() >= NEARLY_ALL * planned)
