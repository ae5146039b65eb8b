"""Measure permutation nulls: time of a draw, and what the draws of a cyclic set are worth.

Prints markdown tables. Run it as ``python benchmarks/permutations.py``; ``--quick`` only checks
that everything runs, ``--study`` prints the study of the two schemes instead of times.

Times
-----
Milliseconds of one draw of one region, 1 BLAS thread, medians over turns in which all contestants
run alternately. The *flat gather* is the published way: an index of all n (n - 1) / 2 pairs,
built once a draw for all regions (its time is left out), gathers the condensed RDM, then a dot
product; with PyTorch if it is installed. The *cyclic* time is that of a whole set, both
transforms included, divided by its n draws.

Study
-----
*Design effect*: variance, over sets, of the share of draws beyond a Pearson type III quantile,
divided by the variance that as many independent draws would have. One statistic is a pair of
RDMs; *pooled* is the mean over the ordered pairs of four subjects; *two sizes* is the mean of
statistics at two sizes, the smaller one being the first trials of the larger, with the cyclic
sets of each size indexed alike. *Standard deviation* compares the null of that mean in both
schemes with the root of the sum of exact variances, which holds for uncorrelated sizes.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from repalign.kernels.cyclic import cyclic_products
from repalign.kernels.moments import null_covariance, null_moments, pearson3_upper_tail
from repalign.kernels.nulls import (
    INTERLEAVED,
    interleave,
    permuted_products,
    pooled_products,
    square_rdms,
)
from repalign.kernels.permutations import (
    independent_permutation,
    independent_permutations,
    relabelings,
    restrict,
)
from repalign.kernels.rdm import n_pairs, normalise_rdm

try:
    import torch
except ImportError:
    torch = None

Call = Callable[[], object]

DESIGNS = ("independent", "drifting", "categorical")
LEVELS = (0.05, 0.01, 0.001)


def alternate(contests: Sequence[tuple[Call, int]], repeats: int) -> list[float]:
    """Median milliseconds of each call, divided by what it counts; all called in every turn."""
    times: list[list[float]] = [[] for _ in contests]
    for call, _ in contests:
        call()
    for _ in range(repeats):
        for (call, count), record in zip(contests, times, strict=True):
            start = time.perf_counter()
            call()
            record.append(1e3 * (time.perf_counter() - start) / count)
    return [statistics.median(record) for record in times]


def flat_index(permutation: np.ndarray) -> np.ndarray:
    """Position in the condensed RDM of every pair of the permuted one."""
    n = len(permutation)
    low, high = np.triu_indices(n, 1)
    a, b = permutation[low], permutation[high]
    low, high = np.minimum(a, b), np.maximum(a, b)
    return n_pairs(n) - (n - low) * (n - low - 1) // 2 + (high - low - 1)


def matrix_gather(x: np.ndarray, y: np.ndarray, pi: np.ndarray) -> float:
    """Plain matrix form: rows, then columns, then the product of whole matrices."""
    return 0.5 * float(np.vdot(x, np.take(y[pi], pi, axis=1)))


def times(n: int, n_draws: int, repeats: int) -> Iterator[str]:
    rng = np.random.default_rng(n)
    vectors = rng.standard_normal((2, INTERLEAVED, n_pairs(n)), np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    x, y = vectors
    x_mixed, y_mixed = interleave(x), interleave(y)
    (x_square,), (y_square,) = square_rdms(x[:1]), square_rdms(y[:1])
    x_one, y_one = x_square[..., np.newaxis], y_square[..., np.newaxis]
    draws = independent_permutations(0, 0, n_draws, n)
    index = flat_index(draws[0])
    tau, sigma = relabelings(0, 0, n)
    contests: dict[str, tuple[Call, int]] = {
        "flat gather, NumPy": (lambda: x[0] @ y[0][index], 1),
        "matrix gather, NumPy": (lambda: matrix_gather(x_square, y_square, draws[0]), 1),
        "matrix form, 1 region": (lambda: permuted_products(x_one, y_one, draws), n_draws),
        f"matrix form, {INTERLEAVED} regions": (
            lambda: permuted_products(x_mixed, y_mixed, draws),
            n_draws * INTERLEAVED,
        ),
        "cyclic": (lambda: cyclic_products(x_square, y_square, tau, sigma), n),
    }
    if torch is not None:
        torch.set_num_threads(1)
        tensors = [torch.from_numpy(a) for a in (x[0], y[0], index)]
        contests["flat gather, PyTorch"] = (
            lambda: float(tensors[0] @ tensors[1][tensors[2]]),
            1,
        )
    medians = alternate(list(contests.values()), repeats)
    for name, median in zip(contests, medians, strict=True):
        yield f"| {n} | {name} | {median:.4f} | {medians[0] / median:.1f} |"


def design(kind: str, n: int, n_rdms: int, seed: int) -> np.ndarray:
    """Draw unit RDMs (n_rdms, n_pairs) that share a structure over trials, plus noise."""
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(n, 1)
    position = np.arange(n) / n
    category = np.arange(n) * 8 // n
    structure = {
        "independent": np.zeros(low.size),
        "drifting": position[high] - position[low],
        "categorical": (category[low] != category[high]).astype(float),
    }[kind]
    noise = rng.standard_normal((n_rdms, low.size))
    return np.array([normalise_rdm(structure + 0.3 * one) for one in noise])


def quantile(mean: float, variance: float, skewness: float, level: float) -> float:
    """Upper quantile of the Pearson type III law, by bisection."""
    low, high = mean, mean + 50 * variance**0.5
    for _ in range(60):
        middle = (low + high) / 2
        tail = pearson3_upper_tail(middle, (mean, variance, skewness))
        low, high = (middle, high) if tail > level else (low, middle)
    return high


def effects(values: np.ndarray, bounds: Sequence[float], per_set: int) -> str:
    """Tail share and design effect at each bound of draws (n_sets, per_set)."""
    cells = []
    for bound in bounds:
        shares = (values >= bound).mean(axis=1)
        p = shares.mean()
        effect = shares.var(ddof=1) * per_set / (p * (1 - p)) if p > 0 else np.nan
        cells.append(f"{p:.5f} ({effect:.2f})")
    return " | ".join(cells)


def study(n: int, n_sets: int) -> Iterator[str]:
    yield f"\nTail shares and, in brackets, design effects; {n_sets} sets, n = {n}\n"
    yield "| design | statistic, draws | " + " | ".join(map(str, LEVELS)) + " |"
    yield "|---|---|" + "---|" * len(LEVELS)
    for kind in DESIGNS:
        vectors = design(kind, n, 4, 1)
        rdms = square_rdms(vectors.astype(np.float32))
        x, y = rdms[:2]
        moments = null_moments(x, y)
        bounds = [quantile(*moments, level) for level in LEVELS]
        orders = [relabelings(1, k, n) for k in range(n_sets)]
        cyclic = np.array([cyclic_products(x, y, *order) for order in orders])
        yield f"| {kind} | one pair, cyclic | {effects(cyclic, bounds, n)} |"
        fixed = np.arange(n)
        bare = np.array([cyclic_products(x, y, fixed, order[1]) for order in orders])
        yield f"| {kind} | one pair, cyclic without tau | {effects(bare, bounds, n)} |"
        few = min(n_sets * n, 4000)
        draws = independent_permutations(1, 0, few, n)
        one = permuted_products(x[..., np.newaxis], y[..., np.newaxis], draws).reshape(-1, 1)
        shares = " | ".join(f"{(one >= bound).mean():.5f}" for bound in bounds)
        yield f"| {kind} | one pair, {few} independent | {shares} |"
        yield from pooled_study(kind, rdms, orders)


def pooled_study(kind: str, rdms: np.ndarray, orders: Sequence) -> Iterator[str]:
    """Design effects of the mean over ordered pairs of subjects, against its own quantiles."""
    n = rdms.shape[-1]
    subjects = dict(enumerate(rdms))
    pooled = np.array(
        [
            pooled_products(subjects, subjects, lambda a, b, o=order: cyclic_products(a, b, *o))
            for order in orders
        ]
    )
    stack = np.concatenate((rdms.sum(axis=0, keepdims=True), rdms))
    _, covariance = null_covariance(stack, stack)
    weights = np.array([1] + [-1] * len(rdms)) / (len(rdms) * (len(rdms) - 1))
    exact = (weights @ covariance @ weights) ** 0.5
    bounds = [float(np.quantile(pooled, 1 - level)) for level in LEVELS]
    yield f"| {kind} | pooled, cyclic; sd {pooled.std() / exact:.3f} of exact | " + (
        f"{effects(pooled, bounds, n)} |"
    )


def sizes_study(n: int, n_draws: int) -> Iterator[str]:
    """Null of a mean over two sizes: restricted independent draws against cyclic sets."""
    small = round(0.79 * n)
    yield f"\nNull standard deviation of a mean over {n} and {small} trials; {n_draws} draws\n"
    yield "| design | uncorrelated sizes | independent | its correlation | cyclic | correlation |"
    yield "|---|---|---|---|---|---|"
    for kind in DESIGNS:
        large = square_rdms(design(kind, n, 2, 1))
        first = square_rdms(design(kind, n, 2, 2))[:, :small, :small]
        rdms = {n: large, small: np.ascontiguousarray(first)}
        variances = [null_covariance(m[:1], m[1:])[1][0, 0] for m in rdms.values()]
        values: dict[str, list[np.ndarray]] = {"independent": [], "cyclic": []}
        whole = [independent_permutation(2, index, n) for index in range(n_draws)]
        for size, (x, y) in rdms.items():
            draws = np.array([restrict(permutation, size) for permutation in whole])
            stacks = [np.ascontiguousarray(m[..., np.newaxis]) for m in (x, y)]
            values["independent"].append(permuted_products(*stacks, draws)[:, 0])
            sets = range(-(-n_draws // size))
            products = [cyclic_products(x, y, *relabelings(2, k, size)) for k in sets]
            values["cyclic"].append(np.concatenate(products)[:n_draws])
        cells = [f"{np.sqrt(sum(variances)) / 2:.2e}"]
        for pair in values.values():
            cells += [f"{np.mean(pair, axis=0).std():.2e}", f"{np.corrcoef(*pair)[0, 1]:.2f}"]
        yield f"| {kind} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes: only check that it runs")
    parser.add_argument("--study", action="store_true", help="design effects instead of times")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of trials")
    parser.add_argument("--repeats", type=int, default=5, help="turns of the times")
    parser.add_argument("--sets", type=int, default=300, help="cyclic sets of the study")
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, NumPy {np.__version__}, 1 BLAS thread")
    with threadpool_limits(1):
        if options.study:
            for n in options.sizes or ([30] if options.quick else [120, 515]):
                for line in study(n, 20 if options.quick else options.sets):
                    print(line, flush=True)
                for line in sizes_study(n, 200 if options.quick else 2000):
                    print(line, flush=True)
            return
        print("\n| n | method | ms a draw and region | times faster than the flat gather |")
        print("|---|---|---|---|")
        for n in options.sizes or ([60] if options.quick else [515, 1545, 3000]):
            draws, repeats = (2, 1) if options.quick else (16, options.repeats)
            for line in times(n, draws, repeats):
                print(line, flush=True)


if __name__ == "__main__":
    main()
