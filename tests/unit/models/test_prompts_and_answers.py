"""Named prompts, and the strict parser of the answers to them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from repalign.errors import RepalignError
from repalign.models.answers import (
    UNPARSED,
    answers_table,
    canonical,
    log_answers,
    parse_answer,
)
from repalign.models.prompts import read_prompts

CONFIG = Path(__file__).parents[3] / "config/prompts.yaml"
PUBLISHED = {
    "caption": "2a3b206e55ca482d",
    "motion": "1fd340410becc8a1",
    "indoor": "a5ecd093650cbfdf",
    "scene": "19522d0587df7a9b",
}
"""Digests of the texts in the public reference implementation."""
SCENE = ("scene-dominated", "object-in-scene", "object-dominated")


def test_the_committed_prompts_are_the_published_ones():
    prompts = read_prompts(CONFIG)
    assert list(prompts) == ["caption", "motion", "indoor", "scene"]
    assert prompts["caption"].text == "Describe this image in one sentence."
    assert prompts["caption"].answers == ()
    assert prompts["motion"].answers == ("motion", "static")
    assert prompts["indoor"].answers == ("indoor", "natural", "urban", "object")
    assert prompts["scene"].answers == SCENE
    digests = {
        name: hashlib.sha256(prompt.text.encode()).hexdigest()[:16]
        for name, prompt in prompts.items()
    }
    assert digests == PUBLISHED


def write(tmp_path, change) -> Path:
    content = yaml.safe_load(CONFIG.read_text())
    change(content)
    path = tmp_path / "prompts.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda c: c["motion"].update(answer=["motion"]), "unknown key answer"),
        (lambda c: c.pop("scene"), "no prompt named scene"),
        (lambda c: c.pop("caption"), "no prompt named caption"),
        (lambda c: c["indoor"].pop("answers"), "no answers"),
        (lambda c: c["motion"].update(answers=["Motion"]), "the answers"),
        (lambda c: c["motion"].update(answers=["motion", "motion"]), "the answers"),
        (lambda c: c["motion"].update(answers=["motion."]), "the answers"),
        (lambda c: c["motion"].update(answers=["", "motion"]), "the answers"),
        (lambda c: c["motion"].update(answers="motion"), "the answers"),
        (lambda c: c["motion"].update(answers=[True]), "the answers"),
        (lambda c: c["motion"].update(text=" "), "the text"),
        (lambda c: c.update(caption="Describe."), "a str"),
    ],
)
def test_a_wrong_prompts_file_is_refused(tmp_path, change, found):
    with pytest.raises(RepalignError, match=found):
        read_prompts(write(tmp_path, change))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "no such file"),
        (b"a: [", "unreadable"),
        (b"\xff\xfe\x00", "unreadable"),
        (b"- a", "a list"),
        (b"a: !!python/object/apply:os.system ['true']", "unreadable"),
    ],
)
def test_a_file_that_is_no_mapping_in_plain_yaml_is_refused(tmp_path, content, found):
    path = tmp_path / "prompts.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RepalignError, match=found):
        read_prompts(path)


def test_more_named_prompts_are_welcome(tmp_path):
    path = write(tmp_path, lambda c: c.update(short={"text": "One word."}))
    assert read_prompts(path)["short"].text == "One word."


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("motion", "motion"),
        (" Motion.\n", "motion"),
        ("'static'", "static"),
        ("**STATIC**", "static"),
        ("`static`!", "static"),
        ("“motion”", "motion"),
        ("The image is static.", UNPARSED),
        ("motion, static", UNPARSED),
        ("not motion", UNPARSED),
        ("motionless", UNPARSED),
        ("", UNPARSED),
        ("...", UNPARSED),
        ("None", UNPARSED),
    ],
)
def test_answers_are_taken_strictly(text, answer):
    assert parse_answer(text, ("motion", "static")) == answer


def test_marks_between_letters_stay():
    assert parse_answer(" 'Object-in-Scene'.", SCENE) == "object-in-scene"
    assert parse_answer("object in scene", SCENE) == UNPARSED


AROUND = st.text(st.sampled_from(list(" \t\n\u00a0.,;:!?'\"`*()[]-_#>“”’…")), max_size=5)


@given(AROUND, st.sampled_from(SCENE), AROUND, st.booleans())
def test_what_stands_around_an_answer_does_not_matter(before, answer, after, upper):
    text = before + (answer.upper() if upper else answer) + after
    assert parse_answer(text, SCENE) == answer


@given(st.text())
def test_canonical_is_stable(text):
    assert canonical(canonical(text)) == canonical(text)


def test_answers_are_counted_and_what_was_not_read_is_said(caplog):
    texts = pd.DataFrame(
        {"nsd_id": [3, 1, 2], "name": list("abc"), "caption": ["Motion", "I think it moves", "NA"],
         "model": "m", "prompt": "p"}
    )  # fmt: skip
    answers = answers_table(texts, ("motion", "static"))
    assert answers.to_numpy().tolist() == [
        [3, "motion", "Motion", "m", "p"],
        [1, UNPARSED, "I think it moves", "m", "p"],
        [2, UNPARSED, "NA", "m", "p"],
    ]
    assert list(answers.columns) == ["nsd_id", "answer", "text", "model", "prompt"]
    assert log_answers(answers) == {"motion": 1, UNPARSED: 2}
    assert "2 of 3 answers are unparsed, such as 'I think it moves'" in caplog.text
