"""What is known of the certificate for one name, as it is kept in the vault. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from hendrix.core.record import record


@record(frozen=True)
class Record:
    """Moments are seconds of Unix time; 0: none.

    ``server`` is the directory of the authority that signed the certificate, empty while it is our own placeholder.
    ``planned`` is when it is to be renewed. ``window`` is the authority's advice on that (RFC 9773), asked for again
    at ``ask_at``. After ``failures`` in a row there is no new attempt before ``not_before``.
    """

    name: str
    server: str = ""
    issuer: str = ""
    issued: float = 0.0
    expires: float = 0.0
    #: How the authority knows the certificate (RFC 9773 section 4.1), where it can be told.
    identity: str = ""
    planned: float = 0.0
    window: tuple[float, float] | None = None
    ask_at: float = 0.0
    ask_failures: int = 0
    failures: int = 0
    not_before: float = 0.0
    error: str = ""
    error_at: float = 0.0

    @property
    def lifetime(self) -> float:
        """Seconds between its begin and its end."""
        return self.expires - self.issued

    def without_certificate(self) -> Record:
        """Only what went wrong is still true."""
        failures, not_before = self.failures, self.not_before
        return Record(self.name, failures=failures, not_before=not_before, error=self.error, error_at=self.error_at)


def dump(record: Record) -> bytes:
    """As the file has it."""
    return json.dumps(asdict(record), indent=1).encode() + b"\n"


def load(name: str, data: bytes) -> Record:
    """The reverse. What cannot be understood is as if nothing were known: a new certificate is asked for then."""
    try:
        told = json.loads(data)
        return _record(name, told) if isinstance(told, dict) else Record(name)
    except (ValueError, TypeError, RecursionError):
        return Record(name)


_KINDS: dict[str, type] = {"str": str, "float": float, "int": int}


def _record(name: str, told: dict[str, Any]) -> Record:
    known = {field.name: field.type for field in fields(Record)} | {"window": ""}
    facts: dict[str, Any] = {key: _fact(known[key], value) for key, value in told.items() if known.get(key)}
    window = told.get("window")
    if window is not None:
        start, end = window
        facts["window"] = (float(start), float(end))
    return Record(**{**facts, "name": name})


def _fact(kind: object, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a fact of the wrong type")
    return _KINDS[str(kind)](value)
