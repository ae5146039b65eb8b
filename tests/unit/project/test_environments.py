"""Each rule names an environment that has every package which its script can import."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / "workflow"
RULE = re.compile(r"^( *)rule (\w+):\n((?:\1[ ]+.*\n|\n)+)", re.MULTILINE)
FILES = {
    "ENVIRONMENT": "repalign.yaml", "MODELS_ENVIRONMENT": "models.yaml",
    "FSL_ENVIRONMENT": "fsl.yaml",
}  # fmt: skip
PACKAGES = {"PIL": "pillow", "matplotlib": "matplotlib-base", "mpl_toolkits": "matplotlib-base",
            "isal": "python-isal", "torch": "pytorch", "yaml": "pyyaml"}  # fmt: skip
"""Names of conda packages that are not those of their modules."""


@cache
def modules_of(path: Path, *, late: bool) -> frozenset[str]:
    """Modules that a file imports when it is imported itself, or also when functions run."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree) if late else tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def reached(path: Path, *, late: bool = False) -> frozenset[str]:
    """Packages that a file imports, by itself or through modules of ours.

    Late imports are of what a setting or the kind of a file may ask for (PyTorch for .pt files).
    """
    packages, seen, pending = set(), set(), [path]
    while pending:
        file = pending.pop()
        if file in seen:
            continue
        seen.add(file)
        for module in modules_of(file, late=late):
            top = module.split(".")[0]
            if top != "repalign":
                packages.add(top)
                continue
            place = WORKFLOW / module.replace(".", "/")
            pending += [p for p in (place.with_suffix(".py"), place / "__init__.py") if p.exists()]
    return frozenset(packages - set(sys.stdlib_module_names))


def rules() -> dict[str, str]:
    texts = [path.read_text() for path in sorted((WORKFLOW / "rules").glob("*.smk"))]
    return {name: body for text in texts for _, name, body in RULE.findall(text)}


RULES = rules()


@pytest.mark.parametrize("name", RULES)
def test_the_environment_of_a_rule_has_what_its_script_imports(name):
    (environment,) = re.findall(r"conda:\s+(\w+)", RULES[name])
    content = yaml.safe_load((ROOT / "envs" / FILES[environment]).read_text())
    has = {item.split("=")[0] for item in content["dependencies"]}
    script = "retrieve_data" if name.startswith("retrieve_") else name
    wanted = reached(WORKFLOW / f"scripts/{script}.py")
    assert wanted, "every script imports something"
    missing = {PACKAGES.get(package, package) for package in wanted} - has
    assert not missing
    if "FSL" in environment:
        assert {package for package in has if package.startswith("fsl-")}


def test_what_runs_models_has_their_environment():
    """Their libraries are imported late; scripts that do so through a loader say it."""
    loaders = (
        r"\b(import_(nltk|timm|torch|transformers)|load_\w*(detector|segmenter|timm|captioner))"
    )
    running = {
        path.stem
        for path in (WORKFLOW / "scripts").glob("*.py")
        if re.search(loaders, path.read_text(encoding="utf-8"))
    }
    assert {"split_captions", "tokenize_captions", "detect_scene_objects"} <= running
    assert [name for name in running if "MODELS_ENVIRONMENT" not in RULES[name]] == []


def test_jobs_run_in_the_environment_that_was_deployed():
    """An absolute path of an interpreter would bypass it."""
    text = (WORKFLOW / "rules/common.smk").read_text()
    assert re.search(
        r"CONDA in workflow\.deployment_settings.*\n.*\n\s+FLOW\.python = \"python\"", text
    )


def test_a_package_of_models_is_where_models_are_run():
    """The check can fail: what runs models could not do so in the common environment."""
    common = yaml.safe_load((ROOT / "envs/repalign.yaml").read_text())["dependencies"]
    has = {item.split("=")[0] for item in common}
    of_models = [n for n, body in RULES.items() if "MODELS_ENVIRONMENT" in body]
    assert len(of_models) > 5
    lacking = [n for n in of_models if reached(WORKFLOW / f"scripts/{n}.py", late=True) - has]
    assert "extract_vision_features" in lacking
