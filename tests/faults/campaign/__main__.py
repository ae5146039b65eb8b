"""Run the campaign: `python -m tests.faults.campaign --folder FOLDER --cases 120 --seed 1`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random

from ...workflow.project import Project
from .. import test_bad_input, test_models, test_roi_matrices
from .damage import raw_files, removed_folders, rotten_results, touched_results
from .disk import full_disks, small_files
from .kills import kills, two_runs
from .lab import SETTINGS, TARGETS, Case, Lab, share_fingerprints
from .report import OUTCOMES, read_cases, summary, write_cases

PARTS: dict[str, Callable[[Lab, Random, int], Iterator[list[Case]]]] = {
    "kills": lambda lab, rng, count: kills(lab, rng, count - count // 2),
    "more kills": lambda lab, rng, count: kills(lab, rng, count // 2),
    "damaged results": lambda lab, rng, count: touched_results(lab, rng, max(1, count // 40)),
    "rotten results": lambda lab, rng, _: rotten_results(lab, rng),
    "raw files": lambda lab, rng, count: raw_files(lab, rng, max(1, count // 60)),
    "two runs": lambda lab, rng, count: two_runs(lab, rng, max(1, count // 20)),
    "full disks": lambda lab, rng, count: full_disks(lab, rng, max(1, count // 30)),
    "small files": lambda lab, rng, count: small_files(lab, rng, max(1, count // 60)),
    "removed folders": lambda lab, rng, _: removed_folders(lab, rng),
}
REGISTRIES = {
    "raw images": test_bad_input.IMAGES,
    "design and stimulus table": test_bad_input.EXPERIMENT,
    "files that are not there": test_bad_input.ABSENT,
    "wrong settings": test_bad_input.WRONG_SETTINGS,
    "settings that do not fit the data": test_bad_input.UNUSABLE_SETTINGS,
    "region matrices": test_roi_matrices.MATRICES,
    "indexes of stimuli": test_roi_matrices.STIMULI_TABLES,
    "features": test_models.BROKEN,
}


def main() -> int:
    options = _options()
    begin = time.monotonic()
    cases = [case for path in options.add for case in read_cases(path)]
    facts = f"{len(cases)} of the cases are from {len(options.add)} recorded campaigns. " * bool(
        cases
    )
    if options.parts:
        found, runs, files = _run_parts(options, begin)
        cases += found
        minutes = (time.monotonic() - begin) / 60
        facts += (
            f"Recorded with seed {options.seed}: {runs} runs of the workflow in {minutes:.0f} "
            f"minutes, on {files} files of results for {len(TARGETS)} targets. "
        )
    write_cases(options.table, cases)
    facts += f"Each case is a row of [`{options.table.name}`]({options.table.name})."
    kinds = {name: len(registry) for name, registry in REGISTRIES.items()}
    introduction = Path(__file__).with_name("introduction.md").read_text(encoding="utf-8")
    text = summary(cases, kinds, [introduction.strip(), "", facts])
    options.report.write_text(text, encoding="utf-8")
    bad = sum(case.outcome in OUTCOMES[2:] for case in cases)
    say(f"{len(cases)} cases, {bad} lost or silently wrong")
    return int(bad > 0)


def _run_parts(options: argparse.Namespace, begin: float) -> tuple[list[Case], int, int]:
    """Do all parts, some side by side; return cases, number of runs and number of results."""
    share_fingerprints()
    root = options.folder.resolve() / "project"
    if root.exists():
        project = Project(root)
    else:
        project = Project.create(root, SETTINGS)
        project.repalign("simulate", "nsd")
    lab = Lab(project)
    lab.prepare()
    with ProcessPoolExecutor(options.processes, get_context("fork")) as pool:
        parts = [pool.submit(_run_part, name, options, lab, begin) for name in options.parts]
    found = [part.result() for part in parts]
    cases = [case for own, _ in found for case in own]
    return cases, lab.runs + sum(count for _, count in found), len(lab.truth)


def _run_part(
    name: str, options: argparse.Namespace, lab: Lab, begin: float
) -> tuple[list[Case], int]:
    """Do one part in a copy of the finished project; return its cases and number of runs."""
    own = lab.copy(options.folder.resolve() / name.replace(" ", "-"))
    # Each part has numbers of its own, so that it can be repeated alone.
    rng = Random(f"{options.seed} {name}")  # noqa: S311
    cases: list[Case] = []
    if options.minutes and time.monotonic() - begin > 60 * options.minutes:
        return cases, 0
    for found in PARTS[name](own, rng, options.cases):
        cases += found
        # A campaign that is cut off leaves what it found.
        write_cases(own.root.parent / "cases.tsv", cases)
        for case in found:
            say(f"{case.outcome:15} {case.group}: {case.kind} | {case.target} | {case.detail}")
        if options.minutes and time.monotonic() - begin > 60 * options.minutes:
            say(f"{name}: the time is over")
            break
    return cases, own.runs


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where to work")
    parser.add_argument("--cases", type=int, default=120, help="number of kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1, help="parts that run side by side")
    parser.add_argument("--minutes", type=float, help="stop each part after so long in all")
    parser.add_argument(
        "--add", type=Path, nargs="*", default=[], help="tables of other campaigns"
    )
    parser.add_argument("--parts", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--table", type=Path, required=True, help="one row a case, TSV")
    parser.add_argument("--report", type=Path, required=True, help="the page of counts")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
