"""Where the control matrices of partial RSA come from: a folder of the user's, or the workflow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.tables import paths
from repalign.tables.hubs import HUBS, control_names

COMPUTED = "computed"
"""Value of `nsd.controls` that stands for the workflow's own control matrices."""

COMPUTED_FROM = {"coco", "objects", "answers"}
"""What computed control matrices need beside the recordings."""


class ControlSettings(Protocol):
    """What the sections of all datasets say of controls."""

    @property
    def raw(self) -> str:
        """Folder of the raw dataset."""

    @property
    def controls(self) -> str:
        """Folder of the control matrices that a user has."""


@dataclass(frozen=True)
class ControlPlan:
    """Where the control matrices come from.

    Attributes
    ----------
    settings : Settings
        The checked settings.
    root : Path
        The project folder, which relative paths start from.
    dataset : str
        Section of the settings, and name in paths.
    """

    settings: Settings
    root: Path = Path()
    dataset: str = "nsd"

    @property
    def own(self) -> ControlSettings:
        """Return the section of the dataset."""
        section: ControlSettings = getattr(self.settings, self.dataset)
        return section

    @property
    def place(self) -> Path:
        """Return the user's folder."""
        return Path(self.own.raw) / self.own.controls

    @property
    def is_computed(self) -> bool:
        """Say whether the workflow makes the control matrices, which it can for NSD alone."""
        return self.dataset == "nsd" and self.own.controls == COMPUTED

    @cached_property
    def computed(self) -> dict[str, str]:
        """Return the files that the workflow can make by the control's name, in their order."""
        regions = self.settings.nsd.regions
        hubs = [hub for hub, areas in HUBS.items() if regions == "all" or {*areas} & {*regions}]
        pattern = paths.COMPUTED_CONTROLS
        return {name: pattern.format(dataset="nsd", control=name) for name in control_names(hubs)}

    @cached_property
    def supplied(self) -> dict[str, str]:
        """Return the files of the user's folder by the control's name, sorted."""
        place = self.place
        found = sorted((self.root / place).glob("control_*.parquet"))
        return {path.stem.removeprefix("control_"): str(place / path.name) for path in found}

    @property
    def is_supplied(self) -> bool:
        """Say whether a user's folder has control matrices."""
        return not self.is_computed and bool(self.supplied)

    @property
    def names(self) -> list[str]:
        """Return the names of the controls, in the order of their files."""
        return list(self.computed if self.is_computed else self._checked())

    def inputs(self) -> dict[str, Any]:
        """Return the control matrices as inputs, if the workflow makes them."""
        return {"controls": list(self.computed.values())} if self.is_computed else {}

    def external(self) -> dict[str, Any]:
        """Return the control matrices as external files, if a user has them."""
        return {} if self.is_computed else {"controls": list(self._checked().values())}

    def _checked(self) -> dict[str, str]:
        """Return the user's control matrices; refuse a folder without any."""
        if not self.supplied:
            or_else = f"; or set it to `{COMPUTED}`" if self.dataset == "nsd" else ""
            raise RepalignError(
                "no control_<name>.parquet",
                where=f"{self.dataset}.controls: {self.place}",
                expected="at least one control table",
                remedy=f"Correct {self.dataset}.controls, or put control tables there{or_else}.",
            )
        return self.supplied
