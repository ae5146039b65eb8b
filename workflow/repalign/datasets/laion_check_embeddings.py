"""Checks of the embeddings of LAION-fMRI: E1 to E7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from repalign.datasets.laion_checks import Findings, named, stand_in
from repalign.tables.laion_layout import EMBEDDING_DATASETS, UNIT_NORM, WIDTHS

ALL = ("E1", "E2", "E3", "E4", "E5", "E6", "E7")
UNIT_TOLERANCE = 2e-3
"""Lengths of rows in float16 differ from 1 by about 3e-5."""
_ROWS = 2048


def check_embeddings(
    files: Mapping[str, Path | None],
    names: Sequence[str] | None,
    findings: Findings,
    *,
    is_real: bool = False,
) -> None:
    """Check the embedding files.

    Parameters
    ----------
    files : mapping of str to Path or None
        The file of each label, None where it is absent.
    names : sequence of str or None
        Names of all images; None if their table is absent.
    findings : Findings
        Takes what is found.
    is_real : bool
        Whether the data are real; files that no model made then fail E1.
    """
    first: tuple[str, list[str]] | None = None
    for label, width in WIDTHS.items():
        path = files.get(label)
        if path is None:
            findings.fail(ALL, f"embeddings of {label}", "there is no such file")
            continue
        try:
            with h5py.File(path, "r") as file:
                ids = _check_layout(file, named(path), width, findings, is_real=is_real)
                if ids is None:
                    continue
                _check_ids(ids, names, named(path), findings)
                _check_order(ids, first, named(path), findings)
                first = first or (named(path), ids)
                _check_valid(file, ids, named(path), findings)
                _check_values(file, ids, label, named(path), findings)
        except OSError as error:
            findings.fail(ALL, named(path), f"unreadable: {error}")


def _check_layout(
    file: h5py.File, name: str, width: int, findings: Findings, *, is_real: bool
) -> list[str] | None:
    """Check E1; return the ids, or None if they, or the embeddings, cannot be read."""
    wrong = [f"no dataset {key}" for key in EMBEDDING_DATASETS if key not in file]
    wrong += [f"a dataset {key}" for key in file if key not in EMBEDDING_DATASETS]
    wrong += stand_in(file.attrs.get("backend"), is_real=is_real)
    embedding, ids, valid = (file.get(key) for key in EMBEDDING_DATASETS)
    n_rows = len(ids) if isinstance(ids, h5py.Dataset) and ids.ndim == 1 else 0
    for key, data, kind, shape in (
        ("embedding", embedding, np.dtype(np.float16), (n_rows, width)),
        ("valid", valid, np.dtype(bool), (n_rows,)),
    ):
        if data is not None and (data.dtype, data.shape) != (kind, shape):
            wrong.append(f"{key}: {data.dtype} {data.shape}, expected {kind} {shape}")
    is_text = isinstance(ids, h5py.Dataset) and h5py.check_string_dtype(ids.dtype) is not None
    if ids is not None and not (is_text and n_rows):
        wrong.append("image_ids: no texts")
    findings.judge("E1", name, wrong, "; ".join(wrong), fine=_maker(file))
    if not is_text or not n_rows or embedding is None or embedding.shape[:1] != (n_rows,):
        findings.skip(ALL[1:], name, "E1 fails")
        return None
    return [str(text) for text in ids.asstr()[()]]


def _maker(file: h5py.File) -> str:
    """Say what a file says of its maker: one that is no model is not to be taken for one."""
    backend = file.attrs.get("backend")
    return f"backend: {backend}" if backend else ""


def _check_ids(ids: list[str], names: Sequence[str] | None, name: str, findings: Findings) -> None:
    counts = Counter(ids)
    wrong = [f"{text} {count} times" for text, count in counts.items() if count > 1]
    if names is not None:
        known = set(names)
        wrong += [f"{text} is no image" for text in counts if text not in known]
        wrong += [f"no {text}" for text in names if text not in counts]
    findings.judge("E2", name, wrong, f"{len(wrong)} names do not fit the table of images")


def _check_order(
    ids: list[str], first: tuple[str, list[str]] | None, name: str, findings: Findings
) -> None:
    if first is None:
        findings.judge("E3", name, [], "")
        return
    wrong = [f"row {k}" for k, pair in enumerate(zip(ids, first[1], strict=False))
             if pair[0] != pair[1]]  # fmt: skip
    if len(ids) != len(first[1]):
        wrong.append(f"{len(ids)} rows, and {len(first[1])}")
    findings.judge(
        "E3", name, wrong,
        f"another order than {first[0]}: whoever takes the names of one file for the rows of "
        "another gets wrong rows",
    )  # fmt: skip


def _check_valid(file: h5py.File, ids: list[str], name: str, findings: Findings) -> None:
    valid = file.get("valid")
    if valid is None or valid.shape != (len(ids),):
        findings.skip(["E6"], name, "E1 fails")
        return
    wrong = [ids[k] for k in np.flatnonzero(~valid[()].astype(bool))]
    findings.judge("E6", name, wrong, "rows that are marked as not valid")


def _check_values(
    file: h5py.File, ids: list[str], label: str, name: str, findings: Findings
) -> None:
    """Check E4, E5 and E7, some rows at a time."""
    embedding = file["embedding"]
    infinite, unscaled, zero, same = [], [], [], []
    first_of: dict[bytes, str] = {}
    n_unit = 0
    for start in range(0, len(ids), _ROWS):
        rows = embedding[start : start + _ROWS]
        values: npt.NDArray[np.float64] = rows.astype(np.float64)
        finite = np.asarray(np.isfinite(values).all(axis=1), bool)
        lengths = np.linalg.norm(np.where(np.isfinite(values), values, 0), axis=1)
        is_unit = np.asarray(np.abs(lengths - 1) <= UNIT_TOLERANCE, bool)
        n_unit += int(is_unit.sum())
        for k, row in enumerate(rows, start=start):
            at = k - start
            if not finite[at]:
                infinite.append(ids[k])
            elif lengths[at] == 0:
                zero.append(ids[k])
            elif not is_unit[at]:
                unscaled.append(ids[k])
            twin = first_of.setdefault(row.tobytes(), ids[k])
            if twin != ids[k] and finite[at] and lengths[at]:
                same.append(f"{ids[k]} as {twin}")
    findings.judge("E4", name, infinite, "NaN or infinity")
    if UNIT_NORM[label]:
        message = f"rows whose length differs from 1 by more than {UNIT_TOLERANCE}"
        findings.judge("E5", name, unscaled, message)
    else:
        wrong = ["every row"] if n_unit == len(ids) else []
        findings.judge(
            "E5", name, wrong, f"length 1, which rows of {label} are not published with"
        )
    if zero:
        findings.judge("E7", name, zero, "rows of zeros")
    else:
        message = "images with the row of another one"
        findings.judge("E7", name, same, message, status="note")
