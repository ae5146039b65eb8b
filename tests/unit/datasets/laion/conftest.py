"""A tree of LAION-fMRI, for all tests of it."""

import pytest

from .laion_tree import copy, write_tree


@pytest.fixture(scope="package")
def clean(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("clean") / "laion")


@pytest.fixture
def tree(clean, tmp_path):
    """A copy that a test may break."""
    return copy(clean, tmp_path)
