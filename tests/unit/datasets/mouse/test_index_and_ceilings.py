"""Index and noise ceilings of mouse scans, against their files and the planted truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from repalign.datasets.mouse_ceilings import ceilings_table, repeated_tests
from repalign.simulate.mouse import simulate_mouse
from repalign.simulate.mouse_settings import MouseSimulation

from .mouse_content import COMPETITION, FOLDER, TINY, ZIP, index


def test_the_index_holds_all_of_a_scan(raw, scans):
    scan = scans[FOLDER]
    folder = raw / FOLDER
    assert scan.facts["tiers"]["train"] == TINY.n_train
    assert scan.facts["stimulus_set"] == "94c6ff995dac"
    assert scan.facts["n_neurons"] == len(scan.neurons) == scan.responses.shape[1]
    for k in (0, 5):
        np.testing.assert_array_equal(
            scan.responses[k], np.load(folder / f"data/responses/{k}.npy")
        )
    units = np.load(folder / "meta/neurons/unit_ids.npy").tolist()
    assert scan.neurons["unit_id"].tolist() == units
    assert scan.neurons["neuroid_id"][0] == f"22846-10-16_{units[0]}"
    assert set(scan.trials["subject"]) == {22846}


def test_tiers_list_files_and_stimuli(raw, scans):
    scan = scans[COMPETITION]
    tiers = np.load(scan.folder / "responses.npy").shape[0]
    listed = {path.stem: pd.read_csv(path) for path in (scan.folder / "tiers").glob("*.csv")}
    assert sorted(listed) == ["final_test", "test", "train", "validation"]
    assert sum(map(len, listed.values())) == tiers
    own = scan.trials.set_index("file")
    for tier, rows in listed.items():
        assert (own["tier"].loc[rows["file"]] == tier).all()
        assert own["stimulus_id"].loc[rows["file"]].tolist() == rows["stimulus_id"].tolist()
    assert scan.facts["order_of_trials"].startswith("file number")


def test_planted_ceilings_are_recovered(tmp_path):
    simulate_mouse(tmp_path / "raw", MouseSimulation(n_mice=2, n_test=120, n_repeats=12,
                                                     n_train=4, image_shape=(8, 8)))  # fmt: skip
    scan = index(tmp_path / "raw" / ZIP, tmp_path / "index")
    table = ceilings_table(scan, 20, 0).to_pandas()
    truth = pd.read_csv(tmp_path / "raw/truth/neurons.csv").query("data_key == @scan.key")
    fev = truth["fev"].to_numpy()
    assert (table["silent"].to_numpy() == np.isnan(fev)).all()
    alive = ~np.isnan(fev)
    error = table["fev"].to_numpy()[alive] - fev[alive]
    assert np.abs(error).max() < 0.12
    assert abs(error.mean()) < 0.01
    assert np.corrcoef(table["fev"][alive], fev[alive])[0, 1] > 0.97
    noise = (1 - fev) / fev
    ceiling = 100 / (1 + noise / 11.7)
    np.testing.assert_allclose(table["nc_testset"][alive], ceiling[alive], atol=6)
    np.testing.assert_allclose(table["split_half"][alive], ceiling[alive] / 100, atol=0.08)
    assert (table["oracle_conservative"] > table["oracle_jackknife"])[alive].all()


def test_ceilings_of_a_scan(scans):
    scan = scans[ZIP]
    table = ceilings_table(scan, 5, 0).to_pandas()
    assert table["unit_id"].tolist() == scan.neurons["unit_id"].tolist()
    assert table["silent"].to_numpy().nonzero()[0].tolist() == [1, 6]
    rows, images = repeated_tests(scan)
    tests = scan.trials.loc[rows]
    assert (tests["tier"] == "test").all()
    assert len(set(images)) == tests["stimulus_id"].nunique() == table["n_images"][0]
    counts = tests["stimulus_id"].value_counts()
    assert (table["repeats_min"][0], table["repeats_max"][0]) == (counts.min(), counts.max())
    assert counts.min() < counts.max()
    np.testing.assert_allclose(
        table["mean_response"], scan.responses[rows].mean(axis=0), rtol=1e-5
    )


def test_withheld_tests_have_no_ceilings(scans):
    table = ceilings_table(scans[COMPETITION], 5, 0).to_pandas()
    assert table[["fev", "oracle_jackknife", "split_half", "nc_testset"]].isna().all(axis=None)
    assert (table["n_images"] == 0).all()
    assert table["silent"].sum() == 2, "seen in the training trials"
