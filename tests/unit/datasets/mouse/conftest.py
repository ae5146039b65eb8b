"""Simulated scans and their indexes, for all tests of mice."""

from pathlib import Path

import pytest

from repalign.simulate.mouse import simulate_mouse

from .mouse_content import COLOR, COMPETITION, GREY, TINY, index


@pytest.fixture(scope="package")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mouse") / "raw"
    simulate_mouse(folder, TINY)
    return folder


@pytest.fixture(scope="package")
def scans(raw, tmp_path_factory):
    root = tmp_path_factory.mktemp("indexes")
    return {name: index(raw / name, root / name) for name in (*GREY, COMPETITION, COLOR)}
