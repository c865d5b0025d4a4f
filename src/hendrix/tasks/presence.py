"""Which workers are alive: each says so in the database, and on its own host the system knows better.

The time of a sign of life is the database's: the clocks of two hosts need not agree, nor go on steadily.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models.functions import Now

PREFIX = "hx-"
#: Seconds between signs of life, and after the last one until a worker on another host counts as dead.
BEAT = 5.0
LEASE = 30.0


@dataclass(frozen=True, slots=True)
class Identity:
    """This worker."""

    id: str
    host: str
    pid: int
    born: int


def identify() -> Identity:
    """A new identity for this process."""
    pid = os.getpid()
    return Identity(PREFIX + secrets.token_hex(12), _host(), pid, _born(pid))


def appear(me: Identity, using: str) -> None:
    """From now on it may hold tasks."""
    from hendrix.tasks.models import TaskWorker  # noqa: PLC0415 - only where the app is installed

    rows = TaskWorker.objects.using(using)
    facts = {"host": me.host, "pid": me.pid, "born": me.born, "seen": Now()}
    # Two statements, not a transaction of both: SQLite refuses at once one that reads before it writes.
    if not rows.filter(id=me.id).update(**facts):
        with contextlib.suppress(IntegrityError):  # another thread of ours was faster
            rows.create(id=me.id, **facts)


def disappear(me: Identity, using: str) -> None:
    """It holds none any more."""
    from hendrix.tasks.models import TaskWorker  # noqa: PLC0415

    TaskWorker.objects.using(using).filter(id=me.id).delete()


def dead(me: Identity, holders: set[str], using: str) -> set[str]:
    """Those of ``holders``, ids of workers, that have lost what they held. Rows of the dead are removed."""
    from hendrix.tasks.models import TaskWorker  # noqa: PLC0415

    rows = TaskWorker.objects.using(using)
    known = {row.id: row for row in rows.all()}
    seen = set(rows.filter(seen__gt=Now() - timedelta(seconds=LEASE)).values_list("id", flat=True))
    gone = {name for name, row in known.items() if not (_lives(row) if row.host == me.host else name in seen)}
    lost = {holder for holder in holders if holder not in known or holder in gone}
    rows.filter(id__in=gone - holders).delete()
    return lost


def _lives(row: Any) -> bool:
    return bool(_born(row.pid) == row.born)


def _host(path: str = "/proc/sys/kernel/random/boot_id") -> str:
    """The machine since its start, and the namespace in which its pids mean something."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
        parts.append(file.read().strip())
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)[:200]


def _born(pid: int) -> int:
    """When the process began, in ticks since the machine did; 0: there is none. Where the system does not tell, 1."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0 if os.path.exists("/proc/self/stat") else _exists(pid)
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def _exists(pid: int) -> int:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return 0
    except PermissionError:
        pass
    return 1
