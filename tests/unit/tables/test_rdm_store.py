"""RDM vectors come back as they were written, in blocks of any length, and whole or not at all."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.tables.rdm_store import KEYS, ROIS, VECTORS, RdmReader, write_rdms

N_TRIALS = 9
N_PAIRS = 36
IDS = [1, 181, 360]


@pytest.fixture
def vectors() -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(3, N_PAIRS)).astype(np.float32)
    values[1] = np.nan
    return values


@pytest.fixture
def folder(tmp_path, vectors) -> Path:
    return write(tmp_path / "rdms", vectors)


def write(folder: Path, vectors: np.ndarray, n_trials: int = N_TRIALS) -> Path:
    folder.mkdir()
    keys = np.arange(0, 3 * n_trials, 3, dtype=np.int64)
    ids = IDS if len(vectors) == 3 else range(1, len(vectors) + 1)
    with write_rdms(folder, list(ids), keys) as writer:
        for vector in vectors:
            writer.append(vector)
    return folder


def test_round_trip(folder, vectors):
    reader = RdmReader(folder)
    assert reader.shape == (3, N_PAIRS)
    assert reader.rois.tolist() == IDS
    assert reader.keys.tolist() == list(range(0, 27, 3))
    np.testing.assert_array_equal(np.stack(list(reader.vectors())), vectors)
    np.testing.assert_array_equal(np.load(folder / VECTORS), vectors)


@pytest.mark.parametrize("length", [*range(1, N_PAIRS + 2), 1000])
def test_blocks_of_every_length_make_the_whole(folder, vectors, length):
    # The buffer is used again for the next block, so each one is copied.
    blocks = [block.copy() for block in RdmReader(folder).blocks(length)]
    assert {block.shape[1] for block in blocks[:-1]} <= {length}
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), vectors)


def test_blocks_need_the_memory_of_one_block(tmp_path):
    n_trials = 500
    n_pairs = n_trials * (n_trials - 1) // 2
    values = np.random.default_rng(1).normal(size=(8, n_pairs)).astype(np.float32)
    reader = RdmReader(write(tmp_path / "large", values, n_trials))
    length = 4000
    total = 0.0
    tracemalloc.start()
    for block in reader.blocks(length):
        total += float(block.sum(dtype=np.float64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == pytest.approx(values.sum(dtype=np.float64))
    block = 8 * length * 4
    assert peak < 2 * block < values.nbytes / 10


def test_trials_too_few_for_a_pair(tmp_path):
    reader = RdmReader(write(tmp_path / "one", np.empty((3, 0), np.float32), n_trials=1))
    assert reader.shape == (3, 0)
    assert [v.shape for v in reader.vectors()] == [(0,)] * 3
    assert list(reader.blocks(10)) == []


@pytest.mark.parametrize("count", [2, 4])
def test_another_number_of_vectors_is_a_defect(tmp_path, vectors, count):
    tmp_path.joinpath("x").mkdir()
    with (
        pytest.raises(ValueError, match=f"{count} RDM vectors for 3 regions"),
        write_rdms(tmp_path / "x", IDS, np.arange(N_TRIALS)) as writer,
    ):
        for k in range(count):
            writer.append(vectors[k % 3])


@pytest.mark.parametrize(
    "vector", [np.zeros(N_PAIRS), np.zeros(N_PAIRS - 1, "f4"), np.zeros((1, N_PAIRS), "f4")]
)
def test_a_vector_of_another_shape_or_type_is_a_defect(tmp_path, vector):
    tmp_path.joinpath("x").mkdir()
    with (
        pytest.raises(ValueError, match=r"expected \(36,\) float32"),
        write_rdms(tmp_path / "x", IDS, np.arange(N_TRIALS)) as writer,
    ):
        writer.append(vector)


@pytest.mark.parametrize("name", [VECTORS, KEYS, ROIS])
@pytest.mark.parametrize("harm", ["gone", "cut", "empty", "text"])
def test_files_that_cannot_be_read_are_said(folder, name, harm):
    path = folder / name
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes({"cut": data[:-2], "empty": b"", "text": b"x" * 200}[harm])
    with pytest.raises(RepalignError, match="rdms") as caught:
        RdmReader(folder)
    assert VECTORS in caught.value.expected


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (VECTORS, lambda a: a.astype(np.float64)),
        (VECTORS, lambda a: a.astype(">f4")),
        (VECTORS, np.asfortranarray),
        (VECTORS, lambda a: a[:2]),
        (VECTORS, lambda a: a[:, :-1]),
        (VECTORS, lambda a: a.ravel()),
        (KEYS, lambda a: a[:-1]),
        (KEYS, lambda a: a.astype(np.float32)),
        (KEYS, lambda a: a[:, None]),
        (ROIS, lambda a: a[:-1]),
        (ROIS, lambda a: a.astype(np.float64)),
        (ROIS, lambda a: a[0]),
    ],
    ids=[
        "float64", "big-endian", "Fortran order", "fewer rows", "fewer pairs", "flat",
        "fewer keys", "float keys", "keys in 2-D", "fewer regions", "float ids", "one id",
    ],
)  # fmt: skip
def test_files_that_do_not_fit_each_other_are_refused(folder, name, change):
    np.save(folder / name, change(np.load(folder / name)))
    with pytest.raises(RepalignError, match="rdms"):
        RdmReader(folder)


def test_a_file_cut_while_it_is_read_is_said(folder):
    blocks = RdmReader(folder).blocks(6)
    next(blocks)
    with (folder / VECTORS).open("rb+") as file:
        file.truncate(200)
    with pytest.raises(RepalignError, match="ended early"):
        list(blocks)


def test_objects_are_never_unpickled(folder):
    np.save(folder / KEYS, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RepalignError, match="pickle"):
        RdmReader(folder)
