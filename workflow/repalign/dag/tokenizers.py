"""The steps of the comparison of subjects with tokens of captions."""

from __future__ import annotations

from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.rsa import alignment_params, same_image
from repalign.dag.steps import Paths, Step, Wildcards
from repalign.dag.table_maker import TableMaker
from repalign.dag.tokenizer_plan import token_key
from repalign.errors import RepalignError
from repalign.tables import paths
from repalign.tables.paths import subject_label
from repalign.tables.token_tables import WORD_TOKENIZERS

STOP_WORDS = "resources/stop_words_english.txt"
LEGACY_SUBJECTS = range(1, 8)
"""Subjects of the published file."""


def tokenizer_steps(plan: NsdPlan, tables: TableMaker) -> list[Step]:
    """Return the steps of the comparison of subjects with tokens of captions."""
    compare = [_compare(plan)]
    return [_split(plan), _tokenize(plan), _check(plan), *compare, _join(plan, tables)]


def _captions(dataset: str) -> Paths:
    """Return the images and COCO's captions of them."""
    return {
        "stimuli": paths.STIMULI.format(dataset=dataset),
        "captions": paths.CAPTIONS.format(dataset=dataset, source="coco"),
    }


def _limits(plan: NsdPlan) -> dict[str, str]:
    """Return how many captions may be empty; that refuses captions and changes no token."""
    return {"max_empty_share": str(plan.settings.captions.max_empty_share)}


def table_subjects(plan: NsdPlan) -> list[int]:
    """Return the subjects of the table."""
    if not plan.settings.tokenizers.legacy_subjects:
        return plan.subjects
    kept = [subject for subject in plan.subjects if subject in LEGACY_SUBJECTS]
    if not kept:
        raise RepalignError(
            f"subjects {plan.subjects}",
            where="tokenizers.legacy_subjects",
            expected=f"some of the subjects {LEGACY_SUBJECTS[0]} to {LEGACY_SUBJECTS[-1]}",
            remedy="Set tokenizers.legacy_subjects to false.",
        )
    return kept


def _tokens(dataset: str, name: str) -> str:
    """Return the table of tokens of one tokenizer."""
    if name in WORD_TOKENIZERS:
        return paths.WORDS.format(dataset=dataset, words=name)
    return paths.TOKENS.format(dataset=dataset, tokenizer=token_key(name))


def _split(plan: NsdPlan) -> Step:
    return Step(
        "split_captions",
        paths.WORDS,
        inputs=lambda w: _captions(w["dataset"]),
        external=lambda _: {"stop_words": STOP_WORDS},
        params=lambda w: {"source": plan.source, "words": w["words"]},
        limits=_limits(plan),
    )


def _tokenize(plan: NsdPlan) -> Step:
    def files(w: Wildcards) -> dict[str, Any]:
        found = plan.tokenizer_plan
        return {"tokenizer_files": found.files(found.by_key(w["tokenizer"]))}

    def params(w: Wildcards) -> dict[str, Any]:
        found = plan.tokenizer_plan
        model = found.by_key(w["tokenizer"])
        place = found.source(model)
        # A folder that moved is the same tokenizer: its files count, not where they lie.
        on_hub = place.source == "hub"
        return {
            "source": plan.source,
            "model": model,
            "hub_id": place.path if on_hub else "",
            "revision": place.revision if on_hub else "",
        }

    return Step(
        "tokenize_captions",
        paths.TOKENS,
        inputs=lambda w: _captions(w["dataset"]),
        external=files,
        params=params,
        limits=_limits(plan),
    )


def _check(plan: NsdPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        dataset = w["dataset"]
        pairs = plan.tokenizer_plan.stands_for
        return {
            **_captions(dataset),
            "own": [_tokens(dataset, model) for model, _ in pairs],
            "others": [_tokens(dataset, other) for _, other in pairs],
        }

    def params(_: Wildcards) -> dict[str, Any]:
        return {
            "source": plan.source,
            "tokenizers": [model for model, _ in plan.tokenizer_plan.stands_for],
            "models": [other for _, other in plan.tokenizer_plan.stands_for],
        }

    return Step(
        "check_tokenizers",
        paths.SAME_TOKENS,
        inputs=inputs,
        params=params,
        limits=_limits(plan),
    )


def _compare(plan: NsdPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        names = plan.tokenizer_plan.names
        return {
            "rdms": paths.IMAGE_RDMS.format_map({"subset": "all", **w}),
            "tokens": [_tokens(w["dataset"], name) for name in names],
        }

    def params(w: Wildcards) -> dict[str, Any]:
        chosen = alignment_params(plan, w)
        del chosen["hemispheres"], chosen["clip_quantile"]
        return {
            **chosen,
            **same_image(plan),
            "subject": int(w["subject"]),
            "tokenizers": plan.tokenizer_plan.names,
        }

    return Step("compare_tokenizers", paths.TOKENIZER_PART, inputs=inputs, params=params)


def _join(plan: NsdPlan, tables: TableMaker) -> Step:
    def inputs(row: Derivative) -> dict[str, Any]:
        labels = [subject_label(subject) for subject in table_subjects(plan)]
        part = {"dataset": row.dataset, **row.parameters}
        return {
            "parts": [paths.TOKENIZER_PART.format(subject=label, **part) for label in labels],
            "same_tokens": paths.SAME_TOKENS.format(dataset=row.dataset),
        }

    def params(row: Derivative) -> dict[str, Any]:
        return {
            "subjects": table_subjects(plan),
            "tokenizers": plan.tokenizer_plan.names,
            "hemispheres": row.parameters["hemispheres"],
        }

    return tables.step("join_rsa_tokenizers", "rsa_tokenizers", inputs, params)
