"""Tiny models for a small simulated dataset, made once."""

import pytest

from repalign.simulate.settings import NsdSimulation
from repalign.simulate.tiny_models import make_tiny_models

SETTINGS = NsdSimulation(
    sessions=(1, 1),
    n_planned_sessions=4,
    n_trials_per_session=30,
    n_shared=10,
    image_size=64,
    volume_shape=(24, 28, 24),
    voxels_per_region=(8, 12),
)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A folder of tiny models, with the paths of its registry absolute."""
    folder = tmp_path_factory.mktemp("tiny") / "models"
    make_tiny_models(folder, SETTINGS)
    return folder
