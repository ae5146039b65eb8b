"""Measure what assemblies read of a session at the size of the real data, against all of it.

Makes one session of noise as NSD ships its 1.8 mm betas (81 x 104 x 83 voxels, 750 trials, int16,
a chunk a voxel, uncompressed: 1 GB of values) with regions of the published sizes. Ours is the
workflow's own script: the voxels of all regions, once, with exact sums. The published way reads
the session whole, turns it into float32 percent signal change, and takes z-scored trials of
shared images region by region. Run it as ``python benchmarks/assemblies.py``; ``--quick`` only
checks that everything runs.

Conventions
-----------
Every contestant is a process of its own: its start, its imports and its output count. They take
turns; the file is dropped from the system's cache before each. Peak memory is the largest
resident set of the process, "read" what came from the disk. Both must give the same z-scores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from children import Usage, apart, folder_bytes, forget, machine, measure, middle, script, table

SHAPE, N_TRIALS = (81, 104, 83), 750
SIZES = {"V1": 565, "V2": 550, "V3": 440, "V4": 250}
"""Voxels of a hemisphere, as subject 1 has them about; V3 takes no part."""
VENTRAL, OTHER = 260, 90
"""The same of each area of the ventral stream, which is IT, and of any other area."""
REGIONS = {"V1": (1, 2), "V2": (3, 4), "V4": (7,)}
VENTRAL_LABEL = 5


def make_session(folder: Path, shape: tuple[int, int, int], n_trials: int, scale: float) -> None:
    """Write the session, regions, noise ceilings and design of a subject, if not there yet."""
    import numpy as np
    import scipy.io

    from repalign.simulate.anatomy import grow_anatomy
    from repalign.simulate.atlas import parcels
    from repalign.simulate.visual_maps import STREAMS, streams, visual_areas
    from repalign.simulate.volumes import write_volumes

    if (folder / "nsd_expdesign.mat").is_file():
        return
    sizes = {**dict.fromkeys(STREAMS["ventral"], VENTRAL), **SIZES}
    counts = [max(round(scale * sizes.get(parcel.name, OTHER)), 2) for parcel in parcels()]
    anatomy = grow_anatomy(shape, np.reshape(counts, (2, -1)))
    maps = {
        "visual_areas": visual_areas(anatomy),
        "left": streams(anatomy.left),
        "right": streams(anatomy.right),
        "ncsnr": np.where(anatomy.brain, 0.5, np.nan).astype(np.float32),
    }
    for name, volume in maps.items():
        flat, dtype = volume.ravel(order="F"), volume.dtype.str
        write_volumes(folder / f"{name}.nii.gz", shape, anatomy.affine, [flat], dtype=dtype)
    write_betas(folder / "session" / "betas.hdf5", anatomy.brain, n_trials)
    trials = np.arange(1, n_trials + 1)[np.newaxis]
    design = {
        "masterordering": trials,
        "sharedix": trials[:, : max(n_trials // 10, 1)],
        "stimpattern": np.ones((1, 1, n_trials)),
        "subjectim": trials,
        "basiccnt": np.array([[n_trials], [0], [0]]),
    }
    scipy.io.savemat(folder / "nsd_expdesign.mat", design)


def write_betas(path: Path, brain: object, n_trials: int) -> None:
    """Write noise in the brain and 0 outside, plane by plane, in chunks of a voxel."""
    import h5py
    import numpy as np

    inside = np.asarray(brain).T
    rng = np.random.default_rng(0)
    path.parent.mkdir(exist_ok=True)
    with h5py.File(path, "w") as file:
        chunks = (n_trials, 1, 1, 1)
        betas = file.create_dataset("betas", (n_trials, *inside.shape), np.int16, chunks=chunks)
        for z, plane in enumerate(inside):
            noise = rng.standard_normal((n_trials, *plane.shape), np.float32) * 450
            betas[:, z] = (noise * plane).astype(np.int16)


def find_neuroids(folder: Path) -> None:
    """List the voxels of the regions by the workflow's own script, once."""
    if (folder / "neuroids.parquet").is_file():
        return
    command = script(
        "find_nsd_neuroids",
        visual_areas=folder / "visual_areas.nii.gz",
        ncsnr=folder / "ncsnr.nii.gz",
        ventral_labels=VENTRAL_LABEL,
        output=folder / "neuroids.parquet",
    )
    command += ["--ventral", str(folder / "left.nii.gz"), str(folder / "right.nii.gz"), "--labels"]
    command += [f"{name}={','.join(map(str, labels))}" for name, labels in REGIONS.items()]
    measure(command)


def extract(folder: Path) -> list[str]:
    return script(
        "extract_nsd_shared_trials",
        neuroids=folder / "neuroids.parquet",
        betas=folder / "session" / "betas.hdf5",
        design=folder / "nsd_expdesign.mat",
        session=1,
        output=folder / "extracted.h5",
    )


def itself(task: str, folder: Path) -> list[str]:
    return [sys.executable, __file__, "--task", task, "--folder", str(folder)]


def published(folder: Path) -> None:
    """Extract z-scored shared trials from the whole session as float32, region by region."""
    import h5py
    import nibabel as nib
    import numpy as np
    import scipy.io

    def volume(name: str) -> np.ndarray:
        return nib.load(folder / f"{name}.nii.gz").get_fdata().T

    def session() -> np.ndarray:
        with h5py.File(folder / "session" / "betas.hdf5") as file:
            betas = file["betas"][:]
        return betas.astype(np.float32) / 300.0

    visual = volume("visual_areas")
    masks = {region: np.isin(visual, labels) for region, labels in REGIONS.items()}
    masks["IT"] = (volume("left") == VENTRAL_LABEL) | (volume("right") == VENTRAL_LABEL)
    shared = scipy.io.loadmat(folder / "nsd_expdesign.mat")["sharedix"].ravel() - 1
    whole = session()
    for region, mask in masks.items():
        own = whole[:, mask]
        deviation = own.std(axis=0, keepdims=True)
        deviation[deviation == 0] = 1.0
        scores = (own - own.mean(axis=0, keepdims=True)) / deviation
        np.save(folder / f"published_{region}.npy", scores[shared])


def largest_difference(folder: Path) -> tuple[int, float]:
    """Count the voxels of all regions, and compare the z-scores of both ways."""
    import h5py
    import numpy as np

    with h5py.File(folder / "extracted.h5") as file:
        betas, n = file["betas"][:].astype(float), file.attrs["n_trials"]
        mean = file["sums"][:] / n
        deviation = np.sqrt(file["squares"][:] / n - mean**2)
    ours = (betas - mean) / np.where(deviation > 0, deviation, 1)
    theirs = [np.load(folder / f"published_{region}.npy") for region in (*REGIONS, "IT")]
    return ours.shape[1], float(np.abs(ours - np.concatenate(theirs, axis=1)).max())


def row(name: str, usage: Usage) -> list[object]:
    return [
        name,
        f"{usage.wall:.2f}",
        f"{usage.cpu:.2f}",
        f"{usage.peak_mib:,.0f}",
        f"{usage.read / 1e6:,.0f}",
    ]


def benchmark(
    folder: Path, shape: tuple[int, int, int], n_trials: int, scale: float, turns: int
) -> None:
    """Run both in turns and print the table."""
    apart(make_session, folder, shape, n_trials, scale)
    find_neuroids(folder)
    contestants = {"ours: voxels of regions": extract(folder)}
    contestants["published way: all as float32"] = itself("published", folder)
    runs: dict[str, list[Usage]] = {name: [] for name in contestants}
    for _ in range(turns):
        for name, command in contestants.items():
            forget(folder / "session")
            runs[name].append(measure(command))
    ours, theirs = (middle(own) for own in runs.values())
    n_voxels, difference = apart(largest_difference, folder)
    if difference > 1e-3:
        raise AssertionError(f"the two ways differ by {difference}")
    size = folder_bytes(folder / "session")
    print(
        f"{machine()}\n{' x '.join(map(str, shape))} voxels, {n_voxels:,} of them in regions; "
        f"{n_trials} trials; a file of {size / 1e9:.2f} GB; median of {turns} turns. "
        f"Z-scores differ by at most {difference:.1e}.\n"
    )
    print(
        table(
            ["extraction of a session", "seconds", "processor s", "peak MiB", "MB read"],
            [row(name, middle(own)) for name, own in runs.items()],
        )
    )
    print(
        f"\nThe published way takes {theirs.wall / ours.wall:.1f} times as long "
        f"({theirs.cpu / ours.cpu:.1f} times the processor time) and "
        f"{theirs.peak_mib / ours.peak_mib:.1f} times the memory."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="keep the data here and use them again")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    parser.add_argument("--task", choices=["published"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        published(options.folder)
        return
    if options.quick:
        shape, n_trials, scale, turns = (22, 26, 22), 20, 0.02, 1
    else:
        shape, n_trials, scale, turns = SHAPE, N_TRIALS, 1.0, options.turns
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        benchmark(options.folder, shape, n_trials, scale, turns)
        return
    with tempfile.TemporaryDirectory() as folder:
        benchmark(Path(folder), shape, n_trials, scale, turns)


if __name__ == "__main__":
    main()
