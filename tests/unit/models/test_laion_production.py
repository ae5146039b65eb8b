"""Pictures, embeddings and masks of LAION-fMRI: layout, interruptions, and every bad input."""

import io
import json

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

from repalign.errors import RepalignError
from repalign.models.laion_embedders import PROJECTION, Preparation, projection
from repalign.models.laion_embeddings import backend_of, make_embeddings, write_embeddings
from repalign.models.laion_masks import write_segmentations
from repalign.models.laion_pictures import open_laion
from repalign.models.laion_reproduction import compare_embeddings
from repalign.models.segmenters import ColourSegmenter, Found, read_nouns, surest
from repalign.tables.laion_layout import GREY

NO_SPEC = {"spec": None, "dataset_source": None, "versions": {}}
SPEC = {"spec": {"step": "x"}, "dataset_source": "other", "versions": {}}


def encoded(pixels, kind="PNG"):
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind, quality=95)
    return content.getvalue()


def write_pictures(path, contents):
    with h5py.File(path, "w") as file:
        rows = file.create_dataset("images", (len(contents),), h5py.vlen_dtype(np.uint8))
        for k, content in enumerate(contents):
            rows[k] = np.frombuffer(content, np.uint8)
    return path


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (5, 24, 32, 3), np.uint8)


@pytest.fixture
def pictures(tmp_path, pixels):
    path = write_pictures(tmp_path / "stimuli.h5", [encoded(p) for p in pixels])
    return open_laion(path, [f"{k}.png" for k in range(5)])


def test_transparency_is_laid_over_grey_or_dropped(tmp_path, pixels):
    alpha = np.zeros((24, 32), np.uint8)
    alpha[:, 16:] = 255
    alpha[:, 8:16] = 128
    content = encoded(np.dstack([pixels[0], alpha]))
    path = write_pictures(tmp_path / "stimuli.h5", [content])
    shown = np.asarray(open_laion(path, ["a.png"]).picture(0))
    share = alpha[..., None] / 255
    assert np.abs(shown - (pixels[0] * share + np.array(GREY) * (1 - share))).max() <= 1
    assert (shown[:, :8] == GREY).all()
    dropped = np.asarray(open_laion(path, ["a.png"], alpha="drop").picture(0))
    assert np.array_equal(dropped, pixels[0])


def test_pictures_are_chosen_by_row(pictures, pixels, tmp_path):
    chosen = open_laion(tmp_path / "stimuli.h5", [f"{k}.png" for k in range(5)], rows=[3, 1])
    assert [chosen.image_name(k) for k in range(2)] == ["3.png", "1.png"]
    assert np.array_equal(np.asarray(chosen.picture(0)), pixels[3])
    assert chosen.content(1) == pictures.content(1)
    assert "row 3 (3.png)" in chosen.name(0)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda p: p.write_bytes(b"no HDF5"), "unreadable"),
        (lambda p: h5py.File(p, "w").close(), "none"),
        (lambda p: h5py.File(p, "w").create_dataset("images", data=[1, 2]), "int64"),
        (lambda p: write_pictures(p, [b"x"]), "1 pictures"),
    ],
)
def test_a_bad_file_of_pictures_is_refused(tmp_path, make, found):
    path = tmp_path / "bad.h5"
    make(path)
    with pytest.raises(RepalignError) as caught:
        open_laion(path, ["a.jpg", "b.jpg"])
    assert found in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_damaged_picture_names_its_row(tmp_path, pixels):
    path = write_pictures(tmp_path / "stimuli.h5", [encoded(pixels[0])[:200]])
    with pytest.raises(RepalignError, match=r"row 0 \(a\.png\)"):
        open_laion(path, ["a.png"]).picture(0)


def make(output, pictures, embed, record=NO_SPEC, *, width=40, unit_norm=True, batch_size=2):
    facts = {"backend": PROJECTION}
    make_embeddings(output, pictures, embed, facts, record, width=width, unit_norm=unit_norm,
                    batch_size=batch_size)  # fmt: skip


@pytest.mark.parametrize("unit_norm", [True, False])
def test_embeddings_are_those_of_the_pictures_in_half_precision(tmp_path, pictures, unit_norm):
    output = tmp_path / "clip.h5"
    make(output, pictures, projection("CLIP", 40), unit_norm=unit_norm)
    wanted = projection("CLIP", 40)([pictures.picture(k) for k in range(5)]).astype(float)
    if unit_norm:
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    with h5py.File(output) as file:
        assert np.array_equal(file["embedding"][()], wanted.astype(np.float32).astype(np.float16))
        assert file.attrs["backend"] == PROJECTION
    assert backend_of(output).endswith("not a model")
    beside = json.loads((tmp_path / "clip.h5.provenance.json").read_text())
    assert beside["embedding"]["backend"] == PROJECTION
    assert len(beside["sha256"]) == 64
    assert not (tmp_path / "clip.h5.partial").exists()


def test_batches_do_not_change_the_file(tmp_path, pictures):
    for size in (1, 3):
        make(tmp_path / f"{size}.h5", pictures, projection("CLIP", 40), batch_size=size)
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "3.h5").read_bytes()


def test_projections_of_two_labels_differ(pictures):
    shown = [pictures.picture(0)]
    first, second = (projection(label, 40)(shown) for label in ("CLIP", "PEcore"))
    assert abs(np.corrcoef(first[0], second[0])[0, 1]) < 0.6


def test_a_stopped_job_goes_on(tmp_path, pictures, monkeypatch):
    monkeypatch.setattr("repalign.models.shards.SHARD_ROWS", 2)
    embed, seen = projection("CLIP", 40), []

    def stops(shown):
        seen.append(len(shown))
        if len(seen) == 3:
            raise KeyboardInterrupt
        return embed(shown)

    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "a.h5", pictures, stops, SPEC)
    assert not (tmp_path / "a.h5").exists()
    make(tmp_path / "a.h5", pictures, stops, SPEC)
    assert seen == [2, 2, 1, 1]
    make(tmp_path / "b.h5", pictures, embed, SPEC)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize(
    ("embed", "parts"),
    [
        (lambda p: np.zeros((len(p), 40), np.float32), ("0.png", "zeros")),
        (lambda p: np.full((len(p), 40), np.nan, np.float32), ("NaN",)),
        (lambda p: np.ones((len(p), 41), np.float32), ("41 numbers", "40")),
    ],
)
def test_bad_values_are_refused(tmp_path, pictures, embed, parts):
    with pytest.raises(RepalignError) as caught:
        make(tmp_path / "a.h5", pictures, embed, unit_norm=False)
    for part in parts:
        assert part in str(caught.value)
    assert not (tmp_path / "a.h5").exists()


def test_values_beyond_half_precision_are_refused(tmp_path):
    with pytest.raises(RepalignError, match="float16"):
        write_embeddings(tmp_path / "a.h5", np.full((1, 3), 1e5, np.float32), ["a"], {})


@pytest.mark.parametrize("resize", ["squash", "shortest"])
def test_pictures_are_prepared_as_the_settings_say(pixels, resize):
    prepare = Preparation(16, resize, "bilinear", (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    picture = Image.fromarray(pixels[0])
    values = prepare(picture)
    assert values.shape == (3, 16, 16)
    assert values.dtype == np.float32
    if resize == "squash":
        scaled = picture.resize((16, 16), Image.Resampling.BILINEAR)
    else:  # 32 x 24 becomes 21 x 16, of which the middle is taken
        scaled = picture.resize((21, 16), Image.Resampling.BILINEAR).crop((2, 0, 18, 16))
    wanted = (np.asarray(scaled) / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
    np.testing.assert_allclose(values, wanted.transpose(2, 0, 1), atol=1e-6)


# Masks.

COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255), "null": (0, 255, 0)}


@pytest.fixture
def shapes():
    """A picture with two red shapes, one blue one, and green dust."""
    pixels = np.full((40, 50, 3), 120, np.uint8)
    pixels[5:15, 5:15] = (250, 5, 0)
    pixels[20:26, 30:48] = (255, 0, 0)
    pixels[30:38, 2:9] = (0, 0, 255)
    pixels[0:40:4, 20:30:4] = (0, 255, 0)
    return pixels


def test_shapes_are_found_by_colour(shapes):
    found = ColourSegmenter(COLOURS).find(Image.fromarray(shapes), list(COLOURS))
    assert [one.noun for one in found] == ["red", "red", "blue", "null"]
    assert [one.box for one in found[:3]] == [(5, 5, 15, 15), (30, 20, 48, 26), (2, 30, 9, 38)]
    # Independently: connected components of exact colours.
    labels, count = ndimage.label((shapes == (255, 0, 0)).all(axis=2))
    assert count == 1
    assert np.array_equal(found[1].mask, labels == 1)
    assert found[1].score == 1
    assert found[0].score < 1
    # Dust is noticed, but is nowhere in particular.
    assert found[3].box is None
    assert found[3].mask.all()


def test_masks_are_written_in_the_published_layout(tmp_path, shapes):
    paths = (tmp_path / "masks.h5", tmp_path / "masks.csv")
    source = write_pictures(tmp_path / "s.h5", [encoded(shapes), encoded(shapes[:, ::-1])])
    pictures = open_laion(source, ["a+.png", "b.png"])
    nouns = [["red", "blue", "null"], ["blue"]]
    count = write_segmentations(*paths, pictures, nouns, ColourSegmenter(COLOURS), {"x": "y"})
    table = pd.read_csv(paths[1], keep_default_na=False)
    assert count == len(table) == 5
    assert table["mask_row"].tolist() == list(range(5))
    # By falling score: the paler red shape is the last of its picture.
    assert table["noun"].tolist() == ["red", "blue", "null", "red", "blue"]
    assert table[table["noun"] == "red"]["instance_id"].tolist() == [0, 1]
    nowhere = table[table["noun"] == "null"].iloc[0]
    assert (nowhere["localized"], nowhere["box_x0"]) == (0, "")
    with h5py.File(paths[0]) as file:
        masks = file["masks"]
        assert (masks.dtype, masks.shape, masks.chunks) == (np.uint8, (5, 40, 50), (1, 40, 50))
        assert (masks.compression, masks.shuffle) == ("gzip", True)
        assert file.attrs["backend"] == "colour threshold, not a model"
        assert file.attrs["x"] == "y"
        for row in table[table["localized"] == 1].itertuples():
            rows, columns = np.nonzero(masks[row.mask_row])
            box = [float(getattr(row, f"box_{edge}")) for edge in ("x0", "y0", "x1", "y1")]
            assert box == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


class Fixed:
    """A segmenter that finds what it is told."""

    facts = {"backend": "fixed"}  # noqa: RUF012

    def __init__(self, found):
        self.found = found

    def find(self, picture, nouns):
        return self.found


def test_the_99_percent_rule(tmp_path, shapes):
    nearly, full = np.ones((40, 50), bool), np.ones((40, 50), bool)
    nearly[0, :21] = False  # 1.05 % left out
    full[0, :19] = False  # 0.95 %
    empty = np.zeros((40, 50), bool)
    box = (0.0, 0.0, 50.0, 40.0)
    found = [Found("a", 0.5, box, full), Found("a", 0.9, box, nearly), Found("b", 0.9, box, empty)]
    pictures = open_laion(write_pictures(tmp_path / "s.h5", [encoded(shapes)]), ["a.png"])
    write_segmentations(tmp_path / "m.h5", tmp_path / "m.csv", pictures, [["a"]], Fixed(found), {})
    table = pd.read_csv(tmp_path / "m.csv")
    assert table["score"].tolist() == [0.9, 0.5]
    assert table["localized"].tolist() == [1, 0]
    assert table["instance_id"].tolist() == [0, 1]


def test_pictures_of_two_sizes_are_refused(tmp_path, shapes):
    source = write_pictures(tmp_path / "s.h5", [encoded(shapes), encoded(shapes[:30])])
    pictures = open_laion(source, ["a.png", "b.png"])
    with pytest.raises(RepalignError) as caught:
        write_segmentations(tmp_path / "m.h5", tmp_path / "m.csv", pictures, [["red"]] * 2,
                            ColourSegmenter(COLOURS), {})  # fmt: skip
    assert "b.png" in str(caught.value)
    assert "50 x 30" in str(caught.value)
    assert not list(tmp_path.glob("*m.*"))


def test_nouns_of_captions_are_whole_words(tmp_path):
    path = tmp_path / "nouns.tsv"
    path.write_text("noun\ncat\nbus\nnull\nhot dog\n")
    nouns = read_nouns(path)
    assert nouns.names == ("cat", "bus", "null", "hot dog")
    assert nouns.named_in(["Two cats, concatenated.", "a Hot dog"]) == ["cat", "hot dog"]
    assert nouns.named_in(["buses", "null"]) == ["bus", "null"]
    assert nouns.named_in([]) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("word\ncat\n", "columns"),
        ("noun\ncat\ncat\n", "data row 2"),
        ("noun\n\ncat\n \n", "data row 2"),
        ("noun\tred\tgreen\tblue\ncat\t1\t2\t256\n", "data row 1"),
    ],
)
def test_a_bad_table_of_nouns_is_refused(tmp_path, text, part):
    path = tmp_path / "nouns.tsv"
    path.write_text(text)
    with pytest.raises(RepalignError) as caught:
        read_nouns(path)
    assert part in str(caught.value)


def test_of_overlapping_boxes_of_a_noun_the_surest_stays():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [20, 0, 30, 10]], float)
    scores, labels = np.array([0.5, 0.9, 0.4, 0.3]), np.array([0, 0, 1, 0])
    # 90 of 110 are shared: a half is exceeded, 0.82 is not.
    assert surest(scores, labels, boxes, 0.5).tolist() == [1, 2, 3]
    assert surest(scores, labels, boxes, 0.82).tolist() == [1, 0, 2, 3]


# How near the released files are.


def embedding_file(path, names, values, backend=""):
    write_embeddings(path, np.asarray(values, np.float32), names,
                     {"backend": backend} if backend else {})  # fmt: skip
    return path


IMAGES = pd.DataFrame({"image_name": ["a.jpg", "b.png"], "dataset": ["NSD", "OOD"]})


def test_cosines_are_reported_by_kind_of_image(tmp_path):
    made = embedding_file(tmp_path / "m.h5", ["a.jpg", "b.png"], [[1, 0], [1, 1]], "timm")
    released = embedding_file(tmp_path / "r.h5", ["b.png", "a.jpg"], [[1, 0], [2, 0]])
    table = compare_embeddings({"CLIP": (made, released)}, IMAGES).set_index("images")
    assert table.loc["all", "n_images"] == 2
    assert table.loc["NSD", "mean"] == pytest.approx(1)
    assert table.loc["OOD", "mean"] == pytest.approx(0.5**0.5, abs=1e-3)
    assert table.loc["png", "minimum"] == table.loc["OOD", "minimum"]


@pytest.mark.parametrize("side", [0, 1])
def test_what_is_no_model_is_never_compared_as_one(tmp_path, side):
    backends = ["timm", "timm"]
    backends[side] = PROJECTION
    files = [
        embedding_file(tmp_path / f"{k}.h5", ["a.jpg", "b.png"], [[1, 0], [1, 1]], backend)
        for k, backend in enumerate(backends)
    ]
    with pytest.raises(RepalignError, match="not a model"):
        compare_embeddings({"CLIP": (files[0], files[1])}, IMAGES)


def test_a_released_file_without_an_image_is_refused(tmp_path):
    made = embedding_file(tmp_path / "m.h5", ["a.jpg", "b.png"], [[1, 0], [1, 1]], "timm")
    released = embedding_file(tmp_path / "r.h5", ["a.jpg"], [[1, 0]])
    with pytest.raises(RepalignError, match=r"no b\.png"):
        compare_embeddings({"CLIP": (made, released)}, IMAGES)
