"""The steps from NSD's 1.8 mm betas to assemblies and stimulus sets for Brain-Score."""

from __future__ import annotations

from typing import Any

from repalign.dag.assembly_plan import AssemblyPlan
from repalign.dag.nsd import session_file
from repalign.dag.nsd_plan import N_REPETITIONS, NsdPlan
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths
from repalign.tables.paths import subject_label

SPLITS = ("train", "test")
_TRIALS = paths.TRIALS.format(dataset="nsd")


def assembly_steps(nsd: NsdPlan) -> list[Step]:
    """Return the steps of assemblies; none where NSD starts at region matrices."""
    if nsd.nsd.layout == "roi_matrices":
        return []
    plan = AssemblyPlan(nsd)
    return [
        _neuroids(plan),
        _session(plan),
        _split(plan),
        _region(plan),
        _benchmark(plan),
        *_stimuli(plan),
        _packages(plan),
        _figures(plan),
    ]


def _of_nsd(pattern: str) -> str:
    return pattern.replace("{dataset}", "nsd")


def _neuroids(plan: AssemblyPlan) -> Step:
    files = plan.nsd.nsd.files

    def external(w: Wildcards) -> dict[str, Any]:
        subject = plan.nsd.selected(int(w["subject"]))
        return {
            "visual_areas": plan.nsd.raw(files.visual_areas, subject=subject),
            "ventral": plan.ventral(subject)[0],
            "ncsnr": plan.nsd.raw(files.ncsnr, subject=subject),
        }

    return Step(
        "find_nsd_neuroids",
        _of_nsd(paths.NEUROIDS),
        external=external,
        params=lambda w: {
            "source": plan.nsd.source,
            "labels": plan.labels(),
            "ventral_labels": plan.ventral(int(w["subject"]))[1],
            "repetitions": N_REPETITIONS,
        },
    )


def _session(plan: AssemblyPlan) -> Step:
    files = plan.nsd.nsd.files

    def external(w: Wildcards) -> dict[str, Any]:
        subject, session = int(w["subject"]), int(w["session"])
        return {
            "betas": session_file(plan.nsd, files.betas_1pt8mm, subject, session),
            "design": plan.nsd.raw(files.design),
        }

    return Step(
        "extract_nsd_shared_trials",
        _of_nsd(paths.ASSEMBLY_SESSION),
        inputs=lambda w: {"neuroids": paths.NEUROIDS.format(dataset="nsd", subject=w["subject"])},
        external=external,
        params=lambda w: {"source": plan.nsd.source, "session": int(w["session"])},
    )


def _split(plan: AssemblyPlan) -> Step:
    return Step(
        "split_nsd_images",
        _of_nsd(paths.IMAGE_SPLIT),
        inputs=lambda _: {"trials": _TRIALS},
        params=lambda w: {
            "source": plan.nsd.source,
            "subjects": plan.subjects(w["variant"]),
            "repetitions": N_REPETITIONS,
            "train_share": plan.settings.train_share,
            "seed": plan.settings.seed,
        },
    )


def _recorded(plan: AssemblyPlan, w: Wildcards) -> dict[str, Any]:
    """Return everything that was extracted of the subjects of a set."""
    labels = [subject_label(subject) for subject in plan.subjects(w["variant"])]
    return {
        "trials": _TRIALS,
        "split": paths.IMAGE_SPLIT.format(dataset="nsd", variant=w["variant"]),
        "neuroids": [paths.NEUROIDS.format(dataset="nsd", subject=label) for label in labels],
        "sessions": [
            paths.ASSEMBLY_SESSION.format(dataset="nsd", subject=label, session=f"{session:02d}")
            for label in labels
            for session in plan.sessions(w["variant"])
        ],
    }


def _subjects(plan: AssemblyPlan, w: Wildcards) -> dict[str, Any]:
    return {
        "source": plan.nsd.source,
        "subjects": plan.subjects(w["variant"]),
        "repetitions": N_REPETITIONS,
    }


def _region(plan: AssemblyPlan) -> Step:
    return Step(
        "build_nsd_assembly",
        _of_nsd(paths.REGION_ASSEMBLY),
        inputs=lambda w: _recorded(plan, w),
        params=lambda w: {**_subjects(plan, w), "region": w["region"]},
    )


def _benchmark(plan: AssemblyPlan) -> Step:
    train, test = (_of_nsd(paths.BENCHMARK_ASSEMBLY).replace("{split}", name) for name in SPLITS)
    return Step(
        "build_nsd_benchmark",
        train,
        inputs=lambda w: _recorded(plan, w),
        params=lambda w: {
            **_subjects(plan, w),
            "variant": w["variant"],
            "global_zscore": plan.settings.global_zscore,
        },
        extra_outputs={"test": test},
    )


def _stimuli(plan: AssemblyPlan) -> list[Step]:
    def split(w: Wildcards) -> dict[str, Any]:
        return {"split": paths.IMAGE_SPLIT.format(dataset="nsd", variant=w["variant"])}

    def params(w: Wildcards) -> dict[str, Any]:
        return {"source": plan.nsd.source, "part": w["split"]}

    table = _of_nsd(paths.STIMULUS_SET)
    return [
        Step(
            "extract_nsd_pictures",
            _of_nsd(paths.SPLIT_PICTURES),
            inputs=split,
            external=lambda _: {"images": plan.nsd.raw(plan.nsd.nsd.files.images)},
            params=params,
        ),
        Step(
            "package_nsd_stimuli",
            table,
            inputs=lambda w: {
                **split(w),
                "pictures": paths.SPLIT_PICTURES.format(dataset="nsd", **w),
            },
            params=params,
            extra_outputs={"archive": table.removesuffix(".csv") + ".zip"},
        ),
    ]


def _packages(plan: AssemblyPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        tables = [paths.STIMULUS_SET.format(dataset="nsd", split=name, **w) for name in SPLITS]
        return {
            "files": [
                *(paths.BENCHMARK_ASSEMBLY.format(dataset="nsd", split=name, **w)
                  for name in SPLITS),
                *(path for table in tables
                  for path in (table, table.removesuffix(".csv") + ".zip")),
            ]
        }  # fmt: skip

    return Step(
        "list_nsd_packages",
        _of_nsd(paths.PACKAGES),
        inputs=inputs,
        params=lambda _: {"source": plan.nsd.source},
    )


def _figures(plan: AssemblyPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        own = {"dataset": "nsd", "variant": w["variant"]}
        return {
            "assemblies": [
                paths.REGION_ASSEMBLY.format(region=region, **own) for region in plan.regions
            ]
        }

    return Step(
        "plot_assemblies",
        _of_nsd(paths.ASSEMBLY_FIGURE),
        inputs=inputs,
        params=lambda w: {"source": plan.nsd.source, "figure": w["figure"]},
    )
