"""The validator of LAION-fMRI: all checks on the files that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from repalign.datasets.laion_check_captions import check_captions
from repalign.datasets.laion_check_embeddings import check_embeddings
from repalign.datasets.laion_check_masks import Images, check_masks
from repalign.datasets.laion_check_pictures import check_pictures
from repalign.datasets.laion_check_trials import by_subject, check_subjects
from repalign.datasets.laion_checks import INVARIANTS, Findings, Outcome, named
from repalign.datasets.laion_metadata import read_metadata
from repalign.errors import RepalignError


@dataclass(frozen=True)
class LaionFiles:
    """The files of the dataset; what is None or empty is absent.

    Attributes
    ----------
    pictures, metadata : Path or None
        The pictures and the table of images, which a data-use agreement comes before.
    embeddings : mapping of str to Path or None
        By label.
    masks, mask_table, captions : Path or None
        The other derived files.
    trials, betas, grids : sequence of Path
        Of all subjects: trial tables, betas of sessions, other images on their grid.
    is_real : bool
        Whether the data are real, so that nothing in them is to be made by a stand-in.
    """

    pictures: Path | None = None
    metadata: Path | None = None
    embeddings: Mapping[str, Path | None] = field(default_factory=dict)
    masks: Path | None = None
    mask_table: Path | None = None
    captions: Path | None = None
    trials: Sequence[Path] = ()
    betas: Sequence[Path] = ()
    grids: Sequence[Path] = ()
    is_real: bool = False


def validate_laion(files: LaionFiles) -> list[Outcome]:
    """Check all invariants.

    Parameters
    ----------
    files : LaionFiles
        What is there.

    Returns
    -------
    list of Outcome
        One at least of every invariant. A file that is missing, damaged or of another kind is a
        finding and no error.
    """
    findings = Findings()
    images = _read_images(files.metadata, findings)
    names = None if images is None else images["image_name"].tolist()
    check_embeddings(files.embeddings, names, findings, is_real=files.is_real)
    if images is None and files.metadata is not None:
        sizes: dict[str, tuple[int, int]] = {}
    else:
        sizes = check_pictures(files.pictures, images, files.embeddings, findings)
    shared = None if images is None else frozenset(images["image_name"][images["shared"]])
    known = Images(shared, sizes, files.is_real)
    check_masks(files.masks, files.mask_table, known, findings)
    check_captions(files.captions, images, findings)
    subjects = by_subject(files.trials, files.betas, files.grids)
    check_subjects(subjects, images, findings)
    found = {outcome.invariant for outcome in findings.outcomes}
    findings.skip([name for name in INVARIANTS if name not in found], "", "a check before fails")
    return findings.outcomes


def _read_images(path: Path | None, findings: Findings) -> pd.DataFrame | None:
    """Read the table of images; one that cannot be used fails J7, which is about it."""
    if path is None:
        return None
    try:
        return read_metadata(path)
    except RepalignError as error:
        findings.fail("J7", named(path), f"{error.found}; expected {error.expected}")
        return None
