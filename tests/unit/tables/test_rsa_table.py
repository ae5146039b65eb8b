"""The published RSA table: layout, types, and joining of parts against a plain construction."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repalign.errors import RepalignError
from repalign.tables.parquet import read_table, write_table
from repalign.tables.provenance import read_record
from repalign.tables.rsa_table import (
    RSA_SUBJECT_SUBJECT,
    join_pairs,
    mirrored,
    pair_table,
    read_pair,
    read_pair_of,
)

ROIS = [2, 7, 182]
SUBJECTS = [1, 3, 8]
DTYPES = {
    "roi_x": "uint16",
    "roi_y": "uint16",
    "similarity": "float32",
    "subject_i": "uint8",
    "subject_j": "uint8",
    "join_hemispheres": "bool",
    "rep_shift": "uint8",
}


def matrix(i: int, j: int) -> np.ndarray:
    """Different values for every pair and place, not symmetric."""
    return np.random.default_rng([i, j]).normal(size=(3, 3)).astype(np.float32)


def part(folder: Path, i: int, j: int, values: np.ndarray, shift: int = 1, joined=True) -> Path:
    path = folder / f"sub-{i:02d}_sub-{j:02d}.parquet"
    table = pair_table(values, ROIS, subject_i=i, subject_j=j, joined=joined, shift=shift)
    write_table(path, table, {})
    return path


def test_layout_types_and_undefined_values():
    values = np.arange(9, dtype=np.float64).reshape(3, 3)
    values[1, 2] = np.nan
    table = pair_table(values, ROIS, subject_i=4, subject_j=5, joined=False, shift=2)
    assert table.schema.equals(RSA_SUBJECT_SUBJECT)
    assert table.column("similarity").null_count == 0
    frame = table.to_pandas()
    assert frame.dtypes.astype(str).to_dict() == DTYPES
    assert list(frame.columns) == list(DTYPES)
    expected = [(x, y, values[a, b]) for a, x in enumerate(ROIS) for b, y in enumerate(ROIS)]
    np.testing.assert_array_equal(frame[["roi_x", "roi_y", "similarity"]].to_numpy(), expected)
    assert frame[
        ["subject_i", "subject_j", "rep_shift"]
    ].drop_duplicates().to_numpy().tolist() == [[4, 5, 2]]
    assert not frame["join_hemispheres"].any()


def test_undefined_values_are_values_for_other_readers_too(tmp_path):
    """A missing entry would drop out of means in SQL and R; NaN does not."""
    values = np.full((3, 3), np.nan)
    path = part(tmp_path, 1, 2, values)
    column = pq.read_table(path).column("similarity")
    assert column.null_count == 0
    assert np.isnan(column.to_numpy()).all()
    pair, read = read_pair(path, ROIS, joined=True, shift=1)
    assert pair == (1, 2)
    assert np.isnan(read).all()


@pytest.mark.parametrize("shape", [(3, 2), (2, 2), (9,)])
def test_a_matrix_that_does_not_fit_is_refused(shape):
    with pytest.raises(ValueError, match="3 regions"):
        pair_table(np.zeros(shape), ROIS, subject_i=1, subject_j=2, joined=True, shift=1)


def test_a_part_is_read_as_it_was_given(tmp_path):
    values = matrix(1, 3)
    pair, read = read_pair(part(tmp_path, 1, 3, values), ROIS, joined=True, shift=1)
    assert pair == (1, 3)
    np.testing.assert_array_equal(read, values)
    assert read.dtype == np.float32


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f.iloc[:-1],
        lambda f: f.iloc[[1, 0, *range(2, 9)]],
        lambda f: pd.concat([f.iloc[:8], f.iloc[[7]]]),
        lambda f: pd.concat([f, f]),
        lambda f: f.assign(roi_y=f["roi_x"], roi_x=f["roi_y"]),
        lambda f: f.assign(subject_j=f["subject_j"].where(f.index < 8, 9).astype("uint8")),
        lambda f: f.iloc[:0],
        lambda f: f.assign(roi_x=f["roi_x"].replace(7, 8)),
    ],
    ids=["missing", "shuffled", "duplicate", "twice", "y major", "two pairs", "none", "other roi"],
)
def test_a_part_with_other_rows_is_refused(tmp_path, spoil):
    path = part(tmp_path, 1, 3, matrix(1, 3))
    frame = spoil(pd.read_parquet(path))
    table = pa.Table.from_pandas(frame, RSA_SUBJECT_SUBJECT, preserve_index=False)
    write_table(path, table.replace_schema_metadata(None), {})
    with pytest.raises(RepalignError, match="9 rows of one pair") as caught:
        read_pair(path, ROIS, joined=True, shift=1)
    assert str(path) in str(caught.value)


def test_a_part_of_other_columns_is_refused(tmp_path):
    path = tmp_path / "part.parquet"
    write_table(path, pa.table({"roi_x": [1], "similarity": [0.5]}), {})
    with pytest.raises(RepalignError, match="similarity double"):
        read_pair(path, ROIS, joined=True, shift=1)


def truth(shift: int) -> dict[tuple[int, int], np.ndarray]:
    """Similarities with the redundancies that the published shifts have."""
    one = {(i, j): matrix(i, j) for i, j in product(SUBJECTS, SUBJECTS)}
    if shift == 1:
        return one
    if shift == 2:
        return {(i, j): one[j, i].T for i, j in one}
    return {(i, j): one[min(i, j), max(i, j)] + one[min(i, j), max(i, j)].T for i, j in one}


def stored(folder: Path, i: int, j: int, shift: int) -> Path:
    """The part that stands for (i, j), as the workflow keeps it."""
    if shift == 2:
        return part(folder, j, i, truth(1)[j, i], shift=1)
    if shift == 0:
        i, j = min(i, j), max(i, j)
    return part(folder, i, j, truth(shift)[i, j], shift=shift)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_joining_gives_what_a_plain_construction_gives(tmp_path, shift):
    pairs = list(product(SUBJECTS, SUBJECTS))
    parts = [stored(tmp_path, i, j, shift) for i, j in pairs]
    output = tmp_path / "table.parquet"
    undefined = join_pairs(
        parts, output, subjects=SUBJECTS, rois=ROIS, joined=True, shift=shift, record={"seed": 4}
    )
    expected = pd.DataFrame(
        [
            (x, y, truth(shift)[i, j][a, b], i, j, True, shift)
            for i, j in pairs
            for a, x in enumerate(ROIS)
            for b, y in enumerate(ROIS)
        ],
        columns=list(DTYPES),
    ).astype(DTYPES)
    pd.testing.assert_frame_equal(pd.read_parquet(output), expected)
    assert undefined == {}
    assert read_record(output) == {"seed": 4}
    read_table(output, RSA_SUBJECT_SUBJECT)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_part_of_the_wrong_pair_is_refused(tmp_path, shift):
    pairs = list(product(SUBJECTS, SUBJECTS))
    parts = [stored(tmp_path, i, j, shift) for i, j in pairs]
    parts[1] = parts[2]
    with pytest.raises(RepalignError, match="similarities of subjects") as caught:
        join(parts, tmp_path / "t.parquet", shift)
    assert str(parts[2]) in str(caught.value)
    assert not (tmp_path / "t.parquet").exists()


def join(parts, output, shift=1, joined=True):
    return join_pairs(
        parts, output, subjects=SUBJECTS, rois=ROIS, joined=joined, shift=shift, record={}
    )


def test_shift_1_does_not_take_a_transpose(tmp_path):
    """Only without a shift are the two orders of a pair the same thing."""
    parts = [stored(tmp_path, i, j, 1) for i, j in product(SUBJECTS, SUBJECTS)]
    parts[1] = parts[3]
    with pytest.raises(RepalignError, match=r"\(1, 3\)"):
        join(parts, tmp_path / "t.parquet")


def test_too_few_parts_are_refused(tmp_path):
    parts = [stored(tmp_path, i, j, 1) for i, j in product(SUBJECTS, SUBJECTS)]
    with pytest.raises(RepalignError, match="8 parts"):
        join(parts[:-1], tmp_path / "t.parquet")


@pytest.mark.parametrize(("shift", "joined"), [(0, True), (1, False)])
def test_parts_of_another_shift_or_of_other_hemispheres_are_refused(tmp_path, shift, joined):
    parts = [
        part(tmp_path, i, j, matrix(i, j), shift=shift, joined=joined)
        for i, j in product(SUBJECTS, SUBJECTS)
    ]
    with pytest.raises(RepalignError, match=r"sub-01_sub-01\.parquet"):
        join(parts, tmp_path / "t.parquet", 1)


@pytest.mark.parametrize("shift", [1, 2])
def test_regions_without_any_value_are_reported_for_subject_i(tmp_path, shift):
    values = {pair: matrix(*pair) for pair in product(SUBJECTS, SUBJECTS)}
    values[1, 3][1, :] = np.nan  # region 7 of subject 1 has no RDM
    values[3, 1][:, 1] = np.nan
    values[8, 8][0, 1] = np.nan  # one undefined value is not a region without any
    paths = {pair: part(tmp_path, *pair, similarity) for pair, similarity in values.items()}
    order = product(SUBJECTS, SUBJECTS)
    parts = [paths[(i, j) if shift == 1 else (j, i)] for i, j in order]
    assert join(parts, tmp_path / "t.parquet", shift) == {(1, 3): [7]}


# ------------------------------------------------------------------ any number of repetitions


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 12])
@pytest.mark.parametrize("shift", range(6))
def test_the_mirrored_comparison_pairs_the_same_trials(count, shift):
    """(r of i, r - s of j) are the pairs of the comparison that is made, whichever side is i."""
    for i, j in ((1, 2), (2, 1), (1, 1)):
        made, swapped = mirrored(shift, i, j, count)
        assert 0 <= made <= count / 2
        wanted = {(r, (r - shift) % count) for r in range(count)}
        found = {(r, (r - made) % count) for r in range(count)}
        assert wanted == ({(y, x) for x, y in found} if swapped else found)


def test_shifts_of_three_repetitions_are_those_of_the_published_tables():
    assert mirrored(2, 1, 2, 3) == (1, True)
    assert mirrored(1, 2, 1, 3) == (1, False)
    assert mirrored(0, 2, 1, 3) == (0, True)


@pytest.mark.parametrize(
    ("shift", "count", "made", "pair"), [(2, 12, 2, (1, 3)), (2, 5, 2, (1, 3)), (2, 2, 0, (3, 1)),
                                         (1, 12, 1, (1, 3)), (2, 3, 1, (3, 1))],
)  # fmt: skip
def test_a_part_stands_for_a_pair_by_the_number_of_repetitions(tmp_path, shift, count, made, pair):
    values = matrix(*pair)
    path = part(tmp_path, *pair, values, shift=made)
    found = read_pair_of(path, ROIS, 1, 3, joined=True, shift=shift, n_repetitions=count)
    np.testing.assert_array_equal(found, values if pair == (1, 3) else values.T)
    if made:
        with pytest.raises(RepalignError, match="similarities of subjects"):
            read_pair_of(path, ROIS, 3, 1, joined=True, shift=shift, n_repetitions=count)
