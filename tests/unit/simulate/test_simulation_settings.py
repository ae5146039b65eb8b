"""Sizes that contradict each other are refused with the numbers; the defaults fit."""

import pytest
from pydantic import ValidationError

from repalign.errors import RepalignError
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.truth import read_simulation


def test_the_defaults_have_the_proportions_of_nsd():
    settings = NsdSimulation()
    assert settings.n_subjects == 8
    assert settings.n_images_per_subject == 120
    assert settings.n_images == 80 + 8 * 40


def test_every_field_is_described():
    assert all(field.description for field in NsdSimulation.model_fields.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sessions": (7,)}, "n_planned_sessions"),
        ({"sessions": (0,)}, "n_planned_sessions"),
        ({"n_trials_per_session": 61, "n_planned_sessions": 7}, "multiple of 3"),
        ({"n_shared": 121}, "n_shared is 121"),
        ({"n_slots": 14}, "15 slots"),
        ({"voxels_per_region": (7, 30)}, "at least 8"),
        ({"voxels_per_region": (30, 12)}, "not above the largest"),
        ({"voxels_per_region": (12, 60)}, "has room for about"),
        ({"volume_shape": (12, 12, 12)}, "has room for about"),
        ({"image_size": 100}, "multiple of 16"),
        ({"n_subject": 3}, "Extra inputs"),
    ],
)
def test_impossible_sizes_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        NsdSimulation(**change)


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValidationError):
        NsdSimulation().seed = 3


def test_a_folder_without_a_manifest_is_not_simulated(tmp_path):
    assert read_simulation(tmp_path) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"simulated": false}', '{"simulated": "yes"}'])
def test_a_broken_manifest_is_an_error(tmp_path, text):
    (tmp_path / "simulation.json").write_text(text)
    with pytest.raises(RepalignError, match=r"simulation\.json"):
        read_simulation(tmp_path)
