"""Tokens of language models: those of the text alone, and models that share a vocabulary."""

from __future__ import annotations

import json

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models.llm_tokens import check_same_tokens, find_tokenizer, token_ids
from repalign.tables.token_tables import write_tokens

from .tiny_tokenizers import save_bpe, save_words

TEXTS = (
    "A man riding a wave on a surfboard.",
    "Two dogs in a kitchen, one asleep",
    "",
    "A café with a red umbrella",
    "A man riding a wave on a surfboard.",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_bpe(tmp_path_factory.mktemp("tokenizer"), TEXTS)


@pytest.fixture(scope="module")
def tokenizer(folder):
    loaded, commit = find_tokenizer("tiny/one", "local-dir", str(folder), "")
    assert commit == ""
    return loaded


def test_tokens_are_the_text_and_nothing_else(tokenizer):
    found = token_ids(tokenizer, TEXTS)
    for text, tokens in zip(TEXTS, found, strict=True):
        assert tokenizer.decode([int(token) for token in tokens]) == text
    assert found[2] == []
    assert found[0] == found[4]
    special = {str(token) for token in tokenizer.all_special_ids}
    assert not special & {token for tokens in found for token in tokens}


def test_the_usual_call_has_special_and_padding_tokens_that_are_left_out(tokenizer):
    """The published way: everything padded to the longest, then special tokens taken away."""
    padded = tokenizer(list(TEXTS), padding=True)["input_ids"]
    assert len({len(row) for row in padded}) == 1
    special = set(tokenizer.all_special_ids)
    assert sum(token in special for row in padded for token in row) > 2 * len(TEXTS)
    expected = [[str(t) for t in row if t not in special] for row in padded]
    assert token_ids(tokenizer, TEXTS) == expected


@pytest.mark.parametrize("name", ["sim-llama", "sim-bloom", "sim-gemma-2"])
def test_tokenizers_in_the_formats_of_the_published_models(tiny, name):
    loaded, _ = find_tokenizer(name, "local-dir", str(tiny / name), "")
    texts = ["A dog and two people near a lake.", "", "Bread on a table, and 3 cups"]
    padded = loaded(texts, padding=True)
    special = set(loaded.all_special_ids)
    expected = [
        [str(t) for t, real in zip(row, mask, strict=True) if real and t not in special]
        for row, mask in zip(padded["input_ids"], padded["attention_mask"], strict=True)
    ]
    found = token_ids(loaded, texts)
    assert found == expected
    assert found[1] == []
    assert len(set(found[0])) > 5
    assert loaded.decode([int(t) for t in found[2]]).strip() == texts[2]


def test_special_tokens_that_a_text_holds_are_left_out(tokenizer):
    parts = token_ids(tokenizer, ["a", "dog"])
    assert token_ids(tokenizer, ["a</s>dog<pad>"]) == [parts[0] + parts[1]]


def test_unknown_tokens_are_left_out(tmp_path):
    save_words(tmp_path, ["a", "dog"])
    loaded, _ = find_tokenizer("tiny/one", "local-dir", str(tmp_path), "")
    assert token_ids(loaded, ["a blue dog", "blue"]) == [["1", "2"], []]


def test_company_and_padding_side_change_nothing(tokenizer, tmp_path):
    alone = [token_ids(tokenizer, [text])[0] for text in TEXTS]
    assert alone == token_ids(tokenizer, TEXTS)
    assert token_ids(tokenizer, TEXTS[::-1]) == alone[::-1]
    save_bpe(tmp_path, TEXTS, side="right")
    right, _ = find_tokenizer("tiny/one", "local-dir", str(tmp_path), "")
    assert token_ids(right, TEXTS) == alone
    assert token_ids(tokenizer, []) == []


def test_long_texts_are_not_cut(tokenizer):
    tokenizer.model_max_length, before = 4, tokenizer.model_max_length
    try:
        assert len(token_ids(tokenizer, ["a man " * 50])[0]) > 50
    finally:
        tokenizer.model_max_length = before


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such folder"), ({}, "without config.json"),
     ({"config.json": '{"model_type": "bloom"}', "tokenizer.json": "{"}, "does not load"),
     ({"config.json": '{"model_type": "bloom"}'}, "does not load")],
)  # fmt: skip
def test_what_is_no_tokenizer_is_refused(tmp_path, content, message):
    place = tmp_path / "model"
    if content is not None:
        place.mkdir()
        for name, text in content.items():
            (place / name).write_text(text)
    with pytest.raises(RepalignError, match=message) as caught:
        find_tokenizer("tiny/one", "local-dir", str(place), "")
    assert str(place) in caught.value.where


def test_code_beside_a_tokenizer_is_never_run(tmp_path):
    save_bpe(tmp_path, TEXTS)
    (tmp_path / "evil.py").write_text("raise SystemExit('ran')\n")
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    config["auto_map"] = {"AutoTokenizer": [None, "evil.Evil"]}
    config["tokenizer_class"] = "Evil"
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(RepalignError, match="contains custom code"):
        find_tokenizer("tiny/one", "local-dir", str(tmp_path), "")


def tables(tmp_path, *token_lists):
    paths = []
    for k, tokens in enumerate(token_lists):
        paths.append(tmp_path / f"{k}.parquet")
        write_tokens(paths[-1], np.array([3, 4, 9])[: len(tokens)], tokens, {})
    return paths


def test_models_of_one_tokenizer_agree(tmp_path):
    one, other = tables(tmp_path, [["1"], [], ["2", "3"]], [["1"], [], ["2", "3"]])
    assert check_same_tokens(one, other, ("a", "b"), ["x", "", "y z"]) == 3


def test_the_first_caption_that_differs_is_named(tmp_path):
    one, other = tables(tmp_path, [["1"], ["5"], ["2", "3"]], [["1"], ["6"], ["2"]])
    with pytest.raises(RepalignError) as caught:
        check_same_tokens(one, other, ("org/a", "org/b"), ["x", "a dog", "y z"])
    assert caught.value.found == ("image 4, 'a dog': tokens ['5'] of org/a, ['6'] of org/b")
    assert "tokenizers.llm" in caught.value.remedy


def test_tokens_of_other_images_are_no_comparison(tmp_path):
    one, other = tables(tmp_path, [["1"], ["5"]], [["1"], ["5"], ["6"]])
    with pytest.raises(RepalignError, match="2 and 3 images"):
        check_same_tokens(one, other, ("a", "b"), ["x", "y"])
