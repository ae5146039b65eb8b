"""Files that were cut short are seen without reading them whole."""

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from repalign.figures.style import save_png
from repalign.tables.integrity import damage
from repalign.tables.parquet import write_table


@pytest.fixture
def results(tmp_path):
    """One good result of each kind."""
    np.save(tmp_path / "a.npy", np.arange(12, dtype=np.int16).reshape(3, 4))
    np.save(tmp_path / "none.npy", np.empty((0, 4)))
    write_table(tmp_path / "t.parquet", pa.table({"x": [1]}), {})
    save_png(Figure((1, 1)), tmp_path / "f.png", {})
    (tmp_path / "x.csv").write_text("a\n")
    return tmp_path


def test_good_files_are_not_blamed(results):
    assert [damage(path) for path in sorted(results.iterdir())] == [None] * 5
    assert damage(results) is None


@pytest.mark.parametrize(
    ("name", "keep"),
    [*((n, k) for n in ("a.npy", "t.parquet", "f.png") for k in (0, -1)), ("x.csv", 0)],
)
def test_cut_files_are_named_alone_and_in_their_folder(results, name, keep):
    path = results / name
    path.write_bytes(path.read_bytes()[:keep])
    for found in (damage(path), damage(results)):
        assert found is not None
        assert name in found


def test_an_array_that_is_longer_than_its_header_says(results):
    path = results / "a.npy"
    path.write_bytes(path.read_bytes() + b"x")
    found = damage(path)
    assert found is not None
    assert "153 bytes" in found
    assert "152" in found


def test_an_array_of_another_format(results):
    (results / "a.npy").write_bytes(b"x" * 300)
    found = damage(results / "a.npy")
    assert found is not None
    assert "not a .npy file" in found


def test_a_link_to_nothing(results):
    (results / "a.npy").unlink()
    (results / "a.npy").symlink_to(results / "gone.npy")
    assert "gone" in str(damage(results))


def test_marks_of_snakemake_do_not_count(results):
    (results / ".snakemake_timestamp").touch()
    assert damage(results) is None


def test_a_folder_that_lost_its_files(tmp_path):
    (tmp_path / ".snakemake_timestamp").touch()
    assert "empty folder" in str(damage(tmp_path))
