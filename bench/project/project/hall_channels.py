"""The same hall as a consumer of Channels; its layer is chosen in `hall_settings`."""

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402


class Hall(AsyncWebsocketConsumer):
    """A greeting is answered when it is heard that others speak."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("hall", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("hall", self.channel_name)

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        if text_data == "hello":
            await self.send(text_data)
        else:
            await self.channel_layer.group_send("hall", {"type": "hall.said", "text": text_data})

    async def hall_said(self, event: dict[str, str]) -> None:
        await self.send(event["text"])


application = ProtocolTypeRouter({"http": http, "websocket": Hall.as_asgi()})
