"""The steps that make published tables from parts, one a row of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.nulls import n_blocks
from repalign.dag.plans import Plans
from repalign.dag.rsa import image_set, pair_parts, session_pair_parts
from repalign.dag.steps import Step
from repalign.dag.table_maker import TableMaker
from repalign.errors import RepalignError
from repalign.models.modality import modality_of
from repalign.tables import paths
from repalign.tables.paths import subject_label


def published_steps(plans: Plans, catalogue: Sequence[Derivative]) -> list[Step]:
    """Return the steps that make the published files of all datasets, and their figures.

    Parameters
    ----------
    plans : Plans
        What the run covers of every dataset.
    catalogue : sequence of Derivative
        All rows; those of other analyses are left out.

    Returns
    -------
    list of Step
        One an analysis, with the file names of its rows as wildcard.
    """
    maker = _Maker(plans, catalogue)
    tables = [*maker.subject_tables(), *maker.model_tables(), *maker.nulls(), maker.pvalues()]
    return [*tables, *maker.figures()]


class _Maker(TableMaker):
    """Builds the tables of alignment with subjects and models."""

    def pair_params(self, row: Derivative) -> dict[str, Any]:
        """Return the parameters of a table of pairs of subjects."""
        return {
            "subjects": self.plans[row.dataset].subjects,
            "shift": int(row.parameters["shift"]),
            "hemispheres": row.parameters["hemispheres"],
        }

    def mirror_params(self, row: Derivative) -> dict[str, Any]:
        """Return those of a table whose parts may stand for both orders of a pair."""
        n_repetitions = self.plans[row.dataset].n_repetitions
        return {**self.pair_params(row), "repetitions": n_repetitions}

    def subject_tables(self) -> list[Step]:
        """Return the tables that compare subjects with each other."""
        plans = self.plans

        def rsa(row: Derivative) -> dict[str, Any]:
            quality = paths.QUALITY.format(dataset=row.dataset)
            return {"parts": pair_parts(plans[row.dataset], row), "quality": quality}

        def sessions(row: Derivative) -> dict[str, Any]:
            return {"parts": session_pair_parts(plans[row.dataset], row)}

        def cka(row: Derivative) -> dict[str, Any]:
            return {"parts": pair_parts(plans[row.dataset], row, comparison="cka")}

        def partitions(row: Derivative) -> dict[str, Any]:
            plan = plans[row.dataset]
            subsets = plan.partitions
            return {"parts": [p for s in subsets for p in pair_parts(plan, row, subset=s)]}

        def partial(row: Derivative) -> dict[str, Any]:
            labels = [subject_label(s) for s in plans[row.dataset].subjects]
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
            return {**self.mirror_params(row), "comparison": row.parameters["comparison"]}

        def subset_params(row: Derivative) -> dict[str, Any]:
            return {**self.mirror_params(row), "subsets": list(plans[row.dataset].partitions)}

        def session_params(row: Derivative) -> dict[str, Any]:
            subset = row.parameters["subset"]
            return {
                "subjects": plans[row.dataset].subjects,
                "hemispheres": row.parameters["hemispheres"],
                "image_set": image_set(row.dataset, subset),
            }

        pair, mirror = self.pair_params, self.mirror_params
        return [
            self.step("join_rsa_subject_subject", "rsa_subject_subject", rsa, rsa_params),
            self.step(
                "join_rsa_sessions", "rsa_subject_subject_sessions", sessions, session_params
            ),
            self.step("join_cka_subject_subject", "cka_subject_subject", cka, mirror),
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
            models = self.plans[row.dataset].models
            return {"parts": [p for m in models for p in self.by_subject(pattern, row, model=m)]}

        def params(row: Derivative) -> dict[str, Any]:
            plan, (_, by) = self.plans[row.dataset], kinds[row.analysis]
            # The published tables of other datasets than NSD have columns of their own.
            is_other = by == "session" and row.dataset != "nsd"
            subset = row.parameters.get("subset", "all")
            return {
                "subjects": plan.subjects,
                "models": plan.models,
                "hemispheres": row.parameters["hemispheres"],
                "by": by,
                "image_set": [image_set(row.dataset, subset)] if is_other else [],
            }

        return [self.step("join_rsa_subject_model", "rsa_subject_model", parts, params)]

    def by_subject(self, pattern: str, row: Derivative, **entities: str) -> list[str]:
        """Return the parts of all subjects."""
        return [
            pattern.format(
                dataset=row.dataset, subject=subject_label(s), **row.parameters, **entities
            )
            for s in self.plans[row.dataset].subjects
        ]

    def nulls(self) -> list[Step]:
        """Return the null distributions."""
        plans = self.plans

        def of_subjects(row: Derivative) -> dict[str, Any]:
            count = n_blocks(plans[row.dataset], row.parameters["hemispheres"])
            pattern = paths.PAIR_NULL
            entities = {"dataset": row.dataset, **row.parameters}
            return {"parts": [pattern.format(block=f"{k:02d}", **entities) for k in range(count)]}

        def models(row: Derivative) -> list[str]:
            plan, modality = plans[row.dataset], row.parameters["modality"]
            found = [m for m in plan.models if modality_of(m) == modality]
            if not found:
                raise RepalignError(
                    f"no {modality} model among {', '.join(plan.models)}",
                    where=f"{plan.name}.features: {plan.feature_plan.place}",
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
                "subjects": plans[row.dataset].subjects,
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
            same_images = {"subset": self.plans[row.dataset].default_subset}
            pearson = {**joined, **same_images, "shift": "1", "comparison": "pearson"}
            find = partial(self.find, row.dataset)

            def null(modality: str) -> list[str]:
                # A dataset may have no models of a modality, and then no row of their null.
                choices = {"modality": modality, **draws}
                has_row = self.has(row.dataset, "null_subject_model", modality=modality)
                return [find("null_subject_model", **choices)] if has_row else []

            return {
                "subject_subject": find("rsa_subject_subject", **pearson),
                "subject_model": find("rsa_subject_model", **joined, **same_images),
                "null_subject": find("null_subject_subject", shift="1", **draws),
                "null_language": null("language"),
                "null_vision": null("vision"),
            }

        return self.step("compute_rsa_pvalues", "rsa_pvalues", inputs, lambda _: {})

    def figures(self) -> list[Step]:
        """Return the figures of inter-subject RSA tables."""

        def inputs(row: Derivative) -> dict[str, Any]:
            return {"table": row.target}

        def params(row: Derivative) -> dict[str, Any]:
            return {**self.pair_params(row), "comparison": row.parameters["comparison"]}

        analysis = "rsa_figure"
        return [
            self.step("plot_rsa_heatmap", analysis, inputs, params, paths.HEATMAP),
            self.step("plot_rsa_ranking", analysis, inputs, params, paths.RANKING),
        ]
