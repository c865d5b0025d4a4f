"""The process of one errand, seen from the one that has sent it.

What it needs to know goes to its standard input, as arguments can be seen by every user of the machine. It is given
the lock of its certificate: whoever ends first, nobody else asks for the same certificate before both have ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

from hendrix.tls import errand
from hendrix.tls.errand import Outcome, Terms
from hendrix.tls.record import Record

PATIENCE = 900.0
"""Seconds for an errand, whatever it waits for."""
_GRACE = 10.0
"""Seconds to tidy up after it was called back."""
_MOST = 1 << 16


class Messenger:
    """A file that can be waited for; its ``deadline`` is Unix time. Raises ``OSError`` where it cannot be sent."""

    def __init__(self, what: str, vault: str, record: Record, terms: Terms, lock: int) -> None:
        self.what = what
        self.deadline = time.time() + PATIENCE
        self._said = b""
        self._called_back = False
        wish = {"what": what, "vault": vault, "record": asdict(record), "terms": asdict(terms)}
        self._process = _start(json.dumps(wish).encode(), lock)

    def fileno(self) -> int:
        """Readable when it has something to say."""
        assert self._process.stdout
        return self._process.stdout.fileno()

    def look(self, readable: bool, now: float) -> Outcome | None:
        """What came of it; ``None`` while it is away."""
        if readable and not self._listen():
            return self._outcome(self._process.wait())
        if now >= self.deadline:
            self._hurry(now)
        return None

    def call_back(self) -> None:
        """It shall tidy up, and end."""
        if self._process.poll() is None:
            self._process.terminate()

    def gone(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def _listen(self) -> bool:
        data = os.read(self.fileno(), _MOST)
        self._said = (self._said + data)[:_MOST]
        return bool(data)

    def _hurry(self, now: float) -> None:
        self._process.send_signal(signal.SIGKILL if self._called_back else signal.SIGTERM)
        self._called_back, self.deadline = True, now + _GRACE

    def _outcome(self, status: int) -> Outcome:
        assert self._process.stdout
        self._process.stdout.close()
        try:
            return errand.load(self._said)
        except (ValueError, KeyError, TypeError):
            if self._called_back:
                return Outcome(f"it took more than {PATIENCE:g} s")
            return Outcome(f"its process ended with status {status}; the log may say more")


def _start(wish: bytes, lock: int) -> subprocess.Popen[bytes]:
    # -P: a package of the project's that is called acme is not the one that is wanted.
    command = [sys.executable, "-P", "-m", "hendrix.tls.issuance"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(lock,))
    assert process.stdin
    try:
        process.stdin.write(wish)  # less than a pipe holds
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has ended, and will be found so
    return process
