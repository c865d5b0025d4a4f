"""``MessageResource``, for ``HENDRIX_CHILD_RESOURCES``: it brings the socket at ``/messages/main/websocket``.

``/messages/`` itself is answered 403, as ever. (The transports of SockJS besides WebSockets are no more.)
"""

from __future__ import annotations

from django.conf import settings

from hendrix.facilities.resources import NamedResource


class _MessageResource(NamedResource):
    @property
    def websockets(self) -> list[tuple[str, str]]:
        """What a server serves with it: the path of a socket, and the name of its class."""
        name = getattr(settings, "HENDRIX_MESSAGE_SOCKET", None)
        return [("messages/main/websocket", name or "hendrix.contrib.concurrency.sockets.MessageSocket")]


MessageResource = _MessageResource("messages")
