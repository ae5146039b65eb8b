"""What one job of retrieval is to fetch: entries of the register, with what the settings say."""

from __future__ import annotations

import json
import os
import string
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from repalign.errors import RepalignError
from repalign.retrieval.register import Entry

LOCK = "retrieved.tsv"
"""File of a raw folder that says what was fetched into it."""
WORK = ".retrieval"
"""Folder of a raw folder for archives that are not unpacked yet."""


@dataclass(frozen=True)
class Limits:
    """How hard to try.

    Attributes
    ----------
    connections : int
        Files that are fetched at once.
    attempts : int
        Attempts without a new byte before giving up a file.
    wait : float
        Seconds before the second attempt; doubled before each further one.
    timeout : float
        Seconds without an answer, or without a byte, that count as a failed attempt.
    """

    connections: int = 4
    attempts: int = 6
    wait: float = 1.0
    timeout: float = 60.0


@dataclass(frozen=True)
class Wanted:
    """One source with its placeholders filled in.

    Attributes
    ----------
    item : str
        Name in the register.
    kind : str
        `file`, `files` or `archive`.
    source : str
        Address; `*` stands for anything but `/`.
    target : str
        Path below the raw folder.
    size : int or None
        Bytes that the register knows of.
    checksum : str or None
        Checksum that the register knows of.
    """

    item: str
    kind: str
    source: str
    target: str
    size: int | None
    checksum: str | None


@dataclass(frozen=True)
class RetrievalPlan:
    """What one job is to fetch.

    Attributes
    ----------
    dataset : str
        Name of the dataset.
    entries : list of Entry
        Chosen rows of the register; targets are paths.
    sessions : dict of int to int
        Number of sessions by subject.
    scans : list of str
        Data keys of scans.
    values : dict of str to str
        Other placeholders.
    accepted : list of str
        Agreements that were accepted.
    endpoints : dict of str to str
        Addresses that stand for the start of others.
    check : str
        `quick` or `full`: how files that are there are compared with the record.
    only_list : bool
        Whether to say what would be fetched, and to fetch nothing.
    limits : Limits
        How hard to try.
    """

    dataset: str
    entries: list[Entry]
    sessions: dict[int, int] = field(default_factory=dict)
    scans: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    endpoints: dict[str, str] = field(default_factory=dict)
    check: str = "quick"
    only_list: bool = False
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        """Return the plan as one line."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> RetrievalPlan:
        """Read a plan that `to_json` wrote."""
        try:
            given = json.loads(text)
            entries = [Entry(**entry) for entry in given.pop("entries")]
            limits = Limits(**given.pop("limits"))
            sessions = {int(k): int(n) for k, n in given.pop("sessions").items()}
            return cls(entries=entries, limits=limits, sessions=sessions, **given)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RepalignError(
                f"no plan ({error})",
                where="--plan",
                expected="the JSON that the rule gives",
                remedy="Run it by its rule: snakemake retrieve_<dataset>.",
            ) from error

    def wanted(self) -> Iterator[Wanted]:
        """Yield every source with its placeholders filled in, each target below the folder.

        What is to be fetched by hand is left out.

        Raises
        ------
        RepalignError
            If a path leads out of the folder, or has placeholders that cannot be filled in.
        """
        for entry in self.entries:
            if entry.kind == "by-hand":
                continue
            for values in self._fillings(entry):
                where = f"{self.dataset}/{entry.item}"
                target = _filled(entry.target, values, where)
                check_relative(target, where)
                yield Wanted(
                    entry.item,
                    entry.kind,
                    _filled(entry.source, values, where),
                    target,
                    entry.size,
                    entry.checksum,
                )

    def _fillings(self, entry: Entry) -> Iterator[Mapping[str, object]]:
        """Yield the values of the placeholders of a source, once for each file."""
        names = {name for _, name, _, _ in string.Formatter().parse(entry.source) if name}
        if "scan" in names:
            yield from ({**self.values, "scan": scan} for scan in self.scans)
        elif "session" in names:
            for subject, count in self.sessions.items():
                for session in range(1, count + 1):
                    yield {**self.values, "subject": subject, "session": session}
        elif "subject" in names:
            yield from ({**self.values, "subject": subject} for subject in self.sessions)
        else:
            yield dict(self.values)


def _filled(text: str, values: Mapping[str, object], where: str) -> str:
    """Return an address or a path with its placeholders filled in."""
    try:
        return text.format_map(values)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        known = ", ".join(f"{{{name}}}" for name in values)
        raise RepalignError(
            f"placeholders in {text!r} that cannot be filled in ({error})",
            where=where,
            expected=f"some of {known}",
            remedy="Correct the path in the settings of the dataset, or the register.",
        ) from error


def check_agreements(plan: RetrievalPlan) -> None:
    """Stop where data need an agreement that nobody said was accepted.

    Raises
    ------
    RepalignError
        With the terms, and the setting that says that they were accepted.
    """
    open_ones = {
        entry.agreement: entry
        for entry in plan.entries
        if entry.agreement and entry.agreement not in plan.accepted
    }
    if not open_ones:
        return
    names = sorted({*plan.accepted, *map(str, open_ones)})
    terms = "; ".join(f"{name}: {entry.terms}" for name, entry in sorted(open_ones.items()))
    raise RepalignError(
        f"nobody said that the terms were accepted: {', '.join(sorted(map(str, open_ones)))}",
        where=f"retrieve_{plan.dataset}",
        expected=f"an agreement. {terms}",
        remedy=f"Read and accept the terms there, then set retrieval.accepted: "
        f"[{', '.join(names)}].",
    )


def check_relative(path: str, where: str) -> PurePosixPath:
    """Refuse a path that leads out of its folder.

    Parameters
    ----------
    path : str
        Path of a target, of a key or of a member of an archive.
    where : str
        Where it is from, for the message.

    Returns
    -------
    PurePosixPath
        The same path.

    Raises
    ------
    RepalignError
        If it is empty or absolute, or has `..`, a backslash, a drive or control characters.
    """
    parts = PurePosixPath(path).parts
    is_odd = "\\" in path or not path.isprintable() or (parts and parts[0].endswith(":"))
    if not parts or path.startswith("/") or ".." in parts or is_odd:
        raise RepalignError(
            f"the path {path!r}",
            where=where,
            expected="a path that stays within its folder",
            remedy="Do not use this source; nothing of it was kept.",
        )
    return PurePosixPath(*parts)


def check_folder(root: Path, dataset: str) -> None:
    """Refuse to put real data into a simulated dataset.

    Raises
    ------
    RepalignError
        If the folder has a simulation.json, or is the default folder of simulations.
    """
    is_default = root.parent.parts[-2:] == ("resources", "simulated")
    # Where it cannot be looked into, nothing can be written either, which is said then.
    if is_default or os.path.exists(root / "simulation.json"):  # noqa: PTH110 - raises nothing
        raise RepalignError(
            "the folder of the simulation",
            where=root,
            expected="a folder of its own for the real data",
            remedy=f"Set {dataset}.raw to the folder that they shall go to.",
        )
