"""A hall in which all hear what one says: a WebSocket of Hendrix."""

from django.urls import path

import hendrix
from hendrix.websockets import WebSocket


class Hall(WebSocket):
    """A greeting is answered when it is heard that others speak."""

    codec = "text"

    async def connect(self) -> None:
        self.subscribe("hall")

    async def receive(self, data: str) -> None:
        if data == "hello":
            self.send(data)
        else:
            hendrix.publish("hall", data)


websocket_urlpatterns = [path("hall", Hall)]
"""See HENDRIX_WEBSOCKETS in `hall_settings`."""
