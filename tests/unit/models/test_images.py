"""Pictures: what each kind becomes, what is refused, and which stimulus a position shows."""

import io

import h5py
import numpy as np
import pytest
from PIL import Image, ImageFile

from repalign.errors import RepalignError
from repalign.models.images import open_brick, open_files
from repalign.models.pictures import decode, encode_jpeg

RNG = np.random.default_rng(20)
PIXELS = RNG.integers(0, 256, (6, 24, 32, 3), np.uint8)
SMOOTH = np.add.outer(np.arange(24) * 5, np.arange(32) * 4)[..., None] + np.array([0, 5, 10])
SMOOTH = SMOOTH.clip(0, 255).astype(np.uint8)


@pytest.fixture
def brick(tmp_path):
    path = tmp_path / "nsd_stimuli.hdf5"
    with h5py.File(path, "w") as file:
        file["imgBrick"] = PIXELS
    return path


def saved(image, kind, **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def rgb(content):
    return np.asarray(decode(content, "a file").image)


def refused(content, found, where="a file"):
    with pytest.raises(RepalignError, match=found) as error:
        decode(content, where)
    assert error.value.where == where
    return error.value


def test_exact_pictures_are_the_rows_of_their_ids(brick):
    images = open_brick(brick, [4, 0, 2], encoding="exact")
    assert len(images) == 3
    assert images.ids.tolist() == [4, 0, 2]
    for k, nsd_id in enumerate(images.ids):
        np.testing.assert_array_equal(np.asarray(images.picture(k)), PIXELS[nsd_id])
        np.testing.assert_array_equal(rgb(images.encoded(k)), PIXELS[nsd_id])
    assert images.name(0) == f"{brick}, imgBrick, row 4"


def test_all_images_are_shown_where_none_are_named(brick):
    assert open_brick(brick).ids.tolist() == list(range(6))


def test_jpeg_pictures_are_what_a_jpeg_file_of_quality_75_shows(brick):
    images = open_brick(brick)
    file = io.BytesIO()
    Image.fromarray(PIXELS[3]).save(file, "JPEG")  # Pillow's own quality is 75
    assert images.encoded(3) == file.getvalue()
    np.testing.assert_array_equal(images.picture(3), np.asarray(Image.open(file)))
    assert not np.array_equal(images.picture(3), PIXELS[3])
    assert not images.changes


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"imgBrick": PIXELS.astype(np.float32)}, "float32 of shape"),
        ({"imgBrick": PIXELS[..., 0]}, r"uint8 of shape \(6, 24, 32\)"),
        ({"imgBrick": np.moveaxis(PIXELS, 3, 1)}, r"shape \(6, 3, 24, 32\)"),
        ({"imgBrick": PIXELS[:4]}, "4 pictures"),
        ({"images": PIXELS}, "no dataset named imgBrick"),
    ],
)
def test_another_brick_is_refused(tmp_path, content, found):
    path = tmp_path / "nsd_stimuli.hdf5"
    with h5py.File(path, "w") as file:
        for name, value in content.items():
            file[name] = value
    with pytest.raises(RepalignError, match=found):
        open_brick(path, [0, 5])


def test_a_cut_or_missing_brick_is_refused(brick, tmp_path):
    brick.write_bytes(brick.read_bytes()[:1000])
    for path in (brick, tmp_path / "absent.hdf5"):
        with pytest.raises(RepalignError, match="unreadable") as error:
            open_brick(path)
        assert error.value.where == str(path)


def test_files_show_the_stimuli_they_are_given_for(tmp_path):
    for k in range(3):
        Image.fromarray(PIXELS[k]).save(tmp_path / f"{k}.png")
    images = open_files([tmp_path / "2.png", tmp_path / "0.png"], [20, 7])
    assert images.ids.tolist() == [20, 7]
    np.testing.assert_array_equal(images.picture(0), PIXELS[2])
    assert images.encoded(1) == (tmp_path / "0.png").read_bytes()
    assert images.name(1) == str(tmp_path / "0.png")


def test_pictures_of_other_kinds_are_counted_once_each(tmp_path):
    grey = Image.fromarray(PIXELS[0, ..., 0])
    for name in ("a.png", "b.png"):
        grey.save(tmp_path / name)
    Image.fromarray(PIXELS[0]).save(tmp_path / "c.png")
    Image.fromarray(PIXELS[0]).convert("CMYK").save(tmp_path / "d.jpg")
    names = ("a.png", "b.png", "c.png", "d.jpg")
    images = open_files([tmp_path / name for name in names], range(4))
    for k in (0, 1, 2, 3, 0):
        images.picture(k)
    assert images.changes == {"grey": 2, "CMYK": 1}


def test_grey_becomes_three_equal_channels():
    grey = PIXELS[0, ..., 0]
    expected = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_array_equal(rgb(saved(Image.fromarray(grey), "PNG")), expected)


def test_sixteen_bit_grey_keeps_its_scale():
    values = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)
    expected = np.round(values / 257).astype(np.uint8)
    shown = rgb(saved(Image.fromarray(values), "PNG"))
    np.testing.assert_array_equal(shown, np.repeat(expected[..., None], 3, axis=2))
    assert shown.max() == 255


def test_transparent_pictures_lie_on_white():
    alpha = RNG.integers(0, 256, (24, 32, 1), np.uint8)
    picture = np.concatenate([PIXELS[0], alpha], axis=2)
    weight = alpha / 255
    expected = PIXELS[0] * weight + 255 * (1 - weight)
    shown = rgb(saved(Image.fromarray(picture), "PNG"))
    np.testing.assert_allclose(shown, expected, atol=1)


def test_palettes_are_looked_up_with_their_transparent_colour_white():
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    plain = rgb(saved(image, "PNG"))
    np.testing.assert_array_equal(plain, [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]])
    seen_through = rgb(saved(image, "PNG", transparency=1))
    np.testing.assert_array_equal(seen_through, [[[255, 0, 0], [255] * 3, [0, 0, 255]]])


def test_cmyk_becomes_about_the_same_rgb():
    image = Image.fromarray(SMOOTH)
    shown = rgb(saved(image.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(shown.astype(int) - SMOOTH).mean() < 4


def test_black_and_white_becomes_black_and_white():
    bits = PIXELS[0, ..., 0] > 127
    expected = np.repeat(bits[..., None], 3, axis=2) * 255
    np.testing.assert_array_equal(rgb(saved(Image.fromarray(bits), "PNG")), expected)


def test_pictures_are_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    picture = decode(saved(Image.fromarray(PIXELS[0]), "PNG", exif=exif), "a file")
    np.testing.assert_array_equal(picture.image, np.rot90(PIXELS[0], -1))
    assert picture.changes == ("turned",)
    np.testing.assert_array_equal(rgb(picture.encoded), np.rot90(PIXELS[0], -1))


def test_encoded_bytes_show_what_the_picture_shows():
    alpha = np.full((24, 32, 1), 100, np.uint8)
    contents = [
        saved(Image.fromarray(PIXELS[0]), "BMP"),
        saved(Image.fromarray(PIXELS[0]).convert("CMYK"), "JPEG"),
        saved(Image.fromarray(np.concatenate([PIXELS[0], alpha], 2)), "PNG"),
        saved(Image.fromarray(PIXELS[0]), "JPEG"),
    ]
    for content in contents:
        picture = decode(content, "a file")
        with Image.open(io.BytesIO(picture.encoded)) as file:
            assert file.format in ("JPEG", "PNG")
            assert file.mode == "RGB"
            np.testing.assert_array_equal(file, picture.image)
    assert decode(contents[-1], "a file").encoded == contents[-1]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("kept", [0.15, 0.5, 0.9, 0.98])
def test_cut_files_are_refused_never_half_grey(kind, kept, monkeypatch):
    # Some library may have told Pillow to fill in what is missing.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    content = saved(Image.fromarray(np.tile(PIXELS[0], (8, 8, 1))), kind)
    refused(content[: int(len(content) * kept)], "decoded|without its end")


def test_a_jpeg_file_whose_end_is_zeros_is_refused():
    content = encode_jpeg(Image.fromarray(np.tile(PIXELS[0], (8, 8, 1))))
    half = len(content) // 2
    refused(content[:half] + bytes(len(content) - half), "without its end")


def test_a_png_file_with_a_changed_byte_is_refused():
    content = bytearray(saved(Image.fromarray(PIXELS[0]), "PNG"))
    content[len(content) // 2] ^= 1
    refused(bytes(content), "no picture that can be decoded")


def test_what_is_no_picture_is_refused(tmp_path):
    refused(b"", "0 bytes")
    refused(b"<html>not found</html>", "no picture that can be decoded")
    refused(saved(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"), "mode F")
    (tmp_path / "empty.jpg").write_bytes(b"")
    images = open_files([tmp_path / "empty.jpg"], [0])
    with pytest.raises(RepalignError, match="0 bytes") as error:
        images.picture(0)
    assert error.value.where == str(tmp_path / "empty.jpg")
    with pytest.raises(RepalignError, match=r"of 2 pictures, 1 are missing"):
        open_files([tmp_path / "empty.jpg", tmp_path / "absent.jpg"], [0, 1])


def test_a_picture_too_large_to_be_one_is_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    refused(saved(Image.fromarray(PIXELS[0]), "PNG"), "decompression bomb")


@pytest.mark.parametrize("ids", [[0, 0], [-1, 0], [0.5, 1.0]])
def test_ids_are_different_whole_numbers(brick, ids):
    with pytest.raises(ValueError, match="ids are"):
        open_brick(brick, ids)
