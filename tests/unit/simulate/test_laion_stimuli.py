"""Simulated LAION-fMRI stimuli: the published layout, awkward where the real ones may be."""

import csv
import hashlib
import io
import json
import re
from collections import Counter

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import spearmanr

from repalign.simulate.laion import simulate_laion
from repalign.simulate.laion_images import COLOURS, draw_image, laion_images
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.truth import read_simulation
from repalign.tables.laion_layout import is_ood, owner_of

NAME = re.compile(
    r"(shared_12rep|shared_4rep|unique)_(LAION|THINGS\+|THINGS|NSD|OOD)_[\w+-]+?(_p\d\d)?\.(jpg|png)"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("laion") / "laion"
    simulate_laion(folder, LaionSimulation())
    return folder


@pytest.fixture(scope="module")
def metadata(folder):
    return pd.read_csv(folder / "stimuli/task-images_metadata.csv", keep_default_na=False)


def test_it_is_small_and_marked(folder):
    assert sum(p.stat().st_size for p in (folder / "stimuli").rglob("*")) < 4_000_000
    facts = read_simulation(folder)
    assert facts["dataset"] == "laion"
    assert facts["sessions"] == dict.fromkeys(["1", "3", "5", "6", "7"], 6)


def test_the_same_settings_give_the_same_bytes(folder, tmp_path):
    simulate_laion(tmp_path / "again", LaionSimulation())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            again = tmp_path / "again" / path.relative_to(folder)
            assert (
                hashlib.sha256(path.read_bytes()).digest()
                == hashlib.sha256(again.read_bytes()).digest()
            ), path


def test_names_follow_the_published_grammar(metadata):
    assert all(NAME.fullmatch(name) for name in metadata["image_name"])
    assert metadata["image_name"].is_unique
    assert metadata["image_name"].tolist() != sorted(metadata["image_name"])
    assert metadata["image_name"].str.contains("+", regex=False).any()


def test_images_are_shared_by_all_or_of_one_subject(metadata):
    settings = LaionSimulation()
    n_unique = settings.n_unique_laion + settings.n_unique_things
    expected = {"shared": settings.n_shared, "unique": 5 * n_unique}
    assert Counter(metadata["unique_or_shared"]) == expected
    for row in metadata.itertuples():
        owner = owner_of(row.image_name)
        assert (owner is None) == (row.unique_or_shared == "shared")
        assert row.participant == ("shared" if owner is None else f"sub-{owner:02d}")
        assert row.n_reps == (12 if "_12rep_" in row.image_name else 4)
    # The number in the name is an older one.
    assert owner_of("unique_LAION_x_p04.jpg") == 3


def test_pictures_are_joined_by_row_alone(folder, metadata):
    with h5py.File(folder / "stimuli/task-images_stimuli.h5") as file:
        assert list(file) == ["images"]
        assert len(file["images"]) == len(metadata)
        assert h5py.check_vlen_dtype(file["images"].dtype) == np.uint8
        sizes = Counter()
        for k, name in enumerate(metadata["image_name"]):
            image = Image.open(io.BytesIO(bytes(file["images"][k])))
            png = name.endswith(".png")
            assert (image.format, image.mode) == (("PNG", "RGBA") if png else ("JPEG", "RGB"))
            assert not png or is_ood(metadata["dataset"][k], name)
            sizes[image.size] += 1
    assert set(sizes) == {(64, 64), (64, 48)}


def test_transparent_pixels_hide_other_colours(folder, metadata):
    """Dropping the transparency changes half of the pixels."""
    with h5py.File(folder / "stimuli/task-images_stimuli.h5") as file:
        rows = np.flatnonzero(metadata["image_name"].str.endswith(".png"))
        assert rows.size == 5
        for k in rows:
            layers = Image.open(io.BytesIO(bytes(file["images"][k])))
            grey = Image.new("RGBA", layers.size, (128, 128, 128, 255))
            shown = np.asarray(Image.alpha_composite(grey, layers).convert("RGB"))
            dropped = np.asarray(layers.convert("RGB"))
            differs = (shown != dropped).any(axis=2).mean()
            assert 0.3 < differs < 0.7
            assert (dropped[shown.any(axis=2)] == COLOURS["person"]).all(axis=1).any()


def test_embeddings_share_an_order_that_is_not_that_of_the_metadata(folder, metadata):
    ids = []
    for label, width in {"CLIP": 1024, "DINOv2": 1024, "PEcore": 1024, "SigLIP2": 1152}.items():
        with h5py.File(folder / f"stimuli/task-images_desc-{label}_embeddings.h5") as file:
            assert file["embedding"].shape == (len(metadata), width)
            assert file.attrs["backend"].endswith("not a model")
            ids.append(file["image_ids"].asstr()[()].tolist())
            lengths = np.linalg.norm(file["embedding"][()].astype(float), axis=1)
            assert (np.abs(lengths - 1) < 2e-3).all() == (label != "DINOv2")
    assert ids[0] == ids[1] == ids[2] == ids[3] != metadata["image_name"].tolist()
    assert set(ids[0]) == set(metadata["image_name"])


def test_embeddings_hold_what_brains_are_to_respond_to(folder, metadata):
    latents = np.load(folder / "truth/latents_animacy.npy")
    order = {name: k for k, name in enumerate(metadata["image_name"])}
    upper = np.triu_indices(len(metadata), 1)
    found = {}
    for label in ("SigLIP2", "DINOv2"):
        with h5py.File(folder / f"stimuli/task-images_desc-{label}_embeddings.h5") as file:
            rows = [order[name] for name in file["image_ids"].asstr()[()]]
            values = file["embedding"][()].astype(float)
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        wanted = (latents @ latents.T)[np.ix_(rows, rows)][upper]
        found[label] = spearmanr(wanted, (values @ values.T)[upper]).statistic
    assert found["SigLIP2"] > 0.5
    assert found["SigLIP2"] > found["DINOv2"] + 0.1


def test_words_that_readers_take_for_missing_are_there_unless_unwanted(folder, tmp_path):
    def words(root):
        path = root / "stimuli/task-images_desc-captions.csv"
        captions = pd.read_csv(path)["caption"].isna().sum()
        nouns = pd.read_csv(root / "stimuli/task-images_desc-segmentations_metadata.csv")["noun"]
        return int(captions), int(nouns.isna().sum())

    captions, nouns = words(folder)
    assert captions == 5
    assert nouns > 0
    clean = LaionSimulation(null_words=False)
    simulate_laion(tmp_path / "clean", clean)
    assert words(tmp_path / "clean") == (0, 0)


def test_captions_hold_quotes_line_breaks_and_letters_of_many_kinds(folder):
    with (folder / "stimuli/task-images_desc-captions.csv").open(newline="") as file:
        texts = [row["caption"] for row in csv.DictReader(file)]
    assert any("\n" in text and '"' in text for text in texts)
    assert any(not text.isascii() for text in texts)
    assert any(text.startswith("=") for text in texts)


def test_masks_are_what_was_drawn(folder):
    settings = LaionSimulation()
    table = pd.read_csv(
        folder / "stimuli/task-images_desc-segmentations_metadata.csv", keep_default_na=False
    )
    with h5py.File(folder / "stimuli/task-images_desc-segmentations.h5") as file:
        masks = file["masks"][()]
    shared = [image for image in laion_images(settings) if image.is_shared]
    for image in shared[::5]:
        rows = table[(table["image_name"] == image.name) & (table["noun"] != "texture")]
        drawn = draw_image(image, settings).masks
        assert len(rows) == len(drawn)
        for row, (_, mask) in zip(rows.itertuples(), drawn, strict=True):
            assert np.array_equal(masks[row.mask_row].astype(bool), mask)
    nowhere = table[table["localized"] == 0]
    assert len(nowhere) > 0
    assert masks[nowhere["mask_row"]].all()


def test_truth_names_every_image(folder, metadata):
    truth = json.loads((folder / "truth/images.json").read_text())
    assert [entry["image_name"] for entry in truth] == metadata["image_name"].tolist()
    assert {thing["noun"] for entry in truth for thing in entry["objects"]} == set(COLOURS)


def test_another_seed_gives_other_images(folder):
    other = LaionSimulation(seed=1)
    image = laion_images(other)[0]
    assert draw_image(image, other).encoded != draw_image(image, LaionSimulation()).encoded
