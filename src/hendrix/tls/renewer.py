"""The process that renews certificates: it decides what is due, sends errands, and tells how things are.

It has the standard library only, and waits. What an errand needs besides is in the memory of the errand's process. It
never holds up anybody who serves: workers have a certificate of some kind all the time, and get another one when the
file changes.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from hendrix.core.control import Certificates, Decoder, Renew, Renewed, ReopenLogs, encode
from hendrix.core.events import DEBUG, INFO, WARNING, emit
from hendrix.tls import renewal
from hendrix.tls.errand import Outcome, Terms
from hendrix.tls.messenger import Messenger
from hendrix.tls.record import Record
from hendrix.tls.renewal import AskAdvice, Obtain, Wait
from hendrix.tls.vault import Vault

AT_ONCE = 4
"""Errands at the same time."""
LOOK_AGAIN = (0.5, 10.0)
"""Seconds between looks whether a certificate that another process cares for is ours by now: soon, as the process
before us in the same server may just be about to end, then seldom."""
LONGEST_SLEEP = 300.0
"""Clocks are set, and machines sleep: planned is by the wall clock."""
AFTER_TROUBLE = 60.0
"""Seconds until the vault is tried again, where it could not be used."""
_CHUNK = 1 << 16


class Renewer:
    """Until ``channel`` (blocking) ends."""

    def __init__(
        self,
        channel: socket.socket,
        vault: Vault,
        names: Sequence[str],
        terms: Terms,
        reopen_logs: Callable[[], None] = lambda: None,
    ) -> None:
        self._channel, self._vault, self._terms = channel, vault, terms
        self._reopen_logs = reopen_logs
        self._decoder = Decoder()
        self._records = {name: Record(name) for name in names}
        self._locks: dict[str, int] = {}
        self._busy: dict[str, Messenger] = {}
        self._forced: set[str] = set()
        self._told: list[dict[str, Any]] = []
        self._look_at = 0.0
        self._look_again = LOOK_AGAIN[0]

    def run(self) -> None:
        """Raises nothing: who is in trouble tries again later."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while True:
                until = self._round()
                if not self._wait(until):
                    break
        self._end()

    def _round(self) -> float:
        """Do what is due. Returns when there is more to do (Unix time)."""
        now = time.time()
        try:
            until = self._do(now)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            emit("certificates.trouble", WARNING, path=error.filename or self._vault.path, reason=reason)
            until = now + AFTER_TROUBLE
        self._tell(now)
        return until

    def _do(self, now: float) -> float:
        self._take(now)
        moments = [self._care_for(name, now) for name in self._locks if name not in self._busy]
        if len(self._locks) < len(self._records):
            moments.append(self._look_at)
        return min(moments, default=now + LONGEST_SLEEP)

    def _take(self, now: float) -> None:
        """Care for what nobody else on this machine does; see what others have made of the rest."""
        if now < self._look_at:
            return
        self._look_at = now + self._look_again
        self._look_again = min(self._look_again * 2, LOOK_AGAIN[1])
        for name in self._records:
            if name not in self._locks:
                self._records[name] = self._vault.record(name)
                if (lock := self._vault.lock(name)) is not None:
                    self._locks[name] = lock
                    self._records[name] = self._vault.record(name)  # as the one before has left it

    def _care_for(self, name: str, now: float) -> float:
        decision = renewal.decide(self._records[name], self._terms.server, now)
        if isinstance(decision, Wait):
            return decision.until
        if len(self._busy) < AT_ONCE:
            self._send("obtain" if isinstance(decision, Obtain) else "advise", name, decision)
        return now + LONGEST_SLEEP  # the end of an errand wakes us

    def _send(self, what: str, name: str, decision: Obtain | AskAdvice) -> None:
        why = decision.why if isinstance(decision, Obtain) else "when to renew it"
        emit(f"certificate.{what}", INFO if what == "obtain" else DEBUG, name=name, why=why, server=self._terms.server)
        try:
            self._busy[name] = Messenger(what, self._vault.path, self._records[name], self._terms, self._locks[name])
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self._home(name, what, Outcome(f"no process can be started to ask for it: {reason}"))

    # --- waiting ------------------------------------------------------------------------------------------

    def _wait(self, until: float) -> bool:
        """Until something happens. False at the end of the channel."""
        deadlines = [until, *(messenger.deadline for messenger in self._busy.values())]
        patience = max(0.0, min(min(deadlines) - time.time(), LONGEST_SLEEP))
        wakers: list[socket.socket | Messenger] = [self._channel, *self._busy.values()]
        woken = select.select(wakers, [], [], patience)[0]
        for name, messenger in list(self._busy.items()):
            if (outcome := messenger.look(messenger in woken, time.time())) is not None:
                del self._busy[name]
                self._home(name, messenger.what, outcome)
        return self._channel not in woken or self._hear()

    def _hear(self) -> bool:
        data = self._channel.recv(_CHUNK)
        for message, _ in self._decoder.feed(data, []):
            if isinstance(message, Renew):
                self._force(message.names)
            elif isinstance(message, ReopenLogs):
                self._reopen_logs()
        return bool(data)

    def _force(self, names: Sequence[str]) -> None:
        for name in names or list(self._records):
            if name not in self._records:
                self._channel.sendall(encode(Renewed(name, "this server has no certificate of that name")))
            elif name not in self._locks:
                self._channel.sendall(
                    encode(Renewed(name, "another server on this machine cares for it; ask that one"))
                )
            else:
                self._records[name] = renewal.forced(self._records[name])
                self._forced.add(name)

    # --- what came of it ----------------------------------------------------------------------------------

    def _home(self, name: str, what: str, outcome: Outcome) -> None:
        now = time.time()
        forced = name in self._forced and what == "obtain"
        self._records[name] = known = self._after(self._records[name], what, outcome, now)
        if outcome.agreed:
            emit("certificate.terms", INFO, server=self._terms.server, agreed_to=outcome.agreed)
        if what == "obtain":
            _report(known, outcome, now)
        with contextlib.suppress(OSError):  # told when the vault is used next
            self._vault.write_record(known)
        if forced:
            self._forced.discard(name)
            self._channel.sendall(encode(Renewed(name, outcome.error)))

    def _after(self, known: Record, what: str, outcome: Outcome, now: float) -> Record:
        if what == "advise":
            if outcome.error:
                return renewal.not_advised(known, now)
            return renewal.advised(known, outcome.window, outcome.retry_after, now, random.random)
        if outcome.facts is None:
            return renewal.failed(known, outcome.error, outcome.retry_after, now, random.random)
        return renewal.obtained(self._vault.record(known.name), random.random)

    # --- telling ------------------------------------------------------------------------------------------

    def _tell(self, now: float) -> None:
        rows = [self._row(known, now) for known in self._records.values()]
        if rows != self._told:
            self._told = rows
            self._channel.sendall(encode(Certificates(rows)))

    def _row(self, known: Record, now: float) -> dict[str, Any]:
        return {
            **described(known, self._terms.server, now),
            "ours": known.name in self._locks,
            "busy": known.name in self._busy and self._busy[known.name].what == "obtain",
        }

    def _end(self) -> None:
        """Errands remove what they have put in place, and end by themselves."""
        for messenger in self._busy.values():
            messenger.call_back()
        deadline = time.time() + 1.0
        while time.time() < deadline and not all(messenger.gone() for messenger in self._busy.values()):
            time.sleep(0.01)
        for lock in self._locks.values():
            os.close(lock)


def described(known: Record, server: str, now: float) -> dict[str, Any]:
    """What people are told of a certificate."""
    state = "placeholder" if not known.server else "expired" if now >= known.expires else "valid"
    return {
        "name": known.name,
        "state": state,
        "issuer": known.issuer,
        "issued": known.issued,
        "expires": known.expires,
        "next_renewal": renewal.next_renewal(known, server),
        "failures": known.failures,
        "error": known.error,
        "error_at": known.error_at,
    }


def _report(known: Record, outcome: Outcome, now: float) -> None:
    if outcome.facts:
        days = round((known.expires - now) / 86400, 1)
        emit("certificate.obtained", INFO, name=known.name, issuer=known.issuer, days=days)
    else:
        again_in = round(known.not_before - now)
        emit("certificate.failed", WARNING, name=known.name, reason=known.error, again_in=again_in)
