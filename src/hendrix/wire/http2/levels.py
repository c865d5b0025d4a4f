"""The streams of one urgency that have something to send, in the order in which they get to (RFC 9218 section 10).

Answers whose rest is small go first: they cost the others next to nothing. Then one that is of use only as a whole and
those that are of use in pieces take turns; of the former the one that was asked for first has all of its turns.
"""

from __future__ import annotations

from hendrix.wire.http2.stream import Stream

_SMALL = 32 * 1024


class Level:
    """Streams of one urgency."""

    __slots__ = ("_shared", "_small", "_turn", "_whole")

    def __init__(self) -> None:
        self._small: dict[int, Stream] = {}
        self._whole: dict[int, Stream] = {}
        #: The next one first.
        self._shared: dict[int, Stream] = {}
        self._turn = False

    def __bool__(self) -> bool:
        return bool(self._small or self._shared or self._whole)

    def add(self, stream: Stream) -> None:
        """It can send."""
        if stream.ends and stream.queued <= _SMALL:
            self._small[stream.id] = stream
        elif stream.priority[1]:
            self._shared[stream.id] = stream
        else:
            self._whole[stream.id] = stream

    def discard(self, stream: Stream) -> bool:
        """It cannot any more. False: it was not here."""
        number = stream.id
        return any(streams.pop(number, None) for streams in (self._small, self._whole, self._shared))

    def next(self) -> Stream:
        """Whose turn it is; it is taken out, and has to be added again if it has more. There is one."""
        if self._small:
            return self._small.pop(next(iter(self._small)))
        self._turn = not self._turn
        if self._whole and (self._turn or not self._shared):
            return self._whole.pop(min(self._whole))
        return self._shared.pop(next(iter(self._shared)))
