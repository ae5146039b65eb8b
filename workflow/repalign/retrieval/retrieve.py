"""Retrieving a dataset: what is there is kept, what is not is fetched, nothing is overwritten."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from pathlib import Path

from repalign.errors import RepalignError
from repalign.retrieval.arrival import Arrival
from repalign.retrieval.lock import Lock
from repalign.retrieval.network import Network, StoppedError
from repalign.retrieval.plan import WORK, RetrievalPlan, check_agreements, check_folder
from repalign.retrieval.progress import Progress, amount
from repalign.retrieval.sources import Finder, RemoteFile

log = logging.getLogger("repalign")


def retrieve(plan: RetrievalPlan, lock_path: Path) -> list[RemoteFile]:
    """Retrieve what a plan names into the folder of its record.

    Parameters
    ----------
    plan : RetrievalPlan
        What to fetch.
    lock_path : Path
        The record; its folder is the raw folder.

    Returns
    -------
    list of RemoteFile
        What was fetched, in order; or would be, if the plan only lists.

    Raises
    ------
    RepalignError
        If an agreement is missing, another file is in the way, there is no room, or files could
        not be fetched: then with all of them, after the rest has arrived.
    """
    root = lock_path.parent
    check_agreements(plan)
    check_folder(root, plan.dataset)
    stop = threading.Event()
    network = Network(plan.endpoints, plan.limits, stop)
    try:
        # A list leaves no folder behind: an empty one would count as a dataset that is there.
        with nullcontext() if plan.only_list and not root.exists() else _alone(root):
            arrival = Arrival(root, Lock(lock_path), network, is_full=plan.check == "full")
            files = _find(plan, network)
            absent = _absent(files, arrival)
            _describe(files, absent)
            if plan.only_list or not absent:
                return absent
            _check_room(absent, arrival, root)
            _fetch_all(absent, arrival, plan.limits.connections, stop)
            return absent
    except OSError as error:
        raise _of_the_disk(error) from error
    finally:
        network.close()


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep other retrievals away from the folder, also from other projects."""
    root.mkdir(parents=True, exist_ok=True)
    handle = os.open(root, os.O_RDONLY)
    try:
        _hold(handle, root)
        try:
            yield
        finally:
            # While the lock is held: what lies there may soon be another's. Archives that wait
            # to be unpacked stay for the next run.
            work = root / WORK
            if work.exists() and not any(work.iterdir()):
                work.rmdir()
    finally:
        os.close(handle)


def _hold(handle: int, root: Path) -> None:
    """Take the lock of the open folder, which ends with the process or when it is closed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RepalignError(
            "another retrieval is under way",
            where=root,
            expected="one retrieval at a time in a folder",
            remedy="Wait for it to end.",
        ) from error
    except OSError as error:
        raise RepalignError(
            f"a file system that gives no lock ({error.strerror or error})",
            where=root,
            expected="a folder that one retrieval can keep others away from",
            remedy="Retrieve into a folder on another file system, or have this one mounted with "
            "locks (flock), then run the same command again.",
        ) from error


def _find(plan: RetrievalPlan, network: Network) -> list[RemoteFile]:
    """Find the files behind all addresses, several at a time."""
    finder = Finder(network)
    by_hand = [entry for entry in plan.entries if entry.kind == "by-hand"]
    for entry in by_hand:
        log.warning(
            "%s is to be fetched by hand: %s, to %s. %s",
            entry.item, entry.source, entry.target, entry.description,
        )  # fmt: skip
    wanted = list(plan.wanted())
    pool = ThreadPoolExecutor(plan.limits.connections)
    try:
        found = pool.map(lambda one: list(finder.find(one)), wanted)
        files = [file for group in found for file in group]
    except BaseException:
        # Also a signal: requests that wait for another attempt end at once.
        network.stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    places: dict[str, RemoteFile] = {}
    for file in files:
        other = places.setdefault(file.path, file)
        if other is not file:
            raise RepalignError(
                f"{other.source} and {file.source}",
                where=file.path,
                expected="one file for a place",
                remedy="Correct the paths in the settings of the dataset, so that they differ.",
            )
    return files


def _absent(files: list[RemoteFile], arrival: Arrival) -> list[RemoteFile]:
    """Return the files that are to be fetched; all that is wrong with others is one error."""
    absent, errors = [], []
    for file in files:
        try:
            if not arrival.is_there(file):
                absent.append(file)
        except RepalignError as error:
            errors.append(error)
        except OSError as error:
            errors.append(_of_the_disk(error))
    _raise_all(errors)
    return absent


def _describe(files: list[RemoteFile], absent: list[RemoteFile]) -> None:
    """Say what is there and what is not."""
    log.info("%d files, %d of them there already", len(files), len(files) - len(absent))
    for item in dict.fromkeys(file.item for file in absent):
        group = [file for file in absent if file.item == item]
        known = sum(file.size or 0 for file in group)
        more = "" if all(file.size is not None for file in group) else " and what is not known"
        log.info("to fetch: %s, %d files, %s%s", item, len(group), amount(known), more)


def _check_room(absent: list[RemoteFile], arrival: Arrival, root: Path) -> None:
    """Refuse to start what cannot end. An archive needs room twice, at least."""
    needed = sum(
        max(0, (file.size or 0) * (1 + file.is_archive) - arrival.begun(file)) for file in absent
    )
    free = shutil.disk_usage(root).free
    if needed > free:
        raise RepalignError(
            f"{amount(free)} free",
            where=root,
            expected=f"{amount(needed)}",
            remedy="Free some space, choose another folder, or fetch fewer subjects or items "
            "(retrieval.items).",
        )


def _fetch_all(
    absent: list[RemoteFile], arrival: Arrival, connections: int, stop: threading.Event
) -> None:
    """Fetch files, several at a time. A full disk ends them all, another failure only its own."""
    sizes = [file.size for file in absent]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    progress = Progress(len(absent), total)
    errors: list[RepalignError] = []
    pool = ThreadPoolExecutor(connections)
    try:
        jobs: dict[Future[None], RemoteFile] = {
            pool.submit(arrival.fetch, file, progress.add): file for file in absent
        }
        for job in as_completed(jobs):
            try:
                job.result()
                progress.finish(jobs[job].path)
            except RepalignError as error:
                log.error("%s", error)
                errors.append(error)
            except OSError as error:
                raise _of_the_disk(error) from error
            except StoppedError:
                continue
    finally:
        # Also where a signal ends the script: running transfers end at their next piece.
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    _raise_all(errors)


def _raise_all(errors: list[RepalignError]) -> None:
    """Raise one error, or one that names several."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        listing = "".join(f"\n    {error.where}: {error.found}" for error in errors[:20])
        more = f"\n    and {len(errors) - 20} more" if len(errors) > 20 else ""
        raise RepalignError(
            f"{len(errors)} files are wrong or did not come{listing}{more}",
            where=errors[0].where,
            expected=errors[0].expected,
            remedy=f"Of the first: {errors[0].remedy}",
        )


def _of_the_disk(error: OSError) -> RepalignError:
    return RepalignError(
        f"reading or writing failed ({error.strerror or error})",
        where=error.filename or "the raw folder",
        expected="a folder on a disk with room, that can be read and written",
        remedy="Mend it, then run the same command again; what has arrived is kept.",
    )
