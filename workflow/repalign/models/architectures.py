"""What a model's architecture alone says: its size, and how it wants its pictures.

Models are built on PyTorch's `meta` device, which holds shapes and no numbers, so neither weights
nor memory nor a network are needed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from repalign.errors import RepalignError
from repalign.models.libraries import import_timm, import_torch, import_transformers
from repalign.models.model_folders import LOCAL, find_folder
from repalign.models.registry import Model
from repalign.models.weight_files import loading_errors, unreadable
from repalign.models.weight_state import count_parameters

_ANSWERS = {"yes": True, "no": False}


@dataclass(frozen=True)
class Architecture:
    """Size of a model.

    Attributes
    ----------
    n_parameters : int
        Parameters with classification or language-model head; tied ones count once.
    n_layers : int
        Layers of its features: blocks of a vision model; hidden states of a language model,
        which are its blocks and the embedding before them.
    width : int
        Numbers in the representation of a token.
    pictures : dict or None
        How a vision model wants its pictures: `input_size`, `interpolation`, `mean`, `std`,
        `crop_pct`, `crop_mode`. None for a language model.
    """

    n_parameters: int
    n_layers: int
    width: int
    pictures: dict[str, Any] | None


@dataclass(frozen=True)
class LanguageFacts:
    """What the size of a language model follows from; a row of `language_architectures.tsv`.

    Attributes
    ----------
    model : str
        Id on the hub.
    architecture : str
        `bloom`, `gemma2` or `llama`.
    blocks, width, heads, kv_heads, head_dim, mlp_width, vocabulary : int
        As in the model's published configuration; `kv_heads` are heads of keys and values.
    tied : bool
        Whether the head shares the weights of the embedding.
    """

    model: str
    architecture: str
    blocks: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    mlp_width: int
    vocabulary: int
    tied: bool

    def configuration(self) -> dict[str, Any]:
        """Return the arguments of the architecture's configuration in transformers."""
        shared = {"vocab_size": self.vocabulary, "hidden_size": self.width}
        shared["tie_word_embeddings"] = self.tied
        if self.architecture == "bloom":
            # It has four times the width in its MLP, and as many heads of each kind.
            return {**shared, "n_layer": self.blocks, "n_head": self.heads}
        return {
            **shared,
            "intermediate_size": self.mlp_width,
            "num_hidden_layers": self.blocks,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
        }


def read_language_facts(path: str | Path) -> dict[str, LanguageFacts]:
    """Read the table of language architectures.

    Parameters
    ----------
    path : str or Path
        Tab-separated, with the fields of `LanguageFacts` as columns.

    Returns
    -------
    dict of str to LanguageFacts
        By model id.

    Raises
    ------
    RepalignError
        Naming the row, if it is not as said.
    """
    names = [field.name for field in fields(LanguageFacts)]
    found: dict[str, LanguageFacts] = {}
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file, delimiter="\t"), start=2):
                numbers = {name: int(row[name]) for name in names[2:-1]}
                tied = _ANSWERS[row["tied"]]
                facts = LanguageFacts(row["model"], row["architecture"], **numbers, tied=tied)
                if facts.model in found:
                    raise _table_error(f"{facts.model} twice", f"{path}, row {number}")
                found[facts.model] = facts
    except OSError as error:
        raise _table_error(f"unreadable ({error})", path) from error
    except (KeyError, TypeError, ValueError) as error:
        raise _table_error(f"{error!r}", f"{path}, row {number}") from error
    return found


def describe_architecture(model: Model, facts: Mapping[str, LanguageFacts]) -> Architecture:
    """Work out the size of a registered model.

    Parameters
    ----------
    model : Model
        A row of the registry.
    facts : mapping of str to LanguageFacts
        Of the language models that are not in a folder of their own.

    Returns
    -------
    Architecture
        The same for any weights.

    Raises
    ------
    RepalignError
        If the packages are not installed, timm does not know the model, it is no transformer
        with blocks, or nothing is known of a language model.
    """
    if model.modality == "vision":
        return _describe_vision(model)
    return _describe_language(model, facts)


def _describe_vision(model: Model) -> Architecture:
    timm, torch = import_timm(), import_torch()
    is_local = model.source == LOCAL
    name = f"local-dir:{find_folder(LOCAL, model.path, '')}" if is_local else model.model
    try:
        with torch.device("meta"):
            module = timm.create_model(name)
        pictures = dict(timm.data.resolve_model_data_config(module))
        return Architecture(
            count_parameters(module), len(module.blocks), int(module.embed_dim), pictures
        )
    except loading_errors() as error:
        raise RepalignError(
            f"{model.model}: {error}",
            where="the registry of models",
            expected=f"a vision transformer of timm {timm.__version__}",
            remedy="Correct `model` or `path` in the registry.",
        ) from error


def _describe_language(model: Model, facts: Mapping[str, LanguageFacts]) -> Architecture:
    transformers, torch = import_transformers(), import_torch()
    known = facts.get(model.model)
    if model.source == LOCAL:
        folder = find_folder(LOCAL, model.path, "")
        try:
            config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        except loading_errors() as error:
            raise unreadable(folder, error) from error
    elif known is not None:
        config = transformers.AutoConfig.for_model(known.architecture, **known.configuration())
    else:
        raise RepalignError(
            f"nothing known of {model.model}",
            where="the table of language architectures",
            expected=f"one of {', '.join(facts)}, or a model in a folder",
            remedy="Add a row with the facts of the model's config.json.",
        )
    kind = "AutoModelForCausalLM" if model.kind == "causal-lm" else "AutoModel"
    with torch.device("meta"):
        module = getattr(transformers, kind).from_config(config)
    return Architecture(
        count_parameters(module), int(config.num_hidden_layers) + 1, int(config.hidden_size), None
    )


def _table_error(found: str, where: str | Path) -> RepalignError:
    names = ", ".join(field.name for field in fields(LanguageFacts))
    return RepalignError(
        found,
        where=where,
        expected=f"each model once, with the columns {names}",
        remedy="Restore resources/language_architectures.tsv.",
    )
