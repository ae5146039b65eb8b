"""Retrieval from moto, an implementation of S3 that is not ours.

`make test-s3` makes its environment and names its Python in MOTO_PYTHON.
"""

import csv
import json
import os
import re
import subprocess
import time

import pytest
import requests

from repalign.errors import RepalignError
from repalign.retrieval.network import Network
from repalign.retrieval.plan import Limits, RetrievalPlan
from repalign.retrieval.retrieve import retrieve
from repalign.retrieval.s3 import list_objects

from ..unit.retrieval.conftest import make_entry, some_bytes
from ..unit.retrieval.servers import Server

MIB = 1 << 20
LIMITS = Limits(connections=4, attempts=3, wait=0.05, timeout=20)
KEYS = [f"data/sub-{k:02d}/x.tsv" for k in range(35)] + ["data/ü & <c>.txt", "data/a+b.txt"]


@pytest.fixture(scope="module")
def moto():
    """The address of a server of moto on a free port of this machine."""
    command = [os.environ["MOTO_PYTHON"], "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    environment = {**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": "10", "PYTHONUNBUFFERED": "1"}
    environment |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
    )
    try:
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        url = found[0]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                requests.put(f"{url}/open.data", timeout=5).raise_for_status()
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        for key in KEYS:
            put(url, key, key.encode())
        yield url
    finally:
        process.terminate()
        process.wait(20)


PUBLIC = {"x-amz-acl": "public-read"}


def put(url, key, content, headers=PUBLIC):
    where = f"{url}/open.data/{requests.utils.quote(key)}"
    requests.put(where, content, headers=headers, timeout=20).raise_for_status()


def put_in_parts(url, key, content, length):
    """Upload as clients of S3 upload large files."""
    where = f"{url}/open.data/{key}"
    begun = requests.post(f"{where}?uploads", headers=PUBLIC, timeout=20)
    upload = re.search("<UploadId>(.*?)</UploadId>", begun.text)[1]
    listed = ""
    for number, start in enumerate(range(0, len(content), length), start=1):
        part = requests.put(
            f"{where}?partNumber={number}&uploadId={upload}",
            content[start : start + length], timeout=60,
        )  # fmt: skip
        listed += (
            f"<Part><PartNumber>{number}</PartNumber><ETag>{part.headers['ETag']}</ETag></Part>"
        )
    body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"
    requests.post(f"{where}?uploadId={upload}", body, timeout=60).raise_for_status()


def get(moto, root, *entries, **choices):
    plan = RetrievalPlan("toy", list(entries), endpoints={"s3://": moto}, limits=LIMITS, **choices)
    retrieve(plan, root / "retrieved.tsv")
    with (root / "retrieved.tsv").open(newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file, delimiter="\t")}


def test_all_pages_of_a_list_are_read(moto):
    first = requests.get(f"{moto}/open.data?list-type=2", timeout=20).text
    assert "<IsTruncated>true" in first, "the list has pages"
    network = Network({"s3://": moto}, LIMITS)
    assert [item.key for item in list_objects(network, "open.data", "data/")] == sorted(KEYS)


def test_our_own_server_answers_as_moto_does(moto):
    """What all other tests rely on."""
    ours = Server()
    try:
        ours.page_size = 10
        for key in KEYS:
            ours.put(f"/s3/open.data/{key}", key.encode())
        networks = [Network({"s3://": url}, LIMITS) for url in (moto, f"{ours.url}/s3")]
        theirs, own = (list(list_objects(n, "open.data", "data/")) for n in networks)
        assert own == theirs
        heads = [n.headers("s3://open.data/data/a+b.txt") for n in networks]
        assert heads[0]["ETag"] == heads[1]["ETag"]
        assert heads[0]["Content-Length"] == heads[1]["Content-Length"]
    finally:
        ours.close()


def test_patterns_and_odd_names_arrive_verified(moto, tmp_path):
    found = get(
        moto, tmp_path / "raw",
        make_entry("s3://open.data/./data/sub-{subject:02d}/*.tsv", "here", "files"),
        make_entry("s3://open.data/./data/*.txt", "odd", "files"),
        sessions={3: 1, 34: 1},
    )  # fmt: skip
    assert set(found) == {
        "here/data/sub-03/x.tsv", "here/data/sub-34/x.tsv", "odd/data/ü & <c>.txt",
        "odd/data/a+b.txt",
    }  # fmt: skip
    assert {row["verified"] for row in found.values()} == {"etag"}
    assert (tmp_path / "raw/odd/data/ü & <c>.txt").read_text() == "data/ü & <c>.txt"


@pytest.mark.parametrize("length", [5 * MIB, 8 * MIB])
def test_an_upload_in_parts_is_verified_by_its_etag(moto, tmp_path, length):
    content = some_bytes(17 * MIB + 5)
    put_in_parts(moto, "large", content, length)
    network = Network({"s3://": moto}, LIMITS)
    assert re.search(r"-\d+\"$", network.headers("s3://open.data/large")["ETag"])
    found = get(moto, tmp_path / "raw", make_entry("s3://open.data/large", "large"))
    assert found["large"]["verified"] == "etag"
    assert (tmp_path / "raw/large").read_bytes() == content


def test_a_part_is_continued(moto, tmp_path):
    content = some_bytes(3 * MIB)
    put(moto, "half", content)
    etag = Network({"s3://": moto}, LIMITS).headers("s3://open.data/half")["ETag"]
    root = tmp_path / "raw"
    root.mkdir()
    (root / "half.part").write_bytes(content[:MIB])
    state = {"source": "s3://open.data/half", "size": 3 * MIB, "checksum": None, "validator": etag}
    (root / "half.part.json").write_text(json.dumps(state))
    get(moto, root, make_entry("s3://open.data/half", "half"))
    assert (root / "half").read_bytes() == content


def test_a_part_of_an_older_object_is_not_continued(moto, tmp_path):
    content = some_bytes(3 * MIB, seed=1)
    put(moto, "older", content)
    root = tmp_path / "raw"
    root.mkdir()
    (root / "older.part").write_bytes(some_bytes(MIB, seed=2))
    state = {"source": "s3://open.data/older", "size": 3 * MIB, "checksum": None,
             "validator": '"0123456789abcdef0123456789abcdef"'}  # fmt: skip
    (root / "older.part.json").write_text(json.dumps(state))
    get(moto, root, make_entry("s3://open.data/older", "older"))
    assert (root / "older").read_bytes() == content


def test_what_is_not_there_is_said(moto, tmp_path):
    with pytest.raises(RepalignError, match="no such file"):
        get(moto, tmp_path / "raw", make_entry("s3://open.data/none", "x"))
    with pytest.raises(RepalignError, match="nothing that matches"):
        get(moto, tmp_path / "raw", make_entry("s3://open.data/./none/*", "x", "files"))
    with pytest.raises(RepalignError, match="no such file"):
        get(moto, tmp_path / "raw", make_entry("s3://no-bucket/./x/*", "x", "files"))


def test_a_closed_object_is_refused(moto, tmp_path):
    """As held-out sessions are: they are in the list, and cannot be read."""
    put(moto, "closed/x", b"secret", headers={"x-amz-acl": "private"})
    with pytest.raises(RepalignError, match=r"refused \(403\)"):
        get(moto, tmp_path / "raw", make_entry("s3://open.data/./closed/*", "x", "files"))
