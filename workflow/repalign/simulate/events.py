"""BIDS event files of simulated datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def write_events(
    folder: Path,
    subject: str,
    session: str,
    task: str,
    run: int,
    trials: Sequence[Mapping[str, object]],
    interval: float,
) -> None:
    """Write the events of a run.

    Parameters
    ----------
    folder : Path
        Root of the BIDS tree.
    subject, session, task : str
        Labels.
    run : int
        Number of the run, from 1.
    trials : sequence of mapping
        Further columns of each trial, in order; all with the same keys.
    interval : float
        Seconds from one onset to the next.
    """
    place = folder / f"sub-{subject}" / f"ses-{session}" / "func"
    place.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(["onset", "duration", *trials[0]])]
    for k, trial in enumerate(trials):
        lines.append("\t".join([f"{3 + k * interval:.1f}", "0.5", *map(str, trial.values())]))
    path = place / f"sub-{subject}_ses-{session}_task-{task}_run-{run:02d}_events.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
