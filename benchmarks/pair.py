"""Measure inter-subject RSA of one pair at full size: RDMs, ranks and comparison as scripts.

Makes prepared responses of one subject (heavy-tailed int16 noise, region sizes log-normal
between 300 and 9,000 voxels, half a million voxels in all) and runs the workflow's own scripts:
``compute_rdms.py`` for both sides, ``rank_rdms.py`` for both, ``compare_rdms.py``. Both subjects
read the same responses, matched at shift 1, so that their RDMs differ. Run it as
``python benchmarks/pair.py``; ``--quick`` only checks that everything runs.

Conventions
-----------
Every contestant is a process of its own: its start, its imports and its output files count. Peak
memory is the largest resident set, which includes pages of mapped files that the system may take
back at any time; "own" is what the process allocated itself. Operations: n * n * V for an RDM
of n trials and V voxels, 2 * H * H * N for the comparison of H regions over N pairs. "% of GEMM"
divides them, over the whole time of the process, by the rate of a large square float32 product.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from children import (
    Usage,
    apart,
    folder_bytes,
    forget,
    gemm_gflops,
    machine,
    measure,
    middle,
    script,
    table,
)

N_AREAS = 180
MEAN_VOXELS = 500_000 / (2 * N_AREAS)


@dataclass(frozen=True)
class Layout:
    """Where the prepared data of the pair are, and how large they are."""

    folder: Path
    voxels: dict[int, int]
    n_trials: int

    @property
    def n_pairs(self) -> int:
        """Length of an RDM vector."""
        return self.n_trials * (self.n_trials - 1) // 2

    def groups(self, hemispheres: str) -> list[int]:
        """Voxels of each region that is compared."""
        if hemispheres == "separated":
            return list(self.voxels.values())
        areas = sorted({(roi - 1) % N_AREAS + 1 for roi in self.voxels})
        return [self.voxels[area] + self.voxels[area + N_AREAS] for area in areas]


def region_sizes(n_regions: int, mean: float) -> dict[int, int]:
    """Voxels of the first areas of both hemispheres, by region id."""
    import numpy as np

    areas = np.arange(1, n_regions // 2 + 1)
    sizes = np.random.default_rng(0).lognormal(sigma=0.7, size=2 * areas.size)
    scaled = np.clip(sizes * mean / sizes.mean(), 0.2 * mean, 6.5 * mean)
    whole = np.rint(scaled * mean / scaled.mean()).astype(int)
    return dict(zip([*areas.tolist(), *(areas + N_AREAS).tolist()], whole.tolist(), strict=True))


def make_data(folder: Path, voxels: dict[int, int], n_trials: int, n_rows: int) -> None:
    """Write responses of `n_rows` trials, `n_trials` of them shared by both subjects."""
    import numpy as np
    import pandas as pd

    from repalign.datasets.response_folder import (
        quality_table,
        write_npy_header,
        write_quality_table,
    )

    responses = folder / "responses" / "sub-01"
    responses.mkdir(parents=True)
    rng = np.random.default_rng(1)
    series = (rng.standard_t(4, 2**24) * 600).round().clip(-32768, 32767).astype(np.int16)
    for roi, n_voxels in voxels.items():
        with (responses / f"roi-{roi:03d}.npy").open("wb") as file:
            write_npy_header(file, (n_rows, n_voxels), series.dtype)
            for start in rng.integers(0, series.size - n_voxels, n_rows).tolist():
                file.write(series[start : start + n_voxels].data)
    quality = quality_table(list(voxels), list(voxels.values()), [0] * len(voxels))
    write_quality_table(responses, quality)
    (folder / "responses" / "sub-02").symlink_to("sub-01")
    _trials(n_trials, n_rows).to_parquet(folder / "trials.parquet")
    names = pd.DataFrame({"roi": list(voxels)})
    names["name"] = "area " + ((names["roi"] - 1) % N_AREAS + 1).astype(str)
    names["hemisphere"] = np.where(names["roi"] > N_AREAS, "rh", "lh")
    names["area"] = "none"
    names.to_csv(folder / "regions.tsv", sep="\t", index=False)


def _trials(n_trials: int, n_rows: int):
    """Shared trials at random rows, each image three times; the order is common, as in NSD."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(2)
    shared = np.zeros(n_rows, dtype=bool)
    shared[rng.choice(n_rows, n_trials, replace=False)] = True
    stimulus = np.empty(n_rows, dtype=np.int64)
    stimulus[shared] = rng.permutation(np.repeat(np.arange(n_trials // 3), 3))
    stimulus[~shared] = n_trials + np.arange(n_rows - n_trials)
    one = pd.DataFrame(
        {
            "trial": np.arange(n_rows),
            "session": np.arange(n_rows) * 40 // n_rows + 1,
            "stimulus": stimulus,
            "shared": shared,
        }
    )
    one["repetition"] = one.groupby("stimulus").cumcount()
    return pd.concat([one.assign(subject=subject) for subject in (1, 2)], ignore_index=True)


def compute(layout: Layout, hemispheres: str, role: str) -> list[str]:
    subject = 1 if role == "x" else 2
    return script(
        "compute_rdms",
        responses=layout.folder / "responses" / f"sub-{subject:02d}",
        trials=layout.folder / "trials.parquet",
        regions=layout.folder / "regions.tsv",
        subject=subject,
        partner=3 - subject,
        role=role,
        shift=1,
        hemispheres=hemispheres,
        threads=1,
        output=layout.folder / role,
    )


def rank(layout: Layout, role: str) -> list[str]:
    ranked = layout.folder / f"{role}_ranked"
    return script("rank_rdms", rdms=layout.folder / role, threads=1, output=ranked)


def compare(layout: Layout, hemispheres: str, suffix: str = "") -> list[str]:
    return script(
        "compare_rdms",
        x=layout.folder / f"x{suffix}",
        y=layout.folder / f"y{suffix}",
        subject_i=1,
        subject_j=2,
        shift=1,
        hemispheres=hemispheres,
        threads=1,
        output=layout.folder / f"pair{suffix}.parquet",
    )


def naive(folder: Path, hemispheres: str) -> None:
    """Do the same in memory: whole-array NumPy, two matrices of all RDMs, one product."""
    import numpy as np
    import pandas as pd
    from kernels import naive_rdm

    from repalign.datasets.matching import match_trials
    from repalign.datasets.response_folder import read_trials
    from repalign.tables.prepared import read_regions, roi_groups

    trials = pd.read_parquet(folder / "trials.parquet")
    sides = [trials[trials["subject"] == subject] for subject in (1, 2)]
    *rows, _ = match_trials(*sides, 1)
    groups = roi_groups(read_regions(folder / "regions.tsv"), joined=hemispheres == "joined")
    n_trials = len(rows[0])
    matrices = []
    for subject, chosen in enumerate(rows, start=1):
        matrix = np.empty((len(groups), n_trials * (n_trials - 1) // 2), np.float32)
        for row, columns in zip(matrix, groups.values(), strict=True):
            row[:] = naive_rdm(
                read_trials(folder / "responses" / f"sub-{subject:02d}", columns, chosen)
            )
        matrices.append(matrix)
    x, y = matrices
    np.save(folder / "naive.npy", x @ y.T)


def largest_difference(folder: Path) -> float:
    """Largest difference between our similarities and those of the naive way."""
    import numpy as np
    import pandas as pd

    other = np.load(folder / "naive.npy")
    own = pd.read_parquet(folder / "pair.parquet")
    values = own.select_dtypes("floating").iloc[:, -1].to_numpy().reshape(other.shape)
    return float(np.abs(values - other).max())


@contextmanager
def data(options: argparse.Namespace, n_rows: int, n_regions: int) -> Iterator[Layout]:
    """Make the data of one part in a temporary folder and delete them afterwards."""
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        voxels = apart(region_sizes, n_regions, options.mean_voxels)
        apart(make_data, Path(name), voxels, options.trials, n_rows)
        yield Layout(Path(name), voxels, options.trials)


def figures(usage: Usage) -> list[str]:
    """Return the cells of a table that every process has."""
    return [
        f"{usage.wall:.1f}",
        f"{usage.cpu:.1f}",
        f"{usage.peak_mib:,.0f}",
        f"{usage.own_mib:,.0f}",
    ]


def step_row(name: str, usage: Usage, output: int, operations: float, rate: float) -> list[str]:
    own = operations / usage.wall * 1e-9
    speed = [f"{own:.0f}", f"{100 * own / rate:.0f}"] if operations else ["", ""]
    return [name, *figures(usage), f"{output / 1e9:.2f}", *speed]


HEADER = ["job", "s", "processor s", "peak MiB", "own MiB", "output GB", "GFLOP/s", "% of GEMM"]


def whole_pair(layout: Layout, hemispheres: str, with_ranks: bool) -> None:
    """Run every script of a pair once and print what each used."""
    widths = layout.groups(hemispheres)
    rdm = layout.n_trials**2 * sum(widths)
    product = 2 * len(widths) ** 2 * layout.n_pairs
    before = apart(gemm_gflops)
    steps = [
        ("RDMs of subject i", compute(layout, hemispheres, "x"), "x", rdm),
        ("RDMs of subject j", compute(layout, hemispheres, "y"), "y", rdm),
        ("comparison, Pearson", compare(layout, hemispheres), "pair.parquet", product),
    ]
    if with_ranks:
        compare_ranks = compare(layout, hemispheres, "_ranked")
        steps += [
            ("ranks of subject i", rank(layout, "x"), "x_ranked", 0),
            ("ranks of subject j", rank(layout, "y"), "y_ranked", 0),
            ("comparison, Spearman", compare_ranks, "pair_ranked.parquet", product),
        ]
    used = [measure(command) for _, command, _, _ in steps]
    rate = (before + apart(gemm_gflops)) / 2
    rows = [
        step_row(name, usage, folder_bytes(layout.folder / made), operations, rate)
        for (name, _, made, operations), usage in zip(steps, used, strict=True)
    ]
    pearson, peak = sum(u.wall for u in used[:3]), max(u.peak_mib for u in used)
    print(
        f"\n{hemispheres}: {len(widths)} regions of {min(widths):,} to {max(widths):,} voxels, "
        f"{layout.n_trials} trials, {layout.n_pairs:,} pairs. GEMM: {rate:.0f} GFLOP/s.\n\n"
        f"{table(HEADER, rows)}\n\n"
        f"Pearson {pearson:.0f} s"
        + (f", Spearman besides {sum(u.wall for u in used[3:]):.0f} s" if with_ranks else "")
        + f". Peak {peak / 1024:.2f} GiB; both matrices of RDMs in memory would be "
        f"{2 * 4 * len(widths) * layout.n_pairs / 2**30:.1f} GiB.",
        flush=True,
    )
    for made in ("x", "y", "x_ranked", "y_ranked"):
        shutil.rmtree(layout.folder / made, ignore_errors=True)


def against_naive(layout: Layout, turns: int) -> None:
    """Alternate our scripts and plain NumPy on a few regions and print both."""
    steps = [compute(layout, "separated", "x"), compute(layout, "separated", "y")]
    steps.append(compare(layout, "separated"))
    other = [sys.executable, __file__, "--naive", str(layout.folder)]
    ours, theirs = [], []
    for _ in range(turns):
        used = [measure(command) for command in steps]
        ours.append(
            Usage(
                sum(u.wall for u in used),
                sum(u.cpu for u in used),
                max(u.peak_mib for u in used),
                max(u.own_mib for u in used),
                sum(u.read for u in used),
            )
        )
        theirs.append(measure(other))
    own, plain = middle(ours), middle(theirs)
    rows = [["our three scripts", *figures(own)], ["whole-array NumPy", *figures(plain)]]
    n_regions = len(layout.voxels)
    print(
        f"\nseparated, {n_regions} regions, both sides and their comparison, median of {turns} "
        f"turns\n\n{table(HEADER[:5], rows)}\n\nWhole-array NumPy takes "
        f"{plain.wall / own.wall:.1f} times as long, {plain.wall / (2 * n_regions):.2f} s an RDM. "
        f"Largest difference of a similarity: {apart(largest_difference, layout.folder):.1e}.",
        flush=True,
    )


def row_spread(options: argparse.Namespace) -> None:
    """Compute the same RDMs from responses of few and of all trials, and print both.

    The files are dropped from the system's cache before each run: the responses of a subject of
    NSD (30 GB) do not stay there.
    """
    rows = []
    contestants = {"shared trials only": 1, "one trial in ten is shared": 10}
    for name, factor in contestants.items():
        with data(options, factor * options.trials, options.few_regions) as layout:
            responses = layout.folder / "responses" / "sub-01"
            used = []
            for _ in range(options.turns):
                forget(responses)
                used.append(measure(compute(layout, "separated", "x")))
            usage, size = middle(used), folder_bytes(responses) / 1e9
        rows.append([name, *figures(usage), f"{size:.2f}", f"{usage.read / 1e9:.2f}"])
    print(
        f"\nRDMs of {options.few_regions} separated regions, their responses not in the "
        f"cache\n\n{table(['responses', *HEADER[1:5], 'GB', 'GB read'], rows)}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where temporary data go (30 GB free)")
    parser.add_argument("--trials", type=int, default=3000, help="matched; a multiple of 3")
    parser.add_argument("--rows", type=int, default=4500, help="trials in the responses")
    parser.add_argument("--regions", type=int, default=360, help="both hemispheres; even")
    parser.add_argument("--few-regions", type=int, default=24, help="against NumPy; even")
    parser.add_argument("--turns", type=int, default=3, help="against NumPy")
    parser.add_argument("--no-ranks", action="store_true", help="leave Spearman out")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    parser.add_argument("--naive", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.naive:
        naive(options.naive, "separated")
        return
    options.mean_voxels = MEAN_VOXELS
    if options.quick:
        options.trials, options.rows, options.mean_voxels = 30, 45, 20
        options.regions = options.few_regions = 4
        options.turns = 1
    print(machine(), flush=True)
    with data(options, options.rows, options.few_regions) as layout:
        against_naive(layout, options.turns)
    row_spread(options)
    with data(options, options.rows, options.regions) as layout:
        for hemispheres in ("joined",) if options.quick else ("joined", "separated"):
            whole_pair(layout, hemispheres, with_ranks=not options.no_ranks)


if __name__ == "__main__":
    main()
