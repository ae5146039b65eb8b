"""What a run of NSD covers: its subjects, sessions and regions, and where its raw files are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repalign.dag.feature_plan import FeaturePlan, models_installed
from repalign.dag.recorded import RecordedPlan
from repalign.errors import RepalignError
from repalign.settings import NsdSettings
from repalign.tables.coco_tables import SPLITS

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

    def of_coco(self, pattern: str) -> list[str]:
        """Return the annotation files of both splits of COCO."""
        return [self.raw(pattern, split=split) for split in SPLITS]

    @property
    def picture_table(self) -> str:
        """Return the raw table that says which COCO picture each image is."""
        if self.nsd.layout == "roi_matrices":
            return self.raw(self.nsd.roi_matrices.stimuli)
        return self.raw(self.nsd.files.stimulus_info)

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
        """Return which of the sources that some analyses need are not there.

        `packages`: those that run models; `captions`: COCO's captions; `coco`: these and its
        objects; `persons`: its people; `objects`: what the chosen backend needs to find objects
        in the shown pictures.
        """
        raw, files = self.root / self.nsd.raw, self.nsd.files

        def is_there(*patterns: str) -> bool:
            names = [pattern.format(split=split) for pattern in patterns for split in SPLITS]
            return all((raw / name).is_file() for name in names)

        of_coco = is_there(files.captions, files.instances)
        backend = self.settings.objects.backend
        there = {
            "packages": models_installed(),
            "features": self.feature_plan.is_ready,
            "controls": any((raw / self.nsd.controls).glob("control_*.parquet")),
            "captions": is_there(files.captions),
            "coco": of_coco,
            "persons": is_there(files.person_keypoints),
            "objects": is_there(files.images)
            and (of_coco if backend == "coco_instances" else models_installed()),
        }
        return {name for name, found in there.items() if not found}
