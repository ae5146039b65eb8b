"""Measure session extraction at the size of the real data against the published way.

Makes two sessions of noise at 1 mm (145 x 186 x 148 voxels, half a million of them in areas): a
full one of 750 volumes and a short one. The workflow's own scripts run on both. The published
way (the whole 4-D image as float64, cast to int16, one boolean mask a region) runs on the short
one only, in turns with ours, because the full one needs 30 GB. Run it as
``python benchmarks/extraction.py``; ``--quick`` only checks that everything runs.

Conventions
-----------
Every contestant is a process of its own: its start and its imports count. Peak memory is the
largest resident set of that process. The floor is what no reader can beat here: all bytes of the
file through the decompressor that we use (ISA-L), nothing kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from children import Usage, apart, folder_bytes, machine, measure, middle, script, table

SHAPE = (145, 186, 148)
N_REGIONS = 360
BYTES_PUBLISHED = 8 + 2
"""Bytes a value that the published way holds at once: float64, and its cast to int16."""


def make_session(folder: Path, n_volumes: int, shape: tuple[int, ...], n_labelled: int) -> None:
    """Write a session, its experiment design and its merged atlas, if they are not there yet."""
    import numpy as np
    import scipy.io

    from repalign.datasets.nsd_atlas import merge_hemispheres
    from repalign.simulate.nsd import write_full_size_session

    if (folder / "atlas.nii.gz").is_file():
        return
    write_full_size_session(folder, n_volumes, shape, n_labelled=n_labelled)
    trials = np.arange(1, n_volumes + 1)[np.newaxis]
    design = {
        "masterordering": trials,
        "sharedix": trials[:, :1],
        "stimpattern": np.ones((1, 1, n_volumes)),
        "subjectim": trials,
        "basiccnt": np.full((3, 1), n_volumes),
    }
    scipy.io.savemat(folder / "nsd_expdesign.mat", design)
    roi = folder / "subj01" / "func1mm" / "roi"
    merge_hemispheres(
        roi / "lh.HCP_MMP1.nii.gz", roi / "rh.HCP_MMP1.nii.gz", folder / "atlas.nii.gz"
    )


def betas(folder: Path) -> Path:
    name = "func1mm/betas_fithrf_GLMdenoise_RR/betas_session01.nii.gz"
    return folder / "subj01" / name


def extract(folder: Path) -> list[str]:
    return script(
        "extract_nsd_session",
        betas=betas(folder),
        atlas=folder / "atlas.nii.gz",
        design=folder / "nsd_expdesign.mat",
        output=folder / "session.npy",
    )


def gather(folder: Path) -> list[str]:
    return script(
        "gather_responses",
        sessions=folder / "session.npy",
        atlas=folder / "atlas.nii.gz",
        output=folder / "responses",
    )


def itself(task: str, folder: Path) -> list[str]:
    return [sys.executable, __file__, "--task", task, "--folder", str(folder)]


def published(folder: Path) -> None:
    """Extract a session as the published script does: one file a region."""
    import nibabel as nib
    import numpy as np

    output = folder / "published"
    output.mkdir(exist_ok=True)
    mask = nib.load(folder / "atlas.nii.gz").get_fdata().astype(np.int16)
    volumes = nib.load(betas(folder)).get_fdata().astype(np.int16)
    for roi in range(1, N_REGIONS + 1):
        np.save(output / f"roi-{roi:03d}.npy", volumes[mask == roi].T)


def decompress(folder: Path) -> None:
    """Read all of a session and keep nothing."""
    from isal import igzip

    buffer = bytearray(2**20)
    with igzip.open(betas(folder), "rb") as stream:
        while stream.readinto(buffer):
            pass


def same_values(folder: Path) -> bool:
    """Whether ours and the published way gave the same bytes for every region."""
    import numpy as np

    names = [f"roi-{roi:03d}.npy" for roi in range(1, N_REGIONS + 1)]
    pairs = ((folder / "published" / name, folder / "responses" / name) for name in names)
    return all(np.array_equal(np.load(a), np.load(b)) for a, b in pairs)


TASKS = {"published": published, "decompress": decompress}


def row(name: str, n_volumes: int, usage: Usage, n_bytes: int) -> list[object]:
    return [
        name,
        n_volumes,
        f"{usage.wall:.2f}",
        f"{usage.cpu:.2f}",
        f"{usage.peak_mib:,.0f}",
        f"{n_bytes / usage.wall / 1e6:,.0f}",
    ]


def benchmark(folder: Path, n_full: int, n_short: int, size: tuple[int, ...], turns: int) -> None:
    """Run all contestants and print the table."""
    *shape, n_labelled = size
    full, short = folder / "full", folder / "short"
    for session, n_volumes in ((full, n_full), (short, n_short)):
        apart(make_session, session, n_volumes, tuple(shape), n_labelled)
    n_voxels = shape[0] * shape[1] * shape[2]
    contestants = {
        "extraction": extract(short),
        "gathering": gather(short),
        "published way": itself("published", short),
    }
    times: dict[str, list[Usage]] = {name: [] for name in contestants}
    for _ in range(turns):
        for name, command in contestants.items():
            times[name].append(measure(command))
    if not apart(same_values, short):
        raise AssertionError("the published way and ours gave other values")
    few = {name: middle(usages) for name, usages in times.items()}
    floors, ours = [], []
    for _ in range(turns):
        floors.append(measure(itself("decompress", full)))
        ours.append(measure(extract(full)))
    floor, own = middle(floors), middle(ours)
    collected = middle(measure(gather(full)) for _ in range(turns))
    print(
        f"{machine()}\n{n_voxels:,} voxels, {n_labelled:,} of them in {N_REGIONS} regions; "
        f"betas of {folder_bytes(betas(full)) / 1e9:.2f} GB, median of {turns} turns. MB/s: of "
        "the uncompressed image for readers, of the matrices written for gathering.\n"
    )
    image, matrix = 2 * n_voxels, 2 * n_labelled
    print(
        table(
            ["job", "volumes", "seconds", "processor s", "peak MiB", "MB/s"],
            [
                row("session extraction", n_full, own, n_full * image),
                row("floor: decompression alone", n_full, floor, n_full * image),
                row("gathering, one session", n_full, collected, n_full * matrix),
                row("session extraction", n_short, few["extraction"], n_short * image),
                row("gathering, one session", n_short, few["gathering"], n_short * matrix),
                row("published way", n_short, few["published way"], n_short * image),
            ],
        )
    )
    theory = BYTES_PUBLISHED * n_voxels / 2**20
    least = few["extraction"].wall + few["gathering"].wall
    slow = few["published way"]
    print(
        f"\nAt {n_short} volumes the published way takes {slow.wall / least:.1f} times as long as "
        f"extraction and gathering together ({slow.wall / few['extraction'].wall:.1f} times "
        f"extraction) and {slow.peak_mib / few['extraction'].peak_mib:.1f} times the memory of "
        f"extraction. By arithmetic ({BYTES_PUBLISHED} bytes a value) it holds "
        f"{theory * n_short:,.0f} MiB at {n_short} volumes and {theory * n_full:,.0f} MiB at "
        f"{n_full}: {theory * n_full / own.peak_mib:.0f} times ours. Extraction of {n_full} "
        f"volumes takes {own.wall / floor.wall:.2f} times as long as decompression alone."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="keep the data here and use them again")
    parser.add_argument("--volumes", type=int, default=750, help="of the full session")
    parser.add_argument("--baseline-volumes", type=int, default=75, help="of the short one")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        TASKS[options.task](options.folder)
        return
    size, n_full, n_short, turns = (
        ((30, 34, 28, 3600), 6, 3, 1)
        if options.quick
        else ((*SHAPE, 500_000), options.volumes, options.baseline_volumes, options.turns)
    )
    if options.folder:
        benchmark(options.folder, n_full, n_short, size, turns)
        return
    with tempfile.TemporaryDirectory() as folder:
        benchmark(Path(folder), n_full, n_short, size, turns)


if __name__ == "__main__":
    main()
