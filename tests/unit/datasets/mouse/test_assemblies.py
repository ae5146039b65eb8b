"""Assemblies and exported parts of mouse scans."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.mouse_assemblies import write_assemblies
from repalign.datasets.mouse_ceilings import ceilings_table
from repalign.datasets.mouse_export import choose, export_scan
from repalign.datasets.mouse_files import open_scan
from repalign.datasets.mouse_prepared import (
    training_std,
)
from repalign.datasets.mouse_regions import file_name, neurons_of
from repalign.datasets.mouse_statistics import (
    RULE,
    compare_statistics,
    standardised,
)
from repalign.errors import RepalignError
from repalign.tables.assemblies import check_pair, read_assembly

from .mouse_content import COLOR, COMPETITION, ZIP, data_of, index


@pytest.fixture(scope="module")
def assemblies(scans, tmp_path_factory):
    folder = tmp_path_factory.mktemp("assemblies") / "made"
    scan = scans[COLOR]
    ceilings = ceilings_table(scan, 5, 0).to_pandas()
    regions = ["V1", "V1 L2/3", "LM", "AL"]
    without = write_assemblies(folder, scan, ceilings, training_std(scan), regions, {})
    return folder, without


def test_assemblies_hold_the_responses(scans, assemblies):
    folder, without = assemblies
    scan = scans[COLOR]
    assert without == [
        f"AL, {tier}, {scale}: no neurons"
        for tier in ("train", "test")
        for scale in ("raw", "standardised")
    ]
    test = read_assembly(folder / "V1_L2-3_test_raw.nc")
    train = read_assembly(folder / "V1_L2-3_train_raw.nc")
    check_pair(train, test, folder)
    rows = neurons_of(scan.neurons, "V1 L2/3")
    assert test["neuroid_id"].to_numpy().tolist() == scan.neurons["neuroid_id"][rows].tolist()
    table = pd.read_parquet(folder / "test_trials.parquet")
    assert table["stimulus_id"].tolist() == test["stimulus_id"].to_numpy().tolist()
    assert table["repetition"].tolist() == test["repetition"].to_numpy().tolist()
    np.testing.assert_array_equal(test.values, scan.responses[table["file"]][:, rows])
    scaled = read_assembly(folder / "V1_L2-3_test_standardised.nc")
    expected = standardised(np.asarray(scan.responses), training_std(scan))
    np.testing.assert_array_equal(scaled.values, expected[table["file"]][:, rows])
    assert scaled.attrs["scale"] == "standardised"
    assert set(test["subject"].values) == {"25311"}
    ceilings = ceilings_table(scan, 5, 0).to_pandas()["nc_testset"][rows]
    np.testing.assert_array_equal(test["has_ceiling"].values, ceilings.notna())
    np.testing.assert_allclose(test["nc_testset"].values, ceilings.fillna(0))


def test_nothing_that_varies_within_an_image_is_in_an_assembly(assemblies):
    folder, _ = assemblies
    names = {str(n) for n in read_assembly(folder / "V1_test_raw.nc").coords}
    assert not names & {"trial_idx", "order", "pupil_radius", "speed", "shown_at", "file"}


def test_a_withheld_tier_has_no_assembly(scans, tmp_path):
    scan = scans[COMPETITION]
    ceilings = ceilings_table(scan, 5, 0).to_pandas()
    without = write_assemblies(tmp_path / "x", scan, ceilings, training_std(scan), ["V1"], {})
    assert without == ["test: no responses"]
    assert not list((tmp_path / "x").glob("*test*"))
    with pytest.raises(RepalignError, match="ceilings of other neurons"):
        write_assemblies(tmp_path / "y", scan, ceilings[1:], training_std(scan), ["V1"], {})


def test_regions():
    neurons = pd.DataFrame({"area": ["V1", "V1", "LM"], "layer": ["L2/3", "L4", "L4"]})
    assert neurons_of(neurons, "V1").tolist() == [0, 1]
    assert neurons_of(neurons, "V1 L4").tolist() == [1]
    assert neurons_of(neurons, "AL").tolist() == []
    assert file_name("V1 L2/3") == "V1_L2-3"


def test_an_exported_part_is_a_scan(raw, scans, tmp_path):
    scan = scans[COLOR]
    trials, neurons = choose(scan, ["train", "test"], ["LM", "V1 L4"])
    name = COLOR.removesuffix(".zip")
    with open_scan(raw / COLOR) as files:
        export_scan(files, scan, trials, neurons, tmp_path / "part", name)
        whole = {f: files.array(f) for f in ("meta/trials/colorframeprojector_image_id.npy",)}
    place = tmp_path / "part" / name
    part = index(place, tmp_path / "index")
    assert json.loads((place / "config.json").read_text()) == {"links": {}}
    source = np.load(place / "meta/trials/source_file.npy")
    np.testing.assert_array_equal(source, trials)
    np.testing.assert_array_equal(part.responses, scan.responses[trials][:, neurons])
    assert part.neurons["unit_id"].tolist() == scan.neurons["unit_id"][neurons].tolist()
    own = scan.trials.set_index("file").loc[trials]
    for column in ("tier", "stimulus_id", "pixels", "repetition", "speed", "pupil_x"):
        assert part.trials[column].tolist() == own[column].tolist()
    for file, values in whole.items():
        copied = np.load(place / file)
        assert copied.dtype == values.dtype
        np.testing.assert_array_equal(copied, values[trials])
    train = (part.trials["tier"] == "train").to_numpy()
    with open_scan(place) as files:
        rows = compare_statistics(files, data_of(place, part), train)
    assert {row.rules[0] for row in rows} == {RULE}


def test_parts_that_no_reader_could_use_are_refused(scans):
    with pytest.raises(RepalignError, match="0 training trials"):
        choose(scans[ZIP], ["test"], [])
    with pytest.raises(RepalignError, match="no neuron"):
        choose(scans[ZIP], [], ["LM"])
