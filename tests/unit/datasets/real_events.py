"""The real event files of BOLD5000 and THINGS-fMRI, written out a file a run as published."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd

DATA = Path(__file__).parents[2] / "data"


def events_table(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / name, sep="\t", dtype=str, keep_default_na=False)


def write_runs(table: pd.DataFrame, folder: Path, task: str, session_prefix: str) -> list[Path]:
    """Write a BIDS tree; return its event files."""
    paths = []
    for (sub, ses, run), part in table.groupby(["sub", "ses", "run"], sort=False):
        stem = f"sub-{sub}_ses-{session_prefix}{ses}_task-{task}_run-{run}_events.tsv"
        paths.append(folder / f"sub-{sub}" / f"ses-{session_prefix}{ses}" / "func" / stem)
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        part.drop(columns=["sub", "ses", "run"]).to_csv(paths[-1], sep="\t", index=False)
    return paths


def write_lists(table: pd.DataFrame, folder: Path) -> Path:
    """Write BOLD5000's presentation lists as its stimulus release has them."""
    for (sub, ses, run), part in table.groupby(["sub", "ses", "run"], sort=False):
        place = folder / sub / f"{sub}_sess{ses}"
        place.mkdir(parents=True, exist_ok=True)
        marked = part["ImgType"].str.startswith("rep_")
        names = part["ImgName"].where(~marked, "rep_" + part["ImgName"])
        (place / f"CSI_sess{ses}_run{run}.txt").write_text("\n".join(names) + "\n")
    return folder


def unpack(name: str, path: Path) -> Path:
    path.write_bytes(gzip.decompress((DATA / name).read_bytes()))
    return path
