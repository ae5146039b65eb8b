"""A whole retrieval: what is fetched, what is kept, what is refused, what a second run does."""

import errno
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repalign.errors import RepalignError
from repalign.retrieval import retrieve as retrieving
from repalign.retrieval.plan import Limits, RetrievalPlan
from repalign.retrieval.retrieve import retrieve

from .conftest import BETAS, QUICK, gets, make_entry, put_betas, records, some_bytes
from .servers import md5_of

ROOT = Path(__file__).parents[3]


def test_only_selected_subjects_and_sessions_are_fetched(server, fetch_all):
    put_betas(server, {1: 4, 2: 4, 3: 4})
    entry = make_entry(BETAS, "s{subject}/{session:03d}.gz")
    root = fetch_all(entry, sessions={1: 2, 3: 3})
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.gz"))
    assert files == ["s1/001.gz", "s1/002.gz", "s3/001.gz", "s3/002.gz", "s3/003.gz"]
    assert not (root / ".retrieval").exists()
    row = records(root)["s3/003.gz"]
    content = server.files["/s3/open.data/betas/subj03/session03.nii.gz"].content
    assert row["sha256"] == hashlib.sha256(content).hexdigest()
    assert (row["size"], row["verified"]) == (str(len(content)), "etag")
    assert row["source"] == "s3://open.data/betas/subj03/session03.nii.gz"


def test_a_second_run_fetches_nothing(server, fetch_all):
    put_betas(server, {1: 3})
    entry = make_entry(BETAS, "{session}")
    root = fetch_all(entry, sessions={1: 3})
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    server.requests.clear()
    fetch_all(entry, sessions={1: 3})
    assert not gets(server)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_more_subjects_fetch_only_what_is_new(server, fetch_all):
    put_betas(server, {1: 2, 2: 2})
    entry = make_entry(BETAS, "{subject}-{session}")
    fetch_all(entry, sessions={1: 2})
    server.requests.clear()
    fetch_all(entry, sessions={1: 2, 2: 2})
    assert len(gets(server)) == 2
    assert all("subj02" in path for path in gets(server))


def test_connections_are_limited(server, fetch_all):
    put_betas(server, {1: 12})
    for served in server.files.values():
        served.faults = [("slow", 0.03)]
    fetch_all(make_entry(BETAS, "{session}"), sessions={1: 12})
    assert 1 < server.most_active <= QUICK.connections


def test_one_failure_does_not_stop_the_others_and_all_are_named(server, fetch_all, tmp_path):
    put_betas(server, {1: 6})
    for session in (2, 5):
        name = f"/s3/open.data/betas/subj01/session{session:02d}.nii.gz"
        server.files[name].always = ("status", 403)
    with pytest.raises(RepalignError, match="2 files") as caught:
        fetch_all(make_entry(BETAS, "{session}"), sessions={1: 6})
    assert str(caught.value).count("refused (403)") == 2
    there = sorted(path.name for path in (tmp_path / "raw").iterdir())
    assert there == ["1", "3", "4", "6", "retrieved.tsv"]


def test_a_full_disk_is_noticed_before_it_is_full(server, fetch_all, tmp_path, monkeypatch):
    put_betas(server, {1: 2})
    free = type("Usage", (), {"free": 20_000})
    monkeypatch.setattr(retrieving.shutil, "disk_usage", lambda _: free)
    with pytest.raises(RepalignError, match="20 kB free"):
        fetch_all(make_entry(BETAS, "{session}"), sessions={1: 2})
    assert not gets(server)


def test_what_has_arrived_needs_no_room_again(server, fetch_all, tmp_path, monkeypatch):
    put_betas(server, {1: 2})
    root = fetch_all(make_entry(BETAS, "{session}"), sessions={1: 2}, only_list=True)
    root.mkdir(parents=True)
    (root / "1.part").write_bytes(b"0" * 6_000)
    monkeypatch.setattr(
        retrieving.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 15_000})
    )
    fetch_all(make_entry(BETAS, "{session}"), sessions={1: 2})
    assert (root / "1").is_file()
    assert (root / "2").is_file()


def test_a_disk_that_fails_on_the_way_is_said(server, fetch_all, monkeypatch):
    put_betas(server, {1: 2})

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("repalign.retrieval.transfer.os.fsync", fail)
    with pytest.raises(RepalignError, match="No space left"):
        fetch_all(make_entry(BETAS, "{session}"), sessions={1: 2})


def test_listing_fetches_nothing(server, fetch_all, caplog):
    put_betas(server, {1: 3})
    caplog.set_level("INFO", "repalign")
    root = fetch_all(make_entry(BETAS, "{session}"), sessions={1: 3}, only_list=True)
    assert not gets(server)
    assert not root.exists(), "an empty folder counts as a dataset"
    assert "to fetch: thing, 3 files, 30 kB" in caplog.text


def test_progress_says_files_bytes_and_rate(server, fetch_all, caplog):
    put_betas(server, {1: 2})
    caplog.set_level("INFO", "repalign")
    fetch_all(make_entry(BETAS, "{session}"), sessions={1: 2})
    assert "2 of 2 files, 20 kB of 20 kB, " in caplog.text


def test_agreements_come_first(server, tmp_path):
    entry = make_entry(BETAS, "{session}", agreement="nsd", terms="the form at https://f.example")
    plan = RetrievalPlan("nsd", [entry], sessions={1: 1}, endpoints=server.endpoints)
    with pytest.raises(RepalignError, match=r"https://f.example") as caught:
        retrieve(plan, tmp_path / "raw/retrieved.tsv")
    assert "retrieval.accepted: [nsd]" in caught.value.remedy
    assert not server.requests
    assert not (tmp_path / "raw").exists()


def test_real_data_do_not_go_into_a_simulation(server, fetch_all, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/simulation.json").write_text("{}")
    with pytest.raises(RepalignError, match="of the simulation"):
        fetch_all(make_entry("https://h/x", "x"))
    with pytest.raises(RepalignError, match="of the simulation"):
        fetch_all(make_entry("https://h/x", "x"), folder="resources/simulated/nsd")
    assert not server.requests


def test_what_is_by_hand_is_said(server, fetch_all, caplog):
    fetch_all(make_entry("https://h/page", "pictures", "by-hand", description="With a password"))
    assert "thing is to be fetched by hand: https://h/page, to pictures" in caplog.text
    assert not server.requests


@pytest.mark.parametrize("target", ["../x", "/x", "a/../../x", "a\\b"])
def test_targets_stay_below_the_folder(fetch_all, target):
    with pytest.raises(RepalignError, match="stays within"):
        fetch_all(make_entry("https://h/x", target))


def test_two_files_for_one_place_are_refused(server, fetch_all):
    put_betas(server, {1: 2})
    with pytest.raises(RepalignError, match=r"session01.*session02"):
        fetch_all(make_entry(BETAS, "same"), sessions={1: 2})


def test_two_retrievals_do_not_meet(server, fetch_all, tmp_path):
    (tmp_path / "raw").mkdir()
    handle = os.open(tmp_path / "raw", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(RepalignError, match="another retrieval"):
        fetch_all(make_entry("https://h/x", "x"))
    os.close(handle)


def test_who_comes_second_tidies_nothing(fetch_all, tmp_path):
    (tmp_path / "raw/.retrieval").mkdir(parents=True)
    handle = os.open(tmp_path / "raw", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(RepalignError, match="another retrieval"):
        fetch_all(make_entry("https://h/x", "x"))
    os.close(handle)
    assert (tmp_path / "raw/.retrieval").is_dir()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_a_file_system_without_locks_is_said(fetch_all, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(retrieving.fcntl, "flock", refuse)
    with pytest.raises(RepalignError, match=r"gives no lock \(") as caught:
        fetch_all(make_entry("https://h/x", "x"))
    assert "another file system" in caught.value.remedy


def test_what_blocks_later_is_not_taken_for_another_retrieval(fetch_all, monkeypatch):
    def block(*_):
        raise BlockingIOError(11, "would block")

    monkeypatch.setattr(retrieving, "_find", block)
    with pytest.raises(RepalignError, match=r"would block"):
        fetch_all(make_entry("https://h/x", "x"))


@pytest.mark.parametrize("text", ["", "x\n", "path\tsize\n1\t2\n", "\x00", None])
def test_a_damaged_record_is_refused(server, fetch_all, tmp_path, text):
    server.put("/h/x", b"first")
    (tmp_path / "raw").mkdir()
    if text is None:
        fetch_all(make_entry("https://h/x", "x"))
        text = (tmp_path / "raw/retrieved.tsv").read_text().replace("\t5\t", "\tfive\t")
    (tmp_path / "raw/retrieved.tsv").write_text(text)
    with pytest.raises(RepalignError, match="a damaged record"):
        fetch_all(make_entry("https://h/x", "x"))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_is_taken_up(server, tmp_path, how):
    content = some_bytes(4 << 20)
    served = server.put("/h/x", content, faults=[("slow", 0.02)])
    entry = make_entry("https://h/x", "x", checksum=f"md5:{md5_of(content)}")
    plan = RetrievalPlan("toy", [entry], endpoints=server.endpoints, limits=Limits(timeout=5))
    command = [sys.executable, str(ROOT / "workflow/scripts/retrieve_data.py")]
    command += ["--plan", plan.to_json(), "--output", str(tmp_path / "raw/retrieved.tsv")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    part = tmp_path / "raw/x.part"
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > 300_000) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    assert process.wait(20) == (143 if how is signal.SIGTERM else -9)
    came = part.stat().st_size
    assert 0 < came < len(content)
    assert json.loads((tmp_path / "raw/x.part.json").read_text())["validator"] == served.etag
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "raw/x").read_bytes() == content
    assert server.sent("/h/x")[-1]["Range"] == f"bytes={came}-"
