"""Where the raw files of BOLD5000 and THINGS are, and what kind of data they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repalign.dag.raw_folder import RawFolder
from repalign.settings import Settings
from repalign.settings.datasets import Bold5000Settings, ThingsSettings


@dataclass(frozen=True)
class Bold5000Plan:
    """What a run of BOLD5000 covers.

    Attributes
    ----------
    settings : Settings
        The checked settings.
    root : Path
        The project folder, which relative paths start from.
    """

    settings: Settings
    root: Path = Path()

    @property
    def bold5000(self) -> Bold5000Settings:
        """Return the settings of the dataset."""
        return self.settings.bold5000

    @cached_property
    def raw(self) -> RawFolder:
        """Return the raw folder."""
        own = self.bold5000
        made_by = self.settings.simulate.bold5000.model_dump(mode="json")
        return RawFolder("bold5000", "BOLD5000", own.raw, own.source, made_by, self.root)


@dataclass(frozen=True)
class ThingsPlan:
    """What a run of THINGS covers.

    Attributes
    ----------
    settings : Settings
        The checked settings.
    root : Path
        The project folder, which relative paths start from.
    """

    settings: Settings
    root: Path = Path()

    @property
    def things(self) -> ThingsSettings:
        """Return the settings of the dataset."""
        return self.settings.things

    @cached_property
    def raw(self) -> RawFolder:
        """Return the raw folder."""
        own = self.things
        made_by = self.settings.simulate.things.model_dump(mode="json")
        return RawFolder("things", "THINGS", own.raw, own.source, made_by, self.root)
