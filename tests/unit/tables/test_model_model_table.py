"""The table of language with vision models: layout, join of batches, and parts that do not fit."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repalign.errors import RepalignError
from repalign.tables.model_model_table import MODEL_MODEL, join_parts, pair_rows, write_part
from repalign.tables.parquet import read_table, write_table
from repalign.tables.provenance import read_record

LAYERS = {"la": 2, "lb": 3, "va": 1, "vb": 4, "vc": 2}
LANGUAGE, VISION = ["la", "lb"], ["va", "vb", "vc"]
METRICS = ["rsa", "mutual_knn"]
DTYPES = {
    "model_language": "category", "model_vision": "category", "layer_language": "int16",
    "layer_vision": "int16", "batch": "uint16", "metric": "category", "score": "float32",
}  # fmt: skip


def scores(x: str, y: str, batches: list[int], extra: int = 0) -> np.ndarray:
    """Values that tell where they belong; NaN in batch 2."""
    shape = (len(METRICS), LAYERS[x] + extra, LAYERS[y] + extra)
    start = 1000 * (1 + "lab".find(x[1])) + 10_000 * (1 + "abc".find(y[1]))
    found = [start + 100 * b + np.arange(np.prod(shape)).reshape(shape) for b in batches]
    values = np.array(found, dtype=np.float32).reshape(len(batches), *shape)
    values[np.array(batches, dtype=int) == 2] = np.nan
    return values


def write_parts(
    folder: Path, n_batches: int, n_parts: int, flattened: bool = False, **change
) -> list[Path]:
    paths = []
    for k in range(n_parts):
        batches = list(range(k, n_batches, n_parts))
        pairs = {
            (x, y): scores(x, y, batches, int(flattened)) for x, y in product(LANGUAGE, VISION)
        }
        paths.append(folder / f"batches-{k:02d}.parquet")
        options = {"batches": batches, "metrics": METRICS, "first_layer": -int(flattened)}
        write_part(paths[-1], pairs, **{**options, **change}, record={})
    return paths


def join(paths: list[Path], output: Path, n_batches: int, **change) -> int:
    options = {
        "language": LANGUAGE, "vision": VISION, "n_batches": n_batches, "metrics": METRICS,
        "first_layer": 0, "record": {"spec": None},
    }  # fmt: skip
    return join_parts(paths, output, **{**options, **change})


def test_a_row_for_every_value_in_order():
    values = np.random.default_rng(0).normal(size=(2, 2, 3, 4)).astype(np.float32)
    table = pair_rows(
        values, language="l", vision="v", batches=[5, 7], metrics=METRICS, first_layer=-1
    )
    frame = table.to_pandas()
    assert frame.dtypes.astype(str).to_dict() == DTYPES
    keys = ["batch", "metric", "layer_language", "layer_vision"]
    expected = list(product([5, 7], METRICS, range(-1, 2), range(-1, 3)))
    assert list(frame[keys].astype(object).itertuples(index=False, name=None)) == expected
    np.testing.assert_array_equal(frame["score"], values.ravel())
    assert set(frame["model_language"]) | set(frame["model_vision"]) == {"l", "v"}
    with pytest.raises(ValueError, match=r"3 batches"):
        pair_rows(values, language="l", vision="v", batches=[1, 2, 3], metrics=METRICS,
                  first_layer=0)  # fmt: skip


def test_every_column_says_what_it_is():
    assert all(field.metadata[b"description"] and not field.nullable for field in MODEL_MODEL)


@given(n_batches=st.integers(1, 9), n_parts=st.integers(1, 9), flattened=st.booleans())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_number_of_parts_gives_the_same_rows(tmp_path, n_batches, n_parts, flattened):
    paths = write_parts(tmp_path, n_batches, n_parts, flattened)
    output = tmp_path / "table.parquet"
    count = join(paths, output, n_batches, first_layer=-int(flattened))
    extra = int(flattened)
    of_language = sum(LAYERS[m] + extra for m in LANGUAGE)
    of_vision = sum(LAYERS[m] + extra for m in VISION)
    assert count == n_batches * len(METRICS) * of_language * of_vision
    frame = pd.read_parquet(output)
    assert len(frame) == count
    expected = [
        (x, y, batch, metric, a - extra, b - extra)
        for x, y in product(LANGUAGE, VISION)
        for batch in range(n_batches)
        for metric in METRICS
        for a in range(LAYERS[x] + extra)
        for b in range(LAYERS[y] + extra)
    ]
    keys = ["model_language", "model_vision", "batch", "metric", "layer_language", "layer_vision"]
    assert list(frame[keys].astype(object).itertuples(index=False, name=None)) == expected
    values = [scores(x, y, list(range(n_batches)), extra) for x, y in product(LANGUAGE, VISION)]
    np.testing.assert_array_equal(frame["score"], np.concatenate([v.ravel() for v in values]))


def test_the_bytes_do_not_depend_on_the_parts(tmp_path):
    outputs = []
    for n_parts in (1, 3):
        folder = tmp_path / str(n_parts)
        folder.mkdir()
        join(write_parts(folder, 5, n_parts), folder / "table.parquet", 5)
        outputs.append((folder / "table.parquet").read_bytes())
    assert outputs[0] == outputs[1]


def test_a_pair_is_a_row_group_and_the_schema_is_the_published_one(tmp_path):
    join(write_parts(tmp_path, 3, 2), tmp_path / "table.parquet", 3)
    file = pq.ParquetFile(tmp_path / "table.parquet")
    assert file.num_row_groups == 6
    assert read_table(tmp_path / "table.parquet", MODEL_MODEL).column_names == list(DTYPES)
    assert read_record(tmp_path / "table.parquet") == {"spec": None}
    group = file.read_row_group(4)
    assert {*group.column("model_language").to_pylist()} == {"lb"}
    assert {*group.column("model_vision").to_pylist()} == {"vb"}


@pytest.mark.parametrize(
    ("made", "asked", "words"),
    [
        ({"metrics": ["rsa", "unbiased_cka"]}, {}, "another column metric"),
        ({"first_layer": -1}, {}, "another column layer_language"),
        ({}, {"vision": ["vb", "va", "vc"]}, "another column model_vision"),
        ({}, {"language": ["la", "other"]}, "another column model_language"),
        ({}, {"language": ["la"]}, "6 row groups.*one for each of 3 pairs"),
        ({}, {"n_batches": 9}, "rows of float.*batches"),
        ({}, {"metrics": ["rsa"]}, "rows of float"),
    ],
)
def test_parts_made_with_other_choices_are_refused(tmp_path, made, asked, words):
    paths = write_parts(tmp_path, 4, 2, **made)
    with pytest.raises(RepalignError, match=rf"(?s)batches-00.*|{words}") as raised:
        join(paths, tmp_path / "table.parquet", **{"n_batches": 4, **asked})
    import re

    assert re.search(words, str(raised.value), re.DOTALL)
    assert not (tmp_path / "table.parquet").exists()


def test_swapped_missing_and_broken_parts_are_refused(tmp_path):
    paths = write_parts(tmp_path, 4, 2)
    with pytest.raises(RepalignError, match="another column batch"):
        join(paths[::-1], tmp_path / "table.parquet", 4)
    with pytest.raises(RepalignError, match="rows of float"):
        join(paths[:1], tmp_path / "table.parquet", 4)
    paths[1].write_bytes(paths[1].read_bytes()[:200])
    with pytest.raises(RepalignError, match=r"(?s)unreadable.*complete parquet"):
        join(paths, tmp_path / "table.parquet", 4)


def test_a_part_with_a_row_less_is_refused(tmp_path):
    paths = write_parts(tmp_path, 2, 1)
    table = read_table(paths[0])
    write_table(paths[0], table.slice(0, len(table) - 1), {})
    with pytest.raises(RepalignError, match="1 row groups"):
        join(paths, tmp_path / "table.parquet", 2)
