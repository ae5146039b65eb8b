"""A server, and a plan that fetches from it."""

import random

import pytest

from repalign.retrieval.network import Network
from repalign.retrieval.plan import Limits, RetrievalPlan
from repalign.retrieval.register import Entry
from repalign.retrieval.retrieve import retrieve

from .servers import Server

QUICK = Limits(connections=3, attempts=4, wait=0.001, timeout=0.5)


def make_entry(source, target="data.bin", kind="file", **others):
    given = {
        "dataset": "toy", "item": "thing", "version": "-", "when": "default", "agreement": None,
        "terms": "none", "size": None, "checksum": None, "description": "A thing",
    }  # fmt: skip
    return Entry(**{**given, **others, "source": source, "target": target, "kind": kind})


def some_bytes(size, seed=0):
    return random.Random(seed).randbytes(size)  # noqa: S311


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture
def network(server):
    made = Network(server.endpoints, QUICK)
    yield made
    made.close()


@pytest.fixture
def fetch_all(server, tmp_path):
    """Retrieve entries into a folder, and return the folder."""

    def run(*entries, folder="raw", **choices):
        given = {"endpoints": server.endpoints, "limits": QUICK, **choices}
        root = tmp_path / folder
        retrieve(RetrievalPlan("toy", list(entries), **given), root / "retrieved.tsv")
        return root

    return run
