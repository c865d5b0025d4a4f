"""A child process that is pinned to one core, and all its descendants: started, watched, ended.

Every child leads its own session, so that Ctrl-C reaches only the bench, which then ends each tree it
started, by the ids it has seen, and no other process.
"""

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import cpu
from bench.load import Reading
from bench.places import LOGS
from bench.progress import BenchError

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Cores:
    """Which core the servers run on and which one the load generator and the bench itself use."""

    server: int
    load: int


def choose_cores() -> Cores:
    """The first two usable cores; the bench itself moves to the one of the load generator."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise BenchError("two cores are needed: one for the servers, one for the load generator")
    os.sched_setaffinity(0, {usable[0]})
    return Cores(server=usable[1], load=usable[0])


def raise_file_limit(wanted: int = 65536) -> None:
    """As many open files as `wanted`, or as the hard limit allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def parents() -> dict[int, tuple[int, int]]:
    """(parent, session) of every process on the machine, by pid."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()
                if fields[0] != "Z":
                    found[int(name)] = (int(fields[1]), int(fields[3]))
    return found


def descendants(root: int, table: Mapping[int, tuple[int, int]]) -> set[int]:
    """`root`, its children's children, and what is left of its session when a middle process is gone."""
    tree = {root} if root in table else set()
    tree |= {pid for pid, (_, session) in table.items() if session == root}
    while True:
        more = {pid for pid, (parent, _) in table.items() if parent in tree} - tree
        if not more:
            return tree
        tree |= more


def _started(pid: int) -> str:
    """Start time of a process, so that a recycled pid is not taken for it; empty when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


class Child:
    """One program that the bench started, with everything that the program started."""

    def __init__(
        self, name: str, command: Sequence[str], core: int, env: Mapping[str, str], cwd: Path, *, piped: bool
    ) -> None:
        def pin() -> None:
            os.sched_setaffinity(0, {core})
            raise_file_limit()
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

        LOGS.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = LOGS / f"{name}.log"
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                list(command),
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=pin,  # noqa: PLW1509 - the bench has one thread
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else log,
                stderr=log,
                text=True,
            )
        self._seen: dict[int, str] = {}
        self._read = b""

    def line(self, patience: float) -> str:
        """The next line that a piped program prints. It must come within so many seconds."""
        assert self.popen.stdout
        source, deadline = self.popen.stdout.fileno(), time.monotonic() + patience
        while b"\n" not in self._read:
            if not select.select([source], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise BenchError(f"{self.name} said nothing for {patience:.0f} s")
            data = os.read(source, 65536)
            if not data:
                raise BenchError(f"{self.name} ended: {self.last_line()}")
            self._read += data
        found, _, self._read = self._read.partition(b"\n")
        return found.decode()

    def pids(self) -> set[int]:
        """The living processes of the tree."""
        tree = descendants(self.popen.pid, parents())
        self._seen |= {pid: started for pid in tree if (started := _started(pid))}
        return tree

    def reading(self) -> Reading:
        """CPU by process, now. Known processes are read at once, those that are new right after."""
        at, known = time.monotonic(), cpu.read(self._seen)
        return Reading(at, cpu.read(self.pids() - set(known)) | known)

    def settle(self, limit: float = 5.0) -> None:
        """Wait until the tree is idle (under 2 % of a core): it must take nothing from the next load."""
        pids, deadline = self.pids(), time.monotonic() + limit
        before = cpu.read(pids)
        while time.monotonic() < deadline:
            time.sleep(0.05)
            after = cpu.read(pids)
            if cpu.spent(before, after) < 1_000_000:
                return
            before = after

    def last_line(self) -> str:
        """The last line of the program's log: usually the reason why it ended."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "it wrote nothing"

    def stop(self, grace: float = 4.0) -> None:
        """End the tree: TERM to its leader, KILL for whatever of it is left after `grace` seconds."""
        self.pids()
        if self.popen.poll() is None:
            self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(grace)
        self.pids()
        for pid, started in self._seen.items():
            if _started(pid) == started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


class Nursery:
    """Every child that is up. Leaving it, in whatever way, ends them all."""

    def __init__(self, cores: Cores) -> None:
        self.cores = cores
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        self._runtime = tempfile.TemporaryDirectory(prefix="bench-")
        return self

    @property
    def runtime(self) -> Path:
        """Where servers keep their pid files and control sockets."""
        return Path(self._runtime.name)

    def start(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        core: int | None = None,
        piped: bool = False,
    ) -> Child:
        """Start a program on the server's core (or on `core`); `piped`: to talk over its stdin/stdout."""
        own = dict(env) | {"XDG_RUNTIME_DIR": self._runtime.name}
        child = Child(name, command, self.cores.server if core is None else core, own, cwd, piped=piped)
        self._children.append(child)
        return child

    def stop(self, child: Child) -> None:
        """End one child before the others."""
        child.stop()
        self._children.remove(child)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._children):
            if child.popen.poll() is None:
                child.pids()
                child.popen.terminate()
        for child in reversed(self._children):
            child.stop()
        self._children.clear()
        self._runtime.cleanup()
