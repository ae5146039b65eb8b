"""The validator: masks, embeddings and betas that hold what they should not."""

import h5py
import nibabel as nib
import numpy as np

from repalign.datasets.laion_validator import validate_laion
from repalign.tables import laion_layout as layout

from .laion_tree import (
    BETAS,
    CLIP,
    DINO,
    FIRST,
    R2,
    SHAPE,
    TRIALS,
    failing,
    files_of,
    rewrite,
    save_image,
    statuses,
)


def test_masks_of_255_are_found(tree):
    with h5py.File(tree / layout.MASKS, "r+") as file:
        file["masks"][2] = file["masks"][2] * 255
    found = statuses(tree)["S4"]
    assert (found.status, found.rows) == ("fail", ("mask 2: 255",))
    assert failing(tree) == {"S4"}


def test_scaled_betas_are_found(tree):
    path = tree / BETAS.format(**FIRST)
    values = np.asarray(nib.load(path).dataobj)
    image = nib.Nifti1Image(values, np.diag([1.778, 1.778, 1.778, 1]))
    image.set_data_dtype(np.int16)
    nib.save(image, path)
    found = statuses(tree)["J8"]
    assert failing(tree) == {"J8"}
    assert found.rows[0].startswith("slope ")
    assert "int16" in found.message


# What the client does not pass over, but only stumbles on later.


def test_another_grid_is_found(tree):
    save_image(tree / R2.format(subject=1), np.ones((4, 4, 2), np.float32))
    shifted = np.diag([1.778, 1.778, 1.778, 1])
    shifted[0, 3] = 1
    save_image(tree / R2.format(subject=3), np.ones(SHAPE, np.float32), shifted)
    outcomes = [o for o in validate_laion(files_of(tree)) if o.invariant == "J9"]
    assert [o.status for o in outcomes] == ["fail", "fail"]
    assert "affine" in outcomes[1].rows[0]


def test_betas_without_trials_are_found(tree):
    (tree / TRIALS.format(**FIRST)).unlink()
    found = statuses(tree)["J2"]
    assert (found.status, found.rows) == ("fail", ("ses-01",))


# The rest of the invariants.


def test_rows_that_are_not_of_length_1_are_found(tree):
    rewrite(tree / CLIP, "embedding", lambda v: (v * np.float16(1.01)).astype(np.float16))
    assert failing(tree) == {"E5"}


def test_rows_of_length_1_are_found_where_none_are_published(tree):
    with h5py.File(tree / CLIP) as file:
        unit = file["embedding"][()]
    rewrite(tree / DINO, "embedding", lambda _: unit)
    assert failing(tree) == {"E5"}


def test_zero_rows_fail_and_equal_rows_are_noted(tree):
    rewrite(tree / CLIP, "embedding", lambda v: np.vstack([v[:1] * 0, v[1:]]))
    rewrite(tree / DINO, "embedding", lambda v: np.vstack([v[1:2], v[1:]]))
    found = {o.file: o.status for o in validate_laion(files_of(tree)) if o.invariant == "E7"}
    assert found["task-images_desc-CLIP_embeddings.h5"] == "fail"
    assert found["task-images_desc-DINOv2_embeddings.h5"] == "note"


def test_a_dataset_too_many_is_found(tree):
    with h5py.File(tree / CLIP, "r+") as file:
        file["more"] = [1]
    assert failing(tree) == {"E1"}


def test_a_mask_of_nearly_everything_is_not_localised(tree):
    with h5py.File(tree / layout.MASKS, "r+") as file:
        mask = np.ones(file["masks"].shape[1:], np.uint8)
        mask[0, 0] = 0
        file["masks"][0] = mask
    assert failing(tree) == {"S7", "S8"}


def test_other_storage_of_masks_is_found(tree):
    rewrite(tree / layout.MASKS, "masks", lambda masks: masks)
    assert failing(tree) == {"S10"}


def test_masks_of_another_size_are_found(tree):
    with h5py.File(tree / layout.MASKS, "r+") as file:
        old = file["masks"][()]
        del file["masks"]
        wider = np.pad(old, ((0, 0), (0, 0), (0, 2)))
        file.create_dataset("masks", data=wider, compression="gzip", shuffle=True,
                            chunks=(1, *wider.shape[1:]))  # fmt: skip
    assert "S5" in failing(tree)
