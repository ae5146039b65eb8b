"""The named prompts, `prompts.yaml`: what vision-language models are asked about an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from repalign.errors import RepalignError
from repalign.models.answers import canonical

QUESTIONS = ("motion", "indoor", "scene")
"""Prompts that must be there, because annotations of images are made from their answers."""


@dataclass(frozen=True)
class Prompt:
    """A prompt.

    Attributes
    ----------
    text : str
        What is asked.
    answers : tuple of str
        Allowed answers in lower case; none, where any text will do.
    """

    text: str
    answers: tuple[str, ...] = ()


def read_prompts(path: str | Path) -> dict[str, Prompt]:
    """Read and check the named prompts.

    Parameters
    ----------
    path : str or Path
        YAML: a mapping of names to `text` and, for questions, `answers`.

    Returns
    -------
    dict of str to Prompt
        `caption` and the `QUESTIONS` among them.

    Raises
    ------
    RepalignError
        If the file is missing, is not YAML, has other keys than these, lacks a prompt that is
        needed, or an answer is not as the parser returns it.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _error("no such file", path, "the named prompts") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _error(f"unreadable ({error})", path, "a YAML file") from error
    if not isinstance(content, Mapping):
        raise _error(f"a {type(content).__name__}", path, "names of prompts, each with its text")
    prompts = {str(name): _prompt(value, f"{path}, {name}") for name, value in content.items()}
    for name in ("caption", *QUESTIONS):
        if name not in prompts:
            raise _error(f"no prompt named {name}", path, f"caption, {', '.join(QUESTIONS)}")
    for name in QUESTIONS:
        if not prompts[name].answers:
            raise _error("no answers", f"{path}, {name}", "the answers that this question allows")
    return prompts


def _prompt(value: object, where: str) -> Prompt:
    """Check one entry."""
    if not isinstance(value, Mapping):
        raise _error(f"a {type(value).__name__}", where, "text and, for questions, answers")
    unknown = sorted(str(key) for key in value if key not in ("text", "answers"))
    if unknown:
        raise _error(f"unknown key {', '.join(unknown)}", where, "text, and perhaps answers")
    text, answers = value.get("text"), value.get("answers", [])
    if not isinstance(text, str) or not text.strip():
        raise _error(f"the text {text!r}", where, "a text that is not empty")
    if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
        raise _error(f"the answers {answers!r}", where, "a list of texts")
    odd = [answer for answer in answers if not answer or canonical(answer) != answer]
    if odd or len(set(answers)) < len(answers):
        raise _error(
            f"the answers {odd or answers}",
            where,
            "each once, in lower case, without punctuation around it",
        )
    return Prompt(text, tuple(answers))


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Correct the file of captions.prompts, or restore config/prompts.yaml.",
    )
