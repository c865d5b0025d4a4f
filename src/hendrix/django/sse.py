"""Server-sent events: a response that is fed by an async iterable and open as long as its client listens.

    async def prices(request):
        return EventStream(changes_since(last_event_id(request)))

It needs an async handler: Hendrix's own, or any ASGI server. An open stream holds no thread.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from hendrix.core.http import EVENT_STREAM
from hendrix.django.event import Event
from hendrix.django.feed import Feed

__all__ = ["Event", "EventStream", "last_event_id"]

#: Section 9.2.7 of the standard advises a comment "every 15 seconds or so".
HEARTBEAT = 15.0


class EventStream(StreamingHttpResponse):  # type: ignore[misc]  # Django has no types
    """A ``text/event-stream`` of ``events``: texts, dicts (sent as JSON) or instances of ``Event``.

    After ``heartbeat`` seconds without an event a comment is sent, so that nobody on the way takes the silence for
    death; 0 sends none. ``events`` neither knows nor loses anything by it. When the client leaves, ``events`` is
    cancelled where it waits, and closed: its ``finally`` runs. It is asked for the next event when the last one has
    been taken, so a slow client makes it wait.

    Other arguments are those of ``HttpResponse``. Raises ``TypeError`` where ``events`` is no async iterable.
    """

    def __init__(
        self, events: AsyncIterable[Any], *args: Any, heartbeat: float | None = HEARTBEAT, **kwargs: Any
    ) -> None:
        self._feed = Feed(events, heartbeat or 0.0)
        kwargs.setdefault("content_type", EVENT_STREAM)
        super().__init__(self._feed, *args, **kwargs)
        # no-transform (RFC 9111 section 5.2.2.6): nobody on the way may compress it, which is to say, collect it.
        self.headers.setdefault("Cache-Control", "no-cache, no-transform")
        # nginx: pass it on as it comes.
        self.headers.setdefault("X-Accel-Buffering", "no")

    def has_header(self, header: str) -> bool:
        """As of ``HttpResponse``, but there is always a ``Content-Encoding``: that is what middleware which
        compresses (Django's ``GZipMiddleware``) asks for before it does."""
        return header.lower() == "content-encoding" or bool(super().has_header(header))

    __contains__ = has_header

    def __aiter__(self) -> AsyncIterator[bytes]:
        """For the server: the feed itself, so that closing the one closes the other. Wrapped by a middleware it is
        as of ``StreamingHttpResponse``."""
        found: AsyncIterator[bytes] = self._feed if self._iterator is self._feed else super().__aiter__()
        return found

    def __iter__(self) -> Iterator[bytes]:
        """Raises ``RuntimeError``: what would collect a stream that has no end is not to begin."""
        raise RuntimeError("an EventStream needs an async handler: hx start --interface django, or an ASGI server")


def last_event_id(request: HttpRequest) -> str:
    """The id of the last event that this client has seen, where it connects again; else empty.

    From the header ``Last-Event-ID`` (section 9.2.4 of the standard), which a client may set to whatever it likes.
    """
    value: str = request.META.get("HTTP_LAST_EVENT_ID", "")
    # Browsers send UTF-8; Django reads every header as Latin-1.
    return value.encode("latin-1", "replace").decode("utf-8", "replace")
