"""Simulated models hold the planted mixture of families, layer by layer."""

import json
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest

from repalign.errors import RepalignError
from repalign.kernels.rdm import rdm_vector
from repalign.models.controls import read_controls
from repalign.models.features import open_features
from repalign.simulate.features import energy_descriptor, latent_features
from repalign.simulate.model_features import FAMILIES, MODELS
from repalign.simulate.nsd import simulate_nsd
from repalign.simulate.nsd_models import simulate_models
from repalign.simulate.scenes import make_scene
from repalign.simulate.settings import NsdSimulation

from ...digests import digests

# One short session, but many images: the features are what is tested here.
SETTINGS = NsdSimulation(
    seed=3,
    sessions=(1,),
    n_planned_sessions=36,
    n_trials_per_session=20,
    n_shared=100,
    image_size=64,
    volume_shape=(24, 28, 24),
    voxels_per_region=(8, 12),
)
KINDS = ("captions", "instances", "person_keypoints")


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw") / "nsd"
    simulate_nsd(folder, SETTINGS)
    return folder


@pytest.fixture(scope="module")
def folder(raw):
    copy = raw.parent / "with models"
    shutil.copytree(raw, copy)
    simulate_models(copy, SETTINGS)
    return copy


@pytest.fixture(scope="module")
def truth(folder):
    return pd.read_csv(folder / "truth/models.tsv", sep="\t")


@pytest.fixture(scope="module")
def latents(folder):
    """The families' features, made anew from the seed and the images as written."""
    scenes = [make_scene(SETTINGS.seed, number) for number in range(SETTINGS.n_images)]
    with h5py.File(folder / "nsd_stimuli.hdf5") as file:
        return latent_features(scenes, np.stack([energy_descriptor(i) for i in file["imgBrick"]]))


@pytest.fixture(scope="module")
def layers(folder):
    """Features of all images, by model and layer."""
    content = {}
    for path in sorted((folder / "features").glob("*.h5")):
        with open_features(path) as features:
            assert features.ids.tolist() == list(range(SETTINGS.n_images))
            for layer in range(features.n_layers):
                content[features.model, layer] = features.rows(layer, features.ids)
    return content


@pytest.fixture(scope="module")
def similarity(truth, layers, latents):
    """RSA of every layer with every family, in the order of the truth table."""
    families = np.stack([rdm_vector(latents[family], None) for family in FAMILIES])
    rows = [rdm_vector(layers[key]) for key in zip(truth.model, truth.layer, strict=True)]
    return pd.DataFrame(np.stack(rows) @ families.T, columns=list(FAMILIES))


def test_the_truth_table(truth, layers):
    assert set(zip(truth.model, truth.layer, strict=True)) == set(layers)
    assert truth.groupby("model").size().between(4, 6).all()
    assert truth.groupby("modality").model.nunique().to_dict() == {"vision": 3, "language": 2}
    assert (truth.modality == "vision").equals(truth.model.str.endswith("_pool-cls"))
    np.testing.assert_allclose(truth[[*FAMILIES, "noise"]].sum(axis=1), 1, atol=1e-5)
    assert (truth[[*FAMILIES, "noise"]] >= 0).all(axis=None)
    vision, language = truth[truth.modality == "vision"], truth[truth.modality == "language"]
    for _, model in vision.groupby("model"):
        assert (np.diff(model.energy) < 0).all()
        assert (np.diff(model.animacy) > 0).all()
        assert model.energy.iloc[-1] == model.layout.iloc[0] == 0
    assert (language.energy == 0).all()
    assert (language[["layout", "animacy"]] > 0).all(axis=None)


def test_inner_products_are_the_planted_mixture(truth, layers, latents):
    """Regression of the layer's inner products on those of the families gives the weights."""
    row, column = np.triu_indices(SETTINGS.n_images, 1)
    products = [(latents[f] @ latents[f].T)[row, column] for f in FAMILIES]
    design = np.stack(products, axis=1)
    for _, line in truth.iterrows():
        features = layers[line.model, line.layer].astype(float)
        found = np.linalg.lstsq(design, (features @ features.T)[row, column])[0]
        # The noise of a layer enters every pair of an image: 0.03 is five standard errors.
        np.testing.assert_allclose(found, line[list(FAMILIES)].astype(float), atol=0.03)
        length = np.vecdot(features, features).mean()
        empty = 1 - sum(line[f] * np.vecdot(latents[f], latents[f]).mean() for f in FAMILIES)
        assert abs(length - (1 - empty + line.noise)) < 0.05


def test_rsa_ranks_the_layers_as_planted(truth, similarity):
    planted = truth[list(FAMILIES)]
    for _, model in truth[truth.modality == "vision"].groupby("model"):
        # Along the layers, energy falls and animacy rises.
        assert (np.diff(similarity.energy[model.index]) < 0).all()
        assert (np.diff(similarity.animacy[model.index]) > 0).all()
        assert similarity.loc[model.index[0]].idxmax() == "energy"
        assert (
            similarity.loc[model.index[-1]].drop("energy").min()
            > similarity.energy[model.index[-1]]
        )
    for family in FAMILIES:
        assert similarity[family].corr(planted[family], method="spearman") > 0.8
    language = similarity[truth.modality == "language"]
    assert (language.idxmax(axis=1) == "animacy").all()
    # The embedding is mostly noise.
    for _, model in truth[truth.modality == "language"].groupby("model"):
        assert similarity.animacy[model.index].idxmin() == model.index[0]


def test_less_noise_gives_more_similarity(truth, similarity):
    first = similarity.energy[(truth.layer == 0) & (truth.modality == "vision")]
    noise = truth.noise[first.index]
    assert first.sort_values().index.tolist() == noise.sort_values(ascending=False).index.tolist()


def test_control_matrices(folder):
    controls = read_controls(sorted((folder / "control_matrices").iterdir()))
    assert list(controls) == ["biology", "biology_binary", "scene"]
    stimuli = pd.read_csv(folder / "nsd_stim_info_merged.csv", index_col=0)
    scenes = json.loads((folder / "truth/scenes.json").read_text())
    living = [s["nsd_id"] for s in scenes if any(thing["animate"] for thing in s["objects"])]
    biology, binary, scene = controls.values()
    assert biology.ids.tolist() == stimuli.nsdId[stimuli.shared1000].tolist()
    assert (biology.matrix.sum(axis=1) == 1).all()
    animate = np.isin(biology.ids, living)
    np.testing.assert_array_equal(binary.matrix[:, 0], animate)
    np.testing.assert_array_equal(biology.matrix[:, 2], ~animate)
    assert set(np.unique(scene.matrix)) == {0, 1, 2}
    for control in controls.values():
        assert (control.matrix.mean(axis=0) > 0.05).all()
        assert np.isfinite(control.matrix).all()


def test_the_raw_data_stay_and_bytes_repeat(raw, folder, tmp_path):
    before, after = digests(raw), digests(folder)
    assert {name: after[name] for name in before} == before
    added = set(after) - set(before)
    assert added == {
        *(f"features/{model.name}.h5" for model in MODELS),
        *(f"annotations/{kind}_{split}2017.json" for kind in KINDS for split in ("train", "val")),
        *(f"control_matrices/control_{n}.parquet" for n in ("scene", "biology", "biology_binary")),
        *(f"truth/{name}.tsv" for name in ("models", "labels", "objects_beside")),
    }
    simulate_models(raw, SETTINGS)
    assert digests(raw) == after
    for name in added:
        (raw / name).unlink()


def test_only_a_finished_simulation_of_these_settings(folder, tmp_path):
    with pytest.raises(RepalignError, match="Simulate the dataset first"):
        simulate_models(tmp_path, SETTINGS)
    other = SETTINGS.model_copy(update={"image_size": 32})
    with pytest.raises(RepalignError, match="image_size: 64"):
        simulate_models(folder, other)
