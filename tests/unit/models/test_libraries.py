"""Without the optional packages, each guard says which is missing and what to do."""

import sys

import pytest

from repalign.errors import RepalignError
from repalign.models import libraries
from repalign.models.registry import read_registry


def absent(monkeypatch, *names: str) -> None:
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    ("guard", "missing", "named"),
    [
        ("import_torch", ["torch"], "PyTorch"),
        ("import_timm", ["torch"], "PyTorch"),
        ("import_transformers", ["torch"], "PyTorch"),
        ("import_nltk", ["nltk"], "nltk"),
    ],
)
def test_a_guard_says_what_is_missing_and_what_to_run(monkeypatch, guard, missing, named):
    absent(monkeypatch, *missing)
    with pytest.raises(RepalignError) as caught:
        getattr(libraries, guard)()
    assert named in caught.value.found
    assert caught.value.remedy == "Run `make models`, or pip install 'repalign[models]'."
    assert "\n" not in caught.value.remedy


def test_torch_says_where_it_is_needed(monkeypatch):
    absent(monkeypatch, "torch")
    with pytest.raises(RepalignError) as caught:
        libraries.import_torch("m.pt", expected="a reader of .pt", remedy="Convert it.")
    assert (caught.value.where, caught.value.remedy) == ("m.pt", "Convert it.")


@pytest.fixture
def stand_in(monkeypatch):
    """PyTorch is there, by name alone."""
    import types

    torch = types.ModuleType("torch")
    monkeypatch.setitem(sys.modules, "torch", torch)
    return torch


@pytest.mark.parametrize("package", ["torchvision", "timm"])
def test_timm_needs_torchvision_and_itself(monkeypatch, stand_in, package):
    import types

    for name in ("torchvision", "timm"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    absent(monkeypatch, package)
    with pytest.raises(RepalignError, match=f"{package} cannot be imported(?s:.*)make models"):
        libraries.import_timm()


def test_transformers_needs_no_torchvision_but_itself(monkeypatch, stand_in):
    absent(monkeypatch, "torchvision", "transformers")
    with pytest.raises(RepalignError, match="transformers cannot be imported"):
        libraries.import_transformers()


def test_the_registry_needs_none_of_them(monkeypatch, tmp_path):
    absent(monkeypatch, "torch", "timm", "transformers", "nltk")
    with pytest.raises(RepalignError, match="no registry"):
        read_registry(tmp_path / "none.tsv")
