"""What a run of LAION-fMRI covers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from repalign.dag.feature_plan import FeaturePlan
from repalign.dag.laion_stimuli_plan import LaionStimuli
from repalign.dag.recorded import RecordedPlan
from repalign.errors import RepalignError
from repalign.settings.laion import LaionSettings
from repalign.tables import laion_layout as layout
from repalign.tables import paths
from repalign.tables.laion_sets import N_REPETITIONS, OF_NOUNS, SPLITS
from repalign.tables.region_set import Region, RegionSet

RESOLUTION = "1pt8"
"""Region masks of this resolution are on the grid of the betas."""


@dataclass(frozen=True)
class LaionPlan(RecordedPlan):
    """What a run of LAION-fMRI covers."""

    name = "laion"
    title = "LAION-fMRI"
    published_sessions = dict.fromkeys(layout.SUBJECTS, 30)
    n_images = 25_052
    id_column = "laion_id"
    partitions = OF_NOUNS
    default_subset = "main"
    partners_are_alike = False

    @property
    def laion(self) -> LaionSettings:
        """Return the settings of the dataset."""
        return self.settings.laion

    @property
    def n_repetitions(self) -> int:
        """Return how often a subject is shown an image at most."""
        return N_REPETITIONS

    @property
    def is_produced(self) -> bool:
        """Say whether the files derived from the pictures are those that the workflow makes."""
        return self.laion.stimuli.derivatives == "produced"

    @cached_property
    def masks(self) -> dict[tuple[str, str], dict[int, str]]:
        """Return the region masks of all subjects that have any, by category and name.

        Masks of other resolutions are left out. Subjects that the settings leave out count, so
        that the numbers of regions do not depend on the selection.
        """
        folder = self.raw(self.laion.files.regions)
        found: dict[tuple[str, str], dict[int, str]] = {}
        for path in sorted((self.root / folder).glob("sub-*/*/*_mask.nii.gz")):
            subject, category = path.parent.parent.name, path.parent.name
            start = f"{subject}_space-T1w_res-{RESOLUTION}_label-"
            if path.name.startswith(start) and subject.removeprefix("sub-").isdecimal():
                name = path.name.removeprefix(start).removesuffix("_mask.nii.gz")
                own = found.setdefault((category, name), {})
                own[int(subject.removeprefix("sub-"))] = str(
                    Path(folder) / subject / category / path.name
                )
        return dict(sorted(found.items()))

    @cached_property
    def region_set(self) -> RegionSet:
        """Return the selected regions, by the names of the masks; they have no hemispheres."""
        where = self.raw(self.laion.files.regions)
        if not self.masks:
            raise RepalignError(
                "no mask of a region",
                where=where,
                expected=f"sub-01/<category>/sub-01_space-T1w_res-{RESOLUTION}_label-<region>"
                "_mask.nii.gz",
                remedy="Fetch derivatives/rois, or correct laion.files.regions.",
            )
        names = [name for _, name in self.masks]
        regions = [
            # A name that two categories have goes with its category.
            Region(name if names.count(name) == 1 else f"{category}/{name}", category)
            for category, name in self.masks
        ]
        everything = RegionSet.of_dataset(regions, where=where)
        return everything.select(self.laion.regions, where="laion.regions")

    def masks_of(self, subject: int) -> dict[int, str]:
        """Return the masks of the selected regions that a subject has, by the region's id."""
        by_roi = dict(enumerate(self.masks.values(), start=1))
        found = {roi: by_roi[roi] for roi in self.regions}
        return {roi: own[subject] for roi, own in found.items() if subject in own}

    def session_file(self, pattern: str, subject: int, session: int) -> str:
        """Return a file of a session, one of those that the run covers."""
        return self.raw(pattern, subject=self.selected(subject), session=session)

    def derived(self, pattern: str, option: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a file derived from the pictures, as inputs and as external files of a step."""
        if self.is_produced:
            return {option: f"{paths.RESULTS}/{self.name}/{pattern}"}, {}
        return {}, {option: self.raw(pattern)}

    def has_stimulus_file(self, pattern: str) -> bool:
        """Say whether a file derived from the pictures is there, or is made."""
        if self.is_produced:
            target = f"{paths.RESULTS}/{self.name}/{pattern}"
            return LaionStimuli(self.settings, self.root).can_make(target)
        return (self.root / self.own.raw / pattern).is_file()

    @cached_property
    def embeddings(self) -> list[str]:
        """Return the embeddings that there are, or that are made."""
        patterns = {label: layout.EMBEDDINGS.format(label=label) for label in layout.WIDTHS}
        return [label for label, path in patterns.items() if self.has_stimulus_file(path)]

    @cached_property
    def feature_plan(self) -> FeaturePlan:
        """Return where the features of models come from: the embeddings, and a user's folder."""
        made = {label: paths.LAION_FEATURES.format(embedding=label) for label in self.embeddings}
        simulated = self.raw_folder.is_simulated
        return FeaturePlan(self.settings, simulated, self.root, self.name, False, made)

    def split_file(self, split: str) -> str:
        """Return the file of a split of the shared images."""
        return str(Path(self.own.raw) / self.laion.files.splits / "shared" / f"{split}.json")

    def has_recordings(self) -> bool:
        """Say whether there are betas, of the first session at least."""
        if not self.raw_folder.exists:
            return False
        path = self.session_file(self.laion.files.betas, self.subjects[0], 1)
        return (self.root / path).is_file()

    def sources(self) -> dict[str, bool]:
        """Return what analyses need beside indexes, and whether it is there.

        `splits`: the train-test splits; `partitions`: the segmentations.
        """
        return {
            **super().sources(),
            "splits": (self.root / self.split_file(SPLITS[0])).is_file(),
            "partitions": self.has_stimulus_file(layout.MASK_TABLE),
        }
