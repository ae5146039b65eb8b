"""What is made of the stimuli of LAION-fMRI, and what from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repalign.dag.captions import CaptionPlan
from repalign.dag.feature_plan import models_installed
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.raw_folder import RawFolder
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.settings.laion import (
    EmbeddingModelSettings,
    LaionStimuliSettings,
)
from repalign.tables import laion_layout as layout

NAME = "laion"
ANALYSES = (
    "laion_embedding", "laion_masks", "laion_captions", "laion_reproduction", "laion_validation",
)  # fmt: skip
"""Analyses of the catalogue that these steps make."""
_GLM = "derivatives/glmsingle-tedana/sub-*"
OF_SUBJECTS = {
    "trials": (_GLM + "/ses-*/func/*_desc-SingletrialBetas_trials.tsv",),
    "betas": (_GLM + "/ses-*/func/*_desc-SingletrialBetas_statmap.nii.gz",),
    "grids": (
        _GLM + "/*_space-T1w_*statmap.nii.gz",
        "derivatives/rois/sub-*/*/*_space-T1w_res-1pt8_label-*_mask.nii.gz",
    ),
}
"""Files of subjects that are validated with the stimuli."""


@dataclass(frozen=True)
class LaionStimuli:
    """What is made of the stimuli of LAION-fMRI, and what from.

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
    def own(self) -> LaionStimuliSettings:
        """Return the settings of the stimuli."""
        return self.settings.laion.stimuli

    @cached_property
    def raw_folder(self) -> RawFolder:
        """Return the raw folder, which knows what it holds."""
        made_by = self.settings.simulate.laion.model_dump(mode="json")
        laion = self.settings.laion
        return RawFolder(NAME, "LAION-fMRI", laion.raw, laion.source, made_by, self.root)

    @property
    def source(self) -> str:
        """Return what the raw folder holds: real, simulated or other."""
        return self.raw_folder.source

    @property
    def embedding_backend(self) -> str:
        """Return what makes the embeddings: `timm` or `projection`."""
        chosen = self.own.embeddings.backend
        if chosen == "auto":
            return "projection" if self.raw_folder.is_simulated else "timm"
        return self._not_for_real("embeddings", chosen, "projection")

    @property
    def mask_backend(self) -> str:
        """Return what makes the masks: `transformers` or `colour`."""
        chosen = self.own.segmentations.backend
        if chosen == "auto":
            return "colour" if self.raw_folder.is_simulated else "transformers"
        return self._not_for_real("segmentations", chosen, "colour")

    def model(self, label: str) -> EmbeddingModelSettings:
        """Return the settings of the model of an embedding."""
        found: EmbeddingModelSettings = getattr(self.own.embeddings, label.lower())
        return found

    def raw(self, path: str) -> str:
        """Return the path of a raw file."""
        return self.raw_folder.path(path)

    def has(self, *files: str) -> bool:
        """Say whether raw files are there."""
        return all((self.root / self.settings.laion.raw / file).is_file() for file in files)

    def there(self, *patterns: str) -> list[str]:
        """Return the raw files that fit patterns, sorted; none is no error."""
        place = Path(str(self.raw_folder.folder))
        found = {path for pattern in patterns for path in (self.root / place).glob(pattern)}
        return sorted(str(place / path.relative_to(self.root / place)) for path in found)

    def can_make(self, target: str) -> bool:
        """Say whether what a file of these steps needs is there."""
        if not self.raw_folder.exists:
            return False
        made = {layout.EMBEDDINGS.format(label=label): label for label in layout.WIDTHS}
        path = target.removeprefix(f"results/{NAME}/")
        shown = self.has(layout.STIMULI, layout.METADATA)
        if path in made:
            return shown and (self.embedding_backend == "projection" or models_installed())
        if path in (layout.MASKS, layout.MASK_TABLE):
            listed = self.has(self.own.segmentations.nouns)
            return shown and listed and (self.mask_backend == "colour" or models_installed())
        if path == layout.CAPTIONS:
            return self._can_merge()
        if path == "reproduction.tsv":
            is_model = self.embedding_backend == "timm" and models_installed()
            return shown and is_model and not self.raw_folder.is_simulated and self.has(*made)
        return self.own.derivatives == "released" or all(
            self.can_make(f"results/{NAME}/{file}")
            for file in (*made, layout.MASKS, layout.CAPTIONS)
        )

    def _can_merge(self) -> bool:
        own = self.own.captions
        if not self.has(layout.METADATA, own.human):
            return False
        if own.ai is not None:
            return self.has(own.ai)
        return self.has(layout.STIMULI) and AiCaptions(self).can_make(NAME)

    def _not_for_real(self, part: str, chosen: str, stand_in: str) -> str:
        """Refuse what only looks like the real thing where the data are real."""
        if chosen == stand_in and self.raw_folder.exists and self.source == "real":
            raise RepalignError(
                f"{chosen}, which is no model",
                where=f"laion.stimuli.{part}.backend",
                expected="a model, as the data are real: nobody is to take one for the other",
                remedy=f"Set laion.stimuli.{part}.backend: auto, or laion.source: other.",
            )
        return chosen


class AiCaptions(CaptionPlan):
    """How captions of a model are made of the shared images."""

    def __init__(self, stimuli: LaionStimuli) -> None:
        super().__init__(NsdPlan(stimuli.settings, stimuli.root))
        self.laion = stimuli

    def raw(self, dataset: str) -> RawFolder:
        """Return the raw folder of a dataset."""
        return self.laion.raw_folder if dataset == NAME else super().raw(dataset)

    def table(self, dataset: str, prompt: str) -> str | None:
        """Return a user's table of texts, if there is one."""
        # That of LAION-fMRI is laion.stimuli.captions.ai.
        return None if dataset == NAME else super().table(dataset, prompt)
