"""What the application answers, heard on its way to the client: kept where it may be, passed on where not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from hendrix.answer.around import Around
from hendrix.answer.caching.look import Look
from hendrix.cache.answer import Head, read_head
from hendrix.cache.storing import Terms
from hendrix.core.exchange import NO_MORE, Answer, Exchange, Raw, WebSocket
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import Descriptor, Prepared

#: Bytes of a file that is read on the loop, to be kept. As it is sent now, too, it is likely in memory.
_LARGEST_FILE = 256 * 1024


class Judge(Protocol):
    """The cache, as one who listens sees it."""

    #: Bytes of a body that is kept, at the most.
    largest: int
    #: Bytes of streams that are not over yet, as heard by all who listen, and at the most.
    held: int
    most_held: int

    def judge(self, look: Look, head: Head, headers: ResponseHeaders) -> Terms | str | None:
        """On what terms it is kept, or why it is not. None: it is answered already, and nobody needs the rest."""

    def keep(self, look: Look, terms: Terms, head: Head, headers: ResponseHeaders, body: bytes, *, sent: bool) -> str:
        """Keep it, and give it to all who wait; also to the client unless it is ``sent``. Why not, in one word."""

    def refuse(self, look: Look, reason: str) -> None:
        """It is not kept, for ``reason``."""

    def said(self, look: Look, reason: str) -> str:
        """The value of Cache-Status for what passes by."""

    def told(self, look: Look, headers: ResponseHeaders) -> ResponseHeaders:
        """What clients learn of the headers of an answer that is kept."""

    def doubt(self, look: Look) -> str:
        """Why the last stream of this kind was given up after all; empty where it was not."""

    def wanted(self, look: Look) -> bool:
        """Does somebody wait for it besides the client?"""


def record(cache: Judge, inner: Answer) -> Answer:
    """The layer next to the application: what the cache has asked for is heard."""

    def answer(exchange: Exchange) -> None:
        look = exchange.request.kept
        if isinstance(look, Look):
            exchange.request.kept = None  # or the two would hold each other
            exchange = Recording(exchange, look, cache)
        inner(exchange)

    return answer


class Recording(Around):
    """One answer. It goes on when the client has left, as long as somebody else waits for it."""

    __slots__ = (
        "_cache",
        "_drained",
        "_expected",
        "_gone",
        "_head",
        "_headers",
        "_held",
        "_look",
        "_muted",
        "_parts",
        "_size",
        "_terms",
    )

    def __init__(self, inner: Exchange, look: Look, cache: Judge) -> None:
        super().__init__(inner)
        self._look = look
        self._cache = cache
        self._head: Head | None = None
        self._headers: ResponseHeaders = []
        self._terms: Terms | None = None
        self._parts: list[bytes] = []
        #: Bytes heard, and of them those that count in ``Judge.held``.
        self._size = self._held = 0
        self._expected = -1
        #: The client has its answer already.
        self._muted = False
        self._gone: Callable[[], None] | None = None
        self._drained: Callable[[], None] | None = None

    # --- a whole answer --------------------------------------------------------------------------------------

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        judged, head = self._judged(status, headers)
        if judged is None:
            self._muted = True
            return
        if head is not None and isinstance(judged, Terms):
            judged = self._kept(judged, head, headers, body)
            if not judged:
                self._muted = True
                return
        assert isinstance(judged, str)
        self._cache.refuse(self._look, judged)
        self.inner.respond(status, [*headers, ("Cache-Status", self._cache.said(self._look, judged))], body)

    def _kept(self, terms: Terms, head: Head, headers: ResponseHeaders, body: bytes) -> str:
        try:
            return self._cache.keep(self._look, terms, head, headers, body, sent=False)
        except Exception:
            self._cache.refuse(self._look, "bad-answer")
            raise

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        """See ``Exchange.send``."""
        self._cache.refuse(self._look, "prepared")
        self.inner.send(answer, more, until, still)

    # --- a stream --------------------------------------------------------------------------------------------

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        judged, head = self._judged(status, headers)
        if judged is None:
            self._muted = True
            return
        if head is not None and isinstance(judged, Terms):
            self._expected = _stated(headers)
            if self._expected > self._cache.largest:
                judged = "too-large"
        if isinstance(judged, Terms):
            self._terms, self._head, self._headers = judged, head, headers
            headers = self._cache.told(self._look, headers)
            said = self._cache.said(self._look, self._cache.doubt(self._look))
        else:
            self._cache.refuse(self._look, judged)
            said = self._cache.said(self._look, judged)
        self.inner.start(status, [*headers, ("Cache-Status", said)])

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        if self._muted:
            return True
        if self._terms is not None:
            self._hear(data)
        return self.inner.write(data) if not self.inner.gone else True

    def _hear(self, data: bytes) -> None:
        cache, count = self._cache, len(data)
        self._size += count
        if self._size > cache.largest:
            self._give_up("too-large")
        elif cache.held + count > cache.most_held:
            self._give_up("no-room")
        else:
            self._parts.append(data)
            self._held += count
            cache.held += count

    def _forget(self) -> None:
        """What was heard."""
        self._cache.held -= self._held
        self._terms, self._parts, self._held = None, [], 0

    def __del__(self) -> None:
        """Whoever gives it up without a word."""
        self._cache.held -= self._held

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``."""
        if self._muted:
            return True
        if self._terms is not None:
            self._hear_file(file, offset, count)
        return self.inner.send_file(file, offset, count) if not self.inner.gone else True

    def _hear_file(self, file: Descriptor, offset: int, count: int) -> None:
        data = _read(file, offset, count) if count <= min(_LARGEST_FILE, self._cache.largest) else None
        if data is None:
            self._give_up("file")
        else:
            self._hear(data)

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """See ``Exchange.finish``."""
        if self._muted:
            return
        terms, head = self._terms, self._head
        if trailers or self._expected not in (-1, self._size):
            self._give_up("trailers" if trailers else "broken-off")
        self.inner.finish(trailers)
        if self._terms is not None and terms is not None and head is not None:
            body = b"".join(self._parts)
            self._forget()
            reason = self._cache.keep(self._look, terms, head, self._headers, body, sent=True)
            if reason:
                self._cache.refuse(self._look, reason)

    def abort(self) -> None:
        """See ``Exchange.abort``."""
        if self._muted:
            return
        self._forget()
        self._cache.refuse(self._look, "broken-off")
        self.inner.abort()

    # --- what passes by --------------------------------------------------------------------------------------

    def upgrade(self, headers: ResponseHeaders, subprotocol: str) -> WebSocket:
        """See ``Exchange.upgrade``."""
        self._cache.refuse(self._look, "upgrade")
        return self.inner.upgrade(headers, subprotocol)

    def take_over(self) -> Raw:
        """See ``Exchange.take_over``."""
        self._cache.refuse(self._look, "upgrade")
        return self.inner.take_over()

    # --- the client goes, and others stay --------------------------------------------------------------------

    @property
    def gone(self) -> bool:
        """See ``Exchange.gone``."""
        return self.inner.gone and not self._goes_on

    @property
    def started(self) -> bool:
        """See ``Exchange.started``."""
        return self._muted or self.inner.started

    @property
    def writable(self) -> bool:
        """See ``Exchange.writable``."""
        return self._muted or self.inner.gone or self.inner.writable

    @property
    def _goes_on(self) -> bool:
        return self._muted or self._cache.wanted(self._look)

    @property
    def on_gone(self) -> Callable[[], None] | None:
        """See ``Exchange.on_gone``."""
        return self._gone

    @on_gone.setter
    def on_gone(self, call: Callable[[], None] | None) -> None:
        self._gone = call
        if not self._muted:  # else the client's exchange may be somebody else's by now
            self.inner.on_gone = None if call is None else self._left

    @property
    def on_drained(self) -> Callable[[], None] | None:
        """See ``Exchange.on_drained``."""
        return self._drained

    @on_drained.setter
    def on_drained(self, call: Callable[[], None] | None) -> None:
        self._drained = call
        if not self._muted:
            self.inner.on_drained = call

    def _left(self) -> None:
        """The client is gone."""
        if self._goes_on:
            if self._drained is not None:
                self._drained()
            return
        self._forget()
        self._cache.refuse(self._look, "client-gone")
        gone, self._gone = self._gone, None
        if gone is not None:
            gone()

    # --- both ------------------------------------------------------------------------------------------------

    def _judged(self, status: str, headers: ResponseHeaders) -> tuple[Terms | str | None, Head | None]:
        try:
            head = read_head(status, headers)
            return self._cache.judge(self._look, head, headers), head
        except (TypeError, ValueError, AttributeError):
            return "bad-answer", None  # whoever sends it will say why

    def _give_up(self, reason: str) -> None:
        if self._terms is not None:
            self._forget()
            self._cache.refuse(self._look, reason)


def _read(file: Descriptor, offset: int, count: int) -> bytes | None:
    """Those bytes of it; None where they are not to be had."""
    try:
        data = os.pread(file.fileno(), count, offset)
    except (OSError, ValueError):
        return None
    return data if len(data) == count else None


def _stated(headers: ResponseHeaders) -> int:
    for name, value in headers:
        if name.lower() == "content-length" and value.strip().isdigit():
            return int(value)
    return -1
