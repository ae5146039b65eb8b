"""Sources and settings hold nothing that runs foreign code or belongs to one machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
THIS = Path(__file__)
FOLDERS = ("workflow", "tests", "config", "envs", "docs", "benchmarks", ".ci")
FILES = ("Makefile", "Snakefile", "pyproject.toml", "README.md")
TEXT = {".py", ".smk", ".toml", ".yaml", ".yml", ".md", ".tsv", ".json", ".rst", ".lock", ""}


def texts() -> list[Path]:
    """The text files that belong to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0:
        found = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
        found += [ROOT / name for name in FILES]
    return sorted(p for p in found if p.is_file() and p.suffix in TEXT and p != THIS)


ALL = texts()
CODE = [p for p in ALL if p.suffix in {".py", ".smk"}]
SOURCES = [p for p in CODE if "workflow" in p.relative_to(ROOT).parts[0]]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 50
    assert len(ALL) > 100


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bimport (pickle|marshal|shelve|dill|joblib)\b",
        # The error alone, which torch.load(weights_only=True) raises, reads nothing.
        r"\bfrom (pickle|marshal|shelve|dill|joblib)\b(?! import UnpicklingError$)",
        r"allow_pickle\s*=\s*True",
        r"(?<![\w.])(eval|exec)\(",
        r"\byaml\.(load|full_load|unsafe_load)\(",
        r"shell\s*=\s*True",
        r"\bos\.(system|popen)\(",
        r"\bpd\.read_pickle|\.to_pickle\(",
        r"weights_only\s*=\s*False",
        r"verify\s*=\s*False",
        r"\bmktemp\(",
    ],
)
def test_sources_run_no_foreign_code(pattern):
    found = [
        name(p) for p in SOURCES if re.search(pattern, p.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not found


NETWORK = {
    "aiohttp", "asyncio", "boto3", "botocore", "datalad", "fsspec", "ftplib", "http", "httpx",
    "imaplib", "openneuro", "paramiko", "pooch", "requests", "s3fs", "smtplib", "socket",
    "socketserver", "ssl", "telnetlib", "urllib3", "webbrowser", "websockets", "xmlrpc",
}  # fmt: skip
MAY_FETCH = {
    "workflow/repalign/retrieval/network.py": {"requests"},
    "workflow/repalign/retrieval/answers.py": {"requests", "urllib3"},
}
"""The one module that uses the network; model libraries ask their hub by themselves."""


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_jobs_do_not_use_the_network(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"""["'](curl|wget|aws|rclone|scp|rsync)["']""", text)
    if path.suffix == ".smk":
        assert not re.search(rf"import ({'|'.join(NETWORK)})\b", text)
        return
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    assert {module.split(".")[0] for module in found} & NETWORK == MAY_FETCH.get(name(path), set())
    assert not found & {"urllib.request", "torch.hub"}
    assert not [module for module in found if module.startswith("nilearn.datasets.fetch")]


MACHINE = re.compile(
    r"(?<![\w.])/(home|Users|root|work|workspace|mnt|scratch|private)/\w|[A-Z]:\\Users|/var/folders/"
)


def test_no_file_names_a_place_of_one_machine():
    found = {
        f"{name(path)}: {match[0]}"
        for path in ALL
        for match in MACHINE.finditer(path.read_text(encoding="utf-8"))
    }
    assert not found


def test_no_file_holds_a_secret():
    secret = re.compile(
        r"BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bghp_\w{30,}|\bhf_\w{30,}"
        r"|(?i:password|token|secret)\s*[:=]\s*['\"][^'\"]{8,}"
    )
    assert not [name(p) for p in ALL if secret.search(p.read_text(encoding="utf-8"))]
