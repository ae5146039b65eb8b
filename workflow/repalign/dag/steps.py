"""Steps: what a rule reads, writes and depends on, as functions of its wildcards alone.

A step is the part of a rule that decides staleness. Its `spec` names everything that its output
depends on: the parameters, the named inputs with the identity of their content, and the code.
The identity of an input that another step makes is the digest of that step's own spec, so a spec
covers all that lies upstream, and two outputs with equal specs are interchangeable. File times
play no part.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repalign.dag.fingerprint import CodeFingerprints
from repalign.dag.history import History
from repalign.dag.manifest import Manifest
from repalign.dag.standing import Standing, harm_of, standing_of
from repalign.errors import RepalignError
from repalign.tables.provenance import encode

Wildcards = Mapping[str, str]
Paths = dict[str, str | list[str]]
Spec = dict[str, Any]


def nothing(_: Wildcards) -> dict[str, Any]:
    """Return an empty mapping: a step without inputs, or without parameters."""
    return {}


@dataclass(frozen=True, eq=False)
class Step:
    """One kind of job.

    Attributes
    ----------
    name : str
        Name of the rule and of its script.
    output : str
        Path pattern of the main output, with `{wildcards}`.
    inputs : callable
        Wildcards to named paths that other steps make.
    external : callable
        Wildcards to named paths of files from outside the workflow: raw data, committed tables.
    params : callable
        Wildcards to named parameters that can be written as JSON.
    limits : dict of str to int or str
        Options that bound how a job runs without changing what it makes; not part of the spec.
    extra_outputs : dict of str to str
        Further outputs by option name, patterns over the same wildcards.
    """

    name: str
    output: str
    inputs: Callable[[Wildcards], Paths] = nothing
    external: Callable[[Wildcards], Paths] = nothing
    params: Callable[[Wildcards], dict[str, Any]] = nothing
    limits: Mapping[str, int | str] = field(default_factory=dict)
    extra_outputs: Mapping[str, str] = field(default_factory=dict)

    def outputs(self) -> dict[str, str]:
        """Return all output patterns by option name; the main one is `output`."""
        return {"output": self.output, **self.extra_outputs}


@dataclass(frozen=True)
class Job:
    """A step with its wildcards filled in."""

    step: Step
    wildcards: tuple[tuple[str, str], ...]

    @property
    def values(self) -> dict[str, str]:
        """Return the wildcards as a mapping."""
        return dict(self.wildcards)

    @property
    def path(self) -> str:
        """Return the path of the main output."""
        return self.step.output.format_map(self.values)

    @property
    def paths(self) -> list[str]:
        """Return the paths of all outputs, the main one first."""
        return [pattern.format_map(self.values) for pattern in self.step.outputs().values()]


class Workflow:
    """All steps of a set of settings, and the specs of their jobs.

    Parameters
    ----------
    steps : sequence of Step
        Names and output patterns must be unique.
    constraints : mapping of str to str
        Regular expression of each wildcard, as in Snakemake.
    library : Path
        Folder that holds the package and, in `scripts/`, the scripts.
    manifest : Manifest
        Memory of the identities of external files.
    root : Path
        The project folder, which relative paths start from.

    Attributes
    ----------
    checked : Manifest
        Memory of results that were read whole and found as they were written.
    python : str
        Interpreter of the jobs: this one, unless each has an environment of its own.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        constraints: Mapping[str, str],
        library: Path,
        manifest: Manifest,
        root: Path = Path(),
    ) -> None:
        self.steps = {step.name: step for step in steps}
        if len(self.steps) != len(steps):
            raise ValueError("two steps have the same name")
        self.constraints = dict(constraints)
        self.library = library
        self.manifest = manifest
        self.checked = Manifest(manifest.table.with_name("checked_results.tsv"))
        self.root = root
        self.python = sys.executable
        self._code = CodeFingerprints(library)
        self._patterns = [
            (self._compile(pattern), step) for step in steps for pattern in step.outputs().values()
        ]
        self._producers: dict[str, Job | None] = {}
        self._specs: dict[Job, Spec] = {}
        self._texts: dict[Job, str] = {}
        self._digests: dict[Job, str] = {}
        self._standings: dict[Job, Standing] = {}
        self._histories: dict[Job, History] = {}

    def __getitem__(self, name: str) -> Step:
        """Return a step by name."""
        return self.steps[name]

    def script(self, step: Step) -> Path:
        """Return the path of a step's script."""
        return self.library / "scripts" / f"{step.name}.py"

    # ------------------------------------------------------------------ jobs and specs

    def job(self, name: str, wildcards: Wildcards) -> Job:
        """Return the job of a step for some wildcards."""
        return Job(self.steps[name], tuple(sorted((k, str(v)) for k, v in wildcards.items())))

    def producer(self, path: str) -> Job | None:
        """Return the job that makes a file, or None for a file from outside."""
        if path not in self._producers:
            found = [
                (step, match)
                for pattern, step in self._patterns
                if (match := pattern.fullmatch(path))
            ]
            if len(found) > 1:
                names = ", ".join(step.name for step, _ in found)
                raise RepalignError(
                    f"made by several steps: {names}",
                    where=path,
                    expected="one step for a file",
                    remedy="Make the wildcard constraints of these steps exclude each other.",
                )
            self._producers[path] = (
                self.job(found[0][0].name, found[0][1].groupdict()) if found else None
            )
        return self._producers[path]

    def spec(self, job: Job) -> Spec:
        """Return all that the outputs of a job depend on, ready to be written as JSON."""
        if job not in self._specs:
            values = job.values
            inputs = {
                # Pairs in a list, because the order of inputs counts.
                name: [[path, self._identity(path)] for path in as_list(paths)]
                for name, paths in job.step.inputs(values).items()
            }
            # External files count by content alone: a dataset that moved is the same dataset.
            external = {
                name: [self.manifest.identity(self.root / path, name) for path in as_list(paths)]
                for name, paths in job.step.external(values).items()
            }
            self._specs[job] = {
                "step": job.step.name,
                "wildcards": values,
                "params": job.step.params(values),
                "inputs": inputs,
                "external": external,
                "code": self._code.of(self.script(job.step)),
            }
            self._specs[job]["upstream"] = self._history(job).summary()
        return self._specs[job]

    def _history(self, job: Job) -> History:
        """Return what lies upstream of a job, itself included."""
        if job not in self._histories:
            spec = self.spec(job)
            paths = [path for pairs in spec["inputs"].values() for path, _ in pairs]
            # Jobs with several outputs, and several files of one job, count once.
            makers = dict.fromkeys(maker for path in paths if (maker := self.producer(path)))
            self._histories[job] = History.of_job(
                job.step.name,
                spec["params"],
                (identity for files in spec["external"].values() for identity in files),
                map(self._history, makers),
            )
        return self._histories[job]

    def spec_text(self, job: Job) -> str:
        """Return the canonical JSON of a job's spec."""
        if job not in self._texts:
            self._texts[job] = encode(self.spec(job))
        return self._texts[job]

    def digest(self, job: Job) -> str:
        """Return the identity of a job's outputs."""
        if job not in self._digests:
            text = self.spec_text(job).encode()
            self._digests[job] = "spec:" + hashlib.sha256(text).hexdigest()[:24]
        return self._digests[job]

    def is_current(self, job: Job) -> bool:
        """Say whether the outputs of a job are there, whole, and made from what its spec says."""
        return self.standing(job) == "current"

    def standing(self, job: Job) -> Standing:
        """Judge the outputs of a job from what they are; see `Verdict.state`."""
        if job not in self._standings:
            outputs = [self.root / output for output in job.paths]
            self._standings[job] = standing_of(outputs, lambda: self.spec_text(job), self.checked)
        return self._standings[job]

    def harm(self, path: Path) -> str | None:
        """Say what is wrong with the bytes of a result; see `harm_of`."""
        return harm_of(path, self.checked)

    def save_memory(self) -> None:
        """Keep what was learnt about external files and results."""
        self.manifest.save()
        self.checked.save()

    def _identity(self, path: str) -> str:
        """Return the identity of a file that another step makes."""
        job = self.producer(path)
        if job is None:
            raise RepalignError(
                "a file that no step makes",
                where=path,
                expected="an output of the workflow, or a file declared as external",
                remedy="This is a defect of the workflow; please report it.",
            )
        return self.digest(job)

    # ------------------------------------------------------------------ what rules need

    def arguments(self, job: Job) -> str:
        """Return the command-line options of a job's script, quoted for a shell."""
        values = job.values
        options: dict[str, Any] = {
            **job.step.inputs(values),
            **job.step.external(values),
            **job.step.params(values),
            **job.step.limits,
        }
        words: list[str] = []
        for name, value in options.items():
            words.append("--" + name.replace("_", "-"))
            words += [str(item) for item in as_list(value)]
        return shlex.join(words)

    def command(self, job: Job) -> str:
        """Return the whole command of a job except its outputs, its spec and its log."""
        prefix = [f"PYTHONPATH={self.library}", self.python, str(self.script(job.step))]
        return shlex.join(["env", *prefix]) + " " + self.arguments(job)

    def _compile(self, pattern: str) -> re.Pattern[str]:
        """Turn a path pattern into a regular expression with named groups."""
        parts = re.split(r"\{(\w+)\}", pattern)
        text = ""
        seen: set[str] = set()
        for k, part in enumerate(parts):
            if k % 2 == 0:
                text += re.escape(part)
            elif part in seen:
                text += f"(?P={part})"
            else:
                seen.add(part)
                text += f"(?P<{part}>{self.constraints.get(part, '[^/]+')})"
        return re.compile(text)


def as_list(value: object) -> list[Any]:
    """Return a list for a list, and a one-element list for anything else."""
    return list(value) if isinstance(value, list | tuple) else [value]
