"""Fingerprints of code: what a script means, not how it is written or when it was saved.

A fingerprint covers the script and every project module that it imports, directly or through
others. It is taken over syntax trees without docstrings, so comments, formatting, docstrings and
file times do not count, and a changed line three imports deep does. Of the common options of
scripts, those count that a script names. The version of the package does not count: a release
changes no result by being one.
"""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

from repalign.errors import RepalignError

PACKAGE = "repalign"
OPTIONS = "repalign.options"
"""The module whose assignments count one by one, and the entries of its mappings too."""
VERSION = "__version__"


class CodeFingerprints:
    """Fingerprints of scripts, each taken once, with every module read once.

    Parameters
    ----------
    library : Path
        The folder that holds the package `repalign`.
    """

    def __init__(self, library: Path) -> None:
        self.library = library
        self._digests: dict[Path, str] = {}
        self._imports: dict[Path, frozenset[str]] = {}
        self._of: dict[Path, dict[str, str]] = {}

    def of(self, script: Path) -> dict[str, str]:
        """Fingerprint a script.

        Parameters
        ----------
        script : Path
            A Python file.

        Returns
        -------
        dict of str to str
            Digest by name: the script's file name, and the dotted name of each project module
            that it imports, sorted.

        Raises
        ------
        RepalignError
            If a file is missing or is not Python.
        """
        if script not in self._of:
            self._of[script] = self._digests_of(script)
        return self._of[script]

    def _digests_of(self, script: Path) -> dict[str, str]:
        """Follow the imports of a script."""
        self._read(script, "")
        digests = {script.name: self._digests[script]}
        pending = set(self._imports[script])
        seen: set[str] = set()
        while pending:
            module = pending.pop()
            if module in seen:
                continue
            seen.add(module)
            path = self._file(module)
            if path is None:
                continue
            self._read(path, module)
            digests[module] = (
                _digest(named_part(_parse(path), _parse(script)))
                if module == OPTIONS
                else self._digests[path]
            )
            pending |= self._imports[path] - seen
        return dict(sorted(digests.items()))

    def _file(self, module: str) -> Path | None:
        """Return the file of a dotted module name, or None where the name is not a module."""
        stem = self.library.joinpath(*module.split("."))
        for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
            if candidate.is_file():
                return candidate
        return None

    def _read(self, path: Path, module: str) -> None:
        """Parse one file, and keep its digest and the project modules that it names."""
        if path in self._digests:
            return
        tree = _parse(path)
        is_package = path.name == "__init__.py"
        self._imports[path] = frozenset(_imported(tree, module, is_package=is_package))
        self._digests[path] = _digest(tree)


def _parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except (OSError, SyntaxError) as error:
        raise RepalignError(
            f"a file that cannot be read as Python ({error})",
            where=path,
            expected="a Python module of the workflow",
            remedy="Restore it, for example with `git checkout`.",
        ) from error


def _digest(tree: ast.Module) -> str:
    """Return the digest of a syntax tree, of which docstrings and the version are dropped."""
    _drop_docstrings(tree)
    tree.body = [node for node in tree.body if not _is_version(node)]
    text = ast.dump(tree, annotate_fields=True, include_attributes=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_version(node: ast.stmt) -> bool:
    """Say whether a statement only says which version this is; records keep that apart."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return isinstance(node, ast.Assign | ast.AnnAssign) and names == [VERSION]


def named_part(options: ast.Module, script: ast.Module) -> ast.Module:
    """Return what a script names of the module of options.

    Parameters
    ----------
    options : ast.Module
        A module of assignments: mappings whose keys are names of options, and groups of names.
    script : ast.Module
        A script. The names in its texts, and in groups that it mentions, choose the entries.

    Returns
    -------
    ast.Module
        The module without other entries and other groups.
    """
    texts, mentioned = _texts(script), {n.id for n in ast.walk(script) if isinstance(n, ast.Name)}
    kept: list[ast.stmt] = []
    for node in options.body:
        if isinstance(node, ast.Expr):
            continue  # what is said of an assignment
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            if not mentioned & {t.id for t in node.targets if isinstance(t, ast.Name)}:
                continue
            texts |= _texts(node)
        kept.append(node)
    for node in kept:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Dict):
            pairs = [
                (key, own)
                for key, own in zip(value.keys, value.values, strict=True)
                if not isinstance(key, ast.Constant) or key.value in texts
            ]
            value.keys, value.values = [k for k, _ in pairs], [v for _, v in pairs]
    return ast.Module(kept, [])


def _texts(tree: ast.AST) -> set[str]:
    """Return all constant texts in a syntax tree."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in nodes if isinstance(node.value, str)}


def _imported(tree: ast.AST, module: str, *, is_package: bool) -> set[str]:
    """Return the dotted names of project modules that a syntax tree may import."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package=is_package)
            names.add(base)
            # `from package import module` names a module, `from module import name` does not;
            # which of the two is decided by whether a file exists.
            names |= {f"{base}.{alias.name}" for alias in node.names}
    project = {name for name in names if name.split(".")[0] == PACKAGE}
    return project | {parent for name in project for parent in _parents(name)}


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    """Resolve the module of a `from … import`, which may be relative."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    keep = len(parts) - node.level + (1 if is_package else 0)
    return ".".join(parts[:keep] + ([node.module] if node.module else []))


def _parents(name: str) -> list[str]:
    """Return the packages whose `__init__` runs when `name` is imported."""
    parts = name.split(".")
    return [".".join(parts[:k]) for k in range(1, len(parts))]


def _drop_docstrings(tree: ast.Module) -> None:
    """Remove the docstrings of a module and of all classes and functions in it."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if not isinstance(node, holders) or not node.body:
            continue
        first = node.body[0]
        if (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            node.body = node.body[1:] or [ast.Pass()]
