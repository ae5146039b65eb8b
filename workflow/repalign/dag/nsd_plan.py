"""What a run of NSD covers: its subjects, sessions and regions, and where its raw files are."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repalign.dag.control_plan import ControlPlan
from repalign.dag.feature_plan import (
    FeaturePlan,
    looked_at,
    models_installed,
    words_installed,
)
from repalign.dag.raw_folder import RawFolder
from repalign.dag.tokenizer_plan import TokenizerPlan
from repalign.errors import RepalignError
from repalign.settings import NsdSettings, Settings
from repalign.tables.coco_tables import SPLITS
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

    def raw(self, pattern: str, **entities: int | str) -> str:
        """Return the path of a raw file."""
        return self.raw_folder.path(pattern, **entities)

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
        return FeaturePlan(self.settings, self.raw_folder.is_simulated, self.root)

    @cached_property
    def tokenizer_plan(self) -> TokenizerPlan:
        """Return which tokenizers are compared with subjects."""
        return TokenizerPlan(self.settings.tokenizers, self.feature_plan.registry, self.root)

    @property
    def models(self) -> list[str]:
        """Return the names of the models, sorted."""
        return self.feature_plan.keys

    @cached_property
    def control_plan(self) -> ControlPlan:
        """Return where the control matrices of partial RSA come from."""
        return ControlPlan(self.settings, self.root)

    def absent_sources(self) -> set[str]:
        """Return which of the sources that some analyses need are not there.

        `packages`: those that run models; `captions`: COCO's captions; `coco`: these and its
        objects; `persons`: its people; `objects`: what the chosen backend needs to find objects
        in the shown pictures; `nltk`: what takes captions apart.
        """
        raw, files = self.root / self.nsd.raw, self.nsd.files

        def is_there(*patterns: str) -> bool:
            names = [pattern.format(split=split) for pattern in patterns for split in SPLITS]
            return all((raw / name).is_file() for name in names)

        of_coco = is_there(files.captions, files.instances)
        backend = self.settings.objects.backend
        stimuli = {"pictures": is_there(files.images), "captions": is_there(files.captions)}
        absent = {kind for kind, found in stimuli.items() if not found}
        models = self.feature_plan
        there = {
            "packages": models_installed(),
            "features": models.is_ready and not absent & looked_at(models.extracted),
            "both modalities": models.has_both_modalities,
            "untrained models": models.wants_untrained
            and not absent & looked_at(models.untrained),
            "controls": self.control_plan.is_computed or self.control_plan.is_supplied,
            "captions": stimuli["captions"],
            "coco": of_coco,
            "persons": is_there(files.person_keypoints),
            "objects": stimuli["pictures"]
            and (of_coco if backend == "coco_instances" else models_installed()),
            "tokenizers": self.tokenizer_plan.is_ready(is_simulated=self.raw_folder.is_simulated),
            "nltk": words_installed(),
        }
        return {name for name, found in there.items() if not found}
