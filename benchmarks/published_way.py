"""Follow the published procedure in plain float32 PyTorch, as a contestant of `alignment.py`.

Our own straightforward implementation of what the published scripts are described to do: both
sides of every ordered pair of subjects are computed anew, patterns are clipped at
`numpy.quantile`, scaled to 0 to 1, centred, normalised and multiplied, the upper triangle is
gathered by index; Spearman ranks by sorting; a permutation gathers the flattened RDM by an index
that is built once a draw. It knows nothing of `repalign` and needs only PyTorch, NumPy, pandas,
pyarrow and h5py, so that it can run in an environment of its own. It reads the files that our
scripts read and writes the same tables; beside its output, as JSON, its time in seconds without
interpreter start and imports.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch

N_REPETITIONS = 3


def rdm_vector(patterns: np.ndarray) -> torch.Tensor:
    """Flatten the correlation distances of patterns (n_trials, n_dims): (n_pairs,) float32."""
    low, high = np.quantile(patterns, [0.003, 0.997])
    x = torch.from_numpy(patterns.astype(np.float32)).clip(float(low), float(high))
    x = (x - x.min()) / (x.max() - x.min())
    x = x - x.mean(dim=1, keepdim=True)
    x = x / x.norm(dim=1, keepdim=True).clamp_min(1e-12)
    distance = 1 - torch.mm(x, x.T)
    above = torch.triu_indices(len(x), len(x), 1)
    return distance[above[0], above[1]]


def ranks(vector: torch.Tensor) -> torch.Tensor:
    """Rank a vector by sorting; equal values in the order in which they come."""
    order = torch.argsort(vector)
    ranked = torch.empty(len(vector))
    ranked[order] = torch.arange(len(vector), dtype=torch.float32)
    return ranked


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Centre and normalise rows."""
    vectors = vectors - vectors.mean(dim=1, keepdim=True)
    return vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-12)


def region_rdms(folder: Path, rows: np.ndarray, *, spearman: bool) -> torch.Tensor:
    """Read every region of a subject whole and return unit vectors (n_rois, n_pairs)."""
    found = []
    for path in sorted(folder.glob("roi-*.npy")):
        vector = rdm_vector(np.load(path)[rows])
        found.append(ranks(vector) if spearman else vector)
    return unit(torch.stack(found))


def matched(trials: pd.DataFrame, i: int, j: int, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Join the trials of two subjects: repetition r of i with r - shift of j."""
    shared = trials[trials["shared"]]
    own = shared[shared["subject"] == i][["stimulus", "repetition", "trial"]]
    other = shared[shared["subject"] == j][["stimulus", "repetition", "trial"]].copy()
    other["repetition"] = (other["repetition"] + shift) % N_REPETITIONS
    both = own.merge(other, on=["stimulus", "repetition"], suffixes=("_i", "_j"))
    return both["trial_i"].to_numpy(), both["trial_j"].to_numpy()


def regions(folder: Path) -> list[int]:
    """Ids of the regions of a folder of responses."""
    return [int(path.stem.removeprefix("roi-")) for path in sorted(folder.glob("roi-*.npy"))]


def subject_folder(data: Path, subject: int) -> Path:
    return data / "responses" / f"sub-{subject:02d}"


def both_sides(options: argparse.Namespace, i: int, j: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the RDM vectors of an ordered pair, both sides anew."""
    rows_i, rows_j = matched(pd.read_parquet(options.data / "trials.parquet"), i, j, 1)
    return (
        region_rdms(subject_folder(options.data, i), rows_i, spearman=options.spearman),
        region_rdms(subject_folder(options.data, j), rows_j, spearman=options.spearman),
    )


def subjects(options: argparse.Namespace) -> None:
    """Inter-subject RSA, shift 1: all regions of i with all of j, for each ordered pair."""
    numbers = range(1, options.subjects + 1)
    rois = np.array(list(product(*[regions(subject_folder(options.data, 1))] * 2)), np.uint16)
    parts = []
    for i, j in list(product(numbers, numbers))[: options.pairs]:
        x, y = both_sides(options, i, j)
        part = {
            "roi_x": rois[:, 0],
            "roi_y": rois[:, 1],
            "similarity": torch.mm(x, y.T).numpy().ravel(),
            "subject_i": np.uint8(i),
            "subject_j": np.uint8(j),
            "join_hemispheres": False,
            "rep_shift": np.uint8(1),
        }
        parts.append(pd.DataFrame(part))
    pd.concat(parts, ignore_index=True).to_parquet(options.output)


def models(options: argparse.Namespace) -> None:
    """Subject-model RSA: both sides anew for each model, subject and session."""
    import h5py

    trials = pd.read_parquet(options.data / "trials.parquet")
    parts = []
    for path in sorted((options.data / "features").glob("*.h5")):
        with h5py.File(path, "r") as file:
            ids = file["ids"][()]
            layers = np.stack([layer[()] for layer in file["layers"].values()], axis=1)
        row_of = np.full(ids.max() + 1, -1)
        row_of[ids] = np.arange(len(ids))
        for subject in range(1, options.subjects + 1):
            own = trials[trials["subject"] == subject].sort_values("trial")
            folder = subject_folder(options.data, subject)
            found = []
            for _, part in own.groupby("session", sort=True):
                x = region_rdms(folder, part["trial"].to_numpy(), spearman=False)
                rows = row_of[part["stimulus"].to_numpy()]
                chosen = [layers[rows, layer] for layer in range(layers.shape[1])]
                y = unit(torch.stack([rdm_vector(layer) for layer in chosen]))
                found.append(torch.mm(x, y.T).numpy())
            similarity = np.stack(found, axis=-1)
            keys = product(
                regions(folder), range(similarity.shape[1]), sorted(own["session"].unique())
            )
            columns = np.array(list(keys), np.uint16)
            part = {
                "roi": columns[:, 0],
                "layer": columns[:, 1].astype(np.uint8),
                "session": columns[:, 2].astype(np.uint8),
                "similarity": similarity.ravel(),
                "subject": np.uint8(subject),
                "model": path.stem,
                "join_hemispheres": False,
            }
            parts.append(pd.DataFrame(part))
    pd.concat(parts, ignore_index=True).to_parquet(options.output)


def null(options: argparse.Namespace) -> float:
    """Diagonal null of the first pair; returns the seconds of the permutations alone."""
    x, y = both_sides(options, 1, 2)
    n = round((1 + (1 + 8 * x.shape[1]) ** 0.5) / 2)
    above = torch.triu_indices(n, n, 1)
    torch.manual_seed(0)
    found = torch.empty(options.draws, len(x))
    start = time.perf_counter()
    for draw in range(options.draws):
        permutation = torch.randperm(n)
        a, b = permutation[above[0]], permutation[above[1]]
        low, high = torch.minimum(a, b), torch.maximum(a, b)
        index = low * (2 * n - low - 1) // 2 + high - low - 1
        found[draw] = (x * y[:, index]).sum(dim=1)
    seconds = time.perf_counter() - start
    np.save(options.output, found.numpy())
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job", choices=["subjects", "models", "null"])
    parser.add_argument("--data", type=Path, required=True, help="folder made by alignment.py")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--subjects", type=int, default=8)
    parser.add_argument("--pairs", type=int, help="only the first ordered pairs")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--spearman", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    start, used = time.perf_counter(), time.process_time()
    part = {"subjects": subjects, "models": models, "null": null}[options.job](options)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    found = {"seconds": seconds, "cpu": cpu, "part": part}
    options.output.with_suffix(".json").write_text(json.dumps(found), encoding="ascii")


if __name__ == "__main__":
    main()
