"""Topics as a stream of server-sent events: one line in a view, sync or async.

    def orders(request):
        return TopicStream(request, "orders")

A browser that comes back tells the id of the last event it has seen (``Last-Event-ID``), and goes on from there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from django.http import HttpRequest

from hendrix.django.sse import Event, EventStream, last_event_id
from hendrix.hub.door import subscribe
from hendrix.hub.message import Message, check_topic
from hendrix.hub.subscription import Gap


class TopicStream(EventStream):
    """The messages of ``topics``. With one, ``data`` is what was published; with several each event bears the name of
    its topic. An event ``gap`` says that something before it is missing.

    ``since`` is where to begin, if not where this client was: an id, such as the one beside the data of the page.
    Other arguments are those of ``EventStream``. Ask who may have a topic before: the stream asks nobody.
    """

    def __init__(self, request: HttpRequest, *topics: str, since: str = "", **options: Any) -> None:
        names = tuple(check_topic(topic) for topic in topics)
        if not names:
            raise ValueError("a stream needs a topic")
        # EventSource sends the header by itself; who cannot set it says so in the address.
        position = last_event_id(request) or request.GET.get("since", "") or since
        super().__init__(_events(names, position), **options)


async def _events(topics: tuple[str, ...], since: str) -> AsyncIterator[Event]:
    subscription = subscribe(*topics, since=since or None, gaps=True)
    async with subscription:
        if not since:
            # From here on it can be resumed, even if nothing comes.
            yield Event(id=str(subscription.position))
        async for message in subscription:
            yield _event(message, named=len(topics) > 1)


def _event(message: Message | Gap, *, named: bool) -> Event:
    if isinstance(message, Gap):
        return Event({"topic": message.topic}, event="gap", id=str(message.id))
    data = message.payload.hex() if message.binary else message.text
    return Event(data, event=message.topic if named else None, id=str(message.id))
