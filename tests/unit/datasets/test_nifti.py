import gzip

import numpy as np
import pytest

from repalign.datasets.nifti import NiftiVolumes, read_label_volume
from repalign.errors import RepalignError

from .conftest import AFFINE, SHAPE, assert_error, write_nifti


def volumes_of(path, **kw):
    with NiftiVolumes(path, **kw) as image:
        return np.array([volume.copy() for volume in image])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["i2", ">i2", "u1", "f4", ">f4", "f8"])
def test_volumes_in_file_order(tmp_path, suffix, dtype):
    values = np.random.default_rng(0).integers(0, 200, (*SHAPE, 3)).astype(dtype)
    path = write_nifti(tmp_path / f"a{suffix}", values)
    if dtype.startswith(">"):
        import nibabel as nib

        header = nib.Nifti1Header(endianness=">")
        header.set_data_dtype(dtype)
        header.set_data_shape(values.shape)
        header.set_sform(AFFINE, 2)
        header["magic"], header["vox_offset"] = b"n+1", 352
        raw = header.binaryblock + bytes(4) + values.tobytes(order="F")
        path.write_bytes(gzip.compress(raw) if suffix.endswith("gz") else raw)
    with NiftiVolumes(path, n_volumes_expected=3) as image:
        assert image.shape == values.shape
        assert image.dtype == np.dtype(dtype).newbyteorder("=")
        np.testing.assert_allclose(image.affine, AFFINE)
        for k, volume in enumerate(image):
            assert volume.dtype.isnative
            np.testing.assert_array_equal(volume, values[..., k].ravel(order="F"))
        assert k == 2


def test_nifti2_and_header_extension(tmp_path):
    import nibabel as nib

    values = np.arange(np.prod(SHAPE) * 2, dtype=np.int16).reshape(*SHAPE, 2)
    image = nib.Nifti2Image(values, AFFINE)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"x" * 100))
    nib.save(image, tmp_path / "a.nii.gz")
    got = volumes_of(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(got, [values[..., k].ravel(order="F") for k in range(2)])


@pytest.mark.parametrize(
    ("slope", "inter", "scaled"),
    [(0.5, 0, True), (1, 3, True), (0, 7, False), (np.nan, np.nan, False), (1, 0, False)],
)
def test_scaling(tmp_path, slope, inter, scaled):
    values = np.arange(np.prod(SHAPE) * 2, dtype=np.int16).reshape(*SHAPE, 2)
    path = write_nifti(tmp_path / "a.nii.gz", values, scl_slope=slope, scl_inter=inter)
    with NiftiVolumes(path) as image:
        assert image.dtype == (np.float32 if scaled else np.int16)
        first = next(iter(image))
    expected = values[..., 0].ravel(order="F")
    np.testing.assert_allclose(first, expected * slope + inter if scaled else expected)


@pytest.fixture
def good(tmp_path):
    values = np.random.default_rng(0).integers(-99, 99, (*SHAPE, 4)).astype(np.int16)
    return write_nifti(tmp_path / "a.nii.gz", values)


def test_truncated_gzip(tmp_path):
    # Large enough for the decompressor to deliver volumes before it meets the end.
    values = np.random.default_rng(0).integers(-999, 999, (40, 40, 40, 4)).astype(np.int16)
    good = write_nifti(tmp_path / "a.nii.gz", values)
    data = good.read_bytes()
    good.write_bytes(data[: int(len(data) * 0.8)])
    with pytest.raises(RepalignError) as error:
        volumes_of(good)
    assert_error(error.value, good, "volume", "of 4", "truncated", "Fetch")


def test_short_data_in_a_whole_gzip(good):
    raw = gzip.decompress(good.read_bytes())
    good.write_bytes(gzip.compress(raw[:-10]))
    with pytest.raises(RepalignError) as error:
        volumes_of(good)
    assert_error(error.value, good, "volume 4 of 4", "10 bytes short")


def test_wrong_checksum_is_found_at_the_end(good):
    data = bytearray(good.read_bytes())
    data[-8] ^= 0xFF
    good.write_bytes(data)
    with pytest.raises(RepalignError) as error:
        volumes_of(good)
    assert_error(error.value, good, "truncated or damaged")


def test_damaged_middle(good):
    data = bytearray(good.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20] = b"\xff" * 20
    good.write_bytes(data)
    with pytest.raises(RepalignError) as error:
        volumes_of(good)
    assert_error(error.value, good, "truncated or damaged")


def test_trailing_data(good):
    raw = gzip.decompress(good.read_bytes())
    good.write_bytes(gzip.compress(raw + b"\0"))
    with pytest.raises(RepalignError) as error:
        volumes_of(good)
    assert_error(error.value, good, "more data than the header", "after volume 4")


def test_wrong_number_of_volumes(good):
    with pytest.raises(RepalignError) as error:
        NiftiVolumes(good, n_volumes_expected=5)
    assert_error(error.value, good, "4 volumes", "5 volumes")


@pytest.mark.parametrize("content", [b"", b"ab", b"hello, this is no image" * 40, bytes(400)])
def test_not_a_nifti(tmp_path, content):
    for path in (tmp_path / "a.nii", tmp_path / "b.nii.gz"):
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        with pytest.raises(RepalignError) as error:
            NiftiVolumes(path)
        assert_error(error.value, path, "NIfTI")


def test_header_cut_off(good):
    good.write_bytes(gzip.compress(gzip.decompress(good.read_bytes())[:100]))
    with pytest.raises(RepalignError) as error:
        NiftiVolumes(good)
    assert_error(error.value, good, "header", "truncated")


def test_missing_file(tmp_path):
    with pytest.raises(RepalignError) as error:
        NiftiVolumes(tmp_path / "none.nii.gz")
    assert_error(error.value, "none.nii.gz", "no such file")


def test_not_four_axes(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.zeros(SHAPE, np.int16))
    with pytest.raises(RepalignError) as error:
        NiftiVolumes(path)
    assert_error(error.value, path, SHAPE, "4-D")


def test_complex_values(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.zeros((*SHAPE, 2), np.complex64))
    with pytest.raises(RepalignError) as error:
        NiftiVolumes(path)
    assert_error(error.value, path, "complex64")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_names_volume_and_voxel(tmp_path, bad):
    values = np.zeros((*SHAPE, 3), np.float32)
    values[3, 2, 1, 1] = bad
    path = write_nifti(tmp_path / "a.nii.gz", values)
    with pytest.raises(RepalignError) as error:
        volumes_of(path)
    assert_error(error.value, path, "volume 2 of 3", "voxel (3, 2, 1)", bad)
    assert volumes_of(path, check_finite=False).shape == (3, np.prod(SHAPE))


def test_labels_from_floats(tmp_path):
    labels = np.random.default_rng(0).integers(-1, 181, SHAPE)
    path = write_nifti(tmp_path / "a.nii.gz", labels.astype(np.float64))
    got, affine = read_label_volume(path)
    np.testing.assert_array_equal(got, labels)
    assert got.dtype == np.int32
    np.testing.assert_allclose(affine, AFFINE)


@pytest.mark.parametrize("bad", [1.5, 1e12])
def test_labels_that_are_no_labels(tmp_path, bad):
    labels = np.zeros(SHAPE)
    labels[1, 2, 3] = bad
    path = write_nifti(tmp_path / "a.nii.gz", labels)
    with pytest.raises(RepalignError) as error:
        read_label_volume(path)
    assert_error(error.value, path, "voxel (1, 2, 3)", f"{bad:g}", "whole numbers")


def test_labels_with_a_fourth_axis(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.ones((*SHAPE, 1), np.int16))
    assert read_label_volume(path)[0].shape == SHAPE
    path = write_nifti(tmp_path / "b.nii.gz", np.ones((*SHAPE, 2), np.int16))
    with pytest.raises(RepalignError, match="3-D"):
        read_label_volume(path)
