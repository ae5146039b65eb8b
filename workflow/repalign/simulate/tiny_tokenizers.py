"""Small tokenizers of three kinds, learnt from the captions of a simulated dataset.

All are byte-pair encodings, and cut text as the families do that they stand for: Llama and
Gemma by the mark `▁` for a space and single bytes for what they do not know, Bloom by bytes
throughout. They differ in vocabulary and in the marks that they put before a text, too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from repalign.models.libraries import import_transformers

SPACE = "▁"
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def llama_tokenizer(captions: Sequence[str]) -> Any:  # noqa: ANN401
    """Learn a tokenizer like that of Llama.

    Parameters
    ----------
    captions : sequence of str
        Texts to learn from.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        A space before the text, `<s>` before that, no padding token.
    """
    return _spaced(captions, 800, ("<unk>", "<s>", "</s>"), before_text=True)


def gemma_tokenizer(captions: Sequence[str]) -> Any:  # noqa: ANN401
    """Learn a tokenizer like that of Gemma.

    Parameters
    ----------
    captions : sequence of str
        Texts to learn from.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        `<bos>` before the text, a padding token of its own, and few pieces beside the bytes.
    """
    return _spaced(captions, 360, ("<unk>", "<bos>", "<eos>", "<pad>"), before_text=False)


def bloom_tokenizer(captions: Sequence[str]) -> Any:  # noqa: ANN401
    """Learn a tokenizer like that of Bloom.

    Parameters
    ----------
    captions : sequence of str
        Texts to learn from.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        Nothing before the text, a padding token of its own.
    """
    transformers = import_transformers()
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    special = ["<unk>", "<s>", "</s>", "<pad>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(captions, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",  # noqa: S106
        bos_token="<s>",  # noqa: S106
        eos_token="</s>",  # noqa: S106
        pad_token="<pad>",  # noqa: S106
    )


def _spaced(
    captions: Sequence[str], vocabulary: int, special: tuple[str, ...], *, before_text: bool
) -> Any:  # noqa: ANN401
    """Learn a tokenizer that marks spaces; `special`: unknown, beginning, end, then padding."""
    transformers = import_transformers()
    from tokenizers import Tokenizer, decoders, models, normalizers, processors, trainers
    from tokenizers.pre_tokenizers import Split

    unknown, begin, end = special[:3]

    def tokenizer(model: Any) -> Any:  # noqa: ANN401
        made = Tokenizer(model)
        marks = [normalizers.Replace(" ", SPACE)]
        made.normalizer = normalizers.Sequence(
            [normalizers.Prepend(SPACE), *marks] if before_text else marks
        )
        # A piece stays within a word; the mark begins one.
        made.pre_tokenizer = Split(SPACE, "merged_with_next")
        return made

    learner = tokenizer(models.BPE())
    pieces = vocabulary - len(special) - len(BYTES)
    learner.train_from_iterator(
        captions, trainers.BpeTrainer(vocab_size=pieces, show_progress=False)
    )
    learnt = json.loads(learner.to_str())["model"]
    tokens = [*special, *BYTES, *sorted(learnt["vocab"], key=learnt["vocab"].__getitem__)]
    made = tokenizer(
        models.BPE(
            vocab={token: number for number, token in enumerate(tokens)},
            merges=[tuple(pair) for pair in learnt["merges"]],
            unk_token=unknown,
            byte_fallback=True,
            fuse_unk=True,
        )
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    made.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A", special_tokens=[(begin, special.index(begin))]
    )
    names = {"unk_token": unknown, "bos_token": begin, "eos_token": end}
    if len(special) > 3:
        names["pad_token"] = special[3]
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **names)
