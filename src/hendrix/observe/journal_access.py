"""The access log in systemd's journal: each line is an entry, with the id of its request among its fields."""

from __future__ import annotations

import os
from collections.abc import Iterator

from hendrix.core.redact import public
from hendrix.observe import journal
from hendrix.observe.access import AccessLog
from hendrix.observe.entry import Entry
from hendrix.observe.escape import escaped
from hendrix.observe.journal import Journal
from hendrix.observe.journal_entry import encode
from hendrix.observe.process import process

_STANDARD_OUTPUT = 1
#: Informational, and a warning for what failed (5xx).
_USUAL, _FAILED = "6", "4"


def goes_there(path: str, log_format: str) -> bool:
    """Is standard output, where access lines go, the journal, and is the log there, too?"""
    if path != "-" or log_format not in ("auto", "journal"):
        return False
    return journal.is_journal(_STANDARD_OUTPUT, os.environ) and journal.is_there()


class JournalAccess:
    """Lines as ``log`` makes them; what the journal does not take is for ``log`` to write."""

    def __init__(self, log: AccessLog) -> None:
        self._log = log
        self._journal = Journal()

    def record(self, entry: Entry) -> None:
        """See ``AccessLog.record``."""
        if not self._journal.send(encode(_fields(self._log.line(entry), entry))):
            self._log.record(entry)

    def reopen(self) -> None:
        """There is no file."""

    def close(self) -> None:
        """See ``AccessLog.close``."""
        self._log.close()
        self._journal.close()


def _fields(line: str, entry: Entry) -> Iterator[tuple[str, str]]:
    request = entry.request
    yield "MESSAGE", line
    yield "PRIORITY", _FAILED if entry.status >= 500 else _USUAL
    yield "SYSLOG_IDENTIFIER", "hendrix"
    yield "HENDRIX_EVENT", "access"
    yield "HENDRIX_REQUEST_ID", entry.request_id
    yield "HENDRIX_PROCESS", process.name
    yield "HENDRIX_WORKER", str(process.number)
    yield "HENDRIX_REMOTE", entry.origin.client[0]
    yield "HENDRIX_REQUEST", f"{request.method} {escaped(public(request.target))}"
    yield "HENDRIX_STATUS", str(entry.status)
    yield "HENDRIX_SECONDS", f"{entry.seconds:.6f}"
