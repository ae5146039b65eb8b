"""Extraction that is stopped and goes on: the same bytes, no work twice, no mixture."""

import subprocess
import sys

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models import shards as module
from repalign.models.extraction import make_features
from repalign.models.features import open_features
from repalign.models.shards import make_shards, partial_folder
from repalign.models.stimuli import as_rows, set_digest, stimulus_digest
from repalign.tables.provenance import make_record, read_record

IDS = np.arange(100, 123) * 7
DIMS = (4, 6)
FACTS = {"model": "m_pool-cls", "modality": "vision", "weights": "trained", "pool": "cls"}
RUN = {"batch_size": 2, "threads": 1}
SPEC = '{"params":{"source":"simulated"},"step":"x"}'


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Five rows a shard: five shards, the last of three; no model packages are needed."""
    monkeypatch.setattr(module, "SHARD_ROWS", 5)
    monkeypatch.setattr("repalign.models.extraction.VERSIONS", {"vision": ("numpy",)})


class Model:
    """Known features, computed some rows at a time; it can be stopped."""

    def __init__(self, stop_before: int = 10**9) -> None:
        self.rows: list[int] = []
        self.stop_before = stop_before

    def __call__(self, rows):
        if rows[0] >= self.stop_before:
            raise KeyboardInterrupt
        self.rows += rows.tolist()
        digests = [stimulus_digest(int(IDS[k]), b"%d" % k) for k in rows]
        return truth()[rows], as_rows(digests)


def truth():
    return np.random.default_rng(4).normal(size=(IDS.size, *DIMS)).astype(np.float32)


def make(output, model, spec=SPEC, store="float32", run=RUN, facts=FACTS, ids=IDS):
    make_features(output, ids, model, facts, make_record(spec), store=store, run_with=run)


@pytest.fixture
def output(tmp_path):
    return tmp_path / "m_pool-cls.h5"


def stop(output, before, **options):
    with pytest.raises(KeyboardInterrupt):
        make(output, Model(stop_before=before), **options)
    assert not output.exists()


def test_features_come_out_as_they_went_in(output):
    model = Model()
    make(output, model)
    assert model.rows == list(range(IDS.size))
    with open_features(output) as features:
        assert features.ids.tolist() == IDS.tolist()
        for layer in range(DIMS[0]):
            np.testing.assert_array_equal(features.rows(layer, IDS), truth()[:, layer])
        digests = as_rows(stimulus_digest(int(key), b"%d" % k) for k, key in enumerate(IDS))
        assert features.attributes["stimuli_digest"] == set_digest(IDS, digests)
        assert {k: features.attributes[k] for k in FACTS} == FACTS
    record = read_record(output)
    assert record is not None
    assert record["spec"]["step"] == "x"
    assert not partial_folder(output).exists()


@pytest.mark.parametrize("before", [0, 5, 10, 20])
def test_a_stopped_run_goes_on_to_the_same_bytes(output, tmp_path, before):
    make(tmp_path / "undisturbed" / output.name, Model())
    stop(output, before)
    rest = Model()
    make(output, rest)
    assert rest.rows == list(range(before, IDS.size))
    assert output.read_bytes() == (tmp_path / "undisturbed" / output.name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        output.name, f"{output.name}.provenance.json", "undisturbed"
    ]  # fmt: skip


def test_a_run_stopped_while_the_file_is_put_together_computes_nothing_again(output, monkeypatch):
    def full(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("repalign.models.extraction.write_features", full)
        make(output, Model())
    again = Model()
    make(output, again)
    assert again.rows == []
    assert open_features(output).n_stimuli == IDS.size


@pytest.mark.parametrize(
    "change",
    [
        {"spec": '{"params":{"source":"simulated"},"step":"y"}'},
        {"store": "float16"},
        {"run": {"batch_size": 4, "threads": 1}},
        {"run": {"batch_size": 2, "threads": 2}},
        {"facts": {**FACTS, "weights_digest": "other"}},
        {"ids": IDS[::-1]},
    ],
)
def test_something_else_starts_anew(output, change):
    stop(output, 10)
    model = Model()
    make(output, model, **change)
    assert model.rows == list(range(IDS.size))


def test_a_run_by_hand_starts_anew(output):
    stop(output, 10, spec=None)
    model = Model()
    make(output, model, spec=None)
    assert model.rows == list(range(IDS.size))


@pytest.mark.parametrize("kind", ["features", "stimuli"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "text"])
def test_a_damaged_shard_alone_is_computed_again(output, kind, damage):
    stop(output, 15)
    shard = partial_folder(output) / f"00001.{kind}.npy"
    content = shard.read_bytes()
    damaged = {"cut": content[: len(content) // 2], "empty": b"", "text": b"hello"}
    shard.unlink() if damage == "gone" else shard.write_bytes(damaged[damage])
    model = Model()
    make(output, model)
    assert model.rows == [*range(5, 10), *range(15, IDS.size)]
    np.testing.assert_array_equal(open_features(output).rows(1, IDS), truth()[:, 1])


def test_what_a_killed_run_was_writing_is_removed(output):
    stop(output, 10)
    (partial_folder(output) / ".writing-abc-00002.features.npy").write_bytes(b"half")
    make(output, Model())
    assert not partial_folder(output).exists()


def test_numbers_are_kept_as_asked(output):
    make(output, Model(), store="float16")
    expected = truth()[:, 0].astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(open_features(output).rows(0, IDS), expected)


@pytest.mark.parametrize(
    ("value", "store", "found"),
    [
        (np.nan, "float32", "NaN or infinity"),
        (np.inf, "float16", "NaN or infinity"),
        (1e6, "float16", "beyond float16"),
    ],
)
def test_features_that_cannot_be_kept_are_named(tmp_path, value, store, found):
    def compute(rows):
        values = truth()[rows]
        values[rows == 7, 2, 3] = value
        return values, np.zeros((rows.size, 32), np.uint8)

    with pytest.raises(RepalignError, match=found) as error:
        make_shards(tmp_path / "x.partial", "id", IDS, compute, store, "pictures")
    assert error.value.where == f"features of stimulus {IDS[7]}, layer 2"


MEASURE = """
import resource, sys
from pathlib import Path
import numpy as np
from repalign.models.features import write_features
from repalign.models.shards import make_shards

def compute(rows):
    values = np.ones((rows.size, 40, 256), np.float32) * np.float32(rows[0])
    return values, np.zeros((rows.size, 32), np.uint8)

ids, folder = np.arange(int(sys.argv[1])), Path(sys.argv[2])
shards = make_shards(folder / "x.partial", "id", ids, compute, "float32", "pictures")
write_features(folder / "x.h5", shards.layers(), ids, {})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted otherwise")
def test_memory_does_not_grow_with_the_features(tmp_path):
    """Features of 250 MB take no more memory than those of 20 MB, and a layer of 6 MB."""

    def peak(n_stimuli: int) -> float:
        words = [sys.executable, "-c", MEASURE, str(n_stimuli), str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return int(done.stdout) / 1e3

    assert peak(6144) - peak(512) < 40
