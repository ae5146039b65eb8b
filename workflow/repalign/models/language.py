"""Features of texts: the hidden states of a language model, pooled over tokens."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.models.libraries import import_torch
from repalign.models.texts import Texts

Float32 = npt.NDArray[np.float32]
POOLS = ("avg", "avg-no-special", "last")
HIDDEN_STATES = "0: embeddings, k: after block k, last: after the final norm"
"""What the layers of a feature file are."""
_NO_LIMIT = 10**9
"""Tokenizers that know no limit name a number far beyond any."""


@dataclass(frozen=True)
class Tokens:
    """A text as a model reads it.

    Attributes
    ----------
    ids : tuple of int
        Tokens, with the special ones that the tokenizer adds.
    counted : tuple of bool
        Which of them are pooled.
    """

    ids: tuple[int, ...]
    counted: tuple[bool, ...]


class Language:
    """A language model and its tokenizer.

    Parameters
    ----------
    module : torch.nn.Module
        A transformers model without a head, in evaluation mode, on the device that it runs on.
    tokenizer : transformers.PreTrainedTokenizerBase
        Its `padding_side` says whether shorter texts of a batch are padded on the left (causal
        models) or on the right (encoders).
    pool : {"avg", "avg-no-special", "last"}
        ``"avg"``: mean over all tokens of the text, those that the tokenizer adds included, as
        published. ``"avg-no-special"``: without those. ``"last"``: the last token, which may be
        one of those.

    Notes
    -----
    There are n_blocks + 1 hidden states. The first is what enters the first block: the
    embeddings, for Bloom after their layer norm and for Gemma scaled. State k is the residual
    stream after block k; the last one alone is after the final norm (encoders of BERT's kind
    have none). Means are accumulated in float32 whatever the precision of the model.

    Padding is masked, and positions are counted from the first token of the text, so that a
    text has the same features in any batch, up to rounding.
    """

    def __init__(self, module: Any, tokenizer: Any, pool: str) -> None:  # noqa: ANN401
        if pool not in POOLS:
            raise ValueError(f"pool is {pool!r}; expected one of {POOLS}")
        self._module, self._tokenizer, self._pool = module, tokenizer, pool
        parameters = inspect.signature(module.forward).parameters
        # Models that learn their positions would take padding for text.
        self._counts_positions = "position_ids" in parameters and tokenizer.padding_side == "left"
        config = module.config.get_text_config()
        limits = (tokenizer.model_max_length, getattr(config, "max_position_embeddings", None))
        known = [int(limit) for limit in limits if limit is not None and 0 < limit < _NO_LIMIT]
        self._limit = min(known, default=_NO_LIMIT)
        self._n_tokens = int(module.get_input_embeddings().num_embeddings)
        self.n_layers = int(config.num_hidden_layers) + 1

    def encode(self, texts: Texts) -> list[Tokens]:
        """Tokenize texts; none is ever cut.

        Parameters
        ----------
        texts : Texts
            Texts with the ids of their stimuli.

        Returns
        -------
        list of Tokens, length n_stimuli
            In the order of the texts.

        Raises
        ------
        RepalignError
            If a text has more tokens than the model takes, or none that would be pooled, or
            tokens that the model does not know.
        """
        encoded = []
        for row, (stimulus, text) in enumerate(zip(texts.ids.tolist(), texts.values, strict=True)):
            # Some tokenizers are saved with orders to cut and to pad.
            found = self._tokenizer(
                text, truncation=False, padding=False, return_special_tokens_mask=True
            )
            counted = self._counted(found["special_tokens_mask"])
            encoded.append(Tokens(tuple(found["input_ids"]), counted))
            self._check(encoded[-1], f"text {row + 1}, of stimulus {stimulus}: {text[:60]!r}")
        return encoded

    def features(self, batch: Sequence[Tokens]) -> Float32:
        """Compute the features of some texts, all at once.

        Parameters
        ----------
        batch : sequence of Tokens, length n
            As made by `encode`. Those of one length need no padding.

        Returns
        -------
        ndarray of float32, shape (n, n_layers, dim)
            Embeddings first.
        """
        torch = import_torch()
        place = next(self._module.parameters()).device
        ids, mask, counted = (array.to(place) for array in self._padded(torch, batch))
        options = {}
        if self._counts_positions:
            options["position_ids"] = (mask.cumsum(dim=1) - 1).clamp(min=0)
        output = self._module(
            input_ids=ids,
            attention_mask=mask,
            output_hidden_states=True,
            use_cache=False,
            **options,
        )
        layers = [_mean(state, counted) for state in output.hidden_states]
        values: Float32 = torch.stack(layers, dim=1).cpu().numpy()
        return values

    def _padded(self, torch: Any, batch: Sequence[Tokens]) -> tuple[Any, Any, Any]:  # noqa: ANN401
        """Return tokens, mask of text and mask of what is pooled, each (n, longest)."""
        longest = max(len(text.ids) for text in batch)
        left = self._tokenizer.padding_side == "left"
        filler = self._tokenizer.pad_token_id or 0
        ids = torch.full((len(batch), longest), filler, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        counted = torch.zeros_like(ids, dtype=torch.bool)
        for row, text in enumerate(batch):
            size = len(text.ids)
            place = slice(longest - size, longest) if left else slice(0, size)
            ids[row, place] = torch.tensor(text.ids)
            mask[row, place] = 1
            counted[row, place] = torch.tensor(text.counted)
        return ids, mask, counted

    def _counted(self, special: Sequence[int]) -> tuple[bool, ...]:
        """Choose the tokens that are pooled, from which the tokenizer added."""
        if self._pool == "last":
            return tuple(k == len(special) - 1 for k in range(len(special)))
        return tuple(self._pool == "avg" or not mark for mark in special)

    def _check(self, text: Tokens, where: str) -> None:
        """Refuse a text that the model cannot take whole."""
        if len(text.ids) > self._limit:
            raise _error(f"{len(text.ids)} tokens", where, f"at most {self._limit} for this model")
        if not any(text.counted):
            found = f"no token for pool {self._pool}"
            raise _error(found, where, "a text of at least one token")
        if max(text.ids) >= self._n_tokens:
            found = f"token {max(text.ids)}"
            raise _error(found, where, f"tokens below {self._n_tokens}, which the model knows")


def length_batches(tokens: Sequence[Tokens], size: int) -> list[list[int]]:
    """Form batches of texts of about one length, so that little is padded.

    Parameters
    ----------
    tokens : sequence of Tokens, length n
        Texts.
    size : int
        Texts of a batch, at most.

    Returns
    -------
    list of list of int
        Positions in `tokens`, each once, from short to long.
    """
    order = sorted(range(len(tokens)), key=lambda k: (len(tokens[k].ids), k))
    return [order[first : first + size] for first in range(0, len(order), size)]


def _mean(state: Any, counted: Any) -> Any:  # noqa: ANN401
    """Average hidden states (n, n_tokens, dim) over counted tokens (n, n_tokens), in float32."""
    # Filled, not multiplied: what stands in padding may be infinite.
    kept = state.float().masked_fill(~counted[:, :, None], 0.0)
    return kept.sum(dim=1) / counted.sum(dim=1, keepdim=True)


def _error(found: str, where: str, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Correct the caption, or leave the model out of the registry.",
    )
