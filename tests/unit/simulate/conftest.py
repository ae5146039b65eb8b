"""Two simulated datasets, made once: a tiny one for formats, the default one for the truth."""

import pytest

from repalign.simulate.nsd import simulate_nsd
from repalign.simulate.settings import NsdSimulation

TINY = NsdSimulation(
    seed=7,
    sessions=(2, 1),
    n_planned_sessions=2,
    n_trials_per_session=24,
    n_runs=3,
    n_slots=10,
    n_shared=6,
    image_size=32,
    volume_shape=(24, 28, 24),
    voxels_per_region=(8, 12),
    dead_fraction=0.02,
)


@pytest.fixture(scope="session")
def tiny():
    return TINY


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny") / "nsd"
    simulate_nsd(folder, TINY)
    return folder


@pytest.fixture(scope="session")
def default_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("default") / "nsd"
    simulate_nsd(folder, NsdSimulation())
    return folder
