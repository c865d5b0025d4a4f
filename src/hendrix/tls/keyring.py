"""All that a server proves itself with: which context answers which client."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hendrix.core.credentials import Credentials
from hendrix.tls import context, hello, tickets
from hendrix.tls.certificate import Certificate
from hendrix.tls.context import Manner
from hendrix.tls.pairs import Pair, pairs, warnings

_MOST_CONTEXTS = 4096
#: Is answered as those are that name nothing.
_OLD = "http/1.0"


class Keyring:
    """Certificates by name, each with a context for every ticket secret that is still accepted.

    Made in the template, so that workers share its memory; ``take`` renews it in each of them.
    """

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self.certificates: list[Certificate] = []
        self._groups: list[list[Pair]] = []
        self._by_name: dict[str, int] = {}
        self._client_ca = ""
        self._secrets: list[bytes] = []
        #: (certificates, secret) -> context. Those of older secrets are made when they are asked for.
        self._contexts: dict[tuple[int, int], ssl.SSLContext] = {}

    def take(self, credentials: Credentials, now: float | None = None) -> None:
        """Use these from now on; connections keep what they have. Raises ``CertificateError``, and nothing changes."""
        moment = time.time() if now is None else now
        found = pairs(credentials, moment)
        groups = _grouped(found)
        secrets = [tickets.bound(bytes.fromhex(text), self._demands(credentials)) for text in credentials.tickets]
        secrets = secrets or self._secrets
        fresh = Keyring(self._manner)
        fresh._groups, fresh._client_ca, fresh._secrets = groups, credentials.client_ca, secrets
        for number in range(len(groups)):
            fresh._context(number, 0)
        self.certificates = [pair.certificate for pair in found]
        self._by_name = _names(groups)
        self._groups, self._client_ca = groups, credentials.client_ca
        self._secrets, self._contexts = secrets, fresh._contexts

    def _demands(self, credentials: Credentials) -> str:
        """What is asked of clients, and who may vouch for them."""
        asked = self._manner.client_cert
        return f"{asked}\n{credentials.client_ca}" if asked else ""

    def choose(self, message: bytes) -> ssl.SSLContext:
        """The context for the client that said ``message`` (see ``hello.whole``)."""
        number = self._find(hello.server_name(message)) if len(self._groups) > 1 else 0
        for age, secret in enumerate(self._secrets[1:], 1):
            # The name of the secret stands in clear in each ticket. Sixteen random bytes are nowhere else by chance.
            if secret[: tickets.NAME] in message:
                return self._context(number, age)
        return self._context(number, 0)

    def speaks(self, message: bytes) -> bool:
        """Is anything spoken here that the client wants to speak, or does it not say (RFC 7301 section 3.2)?"""
        offered = hello.protocols(message)
        return not offered or _OLD in offered or not set(self._manner.alpn).isdisjoint(offered)

    def pairs_for(self, message: bytes) -> list[Pair]:
        """What the client that said ``message`` may be shown, one for each kind of key (see ``choose``)."""
        return self._groups[self._find(hello.server_name(message)) if len(self._groups) > 1 and message else 0]

    @property
    def secret(self) -> bytes:
        """What all workers of the server know, and nobody else; empty where there is no such thing."""
        return self._secrets[0] if self._secrets else b""

    def _find(self, name: str) -> int:
        by_name = self._by_name
        found = by_name.get(name)
        if found is None:
            found = by_name.get(f"*.{name.partition('.')[2]}", 0)
        return found

    def _context(self, number: int, age: int) -> ssl.SSLContext:
        found = self._contexts.get((number, age))
        if found is None:
            found = context.build(self._manner, self._groups[number], self._client_ca)
            if self._secrets:
                tickets.share(found, self._secrets[age])
            if len(self._contexts) < _MOST_CONTEXTS:
                self._contexts[number, age] = found
        return found

    def warnings(self, now: float) -> list[str]:
        """What should be done about the certificates before long."""
        return warnings(self.certificates, now)

    def facts(self) -> list[dict[str, Any]]:
        """The certificates as JSON can carry them."""
        return [asdict(one) for one in self.certificates]


def _grouped(found: Sequence[Pair]) -> list[list[Pair]]:
    """Those for the same names are one to their clients: the kind of the key is agreed upon."""
    groups: dict[frozenset[str], list[Pair]] = {}
    for pair in found:
        groups.setdefault(frozenset(pair.certificate.names), []).append(pair)
    return list(groups.values())


def _names(groups: Sequence[Sequence[Pair]]) -> dict[str, int]:
    """The first one that names a host serves it, and the first of all whoever asks for none of them."""
    found: dict[str, int] = {}
    for number, group in enumerate(groups):
        for name in group[0].certificate.names:
            found.setdefault(name, number)
    return found
