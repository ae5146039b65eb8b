"""What a run covers of every dataset, by the name that paths have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from repalign.dag.dataset_plan import Bold5000Plan, ThingsPlan
from repalign.dag.laion_plan import LaionPlan
from repalign.dag.mouse_plan import MousePlan
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.recorded import RecordedPlan
from repalign.settings import Settings


@dataclass(frozen=True)
class Plans:
    """What a run covers of every dataset.

    Attributes
    ----------
    nsd, bold5000, things, laion, mouse : RecordedPlan
        One a dataset.
    """

    nsd: NsdPlan
    bold5000: Bold5000Plan
    things: ThingsPlan
    laion: LaionPlan
    mouse: MousePlan

    @classmethod
    def of(cls, settings: Settings, root: Path = Path()) -> Self:
        """Work out the plans from settings.

        Parameters
        ----------
        settings : Settings
            The checked settings.
        root : Path
            The project folder, which relative paths start from.
        """
        return cls(
            NsdPlan(settings, root),
            Bold5000Plan(settings, root),
            ThingsPlan(settings, root),
            LaionPlan(settings, root),
            MousePlan(settings, root),
        )

    @property
    def settings(self) -> Settings:
        """Return the settings."""
        return self.nsd.settings

    @property
    def root(self) -> Path:
        """Return the project folder."""
        return self.nsd.root

    def __iter__(self) -> Iterator[RecordedPlan]:
        """Yield the plan of every dataset."""
        yield from (self.nsd, self.bold5000, self.things, self.laion, self.mouse)

    def __getitem__(self, dataset: str) -> RecordedPlan:
        """Return the plan of a dataset."""
        return next(plan for plan in self if plan.name == dataset)
