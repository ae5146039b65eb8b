"""Write to a temporary name in the same folder, then rename: no half file is ever seen."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repalign.errors import RepalignError

_MENDABLE = {
    errno.ENOSPC: ("no space left on the disk", "enough free space", "Free some space"),
    errno.EDQUOT: ("the disk quota is used up", "enough quota", "Free some space"),
    errno.EFBIG: ("the file-size limit is reached", "a larger limit", "Raise `ulimit -f`"),
    errno.EACCES: ("the folder is not writable", "write permission", "Change its permissions"),
    errno.EPERM: ("writing is not permitted", "write permission", "Change its permissions"),
    errno.EROFS: ("the file system is read-only", "a writable one", "Choose another folder"),
}


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


_UMASK = _umask()
"""Read once: while it is set, files of other threads would be open to all."""


def _explain(error: OSError, path: Path) -> RepalignError | None:
    """Turn an operating-system error that a user can mend into one that says how."""
    if error.errno not in _MENDABLE:
        return None
    named = Path(os.fsdecode(error.filename)).absolute() if error.filename else path.absolute()
    output = path.absolute()
    if output.parent not in named.parents and named not in (output, *output.parents):
        # Not about the output: another file that the block opened.
        return RepalignError(
            f"no access to it ({error.strerror})",
            where=named,
            expected=f"access, to make {path.name}",
            remedy="Change its permissions, then run the same command again.",
        )
    found, expected, remedy = _MENDABLE[error.errno]
    return RepalignError(
        f"{found} ({error.strerror})",
        where=path,
        expected=expected,
        remedy=f"{remedy}, then run the same command again; nothing half-written was left.",
    )


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` if the block ends well.

    Parameters
    ----------
    path : str or Path
        The file to make. Its folder is created.

    Yields
    ------
    Path
        Where to write. It keeps the suffixes of `path`, so that libraries that choose a format
        by suffix choose the same.

    Raises
    ------
    RepalignError
        If the disk is full or the folder cannot be written.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=".writing-", suffix="-" + path.name, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        # mkstemp makes private files; results are shared like any other file.
        temporary.chmod(0o666 & ~_UMASK)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        mendable = _explain(error, path)
        if mendable is None:
            raise
        raise mendable from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; rename it to `path` if the block ends well.

    An existing folder at `path` is replaced as a whole.

    Parameters
    ----------
    path : str or Path
        The folder to make.

    Yields
    ------
    Path
        The folder to write into.

    Raises
    ------
    RepalignError
        If the disk is full or the folder cannot be written.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(
            tempfile.mkdtemp(prefix=".writing-", suffix="-" + path.name, dir=path.parent)
        )
        temporary.chmod(0o777 & ~_UMASK)
        yield temporary
        settle(temporary)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    except OSError as error:
        mendable = _explain(error, path)
        if mendable is None:
            raise
        raise mendable from error
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary)


def settle(folder: Path) -> None:
    """Wait until all files below a folder, and their names, are on the disk.

    Without it, a power cut could leave the record of a folder, or its final name, and files that
    are short.

    Parameters
    ----------
    folder : Path
        A folder. Links in it are not followed.
    """
    for parent, _, names in os.walk(folder, topdown=False):
        for path in [*(Path(parent, name) for name in names), Path(parent)]:
            if not path.is_symlink():
                _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
