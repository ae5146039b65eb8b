"""The steps of the curated decoding set: labels, trials, resampled sessions, files of subjects.

Labels and responses meet in the last step of a subject, so that another label rule resamples
nothing. One step looks at all subjects together: which trials are kept.
"""

from __future__ import annotations

import json
import math
from typing import Any

from repalign.dag.nsd import session_file, session_params
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths
from repalign.tables.paths import subject_label

TRIALS_PER_SESSION = 750
"""Of the real NSD."""


def _of_nsd(pattern: str) -> str:
    return pattern.replace("{dataset}", "nsd")


_LABELS = _of_nsd(paths.COCO_LABELS)
_LABELLED = _of_nsd(paths.LABELLED_TRIALS)
_TRIALS = _of_nsd(paths.CURATED_TRIALS)
_MASK = _of_nsd(paths.GREY_MATTER)
_SESSION, _VALID = _of_nsd(paths.MNI_SESSION), _of_nsd(paths.MNI_VALID)
_SUBJECT = _of_nsd(paths.CURATED_SUBJECT)
_BETAS = _of_nsd(paths.CURATED_BETAS)
_LABEL_FILE = _of_nsd(paths.CURATED_LABELS)
_REPORT = _of_nsd(paths.CURATION)


def curated_steps(plan: NsdPlan) -> list[Step]:
    """Return the steps of the set; none where NSD starts at region matrices."""
    if plan.nsd.layout == "roi_matrices":
        return []
    return [*_trials(plan), *_responses(plan), *_subjects(plan), *_report(plan)]


def kept_sessions(plan: NsdPlan, subject: int) -> int:
    """Return how many sessions of a subject can hold kept trials.

    Parameters
    ----------
    plan : NsdPlan
        What a run of NSD covers.
    subject : int
        A selected subject.

    Returns
    -------
    int
        All that the subject did, if it is not known how many trials a session has.
    """
    limit = plan.settings.curated_3mm.max_trials
    if limit is None:
        return min(plan.sessions.values())
    per_session = TRIALS_PER_SESSION if plan.source == "real" else None
    if plan.source == "simulated" and (made := plan.raw_folder.simulation) is not None:
        per_session = int(made["n_trials_per_session"])
    done = plan.sessions[subject]
    return min(done, math.ceil(limit / per_session)) if per_session else done


def _source(plan: NsdPlan) -> dict[str, Any]:
    return {"source": plan.source}


def _trials(plan: NsdPlan) -> list[Step]:
    """Return the steps of labels and trials, which need no responses."""
    own, files = plan.settings.curated_3mm, plan.nsd.files
    by_id = own.id_lookup == "stim_info"

    def label_params(_: Wildcards) -> dict[str, Any]:
        return {
            **_source(plan),
            "id_lookup": own.id_lookup,
            "label_rule": own.label_rule,
            "include_crowd": int(own.include_crowd),
        }

    def experiment(_: Wildcards) -> dict[str, Any]:
        found = _behaviour(plan)
        return {
            "design": plan.raw(files.design),
            "stimulus_info": plan.raw(files.stimulus_info),
            "responses": list(found.values()),
        }

    def choices(_: Wildcards) -> dict[str, Any]:
        equalise = own.equalise
        return {
            **_source(plan),
            "label_level": own.label_level,
            "max_trials": own.max_trials or 0,
            "equalise_by": equalise.by,
            "equalise_label": equalise.label,
            "pick": equalise.pick,
            "seed": equalise.seed,
        }

    return [
        Step(
            "label_coco_images",
            _LABELS,
            inputs=lambda _: {"objects": [_of_nsd(paths.COCO_OBJECTS)] if by_id else []},
            external=lambda _: {
                "pictures": plan.picture_table,
                "instances": [] if by_id else plan.of_coco(files.instances),
            },
            params=label_params,
        ),
        Step(
            "label_trials",
            _LABELLED,
            inputs=lambda _: {"labels": _LABELS},
            external=experiment,
            params=lambda _: {
                **_source(plan),
                **session_params(plan),
                "response_subjects": list(_behaviour(plan)),
            },
        ),
        Step("choose_trials", _TRIALS, inputs=lambda _: {"labelled": _LABELLED}, params=choices),
    ]


def _behaviour(plan: NsdPlan) -> dict[int, str]:
    """Return the behavioural tables that are there, by subject."""
    pattern = plan.nsd.files.behaviour
    tables = {subject: plan.raw(pattern, subject=subject) for subject in plan.subjects}
    return {subject: path for subject, path in tables.items() if (plan.root / path).is_file()}


def _responses(plan: NsdPlan) -> list[Step]:
    """Return the steps of the grid and of the sessions, which need no labels."""
    own = plan.settings.curated_3mm

    def grey_matter(_: Wildcards) -> dict[str, Any]:
        return {**_source(plan), **_grid(plan)}

    def betas(subject: int, session: int) -> dict[str, Any]:
        return {"betas": session_file(plan, plan.nsd.files.betas_mni, subject, session)}

    def session(w: Wildcards) -> dict[str, Any]:
        subject, number = int(w["subject"]), int(w["session"])
        declared = plan.raw(plan.nsd.files.valid_mni, subject=subject, session=number)
        return {
            **betas(subject, number),
            "design": plan.raw(plan.nsd.files.design),
            "valid_map": [declared] if (plan.root / declared).is_file() else [],
        }

    return [
        Step(
            "mask_grey_matter",
            _MASK,
            external=lambda _: betas(plan.subjects[0], 1),
            params=grey_matter,
        ),
        Step(
            "resample_mni_session",
            _SESSION,
            inputs=lambda _: {"grey_matter": _MASK},
            external=session,
            params=lambda _: {
                **_source(plan),
                **_grid(plan),
                "interpolation": own.interpolation,
                "order": own.order,
            },
            extra_outputs={"valid": _VALID},
        ),
    ]


def _grid(plan: NsdPlan) -> dict[str, Any]:
    """Return the choices that grid and mask depend on."""
    own = plan.settings.curated_3mm
    return {
        "resolution": own.resolution_mm,
        "gm_threshold": own.gm_threshold,
        "gm_closing": own.gm_closing,
    }


def _subjects(plan: NsdPlan) -> list[Step]:
    """Return the steps of the files of a subject."""
    own = plan.settings.curated_3mm

    def sessions(w: Wildcards) -> dict[str, Any]:
        subject = plan.selected(int(w["subject"]))
        numbers = [f"{k:02d}" for k in range(1, kept_sessions(plan, subject) + 1)]

        def every(pattern: str) -> list[str]:
            return [pattern.format(subject=w["subject"], session=number) for number in numbers]

        return {
            "trials": _TRIALS,
            "grey_matter": _MASK,
            "sessions": every(_SESSION),
            "valid": every(_VALID),
        }

    def params(w: Wildcards) -> dict[str, Any]:
        subject = plan.selected(int(w["subject"]))
        return {**_source(plan), "subject": subject, "label_level": own.label_level}

    return [
        Step(
            "curate_trials",
            _LABEL_FILE,
            inputs=lambda _: {"trials": _TRIALS},
            params=params,
            extra_outputs={
                "runs": _SUBJECT + "_runs.npy",
                "images": _SUBJECT + "_images.npy",
                "table": _SUBJECT + "_trials.tsv",
            },
        ),
        Step(
            "curate_responses",
            _BETAS,
            inputs=sessions,
            params=lambda w: {
                **params(w),
                "scale": own.scale,
                "invalid_voxels": own.invalid_voxels,
            },
            extra_outputs={
                "columns": _SUBJECT + "_mask.nii.gz",
                "counts": _SUBJECT + "_valid_sessions.nii.gz",
            },
        ),
        Step(
            "write_curated_image",
            _of_nsd(paths.CURATED_IMAGE),
            inputs=lambda w: {
                "betas": _BETAS.format(**w),
                "columns": f"{_SUBJECT}_mask.nii.gz".format(**w),
            },
            params=lambda _: _source(plan),
        ),
    ]


def _report(plan: NsdPlan) -> list[Step]:
    own = plan.settings.curated_3mm

    def inputs(_: Wildcards) -> dict[str, Any]:
        numbers = [subject_label(subject) for subject in plan.subjects]
        return {
            "trials": _TRIALS,
            "grey_matter": _MASK,
            "betas": [_BETAS.format(subject=number) for number in numbers],
            "labels": [_LABEL_FILE.format(subject=number) for number in numbers],
        }

    def params(_: Wildcards) -> dict[str, Any]:
        choices = own.model_dump(mode="json", exclude={"keep_resampled", "equalise"})
        choices |= {f"equalise_{key}": value for key, value in own.equalise.model_dump().items()}
        return {
            **_source(plan),
            "subjects": plan.subjects,
            "choices": json.dumps(choices, sort_keys=True),
        }

    return [
        Step("report_curation", _REPORT, inputs=inputs, params=params),
        Step(
            "plot_curation",
            _of_nsd(paths.CURATION_FIGURE),
            inputs=lambda _: {"report": _REPORT},
            params=lambda _: _source(plan),
        ),
    ]
