"""Captions of LAION-fMRI: what people and a model wrote, merged into the published table."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Literal

import pandas as pd

from repalign.datasets.csv_columns import read_csv
from repalign.errors import RepalignError
from repalign.tables.laion_layout import CAPTION_COLUMNS, N_CAPTIONS, NULL_WORDS

log = logging.getLogger("repalign")

HUMAN_COLUMNS = ("image_name", "rank", "caption", "origin_collection", "participant_id")
AI_COLUMNS = ("image_name", "caption", "ai_model")
WorkerIds = Literal["hash", "keep"]


def read_human_captions(path: str | Path) -> pd.DataFrame:
    """Read what people wrote.

    Parameters
    ----------
    path : str or Path
        CSV with the columns of `HUMAN_COLUMNS`. Without `rank`, captions of an image rank in the
        order of their rows.

    Returns
    -------
    DataFrame
        The columns of `HUMAN_COLUMNS`; rank is int64, 1 the best.

    Raises
    ------
    RepalignError
        If it cannot be read, lacks a column, or a rank is no whole number or there twice.
    """
    name = "captions by people"
    table = read_csv(path, name, as_text=True)
    if "rank" not in table and "image_name" in table:
        ranks = table.groupby("image_name", sort=False).cumcount() + 1
        table = table.assign(rank=ranks.astype(str))
    _check_columns(table, HUMAN_COLUMNS, path, optional="rank")
    table = table[list(HUMAN_COLUMNS)]
    bad = ~table["rank"].str.fullmatch(r"[1-9]\d*") | table.duplicated(["image_name", "rank"])
    if bad.any():
        row = int(bad.to_numpy().argmax())
        found = f"rank {table['rank'].iloc[row]!r}"
        raise _error(found, path, row, "whole numbers from 1, each once an image")
    return table.assign(rank=table["rank"].astype("int64"))


def read_ai_captions(path: str | Path) -> pd.DataFrame:
    """Read what a model wrote: CSV with the columns of `AI_COLUMNS`, an image once.

    Raises
    ------
    RepalignError
        If it cannot be read, lacks a column or the model's name, or an image is there twice.
    """
    table = read_csv(path, "captions of a model", as_text=True)
    _check_columns(table, AI_COLUMNS, path)
    table = table[list(AI_COLUMNS)]
    bad = table["image_name"].duplicated() | (table["ai_model"].str.strip() == "")
    if bad.any():
        row = int(bad.to_numpy().argmax())
        found = f"{table['image_name'].iloc[row]}, ai_model {table['ai_model'].iloc[row]!r}"
        raise _error(found, path, row, "every image once, with the name of the model")
    return table


def merge_captions(
    images: pd.DataFrame, human: pd.DataFrame, ai: pd.DataFrame, workers: WorkerIds
) -> pd.DataFrame:
    """Merge captions into the published table.

    Parameters
    ----------
    images : DataFrame
        As `laion_metadata.read_metadata` returns it.
    human : DataFrame
        As from `read_human_captions`; ranks are numbered anew from 1, and more captions than an
        image is to have are left out, the worst first.
    ai : DataFrame
        As from `read_ai_captions`.
    workers : {"hash", "keep"}
        What becomes of the ids of crowd workers, which are personal data. ``"hash"``: a keyed
        digest. Its key is all that is in `human`, so that nobody without these ids can find
        them by trying.

    Returns
    -------
    DataFrame
        The columns of `laion_layout.CAPTION_COLUMNS`, in the order of `images`, then by
        caption_idx: the model's caption is 0, those of people are 1 to 5 or 1 to 3.

    Raises
    ------
    RepalignError
        If an image is unknown, has too few captions, or one of a model that it is not to have or
        lacks; or a caption is empty. No message holds the id of a worker.
    """
    known = images.set_index("image_name")
    for table, what in ((human, "by people"), (ai, "of a model")):
        _check_images(table, known, what)
    if workers == "hash":
        human = human.assign(participant_id=_hashed(human))
    wanted = known["shared"].map({True: N_CAPTIONS["shared"], False: N_CAPTIONS["unique"]})
    _check_counts(human["image_name"].value_counts(), wanted, ai, known)
    ranked = human.sort_values(["image_name", "rank"], kind="stable")
    ranked = ranked.assign(caption_idx=ranked.groupby("image_name").cumcount() + 1)
    kept = ranked[ranked["caption_idx"] <= ranked["image_name"].map(wanted)]
    if len(kept) < len(ranked):
        log.info("%d captions beyond the published number were left out", len(ranked) - len(kept))
    of_people = kept.assign(source="human", ai_model="")
    of_models = ai.assign(
        caption_idx=0, source="ai", origin_collection=ai["ai_model"], participant_id=""
    )
    merged = pd.concat([of_models, of_people])[list(CAPTION_COLUMNS)]
    order = pd.Series(range(len(known)), index=known.index)
    place = merged["image_name"].map(order)
    merged = merged.assign(place=place).sort_values(["place", "caption_idx"], kind="stable")
    awkward = int(merged["caption"].isin(NULL_WORDS).sum())
    if awkward:
        log.warning("%d captions are words that table readers take for missing values", awkward)
    return merged.drop(columns="place").reset_index(drop=True)


def _hashed(human: pd.DataFrame) -> list[str]:
    """Return a digest of each worker id, empty where there is none."""
    content = human.to_csv(index=False, lineterminator="\n").encode()
    key = hashlib.sha256(content).digest()
    return [
        hashlib.blake2b(worker.encode(), key=key, digest_size=8).hexdigest() if worker else ""
        for worker in human["participant_id"]
    ]


def _check_images(table: pd.DataFrame, known: pd.DataFrame, what: str) -> None:
    """Refuse captions of images that there are not, and empty ones."""
    strange = ~table["image_name"].isin(known.index)
    empty = table["caption"].str.strip() == ""
    for bad, found, expected in (
        (strange, "an unknown image", "an image of the table of images"),
        (empty, "an empty caption", "a text"),
    ):
        if bad.any():
            row = int(bad.to_numpy().argmax())
            name = table["image_name"].iloc[row]
            raise _error(f"{found}, {name!r}", f"captions {what}", row, expected)


def _check_counts(
    n_human: pd.Series, wanted: pd.Series, ai: pd.DataFrame, known: pd.DataFrame
) -> None:
    """Refuse images with too few captions, or a model's where they are to have none."""
    counts = n_human.reindex(wanted.index, fill_value=0)
    few = counts < wanted
    if few.any():
        name = str(few.index[int(few.to_numpy().argmax())])
        raise RepalignError(
            f"{counts[name]} captions by people of {name}, and too few of {int(few.sum())} images",
            where="captions by people",
            expected=f"{wanted[name]} of this image",
            remedy="Complete the table of captions.",
        )
    written = pd.Series(known.index.isin(ai["image_name"]), index=known.index)
    differs = written != (known["shared"] & ~known["ood"])
    if differs.any():
        name = str(differs.index[int(differs.to_numpy().argmax())])
        found = "a caption" if written[name] else "no caption"
        raise RepalignError(
            f"{found} of {name}, and {int(differs.sum()) - 1} more such images",
            where="captions of a model",
            expected="one of each shared image that is not out of distribution, and of no other",
            remedy="Complete the table of captions, or take the row out.",
        )


def _check_columns(
    table: pd.DataFrame, columns: tuple[str, ...], path: str | Path, optional: str = ""
) -> None:
    missing = [name for name in columns if name not in table]
    if missing:
        wanted = ", ".join(f"{c} (optional)" if c == optional else c for c in columns)
        raise RepalignError(
            f"no column {', '.join(missing)}",
            where=path,
            expected=wanted,
            remedy="Add the columns, comma-separated, with a header line.",
        )


def _error(found: str, where: str | Path, row: int, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=f"{where}, data row {row + 1}",
        expected=expected,
        remedy="Correct the row.",
    )
