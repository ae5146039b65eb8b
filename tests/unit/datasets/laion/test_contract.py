"""What is produced, read as the documentation of the public client says that it is read.

The access rules are written down here anew, with h5py and pandas alone and none of our readers:
rows by name, masks by image, noun and instance, captions by image. Every value is compared with
what the simulation planted or with the pictures themselves.
"""

import csv
import io
import json

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repalign.datasets.laion_captions import (
    merge_captions,
    read_ai_captions,
    read_human_captions,
)
from repalign.datasets.laion_metadata import read_metadata
from repalign.datasets.laion_validator import LaionFiles, validate_laion
from repalign.datasets.nsd_index import write_csv
from repalign.models.laion_embedders import PROJECTION, projection
from repalign.models.laion_embeddings import make_embeddings
from repalign.models.laion_masks import write_segmentations
from repalign.models.laion_pictures import open_laion
from repalign.models.segmenters import ColourSegmenter, read_nouns

from .laion_tree import SMALL, write_tree

STIMULI = "stimuli/task-images_"
WIDTHS = {"CLIP": 1024, "DINOv2": 1024, "PEcore": 1024, "SigLIP2": 1152}
NO_SPEC = {"spec": None, "dataset_source": None, "versions": {}}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data root whose seven files are ours."""
    root = write_tree(tmp_path_factory.mktemp("contract") / "laion")
    images = read_metadata(root / f"{STIMULI}metadata.csv")
    names = images["image_name"].tolist()
    for path in root.glob("stimuli/*desc*"):
        path.unlink()
    pictures = open_laion(root / f"{STIMULI}stimuli.h5", names)
    for label, width in WIDTHS.items():
        make_embeddings(
            root / f"{STIMULI}desc-{label}_embeddings.h5",
            pictures,
            projection(label, width),
            {"backend": PROJECTION, "label": label},
            NO_SPEC,
            width=width,
            unit_norm=label != "DINOv2",
            batch_size=7,
        )
    shared = open_laion(root / f"{STIMULI}stimuli.h5", names,
                        rows=np.flatnonzero(images["shared"]).tolist())  # fmt: skip
    nouns = read_nouns(root / "sourcedata/nouns.tsv")
    write_segmentations(
        root / f"{STIMULI}desc-segmentations.h5",
        root / f"{STIMULI}desc-segmentations_metadata.csv",
        shared,
        [list(nouns.names)] * len(shared),
        ColourSegmenter(nouns.colours),
        {},
    )
    human = read_human_captions(root / "sourcedata/human_captions.csv")
    ai = read_ai_captions(root / "sourcedata/ai_captions.csv")
    table = merge_captions(images, human, ai, "hash")
    write_csv(table, root / f"{STIMULI}desc-captions.csv")
    return root


@pytest.fixture(scope="module")
def truth(root):
    return {entry["image_name"]: entry for entry in json.loads(
        (root / "truth/images.json").read_text()
    )}  # fmt: skip


@pytest.fixture(scope="module")
def stimuli(root):
    """The table of images as pandas reads it, and the encoded pictures of its rows."""
    table = pd.read_csv(root / f"{STIMULI}metadata.csv")
    with h5py.File(root / f"{STIMULI}stimuli.h5") as file:
        return table, [bytes(file["images"][k]) for k in range(len(table))]


def test_what_is_produced_passes_the_validator(root):
    def path(name):
        return root / f"{STIMULI}{name}"

    files = LaionFiles(
        path("stimuli.h5"),
        path("metadata.csv"),
        {label: path(f"desc-{label}_embeddings.h5") for label in WIDTHS},
        path("desc-segmentations.h5"),
        path("desc-segmentations_metadata.csv"),
        path("desc-captions.csv"),
    )
    bad = [o for o in validate_laion(files) if o.status not in ("pass", "skipped")]
    assert bad == []


# Embeddings: three flat datasets; a row by position, by name, of several names, of all models.


@pytest.mark.parametrize("label", WIDTHS)
def test_an_embedding_file_is_flat_and_typed(root, stimuli, label):
    with h5py.File(root / f"{STIMULI}desc-{label}_embeddings.h5") as file:
        assert set(file) == {"embedding", "image_ids", "valid"}
        assert file["embedding"].shape == (len(stimuli[0]), WIDTHS[label])
        assert file["embedding"].dtype == np.float16
        assert file["embedding"].compression is None
        assert h5py.check_string_dtype(file["image_ids"].dtype).length is None
        assert h5py.check_string_dtype(file["image_ids"].dtype).encoding == "utf-8"
        assert file["valid"].dtype == bool
        assert file["valid"][()].all()
        assert file.attrs["backend"] == "projection, not a model"
        assert json.loads(file.attrs["provenance"]) == NO_SPEC


def test_rows_by_name_are_those_of_the_picture_of_that_name(root, stimuli):
    """The picture of a row of the table is projected here anew."""
    import zlib

    table, pictures = stimuli
    seed = np.random.SeedSequence([zlib.crc32(b"CLIP"), 1024])
    axes = np.random.Generator(np.random.PCG64(seed)).standard_normal((768, 1024)) / 768**0.5
    with h5py.File(root / f"{STIMULI}desc-CLIP_embeddings.h5") as file:
        row_of = {name: k for k, name in enumerate(file["image_ids"].asstr()[()])}
        for name, content in list(zip(table["image_name"], pictures, strict=True))[::9]:
            layers = Image.open(io.BytesIO(content)).convert("RGBA")
            shown = Image.new("RGBA", layers.size, (128, 128, 128, 255))
            shown.alpha_composite(layers)
            small = shown.convert("RGB").resize((16, 16), Image.Resampling.BOX)
            wanted = (np.asarray(small, float).ravel() / 255 - 0.5) @ axes
            found = file["embedding"][row_of[name]].astype(float)
            assert np.corrcoef(wanted, found)[0, 1] > 0.99999
            assert abs(np.linalg.norm(found) - 1) < 2e-3


def test_all_models_have_one_order_so_that_ids_of_the_first_serve_all(root):
    ids = []
    for label in WIDTHS:
        with h5py.File(root / f"{STIMULI}desc-{label}_embeddings.h5") as file:
            ids.append(file["image_ids"].asstr()[()].tolist())
    assert ids[0] == ids[1] == ids[2] == ids[3]
    assert len(set(ids[0])) == len(ids[0])


def test_repeated_names_are_looked_up_once_and_expanded(root):
    """HDF5 wants rising rows, which is why the client fails where a session repeats images."""
    with h5py.File(root / f"{STIMULI}desc-CLIP_embeddings.h5") as file:
        row_of = {name: k for k, name in enumerate(file["image_ids"].asstr()[()])}
        names = [list(row_of)[k] for k in (5, 2, 5, 9, 2)]
        rows = np.array([row_of[name] for name in names])
        with pytest.raises(TypeError, match="increasing"):
            file["embedding"][rows]
        unique, back = np.unique(rows, return_inverse=True)
        values = file["embedding"][unique][back]
        for value, row in zip(values, rows, strict=True):
            assert np.array_equal(value, file["embedding"][row])


# Segmentations: nouns of an image, its rows, one mask by noun and instance.


class Segmentations:
    """The documented accessors."""

    def __init__(self, root):
        self.metadata = pd.read_csv(root / f"{STIMULI}desc-segmentations_metadata.csv")
        self.file = h5py.File(root / f"{STIMULI}desc-segmentations.h5")

    def for_image(self, name):
        return self.metadata[self.metadata["image_name"] == name]

    def nouns(self, name):
        return self.for_image(name)["noun"].drop_duplicates().tolist()

    def has_image(self, name):
        return len(self.for_image(name)) > 0

    def get(self, name, noun, instance=0):
        rows = self.for_image(name)
        rows = rows[(rows["noun"] == noun) & (rows["instance_id"] == instance)]
        if not len(rows):
            raise KeyError((name, noun, instance))
        return self.file["masks"][int(rows["mask_row"].iloc[0])]


def test_nouns_of_an_image_are_what_was_drawn(root, truth, stimuli):
    seg = Segmentations(root)
    shared = stimuli[0][stimuli[0]["unique_or_shared"] == "shared"]["image_name"]
    for name in shared:
        drawn = [thing["noun"] for thing in truth[name]["objects"]]
        assert sorted(set(seg.nouns(name))) == sorted(set(drawn))
        for noun in set(drawn):
            rows = seg.for_image(name)
            assert (rows["noun"] == noun).sum() == drawn.count(noun)


def test_a_mask_by_name_is_the_object_that_was_drawn(root, truth, stimuli):
    seg = Segmentations(root)
    assert seg.file["masks"].shape[1:] == (SMALL.image_size,) * 2
    assert seg.file["masks"].dtype == np.uint8
    assert seg.file["masks"].compression == "gzip"
    assert seg.file["masks"].shuffle
    assert seg.file["masks"].chunks == (1, *seg.file["masks"].shape[1:])
    n_looked_at = 0
    for name, entry in truth.items():
        for noun in {thing["noun"] for thing in entry["objects"]}:
            if not seg.has_image(name):
                continue
            drawn = [thing for thing in entry["objects"] if thing["noun"] == noun]
            found = [seg.get(name, noun, k) for k in range(len(drawn))]
            boxes = sorted(thing["box"] for thing in drawn)
            for mask in found:
                assert set(np.unique(mask)) <= {0, 1}
                rows, columns = np.nonzero(mask)
                box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
                near = min(np.abs(np.subtract(box, wanted)).max() for wanted in boxes)
                # JPEG blurs edges; PNG is exact.
                assert near <= (0 if name.endswith(".png") else 1)
            n_looked_at += len(found)
            with pytest.raises(KeyError):
                seg.get(name, noun, len(drawn))
    assert n_looked_at > 20


def test_hidden_colours_of_transparent_pictures_are_no_people(root, truth, stimuli):
    """Half of such a picture has the colour of a person beneath transparent pixels."""
    seg = Segmentations(root)
    images = read_metadata(root / f"{STIMULI}metadata.csv")
    rows = np.flatnonzero(images["image_name"].str.endswith(".png")).tolist()
    names = images["image_name"].tolist()
    pictures = open_laion(root / f"{STIMULI}stimuli.h5", names, alpha="drop", rows=rows)
    colours = ColourSegmenter(read_nouns(root / "sourcedata/nouns.tsv").colours)
    assert rows
    for k in range(len(pictures)):
        name = pictures.image_name(k)
        drawn = [t["noun"] for t in truth[name]["objects"]].count("person")
        assert (seg.for_image(name)["noun"] == "person").sum() == drawn
        dropped = colours.find(pictures.picture(k), ["person"])
        assert sum(one.mask.sum() for one in dropped) > 0.3 * SMALL.image_size**2


def test_an_image_that_is_not_covered_gives_empty_answers(root, stimuli):
    seg = Segmentations(root)
    table = stimuli[0]
    name = table[table["unique_or_shared"] == "unique"]["image_name"].iloc[0]
    assert seg.nouns(name) == []
    assert len(seg.for_image(name)) == 0
    assert not seg.has_image(name)
    with pytest.raises(KeyError):
        seg.get(name, "dog")


def test_localised_masks_can_be_filtered(root):
    seg = Segmentations(root)
    assert seg.metadata["localized"].dtype == np.int64
    kept = seg.metadata[seg.metadata["localized"] == 1]
    assert len(kept) == len(seg.metadata)
    assert kept["mask_row"].tolist() == list(range(len(kept)))


# Captions: by people in the order of their rank, of a model or None, and as a table.


@pytest.fixture(scope="module")
def captions(root):
    return pd.read_csv(root / f"{STIMULI}desc-captions.csv")


def test_captions_are_in_long_form_and_typed(captions, stimuli):
    assert captions.columns.tolist() == [
        "image_name", "caption_idx", "source", "caption", "origin_collection", "participant_id",
        "ai_model",
    ]  # fmt: skip
    assert captions["caption_idx"].dtype == np.int64
    table = stimuli[0]
    n_shared = (table["unique_or_shared"] == "shared").sum()
    n_ood = (table["dataset"] == "OOD").sum()
    n_unique = len(table) - n_shared
    assert len(captions) == n_shared * 5 + (n_shared - n_ood) + n_unique * 3
    assert captions["image_name"].drop_duplicates().tolist() == table["image_name"].tolist()


def test_captions_by_people_come_best_first(root, captions, stimuli):
    with (root / "sourcedata/human_captions.csv").open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    for name in stimuli[0]["image_name"][::5]:
        wanted = [r["caption"] for r in sorted(
            (r for r in written if r["image_name"] == name), key=lambda r: int(r["rank"])
        )]  # fmt: skip
        own = captions[(captions["image_name"] == name) & (captions["source"] == "human")]
        assert own.sort_values("caption_idx")["caption"].tolist() == wanted


def test_a_models_caption_or_none(captions, stimuli):
    def ai(name):
        rows = captions[(captions["image_name"] == name) & (captions["source"] == "ai")]
        return rows["caption"].iloc[0] if len(rows) else None

    for row in stimuli[0].itertuples():
        has = row.unique_or_shared == "shared" and row.dataset != "OOD"
        assert (ai(row.image_name) is not None) == has
    of_models = captions[captions["source"] == "ai"]
    assert set(of_models["caption_idx"]) == {0}
    assert of_models["participant_id"].isna().all()
    assert set(of_models["ai_model"]) == {"sim-captioner-1"}
    assert captions[captions["source"] == "human"]["ai_model"].isna().all()


def test_awkward_texts_survive(root, captions):
    texts = set(captions["caption"])
    assert 'a "quoted" sign,\nover two lines' in texts
    assert "a naïve drawing of a café, 30 °C" in texts


def test_no_worker_id_is_left(root, captions):
    text = (root / f"{STIMULI}desc-captions.csv").read_text()
    assert "worker-" not in text
    people = captions[captions["source"] == "human"]["participant_id"]
    assert people.str.fullmatch("[0-9a-f]{16}").all()
