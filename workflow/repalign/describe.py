"""Files that follow from the settings and the catalogue: written here, checked by `make lint`."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from repalign.dag.build import CATALOGUE
from repalign.dag.catalogue import COLUMNS, DATASETS, read_catalogue
from repalign.documentation.consequences import consequence_of, steps_of
from repalign.documentation.dictionary import dictionary_text
from repalign.models.registry import COLUMNS as REGISTRY_COLUMNS
from repalign.settings import Settings

ROOT = Path(__file__).parents[2]


def schema_text() -> str:
    """Return the JSON schema of the settings."""
    return json.dumps(Settings.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def keys_text() -> str:
    """Return `config/README.md`: the keys of the settings, and the columns of both tables."""
    lines = [
        "# Settings",
        "",
        "Generated from `workflow/repalign/settings/` by `make docs`; do not edit.",
        "Change values in `config.yaml`, or give a second file with `--configfile`. Each key has "
        "its *meaning*, and what *changing* it does: which numbers or files become others, which "
        "value restores what was published, and the steps that run again first. What is made "
        "from their outputs follows; `snakemake -n` lists the jobs, `repalign why FILE` the "
        "reasons.",
    ]
    for name, rows in groupby(_rows(Settings()), lambda row: row[0].split(".")[0]):
        lines += ["", f"## {name}", "", "| key | default | meaning | changing it |"]
        lines += ["|---|---|---|---|"]
        lines += [
            f"| `{key}` | `{value}` | {meaning} | {_changing(key)} |"
            for key, value, meaning in rows
        ]
    lines += [
        "",
        "# The catalogue, `derivatives.tsv`",
        "",
        "One row a published file. Adding a file that combines existing choices is adding a row.",
        "",
        "| column | meaning |",
        "|---|---|",
        "| `path` | path below `results/` |",
        "| `dataset` | the dataset that it is made from, or `any` |",
        "| `analysis` | what is computed; `workflow/repalign/dag/catalogue.py` has them all |",
        "| `parameters` | the choices of the analysis, `name=value;name=value` |",
        "| `description` | one sentence for people |",
    ]
    listed = [line.split("`")[1] for line in lines[-len(COLUMNS) :]]
    if tuple(listed) != COLUMNS:
        raise ValueError(f"the columns {listed} are described, the catalogue has {COLUMNS}")
    lines += [
        "",
        "# The registry of models, `models.tsv`",
        "",
        "One row a model and pooling; tab-separated. `models.registry` may name another table.",
        "",
        "| column | meaning |",
        "|---|---|",
    ]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in REGISTRY_COLUMNS.items()]
    return "\n".join(lines) + "\n"


def _changing(key: str) -> str:
    """Return what changing a setting does, as a cell of a table."""
    consequence = consequence_of(key)
    if consequence is None:
        raise ValueError(f"{key}: write what changing it does in documentation/consequences.py")
    steps = ", ".join(f"`{step}`" for step in steps_of(key))
    text = f"{consequence.changes} Reruns {steps}." if steps else consequence.changes
    return text.replace("|", "\\|")


def derivatives_text() -> str:
    """Return `docs/derivatives.md`: every published file, a table a dataset."""
    lines = [
        "# Files that can be asked for",
        "",
        "Generated from `config/derivatives.tsv` by `make docs`; do not edit. What each holds, "
        "column by column: [data dictionary](data-dictionary.md). How each number is computed: "
        "[methods](methods.md).",
        "",
        "`snakemake --cores 8 <file>` makes one; `snakemake --cores 8` all that the present files "
        "and packages can make, with their figures.",
    ]
    catalogue = sorted(
        read_catalogue(ROOT / CATALOGUE), key=lambda row: DATASETS.index(row.dataset)
    )
    for dataset, rows in groupby(catalogue, lambda row: row.dataset):
        heading = {"any": "Of no dataset"}.get(dataset, dataset)
        lines += ["", f"## {heading}", "", "| file | content |", "|---|---|"]
        lines += [f"| `results/{row.path}` | {row.description} |" for row in rows]
    return "\n".join(lines) + "\n"


def config_text() -> str:
    """Return `config/config.yaml` with every key at its default and its meaning above it."""
    lines = ["# Settings of the workflow. Every key is explained here and in README.md beside it."]
    lines += _yaml_lines(Settings(), 0)
    return "\n".join(lines) + "\n"


def _yaml_lines(section: BaseModel, depth: int) -> Iterator[str]:
    """Yield the lines of one section of `config.yaml`."""
    pad = "  " * depth
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        comment = textwrap.wrap(field.description or "", 96 - len(pad), break_on_hyphens=False)
        if depth == 0:
            yield ""
        yield from (f"{pad}# {line}" for line in comment)
        if isinstance(value, BaseModel):
            yield f"{pad}{name}:"
            yield from _yaml_lines(value, depth + 1)
        else:
            yield f"{pad}{name}: {_scalar(value)}"


def _scalar(value: Any) -> str:  # noqa: ANN401
    """Return a value as YAML on one line."""
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(plain, default_flow_style=True, width=10_000).strip()
    return text.removesuffix("...").strip()


def _rows(defaults: BaseModel, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield key, default and meaning of every setting."""
    for name, field in type(defaults).model_fields.items():
        value = getattr(defaults, name)
        if isinstance(value, BaseModel):
            yield from _rows(value, f"{prefix}{name}.")
        else:
            meaning = (field.description or "").replace("|", "\\|")
            yield f"{prefix}{name}", _scalar(value), meaning


def generated() -> dict[Path, str]:
    """Return the text that each generated file should have."""
    return {
        ROOT / "workflow/schemas/settings.schema.json": schema_text(),
        ROOT / "config/README.md": keys_text(),
        ROOT / "docs/derivatives.md": derivatives_text(),
        ROOT / "docs/data-dictionary.md": dictionary_text(read_catalogue(ROOT / CATALOGUE)),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the generated files, or say which are out of date."""
    parser = argparse.ArgumentParser(prog="python -m repalign.describe", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if outdated")
    options = parser.parse_args(arguments)
    outdated = [
        path
        for path, text in generated().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in outdated:
        if options.check:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date; run `make docs`\n")
        else:
            path.write_text(generated()[path], encoding="utf-8")
    return 1 if options.check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
