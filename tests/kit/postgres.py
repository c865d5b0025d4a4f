"""A PostgreSQL server for tests: on a unix socket, in a directory of its own, as an unprivileged user."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.kit.live import until

_FIND = Path(__file__).parents[2] / "scripts" / "find-postgres"
#: Faster, and nothing is to outlive the test.
_HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


class Unavailable(Exception):
    """There is no PostgreSQL here, with the reason."""


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The directory of its socket; user and database are ``postgres``. Raises ``Unavailable``."""
    binaries = _binaries()
    home = tempfile.mkdtemp(prefix="pg-")
    user = _user()
    if user is not None:
        os.chown(home, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    try:
        with _running(binaries, home, user):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _binaries() -> Path:
    found = subprocess.run([_FIND], capture_output=True, text=True)
    if found.returncode:
        raise Unavailable(found.stderr.strip().splitlines()[-1])
    return Path(found.stdout.strip())


def _user() -> str | None:
    """PostgreSQL refuses to be run by root."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@contextlib.contextmanager
def _running(binaries: Path, home: str, user: str | None) -> Iterator[None]:
    data = f"{home}/data"
    made = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
    ]
    done = subprocess.run(made, user=user, cwd=home, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"initdb: {done.stderr.strip()}")
    options = [
        word for option in (*_HASTY, "listen_addresses=", f"unix_socket_directories={home}") for word in ("-c", option)
    ]
    with Path(home, "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options], user=user, cwd=home, stdout=log, stderr=log
        )
    try:
        until(lambda: b"ready to accept" in Path(home, "log").read_bytes(), "PostgreSQL to be ready")
        yield
    finally:
        server.terminate()
        server.wait()
