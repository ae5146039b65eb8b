"""Checks of the captions of LAION-fMRI: C1 to C8. No finding holds a caption or names a worker."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from repalign.datasets.laion_checks import Findings, named
from repalign.tables.laion_layout import CAPTION_COLUMNS, N_CAPTIONS, NULL_WORDS

ALL = ("C1", "C2", "C3", "C4", "C5", "C6", "C7")
SOURCES = ("human", "ai")


def check_captions(path: Path | None, images: pd.DataFrame | None, findings: Findings) -> None:
    """Check the table of captions.

    Parameters
    ----------
    path : Path or None
        The file; None if it is absent.
    images : DataFrame or None
        As from `laion_metadata.read_metadata`; None if it is absent.
    findings : Findings
        Takes what is found.
    """
    if path is None:
        findings.fail((*ALL, "C8"), "captions", "there is no such file")
        return
    table = _read(path, findings)
    if table is None:
        return
    name = named(path)
    human, ai = table["source"] == "human", table["source"] == "ai"
    findings.judge("C4", name, _rows(~human & ~ai), "another source, which readers pass over")
    wrong = (ai & (table["caption_idx"] != "0")) | _unranked(table, human)
    findings.judge("C3", name, _rows(wrong), "ranks other than 1 to n of people and 0 of a model")
    has_model, has_worker = table["ai_model"] != "", table["participant_id"] != ""
    wrong = (ai & (~has_model | has_worker)) | (human & (has_model | ~has_worker))
    findings.judge("C5", name, _rows(wrong), "a worker or a model too many or too few")
    empty = table["caption"].str.strip() == ""
    findings.judge("C6", name, _rows(empty), "captions without a text")
    nulls = table["caption"].isin(NULL_WORDS - {""})
    message = "words that table readers take for missing values"
    findings.judge("C7", name, _rows(nulls), message)
    _check_counts(table, images, name, findings)


def _read(path: Path, findings: Findings) -> pd.DataFrame | None:
    """Check C8 and C1; return the table as text, if it can be read."""
    name = named(path)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        findings.judge("C8", name, [f"line {line}"], "no UTF-8")
        findings.skip(ALL, name, "C8 fails")
        return None
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError) as error:
        findings.judge("C8", name, ["the file"], f"no table: {error}")
        findings.skip(ALL, name, "C8 fails")
        return None
    wrong = [f"row {k}" for k, row in enumerate(rows) if len(row) != len(header)]
    message = "rows of more or fewer fields: line breaks or commas that are not quoted"
    if not findings.judge("C8", name, wrong, message):
        findings.skip(ALL, name, "C8 fails")
        return None
    missing = [column for column in CAPTION_COLUMNS if column not in header]
    wrong = [] if tuple(header) == CAPTION_COLUMNS else [", ".join(header)]
    if not findings.judge("C1", name, wrong, "columns other than the published ones") and missing:
        findings.skip(ALL[1:], name, "C1 fails")
        return None
    return pd.DataFrame(rows, columns=header, dtype=str)


def _unranked(table: pd.DataFrame, human: pd.Series) -> pd.Series:
    """Say which captions by people do not rank from 1 to their number."""
    ranks = pd.to_numeric(table["caption_idx"], errors="coerce")[human]
    names = table["image_name"][human]
    count = names.groupby(names).transform("size").astype(float)
    bad = ~((ranks >= 1) & (ranks <= count)) | (ranks % 1 != 0) | _repeat(names, ranks)
    return bad.reindex(table.index, fill_value=False)


def _repeat(names: pd.Series, ranks: pd.Series) -> pd.Series:
    return pd.DataFrame({"name": names, "rank": ranks}).duplicated()


def _check_counts(
    table: pd.DataFrame, images: pd.DataFrame | None, name: str, findings: Findings
) -> None:
    """Check C2: captions of each image by its kind."""
    if images is None:
        findings.skip(["C2"], name, "the table of images is absent")
        return
    known = images.set_index("image_name")
    found = pd.crosstab(table["image_name"], table["source"])
    found = found.reindex(columns=list(SOURCES), fill_value=0)
    strange = [str(image) for image in found.index if image not in known.index]
    found = found.reindex(known.index, fill_value=0)
    wanted = known["shared"].map({True: N_CAPTIONS["shared"], False: N_CAPTIONS["unique"]})
    wanted_ai = (known["shared"] & ~known["ood"]).astype(int)
    bad = (found["human"] != wanted) | (found["ai"] != wanted_ai)
    wrong = [
        f"{image}: {found['human'][image]} and {found['ai'][image]}" for image in known.index[bad]
    ] + [f"{image} is no image" for image in strange]
    findings.judge("C2", name, wrong, "captions by people and of a model, more or fewer")


def _rows(bad: pd.Series) -> list[str]:
    """Name the rows that are true, counted from 0 below the header."""
    return [f"row {k}" for k in np.flatnonzero(bad)]
