"""Reading settings: all errors at once, with the line in the file and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from repalign.errors import RepalignError
from repalign.settings import Settings

Location = tuple[int | str, ...]
DEFAULT_SETTINGS = Path("config/config.yaml")


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a settings file without checking its keys.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Returns
    -------
    dict
        Its content; empty for an empty file.

    Raises
    ------
    RepalignError
        If the file is missing or is not a mapping in YAML.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise RepalignError(
            "no such file" if isinstance(error, FileNotFoundError) else f"not readable: {error}",
            where=path,
            expected="a settings file",
            remedy="Restore config/config.yaml, or name another with --configfile.",
        ) from error
    except yaml.YAMLError as error:
        raise RepalignError(
            f"not YAML: {error}",
            where=path,
            expected="a YAML file",
            remedy="Mend the line named above; indentation counts.",
        ) from error
    if not isinstance(values, dict):
        raise RepalignError(
            f"a {type(values).__name__}",
            where=path,
            expected="keys with values",
            remedy="See config/README.md for the keys.",
        )
    return values


def read_settings(path: str | Path) -> Settings:
    """Read and check a settings file; keys that it leaves out have their defaults.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Returns
    -------
    Settings
        The settings.

    Raises
    ------
    RepalignError
        If the file is missing, is not YAML, or has unknown keys or wrong values.
    """
    return check_settings(read_yaml(path), [path])


def read_over_default(path: str | Path, default: Path = DEFAULT_SETTINGS) -> Settings:
    """Read the settings that a run has with `--configfile`: the file's, over those of the project.

    Parameters
    ----------
    path : str or Path
        A YAML file. Keys that it leaves out are those of `default`.
    default : Path
        The settings of the project.

    Returns
    -------
    Settings
        The settings.

    Raises
    ------
    RepalignError
        If a file is missing, is not YAML, or has unknown keys or wrong values.
    """
    if Path(path).resolve() == default.resolve():
        return read_settings(path)
    return check_settings(_laid_over(read_yaml(default), read_yaml(path)), [default, path])


def _laid_over(values: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with others in their place, key by key, as Snakemake merges files."""
    merged = dict(values)
    for key, other in others.items():
        own = merged.get(key)
        if isinstance(other, Mapping):
            merged[key] = _laid_over(own if isinstance(own, Mapping) else {}, other)
        else:
            merged[key] = other
    return merged


def check_settings(values: Mapping[str, Any], files: Sequence[str | Path] = ()) -> Settings:
    """Check settings that were read already.

    Parameters
    ----------
    values : mapping
        The settings as nested dictionaries.
    files : sequence of path
        The files that they came from, later ones overriding earlier ones; used to name lines.

    Returns
    -------
    Settings
        The settings.

    Raises
    ------
    RepalignError
        Listing every unknown key and every wrong value.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = _line_numbers(files)
        # A value that may be of several kinds has an error for each kind; they are one problem.
        problems: dict[str, dict[str, None]] = {}
        for item in error.errors(include_url=False):
            key, problem = _describe(dict(item), lines)
            problems.setdefault(key, {})[problem] = None
    listing = "".join(f"\n    {key}: {'; or '.join(all_)}" for key, all_ in problems.items())
    raise RepalignError(
        f"{len(problems)} wrong setting(s){listing}",
        where=", ".join(str(f) for f in files) or "settings",
        expected="the keys and values of config/README.md",
        remedy="Mend the lines named above.",
    )


def _describe(error: dict[str, Any], lines: Mapping[Location, str]) -> tuple[str, str]:
    """Say where one error is (place and key) and what it is (value and what is allowed)."""
    location: Location = tuple(error["loc"])
    unknown = error["type"] == "extra_forbidden"
    known = location if unknown else _without_branches(location)
    place = lines.get(known) or lines.get(known[:-1])
    key = ".".join(str(part) for part in known) or "settings"
    prefix = f"{place}: {key}" if place else key
    if unknown:
        return prefix, f"unknown key{_suggestion(location)}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if isinstance(error["input"], dict):
        return prefix, message
    return prefix, f"{error['input']!r}: {message}"


def _without_branches(location: Location) -> Location:
    """Drop the branches of unions that pydantic appends to a location; they are no keys."""
    model: type[BaseModel] | None = Settings
    for k, part in enumerate(location):
        if isinstance(part, str) and (model is None or part not in model.model_fields):
            return location[:k]
        model = _section(model, part)
    return location


def _section(model: type[BaseModel] | None, key: int | str) -> type[BaseModel] | None:
    """Return the model of a key that is a section of settings, or None."""
    field = model.model_fields.get(str(key)) if model else None
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _suggestion(location: Location) -> str:
    """Name the valid keys nearest to an unknown one."""
    model: type[BaseModel] | None = Settings
    for part in location[:-1]:
        model = _section(model, part)
    if model is None:
        return ""
    valid = list(model.model_fields)
    near = difflib.get_close_matches(str(location[-1]), valid, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; valid keys: {', '.join(valid)}"


def _line_numbers(files: Sequence[str | Path]) -> dict[Location, str]:
    """Map the location of every key in YAML files to `file:line`."""
    lines: dict[Location, str] = {}

    def walk(node: yaml.Node, location: Location, file: Path) -> None:
        lines[location] = f"{file.name}:{node.start_mark.line + 1}"
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*location, _plain(key.value))
                walk(value, inner, file)
                lines[inner] = f"{file.name}:{key.start_mark.line + 1}"
        elif isinstance(node, yaml.SequenceNode):
            for k, value in enumerate(node.value):
                walk(value, (*location, k), file)

    for name in files:
        file = Path(name)
        if file.is_file():
            root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
            if root is not None:
                walk(root, (), file)
    lines.pop((), None)
    return lines


def _plain(key: str) -> int | str:
    """Return a mapping key as pydantic reports it: whole numbers as integers."""
    return int(key) if key.isdigit() else key
