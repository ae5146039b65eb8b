"""The raw folder of a dataset: whether it is there, and what kind of data it says it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from repalign.errors import RepalignError
from repalign.simulate.truth import read_simulation


@dataclass(frozen=True)
class RawFolder:
    """The raw folder of a dataset.

    Attributes
    ----------
    dataset : str
        Section of the settings, and name of the simulation: `nsd`, `bold5000` or `things`.
    title : str
        Name of the dataset for people.
    raw : str
        The folder, as the settings name it.
    declared : str
        What the settings say it holds: `auto`, `real`, `simulated` or `other`.
    simulation_settings : mapping
        What the settings say of a simulation; a simulated folder must have been made by it.
    root : Path
        The project folder, which relative paths start from.
    """

    dataset: str
    title: str
    raw: str
    declared: str
    simulation_settings: Mapping[str, Any]
    root: Path = Path()

    @property
    def exists(self) -> bool:
        """Say whether the folder is there."""
        return (self.root / self.raw).is_dir()

    @cached_property
    def simulation(self) -> dict[str, Any] | None:
        """Return the marker of a simulated dataset, after checking that the settings made it."""
        marker: dict[str, Any] | None = read_simulation(self.root / self.raw)
        if marker is None:
            return None
        command = f"repalign simulate {self.dataset}"
        if marker.get("dataset", self.dataset) != self.dataset:
            raise RepalignError(
                f"a simulation of {marker['dataset']}",
                where=f"{self.dataset}.raw: {self.raw}",
                expected=f"the raw data of {self.title}",
                remedy=f"Correct {self.dataset}.raw, or run `{command}`.",
            )
        wanted = self.simulation_settings
        made = marker.get("settings", wanted)
        changed = sorted(k for k, v in wanted.items() if made.get(k) != v)
        if changed:
            raise RepalignError(
                f"simulated with other values of {', '.join(changed)}",
                where=f"{self.raw}/simulation.json",
                expected=f"the values of simulate.{self.dataset} in the settings",
                remedy=f"Run `{command}`, or set simulate.{self.dataset} back.",
            )
        return marker

    @cached_property
    def folder(self) -> Path:
        """Return the folder, after checking that it is there."""
        if not self.exists:
            demo = " (or `make demo`)" if self.dataset == "nsd" else ""
            raise RepalignError(
                "no such folder",
                where=f"{self.dataset}.raw: {self.raw}",
                expected=f"the raw data of {self.title}",
                remedy=(
                    f"Run `repalign simulate {self.dataset}`{demo} for simulated data, or set "
                    f"{self.dataset}.raw in config/config.yaml to your copy of {self.title}."
                ),
            )
        return Path(self.raw)

    @cached_property
    def source(self) -> str:
        """Return what the folder holds: real, simulated or other."""
        if self.declared == "real" and read_simulation(self.root / self.raw) is not None:
            raise RepalignError(
                "a simulated dataset (it has a simulation.json)",
                where=f"{self.dataset}.raw: {self.raw}",
                expected=f"real data, as {self.dataset}.source says",
                remedy=(
                    f"Set {self.dataset}.source back to auto, or {self.dataset}.raw to your copy "
                    f"of {self.title}."
                ),
            )
        if self.declared != "auto":
            return self.declared
        _ = self.folder
        return "real" if self.simulation is None else "simulated"

    def path(self, pattern: str, **entities: int | str) -> str:
        """Return the path of a raw file or folder."""
        return str(self.folder / pattern.format(**entities))
