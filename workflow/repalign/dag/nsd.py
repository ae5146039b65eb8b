"""The steps that prepare NSD: from its raw layout, or from region matrices, to the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step, Wildcards
from repalign.errors import RepalignError
from repalign.tables import paths
from repalign.tables.paths import subject_label


def nsd_steps(plan: NsdPlan) -> list[Step]:
    """Return the steps from the raw folder to the prepared dataset and the index files."""
    if plan.nsd.layout == "roi_matrices":
        return _from_matrices(plan)
    return [*_from_raw(plan), *_indexes(plan)]


def _sub(wildcards: Wildcards) -> int:
    return int(wildcards["subject"])


def _from_raw(plan: NsdPlan) -> list[Step]:
    files = plan.nsd.files

    return [
        Step(
            name="prepare_nsd_trials",
            output=paths.TRIALS.format(dataset="nsd"),
            extra_outputs={"stimuli": paths.STIMULI.format(dataset="nsd")},
            external=lambda _: {
                "design": plan.raw(files.design),
                "stimulus_info": plan.raw(files.stimulus_info),
            },
            params=lambda _: {"source": plan.source, **session_params(plan)},
        ),
        Step(
            name="merge_nsd_atlas",
            output=paths.ATLAS.replace("{dataset}", "nsd"),
            external=lambda w: {
                "left_atlas": plan.raw(files.atlas_left, subject=plan.selected(_sub(w))),
                "right_atlas": plan.raw(files.atlas_right, subject=_sub(w)),
            },
            params=lambda _: {"source": plan.source},
        ),
        Step(
            name="extract_nsd_session",
            output=paths.SESSION.replace("{dataset}", "nsd"),
            inputs=lambda w: {"atlas": paths.ATLAS.format(dataset="nsd", subject=w["subject"])},
            external=lambda w: {
                "betas": session_file(plan, files.betas, _sub(w), int(w["session"])),
                "design": plan.raw(files.design),
            },
            params=lambda _: {"source": plan.source},
        ),
    ]


def session_file(plan: NsdPlan, pattern: str, subject: int, session: int) -> str:
    """Return a session's raw file, after checking that all declared sessions are there.

    Parameters
    ----------
    plan : NsdPlan
        What the run covers.
    pattern : str
        Where sessions lie below the raw folder, one of `nsd.files`.
    subject, session : int
        Numbers from 1.

    Raises
    ------
    RepalignError
        Naming all sessions of the subject that are missing.
    """
    declared = range(1, plan.sessions[plan.selected(subject)] + 1)
    names = {k: plan.raw(pattern, subject=subject, session=k) for k in declared}
    if session not in names or not (plan.root / names[session]).is_file():
        missing = [k for k in declared if not (plan.root / names[k]).is_file()]
        raise RepalignError(
            f"session(s) {missing or [session]} of subject {subject} missing",
            where=plan.raw(pattern, subject=subject, session=session),
            expected=f"sessions 1 to {plan.sessions[subject]} without a gap",
            remedy=(
                "Fetch the missing file(s). If the subject has fewer sessions, set their number "
                "in nsd.sessions; a session in the middle cannot be left out, because the rows "
                "of all later ones would shift."
            ),
        )
    return names[session]


def session_params(plan: NsdPlan) -> dict[str, Any]:
    """Return subjects and their sessions as options of a script."""
    return {"subjects": plan.subjects, "sessions": [plan.sessions[s] for s in plan.subjects]}


def _indexes(plan: NsdPlan) -> list[Step]:
    files = plan.nsd.files

    def info(_: Wildcards) -> dict[str, Any]:
        return {"stimulus_info": plan.raw(files.stimulus_info)}

    def info_and_design(_: Wildcards) -> dict[str, Any]:
        return {**info(_), "design": plan.raw(files.design)}

    def masks(_: Wildcards) -> dict[str, Any]:
        """Region masks by their folders; a new mask makes the index stale."""
        found = [
            (subject, str(path.relative_to(plan.root / plan.nsd.raw)))
            for subject in plan.subjects
            for path in sorted(_roi_folder(plan, subject).glob("*.nii.gz"))
        ]
        return {
            "source": plan.source,
            "subjects": plan.subjects,
            "masks": [path for _, path in found],
            "mask_subjects": [subject for subject, _ in found],
        }

    return [
        Step(
            name="copy_nsd_stimulus_info",
            output=paths.NSD_INDEX + "nsd_stim_info_merged.csv",
            external=info,
            params=lambda _: {"source": plan.source},
        ),
        Step(
            name="index_nsd_images",
            output=paths.NSD_INDEX + "nsd.csv",
            external=info,
            params=lambda _: {"source": plan.source},
        ),
        Step(
            name="index_nsd_stimuli",
            output=paths.NSD_INDEX + "nsd_stimuli.csv",
            external=info_and_design,
            params=lambda _: {
                "source": plan.source,
                "betas_pattern": plan.nsd.files.betas,
                **session_params(plan),
            },
        ),
        Step(
            name="index_nsd_masks",
            output=paths.NSD_INDEX + "nsd_masks.csv",
            inputs=lambda _: {
                "atlases": [
                    paths.ATLAS.format(dataset="nsd", subject=subject_label(s))
                    for s in plan.subjects
                ]
            },
            params=masks,
        ),
    ]


def _roi_folder(plan: NsdPlan, subject: int) -> Path:
    """Return the folder of a subject's region masks: that of its atlas."""
    return (plan.root / plan.raw(plan.nsd.files.atlas_left, subject=subject)).parent


def _from_matrices(plan: NsdPlan) -> list[Step]:
    matrices = plan.nsd.roi_matrices
    return [
        Step(
            name="import_nsd_trials",
            output=paths.TRIALS.format(dataset="nsd"),
            extra_outputs={"stimuli": paths.STIMULI.format(dataset="nsd")},
            external=lambda _: {"stimuli_index": plan.raw(matrices.stimuli)},
            params=lambda _: {"source": plan.source, **session_params(plan)},
        ),
        Step(
            name="import_nsd_responses",
            output=paths.RESPONSES.replace("{dataset}", "nsd"),
            inputs=lambda _: {
                "trials": paths.TRIALS.format(dataset="nsd"),
                "regions": paths.REGIONS.format(dataset="nsd"),
            },
            external=lambda w: {
                "matrices": [
                    plan.raw(matrices.responses, subject=_sub(w), roi=roi) for roi in plan.regions
                ]
            },
            params=lambda w: {"source": plan.source, "subject": _sub(w)},
        ),
    ]
