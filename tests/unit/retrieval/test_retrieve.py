"""A whole retrieval: what is fetched, what is kept, what is refused, what a second run does."""

import csv
import errno
import fcntl
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from repalign.errors import RepalignError
from repalign.retrieval import retrieve as retrieving
from repalign.retrieval.plan import Limits, RetrievalPlan
from repalign.retrieval.retrieve import retrieve

from .conftest import QUICK, make_entry, some_bytes
from .servers import md5_of

ROOT = Path(__file__).parents[3]
BETAS = "s3://open.data/betas/subj{subject:02d}/session{session:02d}.nii.gz"


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


def test_a_file_that_is_the_right_one_is_taken(server, fetch_all, tmp_path):
    put_betas(server, {1: 1})
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/1").write_bytes(some_bytes(10_001, seed=101))
    root = fetch_all(make_entry(BETAS, "{session}"), sessions={1: 1})
    assert not gets(server)
    assert records(root)["1"]["verified"] == "etag"


@pytest.mark.parametrize(
    "content", [b"", some_bytes(10_001, seed=5), some_bytes(10_002, seed=101)],
    ids=["empty", "same size", "longer"],
)  # fmt: skip
def test_another_file_is_never_overwritten(server, fetch_all, tmp_path, content):
    put_betas(server, {1: 2})
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/1").write_bytes(content)
    with pytest.raises(RepalignError, match="another file") as caught:
        fetch_all(make_entry(BETAS, "{session}"), sessions={1: 2})
    assert (tmp_path / "raw/1").read_bytes() == content
    assert not (tmp_path / "raw/2").exists(), "it stops before anything is fetched"
    assert "left as it is" in caught.value.remedy


def test_a_folder_in_the_place_of_a_file_is_refused(server, fetch_all, tmp_path):
    put_betas(server, {1: 1})
    (tmp_path / "raw/1").mkdir(parents=True)
    with pytest.raises(RepalignError, match="a folder"):
        fetch_all(make_entry(BETAS, "{session}"), sessions={1: 1})


def test_a_file_without_sum_is_trusted_on_first_use_alone(server, fetch_all):
    server.put("/h/x", b"first", etag=None)
    entry = make_entry("https://h/x", "x")
    root = fetch_all(entry)
    assert records(root)["x"]["verified"] == "nothing"
    (root / "x").unlink()
    server.put("/h/x", b"other", etag=None)
    with pytest.raises(RepalignError, match="as when it was first fetched"):
        fetch_all(entry)
    assert not (root / "x").exists()
    server.put("/h/x", b"first", etag=None)
    fetch_all(entry)
    assert (root / "x").read_bytes() == b"first"


def test_half_a_file_that_somebody_put_there_is_noticed(server, fetch_all, tmp_path):
    server.put("/h/x", b"whole", etag=None)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/x").write_bytes(b"who")
    with pytest.raises(RepalignError, match="3 bytes, not 5"):
        fetch_all(make_entry("https://h/x", "x"))
    assert (tmp_path / "raw/x").read_bytes() == b"who"
    (tmp_path / "raw/x").write_bytes(b"whole")
    root = fetch_all(make_entry("https://h/x", "x"))
    assert records(root)["x"]["verified"] == "size"
    assert not gets(server)


@pytest.mark.parametrize(
    "kind",
    [{"head": 403}, {"head": 405}, {"head": 404}, {"head": 501}, {"has_length": False},
     {"encoding": "gzip"}],
    ids=str,
)  # fmt: skip
def test_a_file_whose_server_does_not_say_its_size_is_taken(
    server, fetch_all, tmp_path, caplog, kind
):
    server.put("/h/x", b"whole", etag=None, **kind)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/x").write_bytes(b"anything")
    root = fetch_all(make_entry("https://h/x", "x"))
    assert records(root)["x"]["verified"] == "nothing"
    assert len(server.sent("/h/x", "HEAD")) == 1
    assert "taken as it is" in caplog.text


def test_a_file_is_not_taken_because_its_server_is_busy(server, fetch_all, tmp_path):
    server.put("/h/x", b"whole", etag=None, head=503)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/x").write_bytes(b"who")
    with pytest.raises(RepalignError, match=r"503.*4 attempts"):
        fetch_all(make_entry("https://h/x", "x"))
    assert not (tmp_path / "raw/retrieved.tsv").exists()


def test_the_size_is_asked_only_where_nothing_else_is_known(server, fetch_all, tmp_path):
    server.put("/h/x", b"whole")
    fetch_all(make_entry("https://h/x", "x"))
    fetch_all(make_entry("https://h/x", "x"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x").write_bytes(b"whole")
    fetch_all(make_entry("https://h/x", "x", checksum=f"md5:{md5_of(b'whole')}"), folder="other")
    assert not server.sent("/h/x", "HEAD")


@pytest.mark.parametrize("target", ["link", "link/x"])
@pytest.mark.parametrize("kind", ["file", "archive"])
def test_a_link_that_leads_nowhere_is_refused_at_once(server, fetch_all, tmp_path, target, kind):
    server.put("/h/x", zip_of(FILES))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/link").symlink_to(tmp_path / "unmounted")
    with pytest.raises(RepalignError, match="a link that leads nowhere") as caught:
        fetch_all(make_entry("https://h/x", target, kind))
    assert caught.value.where == str(tmp_path / "raw/link")
    assert not gets(server)


def test_a_link_to_another_disk_is_followed(server, fetch_all, tmp_path):
    server.put("/h/x", b"whole")
    for folder in ("raw", "disk"):
        (tmp_path / folder).mkdir()
    (tmp_path / "raw/link").symlink_to(tmp_path / "disk")
    fetch_all(make_entry("https://h/x", "link/x"))
    assert (tmp_path / "disk/x").read_bytes() == b"whole"


@pytest.mark.parametrize("folder", ["file", "file/raw", "link", "link/raw"])
def test_a_folder_that_cannot_be_made_is_said(fetch_all, tmp_path, folder):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "unmounted/link")
    with pytest.raises(RepalignError, match="reading or writing failed") as caught:
        fetch_all(make_entry("https://h/x", "x"), folder=folder)
    assert str(tmp_path) in str(caught.value.where)


def test_a_folder_that_cannot_be_opened_is_said(fetch_all, tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(retrieving.os, "open", refuse)
    with pytest.raises(RepalignError, match="Permission denied") as caught:
        fetch_all(make_entry("https://h/x", "x"))
    assert str(caught.value.where) == str(tmp_path / "raw")


def test_places_that_cannot_be_looked_at_are_all_named(server, fetch_all):
    entries = [make_entry(f"https://h/{name}", name * 300, item=name) for name in "xy"]
    with pytest.raises(RepalignError, match="2 files are wrong") as caught:
        fetch_all(*entries)
    assert str(caught.value).count("File name too long") == 2
    assert not gets(server)


@pytest.mark.parametrize("check", ["quick", "full"])
def test_a_file_that_changed_since_is_noticed(server, fetch_all, check):
    server.put("/h/x", b"first")
    entry = make_entry("https://h/x", "x")
    root = fetch_all(entry)
    stat = (root / "x").stat()
    (root / "x").write_bytes(b"FIRST")
    if check == "full":
        os.utime(root / "x", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(RepalignError, match="it was changed since"):
        fetch_all(entry, check=check)
    assert (root / "x").read_bytes() == b"FIRST"


def test_a_touched_file_is_read_and_kept(server, fetch_all):
    server.put("/h/x", b"first")
    entry = make_entry("https://h/x", "x")
    root = fetch_all(entry)
    os.utime(root / "x", (1, 1))
    fetch_all(entry)
    assert records(root)["x"]["modified"] == "1000000000"
    assert len(gets(server)) == 1


def test_a_corrected_register_is_applied_to_what_is_there(server, fetch_all):
    server.put("/h/x", b"first")
    fetch_all(make_entry("https://h/x", "x"))
    good = f"md5:{md5_of(b'first')}"
    fetch_all(make_entry("https://h/x", "x", checksum=good))
    with pytest.raises(RepalignError, match="before the register changed"):
        fetch_all(make_entry("https://h/x", "x", checksum="md5:" + "0" * 32))


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
    assert not (root / "1").exists()
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


# ------------------------------------------------------------------ archives


def zip_of(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


FILES = {"top/a.json": b"alpha", "top/deep/b.json": b"beta" * 1000}


def archive(**known):
    return make_entry("https://h/x.zip", "annotations", "archive", **known)


def test_an_archive_arrives_unpacked(server, fetch_all):
    content = zip_of(FILES)
    server.put("/h/x.zip", content)
    checksum = f"md5:{md5_of(content)}"
    root = fetch_all(archive(checksum=checksum, size=len(content)))
    assert (root / "annotations/a.json").read_bytes() == b"alpha"
    assert (root / "annotations/deep/b.json").read_bytes() == b"beta" * 1000
    row = records(root)["annotations/a.json"]
    assert (row["verified"], row["source"]) == ("archive", "https://h/x.zip!top/a.json")
    assert not (root / ".retrieval").exists()
    fetch_all(archive(checksum=checksum, size=len(content)))
    assert len(gets(server)) == 1


def test_files_that_the_record_does_not_know_stay(server, fetch_all, tmp_path):
    server.put("/h/x.zip", zip_of(FILES))
    (tmp_path / "raw/annotations").mkdir(parents=True)
    (tmp_path / "raw/annotations/mine").write_text("mine")
    with pytest.raises(RepalignError, match="does not know"):
        fetch_all(archive())
    assert not gets(server)


def test_a_member_that_is_gone_comes_again(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations/a.json").unlink()
    fetch_all(archive())
    assert (root / "annotations/a.json").read_bytes() == b"alpha"


def test_a_member_that_changed_is_left_and_said(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations/a.json").write_text("mine!")
    with pytest.raises(RepalignError, match="changed since"):
        fetch_all(archive())
    assert (root / "annotations/a.json").read_text() == "mine!"


def test_an_archive_that_changed_is_refused(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations/a.json").unlink()
    server.put("/h/x.zip", zip_of({**FILES, "top/a.json": b"ALPHA"}))
    with pytest.raises(RepalignError, match="as when it was first fetched"):
        fetch_all(archive())
    assert not (root / "annotations/a.json").exists()


def test_an_archive_that_lost_a_file_is_refused_and_not_fetched_again(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations/a.json").unlink()
    server.put("/h/x.zip", zip_of({"top/deep/b.json": FILES["top/deep/b.json"], "top/c": b"c"}))
    server.requests.clear()
    for _ in range(2):
        with pytest.raises(RepalignError, match=r"an archive without top/a\.json") as caught:
            fetch_all(archive())
    assert "retrieved.tsv" in caught.value.remedy
    assert len(gets(server)) == 1
    assert not (root / "annotations/c").exists()


def test_an_archive_goes_to_another_folder_if_the_settings_say_so(server, fetch_all):
    server.put("/h/x.zip", zip_of(FILES))
    root = fetch_all(archive())
    (root / "annotations").rename(root / "old")
    moved = make_entry("https://h/x.zip", "elsewhere", "archive")
    for _ in range(2):
        fetch_all(moved)
    assert (root / "elsewhere/a.json").read_bytes() == b"alpha"
    assert len(gets(server)) == 2


@pytest.mark.parametrize("moment", ["unpack", "move"])
def test_a_run_that_is_stopped_at_an_archive_is_taken_up(server, fetch_all, monkeypatch, moment):
    server.put("/h/x.zip", zip_of(FILES))
    name = {"unpack": "unpack", "move": "move_into_place"}[moment]
    real = getattr(sys.modules["repalign.retrieval.arrival"], name)
    calls = []

    def stopped(*arguments):
        calls.append(arguments)
        if moment == "unpack" or len(calls) == 2:
            raise OSError(5, "stopped")
        return real(*arguments)

    monkeypatch.setattr(f"repalign.retrieval.arrival.{name}", stopped)
    with pytest.raises(RepalignError, match="stopped"):
        fetch_all(archive())
    monkeypatch.undo()
    root = fetch_all(archive())
    assert (root / "annotations/a.json").read_bytes() == b"alpha"
    assert (root / "annotations/deep/b.json").read_bytes() == b"beta" * 1000
    assert len(gets(server)) == 1, "the archive was whole"
    assert not (root / ".retrieval").exists()
    assert all(int(row["modified"]) for row in records(root).values())


# ------------------------------------------------------------------ signals


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
