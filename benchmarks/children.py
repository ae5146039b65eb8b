"""Run commands as child processes and measure each: time, processor time and peak memory.

A child's peak memory, as the kernel counts it, starts at that of the process that started it.
So the measuring process must stay small: whatever needs memory in a benchmark runs `apart`.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

Result = TypeVar("Result")

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Usage:
    """What one child used.

    Attributes
    ----------
    wall, cpu : float
        Seconds that passed, and seconds of all processors in user and kernel mode.
    peak_mib : float
        Largest resident set, mapped file pages included: what a memory limit counts.
    own_mib : float
        Largest part of it that the child allocated itself (sampled every 20 ms).
    read : float
        Bytes that came from the disk rather than from the system's cache.
    """

    wall: float
    cpu: float
    peak_mib: float
    own_mib: float
    read: float


def script(name: str, **options: object) -> list[str]:
    """Return the command of a script of the workflow; options are given as in Python."""
    command = [sys.executable, str(SCRIPTS / f"{name}.py")]
    for option, value in options.items():
        command += [f"--{option.replace('_', '-')}", str(value)]
    return command


def measure(command: Sequence[str | Path], threads: int = 1) -> Usage:
    """Run a command to its end and measure it; raise if it fails, with what it said."""
    # One thread a library unless the command sets its own limits: scripts do so with --threads.
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    limits = dict.fromkeys(names, str(threads))
    start = time.perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | limits
    )
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(child.stderr.read()))
    own_kib = [0]
    sampler = threading.Thread(target=_sample, args=(child.pid, own_kib))
    reader.start()
    sampler.start()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    reader.join()
    sampler.join()
    child.stderr.close()
    if child.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{said[0].decode()}")
    return Usage(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / 1024,
        own_mib=own_kib[0] / 1024,
        read=512.0 * usage.ru_inblock,
    )


def _sample(pid: int, largest: list[int]) -> None:
    """Follow the anonymous memory of a process until it ends."""
    try:
        while True:
            for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
                if line.startswith("RssAnon"):
                    largest[0] = max(largest[0], int(line.split()[1]))
                    break
            else:
                return  # A zombie has no memory.
            time.sleep(SAMPLE_SECONDS)
    except (FileNotFoundError, ProcessLookupError):
        return


def middle(usages: Iterable[Usage]) -> Usage:
    """Return the medians of several runs; of memory, the most."""
    runs = list(usages)
    return Usage(
        median(run.wall for run in runs),
        median(run.cpu for run in runs),
        max(run.peak_mib for run in runs),
        max(run.own_mib for run in runs),
        median(run.read for run in runs),
    )


def apart(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function of a module in a process of its own, which takes its memory with it."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(function, *arguments).result()


def gemm_gflops(side: int = 2048, repeats: int = 5) -> float:
    """Rate of a large square float32 product on one thread, in GFLOP/s; call it `apart`."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    a, b = np.random.default_rng(0).standard_normal((2, side, side)).astype(np.float32)
    times = []
    with threadpool_limits(1):
        for _ in range(repeats):
            start = time.perf_counter()
            a @ b
            times.append(time.perf_counter() - start)
    return 2e-9 * side**3 / median(times)


def folder_bytes(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def forget(folder: Path) -> None:
    """Drop the files of a folder from the system's cache, so that they are read from the disk."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a markdown table; all but its first column are aligned to the right."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def machine() -> str:
    """Describe the machine and the load on it, without naming it."""
    model = platform_model()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB; load of the last minute "
        f"{os.getloadavg()[0]:.1f}"
    )


def platform_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"
