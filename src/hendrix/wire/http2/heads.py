"""Header blocks of one connection: decoded, judged, and remembered as long as they mean the same.

A client that asks again and again sends the same block again and again. As long as the table that it refers to has not
changed, it means the same request, so what was judged of it need not be judged anew.
"""

from __future__ import annotations

from hendrix.core.errors import PeerError
from hendrix.core.http import Request, RequestHeaders
from hendrix.wire.hpack.decoder import Decoder
from hendrix.wire.hpack.fault import HpackFault
from hendrix.wire.hpack.table import Pair
from hendrix.wire.http2.faults import COMPRESSION_ERROR, ConnectionFault
from hendrix.wire.http2.known import Known
from hendrix.wire.http2.priority import UNSAID, Priority, read_priority
from hendrix.wire.http2.request import read_request, read_trailers
from hendrix.wire.limits import Limits

_MOST = 64
_LONGEST = 1024
#: Times of what a head may take.
_FAR_TOO_LARGE = 2


class HeadReader:
    """Reads the blocks of one connection, in their order."""

    __slots__ = ("_changes", "_decoder", "_known", "_limits", "answers", "excess", "of_head")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._decoder = Decoder()
        self._changes = 0
        #: Requests without a body by their blocks; what is given out are copies.
        self._known: dict[bytes, Request] = {}
        #: What some of them were answered.
        self.answers: dict[bytes, Known] = {}
        #: How many times what it may take the last head took, where that is so much that nobody honest sends it.
        self.excess = 0.0
        #: Was the last request that ``request`` refused with ``PeerError`` one of HEAD?
        self.of_head = False

    def request(self, block: bytes, *, ended: bool) -> Request:
        """Raises ``ConnectionFault``, ``Malformed`` or ``PeerError``."""
        if ended:
            known = self._known.get(block)
            if known is not None:
                return copied(known)
        pairs = self._decode(block)
        try:
            self._judge_size()
            request = read_request(pairs, self._limits, ended=ended)
        except PeerError:
            self.of_head = (b":method", b"HEAD") in pairs
            raise
        if ended and len(block) <= _LONGEST and self._decoder.changes == self._changes:
            if len(self._known) >= _MOST:
                self._forget()
            self._known[block] = copied(request)
        return request

    def known(self, block: bytes) -> Request | None:
        """What ``block`` means, if it was read before and still means that."""
        return self._known.get(block)

    def _forget(self) -> None:
        self._known.clear()
        self.answers.clear()

    def trailers(self, block: bytes) -> RequestHeaders:
        """Raises as ``request`` does."""
        pairs = self._decode(block)
        self._judge_size()
        return read_trailers(pairs, self._limits)

    def skip(self, block: bytes) -> None:
        """Nobody wants to know, but the table must. Raises ``ConnectionFault``."""
        self._decode(block)

    def _judge_size(self) -> None:
        size, most = self._decoder.size, self._limits.head
        if size > most:
            self.excess = size / most if size > _FAR_TOO_LARGE * most else 0.0
            raise PeerError(431, "the head is too large")

    def _decode(self, block: bytes) -> list[Pair]:
        decoder = self._decoder
        changes = decoder.changes
        try:
            pairs = decoder.decode(block, self._limits.head)
        except HpackFault as fault:
            raise ConnectionFault(COMPRESSION_ERROR, str(fault)) from None
        if decoder.changes != changes:
            # What it means from now on is another matter.
            self._forget()
            self._changes = -1
        else:
            self._changes = changes
        return pairs


def priority_of(request: Request) -> Priority:
    """What its Priority field says."""
    value = request.fields.get(b"priority")
    return UNSAID if value is None else read_priority(value)


def copied(request: Request) -> Request:
    """One that an answer may change; headers and fields are shared (see ``core.http``)."""
    return Request(
        request.method,
        request.target,
        request.path,
        request.query,
        request.version,
        request.headers,
        authority=request.authority,
        length=request.length,
        expects_continue=request.expects_continue,
        target_scheme=request.target_scheme,
        websocket=request.websocket,
        fields=request.fields,
    )
