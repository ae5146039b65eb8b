"""What a run of mouse scans covers: scans, subjects, regions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repalign.dag.feature_plan import FeaturePlan
from repalign.dag.recorded import RecordedPlan
from repalign.errors import RepalignError
from repalign.models.registry import Model
from repalign.settings.mouse import MouseExport, MouseSettings
from repalign.tables.region_set import Region, RegionSet
from repalign.tables.scan_names import parse_key, parse_scan_name

REPETITIONS = 10


@dataclass(frozen=True)
class MouseFeatures(FeaturePlan):
    """Features of the images that mice saw: no language model reads captions of them.

    Attributes
    ----------
    stimulus_set : str
        Hash of the images; those of other sets have the same numbers.
    """

    stimulus_set: str = ""

    @property
    def place(self) -> Path:
        """Return the features folder, of the stimulus set."""
        folder = self.settings.mouse.features.format(stimulus_set=self.stimulus_set)
        return Path(self.own.raw) / folder

    @cached_property
    def registry(self) -> list[Model]:
        """Return the vision models of the registry."""
        return [model for model in super().registry if model.modality == "vision"]


@dataclass(frozen=True)
class MousePlan(RecordedPlan):
    """What a run of mouse scans covers. A subject is a scan: one session of one animal."""

    name = "mouse"
    title = "mouse V1"
    published_sessions = {}  # noqa: RUF012 - a constant
    n_images = 2**16
    id_column = "image_id"
    partners_are_alike = False
    default_subset = "test"

    @property
    def mouse(self) -> MouseSettings:
        """Return the settings of the dataset."""
        return self.settings.mouse

    @property
    def n_repetitions(self) -> int:
        """Return how often a subject is shown a test image at most."""
        if self.mouse.repetitions is not None:
            return self.mouse.repetitions
        if self.source == "simulated" and (made := self.raw_folder.simulation) is not None:
            return int(made["settings"]["n_repeats"])
        return REPETITIONS

    @cached_property
    def found(self) -> dict[str, str]:
        """Return all scans of the raw folder: file or folder by data key, in order of the keys."""
        folder = self.root / self.raw_folder.folder
        named = {file: key for key, file in self.mouse.files.items()}
        places: dict[str, str] = {}
        for path in sorted(folder.glob("static*")) + [folder / file for file in named]:
            file = path.relative_to(folder).as_posix()
            is_scan = path.is_dir() or path.suffix == ".zip"
            if (path.name.startswith("static") and not is_scan) or file in places.values():
                continue
            parsed = parse_scan_name(path.name)
            key = named.get(file) or (parsed.key if parsed else None)
            if key is None:
                raise self._error(
                    f"{file}, which does not say animal, session and scan",
                    "static<animal>-<session>-<scan>-<Gray|Color>ImageNet-<hash>",
                    "Rename it, or give its data key in mouse.files.",
                )
            if key in places:
                raise self._error(
                    f"{places[key]} and {file}, both scan {key}",
                    "each scan once",
                    "Remove one of them: the public reader would take the folder, even if it is "
                    "of an older zip file.",
                )
            places[key] = file
        return {key: places[key] for key in sorted(places, key=parse_key)}

    @cached_property
    def scans(self) -> list[str]:
        """Return the data keys of the selected scans, in order."""
        wanted = list(self.found) if self.mouse.scans == "all" else self.mouse.scans
        unknown = [key for key in wanted if key not in self.found]
        if unknown or not wanted:
            raise RepalignError(
                f"scans {', '.join(unknown) or 'none'}",
                where="mouse.scans",
                expected=f"some of {', '.join(self.found) or 'none, as mouse.raw has no static*'}",
                remedy="Correct mouse.scans, or fetch the scans.",
            )
        return sorted(set(wanted), key=parse_key)

    def place(self, key: str) -> str:
        """Return the zip file or folder of a scan."""
        if key not in self.scans:
            raise RepalignError(
                f"scan {key}",
                where="the files asked for",
                expected=f"one of the selected scans {', '.join(self.scans)}",
                remedy="Ask for files of these, or add the scan to mouse.scans.",
            )
        return self.raw(self.found[key])

    def scan_name(self, key: str) -> str:
        """Return the name of a scan's folder, which readers take the key from."""
        name = Path(self.found[key]).name.removesuffix(".zip")
        return name if parse_scan_name(name) else f"static{key}-GrayImageNet"

    def exported(self, name: str) -> MouseExport:
        """Return what is exported under a name."""
        if name not in self.mouse.export:
            raise RepalignError(
                f"no part of a scan named {name}",
                where="mouse.export",
                expected=f"one of {', '.join(self.mouse.export) or 'none, as there is none yet'}",
                remedy=f"Add it to the settings: mouse: {{export: {{{name}: {{scan: <key>}}}}}}.",
            )
        return self.mouse.export[name]

    @cached_property
    def keys(self) -> dict[int, str]:
        """Return the data key of each subject.

        Subjects are the scans of one stimulus set whose test responses are there. They are
        numbered among all scans of the raw folder, so that a selection changes no number.
        """
        numbers = {key: k for k, key in enumerate(self.found, start=1)}
        sets, chosen = self._sets, self.stimulus_set
        subjects = {numbers[key]: key for key, hashed in sets.items() if hashed == chosen}
        if not subjects:
            known = ", ".join(sorted({*sets.values()})) or "none: all scans are withheld"
            raise RepalignError(
                f"no scan of stimulus set {chosen or 'any'}",
                where="mouse.stimulus_set",
                expected=f"one of {known}",
                remedy="Correct mouse.stimulus_set, mouse.scans or mouse.withheld.",
            )
        return subjects

    @property
    def stimulus_set(self) -> str:
        """Return the hash of the stimulus set that is compared: the first of the most scans."""
        counts = Counter(self._sets.values())
        return self.mouse.stimulus_set or max(counts, key=lambda s: counts[s], default="")

    @cached_property
    def _sets(self) -> dict[str, str]:
        """Return the stimulus set of each selected scan that is not withheld."""
        if not self.raw_folder.exists or not self.found:
            return {}
        names = {key: parse_scan_name(Path(self.found[key]).name) for key in self.scans}
        return {
            key: name.stimulus_set if name else ""
            for key, name in names.items()
            if key not in self.mouse.withheld
        }

    @cached_property
    def sessions(self) -> dict[int, int]:
        """Return the number of sessions of each subject: one."""
        return dict.fromkeys(self.keys, 1)

    @cached_property
    def region_set(self) -> RegionSet:
        """Return the selected regions: areas, and layers of them."""
        regions = [
            Region(name, area)
            for area, layers in self.mouse.areas.items()
            for name in (area, *(f"{area} {layer}" for layer in layers))
        ]
        known = RegionSet.of_dataset(regions, where="mouse.areas")
        return known.select(self.mouse.regions, where="mouse.regions")

    @cached_property
    def feature_plan(self) -> FeaturePlan:
        """Return where the features of models come from."""
        return MouseFeatures(
            self.settings,
            self.raw_folder.is_simulated,
            self.root,
            self.name,
            stimulus_set=self.stimulus_set,
        )

    def has_recordings(self) -> bool:
        """Say whether there is a scan that can be compared."""
        if not self.raw_folder.exists or not self.found:
            return False
        return any(key not in self.mouse.withheld for key in self.scans)

    def require(self) -> None:
        """Refuse a folder that is not there, or holds no scan."""
        super().require()
        _ = self.scans

    def sources(self) -> dict[str, bool]:
        """Return what analyses need, and whether it is there; without recordings nothing is."""
        if self.has_recordings():
            return super().sources()
        return dict.fromkeys(("recordings", "partners", "features", "controls"), False)

    def _error(self, found: str, expected: str, remedy: str) -> RepalignError:
        return RepalignError(found, where=f"mouse.raw: {self.own.raw}", expected=expected,
                             remedy=remedy)  # fmt: skip
