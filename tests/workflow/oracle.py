"""The published procedures written out in float64, from prepared responses and users' files."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform

RAW = "resources/simulated/nsd"
CLIP = 0.003


def clipped(x: np.ndarray) -> np.ndarray:
    low, high = np.quantile(x, [CLIP, 1 - CLIP])
    return np.clip(x, low, high)


def rdm(x: np.ndarray) -> np.ndarray:
    """Correlation distances (n_pairs,) between the rows of clipped patterns."""
    return pdist(clipped(x.astype(np.float64)), "correlation")


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def residual(vector: np.ndarray, control: np.ndarray) -> np.ndarray:
    """What a least-squares regression on a control, with intercept, leaves."""
    design = np.column_stack([np.ones_like(control), control])
    return vector - design @ np.linalg.lstsq(design, vector, rcond=None)[0]


def unit(vector: np.ndarray) -> np.ndarray:
    centred = vector - vector.mean()
    return centred / np.linalg.norm(centred)


def unbiased_hsic(k: np.ndarray, m: np.ndarray) -> float:
    """The estimator of Song et al. (2012), as in textbooks."""
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    one = np.ones(n)
    total = np.trace(k @ m) + one @ k @ one * (one @ m @ one) / ((n - 1) * (n - 2))
    return float((total - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3)))


def unbiased_cka(x: np.ndarray, y: np.ndarray) -> float:
    x, y = (clipped(v.astype(np.float64)) for v in (x, y))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    k, m = x @ x.T, y @ y.T
    return unbiased_hsic(k, m) / np.sqrt(unbiased_hsic(k, k) * unbiased_hsic(m, m))


def permuted_product(x: np.ndarray, y: np.ndarray, permutation: np.ndarray) -> float:
    """<x, P y> of RDM vectors."""
    matrix = squareform(unit(y), checks=False)[permutation][:, permutation]
    return float(unit(x) @ squareform(matrix, checks=False))


class Oracle:
    """Reads a finished project, of one dataset."""

    def __init__(self, root: Path, dataset: str = "nsd") -> None:
        self.root = root
        self.prepared = root / f"results/{dataset}/prepared"
        self.raw = root / f"resources/simulated/{dataset}"
        self.image = {"nsd": "nsd_id", "bold5000": "bold_position", "things": "things_id"}[dataset]

    @cached_property
    def trials(self) -> pd.DataFrame:
        return pd.read_parquet(self.prepared / "trials.parquet")

    @cached_property
    def stimuli(self) -> pd.DataFrame:
        return pd.read_parquet(self.prepared / "stimuli.parquet")

    def patterns(self, subject: int, roi: int, rows: np.ndarray, *, joined: bool) -> np.ndarray:
        folder = self.prepared / f"responses/sub-{subject:02d}"
        members = [roi, roi + 180] if joined else [roi]
        return np.hstack([np.load(folder / f"roi-{m:03d}.npy")[rows] for m in members])

    def session(self, subject: int, session: int, subset: str = "all") -> pd.DataFrame:
        own = self.trials.query("subject == @subject and session == @session")
        return self.chosen(own, subset).sort_values("trial")

    def chosen(self, trials: pd.DataFrame, subset: str) -> pd.DataFrame:
        """Trials that show images of a subset."""
        if subset == "all":
            return trials
        names = self.stimuli.set_index("stimulus")["subset"]
        return trials[trials["stimulus"].map(names) == subset]

    def in_session(self, i: int, j: int, session: int, subset: str = "all") -> pd.DataFrame:
        """Trials `trial_x` of a session of i and `trial_y` of j that show the same image as often
        before, to whomever else it is shown."""
        names = ["stimulus", "repetition", "trial"]
        own = self.session(i, session, subset)[names].astype(np.int64)
        other = self.trials.query("subject == @j")[names].astype(np.int64)
        return own.merge(other, on=["stimulus", "repetition"])

    def shared(self, subject: int) -> pd.DataFrame:
        own = self.trials.query("subject == @subject and shared").sort_values("trial")
        return own[["stimulus", "repetition", "trial"]].astype(np.int64)

    def matched(self, i: int, j: int, shift: int, count: int = 3) -> pd.DataFrame:
        """Trials `trial_x` of i and `trial_y` of j: rep_j = (rep_i - shift) mod count."""
        other = self.shared(j).assign(repetition=lambda t: (t["repetition"] + shift) % count)
        return self.shared(i).merge(other, on=["stimulus", "repetition"])

    def features(self, model: str, layer: int, stimuli: np.ndarray) -> np.ndarray:
        with h5py.File(self.raw / f"features/{model}.h5") as file:
            place = {stimulus: k for k, stimulus in enumerate(file["ids"][()].tolist())}
            values = file[f"layers/{layer:03d}"][()].astype(np.float64)
        return values[[place[stimulus] for stimulus in np.asarray(stimuli).tolist()]]

    def control(self, name: str, stimuli: np.ndarray) -> np.ndarray:
        path = self.raw / f"control_matrices/control_{name}.parquet"
        table = pd.read_parquet(path).set_index(self.image)
        return pdist(table.loc[stimuli].to_numpy(np.float64))
