"""Kernel multi-view CCA of eight subjects: our solver against mvlearn's, and a whole region.

Views are three latents in random directions plus noise. Prints a markdown table of processor
times, medians of alternating turns. Without mvlearn ours runs alone, and the benchmark says so.
Run it as ``python benchmarks/mcca.py``; ``--quick`` only checks that everything runs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import types
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from repalign.kernels.mcca import fit_mcca
from repalign.kernels.mcca_folds import heldout_correlation
from repalign.kernels.views import decompose, linear_gram

KAPPA = 0.9
N_COMPONENTS = 3


def views(n_views: int, n_images: int, n_voxels: int) -> list[np.ndarray]:
    """Patterns of each view, (n_images, n_voxels)."""
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(n_images, 3))
    return [
        latents @ rng.normal(size=(3, n_voxels)) + 4 * rng.normal(size=(n_images, n_voxels))
        for _ in range(n_views)
    ]


def mvlearns_kmcca() -> type | None:
    """Return mvlearn's class, mended for a scikit-learn that is newer; None where it is not."""
    # It imports seaborn for plots that are not drawn here.
    sys.modules.setdefault("seaborn", types.ModuleType("seaborn"))
    try:
        from mvlearn.compose import SimpleSplitter
        from mvlearn.embed import KMCCA
        from sklearn.utils import Tags, TargetTags
    except ImportError:
        return None
    tags = Tags(estimator_type=None, target_tags=TargetTags(required=False))
    SimpleSplitter.__sklearn_tags__ = lambda _: tags
    found: type = KMCCA
    return found


def timed(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median processor seconds of each call, taken in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.process_time()
            call()
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main(n_views: int, n_images: int, n_voxels: int, repeats: int) -> None:
    """Measure and print."""
    patterns = views(n_views, n_images, n_voxels)
    grams = [linear_gram(x)[0] for x in patterns]
    rows = [np.arange(n_images)] * n_views
    choices = {"regularisation": KAPPA, "n_components": N_COMPONENTS}

    def ours(*, scaled: bool) -> object:
        parts = [decompose(x @ x.T, scaled=scaled) for x in patterns]
        return fit_mcca(parts, n_images, **choices)

    calls: dict[str, Callable[[], object]] = {
        "ours, from patterns": lambda: ours(scaled=True),
        "ours, kernels not scaled": lambda: ours(scaled=False),
        "ours, 5 folds held out": lambda: heldout_correlation(grams, rows, n_images, **choices),
    }
    kmcca = mvlearns_kmcca()
    if kmcca is None:
        print("mvlearn is not installed: ours alone")
    else:
        calls["mvlearn, kernels not scaled"] = lambda: kmcca(
            n_components=N_COMPONENTS, regs=KAPPA, kernel="linear", center=True
        ).fit_transform(patterns)
    print(f"{n_views} views x {n_images} images x {n_voxels} voxels, median of {repeats}\n")
    print("| job | processor s |\n|---|--:|")
    for name, seconds in timed(calls, repeats).items():
        print(f"| {name} | {seconds:.2f} |")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="only check that everything runs")
    size = (3, 30, 40, 1) if options.parse_args().quick else (8, 515, 2000, 3)
    with threadpool_limits(1):
        main(*size)
