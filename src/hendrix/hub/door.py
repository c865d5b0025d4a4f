"""What a project calls: ``hendrix.publish`` and its kin, from wherever it is.

In a thread, a command or a shell a call waits for the relay itself. On a loop there is a hub (``local``) for all that
listens there. Where no server of the project runs, the process is its own hub.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, Protocol

from hendrix.core.events import ERROR, emit
from hendrix.hub import place
from hendrix.hub.alone import Alone
from hendrix.hub.bus import Bus, Outgoing
from hendrix.hub.caller import Caller
from hendrix.hub.history import Keep, check_keep
from hendrix.hub.link import Link
from hendrix.hub.local import Hub
from hendrix.hub.message import LARGEST_PAYLOAD, HubError, Id, Message, check_topic, read_id
from hendrix.hub.presence import LARGEST_ABOUT, LONGEST_MEMBER
from hendrix.hub.subscription import DROP_OLDEST, MOST_QUEUED, Subscription

_LOOK_AGAIN = 2.0
"""Seconds between looks for a server, where there was none."""


class Waiting(Protocol):
    """The hub, for code that waits for it."""

    def publish(self, topic: str, payload: bytes, *, binary: bool = False, keep: Keep | None = None) -> Id:
        """See ``publish``."""

    def last(self, topic: str, count: int) -> list[Message]:
        """See ``history``."""

    def members(self, topic: str) -> dict[str, Any]:
        """See ``present``."""

    def call(self, kind: int, request: bytes) -> bytes:
        """Ask a service that all share (``services``). It may be asked twice. Raises ``HubError``."""


class _Process:
    """What this process has of the hub."""

    def __init__(self, parent: _Process | None = None) -> None:
        self.pid = os.getpid()
        #: Of the process that this one was forked of. Held: its loops and connections are not to be ended from here.
        self.parent = parent
        self.alone = Alone()
        self.waiting: dict[str, Waiting] = {}
        self.hubs: dict[asyncio.AbstractEventLoop, Hub] = {}
        #: What ends with a loop.
        self.ends: dict[asyncio.AbstractEventLoop, AsyncGenerator[None]] = {}
        self.lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None


_process = _Process()


def _here() -> _Process:
    global _process
    if _process.pid != os.getpid():
        _process = _Process(_process)  # forked: nothing of our parent's is ours
    return _process


def forget() -> None:
    """Begin anew, as in a new process: for tests."""
    global _process
    for loop, hub in list(_process.hubs.items()):
        if not loop.is_closed():
            hub.close()
    _process = _Process()


# --- publishing -------------------------------------------------------------------------------------------


def publish(topic: str | Iterable[str], payload: Any, *, keep: Keep | None = None) -> str:
    """Publish ``payload`` (bytes, or anything that becomes JSON) under a topic, or several.

    Returns its id once it is known for good, whatever happens to the process that delivers it; with several topics the
    last one's. On an event loop it does not wait: it returns nothing, the message is on its way in the order of the
    calls, and a failure is logged; ``apublish`` waits there. ``keep`` says how much of the topic is kept, from this
    message on, other than ``--hub-history`` does. Raises ``HubError``, ``TypeError`` for what JSON cannot hold.
    """
    return send(outgoing(topic, payload, keep))


def send(messages: list[Outgoing]) -> str:
    """As ``publish``, of what is ready."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        line = waiting()
        return [str(line.publish(one.topic, one.payload, binary=one.binary, keep=one.keep)) for one in messages][-1]
    hub = hub_of(loop)
    for one in messages:
        hub.publish(one.topic, one.payload, binary=one.binary, keep=one.keep).add_done_callback(_report)
    return ""


async def apublish(topic: str | Iterable[str], payload: Any, *, keep: Keep | None = None) -> str:
    """As ``publish``, on an event loop."""
    hub = hub_of(asyncio.get_running_loop())
    sent = [
        hub.publish(one.topic, one.payload, binary=one.binary, keep=keep) for one in outgoing(topic, payload, keep)
    ]
    return str((await asyncio.gather(*sent))[-1])


def outgoing(topic: str | Iterable[str], payload: Any, keep: Keep | None = None) -> list[Outgoing]:
    """What is to be published, ready. Raises ``BadTopic``, ``HubError``, ``TypeError``, ``ValueError``."""
    topics = [topic] if isinstance(topic, str) else list(topic)
    if not topics:
        raise HubError("there is no topic to publish under")
    binary = isinstance(payload, bytes | bytearray | memoryview)
    data = bytes(payload) if binary else to_json(payload)
    if len(data) > LARGEST_PAYLOAD:
        raise HubError(f"a message of {len(data)} bytes; the most is {LARGEST_PAYLOAD}")
    kept = None if keep is None else check_keep(keep)
    return [Outgoing(check_topic(one), data, binary, kept) for one in topics]


def to_json(value: Any) -> bytes:
    """JSON, with dates and the like as Django spells them where it is there. Raises ``TypeError``, ``ValueError``."""
    encoder = None
    if "django" in sys.modules:
        from django.core.serializers.json import DjangoJSONEncoder  # noqa: PLC0415 - only where it is used

        encoder = DjangoJSONEncoder
    options: dict[str, Any] = {"cls": encoder, "separators": (",", ":"), "allow_nan": False}
    try:
        return json.dumps(value, ensure_ascii=False, **options).encode()
    except UnicodeEncodeError:
        # Half of a character, which JSON can say: from a client, most likely.
        return json.dumps(value, **options).encode()


def _report(future: asyncio.Future[Id]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        emit("hub.not_published", ERROR, reason=str(error))


# --- hearing ----------------------------------------------------------------------------------------------


def subscribe(
    *topics: str,
    since: str | Id | None = None,
    limit: int = MOST_QUEUED,
    on_full: str = DROP_OLDEST,
    gaps: bool = False,
) -> Subscription:
    """An async iterator of the messages under ``topics``, from now on or after the id ``since``.

    See ``Subscription``. Call it on an event loop.
    """
    hub = hub_of(asyncio.get_running_loop())
    return Subscription(hub, topics, since, limit=limit, on_full=on_full, gaps=gaps)


def on_message(topic: str, callback: Callable[[Message], None], since: str | Id | None = None) -> Callable[[], None]:
    """Have ``callback(message)`` called for each message, on the event loop; returns what ends that.

    Where no loop runs there is a thread with one, in which the callbacks are called. Returns once it hears.
    """
    position = read_id(since) if isinstance(since, str) else since
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return _in_thread(topic, callback, position)
    hub = hub_of(loop)
    ear = hub.listen(topic, callback, since=position)
    return lambda: hub.ignore(ear)


def _in_thread(topic: str, callback: Callable[[Message], None], since: Id | None) -> Callable[[], None]:
    loop = _loop()

    async def begin() -> Callable[[], None]:
        hub = hub_of(loop)
        started: asyncio.Future[None] = loop.create_future()

        def on_start(found: Id | Exception) -> None:
            if isinstance(found, Exception):
                started.set_exception(found)
            else:
                started.set_result(None)

        ear = hub.listen(topic, callback, on_start=on_start, since=since)
        await started
        return lambda: hub.ignore(ear)

    end = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    return lambda: _post(loop, end)


def _post(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # it is closed
        loop.call_soon_threadsafe(call)


def history(topic: str, count: int = 100) -> list[Message]:
    """The last messages under ``topic``, oldest first, as far as they are kept. Not on an event loop."""
    return waiting().last(check_topic(topic), count)


async def ahistory(topic: str, count: int = 100) -> list[Message]:
    """As ``history``, on an event loop."""
    return await hub_of(asyncio.get_running_loop()).last(topic, count)


# --- presence ---------------------------------------------------------------------------------------------


def present(topic: str) -> dict[str, Any]:
    """Who is there: names, and what is told of each. Not on an event loop."""
    return waiting().members(check_topic(topic))


async def apresent(topic: str) -> dict[str, Any]:
    """As ``present``, on an event loop."""
    return await hub_of(asyncio.get_running_loop()).members(topic)


def check_member(member: str, about: Any) -> None:
    """Raises ``HubError`` for what is too long, ``TypeError`` for what JSON cannot hold."""
    if not isinstance(member, str) or not 0 < len(member) <= LONGEST_MEMBER:
        raise HubError(f"the name of a member has 1 to {LONGEST_MEMBER} characters")
    if len(to_json(about)) > LARGEST_ABOUT - 64:
        raise HubError(f"what is told of a member has more than {LARGEST_ABOUT - 64} bytes")


# --- where ------------------------------------------------------------------------------------------------


def hub_of(loop: asyncio.AbstractEventLoop) -> Hub:
    """The hub of a loop."""
    here = _here()
    hub = here.hubs.get(loop)
    if hub is None:
        for closed in [one for one in list(here.hubs) if one.is_closed()]:
            here.hubs.pop(closed, None)
            here.ends.pop(closed, None)
        hub = here.hubs[loop] = Hub(loop, _connect)
        if asyncio._get_running_loop() is loop:
            here.ends[loop] = _begin(_end_with(loop, hub))
    return hub


async def _end_with(loop: asyncio.AbstractEventLoop, hub: Hub) -> AsyncGenerator[None]:
    """To be begun on the loop. Loops that only live for a call (``asyncio.run``, ``async_to_sync``) close their
    asynchronous generators in the end: what was published is then waited for, and the connection closed."""
    try:
        yield
    finally:
        await hub.settle()
        if _here().hubs.get(loop) is hub:
            leave(loop)
        await asyncio.sleep(0)  # in which the transport closes


def _begin(generator: AsyncGenerator[None]) -> AsyncGenerator[None]:
    """Until its ``yield``, before which it waits for nothing."""
    with contextlib.suppress(StopIteration):
        generator.__anext__().__await__().send(None)
    return generator


def leave(loop: asyncio.AbstractEventLoop) -> None:
    """The loop is about to end."""
    here = _here()
    hub = here.hubs.pop(loop, None)
    here.ends.pop(loop, None)
    if hub is not None:
        hub.close()


def _connect(hub: Hub) -> Bus:
    where = place.here()
    if not where:
        if place.may_come():
            hub.loop.call_later(_LOOK_AGAIN, _look_again, hub)
        return _here().alone.bus(hub, hub.loop)
    return Link(where, hub, hub.loop)


def _look_again(hub: Hub) -> None:
    """A command that listens may have been started before the server."""
    if _here().hubs.get(hub.loop) is not hub:
        return  # it was closed
    try:
        where = place.here()
    except HubError:
        where = ""  # there are several: it is not clear which
    if where:
        hub.move(Link(where, hub, hub.loop))
    else:
        hub.loop.call_later(_LOOK_AGAIN, _look_again, hub)


def has_hub(loop: asyncio.AbstractEventLoop) -> bool:
    """Is there a hub of that loop already? One that only lives for a moment had better go on without."""
    return loop in _here().hubs


def waiting() -> Waiting:
    """The hub, for a thread that may wait. Raises ``HubError``."""
    here, where = _here(), place.here()
    if not where:
        return here.alone
    with here.lock:
        found = here.waiting.get(where)
        if found is None:
            found = here.waiting[where] = _caller(where)
        return found


def _caller(where: str) -> Waiting:
    return Caller(where)


def _loop() -> asyncio.AbstractEventLoop:
    """One in a thread of its own, for callbacks where there is none."""
    here = _here()
    with here.lock:
        if here.loop is None:
            here.loop = asyncio.new_event_loop()
            threading.Thread(target=here.loop.run_forever, name="hendrix hub", daemon=True).start()
        return here.loop
