"""One ASGI application made of several, by protocol: WebSockets to one, HTTP to Django.

    application = ProtocolRouter(http=get_asgi_application(), websocket=chat)

The same idea as Channels' ``ProtocolTypeRouter``, for projects that need no more of Channels than this. Under Hendrix
HTTP then still goes to Django's fast handler: what the router would give it to can be seen in ``application_mapping``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]


class ProtocolRouter:
    """An ASGI 3 application. Its arguments are ASGI 3 applications, named as the types of scopes are.

    A WebSocket that nobody was named for is refused (403). Any other scope of that kind raises ``ValueError``: for
    ``lifespan`` that is what the specification asks of an application that has none.
    """

    def __init__(self, **applications: AsgiApplication) -> None:
        #: By the type of scope. Servers may look at it, to see who has HTTP.
        self.application_mapping = applications

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = self.application_mapping.get(scope["type"])
        if application is None and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
            return
        if application is None:
            raise ValueError(f"no application for {scope['type']!r}; there are {', '.join(self.application_mapping)}")
        await application(scope, receive, send)
