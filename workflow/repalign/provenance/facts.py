"""Facts of records, gathered over results that a sentence is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.provenance.results import Result
from repalign.tables.provenance import encode

Settings = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What the records of some results say.

    Attributes
    ----------
    results : tuple of Result
        Results with records.
    """

    results: tuple[Result, ...]

    def of_step(self, *steps: str) -> Facts:
        """Return the facts of the results that some steps made."""
        return Facts(tuple(r for r in self.results if r.spec["step"] in steps))

    def of_steps_upstream(self, *steps: str) -> Iterator[Settings]:
        """Yield the parameters of some steps, wherever results come from them; `*` as below."""
        for result in self.results:
            yield from (
                own
                for step, own in result.settings.items()
                if any(_fits(step, wanted) for wanted in steps)
            )

    def values(self, key: str, *steps: str) -> list[Any]:
        """Return the different values of a parameter of some steps, in a fixed order.

        Parameters
        ----------
        key : str
            Name of the parameter.
        *steps : str
            Steps that may have it; any step that starts with a name ending in `*`.
        """
        found = {
            encode({"": own[key]}): own[key]
            for result in self.results
            for step, own in result.settings.items()
            if key in own and any(_fits(step, wanted) for wanted in steps)
        }
        return [found[text] for text in sorted(found, key=lambda text: (len(text), text))]

    @property
    def sources(self) -> list[str]:
        """Return what kinds of data the results come from: real, simulated or other."""
        found = {(result.record or {}).get("dataset_source") for result in self.results}
        return sorted(str(source) for source in found if source)

    @property
    def versions(self) -> dict[str, list[str]]:
        """Return the versions of each package that results were made with."""
        found: dict[str, set[str]] = {}
        for result in self.results:
            for name, version in (result.record or {}).get("versions", {}).items():
                found.setdefault(name, set()).add(version)
        return {name: sorted(own) for name, own in sorted(found.items())}


def by_dataset(results: Iterable[Result]) -> dict[str, Facts]:
    """Return the facts of results with records, by the folder that they lie in."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        if result.spec:
            groups.setdefault(result.path.split("/")[0], []).append(result)
    return {name: Facts(tuple(own)) for name, own in sorted(groups.items())}


def _fits(step: str, wanted: str) -> bool:
    return step.startswith(wanted[:-1]) if wanted.endswith("*") else step == wanted


def listed(items: Sequence[object]) -> str:
    """Return items as words: `1, 2 and 3`."""
    words = [str(item) for item in items]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "none"
