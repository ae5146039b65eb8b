"""Fingerprints see what code means, through imports, and nothing else."""

import textwrap
from pathlib import Path

import pytest

from repalign.dag.fingerprint import CodeFingerprints
from repalign.errors import RepalignError


@pytest.fixture
def library(tmp_path: Path) -> Path:
    files = {
        "repalign/__init__.py": "",
        "repalign/deep/__init__.py": "",
        "repalign/deep/one.py": "from repalign.deep import two\n",
        "repalign/deep/two.py": "from .three import value\n",
        "repalign/deep/three.py": 'value = 1\n\n\ndef f():\n    """Say."""\n    return value\n',
        "repalign/other.py": "value = 2\n",
        "scripts/job.py": '"""Doc."""\nimport numpy\nimport repalign.deep.one\n',
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def fingerprint(library: Path) -> dict[str, str]:
    return CodeFingerprints(library).of(library / "scripts/job.py")


def test_names_every_module_on_the_way(library):
    assert list(fingerprint(library)) == [
        "job.py",
        "repalign",
        "repalign.deep",
        "repalign.deep.one",
        "repalign.deep.three",
        "repalign.deep.two",
    ]


def test_a_line_three_imports_deep_counts(library):
    before = fingerprint(library)
    path = library / "repalign/deep/three.py"
    path.write_text(path.read_text().replace("value = 1", "value = 3"))
    after = fingerprint(library)
    assert {k for k in before if before[k] != after[k]} == {"repalign.deep.three"}


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('"""Say."""', '"""Say something else."""'),
        lambda text: text.replace('    """Say."""\n', ""),
        lambda text: "# a comment\n" + text,
        lambda text: text.replace("value = 1", "value  =  1  # one"),
    ],
    ids=["docstring", "no docstring", "comment", "spacing"],
)
def test_comments_docstrings_and_spacing_do_not_count(library, edit):
    before = fingerprint(library)
    path = library / "repalign/deep/three.py"
    path.write_text(edit(path.read_text()))
    assert fingerprint(library) == before


def test_a_release_does_not_count(library):
    path = library / "repalign/__init__.py"
    path.write_text('"""Doc."""\n\n__version__ = "0.1.0"\n')
    before = fingerprint(library)
    path.write_text('"""Doc."""\n\n__version__ = "0.2.0"\n')
    assert fingerprint(library) == before
    path.write_text('"""Doc."""\n\n__version__ = "0.2.0"\nLIMIT = 2\n')
    assert fingerprint(library) != before


def test_a_module_that_is_not_imported_does_not_count(library):
    before = fingerprint(library)
    (library / "repalign/other.py").write_text("value = 5\n")
    assert fingerprint(library) == before


def test_imports_inside_functions_count(library):
    script = library / "scripts/job.py"
    script.write_text(
        textwrap.dedent(
            """
            def main():
                from repalign import other
            """
        )
    )
    assert "repalign.other" in fingerprint(library)


def test_a_string_that_is_not_a_docstring_counts(library):
    path = library / "repalign/deep/three.py"
    before = fingerprint(library)
    path.write_text(path.read_text().replace("return value", 'return "text"'))
    assert fingerprint(library) != before


def test_broken_code_is_named(library):
    (library / "repalign/deep/two.py").write_text("def (:\n")
    with pytest.raises(RepalignError, match=r"two\.py"):
        fingerprint(library)


OPTIONS = """
OPTIONS: dict = {
    "trials": {"type": str, "help": "trials"},
    "seed": {"type": int},
    "subject": {"type": int},
}
"Says what they are."
GROUP = ("subject",)
OTHER = ("seed",)
"""


@pytest.fixture
def with_options(library) -> Path:
    (library / "repalign/options.py").write_text(OPTIONS)
    (library / "repalign/scripting.py").write_text("from repalign.options import OPTIONS\n")
    (library / "scripts/job.py").write_text(
        "from repalign.options import GROUP\nfrom repalign.scripting import parser\n"
        'parser("trials", *GROUP)\n'
    )
    return library


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ('"seed": {"type": int}', '"seed": {"type": float}', False),
        ("OPTIONS: dict = {", 'OPTIONS: dict = {"more": {"type": str},', False),
        ('OTHER = ("seed",)', 'OTHER = ("seed", "more")', False),
        ("Says what they are.", "Says it better.", False),
        ('"help": "trials"', '"help": "the trials"', True),
        ('"subject": {"type": int}', '"subject": {"type": str}', True),
        ('GROUP = ("subject",)', 'GROUP = ("subject", "seed")', True),
    ],
)
def test_options_count_for_the_scripts_that_name_them(with_options, old, new, counts):
    before = fingerprint(with_options)
    assert "repalign.options" in before
    path = with_options / "repalign/options.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    after = fingerprint(with_options)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == ({"repalign.options"} if counts else set())
