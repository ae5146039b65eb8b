"""Measure whole tables and nulls against the published way, side by side on the same files.

Simulated responses of 8 subjects x 12 regions x 200 voxels, and features of 2 models x 4 layers
x 768 dimensions. Ours are the workflow's own scripts (`our_way.py`), theirs is `published_way.py`,
which needs PyTorch: give the interpreter of an environment that has it with ``--torch``. Without
PyTorch ours run alone. Run it as ``python benchmarks/alignment.py --torch PYTHON``; ``--quick``
only checks that everything runs.

Conventions
-----------
Both have two cores: ours as two processes of one thread, theirs as one process of two threads.
They alternate, and every pair of turns gives one ratio; printed are medians and ranges. Times
leave out interpreter start and imports, which are a column of their own, and include output
files. The published way computes every ordered pair anew in the same time, so only some pairs
are run and the time is multiplied (column "pairs run"); ours always run in full.

Nulls are milliseconds of one draw of one region of one pair. *One pair* evaluates the kernels
for one ordered pair, in two processes; *all pairs* is the workflow's null of the mean over 56
ordered pairs, reading and writing included, divided by draws, regions and pairs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

from children import Usage, apart, machine, measure, table

HERE = Path(__file__).resolve().parent
TARGETS = {"Pearson": 10, "Spearman": 30, "subject-model": 5, "independent": 15, "cyclic": 1000}


def make_data(folder: Path, n_trials: int, n_subjects: int, n_regions: int) -> None:
    """Write responses, trials, regions and features; a third of the variance is common."""
    import numpy as np
    import pandas as pd

    from repalign.models.features import write_features

    rng = np.random.default_rng(0)
    n_stimuli, n_sessions = n_trials // 3, -(-n_trials // 750)
    stimulus = rng.permutation(np.repeat(np.arange(n_stimuli), 3))
    one = pd.DataFrame({"trial": np.arange(n_trials), "stimulus": stimulus, "shared": True})
    one["session"] = one["trial"] * n_sessions // n_trials + 1
    one["repetition"] = one.groupby("stimulus").cumcount()
    everyone = [one.assign(subject=subject + 1) for subject in range(n_subjects)]
    pd.concat(everyone, ignore_index=True).to_parquet(folder / "trials.parquet")
    rois = np.arange(1, n_regions + 1)
    names = pd.DataFrame({"roi": rois, "name": rois.astype(str), "hemisphere": "lh"})
    names.assign(area="none").to_csv(folder / "regions.tsv", sep="\t", index=False)
    signal = rng.standard_normal((n_regions, n_stimuli, 200)).astype(np.float32)
    for subject in range(n_subjects):
        responses = folder / "responses" / f"sub-{subject + 1:02d}"
        responses.mkdir(parents=True)
        for roi, of_roi in zip(rois, signal, strict=True):
            noise = rng.standard_normal((n_trials, 200), np.float32)
            values = 600 * (0.7 * of_roi[stimulus] + noise)
            np.save(responses / f"roi-{roi:03d}.npy", values.round().astype(np.int16))
    (folder / "features").mkdir()
    for model in ("one", "two-cls"):
        layers = (rng.standard_normal((n_stimuli, 768)).astype(np.float32) for _ in range(4))
        path = folder / "features" / f"{model}.h5"
        write_features(path, layers, np.arange(n_stimuli), {})


def largest_difference(own: Path, other: Path) -> float:
    """Largest difference of the similarities that both tables have."""
    import pandas as pd

    tables = [pd.read_parquet(path) for path in (own, other)]
    keys = [name for name in tables[0] if name not in ("similarity", "join_hemispheres")]
    for one in tables:
        one[keys] = one[keys].astype(str)
    both = tables[0].merge(tables[1], on=keys, suffixes=("", "_other"))
    assert len(both) == len(tables[1]), "the tables have different keys"
    return float((both["similarity"] - both["similarity_other"]).abs().max())


def contest(command: list[str], output: Path, threads: int) -> tuple[dict, Usage]:
    """Run one contestant; its own times, and what its process used."""
    usage = measure([*command, "--output", str(output)], threads)
    return json.loads(output.with_suffix(".json").read_text(encoding="ascii")), usage


def stages(ours: list[tuple[dict, Usage]]) -> str:
    """Return the processor time of each script in the last turn."""
    return ", ".join(f"{name} {cpu:.3g}" for name, _, cpu in ours[-1][0]["stages"])


def spread(values: list[float]) -> str:
    """Return median and range, short."""
    return f"{median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def jobs(options: argparse.Namespace, n_trials: int) -> dict[str, tuple[list[str], int]]:
    """Job, flags, and how many of the ordered pairs the published way runs."""
    everything = options.subjects**2
    few = 16 if n_trials < 3000 else 4
    pairs = everything if options.all_pairs else min(everything, few)
    return {
        "Pearson": (["subjects"], pairs),
        "Spearman": (["subjects", "--spearman"], pairs),
        "subject-model": (["models"], everything),
    }


HEADER = [
    "job",
    "trials",
    "pairs run",
    "their s",
    "our s",
    "times faster",
    "processor time",
    "with start",
    "target",
    "their / our peak MiB",
    "difference",
    "processor s of our scripts",
]


def tables(options: argparse.Namespace, data: Path, n_trials: int) -> Iterator[list[str]]:
    """Alternate both ways for each table."""
    whole = options.subjects**2
    for name, (words, pairs) in jobs(options, n_trials).items():
        if options.only and name not in options.only:
            continue
        common = ["--data", str(data), "--subjects", str(options.subjects)]
        own = [sys.executable, str(HERE / "our_way.py"), *words, *common]
        other = [str(options.torch), str(HERE / "published_way.py"), *words, *common]
        other += ["--pairs", str(pairs)]
        factor = whole / pairs
        ours, theirs, difference = [], [], ""
        for _ in range(options.turns):
            with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
                output = Path(scratch) / "ours.parquet"
                ours.append(contest(own, output, 1))
                if options.torch:
                    published = Path(scratch) / "theirs.parquet"
                    theirs.append(contest(other, published, 2))
                    if name != "Spearman" or options.quick:
                        difference = f"{apart(largest_difference, output, published):.1e}"
        seconds = spread([found["seconds"] for found, _ in ours])
        row = [name, str(n_trials), str(pairs if theirs else "")]
        if theirs:
            turns = list(zip(ours, theirs, strict=True))
            wall = [factor * b["seconds"] / a["seconds"] for (a, _), (b, _) in turns]
            cpu = [factor * b["cpu"] / a["cpu"] for (a, _), (b, _) in turns]
            start = [
                (factor * b["seconds"] + u.wall - b["seconds"]) / v.wall
                for (_, v), (b, u) in turns
            ]
            row += [
                spread([factor * found["seconds"] for found, _ in theirs]),
                seconds,
                spread(wall),
                spread(cpu),
                spread(start),
            ]
        else:
            row += ["", seconds, "", "", ""]
        peaks = [f"{max(u.peak_mib for _, u in side):,.0f}" for side in (theirs, ours) if side]
        yield [*row, f"{TARGETS[name]}", " / ".join(peaks), difference, stages(ours)]


def kernel_times(n_trials: int, scheme: str, n_draws: int) -> float:
    """Seconds of one draw of one region of one pair, on one thread, in this process."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from repalign.kernels.cyclic import cyclic_products
    from repalign.kernels.nulls import INTERLEAVED, interleave, permuted_products, square_rdms
    from repalign.kernels.permutations import independent_permutations, relabelings
    from repalign.kernels.rdm import n_pairs

    rng = np.random.default_rng(n_trials)
    vectors = rng.standard_normal((2, INTERLEAVED, n_pairs(n_trials)), np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    with threadpool_limits(1):
        if scheme == "cyclic":
            (x,), (y,) = square_rdms(vectors[0, :1]), square_rdms(vectors[1, :1])
            del vectors
            start = time.perf_counter()
            for k in range(3):
                cyclic_products(x, y, *relabelings(0, k, n_trials))
            return (time.perf_counter() - start) / (3 * n_trials)
        x, y = interleave(vectors[0]), interleave(vectors[1])
        del vectors
        start = time.perf_counter()
        permuted_products(x, y, independent_permutations(0, 0, n_draws, n_trials))
        return (time.perf_counter() - start) / (n_draws * INTERLEAVED)


def kernel_pair(n_trials: int, scheme: str, n_draws: int) -> float:
    """Milliseconds of one draw on two cores: two processes at once, half the time of each."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        found = [pool.submit(kernel_times, n_trials, scheme, n_draws) for _ in range(2)]
        return 1e3 * sum(one.result() for one in found) / 4


NULL_HEADER = ["null", "trials", "their ms", "our ms", "times faster", "target"]


def nulls(options: argparse.Namespace, data: Path, n_trials: int) -> Iterator[list[str]]:
    """Alternate the published gather with our kernels and with our script."""
    n_ordered = options.subjects * (options.subjects - 1)
    common = ["--data", str(data), "--subjects", str(options.subjects)]
    gather = [str(options.torch), str(HERE / "published_way.py"), "null", *common]
    gather += ["--draws", "10"]
    script = [sys.executable, str(HERE / "our_way.py"), "null", *common]
    for scheme in ("independent", "cyclic"):
        if options.only and scheme not in options.only:
            continue
        draws = 16 if scheme == "independent" else 3 * n_trials
        flags = ["--scheme", scheme, "--draws", str(draws)]
        theirs, one, whole = [], [], []
        for turn in range(options.turns):
            with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
                if options.torch:
                    found, _ = contest(gather, Path(scratch) / "theirs.npy", 2)
                    theirs.append(1e3 * found["part"] / (10 * options.regions))
                one.append(kernel_pair(n_trials, scheme, 16))
                if turn == 0:
                    found, _ = contest([*script, *flags], Path(scratch) / "ours.npy", 1)
                    whole.append(1e3 * found["part"] / (draws * options.regions * n_ordered))
        for name, ours in ((f"{scheme}, one pair", one), (f"{scheme}, all pairs", whole)):
            ratios = [a / b for a, b in zip(theirs, ours, strict=False)]
            their = [spread(theirs), spread(ours), spread(ratios)] if theirs else ["", "", ""]
            their[1] = spread(ours)
            yield [name, str(n_trials), *their, f"{TARGETS[scheme]}"]


def has_torch(python: Path) -> bool:
    command = [str(python), "-c", "import h5py, pandas, torch"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", type=Path, default=Path(sys.executable), help="interpreter")
    parser.add_argument("--folder", type=Path, help="where temporary data go (15 GB free)")
    parser.add_argument("--trials", type=int, nargs="+", default=[300, 900, 3000])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--all-pairs", action="store_true", help="theirs in full: half an hour")
    parser.add_argument("--only", nargs="+", choices=TARGETS, help="some jobs")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    options = parser.parse_args()
    options.subjects, options.regions = 8, 12
    if options.quick:
        options.trials, options.subjects, options.regions, options.turns = [60], 2, 2, 1
    if not has_torch(options.torch):
        print("PyTorch is not installed: the published way is not run.", flush=True)
        options.torch = None
    print(f"{machine()}; {options.turns} turns", flush=True)
    for n_trials in options.trials:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            apart(make_data, Path(name), n_trials, options.subjects, options.regions)
            for header, rows in ((HEADER, tables), (NULL_HEADER, nulls)):
                print(f"\n{table(header, [])}", flush=True)
                for row in rows(options, Path(name), n_trials):
                    print(table(row, []).splitlines()[0], flush=True)


if __name__ == "__main__":
    main()
