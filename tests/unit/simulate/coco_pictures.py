"""A stimulus table as NSD has it, whose pictures are at known places of COCO."""

from __future__ import annotations

import numpy as np
import pandas as pd

from repalign.datasets.nsd_coco import SPLITS


def stimulus_rows(n_images: int, seed: int) -> pd.DataFrame:
    """Return a row an image: COCO ids and splits at random, squares cut from either side."""
    rng = np.random.default_rng(seed)
    half = rng.uniform(0, 0.15, n_images).round(4)
    crops = [f"(0, 0, {h}, {h})" if k % 3 else f"({h}, {h}, 0, 0)" for k, h in enumerate(half)]
    return pd.DataFrame(
        {
            "cocoId": np.sort(rng.choice(500_000, n_images, replace=False)) + 1,
            "cocoSplit": np.where(rng.random(n_images) < 0.8, *SPLITS),
            "cropBox": crops,
            "nsdId": range(n_images),
            "flagged": False,
            "BOLD5000": False,
            "shared1000": rng.random(n_images) < 0.5,
            "subject1": 1,
            "subject1_rep0": np.arange(1, n_images + 1),
        }
    )
