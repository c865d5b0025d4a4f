"""What the supervisor is given to call, since it knows no other room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from hendrix.core.config import Config
from hendrix.core.record import record
from hendrix.supervisor.admin import RunAdmin
from hendrix.supervisor.process import Template, Work
from hendrix.supervisor.relay import RunRelay

Renewer = Callable[[Config], Work]
"""Called with the rights of the parent process, for what only it may read; what it returns runs without them."""


@record(frozen=True)
class Rooms:
    """``template`` runs in a forked process, imports the project and forks workers. ``reopen_logs`` opens this
    process's log anew. ``announce`` is told where we listen once that all is ready. ``passwords`` of keys are those
    that somebody typed. ``relay`` runs in another process, and so does ``admin``, which tells of the server;
    ``renewer`` makes that which renews certificates.
    """

    template: Template
    reopen_logs: Callable[[], None]
    announce: Callable[[str], None] = lambda urls: None
    passwords: tuple[str, ...] = field(default=(), repr=False)
    relay: RunRelay | None = None
    renewer: Renewer | None = None
    admin: RunAdmin | None = None
