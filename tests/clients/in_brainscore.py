"""Assemblies in Brain-Score itself: loaded by its loader, scored, and compared with plain NumPy.

Run by `test_brainscore.py` in another environment (envs/clients/brainscore.txt), which does not
have this project. ASSEMBLIES names the folder of the files; NumPy's side reads them by h5py alone.
"""

import os
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from brainscore_core.supported_data_standards.brainio.assemblies import (
    NeuroidAssembly,
    walk_coords,
)
from brainscore_core.supported_data_standards.brainio.stimuli import StimulusSet
from brainscore_vision.benchmark_helpers.neural_common import (
    average_repetition,
    filter_reliable_neuroids,
)
from brainscore_vision.metrics.internal_consistency.ceiling import InternalConsistency
from brainscore_vision.metrics.rdm.metric import RDMMetric
from brainscore_vision.metrics.regression_correlation.metric import (
    TrainTestSplitCorrelation,
    pearsonr_correlation,
    ridge_regression,
)
from PIL import Image
from scipy.stats import rankdata
from sklearn.model_selection import ShuffleSplit

FILES = Path(os.environ["ASSEMBLIES"])
PACKAGED = FILES / "packaged"
REGIONS = ("V1", "V2", "V4", "IT")
THRESHOLD = 30
PARTS = ("train", "test")


class Raw:
    """A file as HDF5 has it: values and coordinates, without xarray."""

    def __init__(self, path: Path) -> None:
        with h5py.File(path) as file:
            (data,) = (name for name in file if "coordinates" in file[name].attrs)
            self.values = file[data][()]
            names = file[data].attrs["coordinates"].split()
            self.coords = {name: self._values(file[name]) for name in names}

    @staticmethod
    def _values(stored: h5py.Dataset) -> np.ndarray:
        is_text = h5py.check_string_dtype(stored.dtype) is not None
        return stored.asstr()[()].astype(str) if is_text else stored[()]

    def reliable(self, region: str, subject: str) -> np.ndarray:
        """Values of the neuroids that a benchmark takes (n_presentations, n_neuroids)."""
        chosen = (self.coords["region"] == region) & (self.coords["subject"] == subject)
        return self.values[:, chosen & (self.coords["nc_testset"] > THRESHOLD)].squeeze(-1)


@pytest.fixture(scope="module")
def stimulus_sets(tmp_path_factory) -> dict[str, StimulusSet]:
    """Both stimulus sets, their archives unpacked as Brain-Score does."""
    made = {}
    for part in PARTS:
        stem = PACKAGED / f"stimulus_Allen2022_fMRI_{part}_Stimuli"
        folder = tmp_path_factory.mktemp(part)
        with zipfile.ZipFile(stem.with_suffix(".zip")) as archive:
            archive.extractall(folder)
        made[part] = StimulusSet.from_files(stem.with_suffix(".csv"), folder)
        made[part].identifier = stem.name.removeprefix("stimulus_")
    return made


def packaged(part: str) -> Path:
    return PACKAGED / f"assy_Allen2022_fMRI_{part}_Assembly.nc"


@pytest.fixture(scope="module")
def assemblies(stimulus_sets) -> dict[str, NeuroidAssembly]:
    return {
        part: NeuroidAssembly.from_files(
            packaged(part),
            stimulus_set_identifier=stimulus_sets[part].identifier,
            stimulus_set=stimulus_sets[part],
        )
        for part in PARTS
    }


def coords_of(assembly: NeuroidAssembly) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, _, values in walk_coords(assembly)}


@pytest.mark.parametrize("part", PARTS)
def test_everything_is_loaded(assemblies, stimulus_sets, part):
    assembly, raw = assemblies[part], Raw(packaged(part))
    assert isinstance(assembly, NeuroidAssembly)
    assert assembly.dims == ("presentation", "neuroid", "time_bin")
    np.testing.assert_array_equal(assembly.values, raw.values)
    found = coords_of(assembly)
    assert set(found) == set(raw.coords) | {"filename"}
    for name, values in raw.coords.items():
        np.testing.assert_array_equal(found[name].astype(values.dtype), values)
    # The column of the stimulus table is joined by the text of stimulus_id.
    expected = [f"{name}.png" for name in raw.coords["stimulus_id"]]
    assert found["filename"].tolist() == expected
    assert assembly.attrs["stimulus_set"] is stimulus_sets[part]
    identifier = f"Allen2022_fMRI_{part}_Stimuli"
    assert assembly.attrs["stimulus_set_identifier"] == identifier
    assert set(stimulus_sets[part]["stimulus_id"]) == set(raw.coords["stimulus_id"])


@pytest.mark.parametrize("region", REGIONS)
def test_assemblies_of_regions_are_loaded(region):
    path = FILES / f"Allen2022.{region}.nc"
    assembly, raw = NeuroidAssembly.from_files(path), Raw(path)
    np.testing.assert_array_equal(assembly.values, raw.values)
    assert set(coords_of(assembly)) == set(raw.coords)
    split = pd.read_csv(FILES / "train_test_split.csv")
    assert split["stimulus_id"].tolist() == assembly["stimulus_id"].to_numpy().tolist()


def test_both_parts_have_the_same_neuroids(assemblies):
    for name in ("neuroid_id", "subject", "region", "nc_testset"):
        train, test = (assemblies[part][name].to_numpy() for part in PARTS)
        np.testing.assert_array_equal(train, test)
    stimuli = [set(assemblies[part]["stimulus_id"].to_numpy()) for part in PARTS]
    assert not stimuli[0] & stimuli[1]


def benchmark(assembly: NeuroidAssembly, region: str, *, averaged: bool) -> NeuroidAssembly:
    """Prepare an assembly as the benchmarks of Brain-Score do."""
    assembly = filter_reliable_neuroids(assembly, THRESHOLD, "nc_testset")
    assembly = assembly.sel(region=region)
    assembly["region"] = "neuroid", [region] * len(assembly["neuroid"])
    assembly = assembly.isel(time_bin=0)
    return average_repetition(assembly) if averaged else assembly


def of_subject(assembly: NeuroidAssembly, subject: str) -> NeuroidAssembly:
    return assembly.sel(neuroid=assembly["subject"] == subject)


def pixels(stimuli: StimulusSet, ids: list[str]) -> np.ndarray:
    """Small pictures, found by id through the stimulus set (n_stimuli, 192)."""
    rows = []
    for stimulus in ids:
        with Image.open(stimuli.get_stimulus(stimulus)) as image:
            rows.append(np.asarray(image.convert("RGB").resize((8, 8)), float).ravel() / 255)
    return np.stack(rows)


def model(stimuli: StimulusSet) -> NeuroidAssembly:
    """Activations of a model that sees pixels, in the order of the stimulus table."""
    ids = stimuli["stimulus_id"].tolist()
    values = pixels(stimuli, ids)
    n = values.shape[1]
    return NeuroidAssembly(
        values,
        coords={
            "stimulus_id": ("presentation", ids),
            "nsd_id": ("presentation", stimuli["nsd_id"].tolist()),
            "neuroid_id": ("neuroid", [f"pixel{k}" for k in range(n)]),
            "layer": ("neuroid", ["pixels"] * n),
        },
        dims=["presentation", "neuroid"],
    )


def means_of(raw: Raw, region: str, subject: str) -> np.ndarray:
    """Mean over repetitions, by the order of the rows: image after image."""
    values = raw.reliable(region, subject).astype(float)
    ids = raw.coords["stimulus_id"]
    n_repetitions = np.count_nonzero(ids == ids[0])
    assert (ids.reshape(-1, n_repetitions) == ids[::n_repetitions, np.newaxis]).all()
    return values.reshape(-1, n_repetitions, values.shape[1]).mean(axis=1)


def correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson correlation of each column."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return (x * y).sum(axis=0) / np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))


@pytest.mark.parametrize(
    ("region", "subject"), [("V1", "subj01"), ("V4", "subj02"), ("IT", "subj03")]
)
def test_the_ridge_score_is_that_of_the_closed_form(assemblies, stimulus_sets, region, subject):
    train, test = (
        of_subject(benchmark(assemblies[part], region, averaged=part == "test"), subject)
        for part in PARTS
    )
    metric = TrainTestSplitCorrelation(ridge_regression({"alpha": 1}), pearsonr_correlation())
    sources = [model(stimulus_sets[part]) for part in PARTS]
    score = float(metric(*sources, train, test))

    raw = {part: Raw(packaged(part)) for part in PARTS}
    order = {part: list(dict.fromkeys(raw[part].coords["stimulus_id"])) for part in PARTS}
    x, x_test = (pixels(stimulus_sets[part], order[part]) for part in PARTS)
    y, y_test = (means_of(raw[part], region, subject) for part in PARTS)
    centred = x - x.mean(axis=0)
    weights = np.linalg.solve(
        centred.T @ centred + np.eye(x.shape[1]), centred.T @ (y - y.mean(axis=0))
    )
    predicted = (x_test - x.mean(axis=0)) @ weights + y.mean(axis=0)
    assert y.shape[1] >= 5
    assert score == pytest.approx(np.median(correlations(predicted, y_test)), abs=1e-5)


def distances(values: np.ndarray) -> np.ndarray:
    """Upper triangle of the correlation distances between rows."""
    rows = values - values.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return (1 - rows @ rows.T)[np.triu_indices(len(rows), k=1)]


@pytest.mark.parametrize(("region", "part"), [("V1", "train"), ("V2", "test"), ("IT", "test")])
def test_the_rdm_score_is_that_of_ranks(assemblies, stimulus_sets, region, part):
    subject = "subj02"
    neural = of_subject(benchmark(assemblies[part], region, averaged=True), subject)
    score = float(RDMMetric()(model(stimulus_sets[part]), neural))

    raw = Raw(packaged(part))
    order = list(dict.fromkeys(raw.coords["stimulus_id"]))
    of_brain = rankdata(distances(means_of(raw, region, subject)))
    of_model = rankdata(distances(pixels(stimulus_sets[part], order)))
    assert score == pytest.approx(np.corrcoef(of_brain, of_model)[0, 1], abs=1e-5)
    assert np.isfinite(score)


def test_the_ceiling_is_that_of_halves_of_repetitions(assemblies):
    """Of a few neuroids: Brain-Score takes one at a time, which is slow."""
    region, subject, few = "V4", "subj03", slice(0, 15)
    single = of_subject(benchmark(assemblies["test"], region, averaged=False), subject)
    ceiling = float(InternalConsistency()(single.isel(neuroid=few)))

    raw = Raw(packaged("test"))
    values = raw.reliable(region, subject)[:, few].astype(float)
    assert values.shape[1] == few.stop
    repetition = raw.coords["repetition"]
    medians = []
    halves = ShuffleSplit(n_splits=10, train_size=0.5, random_state=1).split(np.zeros(3))
    for first, second in halves:
        means = [
            np.mean([values[repetition == value] for value in half], axis=0)
            for half in (first, second)
        ]
        r = correlations(*means)
        medians.append(np.median(2 * r / (1 + r)))
    assert ceiling == pytest.approx(np.mean(medians), abs=1e-5)
    assert 0 < ceiling <= 1
