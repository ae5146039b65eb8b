"""The images show what the table of their content says."""

import json

import h5py
import numpy as np
import pytest

from repalign.simulate.captions import write_captions
from repalign.simulate.features import N_COMPONENTS, energy_descriptor, latent_features
from repalign.simulate.render import render
from repalign.simulate.scenes import ANIMATE, COCO, make_scene


@pytest.fixture(scope="module")
def scenes():
    return [make_scene(0, number) for number in range(150)]


def test_the_image_file(tiny_folder, tiny):
    with h5py.File(tiny_folder / "nsd_stimuli.hdf5") as file:
        assert list(file) == ["imgBrick"]
        brick = file["imgBrick"]
        assert brick.shape == (tiny.n_images, 32, 32, 3)
        assert brick.dtype == np.uint8
        images = brick[:]
    assert np.unique(images.reshape(len(images), -1), axis=0).shape[0] == len(images)
    assert (images.reshape(len(images), -1).std(axis=1) > 5).all()


def test_the_table_of_content(tiny_folder, tiny):
    content = json.loads((tiny_folder / "truth/scenes.json").read_text())
    assert [scene["nsd_id"] for scene in content] == list(range(tiny.n_images))
    for scene in content:
        assert len(set(scene["captions"])) == 5
        for thing in scene["objects"]:
            assert COCO[thing["supercategory"]][thing["category_id"]] == thing["category"]
            assert thing["animate"] == (thing["supercategory"] in ANIMATE)
            assert thing["area"] > 0
            left, top, width, height = thing["bbox"]
            assert min(left, top) >= 0
            assert max(left + width, top + height) <= 32


def test_the_categories_are_those_of_coco():
    ids = [number for kind in COCO.values() for number in kind]
    assert len(COCO) == 12
    assert len(ids) == 80
    assert set(range(1, 91)) - set(ids) == {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}


def test_every_category_can_be_drawn_within_its_box(scenes):
    drawn = {}
    for scene in [*scenes, *(make_scene(1, number) for number in range(500))]:
        _, areas = render(scene, 64, 0)
        for thing, area in zip(scene.objects, areas, strict=True):
            drawn[thing.category] = area
            assert area <= (thing.box[2] * 64 + 14) * (thing.box[3] * 64 + 6)
    assert len(drawn) == 80
    assert min(drawn.values()) > 0


def test_objects_and_layout_are_visible(scenes):
    scene = next(s for s in scenes if s.objects)
    image, areas = render(scene, 128, 0)
    empty, _ = render(type(scene)(scene.number, scene.layout, (), ()), 128, 0)
    changed = (image != empty).any(axis=2).sum()
    assert changed >= 0.8 * max(areas)


def test_half_of_the_scenes_are_animate_in_both_settings(scenes):
    many = [make_scene(3, number) for number in range(600)]
    for setting in ("indoor", "outdoor"):
        animate = [any(t.animate for t in s.objects) for s in many if s.layout.setting == setting]
        assert 0.4 < np.mean(animate) < 0.58
    assert 0 < sum(not s.objects for s in many) < 40


def test_captions_name_the_content(scenes):
    for scene in scenes:
        assert all(caption.endswith(".") and caption[0].isupper() for caption in scene.captions)
        assert all(scene.layout.setting in caption for caption in scene.captions[3:])
        for thing in scene.objects:
            words = thing.category[:3]
            if thing.category == "person":
                words = "pe"
            assert words in scene.captions[0].lower()
        rng = np.random.default_rng(0)
        assert len(write_captions(scene.layout, scene.objects, rng)) == 5


def test_features_have_unit_length_and_families_differ(scenes):
    energies = np.stack([energy_descriptor(render(scene, 64, 0)[0]) for scene in scenes])
    features = latent_features(scenes, energies)
    kernels = {}
    for family, values in features.items():
        assert values.shape == (150, N_COMPONENTS)
        np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1, atol=1e-5)
        kernels[family] = (values @ values.T)[np.triu_indices(150, 1)]
        assert kernels[family].var() > 0.1
    between = np.corrcoef(list(kernels.values()))[np.triu_indices(3, 1)]
    assert (np.abs(between) < 0.6).all()
