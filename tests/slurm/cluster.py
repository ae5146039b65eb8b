"""A Slurm of one node on this machine: up in a second or two, and taken down whatever happens.

Its daemons keep everything in a folder of their own, but the configuration lies at Slurm's own
place: the executor takes Slurm's variables from the environment of jobs, so a configuration that
is named there would be lost. A configuration that is not ours is never touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PLACE = Path("/etc/slurm")
FILES = (PLACE / "slurm.conf", PLACE / "cgroup.conf")
MARK = "# The one-node cluster of the tests of repalign; may be deleted."
PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged")
CONTROLLER_PORT, NODE_PORT = 26817, 26818
CPUS, MEMORY_MB = 32, 131072
"""More than the machine has: jobs that are held keep none of the others waiting."""

SLURM = """\
{mark}
ClusterName=repalign
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
ReturnToService=2
MinJobAge={min_job_age}
SlurmdTimeout=20
KillWait=2
InactiveLimit=0
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
CGROUP = """\
{mark}
CgroupPlugin=cgroup/v1
CgroupAutomount=no
ConstrainCores=no
ConstrainRAMSpace=no
ConstrainSwapSpace=no
ConstrainDevices=no
"""


class SlurmError(RuntimeError):
    """The cluster cannot be brought up; the message says what to do."""


def run(*words: str, check: bool = True, timeout: float = 300) -> str:
    """Run a command and return what it printed."""
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if check and done.returncode:
        raise SlurmError(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SlurmError(f"after {seconds} s not yet: {what}")
        time.sleep(0.1)


def die_with_the_tests() -> None:
    """Have the system end a daemon when the process that started it ends, however it ends."""
    PR_SET_PDEATHSIG = 1  # noqa: N806
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def install() -> None:
    """Install Slurm from the packages of Debian or Ubuntu where it is not there."""
    if all(map(shutil.which, PROGRAMS)):
        return
    if shutil.which("apt-get") is None:
        raise SlurmError(f"install {', '.join(PACKAGES)} of your system, then run this again")
    lock = ("-o", "DPkg::Lock::Timeout=300")
    run("apt-get", *lock, "-qq", "update")
    # Packages would start the daemons where there is a systemd.
    run("apt-get", *lock, "-qq", "-y", "--no-install-recommends", "install", *PACKAGES)


def refuse_to_do_harm() -> None:
    """Stop where there is a cluster already, or no right to make one."""
    if os.geteuid() != 0:
        raise SlurmError(
            "Slurm's daemons need root: run `make test-slurm` as root, in a container"
        )
    for path in FILES:
        if path.exists() and not path.read_text(encoding="utf-8").startswith(MARK):
            raise SlurmError(
                f"{path} belongs to a cluster, and these tests would replace it: "
                "run them in a container"
            )
    for port in (CONTROLLER_PORT, NODE_PORT):
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise SlurmError(f"port {port} is in use: {error}") from None


@dataclass
class Cluster:
    """The daemons of a one-node cluster."""

    folder: Path
    min_job_age: int = 3600
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def configure(self) -> None:
        """Write the configuration."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        text = SLURM.format(
            mark=MARK,
            host=socket.gethostname().partition(".")[0],
            controller_port=CONTROLLER_PORT,
            node_port=NODE_PORT,
            folder=self.folder,
            min_job_age=self.min_job_age,
            cpus=CPUS,
            memory_mb=MEMORY_MB,
        )
        PLACE.mkdir(exist_ok=True)
        for path, content in zip(FILES, (text, CGROUP.format(mark=MARK)), strict=True):
            path.write_text(content, encoding="utf-8")

    def start(self) -> None:
        """Start all daemons and wait until the node takes jobs."""
        (self.folder / "munge.key").write_bytes(os.urandom(128))
        (self.folder / "munge.key").chmod(0o400)
        places = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
        words = [f"--{option}={self.folder}/munge.{end}" for option, end in places.items()]
        seed = f"--seed-file={self.folder}/munge.seed"
        self.start_daemon("munged", "--foreground", "--force", *words, seed)
        wait_until((self.folder / "munge.socket").exists, "munged listens")
        self.start_daemon("slurmctld", "-D", "-c")
        self.start_daemon("slurmd", "-D")
        wait_until(self.is_idle, "the node takes jobs")

    def start_daemon(self, name: str, *words: str) -> None:
        """Start one daemon in the foreground of a process group of its own."""
        with (self.folder / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                [shutil.which(name) or name, *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=die_with_the_tests,
            )

    def is_idle(self) -> bool:
        """Say whether the node waits for jobs."""
        for name, process in self.daemons.items():
            if process.poll() is not None:
                raise SlurmError(f"{name} ended with {process.returncode}\n{self.logs()}")
        return self.state() == "idle"

    def state(self) -> str:
        """Return the state of the node as Slurm calls it."""
        return run("sinfo", "-h", "-o", "%t", check=False, timeout=30).strip()

    def kill_daemon(self, name: str) -> None:
        """Kill one daemon, without a chance to clean up."""
        process = self.daemons.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all jobs and daemons, and delete the configuration."""
        if "slurmctld" in self.daemons:
            with contextlib.suppress(subprocess.TimeoutExpired):
                run("scancel", "--full", "--user=root", check=False, timeout=10)
                run("scancel", "--signal=KILL", "--full", "--user=root", check=False, timeout=10)
        for name in ("slurmd", "slurmctld", "munged"):
            process = self.daemons.pop(name, None)
            if process is not None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        for path in FILES:
            path.unlink(missing_ok=True)

    def logs(self) -> str:
        """Return the ends of the daemons' logs."""
        texts = []
        for path in sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")]):
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            texts.append("\n".join([f"--- {path.name}", *lines[-20:]]))
        return "\n".join(texts)


@contextlib.contextmanager
def one_node_slurm(min_job_age: int = 3600) -> Iterator[Cluster]:
    """Bring up a cluster, and take it down again."""
    refuse_to_do_harm()
    install()
    folder = Path(tempfile.mkdtemp(prefix="repalign-slurm-", dir="/var/tmp"))
    cluster = Cluster(folder, min_job_age)
    # Tests that are ended from outside, in the background of a shell even, clean up as well.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        cluster.configure()
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
