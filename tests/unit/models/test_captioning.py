"""Asking about every image: taken up after interruptions, and never silent about a failure."""

from __future__ import annotations

import base64
import json
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repalign.errors import RepalignError
from repalign.models import caption_backends
from repalign.models.caption_backends import Request, make_texts
from repalign.models.caption_journal import Journal
from repalign.models.captioner_vllm import (
    VllmCaptioner,
    chat,
    engine_options,
    media_type,
    sampling_options,
)
from repalign.models.captioning import ModelChoice, describe_all, finish
from repalign.models.images import open_files

RECORD = {"spec": {"step": "describe_nsd"}, "versions": {"python": "3"}}
IDS = [7, 3, 12, 5]


class Speaker:
    """A captioner without a model, which dies at some picture."""

    def __init__(self, dies_at: int | None = None, error: type[BaseException] = KeyboardInterrupt):
        self.dies_at, self.error = dies_at, error
        self.asked: list[int] = []
        self.facts = {"library": "1.0"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def describe(self, images, k, prompt):
        image = int(images.ids[k])
        if image == self.dies_at:
            raise self.error("no memory")
        self.asked.append(image)
        return f"{prompt} {image} {images.picture(k).size[0]} é\n"


@pytest.fixture
def pictures(tmp_path):
    files = []
    for image in IDS:
        file = tmp_path / f"{image}.png"
        Image.new("RGB", (image, 4)).save(file)
        files.append(file)
    return open_files(files, IDS)


def expected(prompt="p"):
    return [f"{prompt} {image} {image} é\n" for image in IDS]


def test_all_are_asked_in_order(pictures, tmp_path):
    speaker = Speaker()
    output = tmp_path / "out.csv"
    assert describe_all(pictures, speaker, "p", output, RECORD) == expected()
    assert speaker.asked == IDS
    finish(output)
    assert not list(tmp_path.glob("out.csv*"))


@pytest.mark.parametrize("dies_at", IDS)
def test_finished_texts_are_taken_up(pictures, tmp_path, dies_at):
    output = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        describe_all(pictures, Speaker(dies_at), "p", output, RECORD)
    again = Speaker()
    assert describe_all(pictures, again, "p", output, RECORD) == expected()
    assert again.asked == IDS[IDS.index(dies_at) :]


def test_the_line_that_was_being_written_does_not_count(pictures, tmp_path):
    output = tmp_path / "out.csv"
    describe_all(pictures, Speaker(), "p", output, RECORD)
    journal = tmp_path / "out.csv.partial.jsonl"
    whole = journal.read_bytes()
    # Whatever length the file had when the machine died, the texts come out the same.
    for length in range(len(whole) + 1):
        journal.write_bytes(whole[:length])
        assert describe_all(pictures, Speaker(), "p", output, RECORD) == expected()
        assert journal.read_bytes() == whole


@pytest.mark.parametrize(
    "other",
    [
        {**RECORD, "spec": {"step": "describe_nsd", "params": {"seed": 1}}},
        {**RECORD, "captioner": {"transformers": "6"}},
        {**RECORD, "spec": None},
    ],
)
def test_texts_of_another_job_are_thrown_away(pictures, tmp_path, other):
    output = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        describe_all(pictures, Speaker(5), "old", output, RECORD)
    speaker = Speaker()
    assert describe_all(pictures, speaker, "p", output, other) == expected()
    assert speaker.asked == IDS


def test_a_job_that_was_run_by_hand_takes_nothing_up(pictures, tmp_path):
    output, by_hand = tmp_path / "out.csv", {**RECORD, "spec": None}
    for _ in range(2):
        speaker = Speaker()
        describe_all(pictures, speaker, "p", output, by_hand)
        assert speaker.asked == IDS


@pytest.mark.parametrize("error", [RuntimeError, ValueError, IndexError])
def test_a_model_that_fails_names_the_picture_and_leaves_no_empty_text(pictures, tmp_path, error):
    output = tmp_path / "out.csv"
    with pytest.raises(RepalignError, match=r"12\.png") as caught:
        describe_all(pictures, Speaker(12, error), "p", output, RECORD)
    assert "no memory" in caught.value.found
    lines = (tmp_path / "out.csv.partial.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines[1:]] == [7, 3]


def test_a_truncated_picture_names_its_file(pictures, tmp_path):
    file = tmp_path / "12.png"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(RepalignError, match=r"12\.png"):
        describe_all(pictures, Speaker(), "p", tmp_path / "out.csv", RECORD)


def test_turned_pictures_are_counted_in_the_log(tmp_path, caplog):
    files = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    Image.new("L", (8, 8)).save(files[0])
    Image.new("CMYK", (8, 8)).save(files[1])
    caplog.set_level("INFO")
    describe_all(open_files(files, [0, 1]), Speaker(), "p", tmp_path / "out.csv", RECORD)
    assert "1 pictures were grey and were turned into RGB" in caplog.text
    assert "1 pictures were CMYK and were turned into RGB" in caplog.text


def test_a_journal_is_used_in_a_block(tmp_path):
    with pytest.raises(ValueError, match="with"):
        Journal(tmp_path / "out.csv", "identity").add(1, "text")


def test_a_journal_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RepalignError, match="not writable"), Journal(tmp_path / "file/x", "i"):
        pass


# ------------------------------------------------------------------ backends

INDEX = pd.DataFrame({"nsd_id": IDS, "name": list("abcd")})


def texts(tmp_path, backend, pictures=None, record=None, **values):
    request = Request(INDEX, "Describe.", backend, ModelChoice("some/model"), **values)

    def images():
        assert pictures is not None, "pictures are opened for models alone"
        return pictures

    return make_texts(
        request, images, lambda row: f"{row['name']}{row['nsd_id']}", tmp_path / "out.csv",
        {} if record is None else record,
    )  # fmt: skip


def test_the_template_says_that_it_is_one(tmp_path):
    found = texts(tmp_path, "template")
    assert found["caption"].to_list() == ["a7", "b3", "c12", "d5"]
    assert set(found["model"]) == {"template"}
    assert set(found["prompt"]) == {"Describe."}
    assert list(found.columns) == ["nsd_id", "name", "caption", "model", "prompt"]


def test_a_table_is_put_in_order(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("nsd_id,caption\n3,three\n5,None\n7,seven\n12,twelve\n")
    found = texts(tmp_path, "file", table=table)
    assert found["caption"].to_list() == ["seven", "three", "twelve", "None"]
    assert found["nsd_id"].to_list() == IDS


def test_a_model_is_named_and_recorded(tmp_path, pictures, monkeypatch):
    monkeypatch.setitem(caption_backends.CAPTIONERS, "transformers", lambda _: Speaker())
    record: dict = {}
    found = texts(tmp_path, "transformers", pictures, record)
    assert found["caption"].to_list() == expected("Describe.")
    assert set(found["model"]) == {"some/model"}
    assert record == {"captioner": {"library": "1.0"}}


# ------------------------------------------------------------------ vLLM, as far as goes here

JPEG = b"\xff\xd8\xff\xe0 the bytes of a picture"


def test_a_conversation_is_text_and_then_the_bytes_of_the_picture():
    assert chat("Describe.", JPEG, "a.jpg") == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Describe."},
                {
                    "type": "image_url",
                    "image_url": {
                        "url": "data:image/jpeg;base64,/9j/4CB0aGUgYnl0ZXMgb2YgYSBwaWN0dXJl"
                    },
                },
            ],
        }
    ]


def test_bytes_of_files_are_sent_as_they_are(tmp_path):
    for name, kind, mode in (
        ("a.JPEG", "jpeg", "RGB"),
        ("b.jpg", "jpeg", "L"),
        ("c.png", "png", "RGB"),
    ):
        file = tmp_path / name
        Image.new(mode, (5, 5)).save(file, kind)
        images = open_files([file], [0])
        url = chat("p", images.encoded(0), name)[0]["content"][1]["image_url"]["url"]
        head, _, body = url.partition(",")
        assert head == f"data:image/{kind};base64"
        assert base64.b64decode(body) == file.read_bytes()


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"RIFF....WEBP", b"BM...."])
def test_other_formats_are_refused_by_what_they_hold(content):
    with pytest.raises(RepalignError, match=r"x\.jpg"):
        media_type(content, "x.jpg")


def test_the_engine_is_that_of_the_published_captions():
    options = engine_options(ModelChoice("mistralai/Pixtral-12B-2409", revision="abc", seed=3))
    assert options == {
        "model": "mistralai/Pixtral-12B-2409", "tokenizer_mode": "mistral",
        "max_model_len": 12_288, "revision": "abc", "dtype": "bfloat16", "seed": 3,
        "trust_remote_code": False,
    }  # fmt: skip
    local = engine_options(ModelChoice("llava", folder="weights"))
    assert (local["model"], local["tokenizer_mode"], local["revision"]) == (
        "weights",
        "auto",
        None,
    )


def test_texts_are_greedy_unless_sampling_is_asked_for():
    assert sampling_options(ModelChoice("m", max_new_tokens=9), 4) == {
        "max_tokens": 9,
        "temperature": 0.0,
    }
    drawn = [
        sampling_options(ModelChoice("m", sampling=True, seed=s), i)
        for s in (0, 1)
        for i in (4, 5)
    ]
    assert all(options["temperature"] == 1.0 for options in drawn)
    assert len({options["seed"] for options in drawn}) == 4
    assert drawn[0] == sampling_options(ModelChoice("m", sampling=True), np.int64(4))


class RecordedEngine:
    """What vLLM is asked, with an answer as it was recorded."""

    __version__ = "0.0"

    def __init__(self):
        self.calls: list = []

    def LLM(self, **options):  # noqa: N802
        self.calls.append(options)
        return self

    def SamplingParams(self, **options):  # noqa: N802
        return options

    def chat(self, messages, sampling_params, use_tqdm):
        self.calls.append((messages, sampling_params, use_tqdm))
        said = type("Said", (), {"text": " A surfer rides a wave.\n"})
        return [type("Answer", (), {"outputs": [said]})]


def test_a_recorded_answer_comes_back_stripped(tmp_path, monkeypatch):
    engine = RecordedEngine()
    monkeypatch.setitem(sys.modules, "vllm", engine)
    file = tmp_path / "a.jpg"
    Image.new("RGB", (5, 5)).save(file)
    images = open_files([file], [41])
    with VllmCaptioner(ModelChoice("m")) as captioner:
        assert captioner.describe(images, 0, "Describe.") == "A surfer rides a wave."
        assert captioner.facts == {"vllm": "0.0"}
    assert engine.calls[1] == (
        chat("Describe.", file.read_bytes(), "a.jpg"),
        sampling_options(ModelChoice("m"), 41),
        False,
    )


def test_without_vllm_it_is_said_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(RepalignError, match=r"captions\.backend: transformers"):
        VllmCaptioner(ModelChoice("m")).__enter__()
