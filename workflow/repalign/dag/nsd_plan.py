"""What a run of NSD covers: its subjects, sessions and regions, and where its raw files are."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repalign.dag.feature_plan import FeaturePlan
from repalign.dag.raw_folder import RawFolder
from repalign.errors import RepalignError
from repalign.settings import NsdSettings, Settings
from repalign.tables.prepared import N_AREAS

N_REPETITIONS = 3
PUBLISHED_SESSIONS = {1: 40, 2: 40, 3: 32, 4: 30, 5: 40, 6: 32, 7: 40, 8: 30}
AREAS = "resources/hcp_mmp1.tsv"
AREA_GROUPS = "resources/hcp_mmp1_areas.tsv"


@dataclass(frozen=True)
class NsdPlan:
    """What a run of NSD covers, worked out from the settings and the raw folder's own marker.

    Attributes
    ----------
    settings : Settings
        The checked settings.
    root : Path
        The project folder, which relative paths start from.
    """

    settings: Settings
    root: Path = Path()

    @property
    def nsd(self) -> NsdSettings:
        """Return the settings of the dataset."""
        return self.settings.nsd

    @cached_property
    def raw_folder(self) -> RawFolder:
        """Return the raw folder, which knows what it holds."""
        made_by = self.settings.simulate.nsd.model_dump(mode="json")
        return RawFolder("nsd", "NSD", self.nsd.raw, self.nsd.source, made_by, self.root)

    @property
    def source(self) -> str:
        """Return what the raw folder holds: real, simulated or other."""
        return self.raw_folder.source

    @cached_property
    def sessions(self) -> dict[int, int]:
        """Return the number of sessions of each selected subject."""
        if self.nsd.sessions is not None:
            known = dict(self.nsd.sessions)
        elif self.source == "simulated" and (made := self.raw_folder.simulation) is not None:
            known = {int(k): int(v) for k, v in made["sessions"].items()}
        else:
            known = PUBLISHED_SESSIONS
        wanted = sorted(known) if self.nsd.subjects == "all" else sorted(set(self.nsd.subjects))
        unknown = [subject for subject in wanted if subject not in known]
        if unknown or not wanted:
            raise RepalignError(
                f"subjects {unknown or 'none'}",
                where="nsd.subjects",
                expected=f"some of {sorted(known)}",
                remedy="Correct nsd.subjects, or give their sessions in nsd.sessions.",
            )
        return {subject: known[subject] for subject in wanted}

    def selected(self, subject: int) -> int:
        """Return the number of a subject after checking that the settings select it."""
        if subject not in self.sessions:
            raise RepalignError(
                f"subject {subject}",
                where="the files asked for",
                expected=f"one of the selected subjects {self.subjects}",
                remedy="Ask for files of these, or add the subject to nsd.subjects.",
            )
        return subject

    @property
    def subjects(self) -> list[int]:
        """Return the selected subjects in ascending order."""
        return list(self.sessions)

    @cached_property
    def areas(self) -> list[int]:
        """Return the selected areas (1-180) in ascending order."""
        if self.nsd.regions == "all":
            return list(range(1, N_AREAS + 1))
        with (self.root / AREAS).open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file, delimiter="\t")
            by_name = {row["name"]: int(row["area"]) for row in rows}
        unknown = [name for name in self.nsd.regions if name not in by_name]
        if unknown or not self.nsd.regions:
            raise RepalignError(
                f"regions {unknown or 'none'}",
                where="nsd.regions",
                expected=f"names of HCP-MMP1 areas, as in {AREAS}",
                remedy="Correct the names; hemispheres are not part of them.",
            )
        return sorted({by_name[name] for name in self.nsd.regions})

    @property
    def regions(self) -> list[int]:
        """Return the selected regions (1-360): left hemispheres, then right ones."""
        return self.areas + [area + N_AREAS for area in self.areas]

    def raw(self, pattern: str, **entities: int) -> str:
        """Return the path of a raw file."""
        return self.raw_folder.path(pattern, **entities)

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
