"""The registry of models, `models.tsv`: how each is loaded and pooled."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from repalign.errors import RepalignError
from repalign.models.modality import MODALITIES

COLUMNS = (
    "model", "name", "family", "modality", "kind", "source", "path", "revision", "sha256", "pool",
    "published", "extract",
)  # fmt: skip
KINDS = {"timm": "vision", "causal-lm": "language", "encoder": "language"}
"""Which library call makes a model, and the modality that such models have."""
SOURCES = ("hub", "local-dir", "random")
POOLS = {"vision": ("cls", "avg"), "language": ("avg", "avg-no-special", "last")}
_ANSWERS = {"yes": True, "no": False}


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
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            header, *lines = csv.reader(file, delimiter="\t")
    except (OSError, ValueError) as error:
        raise RepalignError(
            f"no registry of models ({error})",
            where=path,
            expected=f"a tab-separated table with the columns {', '.join(COLUMNS)}",
            remedy="Correct models.registry, or restore config/models.tsv.",
        ) from error
    if tuple(header) != COLUMNS:
        raise _error(f"columns {', '.join(header)}", path, f"columns {', '.join(COLUMNS)}")
    rows = [_model(line, f"{path}, row {k}") for k, line in enumerate(lines, start=2) if line]
    ids = [row.key("any") for row in rows]
    twice = sorted({key for key in ids if ids.count(key) > 1})
    if twice:
        raise _error(f"{twice[0]} twice", path, "each model and pooling once")
    return rows


def _model(fields: list[str], where: str) -> Model:
    """Check one row."""
    if len(fields) != len(COLUMNS):
        raise _error(f"{len(fields)} fields", where, f"{len(COLUMNS)}: {', '.join(COLUMNS)}")
    row = dict(zip(COLUMNS, fields, strict=True))
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
    if not row["model"] or (row["source"] == "local-dir" and not row["path"]):
        raise _error("no model, or no folder of a local one", where, "`model` and `path`")
    published, extract = (_ANSWERS[row.pop(name)] for name in ("published", "extract"))
    return Model(**row, published=published, extract=extract)


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy="Correct the registry.")
