"""The table of all cases, and the page that counts them."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from .lab import Case

OUTCOMES = ("recovered", "named", "lost", "silently wrong")


def write_cases(path: Path, cases: Sequence[Case]) -> None:
    """Write one row a case."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(["case", *(column.name for column in fields(Case))])
        for number, case in enumerate(cases, start=1):
            rows.writerow(
                [number, *(" ".join(str(value).split()) for value in asdict(case).values())]
            )


def read_cases(path: Path) -> list[Case]:
    """Read the rows of another campaign."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    names = [column.name for column in fields(Case)]
    return [Case(**{name: row[name] for name in names}) for row in rows]


def summary(cases: Sequence[Case], kinds: dict[str, int], facts: Iterable[str]) -> str:
    """Return the page as Markdown."""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    lines = [*facts, "", "## Cases", "", _row("what", "cases", "kinds", *OUTCOMES), _rule(7)]
    for group, own in groups.items():
        counts = Counter(case.outcome for case in own)
        lines.append(_row(group, len(own), len({case.kind for case in own}), *_of(counts)))
    counts = Counter(case.outcome for case in cases)
    all_kinds = len({(case.group, case.kind) for case in cases})
    lines.append(_row("**all**", len(cases), all_kinds, *_of(counts)))
    lines += ["", "## Kills", "", _row("who and how", "cases", *OUTCOMES), _rule(6)]
    lines += _by(groups.get("kill", []), lambda case: case.kind)
    lines += ["", "Jobs that were running:", "", _row("job", "kills"), _rule(2)]
    running = Counter(name for case in groups.get("kill", []) for name in case.target.split(", "))
    lines += [_row(name, count) for name, count in sorted(running.items())]
    lines += ["", "## Damage", "", _row("file", "cases", *OUTCOMES), _rule(6)]
    for group in ("damaged result", "rotten result", "damaged raw file", "removed folder"):
        lines += _by(groups.get(group, []), lambda case: _file_of(case))
    lines += ["", "## Kinds of bad input that `make test` tries one by one", ""]
    lines += [_row("registry", "kinds"), _rule(2)]
    lines += [_row(name, count) for name, count in kinds.items()]
    lines.append(_row("**all**", sum(kinds.values())))
    bad = [case for case in cases if case.outcome in ("lost", "silently wrong")]
    if bad:
        lines += ["", "## Not well", ""]
        lines += [f"- {c.group}, {c.kind}, `{c.target}`, {c.moment}: {c.outcome}" for c in bad]
    return "\n".join(lines) + "\n"


def _file_of(case: Case) -> str:
    return f"{case.group}: {case.kind.split(':')[0]}"


def _by(cases: Sequence[Case], key) -> list[str]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        found[key(case)][case.outcome] += 1
    return [_row(name, counts.total(), *_of(counts)) for name, counts in found.items()]


def _of(counts: Counter[str]) -> list[int]:
    return [counts[outcome] for outcome in OUTCOMES]


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _rule(count: int) -> str:
    return "|" + "---|" * count
