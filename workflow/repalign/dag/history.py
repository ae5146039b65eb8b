"""What lies upstream of a job, in short: the settings of the steps, and the raw files.

The identity of an input says that what lies upstream is the same, but not what it is. A table that
left the project folder, or whose intermediate files were deleted, would not know its seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_VARIES = object()
"""Stands for a parameter that differs between the jobs of a step: it is no setting."""


@dataclass(frozen=True)
class History:
    """The steps and raw files that a file comes from.

    Attributes
    ----------
    settings : dict of str to dict
        Parameters by step, of all jobs upstream and of the job itself.
    raw : frozenset of str
        Identities of all external files.
    """

    settings: Mapping[str, Mapping[str, Any]]
    raw: frozenset[str]

    @classmethod
    def of_job(
        cls, step: str, params: Mapping[str, Any], raw: Iterable[str], inputs: Iterable[History]
    ) -> History:
        """Return the history of a job's outputs.

        Parameters
        ----------
        step : str
            Name of the job's step.
        params : mapping
            Its parameters.
        raw : iterable of str
            Identities of its external files.
        inputs : iterable of History
            Those of the jobs that make its inputs.
        """
        inputs = list(inputs)
        merged: dict[str, dict[str, Any]] = {}
        for name, values in [*_entries(inputs), (step, params)]:
            if name not in merged:
                merged[name] = dict(values)
                continue
            known = merged[name]
            for key, value in values.items():
                if known.setdefault(key, value) != value:
                    known[key] = _VARIES
        return cls(merged, frozenset(raw).union(*(history.raw for history in inputs)))

    def summary(self) -> dict[str, Any]:
        """Return it as it stands in a spec, ready to be written as JSON.

        Returns
        -------
        dict
            `settings`: by step, the parameters that all its jobs have in common; `raw`: how many
            external files there are, and one digest of all their identities.
        """
        lines = "\n".join(sorted(self.raw)).encode()
        return {
            "settings": {
                step: {key: value for key, value in params.items() if value is not _VARIES}
                for step, params in self.settings.items()
            },
            "raw": {"files": len(self.raw), "digest": "set:" + hashlib.sha256(lines).hexdigest()},
        }


def _entries(inputs: Iterable[History]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the steps of several histories with their parameters."""
    for history in inputs:
        yield from history.settings.items()
