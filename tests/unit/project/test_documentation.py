"""What the pages name is there: links, files, targets, options, settings and messages."""

import ast
import contextlib
import io
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import snakemake
import yaml
from snakemake.cli import get_argument_parser

from repalign import cli
from repalign.dag.build import build_workflow
from repalign.dag.catalogue import ANALYSES, DATASETS
from repalign.dag.steps import Workflow
from repalign.describe import _rows
from repalign.settings import Settings

from ...pages import NOT_RUN, PAGES, ROOT, Block, anchors, blocks, links, prose

TUTORIAL = ROOT / "docs/tutorial.md"
SHELL = [block for page in PAGES for block in blocks(page, "bash", "console")]
PLACEHOLDER = re.compile(r"[<>{}*…$]|XX|YY|SS|/\.\.\.")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def flow() -> Workflow:
    """The steps at the default settings, whose patterns need no data."""
    workflow, _ = build_workflow(Settings(), ROOT)
    return workflow


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    for link in links(page):
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), f"{link}: no such file"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


def test_every_page_is_in_the_index():
    index = ROOT / "docs/README.md"
    found = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert set((ROOT / "docs").glob("*.md")) - {index} <= found


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_blocks_of_shell_are_run_or_say_why_not(page):
    for block in blocks(page):
        assert block.language not in ("sh", "shell"), f"{block.name}: call it bash"
    for block in blocks(page, "bash"):
        if page != TUTORIAL:
            assert block.marks, f"{block.name}: one of {', '.join(NOT_RUN)}"
        assert set(block.marks) <= set(NOT_RUN), block.name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_settings_shown_are_settings(page):
    for block in blocks(page, "yaml"):
        if not block.marks:
            Settings.model_validate(yaml.safe_load(block.text))


KEYS = [key for key, _, _ in _rows(Settings())]
SECTIONS = set(Settings.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_settings_named_are_settings(page):
    for name in re.findall(r"`(\w+(?:\.\w+)+)(?::[^`]*)?`", prose(page)):
        if name.split(".")[0] not in SECTIONS or re.search(r"\.(md|py|csv|tsv|parquet|h5)$", name):
            continue
        assert any(key == name or key.startswith(f"{name}.") for key in KEYS), name


def commands() -> list[tuple[Block, list[str]]]:
    found = []
    for block in SHELL:
        inner = [text for line in block.commands for text in re.findall(r"\$\(([^)]*)\)", line)]
        lines = [re.sub(r"\$\([^)]*\)", "results/x", line) for line in block.commands]
        for line in [*lines, *inner]:
            for command in re.split(r"\s(?:&&|\|\||\||;)\s", line):
                words = shlex.split(command)
                while words and re.fullmatch(r"\w+=.*", words[0]):
                    words = words[1:]
                if words:
                    found.append((block, words))
    return found


@cache
def options_of(program: str, command: str = "") -> frozenset[str]:
    """Return the options that a program knows."""
    if program == "snakemake":
        return frozenset(get_argument_parser()._option_string_actions)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        cli.main([*([command] if command else []), "--help"])
    return frozenset(re.findall(r"(?<!\w)--?[a-z][\w-]*", out.getvalue()))


def test_programs_know_what_they_are_told():
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = set(re.findall(r"^([a-z][\w-]*):(?!=)", rules, flags=re.M))
    datasets = re.search(r"choices=\[(.*?)\]", (ROOT / "workflow/repalign/cli.py").read_text())
    assert datasets
    for block, words in commands():
        program, *rest = words
        program = Path(program).name
        if program == "make":
            assert {word for word in rest if "=" not in word} <= made, block.name
        if program in ("snakemake", "repalign"):
            command = rest[0] if program == "repalign" else ""
            known = options_of(program, command)
            assert known, f"{block.name}: no command {command}"
            for word in rest:
                flag = word.partition("=")[0]
                if flag.startswith("-") and flag != "--":
                    assert flag in known or flag[:2] in known, f"{block.name}: {flag}"
        if program == "repalign" and rest[0] == "simulate":
            assert f'"{rest[1]}"' in datasets[1], block.name
        if program in ("python", "pytest"):
            files = [word for word in rest if "/" in word and not word.startswith("-")]
            assert all((ROOT / file).exists() for file in files), block.name


def test_rules_that_are_asked_for_are_rules():
    files = [ROOT / "workflow/Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    rules = set(re.findall(r"^(?:rule|checkpoint) (\w+):", text, flags=re.M))
    # Each dataset has a rule of its name.
    rules |= {name for name in DATASETS if name != "any"}
    for block, (program, *rest) in commands():
        if Path(program).name == "snakemake":
            options, _ = get_argument_parser().parse_known_args(rest)
            asked = [*options.targets, *(options.forcerun or ())]
            names = {str(target) for target in asked if "/" not in str(target)}
            assert names <= rules, block.name


def is_made(target: str) -> bool:
    """Say whether a step makes a file, or files below a folder."""
    if flow().producer(target.rstrip("/")) is not None:
        return True
    outputs = [out for step in flow().steps.values() for out in step.outputs().values()]
    start = target.rstrip("/") + "/"
    heads = ["/".join(out.split("/")[: start.count("/")]) + "/" for out in outputs]
    patterns = [re.sub(r"\\{\w+\\}", "[^/]+", re.escape(head)) for head in heads]
    return any(re.fullmatch(pattern, start) for pattern in patterns)


OTHERS = {"results", "results/raw_manifest.tsv"}
"""Below results/, and made by no step."""


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_of_results_are_made_by_a_step(page):
    text = "\n".join(block.text for block in blocks(page, "bash", "console", "python"))
    names = set(re.findall(r"`(results/[^`\s]*)`", prose(page)))
    names |= set(re.findall(r"\bresults/[\w./{}*<>-]*[\w/]", text))
    for name in names:
        if not PLACEHOLDER.search(name) and name.rstrip("/") not in OTHERS:
            plain = name.removesuffix(".provenance.json")
            assert is_made(plain), name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_of_the_project_are_there(page):
    for name in re.findall(
        r"`((?:workflow|config|docs|envs|tests|benchmarks)/[^`\s]*)`", prose(page)
    ):
        if not PLACEHOLDER.search(name):
            assert (ROOT / name).exists(), name


# ------------------------------------------------------------------------- messages


def texts_of(path: Path) -> list[str]:
    """Return all texts of a module, with `…` for what is put in when it runs."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
            found.append("".join(map(str, parts)))
    return found


@cache
def messages(package: str) -> str:
    folder = {"ours": ROOT / "workflow", "snakemake": Path(snakemake.__file__).parent}[package]
    return "\n".join(text for path in sorted(folder.rglob("*.py")) for text in texts_of(path))


def quoted() -> list[tuple[str, str]]:
    """Return page and message of every row of a table whose first column is `message`."""
    found = []
    for page in PAGES:
        inside = False
        for line in page.read_text(encoding="utf-8").splitlines():
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if not line.startswith("|"):
                inside = False
            elif cells[0] == "message":
                inside = True
            elif inside and not set(line) <= set("|- "):
                found += [(named(page), text) for text in re.findall(r"`([^`]+)`", cells[0])]
    return found


def test_messages_are_quoted():
    assert len(quoted()) > 30


@pytest.mark.parametrize(("page", "message"), quoted())
def test_a_quoted_message_is_in_the_code(page, message):
    everywhere = messages("ours") + messages("snakemake")
    for part in message.split("…"):
        assert part.strip() in everywhere, f"{page}: {part!r}"


# ------------------------------------------------------------------------- methods


def test_every_analysis_has_its_method():
    text = (ROOT / "docs/methods.md").read_text(encoding="utf-8")
    _, _, listed = text.partition("## Where each analysis is described")
    rows = re.findall(r"^\| `([\w]+)`", listed, flags=re.M)
    assert sorted(rows) == sorted(ANALYSES)


def test_references_have_identifiers():
    text = (ROOT / "docs/methods.md").read_text(encoding="utf-8")
    for doi in re.findall(r"doi:(\S+?)[\]),.]*(?:\s|$)", text):
        assert re.match(r"10\.\d{4,}/\S+", doi), doi


# ------------------------------------------------------------------------- guides

GUIDES = ["nsd", "bold5000-things", "laion", "mouse", "assemblies", "curated_3mm"]
OUTLINE = [
    "What you need", "Agreement and download", "Disk, time and memory", "Settings", "Commands",
    "Files you get", "Checks on the way", "Switches", "Known traps",
]  # fmt: skip


@pytest.mark.parametrize("name", GUIDES)
def test_guides_have_one_outline(name):
    text = prose(ROOT / f"docs/{name}.md")
    assert re.findall(r"^## (.*)$", text, flags=re.M) == OUTLINE
