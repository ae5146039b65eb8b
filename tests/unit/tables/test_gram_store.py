"""The file of a subject's Gram matrices."""

import h5py
import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.tables.gram_store import read_grams, write_grams

IMAGES = np.array([3, 8, 20])


@pytest.fixture
def path(tmp_path):
    areas = {name: (np.arange(9.0).reshape(3, 3) + k, 5 + k) for k, name in enumerate("ab")}
    write_grams(tmp_path / "grams.h5", IMAGES, areas)
    return tmp_path / "grams.h5"


def test_what_is_written_is_read(path):
    found = read_grams(path)
    np.testing.assert_array_equal(found.images, IMAGES)
    np.testing.assert_array_equal(found.by_area["b"], np.arange(9.0).reshape(3, 3) + 1)
    assert found.n_voxels == {"a": 5, "b": 6}


def test_equal_content_is_equal_bytes(path, tmp_path):
    areas = {area: (gram, read_grams(path).n_voxels[area])
             for area, gram in read_grams(path).by_area.items()}  # fmt: skip
    write_grams(tmp_path / "again.h5", IMAGES, areas)
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()


def test_a_matrix_of_another_size_is_refused(path):
    with h5py.File(path, "r+") as file:
        del file["areas/a"]
        file["areas/a"] = np.zeros((2, 2))
        file["areas/a"].attrs["n_voxels"] = 1
    with pytest.raises(RepalignError, match="area a"):
        read_grams(path)


@pytest.mark.parametrize("damage", ["truncate", "images", "areas", "attribute", "missing"])
def test_a_damaged_file_is_refused(path, damage):
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "missing":
        path.unlink()
    else:
        with h5py.File(path, "r+") as file:
            if damage == "attribute":
                del file["areas/a"].attrs["n_voxels"]
            else:
                del file[damage]
    with pytest.raises(RepalignError, match="Gram matrices"):
        read_grams(path)
