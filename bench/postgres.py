"""A PostgreSQL server of the bench's own, with its defaults: what it has confirmed is on the disk."""

import grp
import os
import pwd
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.places import ROOT, server_environment
from bench.process import Child, Nursery
from bench.progress import BenchError


@contextmanager
def postgres(nursery: Nursery) -> Iterator[tuple[Child, Path]]:
    """The server, on the load generator's core, and the directory of its socket. User and database: `postgres`."""
    found = subprocess.run([ROOT / "scripts" / "find-postgres"], capture_output=True, text=True, check=False)
    if found.returncode:
        raise BenchError((found.stderr.strip().splitlines() or ["there is no PostgreSQL"])[-1])
    programs = Path(found.stdout.strip())
    # Its user must reach it: below the bench's own directory it could not.
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as folder:
        home, become = Path(folder), _become(Path(folder))
        words = ("-D", f"{home}/data", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        made = subprocess.run(
            [*become, programs / "initdb", *words], cwd=home, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise BenchError(f"initdb: {(made.stderr.strip().splitlines() or ['?'])[-1]}")
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={home}"]
        command = [*become, str(programs / "postgres"), "-D", f"{home}/data", *options]
        child = nursery.start("postgres", command, server_environment(), home, core=nursery.cores.load)
        try:
            _await(child)
            yield child, home
        finally:
            nursery.stop(child)


def _become(home: Path) -> list[str]:
    """What runs a program as somebody else: PostgreSQL refuses to be run by root."""
    if os.geteuid():
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(home, user.pw_uid, user.pw_gid)
    return [
        "setpriv",
        f"--reuid={user.pw_name}",
        f"--regid={grp.getgrgid(user.pw_gid).gr_name}",
        "--clear-groups",
    ]


def _await(child: Child) -> None:
    deadline = time.monotonic() + 30
    while "ready to accept" not in child.log.read_text(errors="replace"):
        if child.popen.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"PostgreSQL does not come up: {child.last_line()}")
        time.sleep(0.05)
