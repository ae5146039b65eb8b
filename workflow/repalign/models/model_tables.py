"""The two published tables of the models: what they are, and how large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from repalign.models.architectures import LanguageFacts, describe_architecture
from repalign.models.registry import Model


def info_table(models: Sequence[Model], prompt: str) -> pd.DataFrame:
    """Make `models-info.csv`: a row for each published model.

    Parameters
    ----------
    models : sequence of Model
        The registry; models that are not published are left out.
    prompt : str
        Source of the captions of language models, which their keys name.

    Returns
    -------
    DataFrame
        model_name (the model key), modality, family, model (a name for people), in the order of
        the registry.
    """
    rows = [(m.key(prompt), m.modality, m.family, m.name) for m in models if m.published]
    return pd.DataFrame(rows, columns=["model_name", "modality", "family", "model"])


def size_table(
    models: Sequence[Model], facts: Mapping[str, LanguageFacts], prompt: str
) -> pd.DataFrame:
    """Make `model_sizes.csv`: a row for each published model.

    Parameters
    ----------
    models : sequence of Model
        The registry; models that are not published are left out.
    facts : mapping of str to LanguageFacts
        Architectures of the language models.
    prompt : str
        Source of the captions of language models, which their keys name.

    Returns
    -------
    DataFrame
        model (the model key), num_parameters, num_layers, inner_dim, all int64; see
        `architectures.Architecture`. In the order of the registry.

    Raises
    ------
    RepalignError
        If an architecture cannot be built.
    """
    rows = []
    for model in models:
        if model.published:
            size = describe_architecture(model, facts)
            rows.append((model.key(prompt), size.n_parameters, size.n_layers, size.width))
    return pd.DataFrame(rows, columns=["model", "num_parameters", "num_layers", "inner_dim"])
