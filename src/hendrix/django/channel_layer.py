"""A layer for Channels on the hub: all workers of the machine, and with ``--hub`` of several, and nothing to install.

A channel with ``!`` belongs to one process, which hears a topic of its own and one of each group in which it has
channels: however many of them there are, a group's message comes to a process once. Other channels are for whoever
fetches first; their messages wait in the relay (``hub.mail``), which is one machine's.

Listening needs a loop that lives; it is the one that first receives, or adds to a group (*home*). Loops that only live
for one call, as ``async_to_sync`` makes them, talk to the relay in a thread and leave nothing behind.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer

from hendrix.core.events import WARNING, emit
from hendrix.django.channel_box import Box
from hendrix.django.channel_message import pack, unpack
from hendrix.hub import door, mail
from hendrix.hub.history import Keep
from hendrix.hub.local import Ear, Hub
from hendrix.hub.message import HubError, Id, Message
from hendrix.hub.services import MAIL

_Result = TypeVar("_Result")

#: What is kept of a topic for a process that reconnects, or begins to hear because another one has told it to.
_KEEP = Keep(100, 10.0)
_NOTHING = Keep(0, 0.0)
_LOOK_AGAIN = 5.0
"""Seconds after which somebody who waits at a common channel looks by himself: a wake-up can be lost."""
_MOST_STASHED = 1000


class HubChannelLayer(BaseChannelLayer):  # type: ignore[misc]
    """See the module's text. ``prefix`` parts layers that use one hub. ``expiry`` and ``group_expiry`` are seconds."""

    extensions = ("groups", "flush")

    def __init__(
        self,
        expiry: float = 60,
        group_expiry: float = 86400,
        capacity: int = 100,
        channel_capacity: dict[Any, int] | None = None,
        prefix: str = "channels",
    ) -> None:
        super().__init__(expiry=expiry, capacity=capacity)
        self.channel_capacity = self.compile_capacities(channel_capacity or {})
        self.group_expiry = group_expiry
        self.prefix = prefix
        self.client_prefix = secrets.token_hex(8)
        self._everybody = self._topic("all")
        self._box = Box()
        self._lock = threading.Lock()
        self._home: Hub | None = None
        self._ears: dict[str, Ear] = {}
        self._ready: dict[str, asyncio.Future[None]] = {}
        #: Fetched for somebody who was gone by then.
        self._stash: dict[str, list[bytes]] = {}

    # --- channels -----------------------------------------------------------------------------------------

    async def new_channel(self, prefix: str = "specific") -> str:
        """A name of a channel that this process receives from."""
        return f"{prefix}.{self.client_prefix}!{secrets.token_hex(10)}"

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Raises ``ChannelFull`` where that is known: not of a channel of another process, which drops it then."""
        assert isinstance(message, dict), "message is not a dict"
        self.require_valid_channel_name(channel)
        assert "__asgi_channel__" not in message
        data, capacity = pack(message), self.get_capacity(channel)
        client = _client(channel)
        if client == self.client_prefix:
            taken = self._box.put(channel, data, capacity, self.expiry)
        elif client:
            await self._publish(self._topic("to", client), _letter(data, to=channel), _KEEP)
            return
        else:
            terms = {"capacity": capacity, "expiry": self.expiry}
            taken = json.loads(await self._ask("put", data, channel=self._name(channel), **terms))
            if taken:
                await self._publish(self._topic("queue", channel), b"", _NOTHING)
        if not taken:
            raise ChannelFull(channel)

    async def receive(self, channel: str) -> dict[str, Any]:
        """The oldest message of the channel, once there is one. Each goes to one of those who wait."""
        self.require_valid_channel_name(channel)
        client = _client(channel)
        if client:
            assert client == self.client_prefix, "that channel belongs to another process"
            if not self._hears(self._everybody):
                await self._at_home(self._listen_for_us)
            return unpack(await self._wait_for_ours(channel))
        topic = self._topic("queue", channel)
        if not self._hears(topic):
            await self._at_home(lambda: self._listen(topic, lambda _: self._box.wake([channel])))
        return unpack(await self._wait_for_common(channel))

    async def _wait_for_ours(self, channel: str) -> bytes:
        while (data := self._box.take(channel)) is None:
            future = self._box.wait(channel)
            try:
                if (data := self._box.take(channel)) is not None:  # another thread's, just now
                    return data
                await future
            finally:
                self._box.forget(channel, future)
        return data

    async def _wait_for_common(self, channel: str) -> bytes:
        while True:
            future = self._box.wait(channel)  # before looking: what comes meanwhile wakes us
            try:
                if (data := await self._take_common(channel)) is not None:
                    return data
                await asyncio.wait([future], timeout=_LOOK_AGAIN)
            finally:
                self._box.forget(channel, future)

    async def _take_common(self, channel: str) -> bytes | None:
        if stashed := self._stash.get(channel):
            data = stashed.pop(0)
            if not stashed:
                del self._stash[channel]
            return data
        asking = asyncio.ensure_future(self._ask("take", channel=self._name(channel)))
        try:
            reply = await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(lambda done: self._put_back(channel, done))
            raise
        return reply[1:] or None

    def _put_back(self, channel: str, asked: asyncio.Future[bytes]) -> None:
        if asked.cancelled() or asked.exception() or not asked.result():
            return
        if sum(map(len, self._stash.values())) < _MOST_STASHED:
            self._stash.setdefault(channel, []).append(asked.result()[1:])
            self._box.wake([channel])

    # --- groups -------------------------------------------------------------------------------------------

    async def group_add(self, group: str, channel: str) -> None:
        """Once it returns, what is sent to the group comes to the channel, for ``group_expiry`` seconds."""
        self.require_valid_group_name(group)
        self.require_valid_channel_name(channel)
        client = _client(channel)
        if client == self.client_prefix:
            self._join(group, channel)
            await self._at_home(lambda: self._listen_to_group(group))
        elif client:
            await self._publish(self._topic("to", client), _letter(add=group, channel=channel), _KEEP)
        else:
            terms = {"capacity": self.get_capacity(channel), "expiry": self.group_expiry}
            await self._ask("join", group=self._name(group), channel=self._name(channel), **terms)

    async def group_discard(self, group: str, channel: str) -> None:
        """No more."""
        self.require_valid_channel_name(channel)
        self.require_valid_group_name(group)
        client = _client(channel)
        if client == self.client_prefix:
            await self._discard(group, channel)
        elif client:
            await self._publish(self._topic("to", client), _letter(discard=group, channel=channel), _KEEP)
        else:
            await self._ask("leave", group=self._name(group), channel=self._name(channel))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """To each channel of the group; those that are full miss it."""
        assert isinstance(message, dict), "message is not a dict"
        self.require_valid_group_name(group)
        data = pack(message)
        reply = self._ask("put_group", data, group=self._name(group), expiry=self.expiry)
        found, _ = await asyncio.gather(reply, self._publish(self._topic("group", group), data, _KEEP))
        taken, full = json.loads(found)
        for name in taken:
            await self._publish(self._topic("queue", name.removeprefix(f"{self.prefix}:")), b"", _NOTHING)
        if full:
            emit("channels.full", group=group, full=len(full), of=len(full) + len(taken))

    def _join(self, group: str, channel: str) -> None:
        self._box.join(group, channel, self.get_capacity(channel), self.group_expiry)

    async def _discard(self, group: str, channel: str) -> None:
        if self._box.leave(group, channel) and self._home is not None:
            await self._at_home(lambda: self._ignore(self._topic("group", group)))

    async def flush(self) -> None:
        """All messages and groups are gone, in all processes."""
        self._box.flush()
        self._stash.clear()
        await self._ask("flush", prefix=f"{self.prefix}:")
        await self._publish(self._everybody, _letter(flush=True), _NOTHING)

    async def close(self) -> None:
        """Listen no more."""
        if self._home is not None and not self._home.loop.is_closed():
            await self._at_home(self._leave_home)
        self._home = None

    close_pools = close
    """As the layer of channels_redis calls it."""

    # --- listening ----------------------------------------------------------------------------------------

    async def _at_home(self, listen: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run it on the loop that listens for us, which from now on may be this one."""
        here = asyncio.get_running_loop()
        with self._lock:
            moved = self._home is None or self._home.loop.is_closed()
            if moved:
                self._home, self._ears, self._ready = door.hub_of(here), {}, {}
            assert self._home is not None
            home = self._home.loop
        if moved:
            await self._listen_for_us()
            for group in self._box.groups:
                await self._listen_to_group(group)
        if home is here:
            await listen()
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(listen(), home))

    def _hears(self, topic: str) -> bool:
        """Is it heard, on this loop? Then there is nothing to wait for."""
        ready, home = self._ready.get(topic), self._home
        return home is not None and home.loop is asyncio.get_running_loop() and ready is not None and ready.done()

    async def _listen_for_us(self) -> None:
        await self._listen(self._topic("to", self.client_prefix), self._on_letter)
        await self._listen(self._everybody, self._on_letter)

    async def _listen_to_group(self, group: str, since: Id | None = None) -> None:
        def heard(message: Message) -> None:
            self._box.put_group(group, message.payload, self.expiry)

        await self._listen(self._topic("group", group), heard, since)

    async def _listen(self, topic: str, heard: Callable[[Message], None], since: Id | None = None) -> None:
        """Return once ``topic`` is heard. Raises ``HubError``."""
        assert self._home is not None
        ready = self._ready.get(topic)
        if ready is None:
            ready = self._ready[topic] = self._home.loop.create_future()
            ready.add_done_callback(lambda done: done.cancelled() or done.exception())  # it need not be awaited
            started = self._starter(topic, ready)
            self._ears[topic] = self._home.listen(topic, heard, on_start=started, since=since)
        await asyncio.shield(ready)

    def _starter(self, topic: str, ready: asyncio.Future[None]) -> Callable[[Id | Exception], None]:
        def started(found: Id | Exception) -> None:
            if not isinstance(found, Exception):
                ready.set_result(None)
                return
            self._ears.pop(topic, None)
            self._ready.pop(topic, None)
            ready.set_exception(found)

        return started

    async def _ignore(self, topic: str) -> None:
        ear = self._ears.pop(topic, None)
        ready = self._ready.pop(topic, None)
        if ear is not None and self._home is not None:
            self._home.ignore(ear)
        if ready is not None and not ready.done():
            ready.set_result(None)

    async def _leave_home(self) -> None:
        for topic in list(self._ears):
            await self._ignore(topic)

    def _on_letter(self, message: Message) -> None:
        """From another process, on the loop at home."""
        head, _, data = message.payload.partition(b"\n")
        said = json.loads(head)
        if "to" in said:
            channel = said["to"]
            if not self._box.put(channel, data, self.get_capacity(channel), self.expiry):
                emit("channels.full", channel=channel)
        elif "add" in said:
            self._join(said["add"], said["channel"])
            self._soon(self._listen_to_group(said["add"], message.id))
        elif "discard" in said:
            self._soon(self._discard(said["discard"], said["channel"]))
        elif "flush" in said:
            self._box.flush()
            self._stash.clear()

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._home is not None
        task = self._home.loop.create_task(work)
        task.add_done_callback(_report)

    # --- the hub ------------------------------------------------------------------------------------------

    async def _publish(self, topic: str, payload: bytes, keep: Keep) -> None:
        loop = asyncio.get_running_loop()
        if door.has_hub(loop):
            await door.hub_of(loop).publish(topic, payload, binary=True, keep=keep)
        else:
            await asyncio.to_thread(door.waiting().publish, topic, payload, binary=True, keep=keep)

    async def _ask(self, do: str, data: bytes = b"", **said: Any) -> bytes:
        loop, request = asyncio.get_running_loop(), mail.request(do, data, **said)
        if door.has_hub(loop):
            return await door.hub_of(loop).call(MAIL, request)
        return await asyncio.to_thread(door.waiting().call, MAIL, request)

    def _topic(self, kind: str, name: str = "") -> str:
        return f"{self.prefix}:{kind}:{name}"

    def _name(self, name: str) -> str:
        return f"{self.prefix}:{name}"


def _client(channel: str) -> str:
    """Whose it is, if it belongs to one process: what is before the ``!``, without the prefix."""
    return channel.partition("!")[0].rpartition(".")[2] if "!" in channel else ""


def _letter(data: bytes = b"", **said: Any) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n" + data


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and isinstance(error := task.exception(), HubError):
        emit("channels.cannot_listen", WARNING, reason=str(error))
