"""Images of multi-view CCA: which ones each subject has, and under which number."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repalign.alignment.shared_images import image_rows, nsd_ids, shared_images
from repalign.errors import RepalignError

from .conftest import N_SHARED, SESSIONS

SUBJECTS = list(SESSIONS)


def showings(trials: pd.DataFrame) -> pd.DataFrame:
    """Showings of each shared image (rows) to each subject (columns), by brute force."""
    shared = trials[trials["shared"]]
    seen = list(zip(shared["subject"], shared["stimulus"], strict=True))
    counts = [[seen.count((s, k)) for s in SUBJECTS] for k in range(N_SHARED)]
    return pd.DataFrame(counts, columns=SUBJECTS)


def test_complete_images_have_all_showings_in_all_subjects(trials):
    counts = showings(trials)
    expected = counts.index[(counts == 3).all(axis=1)].tolist()
    assert 0 < len(expected) < N_SHARED
    found = shared_images(trials, SUBJECTS, 3, "complete")
    assert {s: images.tolist() for s, images in found.items()} == dict.fromkeys(SUBJECTS, expected)


def test_with_two_subjects_more_images_are_complete(trials):
    assert len(shared_images(trials, [1, 2], 3, "complete")[1]) == N_SHARED


def test_a_union_has_what_each_subject_was_shown(trials):
    # An image that subject 1 alone was shown is in no union.
    lone = trials["stimulus"].eq(2) & trials["subject"].ne(1)
    kept = trials[~lone & ~(trials["stimulus"].eq(5) & trials["subject"].eq(3))]
    found = shared_images(kept, SUBJECTS, 3, "union")
    assert found[1].tolist() == found[2].tolist() == [0, 1, 3, 4, 5, 6, 7]
    counts = showings(kept)
    assert found[3].tolist() == [k for k in (0, 1, 3, 4, 6, 7) if counts.loc[k, 3]]


def test_without_any_image_the_setting_is_named(trials):
    none = trials[trials["repetition"] < 2]
    with pytest.raises(RepalignError, match=r"kmcca\.images: complete"):
        shared_images(none, SUBJECTS, 3, "complete")


def test_trials_come_image_by_image(trials):
    stimuli, rows = image_rows(trials, 3, np.array([1, 4]))
    own = trials[(trials["subject"] == 3) & trials["stimulus"].isin([1, 4])]
    assert sorted(zip(stimuli, rows, strict=True)) == list(zip(stimuli, rows, strict=True))
    assert dict(zip(rows, stimuli, strict=True)) == dict(
        zip(own["trial"], own["stimulus"], strict=True)
    )


def stimuli_file(folder, stimuli: list[int], ids: list[int]):
    path = folder / "stimuli.parquet"
    pq.write_table(pa.table({"stimulus": stimuli, "nsd_id": ids, "other": ids}), path)
    return path


def test_images_are_numbered_by_the_table(tmp_path):
    path = stimuli_file(tmp_path, [2, 0, 1], [70, 90, 80])
    assert nsd_ids(path, np.array([0, 2])).tolist() == [90, 70]


@pytest.mark.parametrize(
    ("stimuli", "ids", "found"), [([0], [5], "1 stimuli"), ([0, 1], [5, 5], "1 with the nsd_id")]
)
def test_images_without_a_number_of_their_own_are_refused(tmp_path, stimuli, ids, found):
    with pytest.raises(RepalignError, match=found):
        nsd_ids(stimuli_file(tmp_path, stimuli, ids), np.array([0, 1]))
