"""Words on a component: means, chance, order."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from repalign.errors import RepalignError
from repalign.models.kmcca_tables import TOP_WORDS
from repalign.models.word_scores import score_words, word_table, words_of_hubs

CAPTIONS = [["dog", "grass", "dog"], ["dog"], ["street", "grass"], ["street", "car"], []]


def test_a_word_counts_once_an_image():
    words, there = word_table(CAPTIONS, 1)
    assert words == ["car", "dog", "grass", "street"]
    np.testing.assert_array_equal(there[1], [1, 1, 0, 0, 0])
    np.testing.assert_array_equal(there.sum(axis=1), [1, 2, 2, 2])


def test_rare_words_are_left_out():
    assert word_table(CAPTIONS, 2)[0] == ["dog", "grass", "street"]
    words, there = word_table(CAPTIONS, 3)
    assert words == []
    assert there.shape == (0, 5)


def test_scores_are_means_over_images():
    _, there = word_table(CAPTIONS, 1)
    values = np.array([1.0, 3.0, -2.0, -4.0, 2.0])
    scores, _ = score_words(there, values, 10, seed=0)
    np.testing.assert_allclose(scores, [-4.0, 2.0, -0.5, -3.0])


def test_pvalues_are_those_of_all_permutations():
    """Against every permutation of five images."""
    words, there = word_table(CAPTIONS, 1)
    values = np.array([1.0, 3.0, -2.0, -4.0, 2.0])
    share = there / there.sum(axis=1, keepdims=True)
    null = np.array([share @ np.array(order) for order in permutations(values)])
    exact = (np.abs(null - values.mean()) >= np.abs(share @ values - values.mean())).mean(axis=0)
    _, pvalues = score_words(there, values, 20_000, seed=1)
    np.testing.assert_allclose(pvalues, exact, atol=0.015)
    assert len(words) == 4


def test_a_word_of_all_images_says_nothing():
    values = np.random.default_rng(0).normal(size=30)
    _, pvalues = score_words(np.ones((1, 30), dtype=bool), values, 200, seed=0)
    np.testing.assert_array_equal(pvalues, [1.0])


def test_blocks_of_draws_do_not_count(monkeypatch):
    _, there = word_table(CAPTIONS, 1)
    values = np.array([1.0, 3.0, -2.0, -4.0, 2.0])
    whole = score_words(there, values, 100, seed=3)
    monkeypatch.setattr("repalign.models.word_scores.BLOCK", 35)
    np.testing.assert_array_equal(score_words(there, values, 100, seed=3), whole)


def test_the_smallest_pvalue_is_one_of_the_draws_and_one():
    there = np.arange(40)[np.newaxis] < 10
    _, pvalues = score_words(there, np.where(there[0], 5.0, -1.0), 99, seed=0)
    assert pvalues[0] == pytest.approx(0.01)


def projections(rois=("visual_cortex", "dorsal_hub", "V1")) -> pd.DataFrame:
    values = {"visual_cortex": [1, 3, -2, -4, 2], "dorsal_hub": [0, 0, 5, 5, 1], "V1": [9] * 5}
    frames = [pd.DataFrame({"nsd_id": [3, 4, 6, 7, 9], "cca_1": values[roi], "roi": roi})
              for roi in rois]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


TOKENS = dict(zip([3, 4, 6, 7, 9, 100], [*CAPTIONS, ["dog"]], strict=True))


def test_hubs_come_in_order_with_high_words_first(caplog):
    table = words_of_hubs(projections(), TOKENS, min_images=2, n_permutations=50, seed=0)
    assert table.schema.equals(TOP_WORDS)
    frame = table.to_pandas()
    assert frame["hub"].tolist() == ["EVC"] * 3 + ["LOTC"] * 3
    assert frame["token"].tolist() == ["dog", "grass", "street", "street", "grass", "dog"]
    np.testing.assert_allclose(frame["score"], [2, -0.5, -3, 5, 2.5, 0])
    assert frame["n_images"].tolist() == [2] * 6
    assert "Ventral: no components" in caplog.text


def test_words_with_equal_scores_are_in_alphabetical_order():
    tokens = {image: ["b", "a"] for image in TOKENS}
    table = words_of_hubs(
        projections(["visual_cortex"]), tokens, min_images=1, n_permutations=5, seed=0
    )
    assert table.to_pandas()["token"].tolist() == ["a", "b"]


def test_without_frequent_words_the_table_is_empty(caplog):
    table = words_of_hubs(projections(), TOKENS, min_images=4, n_permutations=5, seed=0)
    assert table.num_rows == 0
    assert table.schema.equals(TOP_WORDS)
    assert "EVC: no word in the captions of 4 images" in caplog.text


def test_an_image_without_a_caption_is_named():
    tokens = {image: words for image, words in TOKENS.items() if image not in (4, 9)}
    with pytest.raises(RepalignError, match=r"nsd_id 4 \(2 of 5 are missing\)"):
        words_of_hubs(projections(), tokens, min_images=1, n_permutations=5, seed=0)
