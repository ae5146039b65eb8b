"""The command `repalign`: simulate data or models, and ask why a result would be made again."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repalign.errors import RepalignError
from repalign.settings_file import read_settings

if TYPE_CHECKING:
    from repalign.dag.staleness import Verdict
    from repalign.simulate.settings import NsdSimulation

DEFAULT_SETTINGS = "config/config.yaml"


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
    simulate.add_argument("dataset", choices=["nsd", "bold5000", "things", "models"])
    simulate.add_argument(
        "--output", type=Path, help="folder to make (resources/simulated/<dataset>)"
    )
    simulate.set_defaults(run=_simulate)

    why = commands.add_parser(
        "why", help="say what would be made again, and which setting, input or code changed"
    )
    why.add_argument("paths", nargs="+", metavar="FILE", help="results, or folders of results")
    why.add_argument("--list", action="store_true", help="print the paths of stale files alone")
    why.set_defaults(run=_why)

    for command in (simulate, why):
        command.add_argument(
            "--configfile", type=Path, default=Path(DEFAULT_SETTINGS), help="settings to use"
        )
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except RepalignError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _simulate(options: argparse.Namespace) -> int:
    """Make a simulated dataset, or models for it, unless the same is there already."""
    settings = read_settings(options.configfile).simulate
    folder = options.output or Path("resources/simulated") / options.dataset
    if options.dataset == "models":
        _simulate_models(folder, settings.nsd)
    elif options.dataset == "nsd":
        _simulate_nsd(folder, settings.nsd)
    else:
        _simulate_pictures(options.dataset, folder, getattr(settings, options.dataset))
    return 0


def _simulate_nsd(folder: Path, settings: NsdSimulation) -> None:
    from repalign.simulate.nsd import simulate_nsd
    from repalign.simulate.nsd_models import simulate_models
    from repalign.simulate.truth import nsd_code

    if _is_simulated(folder, "nsd", settings.model_dump(mode="json"), nsd_code()):
        made_of_models = ("features", "annotations/captions_train2017.json")
        if not all((folder / name).exists() for name in made_of_models):
            simulate_models(folder, settings)
        return
    simulate_nsd(folder, settings, progress=sys.stderr.isatty())
    simulate_models(folder, settings)
    print(f"{folder}: simulated NSD, seed {settings.seed}; what was planted is in truth/")


def _simulate_models(folder: Path, settings: NsdSimulation) -> None:
    from repalign.simulate.tiny_models import make_tiny_models
    from repalign.simulate.truth import models_code, models_settings

    if _is_simulated(folder, "models", models_settings(settings), models_code()):
        return
    make_tiny_models(folder, settings)
    print(f"{folder}: tiny models, seed {settings.seed}; their registry is models.tsv")


def _simulate_pictures(dataset: str, folder: Path, settings: Any) -> None:  # noqa: ANN401
    from repalign.simulate.bold5000 import simulate_bold5000
    from repalign.simulate.things import simulate_things
    from repalign.simulate.truth import nsd_code

    if _is_simulated(folder, dataset, settings.model_dump(mode="json"), nsd_code()):
        return
    if dataset == "bold5000":
        simulate_bold5000(folder, settings)
    else:
        simulate_things(folder, settings)
    title = dataset.upper()
    print(f"{folder}: simulated {title}, seed {settings.seed}; what is in it stands in truth/")


def _is_simulated(folder: Path, dataset: str, settings: Mapping[str, Any], code: str) -> bool:
    """Say whether a folder holds this very simulation, refusing one that holds something else."""
    from repalign.simulate.truth import read_simulation

    marker = read_simulation(folder)
    if folder.exists() and (marker is None or marker.get("dataset") != dataset):
        raise RepalignError(
            "a folder that is not a simulated dataset"
            if marker is None
            else f"a simulation of {marker.get('dataset')}",
            where=folder,
            expected=f"a new folder, or an earlier simulation of {dataset}",
            remedy="Name another folder with --output; nothing was written.",
        )
    if marker is None or (marker.get("settings"), marker.get("code")) != (settings, code):
        return False
    print(f"{folder}: already simulated with these settings")
    return True


def _why(options: argparse.Namespace) -> int:
    """Judge results and print the reasons, grouped by what changed."""
    from repalign.dag.build import build_workflow
    from repalign.dag.staleness import Auditor

    workflow, _ = build_workflow(read_settings(options.configfile))
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
    workflow.manifest.save()
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
