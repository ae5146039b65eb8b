"""What a run of NSD covers: its subjects, sessions and regions, and where its raw files are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from repalign.dag.feature_plan import looked_at, models_installed, words_installed
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
    n_images = 73_000
    id_column = "nsd_id"
    partitions = ("animate", "inanimate")
    partners_are_alike = True

    @property
    def n_repetitions(self) -> int:
        """Return how often a subject is shown an image."""
        return N_REPETITIONS

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
    def tokenizer_plan(self) -> TokenizerPlan:
        """Return which tokenizers are compared with subjects."""
        return TokenizerPlan(self.settings.tokenizers, self.feature_plan.registry, self.root)

    def has_recordings(self) -> bool:
        """Say that NSD is what the workflow is about: recordings that lack are missed aloud."""
        return True

    def sources(self) -> dict[str, bool]:
        """Return what analyses need beside indexes, and whether it is there.

        `functional`: responses and regions of the first subject in 1.8 mm volumes; `mni`:
        responses in MNI space; `packages`: those that run models; `captions`: COCO's captions;
        `instances`: its objects; `coco`: both; `persons`: its people; `objects`: what the chosen
        backend needs to find objects in the shown pictures; `nltk`: what takes captions apart.
        """
        raw, files = self.root / self.nsd.raw, self.nsd.files

        def is_there(*patterns: str) -> bool:
            names = [pattern.format(split=split) for pattern in patterns for split in SPLITS]
            return all((raw / name).is_file() for name in names)

        of_coco = is_there(files.captions, files.instances)
        backend = self.settings.objects.backend
        stimuli = {"pictures": is_there(files.images), "captions": is_there(files.captions)}
        absent = {kind for kind, found in stimuli.items() if not found}
        models, common = self.feature_plan, super().sources()
        functional = (files.betas_1pt8mm, files.ncsnr, files.visual_areas)
        return {
            **common,
            "functional": self.nsd.layout == "raw"
            and all(
                (raw / n.format(subject=self.subjects[0], session=1)).is_file() for n in functional
            ),
            "pictures": stimuli["pictures"],
            "features": common["features"] and not absent & looked_at(models.extracted),
            "untrained models": common["untrained models"]
            and not absent & looked_at(models.untrained),
            "packages": models_installed(),
            "captions": stimuli["captions"],
            "instances": is_there(files.instances),
            "coco": of_coco,
            "mni": self._has_mni(),
            "partitions": of_coco,
            "persons": is_there(files.person_keypoints),
            "objects": stimuli["pictures"]
            and (of_coco if backend == "coco_instances" else models_installed()),
            "tokenizers": self.tokenizer_plan.is_ready(is_simulated=self.raw_folder.is_simulated),
            "nltk": words_installed(),
        }

    def _has_mni(self) -> bool:
        """Say whether there are responses in MNI space, of the first session at least."""
        name = self.nsd.files.betas_mni.format(subject=self.subjects[0], session=1)
        return (self.root / self.nsd.raw / name).is_file()
