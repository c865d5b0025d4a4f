"""Consumers of the Channels project: one of each kind."""

import os
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer, WebsocketConsumer


class Room(AsyncJsonWebsocketConsumer):
    """Everybody in a room hears what one says."""

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive_json(self, content: Any, **_: Any) -> None:
        event = {"type": "said", "words": content["words"], "who": str(self.scope["user"])}
        await self.channel_layer.group_send(self.room, event)

    async def said(self, event: dict[str, Any]) -> None:
        await self.send_json({"who": event["who"], "words": event["words"]})


class Echo(WebsocketConsumer):
    """A synchronous one."""

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data == "leave":
            self.close(code=4001, reason="as you wish")
        else:
            self.send(text_data=text_data, bytes_data=bytes_data)


class Whereabouts(AsyncJsonWebsocketConsumer):
    """Does with the layer what it is told to."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("everywhere", self.channel_name)
        await self.accept()

    async def receive_json(self, content: Any, **_: Any) -> None:
        event = {"type": "said", "words": content.get("words")}
        if content["do"] == "group":
            await self.channel_layer.group_send("everywhere", event)
        elif content["do"] == "send":
            await self.channel_layer.send(content["to"], event)
        elif content["do"] == "fetch":
            await self.said(await self.channel_layer.receive(content["from"]))
        else:
            await self.send_json({"pid": os.getpid(), "name": self.channel_name})

    async def said(self, event: dict[str, Any]) -> None:
        await self.send_json({"words": event["words"]})


class Closed(AsyncWebsocketConsumer):
    """Lets nobody in."""

    async def connect(self) -> None:
        await self.close()
