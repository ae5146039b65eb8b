"""The steps of the stimuli of LAION-fMRI: the seven files that are derived, and the validator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from repalign.dag.captions import CAPTION, CaptionPlan
from repalign.dag.device import device_options
from repalign.dag.feature_plan import models_installed
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.raw_folder import RawFolder
from repalign.dag.steps import Step, Wildcards
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.settings.laion import (
    DetectorSettings,
    EmbeddingModelSettings,
    LaionStimuliSettings,
)
from repalign.tables import laion_layout as layout
from repalign.tables import paths

NAME = "laion"
ANALYSES = (
    "laion_embedding", "laion_masks", "laion_captions", "laion_reproduction", "laion_validation",
)  # fmt: skip
"""Analyses of the catalogue that these steps make."""
_GLM = "derivatives/glmsingle-tedana/sub-*"
_OF_SUBJECTS = {
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
        return self.has(layout.STIMULI) and _AiCaptions(self).can_make(NAME)

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


class _AiCaptions(CaptionPlan):
    """How captions of a model are made of the shared images."""

    def __init__(self, stimuli: LaionStimuli) -> None:
        super().__init__(NsdPlan(stimuli.settings, stimuli.root))
        self.laion = stimuli

    def raw(self, dataset: str) -> RawFolder:
        return self.laion.raw_folder if dataset == NAME else super().raw(dataset)

    def table(self, dataset: str, prompt: str) -> str | None:
        # A table is laion.stimuli.captions.ai.
        return None if dataset == NAME else super().table(dataset, prompt)


def laion_stimuli_steps(stimuli: LaionStimuli) -> list[Step]:
    """Return the steps of the stimuli of LAION-fMRI."""
    texts = [_describe(stimuli)] if stimuli.own.captions.ai is None else []
    return [
        _embed(stimuli),
        _segment(stimuli),
        *texts,
        _merge(stimuli),
        _reproduce(stimuli),
        _validate(stimuli),
    ]


def _of(pattern: str) -> str:
    return pattern.replace("{dataset}", NAME)


def _pictures(stimuli: LaionStimuli) -> dict[str, Any]:
    return {"pictures": stimuli.raw(layout.STIMULI), "metadata": stimuli.raw(layout.METADATA)}


def _folder(model: EmbeddingModelSettings | DetectorSettings, key: str) -> list[str]:
    """Return the folder of a model as a list, which is empty for one on the hub."""
    if model.source == "hub":
        return []
    if model.folder is None:
        raise RepalignError(
            "no folder",
            where=f"laion.stimuli.{key}.folder",
            expected="the folder of the model, as its source is `local-dir`",
            remedy="Name it, or set the source to `hub`.",
        )
    return [model.folder]


def _embed(stimuli: LaionStimuli) -> Step:
    device, limits = device_options(stimuli.settings)

    def is_model() -> bool:
        return stimuli.embedding_backend == "timm"

    def external(w: Wildcards) -> dict[str, Any]:
        model, key = stimuli.model(w["label"]), f"embeddings.{w['label'].lower()}"
        folder = _folder(model, key) if is_model() else []
        return {**_pictures(stimuli), "model_folder": folder}

    def params(w: Wildcards) -> dict[str, Any]:
        model = stimuli.model(w["label"])
        found = {
            "source": stimuli.source,
            "label": w["label"],
            "backend": stimuli.embedding_backend,
            "alpha": stimuli.own.embeddings.alpha,
            "model_id": model.model,
            "revision": (model.revision or "") if model.source == "hub" else "",
            "sha256": model.sha256 or "",
            "pool": model.pool,
            "size": model.size,
            "resize": model.resize,
            "interpolation": model.interpolation,
            **device,
        }
        return found if is_model() else {**found, **_NO_MODEL}

    return Step(
        "embed_laion_images",
        _of(paths.LAION_EMBEDDINGS),
        external=external,
        params=params,
        limits={
            "batch_size": stimuli.settings.models.batch_size,
            "model_threads": stimuli.settings.resources.threads,
            **limits,
        },
    )


_NO_MODEL = {
    "model_id": "", "revision": "", "sha256": "", "pool": "output", "size": 16,
    "resize": "squash", "interpolation": "bicubic",
}  # fmt: skip
"""Parameters of the projection, which has no choices: it is stale for none of a model's."""


def _segment(stimuli: LaionStimuli) -> Step:
    own = stimuli.own.segmentations
    device, limits = device_options(stimuli.settings)

    def is_model() -> bool:
        return stimuli.mask_backend == "transformers"

    def external(_: Wildcards) -> dict[str, Any]:
        folders = {
            "detector_folder": _folder(own.detector, "segmentations.detector"),
            "segmenter_folder": _folder(own.segmenter, "segmentations.segmenter"),
        }
        return {
            **_pictures(stimuli),
            "nouns": stimuli.raw(own.nouns),
            **(folders if is_model() else {name: [] for name in folders}),
        }

    def params(_: Wildcards) -> dict[str, Any]:
        models = {
            "detector": own.detector.model,
            "detector_revision": own.detector.revision or "",
            "segmenter": own.segmenter.model,
            "segmenter_revision": own.segmenter.revision or "",
        }
        return {
            "source": stimuli.source,
            "backend": stimuli.mask_backend,
            "alpha": stimuli.own.embeddings.alpha,
            **(models if is_model() else dict.fromkeys(models, "")),
            "threshold": own.threshold if is_model() else 0.0,
            **device,
        }

    from_captions = own.nouns_from == "captions"
    return Step(
        "segment_laion_images",
        _of(paths.LAION_MASKS),
        lambda _: {"captions": [_of(paths.LAION_CAPTIONS)] if from_captions else []},
        external=external,
        params=params,
        limits={"model_threads": stimuli.settings.resources.threads, **limits},
        extra_outputs={"table": _of(paths.LAION_MASK_TABLE)},
    )


def _describe(stimuli: LaionStimuli) -> Step:
    captions = _AiCaptions(stimuli)
    return Step(
        "describe_laion_images",
        _of(paths.TEXTS).replace("{prompt}", CAPTION),
        external=lambda _: {
            "pictures": [stimuli.raw(layout.STIMULI)],
            "metadata": stimuli.raw(layout.METADATA),
            **captions.external(NAME, CAPTION),
        },
        params=lambda _: {
            **captions.params(NAME, CAPTION),
            "alpha": stimuli.own.embeddings.alpha,
        },
    )


def _merge(stimuli: LaionStimuli) -> Step:
    own = stimuli.own.captions
    described = _of(paths.TEXTS).format(prompt=CAPTION)
    return Step(
        "merge_laion_captions",
        _of(paths.LAION_CAPTIONS),
        lambda _: {"described": [described] if own.ai is None else []},
        external=lambda _: {
            "metadata": stimuli.raw(layout.METADATA),
            "human": stimuli.raw(own.human),
            "ai": [] if own.ai is None else [stimuli.raw(own.ai)],
        },
        params=lambda _: {"source": stimuli.source, "worker_ids": own.worker_ids},
    )


def _reproduce(stimuli: LaionStimuli) -> Step:
    files = [layout.EMBEDDINGS.format(label=label) for label in layout.WIDTHS]
    return Step(
        "compare_laion_embeddings",
        _of(paths.LAION_REPRODUCTION),
        lambda _: {"produced": [f"results/{NAME}/{file}" for file in files]},
        external=lambda _: {
            "metadata": stimuli.raw(layout.METADATA),
            "released": [stimuli.raw(file) for file in files],
        },
        params=lambda _: {"source": stimuli.source},
    )


def _validate(stimuli: LaionStimuli) -> Step:
    derived = [
        *(layout.EMBEDDINGS.format(label=label) for label in layout.WIDTHS),
        layout.MASKS,
        layout.MASK_TABLE,
        layout.CAPTIONS,
    ]
    is_produced = stimuli.own.derivatives == "produced"

    def external(_: Wildcards) -> dict[str, Any]:
        asked = {
            "pictures": (layout.STIMULI,),
            "metadata": (layout.METADATA,),
            "released": () if is_produced else tuple(derived),
            **_OF_SUBJECTS,
        }
        # What is absent is a finding of the validator, not an error of the plan.
        return {name: stimuli.there(*patterns) for name, patterns in asked.items()}

    report = _of(paths.VALIDATION)
    return Step(
        "validate_laion",
        report + ".html",
        lambda _: {"produced": [f"results/{NAME}/{file}" for file in derived if is_produced]},
        external=external,
        params=lambda _: {"source": stimuli.source},
        extra_outputs={"json": report + ".json", "tsv": report + ".tsv"},
    )
