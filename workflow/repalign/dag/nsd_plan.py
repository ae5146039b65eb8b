"""What a run of NSD covers: its subjects, sessions and regions, and where its raw files are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from repalign.dag.control_plan import ControlPlan
from repalign.dag.feature_plan import FeaturePlan, models_installed, words_installed
from repalign.dag.recorded import RecordedPlan
from repalign.dag.tokenizer_plan import TokenizerPlan
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
        there = {
            "packages": models_installed(),
            "features": self.feature_plan.is_ready,
            "both modalities": self.feature_plan.has_both_modalities,
            "untrained models": self.feature_plan.wants_untrained,
            "controls": self.control_plan.is_computed or self.control_plan.is_supplied,
            "captions": is_there(files.captions),
            "coco": of_coco,
            "persons": is_there(files.person_keypoints),
            "objects": is_there(files.images)
            and (of_coco if backend == "coco_instances" else models_installed()),
            "tokenizers": self.tokenizer_plan.is_ready(is_simulated=self.source == "simulated"),
            "nltk": words_installed(),
        }
        return {name for name, found in there.items() if not found}
