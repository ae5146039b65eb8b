"""`methods.md`: what was really run for the results that exist, sentences from their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from repalign.provenance.analyses import ANALYSES, DATASETS, REFERENCES, WORDS
from repalign.provenance.facts import Facts, by_dataset, listed
from repalign.provenance.results import Result

VECTORS = {
    "rdm": "RDMs hold correlation distances between trials",
    "gram": "For CKA, Gram matrices hold products between trials",
}
"""What vectors hold, by their measure; steps without a choice make RDMs."""
DRAWS = ("compute_subject_null", "compute_model_null", "compare_images")
ON_DEVICE = (
    "compare_images", "compare_model", "compare_rdms", "compare_subject_sessions",
    "compare_untrained", "compute_model_null", "compute_subject_null", "embed_laion_images",
    "extract_language_features", "extract_vision_features", "segment_laion_images",
)  # fmt: skip
"""Steps that always use the device of the settings; texts are often made without a model."""
PER_LINE = 6
"""Longer lists of names are given by their number as well."""


def methods_text(results: Sequence[Result]) -> str:
    """Return the methods of results as Markdown.

    Parameters
    ----------
    results : sequence of Result
        Results, those without records included.

    Returns
    -------
    str
        A section a dataset, the software, and the references of what is named.
    """
    used: set[str] = {"snakemake"}
    lines = ["# Methods", ""]
    for dataset, facts in by_dataset(results).items():
        sentences = [*_of_dataset(dataset, facts, used)]
        if sentences:
            lines += [f"## {dataset}", "", *sentences, ""]
    everything = Facts(tuple(result for result in results if result.spec))
    lines += ["## Software", "", *_software(everything, len(results)), ""]
    lines += ["## References", "", *(f"- {REFERENCES[key]}" for key in REFERENCES if key in used)]
    return "\n".join(lines) + "\n"


def _of_dataset(dataset: str, facts: Facts, used: set[str]) -> Iterator[str]:
    """Yield the paragraphs of a dataset."""
    data = " ".join(_data(dataset, facts, used))
    if data:
        yield data
        yield ""
    rdms = " ".join(_rdms(facts, used))
    if rdms:
        yield rdms
        yield ""
    for step in sorted({result.spec["step"] for result in facts.results}, key=_place):
        yield _analysis(step, facts.of_step(step), used)
    yield from _draws(facts)


def _data(dataset: str, facts: Facts, used: set[str]) -> Iterator[str]:
    """Yield what the recordings are, and which part of them was used."""
    if dataset not in DATASETS:
        return
    name, reference = DATASETS[dataset]
    for source in facts.sources:
        if source == "simulated":
            yield f"The data are simulated, in the formats of {name}: no recording was used."
        elif source == "real":
            yield f"The data are those of {name}."
        else:
            yield f"The data are other recordings in the layout of {name}."
    used |= {reference} - {""}
    for subjects in facts.values("subjects", *_preparing(dataset)):
        yield f"Subjects: {listed(subjects)}."
    for sessions in facts.values("sessions", *_preparing(dataset)):
        yield f"Sessions of each: {listed(sessions)}."
    for settings in _distinct(facts, "build_regions"):
        own = [name for name in settings.get("names", []) if name]
        kind = "of the dataset itself" if own else "of HCP-MMP1, left and right"
        yield f"Regions: {len(settings['regions'])} {kind}."
        used |= set() if own else {"hcp"}


def _preparing(dataset: str) -> tuple[str, ...]:
    """Return the steps that know the recorded subjects and sessions."""
    return (f"prepare_{dataset}_trials", f"import_{dataset}_trials", "join_rsa*", "join_cka*")


def _rdms(facts: Facts, used: set[str]) -> Iterator[str]:
    """Yield how RDMs were made, if any were."""
    for kind, sentence in VECTORS.items():
        clips = {
            own["clip_quantile"]
            for own in facts.of_steps_upstream("*")
            if "clip_quantile" in own and own.get("measure", "rdm") == kind
        }
        used |= {"rsa"} if clips and kind == "rdm" else set()
        for clip in sorted(clips):
            limits = (
                f"clipped at their quantiles {clip:g} and {1 - clip:g}" if clip else "not clipped"
            )
            yield f"{sentence}; the responses of a region were {limits}."
    for count in facts.values("min_trials", "*"):
        yield f"Comparisons on fewer than {count} matched trials were left undefined."
    for dropped in facts.values("drop_same_image_pairs", "*"):
        what = "were left out" if dropped else "took part"
        yield f"Pairs of trials that show one image {what}."
    for ties in facts.values("ties", "rank_rdms"):
        yield f"Ranks of equal distances: {ties}."


def _analysis(step: str, facts: Facts, used: set[str]) -> str:
    """Return what files of a step there are."""
    files = _count(len(facts.results), "file")
    analysis = ANALYSES.get(step)
    if analysis is None:
        return f"- `{step}`: {files}."
    used |= set(analysis.references)
    params = [result.spec["params"] for result in facts.results]
    kinds = dict.fromkeys(
        ", ".join(_said(key, own[key]) for key in analysis.keys if key in own) for own in params
    )
    choices = "; ".join(kind for kind in kinds if kind)
    return f"- {analysis.title} ({files}){': ' + choices if choices else ''}."


def _said(key: str, value: object) -> str:
    """Return a parameter and its value as words."""
    if key in WORDS:
        return WORDS[key](value)
    if isinstance(value, list):
        number = f"{len(value)} " if len(value) > PER_LINE else ""
        return f"{number}{key.replace('_', ' ')} {listed(value)}"
    return f"{key.replace('_', ' ')}: {value}"


def _draws(facts: Facts) -> Iterator[str]:
    """Yield how null distributions were drawn, if any were."""
    kinds = {
        tuple(own[key] for key in ("permutations", "scheme", "unit", "seed")): None
        for own in facts.of_steps_upstream(*DRAWS)
        if {"permutations", "scheme", "unit", "seed"} <= set(own)
    }
    for permutations, scheme, unit, seed in sorted(kinds):
        yield ""
        yield (
            f"Nulls: {permutations:,} permutations of {unit}s, drawn by the {scheme} scheme with"
            f" seed {seed}."
        )


def _software(facts: Facts, count: int) -> Iterator[str]:
    """Yield the versions of what ran."""
    versions = [f"{name} {' and '.join(own)}" for name, own in facts.versions.items()]
    without = count - len(facts.results)
    yield (
        f"{_count(count, 'result')} of repalign, a Snakemake workflow. Versions:"
        f" {listed(versions)}."
    )
    # Records name a GPU alone: a step that says nothing ran on the CPU.
    devices = {own.get("device", "cpu") for own in facts.of_steps_upstream(*ON_DEVICE)}
    if devices:
        yield f"Device of the heaviest steps: {listed(sorted(devices))}."
    if without:
        yield f"{_count(without, 'file')} without a record: nothing is said of how they were made."


def _distinct(facts: Facts, step: str) -> Iterator[dict[str, Any]]:
    """Yield the different parameters of a step."""
    seen: list[dict[str, Any]] = []
    for own in facts.of_steps_upstream(step):
        if own not in seen:
            seen.append(own)
            yield own


def _place(step: str) -> tuple[int, str]:
    """Return where a step comes in the text: analyses in their order, then others by name."""
    names = [*ANALYSES]
    return (names.index(step) if step in ANALYSES else len(names), step)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
