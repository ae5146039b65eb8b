"""How a published table, a row of the catalogue, becomes the output of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from repalign.dag.catalogue import Derivative, with_defaults
from repalign.dag.plans import Plans
from repalign.dag.steps import Step, Wildcards
from repalign.errors import RepalignError
from repalign.tables import paths

TABLES = {
    "rsa_subject_subject": ("rsa_subject_subject",),
    "rsa_image_pairs": ("rsa_image_pairs",),
    "rsa_figure": ("rsa_subject_subject", "rsa_image_pairs"),
    "neuron_ceilings": ("neuron_ceilings",),
    "rsa_subject_subject_sessions": ("rsa_subject_subject_sessions",),
    "cka_subject_subject": ("cka_subject_subject",),
    "rsa_partitions": ("rsa_partitions",),
    "rsa_subject_subject_partial": ("rsa_subject_subject_partial",),
    "rsa_subject_group": ("rsa_subject_group",),
    "rsa_subject_model": ("rsa_subject_model", "rsa_subject_model_partial"),
    "rsa_images": ("rsa_images",),
    "null_subject_subject": ("null_subject_subject",),
    "null_subject_model": ("null_subject_model",),
    "rsa_pvalues": ("rsa_pvalues",),
    "cka_untrained_models": ("cka_untrained_models",),
    "model_model": ("model_model",),
    "rsa_tokenizers": ("rsa_tokenizers",),
    "scene_objects": ("scene_objects",),
    "kmcca_projections": ("kmcca_projections",),
    "kmcca_top_words": ("kmcca_top_words",),
}
"""Wildcards of published files (`<name>_table`), and the analyses whose files they stand for."""

Inputs = Callable[[Derivative], dict[str, Any]]


def no_files(_: Derivative) -> dict[str, Any]:
    """Return an empty mapping: nothing from outside the workflow."""
    return {}


def beside(output: str, suffixes: Sequence[str]) -> dict[str, str]:
    """Return the files beside an output that differ in their suffix, by suffix without dot."""
    return {suffix: str(Path(output).with_suffix(f".{suffix}")) for suffix in suffixes}


class TableMaker:
    """Builds steps whose output is a row of the catalogue."""

    def __init__(self, plans: Plans, catalogue: Sequence[Derivative]) -> None:
        self.plans = plans
        self.by_name = {(row.dataset, row.name): row for row in catalogue}

    def step(
        self,
        name: str,
        analysis: str,
        inputs: Inputs,
        params: Callable[[Derivative], dict[str, Any]],
        output: str = paths.DERIVATIVE,
        *,
        external: Inputs = no_files,
        limits: Mapping[str, int | str] | None = None,
        with_regions: bool = True,
        extra_outputs: Sequence[str] = (),
    ) -> Step:
        """Return the step of one analysis; its wildcard is `{<analysis>_table}`.

        Parameters
        ----------
        name : str
            Step, rule and script.
        analysis : str
            Key of `TABLES`.
        inputs, params, external : callable
            As those of a step, but of a row of the catalogue.
        output : str
            Path pattern with `{table}`.
        limits : mapping, optional
            As of a step.
        with_regions : bool
            Whether the table of regions is an input.
        extra_outputs : sequence of str
            Suffixes of files that are made beside the output; also their option names.
        """
        wildcard = f"{analysis}_table"

        def row(w: Wildcards) -> Derivative:
            return self.by_name[w["dataset"], w[wildcard]]

        def all_inputs(w: Wildcards) -> dict[str, Any]:
            regions = {"regions": paths.REGIONS.format(dataset=w["dataset"])}
            return {**inputs(row(w)), **(regions if with_regions else {})}

        def all_params(w: Wildcards) -> dict[str, Any]:
            return {"source": self.plans[w["dataset"]].source, **params(row(w))}

        pattern = output.replace("{table}", f"{{{wildcard}}}")
        return Step(
            name,
            pattern,
            all_inputs,
            external=lambda w: external(row(w)),
            params=all_params,
            limits=limits or {},
            extra_outputs=beside(pattern, extra_outputs),
        )

    def has(self, dataset: str, analysis: str, **parameters: str) -> bool:
        """Say whether the catalogue has a file of an analysis with some choices."""
        return any(
            (row.dataset, row.analysis) == (dataset, analysis)
            and parameters.items() <= row.parameters.items()
            for row in self.by_name.values()
        )

    def find(self, dataset: str, analysis: str, **parameters: str) -> str:
        """Return the file of the catalogue with some choices; others are at their defaults."""
        parameters = with_defaults(analysis, parameters)
        for row in self.by_name.values():
            if (row.dataset, row.analysis, row.parameters) == (dataset, analysis, parameters):
                return row.target
        raise RepalignError(
            f"no {analysis} with {parameters}",
            where="config/derivatives.tsv",
            expected="a row for every file that another one needs",
            remedy="Add the row.",
        )
