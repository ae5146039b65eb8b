"""Public functions with arrays say what goes in, what comes out, and in which shape."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = ("kernels", "datasets", "tables")
ARRAYS = ("NDArray", "Float", "Rows", "ndarray", "ArrayLike")

Found = tuple[str, ast.FunctionDef]


def public() -> Iterator[Found]:
    """Functions, and methods of public classes, that a user can call."""
    for folder in FOLDERS:
        for path in sorted((ROOT / "workflow/repalign" / folder).glob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in tree.body:
                inner = node.body if isinstance(node, ast.ClassDef) else [node]
                owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                if owner.startswith("_"):
                    continue
                for item in inner:
                    if isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
                        yield f"{folder}/{path.name}:{owner}{item.name}", item


def annotation(node: ast.expr | None) -> str:
    return ast.unparse(node) if node else ""


def array_arguments(node: ast.FunctionDef, kinds: tuple[str, ...]) -> list[str]:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [a.arg for a in arguments if any(k in annotation(a.annotation) for k in kinds)]


ALL = list(public())
WITH_ARRAYS = [
    (name, node)
    for name, node in ALL
    if array_arguments(node, ARRAYS) or any(k in annotation(node.returns) for k in ARRAYS)
]


def ids(found: Found) -> str:
    return found[0]


def section(text: str, title: str) -> str:
    """The text of a section of a numpydoc docstring."""
    lines = text.splitlines()
    for k, line in enumerate(lines[:-1]):
        if line.strip() == title and set(lines[k + 1].strip()) == {"-"}:
            rest = lines[k + 2 :]
            ends = [
                n for n in range(len(rest) - 1)
                if rest[n].strip() and rest[n + 1].strip() and set(rest[n + 1].strip()) == {"-"}
            ]  # fmt: skip
            return "\n".join(rest[: ends[0]] if ends else rest)
    return ""


def test_there_are_functions_to_look_at():
    assert len(ALL) > 50
    assert len(WITH_ARRAYS) > 15


@pytest.mark.parametrize("found", WITH_ARRAYS, ids=ids)
def test_parameters_are_described_by_name(found):
    _, node = found
    text = section(ast.get_docstring(node) or "", "Parameters")
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    names = [a.arg for a in arguments if a.arg not in ("self", "cls")]
    names += [f"*{node.args.vararg.arg}"] if node.args.vararg else []
    described = {
        name.strip()
        for line in text.splitlines()
        if line and not line.startswith(" ") and ":" in line
        for name in line.split(":")[0].split(",")
    }
    assert described == set(names)


@pytest.mark.parametrize(
    "found", [f for f in WITH_ARRAYS if array_arguments(f[1], ARRAYS)], ids=ids
)
def test_arrays_are_described_with_their_shape(found):
    _, node = found
    text = section(ast.get_docstring(node) or "", "Parameters")
    for name in array_arguments(node, ARRAYS):
        lines = [
            line for line in text.splitlines()
            if ":" in line and name in [n.strip() for n in line.split(":")[0].split(",")]
        ]  # fmt: skip
        assert lines, name
        assert "shape (" in lines[0] or "n_" in lines[0], lines[0]


@pytest.mark.parametrize(
    "found", [f for f in ALL if any(k in annotation(f[1].returns) for k in ARRAYS)], ids=ids
)
def test_returned_arrays_are_described_with_their_shape(found):
    _, node = found
    text = ast.get_docstring(node) or ""
    returned = section(text, "Returns") or section(text, "Yields")
    if "iterat" in annotation(node.returns).lower() and not returned:
        returned = text  # one-line generators say it in their sentence
    assert "shape (" in returned or "(n_" in returned
