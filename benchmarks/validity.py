"""Report whether the statistics are valid: p-values, nulls, unbiased CKA; prints markdown tables.

Run it as ``python benchmarks/validity.py``; ``--quick`` only checks that everything runs. All
numbers are seeded. Simulated are 8 subjects with the session counts of NSD, whose nine trial sets
have seven sizes (at ``--trials`` 120: 120 to 72), and the statistic of the published table: the
mean over the 56 ordered pairs of the similarity of a region with itself, with the null that
`repalign.alignment.nulls.subject_null` computes for it.

Two kinds of null data
----------------------
*Simulated*: patterns of every subject are drawn independently, so that nothing is aligned.
"independent": trials are noise. "categorical": eight categories, whose labels are shuffled over
trials in every subject. "drifting": patterns follow a random walk over time in all subjects, so
trials are not exchangeable, but those that are compared are from different times. "repeated":
images are shown three times and evoke a pattern that is random in every subject. Trials of one
image are alike in all subjects, so trials are not exchangeable but images are.

*Relabelled*: RDMs of all subjects share a structure, and the observed value is itself a draw: one
permutation of trials, common to all pairs and restricted to each size, as in the independent
scheme. It shows what the cyclic scheme misses: correlation between sizes. "drifting" and
"categorical" are structures of the positions in the RDM (neighbours are alike), as if trials came
in the order of time. In the workflow they come in the order of images: "time", "category of the
image" and "same image" are structures of the trials in that order.

Intervals are Clopper-Pearson, 95 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from children import machine, table
from null_regions import (
    BY_TRIAL,
    RELABELLED,
    Maker,
    categorical,
    drifting,
    independent,
    observed,
    planted,
    repeated,
    simulated,
    structured,
    trial_sets,
)
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from repalign.alignment.draws import Draws
from repalign.alignment.nulls import PairClass, subject_null
from repalign.kernels.comparison import rsa
from repalign.kernels.gram import gram_vector
from repalign.kernels.moments import null_covariance
from repalign.kernels.nulls import square_rdms
from repalign.kernels.pvalues import permutation_pvalues

SCHEMES = ("independent", "cyclic")
LEVELS = (0.05, 0.01)

TABLES = ("false-positives", "schemes", "power", "moments", "design-effect", "cka")


def draws_of(scheme: str, seed: int, count: int, n_trials: int, unit: str = "trial") -> Draws:
    return Draws(scheme, unit, seed, count, n_trials, 3)


def pvalue(classes: list[PairClass], draws: Draws, value: float | None = None) -> float:
    """Two-sided p-value of a region, as in the published table."""
    value = observed(classes) if value is None else value
    return float(permutation_pvalues(np.array([value]), subject_null(classes, [0], draws)).p[0])


def pvalues(make: Maker, scheme: str, n_trials: int, n_regions: int, n_draws: int) -> np.ndarray:
    """P-values of regions that are simulated one after the other."""
    return np.array(
        [
            pvalue(simulated(make, n_trials, k), draws_of(scheme, k, n_draws, n_trials))
            for k in range(n_regions)
        ]
    )


def share(p: np.ndarray, level: float) -> tuple[float, float, float]:
    """Share of p-values at most `level`, with its 95 % interval."""
    hits = int(np.count_nonzero(p <= level * (1 + 1e-12)))
    interval = binomtest(hits, len(p)).proportion_ci(0.95)
    return hits / len(p), interval.low, interval.high


def rates(p: np.ndarray) -> list[str]:
    shares = [share(p, level) for level in LEVELS]
    return [f"{rate:.3f} ({low:.3f} to {high:.3f})" for rate, low, high in shares]


RATES = [f"rate at {level}" for level in LEVELS]


def unit_pvalues(how: str, n_trials: int, n_regions: int, n_draws: int) -> np.ndarray:
    """P-values of regions where images evoke what is random in every subject."""
    found = []
    for k in range(n_regions):
        regions = simulated(repeated, n_trials, k, drop="dropped" in how)
        if "images" in how:
            draws = draws_of("independent", k, n_draws, n_trials // 3, "image")
        else:
            draws = draws_of("cyclic", k, n_draws, n_trials)
        found.append(pvalue(regions, draws))
    return np.array(found)


UNITS = (
    "trials",
    "trials, same-image pairs dropped",
    "images",
    "images, same-image pairs dropped",
)


def null_data(n_trials: int, n_regions: int, n_draws: int) -> Iterator[list[str]]:
    """Yield false positive rates on simulated null regions."""
    for make, scheme in product((independent, categorical, drifting), SCHEMES):
        p = pvalues(make, scheme, n_trials, n_regions, n_draws)
        yield [make.__name__, scheme, *rates(p)]
    for how in UNITS:
        yield ["repeated", how, *rates(unit_pvalues(how, n_trials, n_regions, n_draws))]


def relabelled(kind: str, n_trials: int, n_sets: int, n_observed: int, n_draws: int):
    """Null draws of both schemes on structured RDMs, and p-values of relabelled observations.

    Returns
    -------
    ratio : float
        Standard deviation of the cyclic null over that of the independent one, mean over sets.
    p : dict
        P-values (n_sets * n_observed,) by scheme.
    """
    ratios, p = [], {scheme: [] for scheme in SCHEMES}
    for k in range(n_sets):
        classes = structured(kind, n_trials, k)
        truth = subject_null(
            classes, [0], draws_of("independent", 10_000 + k, n_observed, n_trials)
        )
        nulls = {}
        for scheme in SCHEMES:
            null = subject_null(classes, [0], draws_of(scheme, k, n_draws, n_trials))
            nulls[scheme] = null
            p[scheme] += [float(permutation_pvalues(value, null).p[0]) for value in truth]
        ratios.append(nulls["cyclic"].std() / nulls["independent"].std())
    return float(np.mean(ratios)), {scheme: np.array(found) for scheme, found in p.items()}


def schemes(n_trials: int, n_sets: int, n_observed: int, n_draws: int) -> Iterator[list[str]]:
    """Yield both schemes side by side."""
    for kind in RELABELLED + BY_TRIAL:
        ratio, p = relabelled(kind, n_trials, n_sets, n_observed, n_draws)
        for scheme in SCHEMES:
            yield [kind, scheme, f"{ratio:.3f}" if scheme == "cyclic" else "1", *rates(p[scheme])]


def power(n_trials: int, n_regions: int, n_draws: int) -> Iterator[list[str]]:
    """Yield the share of planted regions that are found in the cyclic scheme."""
    for strength in (0.0, 0.1, 0.2, 0.3, 0.4, 0.6):
        p = pvalues(planted(strength), "cyclic", n_trials, n_regions, n_draws)
        yield [f"{strength}", *rates(p)]


def moments(kind: str, scheme: str, n_trials: int, n_draws: int) -> tuple[float, float]:
    """Compare draws of one pair with closed forms: error of the mean in sd, and variance ratio."""
    classes = structured(kind, n_trials, 0)
    x, y = list(classes[0].x.values())[:2]
    matrices = [square_rdms(side.only[np.newaxis]) for side in (x, y)]
    mean, covariance = null_covariance(*matrices)
    draws = draws_of(scheme, 0, n_draws, n_trials)
    values = draws.products(matrices[0][0], matrices[1][0], classes[0].keys)
    sd = float(covariance[0, 0]) ** 0.5
    return float(values.mean() - mean[0]) / sd, float(values.var() / covariance[0, 0])


def design_effects(kind: str, n_trials: int, n_seeds: int, n_draws: int) -> list[float]:
    """Variance of tail shares of the aggregate over seeds, against independent draws."""
    classes = structured(kind, n_trials, 0)
    nulls = np.stack(
        [
            subject_null(classes, [0], draws_of("cyclic", seed, n_draws, n_trials))[:, 0]
            for seed in range(n_seeds)
        ]
    )
    found = []
    for level in LEVELS:
        shares = (nulls >= np.quantile(nulls, 1 - level)).mean(axis=1)
        found.append(float(shares.var(ddof=1) * n_draws / (level * (1 - level))))
    return found


def independent_cka(n_trials: int, n_voxels: int, repeats: int) -> np.ndarray:
    """Unbiased CKA of independent data (repeats,)."""
    rng = np.random.default_rng(5)
    values = []
    for _ in range(repeats):
        gram = [
            gram_vector(rng.standard_normal((n_trials, n_voxels), np.float32), None)
            for _ in range(2)
        ]
        values.append(float(rsa(*(one[np.newaxis] for one in gram))[0, 0]))
    return np.array(values)


def all_moments(n_trials: int, n_draws: int) -> Iterator[list[str]]:
    for kind, scheme in product(RELABELLED, SCHEMES):
        error, ratio = moments(kind, scheme, n_trials, n_draws)
        yield [kind, scheme, f"{error * n_draws**0.5:.2f}", f"{ratio:.3f}"]


def all_effects(n_trials: int, n_seeds: int) -> Iterator[list[str]]:
    for kind in RELABELLED:
        found = design_effects(kind, n_trials, n_seeds, 5 * n_trials)
        yield [kind, *[f"{effect:.2f}" for effect in found]]


def all_cka(repeats: int) -> Iterator[list[str]]:
    for n_trials, n_voxels in ((30, 200), (60, 1000)):
        values = independent_cka(n_trials, n_voxels, repeats)
        error = values.std(ddof=1) / len(values) ** 0.5
        yield [
            f"{n_trials} x {n_voxels}",
            f"{values.mean():.5f}",
            f"{error:.5f}",
            f"{values.mean() / error:.2f}",
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=120, help="of the largest set; 3 divides it")
    parser.add_argument("--regions", type=int, default=1000, help="simulated regions")
    parser.add_argument("--draws", type=int, default=199, help="a null; 1 more is a round number")
    parser.add_argument("--only", nargs="+", help="some tables, by name", choices=TABLES)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    options = parser.parse_args()
    n, regions, draws = options.trials, options.regions, options.draws
    sets, seeds, many, ckas = regions // 20, 100, 20_000, 1000
    if options.quick:
        n, regions, draws, sets, seeds, many, ckas = 60, 4, 19, 1, 4, 200, 20
    sizes = sorted({len(keys) for keys, *_ in trial_sets(n).values()}, reverse=True)
    print(f"{machine()}\n\n8 subjects; trial sets of {', '.join(map(str, sizes))} trials")
    found: dict[str, tuple[str, list[str], Callable[[], Iterator[list[str]]]]] = {
        "false-positives": (
            f"False positives, simulated; {regions} regions, {draws} draws",
            ["null data", "scheme", *RATES],
            lambda: null_data(n, regions, draws),
        ),
        "schemes": (
            f"False positives, relabelled; {sets} sets of RDMs x 20 observations, "
            f"{5 * draws + 4} draws",
            ["design", "scheme", "sd against independent", *RATES],
            lambda: schemes(n, sets, 20, 5 * draws + 4),
        ),
        "power": (
            f"Power, cyclic; {max(4, regions // 5)} regions",
            ["planted strength", *RATES],
            lambda: power(n, max(4, regions // 5), draws),
        ),
        "moments": (
            f"Moments of {many} draws of one pair against closed forms",
            ["design", "scheme", "mean: error in standard errors", "variance ratio"],
            lambda: all_moments(n, many),
        ),
        "design-effect": (
            f"Design effect of the cyclic scheme, aggregate; {seeds} seeds of {5 * n} draws",
            ["design", *[f"tail {level}" for level in LEVELS]],
            lambda: all_effects(n, seeds),
        ),
        "cka": (
            f"Unbiased CKA of independent data; {ckas} repeats",
            ["trials x voxels", "mean", "standard error", "in standard errors"],
            lambda: all_cka(ckas),
        ),
    }
    with threadpool_limits(1):
        for name in options.only or found:
            title, header, rows = found[name]
            print(f"\n{title}\n\n{table(header, [])}", flush=True)
            for row in rows():
                print(table(row, []).splitlines()[0], flush=True)


if __name__ == "__main__":
    main()
