"""Tables of tokens: what is written comes back, and counts are those of `Counter`."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repalign.errors import RepalignError
from repalign.tables.parquet import write_table
from repalign.tables.provenance import read_record
from repalign.tables.token_tables import TOKENS, count_tokens, read_tokens, write_tokens

IDS = np.array([2, 5, 9, 11])
TEXTS = [["a", "dog", "a"], [], ["none", "NA", "", "dog"], ["a"]]


@pytest.fixture
def path(tmp_path):
    write_tokens(tmp_path / "words.parquet", IDS, TEXTS, {"spec": 1})
    return tmp_path / "words.parquet"


def test_what_is_written_comes_back(path):
    ids, tokens = read_tokens(path)
    assert ids.tolist() == IDS.tolist()
    assert tokens.to_pylist() == TEXTS
    assert read_record(path) == {"spec": 1}


def test_counts_are_of_the_images_asked_for_in_their_order(path):
    stimuli = np.array([11, 2, 5, 2])
    counts = count_tokens(path, stimuli).toarray()
    assert counts.shape == (4, 5)
    assert counts.sum(axis=1).tolist() == [1, 3, 0, 3]
    np.testing.assert_array_equal(counts[1], counts[3])
    assert sorted(counts[1]) == [0, 0, 0, 1, 2]


@settings(max_examples=30)
@given(
    texts=st.lists(st.lists(st.sampled_from(["a", "b", "é", "", "12"])), min_size=1, max_size=8)
)
def test_counts_are_those_of_counter(texts, tmp_path_factory):
    path = tmp_path_factory.mktemp("counts") / "t.parquet"
    ids = np.arange(len(texts)) * 3
    write_tokens(path, ids, texts, {})
    counts = count_tokens(path, ids[::-1]).toarray()
    for row, text in zip(counts[::-1], texts, strict=True):
        assert sorted(row[row > 0]) == sorted(Counter(text).values())


@pytest.mark.parametrize("stimuli", [[2, 3], [0], [12], [9, 400]])
def test_an_image_without_a_row_is_refused(path, stimuli):
    wrong = next(i for i in stimuli if i not in IDS)
    with pytest.raises(RepalignError, match=f"no row for image {wrong} ") as caught:
        count_tokens(path, np.array(stimuli))
    assert str(path) in caught.value.where


def test_an_empty_table_has_no_image(tmp_path):
    write_tokens(tmp_path / "t.parquet", IDS[:0], [], {})
    with pytest.raises(RepalignError, match="no row for image 2"):
        count_tokens(tmp_path / "t.parquet", IDS)


@pytest.mark.parametrize("ids", [[2, 2, 3], [5, 4, 6]])
def test_images_twice_or_in_another_order_are_refused(tmp_path, ids):
    path = tmp_path / "t.parquet"
    columns = [pa.array(ids, pa.uint32()), pa.array([["a"]] * 3, TOKENS.field(1).type)]
    write_table(path, pa.Table.from_arrays(columns, schema=TOKENS), {})
    with pytest.raises(RepalignError, match="row 2"):
        read_tokens(path)


def test_another_table_is_refused(tmp_path):
    table = pa.table({"nsd_id": pa.array([1], pa.uint32()), "tokens": pa.array(["a dog"])})
    write_table(tmp_path / "t.parquet", table, {})
    with pytest.raises(RepalignError, match="columns"):
        read_tokens(tmp_path / "t.parquet")
