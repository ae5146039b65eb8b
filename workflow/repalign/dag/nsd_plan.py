"""What a run of NSD covers: its subjects, sessions and regions, and where its raw files are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repalign.dag.feature_plan import FeaturePlan
from repalign.dag.recorded import RecordedPlan
from repalign.errors import RepalignError
from repalign.settings import NsdSettings

N_REPETITIONS = 3
PUBLISHED_SESSIONS = {1: 40, 2: 40, 3: 32, 4: 30, 5: 40, 6: 32, 7: 40, 8: 30}


@dataclass(frozen=True)
class NsdPlan(RecordedPlan):
    """What a run of NSD covers, worked out from the settings and the raw folder's own marker."""

    name = "nsd"
    title = "NSD"
    published_sessions = PUBLISHED_SESSIONS

    @property
    def nsd(self) -> NsdSettings:
        """Return the settings of the dataset."""
        return self.settings.nsd

    @cached_property
    def feature_plan(self) -> FeaturePlan:
        """Return where the features of models come from."""
        return FeaturePlan(self.settings, self.source == "simulated", self.root)

    @property
    def models(self) -> list[str]:
        """Return the names of the models, sorted."""
        return self.feature_plan.keys

    @cached_property
    def controls(self) -> list[str]:
        """Return the control tables, sorted by name."""
        place = Path(self.nsd.raw) / self.nsd.controls
        found = sorted((self.root / place).glob("control_*.parquet"))
        if not found:
            raise RepalignError(
                "no control_<name>.parquet",
                where=f"nsd.controls: {place}",
                expected="at least one control table",
                remedy="Correct nsd.controls, or put control tables there.",
            )
        return [str(place / path.name) for path in found]

    @property
    def control_names(self) -> list[str]:
        """Return the names of the controls, in the order of their tables."""
        return [Path(path).stem.removeprefix("control_") for path in self.controls]

    def absent_sources(self) -> set[str]:
        """Return which of features, controls and objects the dataset comes without."""
        raw = self.root / self.nsd.raw
        there = {
            "features": self.feature_plan.is_ready,
            "controls": any((raw / self.nsd.controls).glob("control_*.parquet")),
            "objects": (raw / self.nsd.files.objects).is_file(),
        }
        return {name for name, found in there.items() if not found}
