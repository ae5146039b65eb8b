"""Measure the resampling of a session in MNI space against doing it with the session in memory.

Makes two sessions of noise on NSD's grid at 1 mm (182 x 218 x 182 voxels) that differ in their
number of volumes. The workflow's own script runs on both, the usual way (nilearn's `resample_img`
on the file, `NiftiMasker`, back to a 4-D image, saved) on both as well. Run it as
``python benchmarks/curated.py``; ``--quick`` only checks that everything runs.

Conventions
-----------
Every contestant is a process of its own: its start and its imports count. Volumes are independent
in both ways, so time and memory at 750 volumes follow from the difference of the two sessions.
Both must give the same values.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from children import Usage, apart, machine, measure, script, table

SHAPE = (182, 218, 182)
FULL = 750
"""Volumes of a session of NSD."""


def make_session(folder: Path, n_volumes: int, shape: tuple[int, int, int]) -> None:
    """Write a session, its experiment design and the grey-matter mask."""
    import numpy as np
    import scipy.io

    from repalign.datasets.mask_files import Grid, write_mask
    from repalign.datasets.mni_grid import grey_matter, target_grid
    from repalign.tables.nifti_writer import write_volumes

    folder.mkdir(parents=True)
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = 90, -126, -72
    if shape != SHAPE:
        affine[:3, 3] = -29, -73, -21
    size = int(np.prod(shape))
    rng = np.random.default_rng(0)
    series = np.rint(rng.standard_normal(2 * size) * 450).astype(np.int16)
    distance = sum(((np.arange(n) / (n - 1) - 0.5) ** 2)[tuple(np.s_[:] if a == b else None
                   for b in range(3))] for a, n in enumerate(shape))  # fmt: skip
    brain = (distance < 0.2).ravel(order="F")
    starts = rng.integers(0, size, n_volumes)
    volumes = (series[start : start + size] * brain for start in starts)
    write_volumes(folder / "betas.nii.gz", (*shape, n_volumes), affine, volumes)
    grid = target_grid(Grid(shape, affine), 3.0)
    write_mask(folder / "mask.nii.gz", grey_matter(grid, 0.2, 2), grid.affine)
    trials = np.arange(1, n_volumes + 1)[np.newaxis]
    design = {
        "masterordering": trials,
        "sharedix": trials[:, :1],
        "stimpattern": np.ones((1, 1, n_volumes)),
        "subjectim": trials,
        "basiccnt": np.full((3, 1), n_volumes),
    }
    scipy.io.savemat(folder / "nsd_expdesign.mat", design)


def ours(folder: Path) -> list[str]:
    options = {"resolution": 3.0, "gm_threshold": 0.2, "gm_closing": 2}
    command = script(
        "resample_mni_session",
        betas=folder / "betas.nii.gz",
        grey_matter=folder / "mask.nii.gz",
        design=folder / "nsd_expdesign.mat",
        interpolation="continuous",
        order="resample_then_mask",
        output=folder / "ours.npy",
        valid=folder / "valid.npy",
        **options,
    )
    return [*command, "--valid-map"]


def usual(folder: Path) -> None:
    """Resample and mask with the session in memory."""
    import numpy as np
    from nilearn.image import resample_img
    from nilearn.maskers import NiftiMasker

    image = resample_img(str(folder / "betas.nii.gz"), np.eye(3) * 3)
    masker = NiftiMasker(str(folder / "mask.nii.gz")).fit()
    masker.inverse_transform(masker.transform(image)).to_filename(folder / "usual.nii.gz")


def same_values(folder: Path) -> bool:
    """Whether both ways gave the same values."""
    import nibabel as nib
    import numpy as np

    mask = np.asarray(nib.load(folder / "mask.nii.gz").dataobj) > 0
    values = np.asarray(nib.load(folder / "usual.nii.gz").dataobj)[mask].T
    return np.array_equal(values, np.load(folder / "ours.npy"))


def row(name: str, n_volumes: int, usage: Usage) -> list[object]:
    return [
        name,
        n_volumes,
        f"{usage.wall:.1f}",
        f"{usage.cpu:.1f}",
        f"{usage.peak_mib:,.0f}",
    ]


def at_full(few: Usage, many: Usage, n_few: int, n_many: int) -> Usage:
    """Follow the straight line through two measurements to the whole session."""

    def follow(a: float, b: float) -> float:
        return b + (b - a) / (n_many - n_few) * (FULL - n_many)

    return Usage(
        follow(few.wall, many.wall), follow(few.cpu, many.cpu),
        max(many.peak_mib, follow(few.peak_mib, many.peak_mib)), 0.0, 0.0,
    )  # fmt: skip


def benchmark(folder: Path, n_few: int, n_many: int, shape: tuple[int, int, int]) -> None:
    """Run both ways on both sessions and print the table."""
    measured: dict[str, list[Usage]] = {"ours": [], "usual way": []}
    for n_volumes in (n_few, n_many):
        place = folder / str(n_volumes)
        apart(make_session, place, n_volumes, shape)
        measured["ours"].append(measure(ours(place)))
        again = [sys.executable, __file__, "--task", "--folder", str(place)]
        measured["usual way"].append(measure(again))
        if not apart(same_values, place):
            raise AssertionError("the usual way and ours gave other values")
    print(f"{machine()}\n{' x '.join(map(str, shape))} voxels at 1 mm, to 3 mm.\n")
    rows = [
        row(name, n_volumes, usage)
        for name, usages in measured.items()
        for n_volumes, usage in zip((n_few, n_many), usages, strict=True)
    ]
    rows += [row(f"{name}, by that", FULL, at_full(*usages, n_few, n_many))
             for name, usages in measured.items()]  # fmt: skip
    print(table(["way", "volumes", "seconds", "processor s", "peak MiB"], rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=8, help="volumes of the shorter session")
    parser.add_argument("--many", type=int, default=24, help="volumes of the longer session")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    parser.add_argument("--folder", type=Path, help="where temporary files go")
    parser.add_argument("--task", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        usual(options.folder)
        return
    size = (2, 4, (18, 18, 18)) if options.quick else (options.few, options.many, SHAPE)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        benchmark(Path(folder), *size)


if __name__ == "__main__":
    main()
