"""Run by the Python of the client's own environment: read a scan with neuralpredictors.

Usage: read_neuralpredictors.py SCAN OUTPUT. Writes what the public reader and its measures make of
a scan, as JSON. Imports nothing of ours.
"""

# ruff: noqa: E402 - two names must be put back before the client is imported
import collections
import collections.abc
import json
import sys

# Version 0.3.0 takes these from where they were before Python 3.10.
collections.Iterable = collections.abc.Iterable
collections.Mapping = collections.abc.Mapping

import numpy as np
from neuralpredictors.data.datasets import FileTreeDataset
from neuralpredictors.data.transforms import NeuroNormalizer
from neuralpredictors.measures.np_functions import (
    corr,
    fev,
    oracle_corr_conservative,
    oracle_corr_jackknife,
)

KEYS = ("images", "responses", "behavior", "pupil_center")


def repeats(responses, images):
    """Responses to each image that is shown twice or more."""
    groups = [responses[images == image] for image in dict.fromkeys(images.tolist())]
    return [group for group in groups if len(group) > 1]


def main(scan, output):
    data = FileTreeDataset(scan, *KEYS)
    tiers, images = data.trial_info.tiers, data.trial_info.frame_image_id
    items = [data[k] for k in range(len(data))]
    stacks = {key: np.array([getattr(item, key) for item in items]) for key in KEYS}
    test = np.asarray(tiers) == "test"
    responses = stacks["responses"][test].astype(np.float64)
    repeated = repeats(responses, np.asarray(images)[test])
    predictions = [np.roll(group, 1, axis=0) for group in repeated]
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = fev(repeated, predictions, return_exp_var=True)
        found = {
            "n_trials": len(data),
            "n_neurons": int(data.n_neurons),
            "unit_ids": np.asarray(data.neurons.unit_ids).tolist(),
            "tiers": np.asarray(tiers).tolist(),
            "fev": explained[0].tolist(),
            "feve": explained[1].tolist(),
            "oracle_jackknife": oracle_corr_jackknife(repeated).tolist(),
            "oracle_conservative": oracle_corr_conservative(repeated).tolist(),
            "single_trial": corr(np.vstack(repeated), np.vstack(predictions), axis=0).tolist(),
        }
    normalise = NeuroNormalizer(data)
    data.transforms.append(normalise)
    found["standardised"] = np.array([data[k].responses for k in range(len(data))]).tolist()
    with open(output, "w", encoding="utf-8") as file:  # noqa: PTH123 - as any user of it would
        json.dump(found, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
