"""Telling a service manager how we are: sd_notify(3), without its library."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, MutableMapping

_MICRO = 1_000_000
_MOST_UNSAID = 16
_AGAIN = 0.1  # seconds until what there was no room for is tried again
_LONGEST = 512  # of a status, in characters: it is one line in a list
# By name and not by prefix: a project may well have a LISTEN_HOST of its own.
_FOR_US_ONLY = (
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_PID",
    "LISTEN_PIDFDID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
)


class Notifier:
    """Says each change of our state. Does nothing where nobody listens; never blocks and never raises.

    ``beat_every`` is how often ``beat`` is due, in seconds: half of what the service manager's watchdog allows.
    ``None`` where it does not watch this process.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.beat_every = _beat_every(environ) if self._address else None
        self._next_beat = 0.0
        #: What the service manager had no room for yet. It would wait for it for ever.
        self._unsaid: list[bytes] = []
        self._again_at = 0.0

    def deadline(self) -> float | None:
        """When ``look`` matters next, on the monotonic clock; 0: as soon as may be."""
        if self._unsaid:
            return self._again_at
        return self._next_beat if self.beat_every else None

    def look(self, now: float) -> None:
        """Time has passed."""
        if self._unsaid and now >= self._again_at:
            self._again_at = now + _AGAIN
            self._say_the_rest()
        if self.beat_every and now >= self._next_beat:
            self._next_beat = now + self.beat_every
            self.beat()

    def ready(self, text: str) -> None:
        """We serve: after the start, and after each reload whether it worked or not."""
        self._send("READY=1", f"MAINPID={os.getpid()}", _status(text))

    def reloading(self, now_monotonic: float) -> None:
        """A reload begins now, in seconds of CLOCK_MONOTONIC. ``ready`` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={int(now_monotonic * _MICRO)}")

    def stopping(self, seconds: float) -> None:
        """We are about to end, and are not to be killed for ``seconds``, whatever the unit says."""
        self._send("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int(seconds * _MICRO)}")

    def say(self, text: str) -> None:
        """One line for people about what we do."""
        self._pass(_encoded(_status(text)))

    def beat(self) -> None:
        """We are alive."""
        self._pass(_encoded("WATCHDOG=1"))

    def _send(self, *lines: str) -> None:
        """Of a change: it is said, in its turn, if the service manager is there at all."""
        if self._address:
            self._unsaid = [*self._unsaid, _encoded(*lines)][-_MOST_UNSAID:]
            self._say_the_rest()

    def _say_the_rest(self) -> None:
        while self._unsaid and self._pass(self._unsaid[0]):
            del self._unsaid[0]

    def _pass(self, message: bytes) -> bool:
        """False where there is no room for it now."""
        if not self._address:
            return True
        try:
            # A socket for each message: none is left for the children to inherit, and a new listener is found.
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto(message, self._address)
        except BlockingIOError:
            return False
        except (OSError, ValueError):
            pass  # nobody is there
        return True


def strip(environ: MutableMapping[str, str]) -> None:
    """Remove what was said to us alone, for the environment of children: they must not speak in our name."""
    for name in _FOR_US_ONLY:
        environ.pop(name, None)


def _address(told: str) -> str:
    """A path, or an abstract name, which is written with @ and begins with NUL. Others (vsock:) are not ours."""
    if told.startswith("@"):
        return "\0" + told[1:]
    return told if told.startswith("/") else ""


def _beat_every(environ: Mapping[str, str]) -> float | None:
    allowed = environ.get("WATCHDOG_USEC", "")
    ours = environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
    if not (ours and allowed.isascii() and allowed.isdigit() and int(allowed)):
        return None
    return int(allowed) / _MICRO / 2


def _encoded(*lines: str) -> bytes:
    return "\n".join(lines).encode(errors="replace")


def _status(text: str) -> str:
    line = " ".join(text.split())  # a line end would begin another field
    return f"STATUS={line[:_LONGEST]}"
