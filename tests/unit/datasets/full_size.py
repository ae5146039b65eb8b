"""A full-size design that satisfies every known fact of NSD, without any of its data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from repalign.datasets.nsd_facts import SESSIONS

# Shared images by (showings within 30 sessions, within 32 sessions).
SHARED_CLASSES = {
    (2, 3): 64, (1, 3): 21, (0, 3): 14, (2, 2): 187, (1, 2): 26, (0, 2): 0, (1, 1): 94,
    (0, 1): 9, (0, 0): 70, (3, 3): 515,
}  # fmt: skip
# The same for the images of one subject, chosen so that 70,566 images are seen in all.
OWN_CLASSES = {
    (3, 3): 5000, (2, 3): 1134, (2, 2): 2012 - 1134, (1, 1): 1288, (0, 1): 183,
    (0, 0): 700 - 183,
}  # fmt: skip


def full_order(seed: int = 0) -> np.ndarray:
    """Image position of each of the 30,000 trials; the first 1,000 positions are shared."""
    rng = np.random.default_rng(seed)
    windows: tuple[list[int], ...] = ([], [], [])
    position = 0
    for classes in (SHARED_CLASSES, OWN_CLASSES):
        for (in_30, in_32), count in classes.items():
            for _ in range(count):
                for window, n in zip(windows, (in_30, in_32 - in_30, 3 - in_32), strict=True):
                    window.extend([position] * n)
                position += 1
    assert [len(window) for window in windows] == [22_500, 1_500, 6_000]
    return np.concatenate([rng.permutation(window) for window in windows])


def full_trials() -> pd.DataFrame:
    order = full_order()
    repetition = pd.Series(order).groupby(order).cumcount().to_numpy()
    parts = []
    for subject, n_sessions in SESSIONS.items():
        n = n_sessions * 750
        own = order[:n]
        parts.append(
            pd.DataFrame(
                {
                    "subject": np.uint8(subject),
                    "trial": np.arange(n, dtype=np.uint16),
                    "session": (np.arange(n) // 750 + 1).astype(np.uint8),
                    "stimulus": (own + np.where(own < 1000, 0, 9000 * (subject - 1))).astype("u4"),
                    "repetition": repetition[:n].astype(np.uint8),
                    "shared": own < 1000,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
