"""The options of a script that runs a model, and what its feature file says of them."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from repalign.models.identity import RANDOM, TRAINED
from repalign.models.loading import LoadedLanguage, LoadedVision, Weights

_STATE = re.compile(r"random-seed-(\d+)")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which model is run, with which weights, and how.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Of a script.
    """
    add = parser.add_argument
    add("--model-id", required=True, help="as the library that loads it knows it")
    add("--weights", type=_state, required=True, help="trained, or random-seed-<number>")
    add("--weights-source", choices=["hub", "local-dir", "random"], required=True)
    add("--hub-id", required=True, help="id on the hub; empty where --model-id says it")
    add("--weight-files", type=Path, nargs="*", required=True, help="all files of a local model")
    add("--revision", required=True, help="of the hub; empty for the newest")
    add("--sha256", required=True, help="digest of the weight files; empty for any")
    add("--pool", required=True, help="how tokens become one vector")
    add("--store", choices=["float32", "float16"], required=True, help="numbers of the file")
    add("--batch-size", type=int, required=True, help="stimuli that are run at once")
    add("--model-threads", type=int, required=True, help="threads that the model runs with")


def weights_of(options: argparse.Namespace) -> Weights:
    """Return where a model's weights come from.

    Parameters
    ----------
    options : argparse.Namespace
        With the options of `add_model_options`.
    """
    path = str(_folder(options.weight_files)) if options.weight_files else options.hub_id
    seed = seed_of(options.weights)
    if seed is None:
        return Weights(options.weights_source, path, options.revision, options.sha256)
    return Weights("random", path, options.revision, "", seed)


def seed_of(state: str) -> int | None:
    """Return the seed of a state of weights, or None for trained ones."""
    match = _STATE.fullmatch(state)
    return int(match[1]) if match else None


def facts_of(options: argparse.Namespace, loaded: LoadedVision | LoadedLanguage) -> dict[str, Any]:
    """Describe a model for its feature file.

    Parameters
    ----------
    options : argparse.Namespace
        With the options of `add_model_options`, `model`, `dataset` and `device`.
    loaded : LoadedVision or LoadedLanguage
        The model.

    Returns
    -------
    dict of str to str or int
        `model` (key), `model_id`, `weights` (``"trained"`` or ``"random"``), `seed` of random
        ones, `weights_digest`, `revision`, `n_parameters`, `pool`, `dataset` and `device`.
    """
    seed = seed_of(options.weights)
    return {
        "model": options.model,
        "model_id": options.model_id,
        "weights": TRAINED if seed is None else RANDOM,
        **({} if seed is None else {"seed": seed}),
        "weights_digest": loaded.digest,
        "revision": loaded.revision,
        "n_parameters": loaded.n_parameters,
        "pool": options.pool,
        "dataset": options.dataset,
        "device": options.device,
    }


def run_with(options: argparse.Namespace) -> dict[str, int]:
    """Return what can change the last digits beside all that a feature file says."""
    return {"batch_size": options.batch_size, "threads": options.model_threads}


def _state(text: str) -> str:
    if text != TRAINED and seed_of(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither trained nor random-seed-<number>")
    return text


def _folder(files: list[Path]) -> Path:
    """Return the folder of a model: that of its configuration, and not one within it."""
    configurations = [file for file in files if file.name == "config.json"] or files
    return min(configurations, key=lambda file: len(file.parts)).parent
