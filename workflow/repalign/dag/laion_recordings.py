"""The steps of LAION-fMRI's recordings: to the contract, sets of images, and what trials show."""

from __future__ import annotations

from typing import Any

from repalign.dag.laion_plan import LaionPlan
from repalign.dag.steps import Step, Wildcards
from repalign.tables import laion_layout as layout
from repalign.tables import paths
from repalign.tables.laion_sets import OF_NOUNS, OF_SPLITS, split_of

TRIALS = paths.TRIALS.format(dataset="laion")
STIMULI = paths.STIMULI.format(dataset="laion")
SESSION = paths.SESSION.replace("{dataset}", "laion")


def laion_recording_steps(plan: LaionPlan) -> list[Step]:
    """Return the steps from the subjects' folders to the prepared dataset and aligned files."""
    return [*_prepare(plan), _image_set(plan), _features(plan), *_aligned(plan)]


def _prepare(plan: LaionPlan) -> list[Step]:
    files = plan.laion.files

    def tables(_: Wildcards) -> dict[str, Any]:
        sessions = [(s, k) for s in plan.subjects for k in range(1, plan.sessions[s] + 1)]
        return {
            "metadata": plan.raw(layout.METADATA),
            "tables": [plan.session_file(files.trials, s, k) for s, k in sessions],
        }

    def maps(w: Wildcards) -> dict[str, Any]:
        subject = plan.selected(int(w["subject"]))
        wanted = [plan.raw(files.ceiling, subject=subject)] if plan.laion.min_ceiling else []
        return {
            "brain": plan.raw(files.brain, subject=subject),
            "masks": list(plan.masks_of(subject).values()),
            "ceilings": wanted,
        }

    def voxel_params(w: Wildcards) -> dict[str, Any]:
        return {
            "source": plan.source,
            "rois": list(plan.masks_of(int(w["subject"]))),
            "brain_rule": plan.laion.brain,
            "min_ceiling": plan.laion.min_ceiling,
        }

    def session(w: Wildcards) -> dict[str, Any]:
        found = int(w["subject"]), int(w["session"])
        return {"betas": plan.session_file(files.betas, *found)}

    def sessions(w: Wildcards) -> dict[str, Any]:
        count = plan.sessions[plan.selected(int(w["subject"]))]
        numbers = [f"{k:02d}" for k in range(1, count + 1)]
        return {
            "sessions": [SESSION.format(subject=w["subject"], session=k) for k in numbers],
            "voxels": paths.LAION_VOXELS.format(subject=w["subject"]),
        }

    return [
        Step(
            "prepare_laion_trials",
            TRIALS,
            external=tables,
            params=lambda _: {
                "source": plan.source,
                "subjects": plan.subjects,
                "sessions": [plan.sessions[s] for s in plan.subjects],
            },
            extra_outputs={"stimuli": STIMULI},
        ),
        Step("find_laion_voxels", paths.LAION_VOXELS, external=maps, params=voxel_params),
        Step(
            "extract_laion_session",
            SESSION,
            lambda w: {
                "voxels": paths.LAION_VOXELS.format(subject=w["subject"]),
                "trials": TRIALS,
            },
            external=session,
            params=lambda w: {
                "source": plan.source,
                "subject": int(w["subject"]),
                "session": int(w["session"]),
            },
        ),
        Step(
            "gather_laion_responses",
            paths.RESPONSES.replace("{dataset}", "laion"),
            sessions,
            params=lambda _: {
                "source": plan.source,
                "regions": plan.regions,
                "standardise": plan.laion.standardise,
            },
        ),
    ]


def _image_set(plan: LaionPlan) -> Step:
    def masks(w: Wildcards) -> tuple[dict[str, Any], dict[str, Any]]:
        wanted = w["laion_set"] in OF_NOUNS
        return plan.derived(layout.MASK_TABLE, "masks") if wanted else ({}, {"masks": []})

    def split(w: Wildcards) -> list[str]:
        name = w["laion_set"]
        return [plan.split_file(split_of(name)[0])] if name in OF_SPLITS else []

    return Step(
        "select_laion_stimuli",
        paths.SUBSET.replace("{subset}", "{laion_set}").replace("{dataset}", "laion"),
        lambda w: {"stimuli": STIMULI, **masks(w)[0]},
        external=lambda w: {"split": split(w), **masks(w)[1]},
        params=lambda w: {
            "source": plan.source,
            "image_set": w["laion_set"],
            "noun": plan.laion.noun,
            "short_images": plan.laion.short_images,
            "showings": plan.laion.showings,
        },
    )


def _features(plan: LaionPlan) -> Step:
    def file(w: Wildcards) -> tuple[dict[str, Any], dict[str, Any]]:
        return plan.derived(layout.EMBEDDINGS.format(label=w["embedding"]), "embedding")

    return Step(
        "import_laion_embedding",
        paths.LAION_FEATURES,
        lambda w: {"stimuli": STIMULI, **file(w)[0]},
        external=lambda w: file(w)[1],
        params=lambda w: {"source": plan.source, "model": w["embedding"]},
    )


def _aligned(plan: LaionPlan) -> list[Step]:
    def step(name: str, output: str, pattern: str, option: str) -> Step:
        def file(w: Wildcards) -> tuple[dict[str, Any], dict[str, Any]]:
            return plan.derived(pattern.format(label=w.get("embedding", "")), option)

        return Step(
            name,
            output,
            lambda w: {"trials": TRIALS, "stimuli": STIMULI, **file(w)[0]},
            external=lambda w: file(w)[1],
            params=lambda w: {
                "source": plan.source,
                "subject": plan.selected(int(w["subject"])),
            },
        )

    return [
        step("align_laion_embedding", paths.ALIGNED_EMBEDDING, layout.EMBEDDINGS, "embedding"),
        step("align_laion_captions", paths.ALIGNED_CAPTIONS, layout.CAPTIONS, "captions"),
        step("align_laion_masks", paths.ALIGNED_MASKS, layout.MASK_TABLE, "masks"),
    ]


def aligned_files(plan: LaionPlan) -> list[str]:
    """Return the trial-aligned files that the present settings and files can make."""
    if not plan.raw_folder.exists or not plan.has_recordings():
        return []
    labels = [paths.subject_label(subject) for subject in plan.subjects]
    tables = {
        paths.ALIGNED_CAPTIONS: layout.CAPTIONS, paths.ALIGNED_MASKS: layout.MASK_TABLE
    }  # fmt: skip
    patterns = [p for p, source in tables.items() if plan.has_stimulus_file(source)]
    found = [p.format(subject=label) for label in labels for p in patterns]
    return found + [
        paths.ALIGNED_EMBEDDING.format(subject=label, embedding=embedding)
        for label in labels
        for embedding in plan.embeddings
    ]
