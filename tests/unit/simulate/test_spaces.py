"""The simulated 1.8 mm and MNI volumes: NSD's formats, one experiment, and the planted truth."""

import shutil

import h5py
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import scipy.io
from pydantic import ValidationError

from repalign.errors import RepalignError
from repalign.kernels.rdm import rdm_vector
from repalign.settings import SimulateSettings
from repalign.simulate.atlas import parcels
from repalign.simulate.make import make_simulation
from repalign.simulate.mni import AREAS
from repalign.simulate.nsd import simulate_nsd
from repalign.simulate.nsd_spaces import simulate_spaces
from repalign.simulate.read_back import read_content
from repalign.simulate.settings import FunctionalSimulation, MniSimulation, NsdSimulation

from ...digests import digests

SETTINGS = NsdSimulation(
    seed=11,
    sessions=(3, 2),
    n_planned_sessions=3,
    n_trials_per_session=80,
    n_slots=24,
    n_shared=40,
    image_size=32,
    volume_shape=(24, 28, 24),
    voxels_per_region=(8, 12),
    dead_fraction=0.03,
)
BETAS = "func1pt8mm/betas_fithrf_GLMdenoise_RR"


def load(path):
    image = nib.load(path)
    return image, np.asarray(image.dataobj)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spaces") / "raw"
    simulate_nsd(folder, SETTINGS)
    return folder


@pytest.fixture(scope="module")
def folder(raw):
    copy = raw.parent / "nsd"
    shutil.copytree(raw, copy)
    simulate_spaces(copy, SETTINGS)
    return copy


@pytest.fixture(scope="module")
def truth(folder):
    return pd.read_csv(folder / "truth/func1pt8mm.tsv", sep="\t")


def images_of(folder, subject):
    """List the image (from 0) of each trial, from NSD's design file alone."""
    design = scipy.io.loadmat(folder / "nsd_expdesign.mat")
    positions = design["masterordering"].ravel().astype(int) - 1
    n_trials = SETTINGS.sessions[subject - 1] * SETTINGS.n_trials_per_session
    return design["subjectim"][subject - 1].astype(int)[positions[:n_trials]] - 1


def sessions_of(folder, subject):
    for path in sorted((folder / f"subj{subject:02d}" / BETAS).glob("*.hdf5")):
        with h5py.File(path) as file:
            yield file["betas"][:].transpose(0, 3, 2, 1)


def mean_rdm(patterns, images, wanted):
    return rdm_vector(np.stack([patterns[images == image].mean(axis=0) for image in wanted]))


@pytest.mark.parametrize("subject", [1, 2])
def test_betas_are_hdf5_as_nsd_has_them(folder, subject):
    home = folder / f"subj{subject:02d}"
    paths = sorted((home / BETAS).glob("betas_session*.hdf5"))
    n_sessions = SETTINGS.sessions[subject - 1]
    assert [path.name for path in paths] == [
        f"betas_session{k:02d}.hdf5" for k in range(1, n_sessions + 1)
    ]
    grid = nib.load(home / "func1pt8mm/roi/prf-visualrois.nii.gz")
    np.testing.assert_allclose(np.diag(grid.affine)[:3], 1.8)
    for path in paths:
        with h5py.File(path) as file:
            assert list(file) == ["betas"]
            betas = file["betas"]
            assert betas.dtype == np.int16
            assert betas.shape == (80, *reversed(grid.shape))
            assert betas.chunks == (80, 1, 1, 1)
            assert betas.compression is None
            assert 300 < betas[:][betas[:] != 0].std() < 600
    for name in ("lh.streams", "rh.streams", "HCP_MMP1", "lh.HCP_MMP1", "rh.HCP_MMP1"):
        image, data = load(home / f"func1pt8mm/roi/{name}.nii.gz")
        assert data.dtype == np.int16
        assert image.shape == grid.shape
        np.testing.assert_array_equal(image.affine, grid.affine)
    image, data = load(home / BETAS / "ncsnr.nii.gz")
    assert data.dtype == np.float32
    assert image.shape == grid.shape


def test_subjects_have_grids_of_their_own(folder):
    shapes = {load(folder / f"subj0{s}" / BETAS / "ncsnr.nii.gz")[1].shape for s in (1, 2)}
    assert len(shapes) == 2


@pytest.mark.parametrize("subject", [1, 2])
def test_regions_follow_from_the_areas(folder, truth, subject):
    roi = folder / f"subj{subject:02d}" / "func1pt8mm/roi"
    maps = {path.name.removesuffix(".nii.gz"): load(path)[1] for path in roi.iterdir()}
    areas = maps["HCP_MMP1"]
    np.testing.assert_array_equal(areas, np.maximum(maps["lh.HCP_MMP1"], maps["rh.HCP_MMP1"]))
    number = {parcel.name: parcel.area for parcel in parcels()}
    visual = maps["prf-visualrois"]
    for name, labels in {"V1": (1, 2), "V2": (3, 4), "V3": (5, 6), "V4": (7,)}.items():
        np.testing.assert_array_equal(np.isin(visual, labels), areas == number[name])
        assert all((visual == label).sum() > 5 for label in labels)
    assert np.unique(visual).tolist() == list(range(-1, 8))
    left, right = maps["lh.streams"], maps["rh.streams"]
    assert np.unique(left).tolist() == np.unique(right).tolist() == list(range(-1, 8))
    assert not ((left > 0) & (right > 0)).any()
    ventral = (left == 5) | (right == 5)
    for name in ("FFC", "VVC", "VMV2", "VMV3", "PHA1", "PHA2", "PHA3", "TE1p", "TE2p"):
        assert ventral[areas == number[name]].all()
    assert not (ventral & (visual > 0)).any()
    # The truth lists exactly the voxels of areas.
    own = truth[truth["subject"] == subject]
    places = tuple(own[["i", "j", "k"]].to_numpy().T)
    assert len(own) == (areas > 0).sum()
    assert (areas[places] == own["area"].map(number)).all()
    assert (visual[places] == own["visual_area"]).all()
    assert (np.maximum(left, right)[places] == own["stream"]).all()
    assert ((left[places] >= 0) == (own["hemisphere"] == "lh")).all()


def test_ncsnr_is_nsds_formula(folder, truth):
    """Recomputed voxel by voxel from the files; NaN where a voxel is dead or outside."""
    found = load(folder / "subj01" / BETAS / "ncsnr.nii.gz")[1]
    betas = [one / 300 for one in sessions_of(folder, 1)]
    images = images_of(folder, 1)
    own = truth[(truth["subject"] == 1)]
    alive = own[own["dead"] == 0].iloc[::29]
    assert len(alive) > 30
    for i, j, k in alive[["i", "j", "k"]].to_numpy():
        series = [one[:, i, j, k] for one in betas]
        scores = np.concatenate([(one - one.mean()) / one.std() for one in series])
        spread = [scores[images == image].var(ddof=1) for image in np.unique(images)]
        noise = np.mean(spread)
        assert found[i, j, k] == pytest.approx(np.sqrt(max(1 - noise, 0) / noise), rel=1e-4)
    dead = own[own["dead"] == 1]
    assert len(dead) > 5
    assert (dead["noise_ceiling"] == 0).all()
    assert np.isnan(found[dead["i"], dead["j"], dead["k"]]).all()
    assert all((one[:, dead["i"], dead["j"], dead["k"]] == 0).all() for one in betas)
    outside = (betas[0] == 0).all(axis=0)
    np.testing.assert_array_equal(np.isnan(found), outside)


def test_estimated_noise_ceilings_are_the_true_ones(folder, truth):
    found = load(folder / "subj01" / BETAS / "ncsnr.nii.gz")[1]
    own = truth[(truth["subject"] == 1) & (truth["dead"] == 0)]
    ncsnr = found[own["i"], own["j"], own["k"]].astype(float)
    percent = 100 * ncsnr**2 / (ncsnr**2 + 1 / 3)
    assert np.corrcoef(percent, own["noise_ceiling"])[0, 1] > 0.75
    strong = own["noise_ceiling"] > 30
    assert strong.sum() > 100
    assert abs((percent - own["noise_ceiling"])[strong].mean()) < 3
    assert (own["noise_ceiling"][own["family"] == "none"] == 0).all()
    medians = {label: own["noise_ceiling"][own["stream"] == label].median() for label in (1, 5)}
    assert medians[1] > medians[5] > 10


def test_areas_show_what_the_1_mm_volumes_show(folder, truth):
    """RDMs of an area agree between the spaces, and with its features, not with others."""
    images = images_of(folder, 1)
    wanted = np.unique(images)
    latents = read_content(folder, SETTINGS).latents
    fine = np.concatenate([*sessions_of(folder, 1)]).astype(float)
    coarse = np.concatenate(
        [
            np.moveaxis(load(path)[1], -1, 0)
            for path in sorted(folder.glob("subj01/func1mm/betas*/*.nii.gz"))
        ]
    ).astype(float)
    left = load(folder / "subj01/func1mm/roi/lh.HCP_MMP1.nii.gz")[1]
    number = {parcel.name: parcel.area for parcel in parcels()}
    for name, family in (("V1", "energy"), ("VMV2", "layout"), ("MT", "animacy")):
        own = truth[(truth["subject"] == 1) & (truth["area"] == name) & (truth["dead"] == 0)]
        patterns = fine[:, own["i"], own["j"], own["k"]]
        rdm = mean_rdm(patterns, images, wanted)
        assert rdm @ mean_rdm(coarse[:, left == number[name]], images, wanted) > 0.15
        strength = {key: rdm @ rdm_vector(latents[key][wanted]) for key in latents}
        assert strength.pop(family) > 0.1 + max(strength.values())


def test_mni_volumes(folder):
    regions_image, regions = load(folder / "truth/mni_regions.nii.gz")
    brain = regions >= 0
    number = {parcel.name: parcel.area for parcel in parcels()}
    assert set(np.unique(regions)) == {-1, *(number[name] for name in AREAS)}
    assert 0.8 < brain.mean() < 1
    affine = regions_image.affine
    np.testing.assert_array_equal(np.diag(affine), [-1, 1, 1, 1])
    # Voxel (0, 0, 0) of the whole grid is at 90, -126, -72.
    np.testing.assert_array_equal(affine[:3, 3], [90 - 119, -126 + 53, -72 + 51])
    n_cut = 0
    for subject, n_sessions in enumerate(SETTINGS.sessions, start=1):
        home = folder / f"1mm/subj{subject:02d}"
        assert len(list(home.iterdir())) == 2 * n_sessions
        for session in range(1, n_sessions + 1):
            image, data = load(home / f"betas_session{session:02d}.nii.gz")
            assert data.dtype == np.int16
            assert data.shape == (*SETTINGS.mni.volume_shape, 80)
            np.testing.assert_array_equal(image.affine, affine)
            valid_image, valid = load(home / f"valid_session{session:02d}.nii.gz")
            np.testing.assert_array_equal(valid_image.affine, affine)
            constant = (data == 0).all(axis=-1)
            np.testing.assert_array_equal(constant, ~(brain & (valid == 1)))
            n_cut += bool((brain & (valid == 0)).any())
    assert n_cut == 2


def test_mni_neighbours_are_alike_and_slabs_have_their_signals(folder):
    regions = load(folder / "truth/mni_regions.nii.gz")[1]
    paths = sorted((folder / "1mm/subj01").glob("betas_*"))
    data = np.concatenate([load(path)[1] for path in paths], axis=-1).astype(float)
    one, neighbour, far = data[8, 8, 8], data[8, 8, 9], data[8, 8, 14]
    assert np.corrcoef(one, neighbour)[0, 1] > 0.4 > np.corrcoef(one, far)[0, 1]
    images = images_of(folder, 1)
    wanted = np.unique(images)
    latents = read_content(folder, SETTINGS).latents
    families = {parcel.name: (parcel.area, parcel.family) for parcel in parcels()}
    for name in AREAS:
        area, family = families[name]
        # Voxels on the nodes of the interpolation, in slices that every session covers.
        inside = np.zeros(regions.shape, bool)
        inside[::2, ::2, 4::2] = True
        patterns = data[inside & (regions == area)].T
        rdm = mean_rdm(patterns, images, wanted)
        strength = {key: rdm @ rdm_vector(latents[key][wanted]) for key in latents}
        assert max(strength, key=strength.get) == family
        assert strength[family] > 0.15


def test_the_raw_data_stay_and_bytes_repeat(raw, folder):
    before, after = digests(raw), digests(folder)
    assert {name: after[name] for name in before} == before
    simulate_spaces(raw, SETTINGS)
    assert digests(raw) == after


def test_other_settings_than_those_that_made_it_are_refused(folder):
    other = SETTINGS.model_copy(update={"mni": MniSimulation(volume_shape=(12, 12, 12))})
    with pytest.raises(RepalignError, match="mni"):
        simulate_spaces(folder, other)


def test_what_an_interruption_left_out_is_made(folder, tmp_path):
    copy = tmp_path / "nsd"
    shutil.copytree(folder, copy)
    (copy / "truth/func1pt8mm.tsv").unlink()
    shutil.rmtree(copy / "1mm")
    make_simulation("nsd", copy, SimulateSettings(nsd=SETTINGS))
    whole = digests(copy)
    assert {name: whole[name] for name in digests(folder)} == digests(folder)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        (FunctionalSimulation, {"voxels": (8, 12, 2)}, "not above the first"),
        (FunctionalSimulation, {"voxels": (40, 9, 2)}, "at least 10"),
        (FunctionalSimulation, {"voxels": (400, 12, 2)}, "has room for about"),
        (FunctionalSimulation, {"volume_shape": (7, 40, 40)}, "has room for about"),
        (MniSimulation, {"corner": (170, 53, 51)}, "must lie in"),
        (MniSimulation, {"corner": (-1, 53, 51)}, "must lie in"),
        (MniSimulation, {"volume_shape": (8, 18, 18)}, "at least 9"),
    ],
)
def test_impossible_sizes_are_refused(kind, change, message):
    with pytest.raises(ValidationError, match=message):
        kind(**change)


def test_the_number_of_planted_areas_is_that_of_the_atlas():
    from repalign.simulate.settings import N_AREAS, N_PLANTED

    assert sum(parcel.family != "none" for parcel in parcels()[:N_AREAS]) == N_PLANTED
