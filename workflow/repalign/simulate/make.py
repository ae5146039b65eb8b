"""Make a simulation by its name, unless the same one is there already."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from repalign.errors import RepalignError
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.mouse_settings import MouseSimulation
from repalign.simulate.other_settings import Bold5000Simulation, ThingsSimulation
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.truth import dataset_code, models_code, models_settings, read_simulation

DatasetSimulation = (
    NsdSimulation | Bold5000Simulation | ThingsSimulation | LaionSimulation | MouseSimulation
)
NAMES = ("nsd", "models", "bold5000", "things", "laion", "mouse")


class SimulationSettings(Protocol):
    """What the section `simulate` of the settings has."""

    @property
    def nsd(self) -> NsdSimulation:
        """Return the sizes of the simulated NSD."""

    @property
    def bold5000(self) -> Bold5000Simulation:
        """Return the sizes of the simulated BOLD5000."""

    @property
    def things(self) -> ThingsSimulation:
        """Return the sizes of the simulated THINGS."""

    @property
    def laion(self) -> LaionSimulation:
        """Return the sizes of the simulated LAION-fMRI."""

    @property
    def mouse(self) -> MouseSimulation:
        """Return the sizes of the simulated mouse scans."""


@dataclass(frozen=True)
class Simulation:
    """One kind of simulation.

    Attributes
    ----------
    settings : mapping
        Settings, as its marker names them.
    code : str
        Version of its code, as its marker names it.
    write : callable
        Writes it to a folder.
    title : str
        What it is, for people.
    """

    settings: Mapping[str, Any]
    code: str
    write: Callable[[Path], None]
    title: str


def make_simulation(name: str, folder: Path, settings: SimulationSettings) -> str:
    """Make a simulation unless the folder holds the same one already.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    folder : Path
        Folder to make; an earlier simulation of that name there is replaced as a whole.
    settings : SimulationSettings
        Sizes and seeds.

    Returns
    -------
    str
        What was done, for people.

    Raises
    ------
    RepalignError
        If the folder holds something else.
    """
    chosen = _simulation(name, settings)
    marker = read_simulation(folder)
    if folder.exists() and (marker is None or marker.get("dataset") != name):
        raise RepalignError(
            "a folder that is not a simulated dataset"
            if marker is None
            else f"a simulation of {marker.get('dataset')}",
            where=folder,
            expected=f"a new folder, or an earlier simulation of {name}",
            remedy="Name another folder with --output; nothing was written.",
        )
    made = marker and (marker.get("settings"), marker.get("code"))
    if made == (chosen.settings, chosen.code):
        if name == "nsd" and not _is_complete(folder):
            _write_rest(folder, settings.nsd)
        return f"{folder}: already simulated with these settings"
    chosen.write(folder)
    return f"{folder}: {chosen.title}"


def _simulation(name: str, settings: SimulationSettings) -> Simulation:
    """Look up a simulation; what makes it is imported when it runs."""
    if name == "models":
        facts: Mapping[str, Any] = models_settings(settings.nsd)
        title = f"tiny models, seed {settings.nsd.seed}; their registry is models.tsv"
        return Simulation(facts, models_code(), lambda f: _write_models(f, settings.nsd), title)
    sizes: DatasetSimulation = getattr(settings, name)
    title = f"simulated {name.upper()}, seed {sizes.seed}; what was planted is in truth/"
    return Simulation(
        sizes.model_dump(mode="json"), dataset_code(), lambda f: _write_dataset(f, sizes), title
    )


def _is_complete(folder: Path) -> bool:
    """Say whether a simulated NSD has what is written last: models, labels, further spaces."""
    made_last = (
        "features",
        "annotations/captions_train2017.json",
        "truth/func1pt8mm.tsv",
        "freesurfer/fsaverage/label/rh.HCP_MMP1.mgz",
    )
    return all((folder / name).exists() for name in made_last)


def _write_rest(folder: Path, settings: NsdSimulation) -> None:
    """Write the features, annotations, further spaces and surface of a simulated NSD."""
    from repalign.simulate.nsd_models import simulate_models
    from repalign.simulate.nsd_spaces import simulate_spaces
    from repalign.simulate.surface import simulate_surface

    simulate_models(folder, settings)
    simulate_spaces(folder, settings)
    simulate_surface(folder)


def _write_models(folder: Path, settings: NsdSimulation) -> None:
    from repalign.simulate.tiny_models import make_tiny_models

    make_tiny_models(folder, settings)


def _write_dataset(folder: Path, settings: DatasetSimulation) -> None:
    """Write a simulated dataset of the kind that the settings are of."""
    from repalign.simulate.bold5000 import simulate_bold5000
    from repalign.simulate.laion import simulate_laion
    from repalign.simulate.mouse import simulate_mouse
    from repalign.simulate.nsd import simulate_nsd
    from repalign.simulate.things import simulate_things

    if isinstance(settings, Bold5000Simulation):
        simulate_bold5000(folder, settings)
    elif isinstance(settings, ThingsSimulation):
        simulate_things(folder, settings)
    elif isinstance(settings, LaionSimulation):
        simulate_laion(folder, settings)
    elif isinstance(settings, MouseSimulation):
        simulate_mouse(folder, settings)
    else:
        simulate_nsd(folder, settings, progress=sys.stderr.isatty())
        _write_rest(folder, settings)
