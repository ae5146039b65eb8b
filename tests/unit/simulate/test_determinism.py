"""The same settings give the same bytes; another seed does not; a failed run leaves nothing."""

import json
import time

import pytest

from repalign.simulate import nsd
from repalign.simulate.nsd import simulate_nsd
from repalign.simulate.truth import read_simulation

from ...digests import digests


def test_the_same_settings_give_the_same_bytes(tiny_folder, tiny, tmp_path):
    time.sleep(1.1)  # A time of day anywhere would differ now.
    simulate_nsd(tmp_path / "again", tiny, progress=True)
    again = digests(tmp_path / "again")
    assert again == digests(tiny_folder)
    # Design, table, images, manifest; three of truth; per subject two atlases; three sessions.
    assert len(again) == 4 + 3 + 2 * 2 + 3


def test_another_seed_gives_other_data(tiny_folder, tiny, tmp_path):
    simulate_nsd(tmp_path / "other", tiny.model_copy(update={"seed": 8}))
    first, second = digests(tiny_folder), digests(tmp_path / "other")
    assert first.keys() == second.keys()
    # Goals of single hemispheres are constants, and here all of them are reached.
    assert [name for name in first if first[name] == second[name]] == ["truth/regions.tsv"]


def test_a_failed_run_leaves_nothing(tiny, tmp_path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(nsd, "write_manifest", fail)
    with pytest.raises(KeyboardInterrupt):
        simulate_nsd(tmp_path / "nsd", tiny)
    assert list(tmp_path.iterdir()) == []


def test_no_progress_bar_without_a_terminal(tiny, tmp_path, capsys):
    simulate_nsd(tmp_path / "nsd", tiny, progress=True)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_the_manifest_says_what_made_the_data(tiny_folder, tiny):
    facts = read_simulation(tiny_folder)
    assert facts["dataset"] == "nsd"
    assert facts["simulated"] is True
    assert facts["sessions"] == {"1": 2, "2": 1}
    assert facts["n_trials_per_session"] == 24
    assert type(tiny)(**facts["settings"]) == tiny
    assert "time" not in json.dumps(facts)
