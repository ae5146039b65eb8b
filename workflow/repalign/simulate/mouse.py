"""Write simulated mouse scans in the layouts of the real ones, with known truth."""

from __future__ import annotations

import csv
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.kernels.comparison import COMPARISONS
from repalign.kernels.rdm import correlation_rdm
from repalign.models.features import write_features
from repalign.simulate.model_features import origin_of
from repalign.simulate.mouse_neurons import AREAS, Floats, Neurons, draw_responses, make_neurons
from repalign.simulate.mouse_scan import Look, Recording, write_scan
from repalign.simulate.mouse_settings import MouseSimulation
from repalign.simulate.seeds import stream
from repalign.simulate.truth import write_dataset_manifest
from repalign.tables.atomic import atomic_folder
from repalign.tables.provenance import encode

KEYS = ("21067-10-18", "22846-10-16", "23343-5-17", "23656-14-22", "23964-4-22", "24001-2-9",
        "24009-3-3", "24010-1-7", "24013-8-8")  # fmt: skip
COMPETITION = "26872-17-20"
COLOR_KEYS = ("25311-4-6", "25340-3-19", "25341-2-1", "25342-5-2", "25343-6-3", "25344-7-4",
              "25345-8-5", "25346-9-6", "25347-1-7")  # fmt: skip
MODELS = {"sim-conv_pool-cls": (0.2, 0.5, 0.9), "sim-noise_pool-cls": (0.0, 0.0)}
"""Simulated models: share of variance of each layer that is what mice respond to."""


class _Pictures:
    """One set of stimuli: latent features, and pictures that show them."""

    def __init__(self, settings: MouseSimulation, *, color: bool) -> None:
        rng = stream(settings.seed, "mouse pictures", int(color))
        counts = (settings.n_train, settings.n_validation, settings.n_test)
        tiers = np.repeat(["train", "validation", "test"], counts)
        self.latent = rng.normal(0, 1, (len(tiers), settings.n_latent))
        self.tiers = tiers
        # Both sets count from the same number on, with other pictures.
        self.ids = 100 + rng.permutation(len(tiers)).astype(np.int64)
        self.hash = "94c6ff995dac" if not color else "c7f31a88b2d0"
        self.pixels = self._draw(settings, rng, 2 if color else 1)

    def _draw(
        self, settings: MouseSimulation, rng: np.random.Generator, n_channels: int
    ) -> npt.NDArray[np.float32]:
        """Draw sums of gratings, whole grey values from 0 to 255."""
        height, width = settings.image_shape
        y, x = np.mgrid[:height, :width] / max(height, width)
        shape = (n_channels, settings.n_latent, 1, 1)
        angle, phase = rng.uniform(0, np.pi, shape), rng.uniform(0, 2 * np.pi, shape)
        turns = rng.uniform(2, 6, shape) * 2 * np.pi
        gratings = np.sin(turns * (x * np.cos(angle) + y * np.sin(angle)) + phase)
        sums = np.einsum("nk,ckyx->ncyx", self.latent, gratings)
        pixels: npt.NDArray[np.float32] = np.clip(np.round(127 + 25 * sums), 0, 255)
        return pixels.astype(np.float32)

    @property
    def is_test(self) -> npt.NDArray[np.bool_]:
        """Say which pictures are shown repeatedly."""
        shown: npt.NDArray[np.bool_] = self.tiers == "test"
        return shown


def simulate_mouse(folder: Path | str, settings: MouseSimulation) -> None:
    """Write simulated scans; an existing folder of that name is replaced as a whole.

    Parameters
    ----------
    folder : Path or str
        Folder of the scans to make. It appears only when everything is written.
    settings : MouseSimulation
        Sizes and seed.

    Notes
    -----
    As in real scans: files are numbered at random; test pictures are shown unequally often,
    because invalid trials are missing, which leaves gaps in `trial_idx`; times are texts as
    pandas prints them; numbers of units have gaps. One scan is a folder among zip files, with
    files of an operating system in it and statistics over all trials; one is of a competition,
    with a tier `final_test`, responses of tests zeroed and `trial_idx` hashed; those of colour
    have two channels, another stimulus set whose numbers are used by the first one for other
    pictures, and neurons of two areas. Each has two silent neurons and a cell recorded twice.

    All mice respond to the same latent features of pictures. ``truth/neurons.csv`` has the
    planted fraction of explainable variance of each neuron, ``truth/pairs.csv`` the similarity
    of the noiseless RDMs of pairs of mice, ``features/`` simulated models.
    """
    with atomic_folder(folder) as root:
        (root / "truth").mkdir()
        neurons: dict[str, Neurons] = {}
        sets = {color: _Pictures(settings, color=color) for color in (False, True)}
        keys = [*KEYS[: settings.n_mice], COMPETITION]
        scans = [(key, False) for key in keys]
        scans += [(key, True) for key in COLOR_KEYS[: settings.n_color_mice]]
        for number, (key, color) in enumerate(scans):
            areas = AREAS if color else AREAS[:1]
            neurons[key] = make_neurons(settings, number, areas=areas)
            _write(root, settings, number, key, neurons[key], sets[color])
        _write_truth(root / "truth", settings, dict(scans), neurons, sets)
        _write_models(root, settings, sets)
        numbers = {str(k): 1 for k in range(1, len(scans) + 1)}
        write_dataset_manifest(root, "mouse", settings, numbers)


def _write(
    root: Path,
    settings: MouseSimulation,
    number: int,
    key: str,
    neurons: Neurons,
    shown: _Pictures,
) -> None:
    """Write one scan."""
    color = shown.pixels.shape[1] == 2
    kind = "ColorImageNet" if color else "GrayImageNet"
    competes, plain = key == COMPETITION, number == 1
    look = Look(
        f"static{key}-{kind}-{shown.hash}",
        "colorframeprojector_" if color else "frame_",
        zipped=not plain,
        statistics="all" if plain else "train",
        withheld=competes,
        stray=(".DS_Store", "data/images/.DS_Store") if plain else ("__MACOSX/._data",),
    )
    rng = stream(settings.seed, "mouse scan", number)
    trials = _order(settings, shown, rng)
    kept = np.sort(_kept(settings, shown, trials, rng))
    trials = trials[kept]
    tiers = shown.tiers[trials].astype("U10")
    if competes:
        # The last test pictures are those of the final test.
        last = np.flatnonzero(shown.is_test)[-settings.n_test // 4 :]
        tiers[np.isin(trials, last)] = "final_test"
    means = neurons.means(shown.latent, settings.strength)
    responses = draw_responses(neurons, means, means[shown.is_test], trials, rng)
    recording = Recording(shown.pixels, shown.ids, trials, tiers, kept + 1, responses)
    write_scan(root, look, key, neurons, recording, rng)


def _order(
    settings: MouseSimulation, shown: _Pictures, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw the planned order of presentation."""
    repeats = np.where(shown.is_test, settings.n_repeats, 1)
    return rng.permutation(np.repeat(np.arange(len(repeats)), repeats))


def _kept(
    settings: MouseSimulation,
    shown: _Pictures,
    trials: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """Choose the trials that are valid: some test trials are not, never two of a picture."""
    tests = np.flatnonzero(shown.is_test[trials])
    pictures = rng.choice(
        np.flatnonzero(shown.is_test),
        min(settings.n_test, max(1, round(settings.dropped * len(tests)))),
        replace=False,
    )
    invalid = [rng.choice(np.flatnonzero(trials == picture)) for picture in pictures]
    return np.setdiff1d(np.arange(len(trials)), invalid if settings.dropped else [])


def _write_truth(
    folder: Path,
    settings: MouseSimulation,
    scans: dict[str, bool],
    neurons: dict[str, Neurons],
    sets: dict[bool, _Pictures],
) -> None:
    """Write what is true of neurons and of pairs of mice."""
    rows: list[list[object]] = [["data_key", "unit_id", "area", "layer", "fev", "same_cell"]]
    for key, own in neurons.items():
        for k in range(len(own.unit_ids)):
            twin = own.unit_ids[own.twin[k]] if own.twin[k] >= 0 else ""
            fev = "" if np.isnan(own.fev[k]) else f"{own.fev[k]:.6f}"
            rows.append([key, own.unit_ids[k], own.area[k], own.layer[k], fev, twin])
    _write_rows(folder / "neurons.csv", rows)
    pairs: list[list[object]] = [["scan_i", "scan_j", "similarity"]]
    rdms = {key: _rdm(settings, neurons[key], sets[color]) for key, color in scans.items()}
    for i, j in permutations(scans, 2):
        if scans[i] == scans[j] and COMPETITION not in (i, j):
            pairs.append([i, j, f"{float(rdms[i] @ rdms[j]):.6f}"])
    _write_rows(folder / "pairs.csv", pairs)


def _rdm(settings: MouseSimulation, neurons: Neurons, shown: _Pictures) -> Floats:
    """Return the unit RDM of the expected responses of V1 to the test pictures."""
    means = neurons.means(shown.latent[shown.is_test], settings.strength)
    means = means[:, neurons.area == AREAS[0]]
    unit: Floats = COMPARISONS["pearson"](correlation_rdm(means, None, np.float64))
    return unit


def _write_models(root: Path, settings: MouseSimulation, sets: dict[bool, _Pictures]) -> None:
    """Write features of simulated models, `features/<hash>/*.h5`: a folder a stimulus set."""
    for color, shown in sets.items():
        order = np.argsort(shown.ids)
        latent = shown.latent[order]
        for number, (model, shares) in enumerate(MODELS.items()):
            rng = stream(settings.seed, "mouse model", number, int(color))
            layers = [_layer(latent, share, rng) for share in shares]
            facts = {"provenance": encode(origin_of(settings.seed))}
            path = root / "features" / shown.hash / f"{model}.h5"
            write_features(path, layers, shown.ids[order], facts)


def _layer(latent: Floats, share: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Turn latent features into 32 dimensions of equal variance, and add noise."""
    n_images, n_latent = latent.shape
    axes = np.linalg.qr(rng.normal(0, 1, (32, n_latent)))[0]
    noise = np.sqrt(n_latent / 32) * rng.normal(0, 1, (n_images, 32))
    values: Floats = np.sqrt(share) * latent @ axes.T + np.sqrt(1 - share) * noise
    return values.astype(np.float32)


def _write_rows(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
