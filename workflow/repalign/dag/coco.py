"""The steps of what COCO says of the images: captions, objects, persons; objects of a detector."""

from __future__ import annotations

from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step, Wildcards
from repalign.dag.table_maker import TableMaker
from repalign.errors import RepalignError
from repalign.tables import paths


def coco_steps(plan: NsdPlan, tables: TableMaker) -> list[Step]:
    """Return the steps from COCO's annotation files, and of the chosen source of scene objects."""
    backend = plan.settings.objects.backend
    scenes = _listed(plan, tables) if backend == "coco_instances" else _detected(plan, tables)
    return [*_indexes(plan), scenes]


def _indexes(plan: NsdPlan) -> list[Step]:
    files, own = plan.nsd.files, plan.settings.objects

    def annotations(name: str) -> dict[str, Any]:
        """Return the annotation files and the table that says which pictures are NSD's."""
        pattern: str = getattr(files, name)
        return {name: plan.of_coco(pattern), "pictures": plan.picture_table}

    def source(_: Wildcards) -> dict[str, Any]:
        return {"source": plan.source}

    return [
        Step(
            "index_coco_captions",
            paths.COCO_CAPTIONS,
            external=lambda _: annotations("captions"),
            params=source,
        ),
        Step(
            "read_coco_objects",
            paths.COCO_OBJECTS.format(dataset="nsd"),
            external=lambda _: annotations("instances"),
            params=source,
        ),
        Step(
            "index_coco_objects",
            paths.OBJECTS_INDEX,
            inputs=lambda _: {"objects": paths.COCO_OBJECTS.format(dataset="nsd")},
            params=lambda w: {
                **source(w),
                "geometry": own.geometry,
                "crowds": int(own.crowds),
            },
        ),
        Step(
            "index_coco_persons",
            paths.PERSONS_INDEX,
            external=lambda _: annotations("person_keypoints"),
            params=lambda w: {**source(w), "legacy_filter": int(own.legacy_person_filter)},
        ),
    ]


def _pictures(plan: NsdPlan) -> dict[str, Any]:
    """Return the file with the shown pictures."""
    return {"images": plan.raw(plan.nsd.files.images)}


def _scene_params(plan: NsdPlan) -> dict[str, Any]:
    """Return what tables of scene objects depend on, whatever their source."""
    own = plan.settings.objects
    return {"picture_set": own.images, "raw_area": int(own.raw_area)}


def _listed(plan: NsdPlan, tables: TableMaker) -> Step:
    """Return the step that takes the objects of scenes from COCO."""

    def inputs(row: Derivative) -> dict[str, Any]:
        return {
            "objects": paths.COCO_OBJECTS.format(dataset=row.dataset),
            "stimuli": paths.STIMULI.format(dataset=row.dataset),
        }

    return tables.step(
        "list_scene_objects",
        "scene_objects",
        inputs,
        lambda _: {**_scene_params(plan), "crowds": int(plan.settings.objects.crowds)},
        external=lambda _: _pictures(plan),
        with_regions=False,
    )


def _detected(plan: NsdPlan, tables: TableMaker) -> Step:
    """Return the step that finds the objects of scenes by a detector."""
    own, detector = plan.settings.objects, plan.settings.objects.detector

    def params(_: Derivative) -> dict[str, Any]:
        return {
            **_scene_params(plan),
            "encoding": plan.settings.models.images,
            "threshold": own.threshold,
            "detector": detector.model,
            "detector_source": detector.source,
            "detector_path": detector.path,
            "detector_revision": detector.revision if detector.source == "hub" else "",
        }

    return tables.step(
        "detect_scene_objects",
        "scene_objects",
        lambda row: {"stimuli": paths.STIMULI.format(dataset=row.dataset)},
        params,
        external=lambda _: {**_pictures(plan), "detector_files": _detector_files(plan)},
        with_regions=False,
    )


def _detector_files(plan: NsdPlan) -> list[str]:
    """Return the files of a detector in a folder, so that results know its weights."""
    detector = plan.settings.objects.detector
    if detector.source == "hub":
        return []
    folder = plan.root / detector.path
    names = sorted(path.name for pattern in ("*.json", "*.safetensors", "*.bin")
                   for path in folder.glob(pattern))  # fmt: skip
    if not detector.path or "config.json" not in names:
        raise RepalignError(
            "no config.json",
            where=f"objects.detector.path: {detector.path or 'empty'}",
            expected="a folder of a detector, as save_pretrained of transformers writes it",
            remedy="Correct the path, or set objects.detector.source to hub.",
        )
    return [f"{detector.path}/{name}" for name in names]
