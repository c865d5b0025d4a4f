"""Proofs put in place for an authority to see, and removed afterwards, by the next process if need be."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Sequence

from hendrix.tls import hook
from hendrix.tls.hook import HookError
from hendrix.tls.order import DNS, Authorization, Challenge
from hendrix.tls.vault import Vault


class Proofs:
    """For the certificate ``name``. ``command`` is the hook for DNS, empty where there is none."""

    def __init__(
        self, vault: Vault, name: str, command: Sequence[str], spread: float, sleep: Callable[[float], None]
    ) -> None:
        self._vault = vault
        self._name = name
        self._command = command
        self._spread = spread
        self._sleep = sleep
        self._settled_at = 0.0
        self._withdrawals: list[Callable[[], None]] = []

    def present(self, authorization: Authorization, challenge: Challenge, proof: str) -> None:
        """Raises ``HookError`` or ``OSError``."""
        if challenge.kind == DNS:
            self._make_record(record_of(authorization.name), digest(proof))
        else:
            self._withdrawals.append(lambda: self._vault.withdraw(challenge.token))
            self._vault.present(challenge.token, proof.encode())

    def settle(self) -> None:
        """Before the authority is told to look: give name servers the time to tell each other."""
        self._sleep(max(0.0, self._settled_at - time.monotonic()))

    def withdraw(self) -> None:
        """All of them, whatever becomes of each."""
        while self._withdrawals:
            with contextlib.suppress(HookError, OSError):  # what is noted is tried again at the next start
                self._withdrawals.pop()()

    def _make_record(self, record: str, value: str) -> None:
        # Noted first: whatever happens from now on, somebody will remove it.
        number = self._vault.note(json.dumps([self._name, record, value]).encode())
        self._withdrawals.append(lambda: _remove(self._vault, self._command, number, record, value))
        hook.run(self._command, "present", record, value)
        self._settled_at = time.monotonic() + self._spread


def record_of(name: str) -> str:
    """The name of the TXT record (RFC 8555 section 8.4), with its root."""
    return f"_acme-challenge.{name}."


def digest(proof: str) -> str:
    """Its value."""
    return base64.urlsafe_b64encode(hashlib.sha256(proof.encode()).digest()).decode().rstrip("=")


def remove_leftovers(vault: Vault, command: Sequence[str], name: str) -> None:
    """DNS records for the certificate ``name``, of a process that could not remove them."""
    for number, data in vault.noted() if command else ():
        try:
            owner, record, value = json.loads(data)
            if owner == name:
                _remove(vault, command, number, str(record), str(value))
        except (ValueError, TypeError):
            vault.forget(number)
        except HookError:
            pass  # the next attempt tries again


def _remove(vault: Vault, command: Sequence[str], number: str, record: str, value: str) -> None:
    hook.run(command, "cleanup", record, value)
    vault.forget(number)
