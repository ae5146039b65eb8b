"""What the rules `retrieve_…` fetch: rows of the register that the settings ask for.

These rules are no steps. They are asked for by name, have no outputs and are inputs of nothing, so
that no other job ever waits for the network, and a second call looks again at what is there.
"""

from __future__ import annotations

import fnmatch
import shlex
import sys
from pathlib import Path

from repalign.dag.plans import Plans
from repalign.errors import RepalignError
from repalign.retrieval.plan import (
    LOCK,
    Limits,
    RetrievalPlan,
    check_agreements,
    check_folder,
)
from repalign.retrieval.register import Entry, read_register
from repalign.settings import Settings
from repalign.settings.datasets import BETA_NAMES

REGISTER = "config/external_data.tsv"
SCANS = (
    "21067-10-18", "22846-10-16", "23343-5-17", "23656-14-22", "23964-4-22", "26872-17-20",
    "27204-5-13",
)  # fmt: skip
"""Data keys of the scans of Sensorium 2022."""
SCRIPT = Path(__file__).parents[2] / "scripts/retrieve_data.py"


def retrieval_folder(settings: Settings, dataset: str) -> str:
    """Return the folder that the data of a dataset go to."""
    if dataset == "atlas":
        return settings.retrieval.atlas
    folder: str = getattr(settings, dataset).raw
    return folder


def retrieval_plan(plans: Plans, dataset: str, register: list[Entry]) -> RetrievalPlan:
    """Choose what a rule fetches.

    Parameters
    ----------
    plans : Plans
        What a run covers of every dataset.
    dataset : str
        Dataset, or `atlas`.
    register : list of Entry
        The register.

    Returns
    -------
    RetrievalPlan
        With targets as paths, and subjects and sessions as the settings select them.

    Raises
    ------
    RepalignError
        If `retrieval.items` names nothing, an agreement is missing, or the folder is that of a
        simulation.
    """
    settings = plans.settings
    own = settings.retrieval
    rows = [entry for entry in register if entry.dataset == dataset]
    chosen = _chosen(rows, settings, dataset)
    is_mouse = dataset == "mouse"
    plan = RetrievalPlan(
        dataset=dataset,
        entries=[_placed(entry, settings) for entry in chosen],
        sessions={} if dataset == "atlas" or is_mouse else _sessions(plans, dataset),
        scans=_scans(settings) if is_mouse else [],
        values={"betas": BETA_NAMES[settings.bold5000.beta_type]},
        accepted=list(own.accepted),
        endpoints=dict(own.endpoints),
        check=own.check,
        only_list=own.only_list,
        limits=Limits(own.connections, own.attempts, own.wait, own.timeout),
    )
    check_folder(plans.root / retrieval_folder(settings, dataset), dataset)
    check_agreements(plan)
    return plan


def retrieval_command(plans: Plans, dataset: str, python: str = sys.executable) -> str:
    """Return the command of a rule, quoted for a shell."""
    plan = retrieval_plan(plans, dataset, read_register(plans.root / REGISTER))
    lock = Path(retrieval_folder(plans.settings, dataset)) / LOCK
    words = ["env", f"PYTHONPATH={SCRIPT.parents[1]}", python, str(SCRIPT)]
    return shlex.join([*words, "--plan", plan.to_json(), "--output", str(lock)])


def _chosen(rows: list[Entry], settings: Settings, dataset: str) -> list[Entry]:
    """Return the rows that `retrieval.items` names, or that the settings need."""
    items = settings.retrieval.items
    if not items:
        return [row for row in rows if _is_needed(row, settings)]
    unknown = [item for item in items if not any(fnmatch.fnmatch(row.item, item) for row in rows)]
    if unknown:
        raise RepalignError(
            f"no item {', '.join(unknown)} of {dataset}",
            where="retrieval.items",
            expected=f"some of {', '.join(row.item for row in rows)}",
            remedy="Correct retrieval.items; docs/data.md has all of them.",
        )
    return [row for row in rows if any(fnmatch.fnmatch(row.item, item) for item in items)]


def _is_needed(row: Entry, settings: Settings) -> bool:
    """Say whether the settings need a row without naming it."""
    key, is_condition, value = row.when.partition("=")
    if not is_condition:
        return row.when == "default"
    return str(value_of(settings, key)) == value


def _placed(entry: Entry, settings: Settings) -> Entry:
    """Put the path of the settings for `@` and the name of one."""
    if not entry.target.startswith("@"):
        return entry
    path = str(value_of(settings, entry.target[1:]))
    return Entry(**{**vars(entry), "target": path})


def value_of(settings: Settings, key: str) -> object:
    """Return a setting by its dotted name.

    Raises
    ------
    RepalignError
        If there is none.
    """
    value: object = settings
    for part in key.split("."):
        if not hasattr(value, part):
            raise RepalignError(
                f"a setting {key}",
                where=REGISTER,
                expected="a key of config/README.md",
                remedy="Correct the register.",
            )
        value = getattr(value, part)
    return value


def _sessions(plans: Plans, dataset: str) -> dict[int, int]:
    """Return the selected subjects with their sessions in the real dataset."""
    plan, own = plans[dataset], plans[dataset].own
    known = dict(own.sessions or plan.published_sessions)
    wanted = sorted(known) if own.subjects == "all" else sorted(set(own.subjects))
    unknown = [subject for subject in wanted if subject not in known]
    if unknown:
        raise RepalignError(
            f"subjects {unknown}",
            where=f"{dataset}.subjects",
            expected=f"some of {sorted(known)}",
            remedy=f"Correct {dataset}.subjects, or give their sessions in {dataset}.sessions.",
        )
    return {subject: known[subject] for subject in wanted}


def _scans(settings: Settings) -> list[str]:
    """Return the selected scans; those that are not of Sensorium 2022 cannot be fetched."""
    wanted = list(SCANS) if settings.mouse.scans == "all" else list(settings.mouse.scans)
    unknown = [scan for scan in wanted if scan not in SCANS]
    if unknown:
        raise RepalignError(
            f"scans {', '.join(unknown)}",
            where="mouse.scans",
            expected=f"some of {', '.join(SCANS)}",
            remedy="Fetch other scans by hand (docs/data.md).",
        )
    return wanted
