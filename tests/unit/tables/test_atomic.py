"""Nothing half-written is ever seen under the final name."""

import errno
import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file, atomic_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_file_appears_whole_with_shared_permissions(tmp_path):
    path = tmp_path / "new" / "table.csv"
    with atomic_file(path) as temporary:
        assert temporary.suffix == ".csv"
        temporary.write_text("a")
        assert not path.exists()
    assert path.read_text() == "a"
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert names(path.parent) == ["table.csv"]


def test_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_folder_replaces_as_a_whole(tmp_path):
    path = tmp_path / "responses"
    path.mkdir()
    (path / "stale.npy").touch()
    with atomic_folder(path) as temporary:
        (temporary / "fresh.npy").touch()
    assert names(path) == ["fresh.npy"]
    with pytest.raises(RuntimeError), atomic_folder(path) as temporary:
        (temporary / "half.npy").touch()
        raise RuntimeError
    assert names(path) == ["fresh.npy"]
    assert names(tmp_path) == ["responses"]


def test_a_folder_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """After a power cut its record must not stand beside files that are short."""
    path, synced = tmp_path / "responses", []

    def fsync(handle: int) -> None:
        assert not path.exists()
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())

    monkeypatch.setattr(os, "fsync", fsync)
    with atomic_folder(path) as temporary:
        (temporary / "inner").mkdir()
        (temporary / "a.npy").touch()
        (temporary / "inner/b.npy").touch()
        (temporary / "gone").symlink_to("nowhere")
    names = [file.relative_to(temporary).as_posix() for file in synced]
    assert sorted(names) == [".", "a.npy", "inner", "inner/b.npy"]
    assert names.index("inner/b.npy") < names.index("inner") < names.index(".")
    assert (path / "gone").is_symlink()


def test_the_umask_is_never_set_while_files_are_made(tmp_path, monkeypatch):
    """It belongs to all threads: another one's file would be open to everybody."""

    def umask(_: int) -> int:
        raise AssertionError("the umask is set")

    mask = _umask()
    monkeypatch.setattr(os, "umask", umask)
    with atomic_file(tmp_path / "x.csv") as temporary:
        temporary.write_text("a")
    with atomic_folder(tmp_path / "folder"):
        pass
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o777 & ~mask


@pytest.mark.parametrize("kind", [atomic_file, atomic_folder])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, kind):
    with (
        pytest.raises(RepalignError, match="no space left") as caught,
        kind(tmp_path / "out") as temporary,
    ):
        if kind is atomic_folder:
            (temporary / "x").touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(tmp_path / "out") in str(caught.value)
    assert names(tmp_path) == []


def test_a_file_size_limit_is_said(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with (
            pytest.raises(RepalignError, match="file-size limit"),
            atomic_file(tmp_path / "out") as temporary,
        ):
            temporary.write_bytes(bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    blocker = tmp_path / "file"
    blocker.touch()
    with pytest.raises((RepalignError, OSError)), atomic_file(blocker / "out"):
        pass


def test_an_unwritable_folder_is_said(tmp_path):
    # root may write anywhere, so the check runs as another user where this one is root.
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    code = textwrap.dedent(
        f"""
        import os
        from repalign.tables.atomic import atomic_file
        from repalign.errors import RepalignError
        if os.geteuid() == 0:
            os.setegid(65534); os.seteuid(65534)
        try:
            with atomic_file({str(folder / "out")!r}) as temporary:
                temporary.write_text("x")
        except RepalignError as error:
            print(error)
        """
    )
    for parent in [tmp_path, *tmp_path.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o111)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "not writable" in done.stdout
    assert "remedy" in done.stdout


def test_an_unreadable_input_is_not_blamed_on_the_output(tmp_path):
    source = tmp_path / "raw" / "betas.nii.gz"
    with (
        pytest.raises(RepalignError, match=r"betas\.nii\.gz\n  found:    no access"),
        atomic_file(tmp_path / "results" / "out.npy"),
    ):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source))


def test_a_killed_writer_leaves_only_a_temporary_name(tmp_path):
    code = textwrap.dedent(
        f"""
        import os, signal
        from repalign.tables.atomic import atomic_file
        with atomic_file({str(tmp_path / "out.npy")!r}) as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "out.npy").exists()
    assert all(name.startswith(".writing-") for name in names(tmp_path))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
