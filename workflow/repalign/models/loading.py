"""Models with their weights, from the hub, a folder or a seed; ready to run and never trained.

No code of a model's repository is run: architectures are those of timm and transformers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from repalign.models.language_modules import (
    language_module,
    load_tokenizer,
    random_language_module,
)
from repalign.models.libraries import import_timm, import_torch, import_transformers
from repalign.models.model_folders import commit_of, find_folder
from repalign.models.vision_modules import vision_folder, vision_module
from repalign.models.weight_files import Weights
from repalign.models.weight_state import count_parameters, seeded, state_digest

PRECISIONS = ("float32", "bfloat16")

__all__ = ["PRECISIONS", "LoadedLanguage", "LoadedVision", "Weights", "load_language", "load_timm"]


@dataclass(frozen=True)
class LoadedVision:
    """A vision model.

    Attributes
    ----------
    module : torch.nn.Module
        In evaluation mode, float32, on the CPU.
    data_config : dict
        How pictures are prepared: `input_size`, `interpolation`, `mean`, `std`, `crop_pct`, ...
    digest : str
        SHA-256 of the weights in use, see `weight_state.state_digest`.
    n_parameters : int
        Parameters of the module.
    revision : str
        Commit that was fetched from the hub, if it was.
    """

    module: Any
    data_config: dict[str, Any]
    digest: str
    n_parameters: int
    revision: str = ""


@dataclass(frozen=True)
class LoadedLanguage:
    """A language model without a head.

    Attributes
    ----------
    module : torch.nn.Module
        In evaluation mode, on the CPU. Its hidden states are those of the whole model.
    tokenizer : transformers.PreTrainedTokenizerBase
        Pads on the left for a causal model, on the right for an encoder.
    digest : str
        SHA-256 of the weights in use, see `weight_state.state_digest`.
    n_parameters : int
        Parameters of the module; a head of its own is not among them.
    revision : str
        Commit that was fetched from the hub, if it was.
    """

    module: Any
    tokenizer: Any
    digest: str
    n_parameters: int
    revision: str = ""


def load_timm(model: str, weights: Weights) -> LoadedVision:
    """Load a vision model of timm.

    Parameters
    ----------
    model : str
        Its id: architecture, a dot, and the name of the weights. A model in a folder is of
        the architecture that its config.json names.
    weights : Weights
        Where its weights come from.

    Returns
    -------
    LoadedVision
        The model.

    Raises
    ------
    RepalignError
        If timm knows no such model, its weights cannot be fetched or read, or are not those
        of the registry.
    """
    timm = import_timm()
    folder = vision_folder(timm, model, weights)
    # Weights from a file replace all of the initialisation, which costs no more with a seed.
    with seeded(weights.seed if weights.source == "random" else 0):
        module = vision_module(timm, model, folder, weights)
    module = module.float().train(mode=False).requires_grad_(False)
    resolved = timm.data.resolve_model_data_config(module)
    data_config = {k: tuple(v) if isinstance(v, list) else v for k, v in resolved.items()}
    revision = commit_of(folder, weights.source)
    return LoadedVision(
        module, data_config, state_digest(module), count_parameters(module), revision
    )


def load_language(model: str, kind: str, weights: Weights, precision: str) -> LoadedLanguage:
    """Load a language model of transformers, without its head, and its tokenizer.

    Parameters
    ----------
    model : str
        Its id on the hub, or a name of one in a folder.
    kind : {"causal-lm", "encoder"}
        As in the registry.
    weights : Weights
        Where its weights come from.
    precision : {"float32", "bfloat16"}
        Numbers that it computes with.

    Returns
    -------
    LoadedLanguage
        The model.

    Raises
    ------
    RepalignError
        If the model cannot be fetched or read, lacks weights, or has others than the registry.

    Notes
    -----
    Attention is computed by the plain implementation, the one that all architectures have
    (Gemma 2 caps its logits) and that is the same on every device.
    """
    torch, transformers = import_torch(), import_transformers()
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; expected one of {PRECISIONS}")
    dtype = getattr(torch, precision)
    is_random = weights.source == "random"
    folder = find_folder(
        weights.source, weights.path or model, weights.revision, weights=not is_random
    )
    tokenizer = load_tokenizer(transformers, model, kind, folder)
    ignored: set[str] = set()
    if is_random:
        module = random_language_module(transformers, folder, weights.seed)
    else:
        module, ignored = language_module(transformers, folder, weights, dtype)
    module = module.to(dtype).train(mode=False).requires_grad_(False)
    digest, revision = state_digest(module, ignored), commit_of(folder, weights.source)
    return LoadedLanguage(module, tokenizer, digest, count_parameters(module), revision)
