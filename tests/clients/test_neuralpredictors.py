"""The public reader of mouse scans opens exported scans, and its measures are our ceilings.

`make test-clients` makes its environment and names its Python in NEURALPREDICTORS_PYTHON.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from repalign.datasets.mouse_ceilings import ceilings_table, repeated_tests
from repalign.datasets.mouse_export import choose, export_scan
from repalign.datasets.mouse_files import open_scan
from repalign.datasets.mouse_index import IndexedScan, write_index
from repalign.datasets.mouse_prepared import training_std
from repalign.datasets.mouse_scan import read_scan
from repalign.datasets.mouse_statistics import standardised
from repalign.kernels.ceilings import correlation, feve
from repalign.simulate.mouse import simulate_mouse
from repalign.simulate.mouse_settings import MouseSimulation

from ..digests import digests

CLIENT = Path(__file__).with_name("read_neuralpredictors.py")
SCANS = ["static21067-10-18-GrayImageNet-94c6ff995dac.zip",
         "static22846-10-16-GrayImageNet-94c6ff995dac"]  # fmt: skip
REGIONS = [[], ["V1 L2/3"]]


def index(path: Path, folder: Path) -> IndexedScan:
    with open_scan(path) as files:
        write_index(folder, read_scan(files), {"spec": None}, distance=15, correlation=0.5)
    return IndexedScan(folder)


@pytest.fixture(scope="module", params=range(len(SCANS)))
def exported(request, tmp_path_factory):
    """What the client makes of an exported scan, and our index of it."""
    root = tmp_path_factory.mktemp("mouse")
    simulate_mouse(root / "raw", MouseSimulation(n_repeats=5))
    source = root / "raw" / SCANS[request.param]
    name = SCANS[request.param].removesuffix(".zip")
    whole = index(source, root / "whole")
    trials, neurons = choose(whole, [], REGIONS[request.param])
    with open_scan(source) as files:
        export_scan(files, whole, trials, neurons, root / "part", name)
    place = root / "part" / name
    before = digests(place)
    command = [os.environ["NEURALPREDICTORS_PYTHON"], str(CLIENT), str(place), str(root / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert digests(place) == before, "the reader wrote into the scan"
    return json.loads((root / "out").read_text()), index(place, root / "index"), whole


def test_the_reader_finds_trials_and_neurons(exported):
    theirs, ours, whole = exported
    assert theirs["n_trials"] == len(ours.trials) == len(whole.trials)
    assert theirs["n_neurons"] == len(ours.neurons)
    assert theirs["unit_ids"] == ours.neurons["unit_id"].tolist()
    assert theirs["tiers"] == ours.trials["tier"].tolist()


@pytest.mark.parametrize("measure", ["fev", "oracle_jackknife", "oracle_conservative"])
def test_measures_are_our_ceilings(exported, measure):
    theirs, ours, _ = exported
    table = ceilings_table(ours, 5, 0).to_pandas()
    alive = ~table["silent"].to_numpy()
    assert 10 < alive.sum() < len(table)
    assert table["repeats_min"][0] < table["repeats_max"][0], "ragged"
    np.testing.assert_allclose(table[measure][alive], np.array(theirs[measure])[alive], atol=2e-6)
    # The client calls a silent neuron NaN, or 0; here it has no ceiling.
    silent = np.array(theirs[measure])[~alive]
    assert (silent == 0).all() if measure == "oracle_jackknife" else np.isnan(silent).all()


def test_scores_of_predictions(exported):
    theirs, ours, _ = exported
    rows, images = repeated_tests(ours)
    order = np.argsort(images, kind="stable")
    responses = np.asarray(ours.responses[rows[order]], np.float64)
    groups = np.split(responses, np.flatnonzero(np.diff(images[order])) + 1)
    predictions = np.vstack([np.roll(group, 1, axis=0) for group in groups])
    found = feve(responses, predictions, images[order])
    alive = np.isfinite(found)
    np.testing.assert_allclose(found[alive], np.array(theirs["feve"])[alive], rtol=1e-5)
    np.testing.assert_allclose(
        correlation(responses, predictions), theirs["single_trial"], atol=2e-6
    )


def test_standardised_responses(exported):
    theirs, ours, _ = exported
    mine = standardised(np.asarray(ours.responses), training_std(ours))
    np.testing.assert_allclose(mine, theirs["standardised"], rtol=1e-5, atol=1e-6)
