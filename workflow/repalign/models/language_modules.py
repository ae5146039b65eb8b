"""Language models and tokenizers of transformers, of a folder's configuration."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from repalign.models.libraries import import_torch
from repalign.models.weight_files import (
    Weights,
    checked_files,
    is_safe,
    loading_errors,
    unreadable,
)
from repalign.models.weight_state import seeded

_LOCAL_ALONE = {"local_files_only": True, "trust_remote_code": False}
"""Options of every call: what is needed lies in the folder, and no code is taken from there."""


def language_module(
    transformers: ModuleType,
    folder: Path,
    weights: Weights,
    dtype: Any,  # noqa: ANN401
) -> tuple[Any, set[str]]:
    """Load a language model without its head.

    Parameters
    ----------
    transformers : module
        transformers.
    folder : Path
        The model's folder.
    weights : Weights
        Where its weights come from.
    dtype : torch.dtype
        Of its numbers.

    Returns
    -------
    torch.nn.Module, set of str
        The model, and the names of tensors that no file had: at most those of a pooler.

    Raises
    ------
    RepalignError
        If the files are not those of the registry, do not fit the architecture, or lack any of
        it. transformers would fill gaps with random numbers.
    """
    files = checked_files(folder, weights.sha256)
    try:
        module, report = transformers.AutoModel.from_pretrained(
            folder,
            dtype=dtype,
            attn_implementation="eager",
            use_safetensors=is_safe(files),
            weights_only=True,
            output_loading_info=True,
            **_LOCAL_ALONE,
        )
    except loading_errors() as error:
        raise unreadable(folder, error) from error
    # A pooler comes after the last hidden state, and many checkpoints of encoders lack it.
    missing = set(report["missing_keys"])
    lacking = sorted(name for name in missing if not name.startswith("pooler."))
    wrong = lacking or sorted(map(str, [*report["mismatched_keys"], *report["error_msgs"]]))
    if wrong:
        found = f"{len(wrong)} tensors missing or of another shape, first {wrong[0]}"
        raise unreadable(folder, ValueError(found))
    return module, missing


def random_language_module(transformers: ModuleType, folder: Path, seed: int | None) -> Any:  # noqa: ANN401
    """Make a language model with random weights.

    Parameters
    ----------
    transformers : module
        transformers.
    folder : Path
        Holds its configuration.
    seed : int or None
        Seed of the weights.

    Returns
    -------
    torch.nn.Module
        Of float32.

    Raises
    ------
    RepalignError
        If transformers cannot make a model of the configuration.
    """
    torch = import_torch()
    try:
        config = transformers.AutoConfig.from_pretrained(folder, **_LOCAL_ALONE)
        with seeded(seed):
            return transformers.AutoModel.from_config(
                config, dtype=torch.float32, attn_implementation="eager"
            )
    except loading_errors() as error:
        raise unreadable(folder, error) from error


def load_tokenizer(transformers: ModuleType, model: str, kind: str, folder: Path) -> Any:  # noqa: ANN401
    """Load a tokenizer that can pad.

    Parameters
    ----------
    transformers : module
        transformers.
    model : str
        The model's id.
    kind : {"causal-lm", "encoder"}
        Causal models pad on the left, so that the last token is the caption's.
    folder : Path
        The model's folder.

    Returns
    -------
    transformers.PreTrainedTokenizerBase
        Its padding token is its own, or else the one that ends a text.

    Raises
    ------
    RepalignError
        If there is none or it needs code of its own.
    """
    side = "left" if kind == "causal-lm" else "right"
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder, padding_side=side, **_LOCAL_ALONE
        )
    except loading_errors() as error:
        raise unreadable(folder, error) from error
    if model.startswith("huggyllama"):
        # The reference pads with "[PAD]", which this vocabulary reads as its unknown token.
        tokenizer.pad_token = tokenizer.unk_token
    elif tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer
