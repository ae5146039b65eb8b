"""The recordings of a simulated LAION-fMRI: subjects' folders in their published layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.atlas import FAMILIES
from repalign.simulate.geometry import random_projection
from repalign.simulate.laion_images import LaionImage
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.seeds import stream
from repalign.simulate.volumes import write_volumes
from repalign.tables.laion_layout import SUBJECTS, TRIAL_COLUMNS

Float64 = NDArray[np.float64]
Indices = NDArray[np.int64]

SCALED_SUBJECT = 3
"""Its betas are stored as int16, and its header says by what they are to be multiplied."""
SLOPE = 1 / 300
LACKING = {7: "FFA1"}
"""Regions that a subject does not have, as not everybody has all of them."""
_BETA_SD = 1.5
_GRID_MM = 1.778
_PLANTED = (
    ("retinotopic", "V1d", "energy", 0.5),
    ("retinotopic", "V1v", "energy", 0.45),
    ("retinotopic", "hV4", "energy", 0.3),
    ("retinotopic", "IPS0", "none", 0.0),
    ("face", "FFA1", "animacy", 0.5),
    ("face", "OFA", "animacy", 0.3),
    ("scene", "PPA", "layout", 0.5),
)
_UNIONS = {
    ("retinotopic", "EVC"): ("V1d", "V1v"),
    ("laion", "laion-ventral"): ("hV4", "FFA1", "OFA", "PPA"),
}
"""Regions that consist of others, so that masks overlap."""


@dataclass(frozen=True)
class _Head:
    """One subject's volume.

    Attributes
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    brain : ndarray of int64, shape (n_brain,)
        Where the brain is, positions in file order, ascending.
    regions : dict of str to ndarray of int64
        Places in `brain` of the voxels of each planted region.
    stray : ndarray of int64
        Positions outside the brain that masks hold, too.
    """

    shape: tuple[int, int, int]
    brain: Indices
    regions: dict[str, Indices]
    stray: Indices


def write_subjects(
    root: Path,
    settings: LaionSimulation,
    images: Sequence[LaionImage],
    latents: dict[str, Float64],
) -> None:
    """Write ``derivatives/`` and ``truth/laion_regions.tsv``.

    Parameters
    ----------
    root : Path
        Root of the dataset, with the folder ``truth``.
    settings : LaionSimulation
        Sizes and seed.
    images : sequence of LaionImage
        In the order of the metadata.
    latents : dict of str to ndarray, shape (n_images, n_components)
        Latent features of the images by family.

    Notes
    -----
    What is awkward about them, as about the real ones: volumes differ between subjects; betas
    have another mean and scale in each session, are NaN outside the brain, and in one subject are
    whole numbers to be scaled; sessions are of unequal length and show images repeatedly; some
    images are shown once less than planned; masks overlap and hold voxels outside the brain; one
    subject lacks a region; mean R2 is NaN at some voxels and negative at others, which are brain.
    """
    rows = ["subject\tcategory\tname\tfamily\tshare\tn_voxels"]
    for subject in SUBJECTS:
        head = _head(settings, subject)
        share, weights = _planted(settings, subject, head)
        _write_maps(root, settings, subject, head, share)
        _write_masks(root, subject, head)
        _write_sessions(root, settings, subject, head, images, (share, weights, latents))
        for category, name, family, strength in _PLANTED:
            n_voxels = head.regions[name].size if LACKING.get(subject) != name else 0
            rows.append(f"{subject}\t{category}\t{name}\t{family}\t{strength}\t{n_voxels}")
    (root / "truth/laion_regions.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def showings(
    settings: LaionSimulation, images: Sequence[LaionImage], subject: int
) -> list[Indices]:
    """Draw which images a subject is shown in each session.

    Parameters
    ----------
    settings : LaionSimulation
        Sizes and seed.
    images : sequence of LaionImage
        In the order of the metadata.
    subject : int
        Subject number.

    Returns
    -------
    list of ndarray of int64
        Numbers of the images, session by session.
    """
    rng = stream(settings.seed, "laion showings", subject)
    own = [k for k, image in enumerate(images) if image.is_seen_by(subject)]
    counts = {k: images[k].n_reps for k in own}
    for k in _short(settings, images, subject):
        counts[k] -= 1
    order = rng.permutation(np.repeat(own, [counts[k] for k in own]))
    n = settings.n_sessions
    ends = np.arange(1, n) * len(order) // n
    ends = ends + rng.integers(-2, 3, ends.size) if len(order) >= 8 * n else ends
    return np.split(order.astype(np.int64), ends)


def _short(settings: LaionSimulation, images: Sequence[LaionImage], subject: int) -> list[int]:
    """Return the images that a subject sees once less than planned."""
    rng = stream(settings.seed, "laion short")
    pairs = [(s, k) for s in SUBJECTS for k, image in enumerate(images) if image.is_seen_by(s)]
    chosen = rng.choice(len(pairs), min(settings.n_short, len(pairs)), replace=False)
    return [pairs[k][1] for k in chosen.tolist() if pairs[k][0] == subject]


def _head(settings: LaionSimulation, subject: int) -> _Head:
    """Lay out the brain and the regions of a subject."""
    place = SUBJECTS.index(subject)
    x, y, z = settings.volume_shape
    shape = (x + place % 3, y, z + place % 2)
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    middle = (np.array(shape) - 1) / 2
    inside = (((grid - middle) / (0.48 * np.array(shape))) ** 2).sum(axis=-1) <= 1
    brain = np.sort(np.ravel_multi_index(inside.nonzero(), shape, order="F"))
    coordinates = np.stack(np.unravel_index(brain, shape, order="F"), axis=1)
    rng = stream(settings.seed, "laion head", subject)
    free = np.ones(brain.size, dtype=bool)
    regions = {}
    for _, name, _, _ in _PLANTED:
        size = int(rng.integers(*settings.region_voxels, endpoint=True))
        centre = coordinates[rng.choice(np.flatnonzero(free))]
        distance = np.where(free, ((coordinates - centre) ** 2).sum(axis=1), np.inf)
        regions[name] = np.sort(np.argsort(distance, kind="stable")[:size])
        free[regions[name]] = False
    outside = np.setdiff1d(np.arange(np.prod(shape)), brain)
    return _Head(shape, brain, regions, rng.choice(outside, 3, replace=False))


def _planted(settings: LaionSimulation, subject: int, head: _Head) -> tuple[Float64, Float64]:
    """Return the share of signal of each brain voxel, and its weights of all latent features."""
    share = np.zeros(head.brain.size)
    columns = []
    for family in FAMILIES:
        own = np.zeros((settings.n_components, head.brain.size))
        for number, (_, name, planted, strength) in enumerate(_PLANTED):
            if planted != family:
                continue
            voxels = head.regions[name]
            rng = stream(settings.seed, "laion projection", subject, number)
            share[voxels] = strength
            own[:, voxels] = random_projection(rng, settings.n_components, voxels.size)
        columns.append(own)
    return share, np.vstack(columns) * np.sqrt(share)


def _write_sessions(
    root: Path,
    settings: LaionSimulation,
    subject: int,
    head: _Head,
    images: Sequence[LaionImage],
    planted: tuple[Float64, Float64, dict[str, Float64]],
) -> None:
    share, weights, latents = planted
    features = np.hstack([latents[family] for family in FAMILIES])
    is_scaled = subject == SCALED_SUBJECT
    for session, shown in enumerate(showings(settings, images, subject), start=1):
        label = f"sub-{subject:02d}_ses-{session:02d}_task-images"
        folder = _glm(root, subject) / f"ses-{session:02d}" / "func"
        folder.mkdir(parents=True)
        lines = ["\t".join(TRIAL_COLUMNS)]
        for k, image in enumerate(shown.tolist()):
            run = 1 + k * settings.n_runs // len(shown)
            lines.append(f"ses-{session:02d}\t{run}\t{k}\t{images[image].name}")
        trials = folder / f"{label}_desc-SingletrialBetas_trials.tsv"
        trials.write_text("\n".join(lines) + "\n", encoding="utf-8")
        rng = stream(settings.seed, "laion session", subject, session)
        offset, gain = rng.standard_normal(share.size), 1 + 0.5 * rng.random(share.size)

        def volumes(
            shown: Indices = shown,
            rng: np.random.Generator = rng,
            offset: Float64 = offset,
            gain: Float64 = gain,
        ) -> Iterator[NDArray[np.generic]]:
            for image in shown.tolist():
                noise = rng.standard_normal(share.size) * np.sqrt(1 - share)
                value = _BETA_SD * (gain * (features[image] @ weights + noise) + offset)
                if is_scaled:
                    stored = np.zeros(int(np.prod(head.shape)), np.int16)
                    stored[head.brain] = np.rint(value / SLOPE)
                    yield stored
                else:
                    whole = np.full(int(np.prod(head.shape)), np.nan, np.float32)
                    whole[head.brain] = value
                    yield whole

        write_volumes(
            folder / f"{label}_space-T1w_stat-effect_desc-SingletrialBetas_statmap.nii.gz",
            (*head.shape, len(shown)),
            _affine(),
            volumes(),
            dtype="<i2" if is_scaled else "<f4",
            slope=SLOPE if is_scaled else 0,
        )
        single = folder / f"{label}_space-T1w_desc-Noiseceiling_statmap.nii.gz"
        _write_map(single, head, _ceiling(share, 1))


def _write_maps(
    root: Path, settings: LaionSimulation, subject: int, head: _Head, share: Float64
) -> None:
    """Write mean R2 and the noise ceilings, in per cent."""
    start = _glm(root, subject) / f"sub-{subject:02d}_task-images_space-T1w_"
    rng = stream(settings.seed, "laion maps", subject)
    r2 = 20 * share + rng.normal(0, 2, share.size).round(3)
    _write_map(Path(f"{start}stat-rsquare_desc-R2mean_statmap.nii.gz"), head, r2 + 1e-3, np.nan)
    for desc, repetitions in (("4rep", 4), ("12rep", 12), ("Allrep", 6)):
        path = Path(f"{start}desc-Noiseceiling{desc}_statmap.nii.gz")
        _write_map(path, head, _ceiling(share, repetitions))


def _write_masks(root: Path, subject: int, head: _Head) -> None:
    """Write the masks of all regions that a subject has, and one of another resolution."""
    own = {(category, name): (name,) for category, name, _, _ in _PLANTED}
    for (category, name), members in {**own, **_UNIONS}.items():
        if LACKING.get(subject) == name:
            continue
        folder = root / f"derivatives/rois/sub-{subject:02d}" / category
        volume = np.zeros(int(np.prod(head.shape)), np.uint8)
        for member in members:
            volume[head.brain[head.regions[member]]] = 1
        volume[head.stray] = 1
        start = f"sub-{subject:02d}_space-T1w_res-"
        path = folder / f"{start}1pt8_label-{name}_mask.nii.gz"
        write_volumes(path, head.shape, _affine(), [volume], dtype="u1")
        if name == "V1d":
            finer = folder / f"{start}1pt5_label-{name}_mask.nii.gz"
            shape = tuple(n + 1 for n in head.shape)
            empty = np.zeros(int(np.prod(shape)), np.uint8)
            write_volumes(finer, shape, _affine(), [empty], dtype="u1")


def _write_map(path: Path, head: _Head, values: Float64, outside: float = 0.0) -> None:
    """Write a map of the brain; half of what is outside is 0 in any case."""
    whole = np.full(int(np.prod(head.shape)), outside, np.float32)
    whole[::2] = 0
    whole[head.brain] = values
    write_volumes(path, head.shape, _affine(), [whole], dtype="<f4")


def _ceiling(share: Float64, repetitions: int) -> Float64:
    """Return the noise ceiling of a mean over repetitions, in per cent."""
    return 100 * share / (share + (1 - share) / repetitions)


def _glm(root: Path, subject: int) -> Path:
    return root / f"derivatives/glmsingle-tedana/sub-{subject:02d}"


def _affine() -> Float64:
    affine = np.diag([-_GRID_MM, _GRID_MM, _GRID_MM, 1.0])
    affine[:3, 3] = [10, -12, -9]
    return affine
