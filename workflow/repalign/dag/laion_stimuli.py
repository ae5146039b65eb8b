"""The steps of the stimuli of LAION-fMRI: the seven files that are derived, and the validator."""

from __future__ import annotations

from typing import Any

from repalign.dag.captions import CAPTION
from repalign.dag.device import device_options
from repalign.dag.laion_stimuli_plan import NAME, OF_SUBJECTS, AiCaptions, LaionStimuli
from repalign.dag.steps import Step, Wildcards
from repalign.errors import RepalignError
from repalign.settings.laion import DetectorSettings, EmbeddingModelSettings
from repalign.tables import laion_layout as layout
from repalign.tables import paths


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
    captions = AiCaptions(stimuli)
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
            **OF_SUBJECTS,
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
