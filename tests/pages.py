"""The pages of the documentation: their blocks of code, links, headings and names of targets."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "config/README.md", ROOT / "benchmarks/README.md",
     *(ROOT / "docs").glob("*.md")]
)  # fmt: skip

NOT_RUN = {
    "real-data": "needs recordings that no test has",
    "models": "needs the packages or weights of models",
    "install": "installs packages",
    "long": "takes minutes",
    "network": "fetches something",
    "cluster": "needs a scheduler",
    "gpu": "needs a GPU",
}
"""Words behind the language of a block that is checked but not run, and why."""


@dataclass(frozen=True)
class Block:
    """A block of code of a page.

    Attributes
    ----------
    page : Path
        The page.
    line : int
        Number of its first line, the fence.
    language : str
        What the fence says, up to the first space.
    marks : tuple of str
        Further words of the fence.
    text : str
        The code.
    """

    page: Path
    line: int
    language: str
    marks: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        """Return where it stands."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """Return the commands of a block of shell, without comments; of a transcript the typed."""
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        return [found for line in lines if (found := re.sub(r"(^|\s)#.*", "", line).strip())]


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of a page in some languages, in order."""
    found, opened = [], None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```") and opened is None:
            opened, language, lines = number, line[3:], list[str]()
        elif line.startswith("```"):
            first, *marks = language.split() or [""]
            found.append(Block(page, opened, first, tuple(marks), "\n".join(lines) + "\n"))
            opened = None
        elif opened is not None:
            lines.append(line)
    return [block for block in found if not languages or block.language in languages]


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def links(page: Path) -> list[str]:
    """Return the targets of all links and pictures of a page that lead to no other site."""
    found = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    names = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), flags=re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        names.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names
