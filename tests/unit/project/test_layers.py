"""Import layers: kernels ← tables ← datasets, models ← alignment ← scripts ← rules."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LIBRARY = ROOT / "workflow/repalign"
SCRIPTS = ROOT / "workflow/scripts"
BASE = {"errors", "tables", "kernels"}
ALLOWED = {
    "errors": set(),
    "kernels": {"kernels"},
    "tables": {"errors", "tables", "kernels"},
    "datasets": BASE | {"datasets"},
    "models": BASE | {"models", "datasets.csv_columns"},
    "alignment": BASE | {"datasets", "models", "alignment"},
    "simulate": BASE | {"simulate", "models"},
    "figures": BASE | {"figures"},
    "provenance": {"errors", "tables", "provenance"},
    "retrieval": {"errors", "tables.atomic", "tables.config_tables", "retrieval"},
    "settings": {
        "settings",
        "simulate.settings",
        "simulate.other_settings",
        "simulate.laion_settings",
        "simulate.mouse_settings",
    },
    "settings_file": {"errors", "settings"},
    "options": set(),
    "scripting": {"errors", "options", "tables"},
    "dag": {
        "errors",
        "tables",
        "dag",
        "settings",
        "simulate.truth",
        "models.modality",
        "models.prompts",  # the text of one prompt is a parameter, so that others may change
        "models.registry",
        "retrieval.plan",
        "retrieval.register",
    },
    "documentation": {"tables", "datasets", "models", "dag.catalogue", "documentation"},
    "describe": {
        "dag",
        "settings",
        "documentation",
        "models.registry",
        "retrieval.progress",
        "retrieval.register",
    },
    "cost": {"errors", "tables", "dag", "settings_file", "cost"},
    "cli": {"errors", "settings_file", "dag", "simulate", "cost"},
}
MODULES = sorted(LIBRARY.rglob("*.py"))
SOURCES = [*MODULES, *sorted(SCRIPTS.glob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "workflow"))


def imports(path: Path) -> Iterator[str]:
    """Yield the full names of imported modules; ours may end in a name of the module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name(path)}: relative import"
            assert node.module is not None
            if node.module == "repalign":
                yield from (f"repalign.{alias.name}" for alias in node.names)
            else:
                yield node.module


def ours(path: Path) -> set[str]:
    return {m.removeprefix("repalign.") for m in imports(path) if m.startswith("repalign.")}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_imports_its_own_and_lower_layers_alone(path):
    layer = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
    if layer == "__init__":
        assert not ours(path)
        return
    allowed = ALLOWED[layer]
    found = {m for m in ours(path) if not {m, m.split(".")[0]} & allowed}
    assert not found, f"{name(path)} is in the layer {layer}, which may import {sorted(allowed)}"


@pytest.mark.parametrize("path", sorted((LIBRARY / "kernels").glob("*.py")), ids=name)
def test_kernels_import_numpy_and_scipy_alone(path):
    packages = {module.split(".")[0] for module in imports(path)} - {"repalign"}
    assert packages <= {"numpy", "scipy"} | sys.stdlib_module_names
    assert not packages & {"pathlib", "os", "io", "json", "csv", "logging", "shutil"}


KNOWS_SNAKEMAKE = {"repalign/cost/pending.py"}  # asks it what is pending


@pytest.mark.parametrize("path", [p for p in SOURCES if name(p) not in KNOWS_SNAKEMAKE], ids=name)
def test_nothing_knows_snakemake(path):
    assert "snakemake" not in {module.split(".")[0] for module in imports(path)}
    names = {
        node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)
    }
    assert "snakemake" not in names


HARMLESS = {
    "repalign/tables/provenance.py": {"importlib.metadata"},  # versions
    "repalign/dag/feature_plan.py": {"importlib.util"},  # whether packages are there
    "repalign/dag/tokenizer_plan.py": {"importlib.util"},
}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_import_can_be_seen_in_the_source(path):
    """Fingerprints follow import statements; code that enters otherwise would escape them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            text = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            assert text not in {"__import__", "import_module", "exec", "eval", "run_path"}, text
    found = {m for m in imports(path) if m.split(".")[0] in {"importlib", "runpy", "pkgutil"}}
    assert found <= HARMLESS.get(name(path), set())


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=name)
def test_scripts_do_not_import_rules_settings_or_each_other(path):
    assert {m.split(".")[0] for m in ours(path)} <= {
        "alignment", "datasets", "errors", "figures", "kernels", "models", "options",
        "provenance", "retrieval", "scripting", "tables",
    }  # fmt: skip
    packages = {module.split(".")[0] for module in imports(path)}
    assert not packages & {p.stem for p in SCRIPTS.glob("*.py")}


NOT_OF_JOBS = {
    "dag", "settings", "settings_file", "documentation", "describe", "cli", "simulate", "cost",
}  # fmt: skip
OF_JOBS = [p for p in SOURCES if name(p).split("/")[1].removesuffix(".py") not in NOT_OF_JOBS]


@pytest.mark.parametrize("path", OF_JOBS, ids=name)
def test_jobs_read_files_of_the_repository_through_options_alone(path):
    """A file that is found by name, or beside the module, would not be in any spec."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "__file__" not in names
    assert not any("importlib.resources" in module for module in imports(path))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            assert not node.value.startswith(("resources/", "config/", "workflow/", "tests/"))
