"""The steps of captions and short answers about images, of every dataset.

Texts are made in one step a dataset and prompt (`results/<dataset>/texts/`), which may take days
of a GPU. Corrections, the parser and the limit of empty texts come in a second one, so that they
can change without asking the model again.
"""

from __future__ import annotations

from typing import Any

from repalign.dag.dataset_plan import Bold5000Plan, ThingsPlan
from repalign.dag.feature_plan import models_installed, vllm_installed
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.raw_folder import RawFolder
from repalign.dag.steps import Step, Wildcards
from repalign.errors import RepalignError
from repalign.models.prompts import Prompt, read_prompts
from repalign.settings.captions import CaptionSettings
from repalign.tables import paths

AUTO_MODELS = {
    "transformers": "mistral-community/pixtral-12b",
    "vllm": "mistralai/Pixtral-12B-2409",
}
"""Backends that run a model, and what `captions.model: auto` stands for."""

CAPTION = "caption"
"""Stands for captions where the other prompts are named."""

QUESTIONS = ("motion", "indoor", "scene")
"""What is asked about each image of NSD."""


class CaptionPlan:
    """Which backend makes which texts, and what it needs.

    Parameters
    ----------
    plan : NsdPlan
        The settings and the raw folder of NSD; those of the other datasets follow from them.
    """

    def __init__(self, plan: NsdPlan) -> None:
        self.nsd = plan
        self.bold5000 = Bold5000Plan(plan.settings, plan.root)
        self.things = ThingsPlan(plan.settings, plan.root)

    @property
    def own(self) -> CaptionSettings:
        """Return the settings of captions."""
        return self.nsd.settings.captions

    def raw(self, dataset: str) -> RawFolder:
        """Return the raw folder of a dataset."""
        others = {"bold5000": self.bold5000.raw_folder, "things": self.things.raw_folder}
        return self.nsd.raw_folder if dataset == "nsd" else others[dataset]

    def pictures(self, dataset: str) -> str:
        """Return where a dataset's pictures lie below its raw folder."""
        others = {
            "bold5000": self.bold5000.bold5000.files.images,
            "things": self.things.things.files.images,
        }
        return self.nsd.nsd.files.images if dataset == "nsd" else others[dataset]

    def table(self, dataset: str, prompt: str) -> str | None:
        """Return a user's table of texts, if there is one."""
        name = dataset if prompt == CAPTION else prompt
        found: str | None = getattr(self.own.files, name)
        return found

    def backend(self, dataset: str, prompt: str) -> str:
        """Return the backend of a dataset and prompt."""
        if self.own.backend != "auto":
            return self.own.backend
        if self.table(dataset, prompt) is not None:
            return "file"
        return "template" if self.raw(dataset).is_simulated else "transformers"

    def prompt(self, name: str) -> Prompt:
        """Return a prompt: a question by its name, or what the settings ask for captions."""
        prompts = read_prompts(self.nsd.root / self.own.prompts)
        if name != CAPTION:
            return prompts[name]
        return prompts.get(self.own.prompt) or Prompt(self.own.prompt)

    def params(self, dataset: str, prompt: str) -> dict[str, Any]:
        """Return what a text depends on beside files; nothing that its backend does not use."""
        own, backend = self.own, self.backend(dataset, prompt)
        runs_model = backend in AUTO_MODELS
        model = AUTO_MODELS.get(backend, "") if own.model == "auto" else own.model
        return {
            "source": self.raw(dataset).source,
            "backend": backend,
            # A user's table says itself what was asked.
            "prompt_text": "" if backend == "file" else self.prompt(prompt).text,
            "model_id": model if runs_model else "",
            "revision": (own.revision or "") if runs_model and own.source == "hub" else "",
            "precision": own.precision if runs_model else "float32",
            "max_new_tokens": own.max_new_tokens if runs_model else 1,
            "sampling": int(own.legacy_sampling and runs_model),
            "seed": own.seed if own.legacy_sampling and runs_model else 0,
            "device": self.nsd.settings.resources.device if runs_model else "cpu",
        }

    def external(self, dataset: str, prompt: str) -> dict[str, Any]:
        """Return the files of a user that a text is made from: a table, or a model."""
        backend, tables, folders = self.backend(dataset, prompt), [], []
        if backend == "file":
            found = self.table(dataset, prompt)
            if found is None:
                key = f"captions.files.{dataset if prompt == CAPTION else prompt}"
                raise RepalignError(
                    "no table",
                    where=key,
                    expected="a table of texts, as captions.backend is `file`",
                    remedy=f"Name it in {key}, or choose another backend.",
                )
            tables = [found]
        if backend in AUTO_MODELS and self.own.source == "local-dir":
            if self.own.folder is None:
                raise RepalignError(
                    "no folder",
                    where="captions.folder",
                    expected="the folder of the model, as captions.source is `local-dir`",
                    remedy="Name it, or set captions.source to `hub`.",
                )
            folders = [self.own.folder]
        return {"table": tables, "model_folder": folders}

    def absent(self) -> set[str]:
        """Return the datasets whose captions cannot be made, because something optional is absent.

        A table or a folder that the settings name is not optional: it is missed aloud.
        """
        return {name for name in ("nsd", "bold5000", "things") if not self.can_make(name)}

    def can_make(self, dataset: str, prompt: str = CAPTION) -> bool:
        """Say whether what some texts need is there."""
        raw = self.raw(dataset)
        if not raw.exists:
            return False
        backend = self.backend(dataset, prompt)
        if dataset == "nsd":
            needed = [self.nsd.picture_table]
            if backend in AUTO_MODELS:
                needed.append(self.nsd.raw(self.nsd.nsd.files.images))
            if not all((raw.root / path).is_file() for path in needed):
                return False
            if backend == "template":
                return "coco" not in self.nsd.absent_sources()
        if backend == "vllm":
            return vllm_installed()
        return backend != "transformers" or models_installed()


def caption_steps(plan: NsdPlan) -> list[Step]:
    """Return the steps of captions and short answers about images."""
    captions = CaptionPlan(plan)
    return [
        *_indexes(captions),
        _describe_nsd(captions),
        _describe_images(captions),
        _publish(captions),
        _parse(captions),
    ]


def can_answer(plan: NsdPlan) -> bool:
    """Say whether answers to all questions about the images of NSD can be made."""
    return all(CaptionPlan(plan).can_make("nsd", question) for question in QUESTIONS)


def absent_captions(plan: NsdPlan) -> set[str]:
    """Return the datasets whose generated captions cannot be made."""
    return CaptionPlan(plan).absent()


def _indexes(captions: CaptionPlan) -> list[Step]:
    bold5000, things = captions.bold5000, captions.things
    return [
        Step(
            "index_bold5000_images",
            paths.IMAGES_INDEX.format(dataset="bold5000"),
            external=lambda _: {
                **bold5000.trial_order(),
                "pictures": bold5000.raw(bold5000.bold5000.files.images),
            },
            params=lambda _: {
                "source": bold5000.source,
                "below": bold5000.bold5000.files.images,
            },
        ),
        Step(
            "index_things_images",
            paths.IMAGES_INDEX.format(dataset="things"),
            external=lambda _: {
                "pictures": things.raw(things.things.files.images),
                "concepts": things.raw(things.things.files.concepts),
            },
            params=lambda _: {"source": things.source, "below": things.things.files.images},
        ),
    ]


def _describe_nsd(captions: CaptionPlan) -> Step:
    plan = captions.nsd

    def inputs(w: Wildcards) -> dict[str, Any]:
        is_needed = captions.backend("nsd", w["prompt"]) == "template"
        return {"objects": [paths.COCO_OBJECTS.format(dataset="nsd")] if is_needed else []}

    def external(w: Wildcards) -> dict[str, Any]:
        shown = captions.backend("nsd", w["prompt"]) in AUTO_MODELS
        return {
            "picture_table": plan.picture_table,
            "pictures": [plan.raw(plan.nsd.files.images)] if shown else [],
            **captions.external("nsd", w["prompt"]),
        }

    return Step(
        "describe_nsd",
        paths.TEXTS.replace("{dataset}", "nsd"),
        inputs,
        external=external,
        params=lambda w: {
            **captions.params("nsd", w["prompt"]),
            "prompt": w["prompt"],
            "images": plan.settings.models.images,
        },
    )


def _describe_images(captions: CaptionPlan) -> Step:
    def external(w: Wildcards) -> dict[str, Any]:
        dataset = w["image_set"]
        shown = captions.backend(dataset, CAPTION) in AUTO_MODELS
        folder = captions.raw(dataset).path(captions.pictures(dataset))
        return {"pictures": [folder] if shown else [], **captions.external(dataset, CAPTION)}

    return Step(
        "describe_images",
        paths.TEXTS.replace("{dataset}", "{image_set}").replace("{prompt}", CAPTION),
        lambda w: {"index": paths.IMAGES_INDEX.format(dataset=w["image_set"])},
        external=external,
        params=lambda w: {
            **captions.params(w["image_set"], CAPTION),
            "below": captions.pictures(w["image_set"]),
        },
    )


def _publish(captions: CaptionPlan) -> Step:
    def corrections(w: Wildcards) -> dict[str, Any]:
        found = getattr(captions.own.corrections, w["captioned"])
        return {"corrections": [found] if found else []}

    return Step(
        "publish_captions",
        paths.GENERATED_CAPTIONS.replace("{dataset}", "{captioned}"),
        lambda w: {"texts": paths.TEXTS.format(dataset=w["captioned"], prompt=CAPTION)},
        external=corrections,
        params=lambda w: {
            "source": captions.raw(w["captioned"]).source,
            "max_empty_share": captions.own.max_empty_share,
        },
    )


def _parse(captions: CaptionPlan) -> Step:
    return Step(
        "parse_answers",
        paths.ANSWERS.replace("{dataset}", "nsd"),
        lambda w: {"texts": paths.TEXTS.format(dataset="nsd", prompt=w["question"])},
        params=lambda w: {
            "source": captions.nsd.source,
            "allowed": list(captions.prompt(w["question"]).answers),
            "max_empty_share": captions.own.max_empty_share,
        },
    )
