"""The steps that prepare THINGS-fMRI: from its table release to the contract and indexes."""

from __future__ import annotations

from typing import Any

from repalign.dag.dataset_plan import ThingsPlan
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths

_IMAGES = paths.IMAGES_INDEX.format(dataset="things")


def things_steps(plan: ThingsPlan) -> list[Step]:
    """Return the steps from the raw folder to the prepared dataset and the index files."""
    return [*_prepare(plan), *_indexes(plan)]


def _prepare(plan: ThingsPlan) -> list[Step]:
    trials = paths.TRIALS.format(dataset="things")

    def tables(w: Wildcards) -> dict[str, Any]:
        subject = plan.selected(int(w["subject"]))
        files = plan.things.files
        return {
            "voxels": plan.raw(files.voxel_metadata, subject=subject),
            "responses": plan.raw(files.responses, subject=subject),
        }

    def response_params(w: Wildcards) -> dict[str, Any]:
        subject = int(w["subject"])
        return {
            "source": plan.source,
            "subject": subject,
            "midline": plan.midline(subject),
            "left_side": plan.things.left_side,
            "hemisphere_numbering": plan.things.hemisphere_numbering,
        }

    return [
        Step(
            "prepare_things_trials",
            trials,
            lambda _: {"images": _IMAGES},
            external=lambda _: plan.trial_order(),
            params=lambda _: {"source": plan.source, "subjects": plan.subjects},
            extra_outputs={"stimuli": paths.STIMULI.format(dataset="things")},
        ),
        Step(
            "extract_things_responses",
            paths.RESPONSES.replace("{dataset}", "things"),
            lambda _: {"trials": trials, "hcp_table": paths.AREA_TABLE},
            external=tables,
            params=response_params,
        ),
    ]


def _indexes(plan: ThingsPlan) -> list[Step]:
    index = paths.STIMULUS_INDEX.format(dataset="things")
    files = plan.things.files
    return [
        Step(
            "index_things_stimuli",
            index + ".csv",
            lambda _: {"images": _IMAGES},
            external=lambda _: plan.trial_order(),
            params=lambda _: {"source": plan.source, "subjects": plan.subjects},
            extra_outputs={"parquet": index + ".parquet"},
        ),
        Step(
            "index_things_categories",
            paths.CATEGORIES_INDEX.format(dataset="things"),
            external=lambda _: {
                "concepts": plan.raw(files.concepts),
                "memberships": plan.raw(files.memberships),
                "tags": plan.raw(files.tags),
            },
            params=lambda _: {"source": plan.source},
        ),
        Step(
            "index_things_captions",
            paths.CAPTIONS_INDEX.format(dataset="things"),
            lambda _: {
                "captions": paths.GENERATED_CAPTIONS.format(dataset="things"),
                "images": _IMAGES,
            },
            params=lambda _: {"source": plan.source},
        ),
    ]
