"""A small LAION-fMRI tree with subjects, and ways to break it."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np

from repalign.datasets.laion_checks import Outcome
from repalign.datasets.laion_validator import LaionFiles, validate_laion
from repalign.simulate.laion_images import laion_images
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.laion_stimuli import write_stimuli
from repalign.tables import laion_layout as layout

SMALL = LaionSimulation(
    image_size=48,
    n_shared_laion=6,
    n_shared_things=4,
    n_shared_nsd=3,
    n_unique_laion=3,
    n_unique_things=2,
    null_words=False,
)
SUBJECTS = (1, 3)
GLM = "derivatives/glmsingle-tedana/sub-{subject:02d}"
FUNC = GLM + "/ses-{session:02d}/func/sub-{subject:02d}_ses-{session:02d}_task-images"
TRIALS = FUNC + "_desc-SingletrialBetas_trials.tsv"
BETAS = FUNC + "_space-T1w_stat-effect_desc-SingletrialBetas_statmap.nii.gz"
R2 = GLM + "/sub-{subject:02d}_task-images_space-T1w_stat-rsquare_desc-R2mean_statmap.nii.gz"
SHAPE = (3, 4, 2)
CLIP = layout.EMBEDDINGS.format(label="CLIP")
DINO = layout.EMBEDDINGS.format(label="DINOv2")
FIRST = {"subject": 1, "session": 1}


def write_tree(root: Path, settings: LaionSimulation = SMALL) -> Path:
    """Write a clean tree: two sessions of two subjects, each image as often as planned."""
    (root / "truth").mkdir(parents=True)
    images = laion_images(settings)
    write_stimuli(root, settings, images)
    rng = np.random.default_rng(3)
    for subject in SUBJECTS:
        labels = [image.name for image in images if image.is_seen_by(subject)
                  for _ in range(image.n_reps)]  # fmt: skip
        shown = [labels[k] for k in rng.permutation(len(labels))]
        for session, part in enumerate(np.array_split(shown, 2), start=1):
            path = root / TRIALS.format(subject=subject, session=session)
            path.parent.mkdir(parents=True)
            lines = ["session\trun\tbeta_index\tlabel"]
            lines += [f"ses-{session:02d}\t1\t{k}\t{label}" for k, label in enumerate(part)]
            path.write_text("\n".join(lines) + "\n")
            values = rng.standard_normal((*SHAPE, len(part))).astype(np.float32)
            save_image(root / BETAS.format(subject=subject, session=session), values)
        save_image(root / R2.format(subject=subject), np.ones(SHAPE, np.float32))
    return root


def save_image(path: Path, values: np.ndarray, affine: np.ndarray | None = None) -> None:
    nib.save(nib.Nifti1Image(values, np.diag([1.778, 1.778, 1.778, 1])
                             if affine is None else affine), path)  # fmt: skip


def files_of(root: Path) -> LaionFiles:
    """Return the files that are there."""

    def there(name: str) -> Path | None:
        return root / name if (root / name).exists() else None

    glm = root / "derivatives/glmsingle-tedana"
    return LaionFiles(
        pictures=there(layout.STIMULI),
        metadata=there(layout.METADATA),
        embeddings={k: there(layout.EMBEDDINGS.format(label=k)) for k in layout.WIDTHS},
        masks=there(layout.MASKS),
        mask_table=there(layout.MASK_TABLE),
        captions=there(layout.CAPTIONS),
        trials=sorted(glm.rglob("*_trials.tsv")),
        betas=sorted(glm.rglob("*desc-SingletrialBetas_statmap.nii.gz")),
        grids=sorted(glm.glob("sub-*/*_statmap.nii.gz")),
    )


def copy(root: Path, place: Path) -> Path:
    return Path(shutil.copytree(root, place / "laion"))


def edit_rows(
    path: Path, change: Callable[[list[dict[str, str]]], object], delimiter: str = ","
) -> None:
    """Change the rows of a table in place; what the function returns, if a list, replaces them."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file, delimiter=delimiter)
        rows = list(reader)
        columns = list(reader.fieldnames or [])
    changed = change(rows)
    rows = changed if isinstance(changed, list) else rows
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def rewrite(path: Path, dataset: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Replace a dataset of an HDF5 file by a changed copy, of whatever type."""
    with h5py.File(path, "r+") as file:
        old = file[dataset]
        is_text = h5py.check_string_dtype(old.dtype) is not None
        values = change(old.asstr()[()] if is_text else old[()])
        del file[dataset]
        if is_text:
            file.create_dataset(dataset, data=list(values), dtype=h5py.string_dtype())
        else:
            file.create_dataset(dataset, data=values)


def statuses(root: Path) -> dict[str, Outcome]:
    """Return the worst outcome of every invariant."""
    worst: dict[str, Outcome] = {}
    order = ("fail", "note", "pass", "skipped").index
    for outcome in validate_laion(files_of(root)):
        known = worst.setdefault(outcome.invariant, outcome)
        if order(outcome.status) < order(known.status):
            worst[outcome.invariant] = outcome
    return worst


def failing(root: Path) -> set[str]:
    return {name for name, outcome in statuses(root).items() if outcome.status == "fail"}
