"""Resampled sessions: nilearn's result bit by bit, in any blocks, and what is refused."""

from __future__ import annotations

import functools

import nibabel as nib
import numpy as np
import pytest
from nilearn.image import resample_img
from nilearn.masking import apply_mask

from repalign.datasets.curated_facts import N_VOXELS, ORIGIN, SHAPE, check_real_grid
from repalign.datasets.mask_files import Grid, nearest_voxels, read_mask, write_mask
from repalign.datasets.mni_grid import grey_matter, target_grid
from repalign.datasets.mni_session import Resampling, resample_session
from repalign.errors import RepalignError

from .conftest import assert_error, grid_at, nothing_left, write_nifti

MNI = grid_at((182, 218, 182), (90, -126, -72))
"""NSD's volumes in MNI space."""
PIECE = grid_at((20, 24, 20), (-20, -80, -10))
"""A piece of the left occipital cortex."""
N_TRIALS = 5


@pytest.fixture
def betas():
    """Noise, with an outlier outside the mask that widens the range of the session."""
    values = np.random.default_rng(0).integers(-3000, 3000, (*PIECE.shape, N_TRIALS))
    values[0, 0, 0, 2] = 32000
    return values.astype(np.int16)


@pytest.fixture
def session(tmp_path, betas):
    return write_nifti(tmp_path / "betas.nii.gz", betas, PIECE.affine)


@functools.cache
def grey(resolution: float):
    """The grey matter of the piece, which takes a while to load."""
    grid = target_grid(PIECE, resolution)
    return grey_matter(grid, 0.2, 2), grid.affine


def mask_of(tmp_path, resolution: float = 3.0):
    """The grey matter of the piece, as a file."""
    path = tmp_path / f"mask{resolution}.nii.gz"
    write_mask(path, *grey(resolution))
    return path


def resampled(tmp_path, session, how=None, name="out.npy", n_trials=N_TRIALS, **options):
    how = how or Resampling()
    out, valid = tmp_path / name, tmp_path / f"valid-{name}"
    mask = mask_of(tmp_path, how.resolution)
    resample_session(session, mask, out, valid, how, n_trials=n_trials, **options)
    return (
        np.load(out, allow_pickle=False),
        np.load(valid, allow_pickle=False),
        nib.load(mask),
        out.read_bytes(),
    )


def test_the_grid_of_nsd_is_the_published_one():
    grid = target_grid(MNI, 3.0)
    assert grid.shape == SHAPE == (62, 74, 62)
    np.testing.assert_array_equal(
        grid.affine, [[3, 0, 0, -91], [0, 3, 0, -126], [0, 0, 3, -72], [0, 0, 0, 1]]
    )
    mask = grey_matter(grid, 0.2, 2)
    assert np.count_nonzero(mask) == N_VOXELS == 56_504
    check_real_grid(grid, mask, resolution=3.0, threshold=0.2, closing=2)
    mask[mask.nonzero()[0][0]] = False
    with pytest.raises(RepalignError) as error:
        check_real_grid(grid, mask, resolution=3.0, threshold=0.2, closing=2)
    assert_error(error.value, "grey-matter voxels", "56504")
    moved = Grid(grid.shape, grid.affine.copy())
    moved.affine[0, 3] += 1
    with pytest.raises(RepalignError) as error:
        check_real_grid(moved, mask, resolution=3.0, threshold=0.3, closing=2)
    assert_error(error.value, "origin", ORIGIN[0])


def test_closing_only_adds_and_a_threshold_only_removes():
    grid = target_grid(PIECE, 3.0)
    plain, closed = grey_matter(grid, 0.2, 0), grey_matter(grid, 0.2, 2)
    assert (closed >= plain).all()
    assert closed.sum() > plain.sum() > grey_matter(grid, 0.6, 0).sum() > 0
    far = Grid(PIECE.shape, PIECE.affine.copy())
    far.affine[:3, 3] = 500
    with pytest.raises(RepalignError) as error:
        grey_matter(far, 0.2, 2)
    assert_error(error.value, "no grey matter", "MNI152")


@pytest.mark.parametrize("interpolation", ["continuous", "linear", "nearest"])
@pytest.mark.parametrize("resolution", [3.0, 2.5])
@pytest.mark.filterwarnings("ignore:Casting data from int16")
def test_equal_to_nilearn_on_the_whole_session(tmp_path, session, interpolation, resolution):
    how = Resampling(resolution, interpolation)
    rows, _, mask, _ = resampled(tmp_path, session, how, block_bytes=1)
    image = nib.load(session)
    if interpolation == "linear":
        # Of integers nilearn returns integers here, cut off; ours are float32 throughout.
        image = nib.Nifti1Image(np.asarray(image.dataobj, np.float32), image.affine)
    whole = resample_img(image, np.eye(3) * resolution, interpolation=interpolation)
    if interpolation != "linear":
        assert whole.get_data_dtype() == np.int16, "the header that must not reach the result"
    # nilearn's masking reads columns in its own order; values first become float32.
    values = nib.Nifti1Image(np.asarray(whole.dataobj, np.float32), whole.affine)
    np.testing.assert_array_equal(rows, apply_mask(values, mask))
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous


def test_blocks_do_not_matter(tmp_path, session):
    how = Resampling(2.5)
    one = resampled(tmp_path, session, how, "a.npy", block_bytes=1)
    two = resampled(tmp_path, session, how, "b.npy", block_bytes=2 * 4 * 20 * 24 * 20)
    whole = resampled(tmp_path, session, how, "c.npy")
    assert one[3] == two[3] == whole[3]


def test_values_are_clipped_to_the_range_of_the_whole_session(tmp_path):
    """A spline overshoots; nilearn limits it to the range of all volumes, and 0."""
    values = np.zeros((*PIECE.shape, 3), np.int16)
    values[2:18:2, 2:22, 2:18, 0] = 1000
    values[6:14, 6:18, 6:14, 1] = 600
    values[..., 2] = 7
    path = write_nifti(tmp_path / "betas.nii.gz", values, PIECE.affine)
    how = Resampling(2.5)
    rows, *_ = resampled(tmp_path, path, how, n_trials=3, block_bytes=1)
    assert rows.min() == 0
    assert rows.max() <= 1000
    assert rows[1].max() > 600, "its own volume is no limit"
    assert rows[0].max() == 1000, "or nothing was clipped"


def test_from_1_to_3_mm_the_result_is_every_third_voxel(tmp_path, session, betas):
    """Voxel centres coincide: the x axis is reversed, nothing is averaged."""
    rows, _, mask, _ = resampled(tmp_path, session)
    own, _ = read_mask(tmp_path / "mask3.0.nii.gz")
    start = round(PIECE.affine[0, 3] - 19 - mask.affine[0, 3])
    assert start == 0
    thinned = betas[::-1][::3, ::3, ::3]
    inside = np.zeros_like(own)
    inside[tuple(slice(n) for n in thinned.shape[:3])] = True
    where = np.argwhere(own)
    within = inside[own]
    expected = thinned[tuple(where[within].T)].T
    np.testing.assert_allclose(rows[:, within], expected, atol=1e-3)
    np.testing.assert_array_equal(rows[:, ~within], 0)


def test_masking_first_changes_what_lies_between_centres(tmp_path, session):
    first = Resampling(2.5, order="mask_then_resample")
    rows, _, mask, _ = resampled(tmp_path, session, first, "a.npy")
    plain = resampled(tmp_path, session, Resampling(2.5), "b.npy")[0]
    # At 3 mm centres coincide, and both orders give the same.
    at_centres = [resampled(tmp_path, session, Resampling(order=order), "c.npy")[0]
                  for order in ("resample_then_mask", "mask_then_resample")]  # fmt: skip
    np.testing.assert_allclose(*at_centres, atol=1e-2)
    assert rows.shape == plain.shape
    assert not np.array_equal(rows, plain)
    fine = grey_matter(PIECE, 0.2, 2)
    values = np.asarray(nib.load(session).dataobj, np.float32) * fine[..., None]
    whole = resample_img(nib.Nifti1Image(values, PIECE.affine), np.eye(3) * 2.5)
    np.testing.assert_array_equal(rows, apply_mask(whole, mask))


def test_voxels_without_data_are_found(tmp_path, betas):
    betas[..., :3, :] = 0
    betas[5, 5, 6] = 0
    betas[5, 5, 6, 3] = 1
    session = write_nifti(tmp_path / "betas.nii.gz", betas, PIECE.affine)
    declared = np.ones(PIECE.shape, np.int16)
    declared[:, :9] = 0
    path = write_nifti(tmp_path / "valid.nii.gz", declared, PIECE.affine)
    own, grid = read_mask(mask_of(tmp_path))
    centres = np.argwhere(own) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    index = np.rint((centres - PIECE.affine[:3, 3]) / np.diag(PIECE.affine)[:3]).astype(int)
    inside = ((index >= 0) & (index < PIECE.shape)).all(axis=1)
    expected = inside & (index[:, 2] >= 3)
    np.testing.assert_array_equal(resampled(tmp_path, session)[1], expected)
    valid = resampled(tmp_path, session, valid_map=path)[1]
    np.testing.assert_array_equal(valid, expected & (index[:, 1] >= 9))
    assert 0 < valid.sum() < expected.sum() < own.sum()


def test_nearest_voxels_are_where_the_centres_are():
    grid = target_grid(PIECE, 3.0)
    everywhere = np.ones(grid.shape, bool)
    flat = nearest_voxels(everywhere, grid, PIECE)
    x, y, z = np.unravel_index(flat[flat >= 0], PIECE.shape, order="F")
    assert sorted(set(x)) == list(range(1, 20, 3))
    assert sorted(set(y)) == list(range(0, 24, 3))
    assert sorted(set(z)) == list(range(0, 20, 3))
    assert (flat < 0).sum() == np.prod(grid.shape) - 7 * 8 * 7


def test_scaled_and_float_files_are_read_by_their_values(tmp_path, betas):
    plain = resampled(tmp_path, write_nifti(tmp_path / "a.nii.gz", betas, PIECE.affine))[0]
    for name, values, header in (
        ("b.nii.gz", betas.astype(np.float32), {}),
        ("c.nii", betas.astype(">i2"), {}),
        ("d.nii.gz", (betas // 2 * 2).astype(np.int16) // 2, {"scl_slope": 2.0}),
    ):
        path = write_nifti(tmp_path / name, values, PIECE.affine, **header)
        rows = resampled(tmp_path, path)[0]
        if header:
            np.testing.assert_allclose(rows, plain, atol=1.01)
        else:
            np.testing.assert_array_equal(rows, plain)


@pytest.mark.parametrize(
    ("damage", "parts"),
    [
        ({"n_trials": 6}, ("5 volumes", "6 volumes")),
        ({"shape": (20, 24, 17)}, ("(20, 24, 17)", "which the first session gave")),
        ({"shift": 1.5}, ("which the first session gave",)),
        ({"nan": (3, 4, 5, 2)}, ("nan", "volume 3 of 5", "voxel (3, 4, 5)")),
        ({"cut": 4000}, ("truncated",)),
    ],
)
def test_what_is_refused_leaves_nothing(tmp_path, betas, damage, parts):
    values, affine = betas, PIECE.affine.copy()
    if "shape" in damage:
        values = values[tuple(slice(n) for n in damage["shape"])]
    if "nan" in damage:
        values = values.astype(np.float32)
        values[damage["nan"]] = np.nan
    affine[1, 3] += damage.get("shift", 0)
    path = write_nifti(tmp_path / "betas.nii.gz", values, affine)
    if "cut" in damage:
        path.write_bytes(path.read_bytes()[: damage["cut"]])
    with pytest.raises(RepalignError) as error:
        resampled(tmp_path, path, n_trials=damage.get("n_trials", N_TRIALS))
    assert_error(error.value, path, *parts)
    assert nothing_left(tmp_path, "out.npy")
    assert nothing_left(tmp_path, "valid-out.npy")


def test_a_map_of_valid_voxels_on_another_grid_is_refused(tmp_path, session):
    small = write_nifti(tmp_path / "valid.nii.gz", np.ones((5, 5, 5), np.int16), PIECE.affine)
    with pytest.raises(RepalignError) as error:
        resampled(tmp_path, session, valid_map=small)
    assert_error(error.value, small, "(5, 5, 5)")
    assert nothing_left(tmp_path, "out.npy")
