"""Tiny tokenizers, saved as transformers saves those of real models."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE, WordLevel
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

ENDS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
UNKNOWN = {"unk_token": "[UNK]"}


def save_bpe(folder: Path, texts: list[str], vocabulary: int = 290, side: str = "left") -> Path:
    """Train a byte-level BPE on texts; it adds a token at both ends, and pads."""
    folder.mkdir(parents=True, exist_ok=True)
    bpe = Tokenizer(BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(ENDS.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    made = PreTrainedTokenizerFast(tokenizer_object=bpe, padding_side=side, **ENDS)
    return _save(folder, made)


def save_words(folder: Path, words: list[str]) -> Path:
    """Save a vocabulary of whole words, in which all others are unknown."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: k for k, word in enumerate([*UNKNOWN.values(), *words])}
    level = Tokenizer(WordLevel(vocabulary, **UNKNOWN))
    level.pre_tokenizer = pre_tokenizers.Whitespace()
    return _save(folder, PreTrainedTokenizerFast(tokenizer_object=level, **UNKNOWN))


def _save(folder: Path, tokenizer: PreTrainedTokenizerFast) -> Path:
    tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "bloom"}))
    return folder
