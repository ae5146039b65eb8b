"""The steps that prepare BOLD5000: from betas, lists and an atlas to the contract and indexes."""

from __future__ import annotations

from typing import Any

from repalign.dag.dataset_plan import Bold5000Plan
from repalign.dag.steps import Step, Wildcards
from repalign.errors import RepalignError
from repalign.tables import paths

_IMAGES = paths.IMAGES_INDEX.format(dataset="bold5000")


def bold5000_steps(plan: Bold5000Plan) -> list[Step]:
    """Return the steps from the raw folder to the prepared dataset and the index files."""
    return [*_prepare(plan), *_registration(plan), *_indexes(plan)]


def _prepare(plan: Bold5000Plan) -> list[Step]:
    trials = paths.TRIALS.format(dataset="bold5000")
    supplied = plan.bold5000.atlas == "supplied"
    registered = paths.REGISTERED_ATLAS.replace("{dataset}", "bold5000")

    def session_inputs(w: Wildcards) -> dict[str, Any]:
        return {
            "atlas": paths.ATLAS.format(dataset="bold5000", subject=w["subject"]),
            "trials": trials,
        }

    return [
        Step(
            "prepare_bold5000_trials",
            trials,
            lambda _: {"images": _IMAGES},
            external=lambda _: plan.trial_order(),
            params=lambda _: {"source": plan.source, **_session_params(plan)},
            extra_outputs={"stimuli": paths.STIMULI.format(dataset="bold5000")},
        ),
        Step(
            "relabel_bold5000_atlas",
            paths.ATLAS.replace("{dataset}", "bold5000"),
            lambda w: {} if supplied else {"atlas": registered.format(subject=w["subject"])},
            external=lambda w: _supplied_atlas(plan, int(w["subject"])) if supplied else {},
            params=lambda _: {"source": plan.source},
        ),
        Step(
            "extract_bold5000_session",
            paths.SESSION.replace("{dataset}", "bold5000"),
            session_inputs,
            external=lambda w: {"betas": _betas(plan, int(w["subject"]), int(w["session"]))},
            params=lambda w: {
                "source": plan.source,
                "subject": int(w["subject"]),
                "session": int(w["session"]),
                "non_finite": plan.bold5000.non_finite,
            },
        ),
    ]


def _supplied_atlas(plan: Bold5000Plan, subject: int) -> dict[str, Any]:
    """Return the user's own atlas in the functional space of a subject."""
    return {"atlas": plan.raw(plan.bold5000.files.atlas, subject=plan.selected(subject))}


def _registration(plan: Bold5000Plan) -> list[Step]:
    """Return the step that makes the atlas with FSL, if the settings ask for it."""
    if plan.bold5000.atlas == "supplied":
        return []
    own = plan.bold5000.registration

    def images(w: Wildcards) -> dict[str, Any]:
        subject = plan.selected(int(w["subject"]))
        return {
            "t1": plan.raw(own.t1, subject=subject),
            "bold": plan.raw(own.bold, subject=subject),
            "betas": _betas(plan, subject, 1),
            "atlas": plan.raw(own.atlas),
            # Without one, FSL's own template is found where the job runs.
            "template": [plan.raw(own.template)] if own.template else [],
            "template_brain": [plan.raw(own.template_brain)] if own.template_brain else [],
        }

    return [
        Step(
            "register_bold5000_atlas",
            paths.REGISTERED_ATLAS.replace("{dataset}", "bold5000"),
            external=images,
            params=lambda _: {
                "source": plan.source,
                "atlas_space": own.atlas_space,
                "template_space": own.template_space,
                "t1_fraction": own.t1_fraction,
                "bold_fraction": own.bold_fraction,
                "bold_dof": own.bold_dof,
                "beta_grid": own.beta_grid,
                "max_lost_regions": own.max_lost_regions,
            },
        )
    ]


def _betas(plan: Bold5000Plan, subject: int, session: int) -> str:
    """Return a session's betas, after checking that they are there."""
    path = plan.betas(plan.selected(subject), session)
    if not (plan.root / path).is_file():
        raise RepalignError(
            f"no betas of session {session} of subject {subject}",
            where=path,
            expected=f"sessions 1 to {plan.sessions[subject]} without a gap",
            remedy=(
                "Fetch the file, or correct bold5000.files.betas and bold5000.beta_type. If the "
                "subject has fewer sessions, set their number in bold5000.sessions."
            ),
        )
    return path


def _session_params(plan: Bold5000Plan) -> dict[str, Any]:
    """Return subjects and their sessions as options of a script."""
    return {"subjects": plan.subjects, "sessions": [plan.sessions[s] for s in plan.subjects]}


def _indexes(plan: Bold5000Plan) -> list[Step]:
    index = paths.STIMULUS_INDEX.format(dataset="bold5000")
    return [
        Step(
            "index_bold5000_stimuli",
            index + ".csv",
            lambda _: {"images": _IMAGES},
            external=lambda _: plan.trial_order(),
            params=lambda _: {"source": plan.source, **_session_params(plan)},
            extra_outputs={"parquet": index + ".parquet"},
        ),
        Step(
            "tabulate_bold5000_images",
            paths.IMAGES_TABLE.format(dataset="bold5000"),
            lambda _: {"images": _IMAGES},
            params=lambda _: {"source": plan.source},
        ),
        Step(
            "index_bold5000_captions",
            paths.CAPTIONS_INDEX.format(dataset="bold5000"),
            lambda _: {
                "captions": paths.GENERATED_CAPTIONS.format(dataset="bold5000"),
                "images": _IMAGES,
            },
            params=lambda _: {"source": plan.source},
        ),
    ]
