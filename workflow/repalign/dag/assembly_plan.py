"""What the assemblies of NSD cover: sets of subjects, their sessions, and regions."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.recorded import AREAS
from repalign.errors import RepalignError
from repalign.settings.assemblies import VENTRAL, AssemblySettings

VENTRAL_STREAM = 5
GLASSER = ("FFC", "VVC", "VMV2", "VMV3", "PHA1", "PHA2", "PHA3", "TE1p", "TE2p")
FIGURES = ("rdms", "subjects", "regions", "noise_ceilings")
FIRST = ""
"""The wildcard `variant` of the set of subjects that has no name."""


@dataclass(frozen=True)
class AssemblyPlan:
    """What the assemblies of NSD cover, worked out from the settings.

    Attributes
    ----------
    nsd : NsdPlan
        What a run of NSD covers.
    """

    nsd: NsdPlan

    @property
    def settings(self) -> AssemblySettings:
        """Return the settings of assemblies."""
        return self.nsd.settings.assemblies

    @property
    def regions(self) -> list[str]:
        """Return the regions in order."""
        return [*self.settings.visual_areas, VENTRAL]

    @property
    def constraints(self) -> dict[str, str]:
        """Return the regular expressions of the wildcards of assemblies."""
        named = (f"_{re.escape(name)}" for name in self.settings.variants)
        return {
            # Snakemake takes an empty expression for none.
            "variant": f"(?:{'|'.join([FIRST, *named])})",
            "region": "|".join(map(re.escape, self.regions)),
            "split": "train|test",
            "figure": "|".join(FIGURES),
        }

    def subjects(self, variant: str) -> list[int]:
        """Return the subjects of a set, ascending, after checking that the run covers them.

        Parameters
        ----------
        variant : str
            The wildcard: empty, or the name of a further set after an underscore.

        Raises
        ------
        RepalignError
            If the settings of NSD do not select one of them.
        """
        chosen = (
            self.settings.subjects if variant == FIRST else self.settings.variants[variant[1:]]
        )
        if chosen == "all":
            return self.nsd.subjects
        absent = sorted(set(chosen) - set(self.nsd.subjects))
        if absent:
            raise RepalignError(
                f"subject(s) {absent}",
                where="assemblies.subjects" if variant == FIRST else "assemblies.variants",
                expected=f"some of {self.nsd.subjects}, the subjects that nsd.subjects selects",
                remedy="Add them to nsd.subjects, or choose others for the assemblies.",
            )
        return sorted(set(chosen))

    def covers(self, name: str) -> bool:
        """Say whether there is a further set of that name and the run covers its subjects."""
        chosen = self.settings.variants.get(name)
        return chosen is not None and set(chosen) <= set(self.nsd.subjects)

    def sessions(self, variant: str) -> range:
        """Return the sessions that images of a set can lie in.

        The order of trials is the same for all subjects, so an image that all have seen three
        times was shown for the third time before the first of them stopped.
        """
        return range(1, min(self.nsd.sessions[s] for s in self.subjects(variant)) + 1)

    def labels(self) -> list[str]:
        """Return the labels of the regions of `visual_areas`, such as V1=1,2."""
        areas = self.settings.visual_areas
        return [f"{name}={','.join(map(str, labels))}" for name, labels in areas.items()]

    def ventral(self, subject: int) -> tuple[list[str], list[int]]:
        """Return the volumes that define IT of a subject, and its labels in them."""
        files = self.nsd.nsd.files
        if self.settings.it_definition == "streams5":
            sides = (files.streams_left, files.streams_right)
            return [self.nsd.raw(side, subject=subject) for side in sides], [VENTRAL_STREAM]
        return [self.nsd.raw(files.atlas_1pt8mm, subject=subject)], self._areas()

    def _areas(self) -> list[int]:
        """Return the numbers of the areas of `glasser9`."""
        with (self.nsd.root / AREAS).open(newline="", encoding="utf-8") as file:
            rows: list[Mapping[str, Any]] = list(csv.DictReader(file, delimiter="\t"))
        return sorted({int(row["area"]) for row in rows if row["name"] in GLASSER})


def variant_of(subjects: str) -> str:
    """Return the wildcard `variant` of a set of subjects that the catalogue names."""
    return FIRST if subjects == "all" else f"_{subjects}"
