"""Texts of vision-language models: deterministic, one picture at a time, loaded from a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repalign.errors import RepalignError
from repalign.models.captioner_transformers import TransformersCaptioner
from repalign.models.captioning import ModelChoice, describe_all
from repalign.models.images import open_files

from . import vision_language

PROMPT = "describe this image"


@pytest.fixture(scope="module", params=["llava", "pixtral"])
def folder(request, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp(request.param)
    return vision_language.save_model(place, request.param)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[Path]:
    """Pictures of several sizes and kinds."""
    place = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    sizes = [(40, 40), (24, 64), (64, 32), (33, 47)]
    files = []
    for k, (width, height) in enumerate(sizes):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        image = Image.fromarray(pixels)
        files.append(place / f"{k}.png")
        (image.convert("L") if k == 2 else image).save(files[-1])
    return files


def choice(folder: Path, **values) -> ModelChoice:
    return ModelChoice(
        "tiny", folder=folder, **{"precision": "float32", "max_new_tokens": 8, **values}
    )


def describe(folder: Path, files: list[Path], ids: list[int], **values) -> dict[int, str]:
    images = open_files(files, ids)
    with TransformersCaptioner(choice(folder, **values)) as captioner:
        return {ids[k]: captioner.describe(images, k, PROMPT) for k in range(len(ids))}


def test_texts_are_the_same_every_time_and_in_any_order(folder, pictures):
    ids = [0, 1, 2, 3]
    first = describe(folder, pictures, ids)
    assert len(set(first.values())) > 1, "the pictures make a difference"
    assert describe(folder, pictures, ids) == first
    assert describe(folder, pictures[::-1], ids[::-1]) == first


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_texts_are_the_greedy_ones(folder, pictures, precision):
    """An oracle that generates without the library's generation: one token after another."""
    import torch

    images = open_files(pictures, [0, 1, 2, 3])
    with TransformersCaptioner(choice(folder, precision=precision)) as captioner:
        model = captioner._model
        inputs = captioner.inputs(images, 1, PROMPT).to("cpu", dtype=model.dtype)
        tokens = inputs.pop("input_ids")
        inputs.pop("attention_mask")
        said: list[int] = []
        for _ in range(8):
            logits = model(input_ids=tokens, **inputs, use_cache=False).logits[0, -1]
            said.append(int(logits.float().argmax()))
            tokens = torch.cat([tokens, torch.tensor([[said[-1]]])], dim=1)
            if said[-1] == 2:
                break
        expected = captioner._processor.decode(said, skip_special_tokens=True).strip()
        assert captioner.describe(images, 1, PROMPT) == expected


def test_the_prompt_comes_before_the_picture(folder, pictures):
    images = open_files(pictures, [0, 1, 2, 3])
    with TransformersCaptioner(choice(folder)) as captioner:
        inputs = captioner.inputs(images, 0, PROMPT)
        tokenizer = captioner._processor.tokenizer
        tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0].tolist())
        assert inputs["input_ids"].shape[0] == 1
        assert tokens[:5] == ["<s>", "[INST]", "describe", "this", "image"]
        assert tokens[-1] == "[/INST]"
        assert set(tokens[5:-1]) <= {"[IMG]", "[IMG_BREAK]", "[IMG_END]"}
        assert tokens.count("[IMG]") == 16
        assert tokens.count("<s>") == 1
        assert inputs["attention_mask"].min() == 1, "nothing is padded"


def test_draws_have_a_seed_of_their_own_for_each_image(folder, pictures):
    same = [pictures[0]] * 3
    drawn = describe(folder, same, [4, 5, 6], sampling=True)
    assert len(set(drawn.values())) > 1
    assert describe(folder, same[:1], [6], sampling=True)[6] == drawn[6]
    assert describe(folder, same, [4, 5, 6], sampling=True, seed=1) != drawn


def test_interruptions_leave_no_trace(folder, pictures, tmp_path):
    ids, record = [9, 2, 4, 7], {"spec": {"step": "describe"}}
    expected = list(describe(folder, pictures, ids, sampling=True).values())
    images = open_files(pictures, ids)

    class Dying(TransformersCaptioner):
        def describe(self, images, k, prompt):
            if k == 2:
                raise KeyboardInterrupt
            return super().describe(images, k, prompt)

    with pytest.raises(KeyboardInterrupt), Dying(choice(folder, sampling=True)) as captioner:
        describe_all(images, captioner, PROMPT, tmp_path / "out.csv", record)
    with TransformersCaptioner(choice(folder, sampling=True)) as captioner:
        found = describe_all(images, captioner, PROMPT, tmp_path / "out.csv", record)
    assert found == expected


def test_texts_that_are_cut_are_counted(folder, pictures, caplog):
    images = open_files(pictures, [0, 1, 2, 3])
    with TransformersCaptioner(choice(folder, max_new_tokens=1)) as captioner:
        for k in range(4):
            captioner.describe(images, k, PROMPT)
        assert captioner.n_cut > 0
        assert set(captioner.facts) == {"torch", "transformers"}
    assert f"{captioner.n_cut} texts were cut at captions.max_new_tokens (1)" in caplog.text


def test_a_truncated_picture_names_its_file(folder, pictures, tmp_path):
    cut = tmp_path / "cut.png"
    cut.write_bytes(pictures[0].read_bytes()[:-30])
    with pytest.raises(RepalignError, match=r"cut\.png"):
        describe(folder, [cut], [0])


@pytest.mark.parametrize(
    ("break_it", "found"),
    [
        (lambda place: (place / "model.safetensors").unlink(), "no weights"),
        (lambda place: (place / "model.safetensors").write_bytes(b"x" * 99), "cannot be used"),
        (lambda place: (place / "config.json").write_text("{}"), "cannot be used"),
        (lambda place: (place / "tokenizer.json").write_text("{"), "cannot be used"),
    ],
)
def test_a_damaged_model_is_refused(tmp_path, pictures, break_it, found):
    place = vision_language.save_model(tmp_path / "model", "llava")
    break_it(place)
    with pytest.raises(RepalignError, match=found):
        describe(place, pictures[:1], [0])


def test_a_model_that_lacks_weights_is_refused(tmp_path, pictures):
    """They would be random."""
    from safetensors.torch import load_file, save_file

    place = vision_language.save_model(tmp_path / "model", "llava")
    weights = load_file(place / "model.safetensors")
    name = next(name for name in weights if "mlp" in name)
    del weights[name]
    save_file(weights, place / "model.safetensors", {"format": "pt"})
    with pytest.raises(RepalignError, match="1 tensors missing"):
        describe(place, pictures[:1], [0])


def test_a_model_without_a_chat_template_is_refused(tmp_path, pictures):
    place = vision_language.save_model(tmp_path / "model", "llava", template=None)
    with pytest.raises(RepalignError, match="no chat template"):
        describe(place, pictures[:1], [0])


def test_no_folder_is_said(tmp_path, pictures):
    with pytest.raises(RepalignError, match=r"captions\.folder"):
        describe(tmp_path / "gone", pictures[:1], [0])


def test_no_gpu_is_said(tmp_path, pictures, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    place = vision_language.save_model(tmp_path / "model", "llava")
    with pytest.raises(RepalignError, match=r"resources\.device: cuda"):
        describe(place, pictures[:1], [0], device="cuda")
