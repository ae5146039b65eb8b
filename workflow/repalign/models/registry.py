"""The registry of models, `models.tsv`: how each is loaded and pooled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from repalign.errors import RepalignError
from repalign.models.modality import MODALITIES, modality_of
from repalign.tables.config_tables import read_config_rows

COLUMNS = {
    "model": "Id, as timm or the Hugging Face hub has it; any name for a model in a folder. Its "
    "feature file is `<model>_pool-<pool>[_prompt-<captions>]`, with `_` for `/`.",
    "name": "Name for people.",
    "family": "Family for people.",
    "modality": "`vision` or `language`.",
    "kind": "What loads it: `timm`, or of transformers a `causal-lm` or an `encoder`.",
    "source": "Where its weights are: `hub`, `local-dir` (a folder as timm's `save_for_hf` or "
    "transformers' `save_pretrained` write it) or `random`.",
    "path": "The folder, from the project folder on, or an id on the hub if `model` is not it.",
    "revision": "Commit, tag or branch on the hub; empty for the newest. The commit that was "
    "loaded is kept in the features.",
    "sha256": "Digest that the weights must have, or empty: SHA-256 of the file; of several "
    "files, of what `sha256sum` prints for them, ordered by name.",
    "pool": "How tokens become one vector. Vision: `cls` (the first token) or `avg`. Language: "
    "`avg` (all tokens of the caption), `avg-no-special` (without marks of beginning and end) "
    "or `last`.",
    "published": "`yes` for the 31 models of the published tables.",
    "extract": "`yes` if the workflow is to extract its features.",
}
"""Columns of the registry, and what they mean."""
KINDS = {"timm": "vision", "causal-lm": "language", "encoder": "language"}
"""Which library call makes a model, and the modality that such models have."""
SOURCES = ("hub", "local-dir", "random")
POOLS = {"vision": ("cls", "avg"), "language": ("avg", "avg-no-special", "last")}
_ANSWERS = {"yes": True, "no": False}
_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Model:
    """One row of the registry.

    Attributes
    ----------
    model : str
        Id, as the library that loads it knows it: a timm name or a hub id.
    name : str
        Name for people.
    family : str
        Family for people.
    modality : str
        ``"vision"`` or ``"language"``.
    kind : str
        A key of `KINDS`.
    source : str
        Where weights come from: `hub`, `local-dir` or `random`.
    path : str
        Hub id or folder of the weights; empty where `model` says it.
    revision, sha256 : str
        Commit on the hub, and digest of the weight file; either may be empty.
    pool : str
        How tokens become one vector; see `POOLS`.
    published : bool
        Whether it is one of the 31 models of the published tables.
    extract : bool
        Whether the workflow extracts its features.
    """

    model: str
    name: str
    family: str
    modality: str
    kind: str
    source: str
    path: str
    revision: str
    sha256: str
    pool: str
    published: bool
    extract: bool

    def key(self, prompt: str = "", *, untrained: bool = False) -> str:
        """Return the model key: the stem of its feature file.

        Parameters
        ----------
        prompt : str
            Source of the captions that a language model reads; no part of a vision model's key.
        untrained : bool
            Whether its weights are random.
        """
        stem = f"{self.model.replace('/', '_')}_pool-{self.pool}"
        if self.modality == "language":
            stem += f"_prompt-{prompt}"
        return stem + ("-untrained" if untrained else "")


def read_registry(path: str | Path) -> list[Model]:
    """Read and check a registry.

    Parameters
    ----------
    path : str or Path
        Tab-separated table with the columns of `COLUMNS`; answers are `yes` or `no`.

    Returns
    -------
    list of Model
        In the order of the file.

    Raises
    ------
    RepalignError
        Naming row and column, if one is missing, unknown, twice, or contradicts another.
    """
    rows = [
        _model(row, where)
        for where, row in read_config_rows(
            path, list(COLUMNS), "registry of models",
            "Correct models.registry, or restore config/models.tsv.",
        )
    ]  # fmt: skip
    ids = [row.key("any") for row in rows]
    twice = sorted({key for key in ids if ids.count(key) > 1})
    if twice:
        raise _error(f"{twice[0]} twice", path, "each model and pooling once")
    return rows


def _model(row: dict[str, str], where: str) -> Model:
    """Check one row."""
    allowed: dict[str, tuple[str, ...]] = {
        "modality": MODALITIES,
        "kind": tuple(KINDS),
        "source": SOURCES,
        "published": tuple(_ANSWERS),
        "extract": tuple(_ANSWERS),
    }
    for column, values in allowed.items():
        if row[column] not in values:
            raise _error(f"{column} {row[column]!r}", where, f"one of {', '.join(values)}")
    if KINDS[row["kind"]] != row["modality"]:
        raise _error(f"a {row['kind']} for {row['modality']}", where, KINDS[row["kind"]])
    pools = POOLS[row["modality"]]
    if row["pool"] not in pools:
        raise _error(f"pool {row['pool']!r}", where, f"one of {', '.join(pools)}")
    _check_origin(row, where)
    published, extract = (_ANSWERS[row.pop(name)] for name in ("published", "extract"))
    model = Model(**row, published=published, extract=extract)
    # Tables tell the modality by the key.
    if modality_of(model.key("any")) != model.modality:
        expected = f"a key that says {model.modality}: `vit_...` or pool `cls` for vision alone"
        raise _error(f"the key {model.key('<captions>')}", where, expected)
    return model


def _check_origin(row: dict[str, str], where: str) -> None:
    """Refuse an id that makes no file name, and an origin that says too little or too much."""
    if not _ID.fullmatch(row["model"]):
        expected = "letters, digits, `.`, `_`, `-` and at most one `/`"
        raise _error(f"model {row['model']!r}", where, expected)
    if row["source"] == "local-dir" and not row["path"]:
        raise _error("a local-dir without a path", where, "its folder in `path`")
    if row["revision"] and row["source"] != "hub":
        raise _error(f"a revision of a {row['source']}", where, "none: only the hub has revisions")
    if row["sha256"] and not _SHA256.fullmatch(row["sha256"]):
        raise _error(f"sha256 {row['sha256']!r}", where, "64 hexadecimal digits, or nothing")
    if row["sha256"] and row["source"] == "random":
        raise _error("a sha256 of random weights", where, "none: no file holds them")


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy="Correct the registry.")
