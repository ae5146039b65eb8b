"""Why a result would be made again, from the result itself and the present settings and code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repalign.dag.standing import Standing
from repalign.dag.steps import Job, Spec, Workflow, as_list
from repalign.errors import RepalignError
from repalign.tables.provenance import encode, read_record


@dataclass(frozen=True)
class Cause:
    """One reason for a file to be stale, at the place where it arises.

    Attributes
    ----------
    path : str
        The file whose own dependencies changed.
    key : str
        What changed: a parameter, an external file, a module of code, or an input.
    old, new : str
        Its value when the file was made, and now.
    """

    path: str
    key: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.key}: {self.old} → {self.new}"


@dataclass
class Verdict:
    """What is known of one file.

    Attributes
    ----------
    path : str
        The file or folder.
    state : str
        `current`; `stale` (made from something else than what is there now); `damaged` (not the
        bytes that were written); `missing`; `unknown` (not a file of this workflow and these
        settings, or without a record of how it was made).
    note : str
        A sentence where the state needs one.
    causes : list of Cause
        Why it is stale, followed upstream to where each reason arises.
    """

    path: str
    state: Standing
    note: str = ""
    causes: list[Cause] = field(default_factory=list)


class Auditor:
    """Compares results with what the workflow would make now.

    Parameters
    ----------
    workflow : Workflow
        The present settings and code.
    """

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.root = workflow.root
        self._verdicts: dict[str, Verdict] = {}

    def verdict(self, path: str) -> Verdict:
        """Judge one file.

        Parameters
        ----------
        path : str
            A path as the workflow spells it (`results/...`).

        Returns
        -------
        Verdict
            Its state and, if stale, the causes.
        """
        if path not in self._verdicts:
            self._verdicts[path] = self._judge(path)
        return self._verdicts[path]

    def within(self, folder: str) -> Iterator[Verdict]:
        """Judge every result in a folder, in the order of their names."""
        for path in sorted(self._results(self.root / folder)):
            yield self.verdict(str(path.relative_to(self.root)))

    def _results(self, folder: Path) -> Iterator[Path]:
        """Yield the outputs of steps below a folder; a folder that is one output counts once."""
        for path in folder.iterdir():
            name = str(path.relative_to(self.root))
            if path.name.startswith(".writing-") or self.workflow.producer(name) is not None:
                yield path
            elif path.is_dir():
                yield from self._results(path)

    def _judge(self, path: str) -> Verdict:
        job = self.workflow.producer(path)
        file = self.root / path
        if ".writing-" in path:
            return Verdict(path, "damaged", "left by a job that was killed; delete it")
        if job is None:
            return Verdict(path, "unknown", "no step makes this file with the present settings")
        if not file.exists():
            return Verdict(path, "missing", "not made yet")
        try:
            harm = self.workflow.harm(file)
            record = None if harm else read_record(file)
        except RepalignError as error:
            harm, record = error.found, None
        if harm:
            return Verdict(path, "damaged", harm)
        if record is None or not record.get("spec"):
            return Verdict(path, "unknown", "it has no record of how it was made")
        causes = list(dict.fromkeys(self._causes(job, path, record["spec"])))
        if not causes and encode(record["spec"]) != self.workflow.spec_text(job):
            causes = [Cause(path, "spec", "another", "the present one")]
        return Verdict(path, "stale" if causes else "current", causes=causes)

    def _causes(self, job: Job, path: str, old: Spec) -> Iterator[Cause]:
        """Compare a spec key by key, and follow changed inputs upstream."""
        new = self.workflow.spec(job)
        if encode(new) == encode(old):
            return
        if old.get("step") != new["step"]:
            yield Cause(path, "step", str(old.get("step")), new["step"])
        yield from _differences(path, "", old.get("wildcards", {}), new["wildcards"])
        yield from _differences(path, "", old.get("params", {}), new["params"])
        yield from self._externals(job, path, old.get("external", {}), new["external"])
        yield from _differences(path, "code ", old.get("code", {}), new["code"])
        for name in sorted({*old.get("inputs", {}), *new["inputs"]}):
            files = dict(new["inputs"].get(name, []))
            before = dict(old.get("inputs", {}).get(name, []))
            if list(before) != list(files):
                yield Cause(path, f"input {name}", _listing(before), _listing(files))
            for file, identity in files.items():
                if file in before and before[file] != identity:
                    yield from self._upstream(path, name, file)

    def _externals(
        self, job: Job, path: str, old: Mapping[str, list[str]], new: Mapping[str, list[str]]
    ) -> Iterator[Cause]:
        """Name the external files whose content changed."""
        files = job.step.external(job.values)
        for name in sorted({*old, *new}):
            before, identities = old.get(name, []), new.get(name, [])
            if len(before) != len(identities):
                yield Cause(
                    path,
                    f"external {name}",
                    f"{len(before)} file(s)",
                    f"{len(identities)} file(s)",
                )
                continue
            for file, was, now in zip(as_list(files[name]), before, identities, strict=True):
                if was != now:
                    yield Cause(path, f"content of {file}", was[:19], now[:19])

    def _upstream(self, path: str, name: str, file: str) -> Iterator[Cause]:
        """Give the causes of a changed input, or say that it was made again or is gone."""
        verdict = self.verdict(file)
        if verdict.causes:
            yield from verdict.causes
        elif verdict.state == "current":
            yield Cause(path, f"input {name} ({file})", "an earlier version", "made again since")
        else:
            yield Cause(path, f"input {name} ({file})", "an earlier version", verdict.state)


def _differences(
    path: str, prefix: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Cause]:
    """Yield one cause for each key whose value differs."""
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield Cause(path, f"{prefix}{key}", _text(old.get(key)), _text(new.get(key)))


def _text(value: object) -> str:
    """Return a value for people."""
    return "(absent)" if value is None else str(value)


def _listing(entries: Mapping[str, str]) -> str:
    """Return the keys of a mapping as short text, at most three of them."""
    rest = f" and {len(entries) - 3} more" if len(entries) > 3 else ""
    return (", ".join(list(entries)[:3]) + rest) or "(none)"
