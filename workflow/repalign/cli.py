"""The command `repalign`: simulate data, ask what a run costs, why a result is stale; report."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from repalign.cost import command as cost_command
from repalign.errors import RepalignError
from repalign.settings_file import DEFAULT_SETTINGS, read_over_default

if TYPE_CHECKING:
    from repalign.dag.staleness import Verdict


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after `repalign`; those of the process by default.

    Returns
    -------
    int
        0 on success (for `why`: everything is current), 1 if something is stale or wrong.
    """
    parser = argparse.ArgumentParser(prog="repalign", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    simulate = commands.add_parser(
        "simulate", help="make a simulated dataset in raw formats, or models for it"
    )
    simulate.add_argument(
        "dataset", choices=["nsd", "models", "bold5000", "things", "laion", "mouse"]
    )
    simulate.add_argument(
        "--output", type=Path, help="folder to make (resources/simulated/<dataset>)"
    )
    simulate.set_defaults(run=_simulate)

    why = commands.add_parser(
        "why", help="say what would be made again, and which setting, input or code changed"
    )
    why.add_argument("paths", nargs="+", metavar="FILE", help="results, or folders of results")
    why.add_argument("--list", action="store_true", help="print the paths of stale files alone")
    why.add_argument(
        "--verify",
        action="store_true",
        help="read every byte again, even of files whose size and times are as they were",
    )
    why.set_defaults(run=_why)

    cost = commands.add_parser(
        "cost", help="say what a run will take: jobs, time, memory and disk; runs nothing"
    )
    cost_command.add_options(cost)
    cost.set_defaults(run=lambda options: cost_command.run(options, print))

    report = commands.add_parser("report", help="write the report of the figures that there are")
    report.add_argument("targets", nargs="*", metavar="FIGURE", help="these alone (all)")
    report.add_argument(
        "--output", type=Path, default=Path("report.html"), help="report.html, or a .zip"
    )
    report.set_defaults(run=_report)

    for command in (simulate, why, cost, report):
        command.add_argument(
            "--configfile",
            type=Path,
            default=DEFAULT_SETTINGS,
            help=f"settings that override those of {DEFAULT_SETTINGS}",
        )
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except RepalignError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _simulate(options: argparse.Namespace) -> int:
    """Make a simulated dataset, or models for it, unless the same is there already."""
    from repalign.simulate.make import make_simulation

    settings = read_over_default(options.configfile).simulate
    folder = options.output or Path("resources/simulated") / options.dataset
    print(make_simulation(options.dataset, folder, settings))
    return 0


def _why(options: argparse.Namespace) -> int:
    """Judge results and print the reasons, grouped by what changed."""
    from repalign.dag.build import build_workflow
    from repalign.dag.staleness import Auditor

    workflow, _ = build_workflow(read_over_default(options.configfile))
    workflow.manifest.trusts_times = workflow.checked.trusts_times = not options.verify
    auditor = Auditor(workflow)
    verdicts: list[Verdict] = []
    for name in options.paths:
        path = os.path.relpath(name)
        if workflow.producer(path) is None and Path(path).is_dir():
            verdicts += auditor.within(path)
        else:
            verdicts.append(auditor.verdict(path))
    if not verdicts:
        print("no results there")
        return 0
    workflow.save_memory()
    wrong = [verdict for verdict in verdicts if verdict.state != "current"]
    if options.list:
        for verdict in wrong:
            if verdict.state in ("stale", "damaged"):
                print(verdict.path)
        return 1 if wrong else 0
    for verdict in wrong:
        note = f"  ({verdict.note})" if verdict.note else ""
        print(f"{verdict.state:8} {verdict.path}{note}")
    _print_causes(verdicts)
    counts = Counter(verdict.state for verdict in verdicts)
    print(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    return 1 if wrong else 0


def _report(options: argparse.Namespace) -> int:
    """Let Snakemake write the report of figures that exist, or of those that are named."""
    from repalign.dag.build import CATALOGUE, build_workflow
    from repalign.dag.catalogue import read_catalogue
    from repalign.dag.report import report_command, report_files

    workflow, _ = build_workflow(read_over_default(options.configfile))
    files = options.targets or report_files(workflow, read_catalogue(CATALOGUE))
    program = [sys.executable, "-m", "snakemake", "--configfile", str(options.configfile)]
    return subprocess.run(report_command(program, options.output, files), check=False).returncode


def _print_causes(verdicts: Sequence[Verdict]) -> None:
    """Print each thing that changed once, where it changed and how many files it affects."""
    affected: Counter[str] = Counter()
    places: dict[str, dict[str, None]] = {}
    for verdict in verdicts:
        affected.update({str(cause) for cause in verdict.causes})
        for cause in verdict.causes:
            places.setdefault(str(cause), {})[cause.path] = None
    if affected:
        print("what changed:")
    for text, count in affected.most_common():
        first, *others = places[text]
        more = f" and {len(others)} more" if others else ""
        print(f"  {text}")
        print(f"    at {first}{more}; {count} of the files asked for depend on it")


if __name__ == "__main__":
    sys.exit(main())
