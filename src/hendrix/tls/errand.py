"""One errand to the authority, told and brought home: what is wanted, and what came of it. Pure.

``issuance`` does it, in a process of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from hendrix.core.record import record


@record(frozen=True)
class Terms:
    """Who signs, and how. ``hook`` are the words of the DNS command, ``spread`` the seconds that its records take
    to spread.

    ``binding`` is the id and the key of an account that the authority knows from elsewhere.
    """

    server: str
    email: str = ""
    key: str = "ecdsa"
    ca_file: str = ""
    hook: tuple[str, ...] = ()
    spread: float = 0.0
    binding: tuple[str, str] | None = None


@record(frozen=True)
class Facts:
    """What a certificate says. Moments are Unix time; ``identity`` as in RFC 9773 section 4.1, or empty."""

    issuer: str
    issued: float
    expires: float
    identity: str


@record(frozen=True)
class Outcome:
    """``facts`` of a new certificate, a ``window`` for its renewal, or an ``error``: one line for a person.

    ``retry_after``: seconds that the authority wants us to wait; 0: it does not say. ``agreed`` is where the terms of
    service are, that were agreed to just now.
    """

    error: str = ""
    retry_after: float = 0.0
    facts: Facts | None = None
    window: tuple[float, float] | None = None
    agreed: str = ""


def dump(outcome: Outcome) -> bytes:
    """For the way home."""
    return json.dumps(asdict(outcome)).encode()


def load(data: bytes) -> Outcome:
    """The reverse. Raises ``ValueError``, ``KeyError`` or ``TypeError`` where the errand broke off."""
    told: dict[str, Any] = json.loads(data)
    facts = Facts(**told["facts"]) if told["facts"] else None
    window = (told["window"][0], told["window"][1]) if told["window"] else None
    return Outcome(told["error"], told["retry_after"], facts, window, told["agreed"])
