"""Topics as an async iterator, with a queue of its own: who is slow makes nobody wait, and loses what does not fit."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import TracebackType

from hendrix.hub.local import Ear, Hub
from hendrix.hub.message import NOTHING, HubError, Id, Message, check_topic, read_id

MOST_QUEUED = 1000
MOST_QUEUED_BYTES = 4 << 20
DROP_OLDEST, CLOSE = "drop-oldest", "close"


class TooSlow(HubError):
    """A subscription with the policy ``close`` could not hold what came."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Here messages are missing that were published: their id was asked for too late, or the queue was full.

    ``id`` is up to where.
    """

    topic: str
    id: Id


class _Told:
    """Who is told what comes: the hub does not hold those whom nobody holds any more."""

    __slots__ = ("of", "waits")

    def __init__(self, subscription: Subscription) -> None:
        self.of = weakref.ref(subscription)
        self.waits: Subscription | None = None


def _tell(told: _Told, method: Callable[..., None], *what: object) -> None:
    subscription = told.of()
    if subscription is not None:
        method(subscription, *what)


def _ignore(hub: Hub, ears: list[Ear]) -> None:
    for ear in ears:
        hub.ignore(ear)


def _place(one: Message | Gap) -> tuple[bool, Id]:
    """In the queue of one that begins: what is missing is so before all that is there."""
    return isinstance(one, Message), one.id


class Subscription:
    """``async for message in subscription``. Leaving it (``aclose``, ``async with``) ends it.

    ``since`` is the id of the last message that was seen. ``on_full`` says what becomes of a queue of more than
    ``limit`` messages: ``drop-oldest``, or ``close``, which raises ``TooSlow``. With ``gaps`` a ``Gap`` is given where
    something is missing.
    """

    def __init__(
        self,
        hub: Hub,
        topics: tuple[str, ...],
        since: str | Id | None = None,
        *,
        limit: int = MOST_QUEUED,
        on_full: str = DROP_OLDEST,
        gaps: bool = False,
    ) -> None:
        if on_full not in (DROP_OLDEST, CLOSE):
            raise ValueError(f"on_full is {on_full!r}; it can be {DROP_OLDEST!r} or {CLOSE!r}")
        if not topics:
            raise ValueError("a subscription needs a topic")
        self.topics = tuple(dict.fromkeys(check_topic(topic) for topic in topics))
        #: From where on it hears, once it has begun.
        self.position = NOTHING
        #: How many messages did not fit into the queue.
        self.dropped = 0
        self._hub = hub
        self._limit, self._on_full, self._gaps = limit, on_full, gaps
        self._since = read_id(since) if isinstance(since, str) else since
        self._queue: deque[Message | Gap] = deque()
        self._bytes = 0
        self._ears: list[Ear] = []
        self._told = _Told(self)
        self._unstarted = len(self.topics)
        self._ready: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._fault: Exception | None = None
        self._over = False

    async def start(self) -> Subscription:
        """Return once it hears: what is published from now on is not missed. Raises ``HubError``."""
        if not self._ears and not self._over:
            self._ready = self._hub.loop.create_future()
            for topic in self.topics:
                self._listen(topic)
        if self._unstarted and self._ready is not None:
            with self._held():
                await asyncio.shield(self._ready)
        if self._fault:
            raise self._fault
        return self

    def _listen(self, topic: str) -> None:
        on_message = partial(_tell, self._told, Subscription._on_message)
        on_gap = partial(_tell, self._told, Subscription._on_gap, topic)
        on_start = partial(_tell, self._told, Subscription._on_start)
        self._ears.append(self._hub.listen(topic, on_message, on_gap, on_start, self._since))

    def _on_start(self, position: Id | Exception) -> None:
        self._unstarted -= 1
        if isinstance(position, Exception):
            self._end(position)
        else:
            self.position = max(self.position, position)
        if not self._unstarted:
            self._put_in_order()
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)

    def _put_in_order(self) -> None:
        """Each topic brings by itself what it had missed. Who goes on after some message has had all before it."""
        if len(self.topics) > 1 and self._queue:
            self._queue = deque(sorted(self._queue, key=_place))

    def _on_message(self, message: Message) -> None:
        self._queue.append(message)
        self._bytes += len(message.payload)
        if len(self._queue) > self._limit or self._bytes > MOST_QUEUED_BYTES:
            self._overflow()
        self._wake()

    def _on_gap(self, topic: str, position: Id) -> None:
        if self._gaps:
            self._queue.append(Gap(topic, position))
            self._wake()

    def _overflow(self) -> None:
        if self._on_full == CLOSE:
            self._queue.clear()
            self._end(TooSlow(f"more than {self._limit} messages, or {MOST_QUEUED_BYTES} bytes, were waiting"))
            return
        if self._unstarted:
            self._put_in_order()
        last: Message | Gap | None = None
        while self._queue and (len(self._queue) > self._limit or self._bytes > MOST_QUEUED_BYTES):
            last = self._queue.popleft()
            if isinstance(last, Message):
                self._bytes -= len(last.payload)
                self.dropped += 1
        if last is not None and self._gaps:
            # One notice stands for all that was dropped; it takes the place of one that stands there already.
            if self._queue and isinstance(self._queue[0], Gap):
                self._queue.popleft()
            self._queue.appendleft(Gap(last.topic, last.id))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Message | Gap:
        if self._unstarted and not self._over:
            await self.start()
        while not self._queue:
            if self._fault:
                raise self._fault
            if self._over:
                raise StopAsyncIteration
            self._waiter = self._hub.loop.create_future()
            with self._held():
                await self._waiter
        found = self._queue.popleft()
        if isinstance(found, Message):
            self._bytes -= len(found.payload)
        return found

    def _end(self, fault: Exception | None = None) -> None:
        self._fault = self._fault or fault
        self._over = True
        ears, self._ears = self._ears, []
        for ear in ears:
            self._hub.ignore(ear)
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)
        self._wake()

    async def aclose(self) -> None:
        """Hear no more."""
        self._queue.clear()
        self._end()

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Somebody waits, who may be held by nothing else: loops know their tasks weakly."""
        self._told.waits = self
        try:
            yield
        finally:
            self._told.waits = None

    def __del__(self) -> None:
        # Left without a word: a loop over it was broken off, or cancelled.
        if ears := getattr(self, "_ears", None):
            with contextlib.suppress(RuntimeError):  # its loop is closed
                self._hub.loop.call_soon_threadsafe(_ignore, self._hub, ears)

    async def __aenter__(self) -> Subscription:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
