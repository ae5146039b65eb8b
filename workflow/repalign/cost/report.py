"""The cost preview as text: jobs by rule, and what the whole run takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from repalign.cost.estimate import Estimate
from repalign.cost.pending import PendingJob
from repalign.cost.schedule import Load, Run, play

FAR = 10.0
"""Work beyond this multiple of the largest measured job is said to be far from what is known."""


@dataclass(frozen=True)
class Preview:
    """What a run is expected to take.

    Attributes
    ----------
    jobs : list of PendingJob
        The pending jobs.
    estimates : list of Estimate
        What each takes.
    cores : int
        Cores of the run.
    """

    jobs: Sequence[PendingJob]
    estimates: Sequence[Estimate]
    cores: int

    def run(self) -> Run:
        """Play the run through; jobs of unknown cost take nothing.

        The threads of a job share its work evenly: no better is known of them.
        """
        loads = [
            Load(
                _known(e.seconds) / min(job.threads, self.cores),
                job.threads,
                _known(e.memory_mb),
                job.after,
            )
            for job, e in zip(self.jobs, self.estimates, strict=True)
        ]
        return play(loads, self.cores)

    @property
    def core_seconds(self) -> float:
        """Return what all jobs take on one core, one after the other."""
        return sum(_known(e.seconds) for e in self.estimates)

    def text(self) -> str:
        """Return it for people."""
        if not self.jobs:
            return "nothing is pending"
        lines = [_heading(self), "", *_by_rule(self), "", *_totals(self)]
        return "\n".join(lines)


def _heading(preview: Preview) -> str:
    rules = len({job.rule for job in preview.jobs})
    return f"{_count(len(preview.jobs), 'job')} of {_count(rules, 'rule')} pending"


def _by_rule(preview: Preview) -> list[str]:
    """Return a table with a line a rule, in the order in which the rules first run."""
    groups: dict[str, list[tuple[PendingJob, Estimate]]] = {}
    for job, estimate in zip(preview.jobs, preview.estimates, strict=True):
        groups.setdefault(job.rule, []).append((job, estimate))
    rows = [("jobs", "rule", "core time", "memory", "disk", "from")]
    for rule, own in groups.items():
        found = [estimate for _, estimate in own]
        bases = sorted({estimate.basis for estimate in found} - {"none"})
        temporary = " (temporary)" if all(job.temporary for job, _ in own) else ""
        rows.append(
            (
                str(len(own)),
                rule,
                duration(_sum(e.seconds for e in found)),
                size(_most(e.memory_mb for e in found) * 1e6),
                size(_sum(e.bytes for e in found)) + temporary,
                ", ".join(bases) or "-",
            )
        )
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    right = (0, 2, 3)
    return [
        "  ".join(
            cell.rjust(widths[k]) if k in right else cell.ljust(widths[k])
            for k, cell in enumerate(row[:5])
        )
        + f"  {row[5]}"
        for row in rows
    ]


def _totals(preview: Preview) -> list[str]:
    """Return the sums over all jobs, and what they leave out."""
    run, found = preview.run(), list(zip(preview.jobs, preview.estimates, strict=True))
    unknown = [job for job, e in found if e.basis == "unknown"]
    least = "at least " if unknown else ""
    heaviest, most = max(found, key=lambda pair: _known(pair[1].memory_mb))
    written = sum(_known(e.bytes) for _, e in found)
    temporary = sum(_known(e.bytes) for job, e in found if job.temporary)
    unsized = sum(math.isnan(e.bytes) for _, e in found)
    far = max((e.beyond for e in preview.estimates), default=0.0)
    lines = [
        f"time    {least}{duration(run.wall)} on {_count(preview.cores, 'core')}"
        f" ({duration(preview.core_seconds)} on one; longest chain {duration(run.chain)})",
        f"memory  {least}{size(run.memory_mb * 1e6)} side by side; largest job"
        f" {size(_known(most.memory_mb) * 1e6)} ({heaviest.rule},"
        f" which reserves {size(heaviest.reserved_mb * 1e6)})",
        f"disk    {'at least ' if unsized else ''}{size(written)} to be written,"
        f" {size(temporary)} of it temporary",
    ]
    label = "basis"
    for basis, meaning in (
        ("own runs", "from earlier runs of their rules here"),
        ("table", "from the table of measured costs (resources/costs.tsv)"),
        ("unknown", "never measured, or on far smaller jobs alone: not in these sums"),
    ):
        jobs = [job for job, e in found if e.basis == basis]
        rules = ", ".join(sorted({job.rule for job in jobs})) if basis == "unknown" else ""
        if jobs:
            named = f": {rules}" if rules else ""
            lines.append(f"{label:8}{_count(len(jobs), 'job')} {meaning}{named}")
            label = ""
    if unsized > len(unknown):
        lines.append(f"        the disk space of {_count(unsized, 'job')} is not known")
    if far > FAR:
        lines.append(
            f"        the largest job is {far:,.0f} times what was measured: take times as rough"
        )
    return lines


def duration(seconds: float) -> str:
    """Return a time for people, such as `1 h 20 min`; `?` if it is not known."""
    if math.isnan(seconds):
        return "?"
    if seconds < 59.5:
        return f"{seconds:.0f} s" if seconds >= 10 or seconds == 0 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours / 24:.1f} days"


def size(count: float) -> str:
    """Return bytes for people, such as `1.2 GB`; `?` if they are not known."""
    if math.isnan(count):
        return "?"
    units = ("B", "kB", "MB", "GB", "TB")
    step = 0
    while count >= 999.5 and step < len(units) - 1:
        count /= 1000
        step += 1
    return f"{count:.1f} {units[step]}" if step and count < 99.95 else f"{count:.0f} {units[step]}"


def _known(value: float) -> float:
    """Return a number, and 0 for one that is not known."""
    return 0.0 if math.isnan(value) else value


def _sum(values: Iterable[float]) -> float:
    """Return the sum of the known values; not a number if none is."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) if known else float("nan")


def _most(values: Iterable[float]) -> float:
    """Return the largest of the known values; not a number if none is."""
    return max((value for value in values if not math.isnan(value)), default=float("nan"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
