"""Keeps what the server proves itself with: reads it anew when its files change, and hands it to those who use it.

Nothing here understands a certificate. Whatever is read is offered to a template, which takes or refuses it; only what
was taken goes to the workers, and stays in use when something else is refused later.
"""

from __future__ import annotations

import os
import secrets
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from hendrix.core.config import Config
from hendrix.core.control import Credentialed, Presented
from hendrix.core.credentials import Credentials, decode, encode
from hendrix.core.errors import UsageError
from hendrix.core.events import INFO, WARNING, emit
from hendrix.supervisor import material
from hendrix.supervisor.crew import Crew, Member
from hendrix.supervisor.material import Stamp

LOOK = 2.0
"""Seconds between looks at the files. What changed must stay as it is for as long, as there are two of each pair."""
_SECRET = 80  # bytes, of a secret of session tickets
_SECRETS = 2
_FRESH = 12 * 3600.0
"""Seconds for which tickets are made with one secret. They are accepted as long again."""


class Keeper:
    """Of several offers under way each is answered in its turn, and the last that was taken counts."""

    def __init__(self, passwords: Sequence[str], crew: Crew) -> None:
        self._passwords = list(passwords)
        self._crew = crew
        #: What a template has taken, and what each was offered and has not answered yet, oldest first.
        self._good: Credentials | None = None
        self._offered: defaultdict[int, deque[Credentials]] = defaultdict(deque)
        self._tickets: list[str] = []
        self._renew_at = 0.0
        self._config: Config | None = None
        self._known: Stamp = ()
        self._changed: Stamp | None = None
        self._look_at = 0.0
        self._bequest: int | None = None
        #: What is served, as the last template understood it.
        self.certificates: list[dict[str, Any]] = []

    def offer(self, generation: int, config: Config, now: float) -> None:
        """To a template that has its options: what it shall serve with. Raises ``UsageError`` at the first start."""
        if not config.secure:
            return
        self._config = config
        self._known, self._changed, self._look_at = material.stamp(config), None, now + LOOK
        try:
            found = material.read(config, self._passwords)
        except UsageError as error:
            if self._good is None:
                raise
            self._kept(str(error))
            found = self._good
        self._renew_tickets(now)
        self._offered.pop(generation, None)  # what a predecessor of this template did not live to answer
        self._send(generation, found)

    def answered(self, generation: int, answer: Credentialed, current: int) -> None:
        """A template has taken what it was offered, or not. Raises ``UsageError`` where there is nothing else."""
        if not self._offered[generation]:
            return
        offered = self._offered[generation].popleft()
        if answer.reason:
            if self._good is None:
                raise UsageError(answer.reason)
            self._kept(answer.reason)
            if not answer.has_another:
                self._send(generation, self._good)
            return
        renewed = self._good is not None and offered.certificates != self._good.certificates
        self._good, self.certificates = offered, answer.certificates
        for text in answer.warnings:
            emit("certificate.expires", WARNING, reason=text)
        if renewed:
            emit("certificate.renewed", INFO, names=_names(answer.certificates))
        if generation != current:
            # Whatever becomes of the code that this template loads, those who serve meanwhile get it, too.
            self._send(current, offered)
        else:
            self._present(offered, self._crew.workers.values())

    def tick(self, generation: int, now: float) -> None:
        """Look whether files have changed, or tickets are due for a new secret."""
        if self._config is None or self._good is None or now < self._look_at:
            return
        self._look_at = now + LOOK
        if self._renew_tickets(now):
            self._send(generation, self._good)
        found = material.stamp(self._config)
        if found == self._known:
            self._changed = None
        elif found == self._changed:
            self._known, self._changed = found, None
            self._read_again(generation)
        else:
            self._changed = found

    def look(self, generation: int) -> None:
        """Somebody says that files have been replaced, each of them whole. Where an offer is under way, ``tick`` will
        see them."""
        if self._config is not None and self._good is not None and not self._offered[generation]:
            self._known, self._changed = material.stamp(self._config), None
            self._read_again(generation)

    def deadline(self) -> float | None:
        """When ``tick`` matters next."""
        return None if self._good is None else self._look_at

    def _read_again(self, generation: int) -> None:
        assert self._config is not None
        try:
            self._send(generation, material.read(self._config, self._passwords))
        except UsageError as error:
            self._kept(str(error))

    def _kept(self, reason: str) -> None:
        emit("certificate.refused", WARNING, reason=reason, advice="the certificates from before stay in use")

    def _renew_tickets(self, now: float) -> bool:
        if self._tickets and now < self._renew_at:
            return False
        self._tickets = [secrets.token_hex(_SECRET), *self._tickets][:_SECRETS]
        self._renew_at = now + _FRESH
        return True

    def _send(self, generation: int, found: Credentials) -> None:
        offered = replace(found, tickets=list(self._tickets))
        if member := self._crew.templates.get(generation):
            self._offered[generation].append(offered)
            self._present(offered, [member])

    def _present(self, found: Credentials, members: Iterable[Member]) -> None:
        fd = nameless(encode(found))
        try:
            for member in members:
                self._crew.send(member, Presented(), (fd,))
        finally:
            os.close(fd)

    # --- for a successor in this process --------------------------------------------------------------------

    def bequeath(self) -> dict[str, Any] | None:
        """All of it, in a file without a name."""
        if self._good is None:
            return None
        passwords = list(dict.fromkeys([*self._passwords, *self._good.passwords]))
        known = replace(self._good, tickets=self._tickets, passwords=passwords)
        if self._bequest is not None:
            os.close(self._bequest)  # of a time when it came to nothing
        self._bequest = nameless(encode(known))
        return {"fds": [self._bequest]}

    def inherit(self, row: dict[str, Any] | None, config: Config, now: float) -> None:
        """The reverse of ``bequeath``."""
        if not row:
            return
        with os.fdopen(row["fds"][0], "rb") as file:
            file.seek(0)
            self._good = decode(file.read())
        self._tickets, self._passwords = self._good.tickets, self._good.passwords
        self._config, self._known = config, material.stamp(config)
        self._renew_at, self._look_at = now + _FRESH, now + LOOK


def nameless(data: bytes) -> int:
    """A file that no directory has, in memory where the system can do that."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("hendrix", os.MFD_CLOEXEC)
    else:
        import tempfile  # noqa: PLC0415 - only where there is no memfd

        fd, path = tempfile.mkstemp()
        os.unlink(path)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
    return fd


def _names(certificates: Sequence[dict[str, Any]]) -> str:
    return ", ".join(name for one in certificates[:8] for name in one["names"][:8])
