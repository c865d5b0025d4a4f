"""What the supervisor, the template and the workers say to each other.

Messages are one line of JSON each over a unix stream socket; file descriptors ride along with the message that
counts them in ``fds``. The codec is pure; sending and receiving is done beside it, in ``channel`` of each room.
"""

from __future__ import annotations

import json
import signal
from dataclasses import asdict, field
from typing import Any, get_args

from hendrix.core.record import record

STACKS_SIGNAL: int = getattr(signal, "SIGRTMIN", signal.SIGUSR2) + (10 if hasattr(signal, "SIGRTMIN") else 0)
"""Has a template or worker write down what its threads do. A real-time signal: projects use the others."""

HUB = "HENDRIX_HUB"
"""In the environment of what a server runs: where its hub is, the path of a socket or the URL of a Redis server."""

SCRIPT = "_HENDRIX_SCRIPT"
"""In the environment of a server that a script has launched, as JSON: the ``arguments`` of the script, and the
``words`` that launched it."""

# --- supervisor -> template -------------------------------------------------------------------------------


@record(frozen=True)
class Configure:
    """The whole configuration, and (as descriptors) the listening sockets in the order of ``addresses``.

    ``secure`` says in the same order which of them speak HTTPS. Where any does, ``Presented`` follows.
    """

    options: dict[str, Any]
    addresses: list[str]
    fds: int
    secure: list[bool] = field(default_factory=list)
    #: Where the relay of its hub listens.
    hub: str = ""
    #: So many of the descriptors, the last ones, are the sockets of HTTP/3.
    datagrams: int = 0


@record(frozen=True)
class Spawn:
    """Fork worker number ``worker``.

    Two descriptors ride along: the worker's end of its own channel, and a file for the stacks of its threads.
    """

    worker: int
    fds: int = 2
    #: One that works on tasks, and serves nobody.
    tasks: bool = False


# --- supervisor -> template or worker ---------------------------------------------------------------------


@record(frozen=True)
class Presented:
    """Keys and certificates to use from now on, in the file whose descriptor rides along (``core.credentials``).

    A template answers by ``Credentialed``. Workers are told only what their template has taken.
    """

    fds: int = 1


# --- template -> supervisor -------------------------------------------------------------------------------


@record(frozen=True)
class SettingsLoaded:
    """The project's settings were imported. ``options`` are those that it sets for Hendrix, ``script`` those that a
    script gives which launches it."""

    settings: str
    debug: bool
    options: dict[str, Any] = field(default_factory=dict)
    script: dict[str, Any] = field(default_factory=dict)


@record(frozen=True)
class Loaded:
    """The project is imported and workers can be forked. ``seconds`` is what that took."""

    seconds: float


@record(frozen=True)
class LoadFailed:
    """The project does not load: one line, and the project's own traceback."""

    summary: str
    traceback: str = ""


@record(frozen=True)
class Credentialed:
    """What was presented is in use; or it is not, for this ``reason``. ``has_another``: what it had before stays."""

    reason: str = ""
    has_another: bool = False
    certificates: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@record(frozen=True)
class Unfit:
    """The project started these threads while it was imported, and threads do not survive a fork."""

    threads: list[str]


@record(frozen=True)
class Watch:
    """What the project is made of: a change in one of ``files``, or of a kind of code in ``roots``, matters.

    ``since``: when it began to load, in nanoseconds of Unix time. What was saved later may not be what was loaded.
    Nothing has been loaded yet where it is 0.
    """

    files: list[str]
    roots: list[str]
    since: int = 0


@record(frozen=True)
class Spawned:
    """Worker ``worker`` runs as process ``pid``."""

    worker: int
    pid: int


# --- watcher -> supervisor --------------------------------------------------------------------------------


@record(frozen=True)
class Changed:
    """These files were written, made or removed."""

    files: list[str]


# --- worker -> supervisor ---------------------------------------------------------------------------------


@record(frozen=True)
class Ready:
    """The worker listens and answers."""


@record(frozen=True)
class Draining:
    """The worker accepts nothing more: who connects from now on meets another."""


@record(frozen=True)
class Retire:
    """The worker asks to be replaced: it goes on serving until it is told to drain."""

    reason: str


@record(frozen=True)
class Vitals:
    """The worker's loop turns. Said once a second.

    ``requests`` counts since its start, and so do ``asked``, what the cache was asked for, and ``hits``, what it had;
    the others are of this moment.
    """

    requests: int
    connections: int
    threads: int
    busy: int
    queue: int
    asked: int = 0
    hits: int = 0


@record(frozen=True)
class Measured:
    """What the worker has counted since it last said this (``core.measure``): spreads of durations, by class of status
    and view as one word, and others by their name. ``levels`` are of this moment."""

    series: dict[str, list[float]]
    spreads: dict[str, list[float]]
    levels: dict[str, float]


@record(frozen=True)
class AskTurn:
    """The worker has services that run in one worker at a time: may it be this one? Answered by ``Turn``."""


@record(frozen=True)
class EndTurn:
    """The worker no longer runs them."""


@record(frozen=True)
class CacheSays:
    """The answer to the ``AskCache`` of that number; ``wrong`` among the facts says why there is none."""

    number: int
    facts: dict[str, Any]


@record(frozen=True)
class Seen:
    """The answer to the ``Look`` of that number."""

    number: int
    facts: dict[str, Any]


# --- worker or template -> supervisor ---------------------------------------------------------------------


@record(frozen=True)
class Borrow:
    """The project wants to listen at a port of its own, ``kind`` "tcp" or "udp", ``host`` an IP address.

    One descriptor rides along: a socket on which the answer goes out, either the listening socket or why not.
    """

    kind: str
    host: str
    port: int
    backlog: int = 0
    fds: int = 1


@record(frozen=True)
class GiveBack:
    """It no longer does."""

    kind: str
    host: str
    port: int


# --- the process that renews certificates -----------------------------------------------------------------


@record(frozen=True)
class Certificates:
    """To the supervisor: how they are, a row of facts for each."""

    rows: list[dict[str, Any]]


@record(frozen=True)
class Renew:
    """From the supervisor: renew these now, or all where none is named. ``Renewed`` comes for each."""

    names: list[str]


@record(frozen=True)
class Renewed:
    """To the supervisor: what was asked for is done, or is not for this reason."""

    name: str
    error: str = ""


# --- the process that tells of the server -----------------------------------------------------------------


@record(frozen=True)
class Inquire:
    """To the supervisor: somebody wants ``do`` done, as over the control socket. Answered by ``Reply``."""

    number: int
    do: str
    facts: dict[str, Any] = field(default_factory=dict)


@record(frozen=True)
class Reply:
    """From the supervisor: the end of the ``Inquire`` of that number, like a ``console.Done``."""

    number: int
    status: int
    summary: str = ""
    traceback: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


# --- supervisor -> worker ---------------------------------------------------------------------------------


@record(frozen=True)
class Drain:
    """Accept nothing more, finish what is under way within ``seconds``, then exit with status 0.

    For ``linger`` seconds an idle connection is still kept: its peer may be about to use it, and is then told that
    this was the last time. ``last``: nobody takes its place.
    """

    seconds: float
    linger: float = 0.0
    last: bool = False


@record(frozen=True)
class Leave:
    """The server is about to end: say so to who asks, and go on serving. ``Drain`` follows."""


@record(frozen=True)
class Turn:
    """Whether the services that run in one worker at a time are this one's now. If not, it may be told later."""

    yours: bool


@record(frozen=True)
class AskCache:
    """What ``hx cache`` wants of the worker's cache: ``facts`` have the ``verb``. Answered by ``CacheSays``."""

    number: int
    facts: dict[str, Any]


@record(frozen=True)
class Look:
    """What goes on in the worker at this moment? ``facts``: ``most`` requests, or ``stack`` of one with this id.
    Answered by ``Seen``."""

    number: int
    facts: dict[str, Any]


@record(frozen=True)
class ReopenLogs:
    """Log files have been moved away: open them anew."""


Message = (
    Configure
    | Spawn
    | Presented
    | Credentialed
    | SettingsLoaded
    | Loaded
    | LoadFailed
    | Unfit
    | Watch
    | Changed
    | Spawned
    | Ready
    | Draining
    | Retire
    | Vitals
    | Measured
    | AskTurn
    | EndTurn
    | Borrow
    | GiveBack
    | Certificates
    | Renew
    | Renewed
    | Inquire
    | Reply
    | AskCache
    | CacheSays
    | Look
    | Seen
    | Leave
    | Drain
    | Turn
    | ReopenLogs
)

_KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in get_args(Message)}


def encode(message: Message) -> bytes:
    """One line for the wire."""
    return json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n"


class Decoder:
    """Bytes and descriptors in, messages (each with its own descriptors) out."""

    def __init__(self) -> None:
        self._buffer = b""
        self._fds: list[int] = []

    def feed(self, data: bytes, fds: list[int]) -> list[tuple[Message, list[int]]]:
        """Take what arrived; return the messages that are complete."""
        self._fds += fds
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [self._decode(line) for line in lines]

    def _decode(self, line: bytes) -> tuple[Message, list[int]]:
        name, facts = json.loads(line)
        message = _KINDS[name](**facts)
        count = getattr(message, "fds", 0)
        fds, self._fds = self._fds[:count], self._fds[count:]
        return message, fds
