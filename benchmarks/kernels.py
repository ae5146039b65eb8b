"""Measure the kernels against the matrix-product rate of the machine and plain alternatives.

Prints a markdown table. Every row times its contestants alternately, one call each in turn,
and takes medians, so that a change of clock rate or load hits all of them. Run it as
``python benchmarks/kernels.py``; ``--quick`` only checks that everything runs.

Conventions
-----------
GFLOP/s counts a multiply-add as two operations. An RDM of n trials and V voxels counts
n * n * V operations: half the full product, because its result is symmetric. Everything else
the kernel does (quantiles, clipping, centring, extraction, norm) counts nothing but takes its
time. The similarity of H RDMs with H others over N pairs counts 2 * H * H * N operations.
"% of GEMM" divides by the rate of a large square float32 product timed in the same turns.
With one thread, times are processor times, which other processes disturb less.
Peak memory is what a call allocates beyond its input, its result included.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import resource
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from threadpoolctl import threadpool_info, threadpool_limits

from repalign.kernels.comparison import rsa
from repalign.kernels.quantiles import clip_limits
from repalign.kernels.ranks import rank_rdm
from repalign.kernels.rdm import n_pairs, normalise_rdm, rdm_vector

Call = Callable[[], object]

HEADER = (
    "| kernel | ms | GFLOP/s | % of GEMM | peak MiB "
    "| alternative | its ms | times | its peak MiB |"
)


@dataclass(frozen=True)
class Row:
    """One measurement: a kernel, what it is compared with, and how many operations it counts."""

    name: str
    kernel: Call
    alternative: str
    other: Call
    operations: float = 0


def alternate(
    calls: Sequence[Call], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Median milliseconds of each call, all called once in every turn."""
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(repeats):
        for call, record in zip(calls, times, strict=True):
            start = clock()
            call()
            record.append(1e3 * (clock() - start))
    return [statistics.median(record) for record in times]


def peak_mib(call: Call) -> float:
    """Most memory that a call holds at once, in MiB; NumPy reports its arrays to tracemalloc."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def responses(n_trials: int, n_voxels: int, dtype: type = np.int16) -> np.ndarray:
    """Heavy-tailed responses (n_trials, n_voxels) of about the range of int16 betas."""
    rng = np.random.default_rng(n_trials + n_voxels)
    values = rng.standard_t(4, (n_trials, n_voxels)) * 600
    return values.round().clip(-32768, 32767).astype(dtype)


def naive_rdm(patterns: np.ndarray) -> np.ndarray:
    """Follow the textbook steps with whole-array NumPy calls, float32."""
    low, high = np.quantile(patterns, [0.003, 0.997])
    x = np.clip(patterns, low, high).astype(np.float32)
    x -= x.mean(axis=1, keepdims=True)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    z = (1 - x @ x.T)[np.triu_indices(len(x), 1)]
    z -= z.mean()
    return z / np.linalg.norm(z)


def naive_spearman(vector: np.ndarray) -> np.ndarray:
    return normalise_rdm(rankdata(vector), copy=False)


def rsatoolbox_pair(x: np.ndarray, y: np.ndarray) -> Call:
    """Correlation RDMs of two regions and their comparison, by rsatoolbox in float64."""
    import rsatoolbox

    def call() -> object:
        data = [rsatoolbox.data.Dataset(patterns.astype(np.float64)) for patterns in (x, y)]
        rdms = [rsatoolbox.rdm.calc_rdm(one, method="correlation") for one in data]
        return rsatoolbox.rdm.compare(*rdms, method="corr")

    return call


def own_pair(x: np.ndarray, y: np.ndarray, dtype: type) -> Call:
    def call() -> object:
        z = [rdm_vector(patterns, None, dtype)[np.newaxis] for patterns in (x, y)]
        return rsa(*z)

    return call


def quantile_rows(n: int, widths: Sequence[int]) -> Iterator[Row]:
    for v in widths:
        for dtype in (np.int16, np.float32, np.float64):
            x = responses(n, v, dtype)
            yield Row(
                f"clip limits, {n} x {v}, {dtype.__name__}",
                lambda x=x: clip_limits(x),
                "numpy.quantile",
                lambda x=x: np.quantile(x, [0.003, 0.997]),
            )


def rdm_rows(sizes: Sequence[tuple[int, int]]) -> Iterator[Row]:
    for n, v in sizes:
        x = responses(n, v)
        out = np.empty(n_pairs(n), np.float32)
        yield Row(
            f"RDM vector, n = {n}, V = {v}, int16",
            lambda x=x, out=out: rdm_vector(x, out=out),
            "whole-array NumPy",
            lambda x=x: naive_rdm(x),
            n * n * v,
        )


def rank_rows(n: int) -> Iterator[Row]:
    rng = np.random.default_rng(1)
    for dtype in (np.float32, np.float64):
        vector = (1 - 0.05 * rng.standard_normal(n_pairs(n))).astype(dtype)
        for ties in ("average", "ordinal"):
            yield Row(
                f"ranks, {vector.size:,} pairs, {ties}, {dtype.__name__}",
                lambda vector=vector, ties=ties: rank_rdm(vector, ties),
                "scipy.stats.rankdata",
                lambda vector=vector: naive_spearman(vector),
            )


def product_rows(n_rois: Sequence[int], pairs: int) -> Iterator[Row]:
    rng = np.random.default_rng(2)
    for h in n_rois:
        x = rng.standard_normal((h, pairs), dtype=np.float32)
        y = x[::-1].copy()
        for name, right in (("all regions x all regions", y), ("the same set twice", x)):
            yield Row(
                f"{name}, H = {h}, {pairs:,} pairs",
                lambda x=x, right=right: rsa(x, right),
                "one float32 product",
                lambda x=x, right=right: x @ right.T,
                2 * h * h * pairs,
            )


def rsatoolbox_rows(n: int, v: int) -> Iterator[Row]:
    x, y = responses(n, v), responses(n, v + 1)
    for dtype in (np.float32, np.float64):
        yield Row(
            f"two RDMs and their correlation, n = {n}, V = {v}, {dtype.__name__}",
            own_pair(x, y, dtype),
            "rsatoolbox",
            rsatoolbox_pair(x, y),
            2 * n * n * v,
        )


def groups(quick: bool) -> dict[str, Iterator[Row]]:
    """Rows by topic; generators, so that only the data of the current row exist."""
    if quick:
        return {
            "quantiles": quantile_rows(60, [50]),
            "rdm": rdm_rows([(60, 50)]),
            "ranks": rank_rows(60),
            "product": product_rows([8], 1024),
            "rsatoolbox": rsatoolbox_rows(40, 30),
        }
    return {
        "quantiles": quantile_rows(3000, [1000, 5000]),
        "rdm": rdm_rows([(900, 500), (3000, 500), (3000, 1000), (3000, 3000)]),
        "ranks": rank_rows(3000),
        # A sixteenth of the pairs of 3000 trials: all of them, for two sets, are 13 GB.
        "product": product_rows([180, 360, 1440], n_pairs(3000) // 16),
        "rsatoolbox": rsatoolbox_rows(900, 500),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="threads of the matrix products")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each row")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    parser.add_argument("--only", choices=groups(quick=True), help="one group of rows")
    arguments = parser.parse_args()
    side = 128 if arguments.quick else 2048
    a, b = np.random.default_rng(0).standard_normal((2, side, side)).astype(np.float32)
    rates = []
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    with threadpool_limits(arguments.threads):
        blas = {f"{one['internal_api']} {one.get('version')}" for one in threadpool_info()}
        print(
            f"{platform.machine()}, NumPy {np.__version__}, {', '.join(sorted(blas))}, "
            f"threads: {arguments.threads}, median of {arguments.repeats}\n\n{HEADER}"
        )
        print("|---" + "|--:" * 4 + "|---" + "|--:" * 3 + "|")
        chosen = groups(arguments.quick)
        if arguments.only:
            chosen = {arguments.only: chosen[arguments.only]}
        for row in itertools.chain.from_iterable(chosen.values()):
            calls = [lambda: a @ b, row.kernel, row.other]
            gemm, kernel, other = alternate(calls, arguments.repeats, clock)
            rate = 2e-6 * side**3 / gemm
            rates.append(rate)
            own = row.operations / kernel * 1e-6
            speed = f"{own:.1f} | {100 * own / rate:.0f}" if own else " | "
            print(
                f"| {row.name} | {kernel:.2f} | {speed} | {peak_mib(row.kernel):.1f} "
                f"| {row.alternative} | {other:.2f} | {other / kernel:.1f} "
                f"| {peak_mib(row.other):.1f} |",
                flush=True,
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\nGEMM, {side} x {side} float32: median {statistics.median(rates):.1f}, range "
        f"{min(rates):.1f} to {max(rates):.1f} GFLOP/s. Peak memory of the process: "
        f"{peak:.0f} MiB."
    )


if __name__ == "__main__":
    main()
