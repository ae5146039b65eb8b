import numpy as np
import pytest

from repalign.datasets.nsd_design import read_design
from repalign.datasets.nsd_stim_info import read_stim_info
from repalign.datasets.nsd_trials import prepared_stimuli, prepared_trials
from repalign.datasets.trial_table import TRIAL_DTYPES, narrowed
from repalign.errors import RepalignError
from repalign.kernels.showings import chronological_count

from .conftest import assert_error


@pytest.fixture
def files(tmp_path, experiment):
    design, info = experiment.write(tmp_path)
    return read_design(design), read_stim_info(info)


def test_trials(files, experiment):
    trials = prepared_trials(*files, {3: 2, 1: 4})
    assert {name: dtype.type for name, dtype in trials.dtypes.items()} == TRIAL_DTYPES
    assert trials.groupby("subject").size().to_dict() == {1: 60, 3: 30}
    own = trials[trials.subject == 3]
    assert own.trial.tolist() == list(range(30))
    assert own.session.tolist() == [1] * 15 + [2] * 15
    assert own.session_trial.tolist() == [*range(15)] * 2
    assert own.run.tolist() == ([1] * 5 + [2] * 5 + [3] * 5) * 2
    np.testing.assert_array_equal(own.stimulus, experiment.images[2][experiment.order[:30]])
    np.testing.assert_array_equal(own.shared, experiment.order[:30] < 6)
    seen: dict[int, int] = {}
    for stimulus, repetition in zip(own.stimulus, own.repetition, strict=True):
        assert repetition == seen.get(stimulus, 0)
        seen[stimulus] = repetition + 1


@pytest.mark.parametrize("sessions", [{1: 5}, {4: 1}, {0: 1}, {2: 0}])
def test_sessions_beyond_the_design(files, sessions):
    with pytest.raises(RepalignError) as error:
        prepared_trials(*files, sessions)
    assert_error(error.value, "nsd.sessions", "1 to 4 sessions of subjects 1 to 3")


def test_stimuli(files, experiment):
    stimuli = prepared_stimuli(files[1])
    n = experiment.n_stimuli
    assert list(stimuli) == [
        "stimulus", "nsd_id", "nsd_id_1based", "coco_id", "coco_split", "shared", "flagged",
        "bold5000", "file", "row",
    ]  # fmt: skip
    for name, first in (("stimulus", 0), ("nsd_id", 0), ("nsd_id_1based", 1), ("row", 0)):
        assert stimuli[name].dtype == np.uint32
        np.testing.assert_array_equal(stimuli[name], np.arange(n) + first)
    assert set(stimuli.file) == {"nsd_stimuli.hdf5"}
    assert np.flatnonzero(stimuli.shared).tolist() == experiment.images[0, :6].tolist()
    assert np.flatnonzero(stimuli.flagged).tolist() == [3]
    assert stimuli.coco_split[0] == "val2017"


def test_chronological_count():
    images = np.array([5, 2, 5, 5, 2, 9])
    assert chronological_count(images).tolist() == [0, 0, 1, 2, 1, 0]
    assert chronological_count(images[:0]).tolist() == []


def test_narrowing_refuses_what_does_not_fit():
    columns = {name: np.zeros(2, int) for name in TRIAL_DTYPES}
    with pytest.raises(ValueError, match="trial holds 70000"):
        narrowed(columns | {"trial": np.array([0, 70000])})
