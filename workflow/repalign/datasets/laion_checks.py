"""What must hold of LAION-fMRI, and what was found: the invariants that the validator checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repalign.tables.laion_layout import NO_MODEL

Status = Literal["pass", "note", "fail", "skipped"]
STATUSES: tuple[Status, ...] = ("fail", "note", "skipped", "pass")
"""`note`: it holds, but there is something to know. `skipped`: a file that it needs is absent or
fails before."""

INVARIANTS = {
    "E1": "three datasets, `embedding`, `image_ids` and `valid`, of the published types",
    "E2": "`image_ids` are the images of the table, each once",
    "E3": "all embeddings are in one order",
    "E4": "all values are finite",
    "E5": "rows are of length 1 where that is published, and not where it is not",
    "E6": "`valid` is true of every row",
    "E7": "no row is zero, and no two images have one row",
    "S1": "the columns of the table of masks, with values of the published types",
    "S2": "`mask_row` counts the masks of the file, each once",
    "S3": "an image, a noun and an instance are one mask",
    "S4": "masks are of 0 and 1",
    "S5": "masks are of the size of their picture",
    "S6": "instances are numbered from 0 by falling score",
    "S7": "boxes lie in the picture and are the bounds of their masks",
    "S8": "`localized` says whether there is a box and less than 99 % is covered",
    "S9": "only shared images have masks",
    "S10": "masks are compressed by gzip after byte shuffle",
    "C1": "the columns of the table of captions",
    "C2": "every image has the published number of captions",
    "C3": "captions by people rank from 1, those of a model are 0",
    "C4": "`source` is `human` or `ai`",
    "C5": "captions of a model name it and no worker, those by people the reverse",
    "C6": "no caption is empty",
    "C7": "no caption or noun is a word that table readers take for a missing value",
    "C8": "UTF-8, with fields that are quoted where they hold line breaks",
    "J1": "every trial shows an image of the table",
    "J2": "there are as many volumes of betas as trials",
    "J3": "`beta_index` counts the rows of the trial table in their order",
    "J4": "nobody is shown images of another subject",
    "J5": "all subjects are shown the same shared images",
    "J6": "images are shown as often as planned",
    "J7": "rows of the table of images describe the pictures of the same rows",
    "J8": "betas mean the same with and without the scaling of their header",
    "J9": "images of a subject are on one grid",
}
"""The published layout's 31 invariants, and three more that readers would need: J7 to J9."""

MOST_ROWS = 10
"""Rows that an outcome names."""


@dataclass(frozen=True)
class Outcome:
    """What was found of an invariant in a file.

    Attributes
    ----------
    invariant : str
        A key of `INVARIANTS`.
    file : str
        Name of the file.
    status : str
        One of `STATUSES`.
    n_rows : int
        How many rows, images or files it is about.
    rows : tuple of str
        The first of them. Nothing in them is a caption or names a person.
    message : str
        What was found, for people.
    """

    invariant: str
    file: str
    status: Status
    n_rows: int
    rows: tuple[str, ...]
    message: str


class Findings:
    """Collects outcomes.

    Attributes
    ----------
    outcomes : list of Outcome
        In the order in which they were found.
    """

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def judge(
        self,
        invariant: str,
        file: str,
        wrong: Sequence[object],
        message: str,
        *,
        status: Status = "fail",
        fine: str = "",
    ) -> bool:
        """Add what was found, a pass if nothing is wrong.

        Parameters
        ----------
        invariant : str
            A key of `INVARIANTS`.
        file : str
            The file.
        wrong : sequence
            Rows, images or files that do not fit.
        message : str
            What is wrong with them.
        status : str
            What it is then.
        fine : str
            Message of a pass.

        Returns
        -------
        bool
            Whether it holds.
        """
        if wrong:
            rows = tuple(str(row) for row in wrong[:MOST_ROWS])
            self.outcomes.append(Outcome(invariant, file, status, len(wrong), rows, message))
        else:
            self.outcomes.append(Outcome(invariant, file, "pass", 0, (), fine))
        return not wrong

    def fail(self, invariants: str | Sequence[str], file: str, message: str) -> None:
        """Add that something is wrong with a file as a whole; the first invariant fails.

        The others, which cannot be looked at then, are skipped.
        """
        first, *others = [invariants] if isinstance(invariants, str) else invariants
        self.outcomes.append(Outcome(first, file, "fail", 0, (), message))
        self.skip(others, file, f"{first} fails")

    def skip(self, invariants: Sequence[str], file: str, reason: str) -> None:
        """Add that invariants cannot be looked at, and why."""
        self.outcomes += [Outcome(name, file, "skipped", 0, (), reason) for name in invariants]


def ordered(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Order outcomes as the invariants are, and by file."""
    place = {name: k for k, name in enumerate(INVARIANTS)}
    return sorted(outcomes, key=lambda outcome: (place[outcome.invariant], outcome.file))


def counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Count the invariants by the worst that was found of each."""
    worst: dict[str, int] = {}
    for outcome in outcomes:
        # What passes in one file and cannot be looked at in another passes.
        rank = ("fail", "note", "pass", "skipped").index(outcome.status)
        worst[outcome.invariant] = min(rank, worst.get(outcome.invariant, 3))
    names = ("fail", "note", "pass", "skipped")
    return {name: sum(rank == k for rank in worst.values()) for k, name in enumerate(names)}


def stand_in(maker: object, *, is_real: bool) -> list[str]:
    """Return what is wrong with the maker of a file: no model, where the data are real."""
    return [f"backend: {maker}"] if is_real and str(maker).endswith(NO_MODEL) else []


def named(path: Path) -> str:
    """Return the name of a file as outcomes have it: without the folders of a machine."""
    return path.name
