"""One way to texts about images, whatever makes them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from repalign.models.caption_tables import TEXT_COLUMNS, align_texts, read_texts
from repalign.models.caption_template import MODEL
from repalign.models.captioner_transformers import TransformersCaptioner
from repalign.models.captioner_vllm import VllmCaptioner
from repalign.models.captioning import Captioner, ModelChoice, describe_all
from repalign.models.images import Images
from repalign.tables.provenance import Record

CAPTIONERS: dict[str, Callable[[ModelChoice], AbstractContextManager[Captioner]]] = {
    "transformers": TransformersCaptioner,
    "vllm": VllmCaptioner,
}
BACKENDS = ("file", "template", *CAPTIONERS)


@dataclass(frozen=True)
class Request:
    """What is asked about which images.

    Attributes
    ----------
    index : DataFrame
        A row an image; its first column is the id. The texts are added to its columns.
    prompt : str
        What is asked.
    backend : str
        One of `BACKENDS`.
    choice : ModelChoice
        The model, for those that run one.
    table : Path or None
        A user's texts, for `file`.
    """

    index: pd.DataFrame
    prompt: str
    backend: str
    choice: ModelChoice
    table: Path | None = None

    @property
    def id_column(self) -> str:
        """Return the name of the column of ids."""
        return str(self.index.columns[0])


def request_of(index: pd.DataFrame, options: argparse.Namespace) -> Request:
    """Return what the options of a script ask.

    Parameters
    ----------
    index : DataFrame
        A row an image; its first column is the id.
    options : argparse.Namespace
        With the options of `repalign.options.OF_TEXTS`.
    """
    choice = ModelChoice(
        options.model_id,
        folder=options.model_folder[0] if options.model_folder else None,
        revision=options.revision,
        precision=options.precision,
        max_new_tokens=options.max_new_tokens,
        sampling=bool(options.sampling),
        seed=options.seed,
        device=options.device,
        threads=options.threads,
    )
    table = options.table[0] if options.table else None
    return Request(index, options.prompt_text, options.backend, choice, table)


def make_texts(
    request: Request,
    images: Callable[[], Images],
    template: Callable[[Mapping[str, Any]], str],
    output: Path,
    record: Record,
) -> pd.DataFrame:
    """Make the texts of all images.

    Parameters
    ----------
    request : Request
        What is asked.
    images : callable
        Opens the pictures in the order of the index; called for models alone.
    template : callable
        A row of the index to its text, for `template`.
    output : Path
        The file that the texts are for.
    record : Record
        What makes it; what is known of the model is added. A model's finished texts are kept
        for a job of the same record.

    Returns
    -------
    DataFrame
        The index with caption, model and prompt.

    Raises
    ------
    RepalignError
        If a table, a picture or the model is at fault.
    """
    index = request.index
    if request.backend == "file":
        if request.table is None:
            raise ValueError("the backend `file` needs a table")
        told = read_texts(request.table, request.id_column)
        ids = index[request.id_column].to_numpy("int64")
        return index.join(align_texts(told, request.id_column, ids, request.table))
    if request.backend == "template":
        rows = (
            dict(zip(index.columns, row, strict=True)) for row in index.itertuples(index=False)
        )
        texts = [template(row) for row in rows]
        return index.assign(**dict(zip(TEXT_COLUMNS, (texts, MODEL, request.prompt), strict=True)))
    pictures = images()
    with CAPTIONERS[request.backend](request.choice) as captioner:
        record["captioner"] = captioner.facts
        texts = describe_all(pictures, captioner, request.prompt, output, record)
    model = request.choice.model
    return index.assign(**dict(zip(TEXT_COLUMNS, (texts, model, request.prompt), strict=True)))
