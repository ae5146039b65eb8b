"""What a run covers of any dataset with recordings: subjects, sessions, regions, raw files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from repalign.dag.control_plan import ControlPlan
from repalign.dag.feature_plan import FeaturePlan
from repalign.dag.raw_folder import RawFolder
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.tables.prepared import N_AREAS
from repalign.tables.region_set import RegionSet

AREAS = "resources/hcp_mmp1.tsv"
AREA_GROUPS = "resources/hcp_mmp1_areas.tsv"


class RecordedSettings(Protocol):
    """What the sections of all datasets have."""

    @property
    def raw(self) -> str:
        """Folder of the raw dataset."""

    @property
    def source(self) -> Literal["auto", "real", "simulated", "other"]:
        """What it holds."""

    @property
    def subjects(self) -> Literal["all"] | list[int]:
        """Subjects to use."""

    @property
    def sessions(self) -> dict[int, int] | None:
        """Number of sessions of each subject, if the settings give it."""

    @property
    def regions(self) -> Literal["all"] | list[str]:
        """Regions to use, by name."""

    @property
    def assume_row_order(self) -> bool:
        """Whether rows of a feature file without ids are in the order of the images."""


@dataclass(frozen=True)
class RecordedPlan:
    """What a run of a dataset covers, worked out from the settings and the raw folder's marker.

    Attributes
    ----------
    settings : Settings
        The checked settings.
    root : Path
        The project folder, which relative paths start from.
    """

    settings: Settings
    root: Path = Path()

    name: ClassVar[str]
    """Section of the settings, and name in paths."""
    title: ClassVar[str]
    """Name for people."""
    published_sessions: ClassVar[Mapping[int, int]]
    """Number of sessions of each subject in the real dataset."""
    n_images: ClassVar[int]
    """Images of the real dataset; a draw of images is restricted to those of a set of trials."""
    id_column: ClassVar[str]
    """Column of the numbers of images, in control tables and others that people make."""
    partitions: ClassVar[tuple[str, ...]] = ()
    """Subsets of images that `rsa_partitions` compares on, one after the other."""
    default_subset: ClassVar[str] = "all"
    """Images that take part in analyses that leave no choice, such as nulls and groups."""
    partners_are_alike: ClassVar[bool]
    """Whether partners with equally many sessions have matching trials of the same images."""

    @property
    def n_repetitions(self) -> int:
        """Return how often a subject is shown an image at most; shifts are modulo this."""
        raise NotImplementedError

    @property
    def own(self) -> RecordedSettings:
        """Return the section of the dataset."""
        section: RecordedSettings = getattr(self.settings, self.name)
        return section

    @cached_property
    def raw_folder(self) -> RawFolder:
        """Return the raw folder, which knows what it holds."""
        made_by: dict[str, Any] = getattr(self.settings.simulate, self.name).model_dump(
            mode="json"
        )
        return RawFolder(self.name, self.title, self.own.raw, self.own.source, made_by, self.root)

    @property
    def source(self) -> str:
        """Return what the raw folder holds: real, simulated or other."""
        return self.raw_folder.source

    @cached_property
    def sessions(self) -> dict[int, int]:
        """Return the number of sessions of each selected subject."""
        own = self.own
        if own.sessions is not None:
            known = dict(own.sessions)
        elif self.source == "simulated" and (made := self.raw_folder.simulation) is not None:
            known = {int(k): int(v) for k, v in made["sessions"].items()}
        else:
            known = dict(self.published_sessions)
        wanted = sorted(known) if own.subjects == "all" else sorted(set(own.subjects))
        unknown = [subject for subject in wanted if subject not in known]
        if unknown or not wanted:
            remedy = (
                f"Correct {self.name}.subjects, or give their sessions in {self.name}.sessions."
            )
            raise RepalignError(
                f"subjects {unknown or 'none'}",
                where=f"{self.name}.subjects",
                expected=f"some of {sorted(known)}",
                remedy=remedy,
            )
        return {subject: known[subject] for subject in wanted}

    def selected(self, subject: int) -> int:
        """Return the number of a subject after checking that the settings select it."""
        if subject not in self.sessions:
            raise RepalignError(
                f"subject {subject}",
                where="the files asked for",
                expected=f"one of the selected subjects {self.subjects}",
                remedy=f"Ask for files of these, or add the subject to {self.name}.subjects.",
            )
        return subject

    @property
    def subjects(self) -> list[int]:
        """Return the selected subjects in ascending order."""
        return list(self.sessions)

    @cached_property
    def region_set(self) -> RegionSet:
        """Return the selected regions, here of HCP-MMP1.

        A dataset with other regions overrides this: it lists all that it has, from its settings
        or from names in its raw folder, and selects those of the settings:
        `RegionSet.of_dataset(regions, where=...).select(self.own.regions, where=...)`.
        """
        return RegionSet.of_hcp(self._hcp_areas())

    @property
    def areas(self) -> list[int]:
        """Return the ids of the selected regions without regard to hemispheres, ascending."""
        return self.region_set.joined

    @property
    def regions(self) -> list[int]:
        """Return the ids of the selected regions of both hemispheres, ascending."""
        return list(self.region_set.rois)

    def _hcp_areas(self) -> list[int]:
        """Return the selected areas of HCP-MMP1 (1-180)."""
        regions = self.own.regions
        if regions == "all":
            return list(range(1, N_AREAS + 1))
        by_name = _area_ids(self.root / AREAS)
        unknown = [name for name in regions if name not in by_name]
        if unknown or not regions:
            raise RepalignError(
                f"regions {unknown or 'none'}",
                where=f"{self.name}.regions",
                expected=f"names of HCP-MMP1 areas, as in {AREAS}",
                remedy="Correct the names; hemispheres are not part of them.",
            )
        return [by_name[name] for name in regions]

    @cached_property
    def feature_plan(self) -> FeaturePlan:
        """Return where the features of models come from.

        A dataset whose pictures are no files, or whose features are made by steps of its own,
        overrides this with `extracts=False`, or with `made`.
        """
        return FeaturePlan(self.settings, self.raw_folder.is_simulated, self.root, self.name)

    @cached_property
    def control_plan(self) -> ControlPlan:
        """Return where the control matrices of partial RSA come from."""
        return ControlPlan(self.settings, self.root, self.name)

    @property
    def models(self) -> list[str]:
        """Return the names of the models, sorted, after checking that the raw folder is there."""
        _ = self.raw_folder.folder
        return self.feature_plan.keys

    def has_recordings(self) -> bool:
        """Say whether there are responses, so that subjects can be compared."""
        raise NotImplementedError

    def require(self) -> None:
        """Refuse a dataset that is asked for by its name, and is not there."""
        _ = self.raw_folder.folder

    def sources(self) -> dict[str, bool]:
        """Return what analyses need beside indexes, and whether it is there.

        `partners`: subjects to compare with each other.
        """
        features = self.feature_plan
        return {
            "recordings": self.has_recordings(),
            "partners": len(self.subjects) > 1,
            "features": features.is_ready,
            "vision models": "vision" in features.modalities,
            "language models": "language" in features.modalities,
            "both modalities": features.has_both_modalities,
            "untrained models": features.wants_untrained,
            "controls": self.control_plan.is_computed or self.control_plan.is_supplied,
        }

    def absent_sources(self) -> set[str]:
        """Return which of the sources that some analyses need are not there."""
        return {name for name, found in self.sources().items() if not found}

    def raw(self, pattern: str, **entities: int | str) -> str:
        """Return the path of a raw file."""
        return self.raw_folder.path(pattern, **entities)

    def find(self, folder: str, pattern: str) -> list[str]:
        """Return the raw files below a folder that fit a pattern, sorted; none is an error."""
        place = Path(self.raw(folder))
        found = sorted(str(place / p.relative_to(self.root / place))
                       for p in (self.root / place).glob(pattern))  # fmt: skip
        if not found:
            raise RepalignError(
                f"no {pattern}",
                where=place,
                expected=f"files of {self.title}",
                remedy=f"Fetch them, or correct {self.name}.files.",
            )
        return found


def _area_ids(table: Path) -> dict[str, int]:
    """Return the ids of all areas by name; a damaged table must not look like a wrong setting."""
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file, delimiter="\t")
            found = {row["name"]: int(row["area"]) for row in rows}
    except (OSError, KeyError, TypeError, ValueError):
        found = {}
    if len(found) != N_AREAS:
        raise RepalignError(
            f"{len(found)} areas that can be read",
            where=table,
            expected=f"the {N_AREAS} areas of HCP-MMP1",
            remedy=f"Restore the file from the repository: git checkout {AREAS}",
        )
    return found
