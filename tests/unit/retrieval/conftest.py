"""A server, and a plan that fetches from it."""

import csv
import io
import random
import zipfile

import pytest

from repalign.retrieval.network import Network
from repalign.retrieval.plan import Limits, RetrievalPlan
from repalign.retrieval.register import Entry
from repalign.retrieval.retrieve import retrieve

from .servers import Server

BETAS = "s3://open.data/betas/subj{subject:02d}/session{session:02d}.nii.gz"
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


def records(root):
    with (root / "retrieved.tsv").open(newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file, delimiter="\t")}


def put_betas(server, sessions):
    for subject, count in sessions.items():
        for session in range(1, count + 1):
            content = some_bytes(10_000 + session, seed=subject * 100 + session)
            server.put(
                f"/s3/open.data/betas/subj{subject:02d}/session{session:02d}.nii.gz", content
            )


def gets(server):
    return [path for how, path, _ in server.requests if how == "GET"]


def zip_of(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


FILES = {"top/a.json": b"alpha", "top/deep/b.json": b"beta" * 1000}
