"""The steps that make published tables from parts, one a row of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.nulls import n_blocks
from repalign.dag.rsa import PARTITIONS, pair_parts
from repalign.dag.steps import Step
from repalign.dag.table_maker import TableMaker
from repalign.errors import RepalignError
from repalign.models.modality import modality_of
from repalign.tables import paths
from repalign.tables.paths import subject_label


def published_steps(plan: NsdPlan, catalogue: Sequence[Derivative]) -> list[Step]:
    """Return the steps that make the published files of a dataset, and their figures.

    Parameters
    ----------
    plan : NsdPlan
        What the run covers.
    catalogue : sequence of Derivative
        All rows; those of other datasets and analyses are left out.

    Returns
    -------
    list of Step
        One an analysis, with the file names of its rows as wildcard.
    """
    maker = _Maker(plan, catalogue)
    tables = [*maker.subject_tables(), *maker.model_tables(), *maker.nulls(), maker.pvalues()]
    return [*tables, *maker.figures()]


class _Maker(TableMaker):
    """Builds the tables of alignment with subjects and models."""

    def pair_params(self, row: Derivative) -> dict[str, Any]:
        """Return the parameters of a table of pairs of subjects."""
        return {
            "subjects": self.plan.subjects,
            "shift": int(row.parameters["shift"]),
            "hemispheres": row.parameters["hemispheres"],
        }

    def subject_tables(self) -> list[Step]:
        """Return the tables that compare subjects with each other."""
        plan = self.plan

        def rsa(row: Derivative) -> dict[str, Any]:
            quality = paths.QUALITY.format(dataset=row.dataset)
            return {"parts": pair_parts(plan, row), "quality": quality}

        def cka(row: Derivative) -> dict[str, Any]:
            return {"parts": pair_parts(plan, row, comparison="cka")}

        def partitions(row: Derivative) -> dict[str, Any]:
            return {"parts": [p for s in PARTITIONS for p in pair_parts(plan, row, subset=s)]}

        def partial(row: Derivative) -> dict[str, Any]:
            labels = [subject_label(s) for s in plan.subjects]
            return {
                "parts": [
                    paths.PARTIAL_PAIR.format(
                        dataset=row.dataset, subject_i=i, subject_j=j, **row.parameters
                    )
                    for i in labels
                    for j in labels
                ]
            }

        def group(row: Derivative) -> dict[str, Any]:
            return {"parts": self.by_subject(paths.GROUP_PART, row)}

        def rsa_params(row: Derivative) -> dict[str, Any]:
            return {**self.pair_params(row), "comparison": row.parameters["comparison"]}

        def subset_params(row: Derivative) -> dict[str, Any]:
            return {**self.pair_params(row), "subsets": list(PARTITIONS)}

        pair = self.pair_params
        return [
            self.step("join_rsa_subject_subject", "rsa_subject_subject", rsa, rsa_params),
            self.step("join_cka_subject_subject", "cka_subject_subject", cka, pair),
            self.step("join_rsa_partitions", "rsa_partitions", partitions, subset_params),
            self.step("join_rsa_partial", "rsa_subject_subject_partial", partial, pair),
            self.step("join_rsa_subject_group", "rsa_subject_group", group, pair),
        ]

    def model_tables(self) -> list[Step]:
        """Return the tables that compare subjects with models."""
        kinds = {
            "rsa_subject_model": (paths.MODEL_PART, "session"),
            "rsa_subject_model_partial": (paths.PARTIAL_MODEL_PART, "control"),
        }

        def parts(row: Derivative) -> dict[str, Any]:
            pattern, _ = kinds[row.analysis]
            models = self.plan.models
            return {"parts": [p for m in models for p in self.by_subject(pattern, row, model=m)]}

        def params(row: Derivative) -> dict[str, Any]:
            return {
                "subjects": self.plan.subjects,
                "models": self.plan.models,
                "hemispheres": row.parameters["hemispheres"],
                "by": kinds[row.analysis][1],
            }

        return [self.step("join_rsa_subject_model", "rsa_subject_model", parts, params)]

    def by_subject(self, pattern: str, row: Derivative, **entities: str) -> list[str]:
        """Return the parts of all subjects."""
        return [
            pattern.format(
                dataset=row.dataset, subject=subject_label(s), **row.parameters, **entities
            )
            for s in self.plan.subjects
        ]

    def nulls(self) -> list[Step]:
        """Return the null distributions."""
        plan = self.plan

        def of_subjects(row: Derivative) -> dict[str, Any]:
            count = n_blocks(plan, row.parameters["hemispheres"])
            pattern = paths.PAIR_NULL
            entities = {"dataset": row.dataset, **row.parameters}
            return {"parts": [pattern.format(block=f"{k:02d}", **entities) for k in range(count)]}

        def models(row: Derivative) -> list[str]:
            modality = row.parameters["modality"]
            found = [m for m in plan.models if modality_of(m) == modality]
            if not found:
                raise RepalignError(
                    f"no {modality} model among {', '.join(plan.models)}",
                    where=f"nsd.features: {plan.nsd.features}",
                    expected=f"at least one {modality} model for {row.path}",
                    remedy="Add the features of one; names of vision models end with -cls.",
                )
            return found

        def of_models(row: Derivative) -> dict[str, Any]:
            pattern = paths.MODEL_NULL
            return {
                "parts": [p for m in models(row) for p in self.by_subject(pattern, row, model=m)]
            }

        def count(row: Derivative) -> dict[str, Any]:
            return {"permutations": int(row.parameters["permutations"])}

        def model_params(row: Derivative) -> dict[str, Any]:
            modality = row.parameters["modality"]
            return {
                **count(row),
                "subjects": plan.subjects,
                "models": models(row),
                "modality": modality,
            }

        return [
            self.step("join_subject_null", "null_subject_subject", of_subjects, count, paths.NULL),
            self.step(
                "join_model_null", "null_subject_model", of_models, model_params, paths.NULL
            ),
        ]

    def pvalues(self) -> Step:
        """Return the table of p-values."""

        def inputs(row: Derivative) -> dict[str, Any]:
            joined = {"hemispheres": "joined"}
            draws = {**joined, **row.parameters}
            pearson = {**joined, "shift": "1", "comparison": "pearson"}
            find = partial(self.find, row.dataset)
            return {
                "subject_subject": find("rsa_subject_subject", **pearson),
                "subject_model": find("rsa_subject_model", **joined),
                "null_subject": find("null_subject_subject", shift="1", **draws),
                "null_language": find("null_subject_model", modality="language", **draws),
                "null_vision": find("null_subject_model", modality="vision", **draws),
            }

        return self.step("compute_rsa_pvalues", "rsa_pvalues", inputs, lambda _: {})

    def figures(self) -> list[Step]:
        """Return the figures of inter-subject RSA tables."""

        def inputs(row: Derivative) -> dict[str, Any]:
            return {"table": row.target}

        def params(row: Derivative) -> dict[str, Any]:
            return {**self.pair_params(row), "comparison": row.parameters["comparison"]}

        analysis = "rsa_subject_subject"
        return [
            self.step("plot_rsa_heatmap", analysis, inputs, params, paths.HEATMAP),
            self.step("plot_rsa_ranking", analysis, inputs, params, paths.RANKING),
        ]
