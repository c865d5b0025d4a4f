"""Redis (or Valkey) as the bus between the relays of several machines.

Redis gives the ids: what is published anywhere goes into one stream, and every relay reads all of it, in one order. So
an id means the same on every machine, and whoever comes back may do so to another one. A publish is confirmed when it
comes back in the stream, after all that is before it: then Redis has it, and the journal here.

**While Redis is away** nothing is published: publishes wait for ``PATIENCE`` seconds and fail then, unless it is back.
What is subscribed to stays so, history and presence are as they were last known; a relay that knows nothing yet lets
those who ask wait. On a new connection the stream is read to its end before anything is said again: what had arrived
is recognised (by publisher and number) and not said twice; and a token makes words void that an old connection, or a
relay that was killed, had sent before.

**What is lost** with Redis itself (it was emptied, or came back with less than it had confirmed; or more was said
meanwhile than the stream holds) is a gap, and subscribers are told: the ids go on in a later epoch.

**Presence**: each machine writes its members into a hash, and what changes into the stream. A machine that has not
renewed its lease is gone, and its members with it.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from hendrix.core.errors import UsageError
from hendrix.core.events import INFO, WARNING, emit
from hendrix.core.values import redis_text
from hendrix.hub import frames
from hendrix.hub.frames import Nonsense
from hendrix.hub.history import Keep
from hendrix.hub.message import NOTHING, HubError, Id, Message, read_id
from hendrix.hub.presence import Change
from hendrix.hub.scripts import BEAT, HELLO, SAY
from hendrix.hub.switch import Publisher, Switch
from hendrix.hub.world import Members, World

PATIENCE = 4.0
"""Seconds that a publish waits for its confirmation: less than those who ask wait for us."""
LEASE = 10.0
"""Seconds after which a machine that says nothing is gone."""
MOST_PENDING = 20_000
MOST_PENDING_BYTES = 64 << 20
MOST_ENTRIES = 100_000
"""Of the stream."""
_BEAT = 2.0
_KEPT_FOR = 7 * 24 * 3600
_SILENCE = 3.0
_BLOCK_MS = 1000
_AT_ONCE, _BYTES_AT_ONCE = 256, 1 << 20
_READ_AT_ONCE = 200
_FIRST_REST, _LONGEST_REST = 0.1, 5.0
_SETTLE = 3.0
"""Seconds in which the workers say again who is with them, after a relay has died."""
_FAULTS = (RedisError, OSError, TimeoutError)

Done = Callable[[Id | HubError], None]
#: Of redis.asyncio: its types say that anything may return anything.
Client = Any


class Around(Protocol):
    """The relay, as its bus sees it."""

    def advanced(self) -> None:
        """More is known than before."""

    def broke(self) -> None:
        """Messages are missing: have all subscribers ask again for what came since."""


class _Pending:
    """A publish that is not confirmed."""

    __slots__ = ("data", "deadline", "done", "sent")

    def __init__(self, data: bytes, done: Done, deadline: float) -> None:
        self.data, self.done, self.deadline, self.sent = data, done, deadline, False


class Names(NamedTuple):
    """Keys in Redis."""

    meta: str
    stream: str
    machines: str
    members: str


class Across:
    """See above. ``machine`` is the same for all relays that follow each other here; Redis keeps ``most`` bytes."""

    def __init__(self, url: str, name: str, machine: str, switch: Switch, around: Around, most: int) -> None:
        self.server = redis_text(url)
        self._url, self._machine, self._most = url, machine, most
        self._switch, self._around = switch, around
        prefix = f"{{hendrix:{name}}}:hub"
        self._keys = Names(prefix, f"{prefix}:stream", f"{prefix}:machines", f"{prefix}:members:")
        self._world = switch.world = World()
        switch.moved = self._moved
        #: Publisher and number of what is not confirmed, in order; and of these what is to be sent.
        self._pending: dict[Publisher, _Pending] = {}
        self._unsent: deque[Publisher] = deque()
        self._pending_bytes = 0
        self._changes: dict[tuple[str, str], Change] = {}
        self._unloaded: set[str] = set()
        self._something = asyncio.Event()
        self._rest = 0.0
        self._away = ""
        self._since = 0.0
        self._offset = 0.0
        self._rewrite_at = time.monotonic() + _SETTLE
        self._token = ""
        #: Set once Redis was there for the first time.
        self.met = asyncio.Event()
        self.connected = False
        _client(url)  # an address that is none is a fault at once

    # --- publishing ---------------------------------------------------------------------------------------

    def publish(
        self, publisher: Publisher, topic: str, payload: bytes, *, binary: bool, keep: Keep | None, done: Done
    ) -> None:
        """``done`` has the id once the message is in Redis and was delivered here; or why it is not."""
        if (waits := self._pending.get(publisher)) is not None:
            waits.done = done  # said again, on another connection
            return
        if len(self._pending) >= MOST_PENDING or self._pending_bytes > MOST_PENDING_BYTES:
            done(HubError(f"too many messages wait for Redis at {self.server}"))
            return
        data = publisher.name + frames.publish(publisher.number, topic, payload, binary=binary, keep=keep)[5:]
        self._pending[publisher] = _Pending(data, done, time.monotonic() + PATIENCE)
        self._pending_bytes += len(data)
        if self.connected:  # else all that waits by then is sent as soon as it is
            self._unsent.append(publisher)
            self._something.set()

    def _settle(self, publisher: Publisher, result: Id | HubError) -> None:
        if (found := self._pending.pop(publisher, None)) is not None:
            self._pending_bytes -= len(found.data)
            found.done(result)

    def tick(self, now: float) -> None:
        """Again and again: who has waited long enough."""
        for publisher, waits in list(self._pending.items()):
            if waits.deadline > now:
                return
            what = "it may have been delivered" if waits.sent else "it was not delivered"
            self._settle(publisher, HubError(f"Redis at {self.server} did not confirm the message in time; {what}"))

    def _moved(self, change: Change) -> list[Change]:
        """Somebody came or left on this machine."""
        self._changes[change.topic, change.member] = change
        self._something.set()
        return self._world.change(self._machine, change, time.monotonic())

    # --- the connection -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever."""
        while True:
            client = _client(self._url)
            try:
                await self._begin(client)
                await _first_to_fail(self._read(client), self._write(client), self._beat(client))
            except _FAULTS as error:
                self._lost(error)
            finally:
                self.connected = False
                self._unsent.clear()
                with suppress(*_FAULTS):
                    await client.aclose()
            self._rest = min(max(2 * self._rest, _FIRST_REST), _LONGEST_REST)
            await asyncio.sleep(self._rest * random.uniform(0.5, 1.0))  # noqa: S311 - so that not all come at once

    def _lost(self, error: BaseException) -> None:
        reason = str(error) or type(error).__name__
        if not self._away:
            policy = f"what is published waits for {PATIENCE:.0f} s, then it fails; subscriptions stay"
            emit("hub.redis_away", WARNING, server=self.server, reason=reason, policy=policy)
        self._away = reason

    async def _begin(self, client: Client) -> None:
        self._token = secrets.token_hex(8)
        words = [*map(str, self._switch.latest), int(LEASE * 1000), _KEPT_FOR * 1000]
        epoch, number, floor, now = await self._ask(client, HELLO, words)
        self._offset = time.monotonic() - int(now) / 1000
        self._switch.be_patient(time.monotonic())
        await self._catch_up(client, Id(int(epoch), int(number)), read_id(floor.decode()) or NOTHING)
        for machine in await client.zrange(self._keys.machines, 0, -1):
            await self._load(client, machine.decode())
        if self.met.is_set():
            await self._rewrite(client)
        for waits in self._pending.values():
            waits.sent = False
        self._unsent = deque(self._pending)
        self._something.set()
        self._rest, self._since, self.connected = 0.0, time.monotonic(), True
        if self._away:
            emit("hub.redis_back", WARNING, server=self.server)
            self._away = ""
        elif not self.met.is_set():
            emit("hub.redis_there", INFO, server=self.server)
        self.met.set()
        self._around.advanced()

    async def _catch_up(self, client: Client, position: Id, floor: Id) -> None:
        """Know all that was said before ``position``."""
        latest = self._switch.latest
        if latest == NOTHING:
            self._switch.lost(floor)
        elif latest.epoch != position.epoch or latest < floor:
            self._break(floor)
        while (latest := self._switch.latest) < position:
            found = await client.xrange(self._keys.stream, f"({latest}", "+", count=_READ_AT_ONCE)
            for entry in found:
                await self._take(client, *entry)
            if not found:
                self._break(position)
        self._around.advanced()

    def _break(self, position: Id) -> None:
        emit("hub.gap", WARNING, server=self.server, after=str(self._switch.latest), until=str(position))
        self._switch.lost(position)
        self._around.broke()

    # --- reading ------------------------------------------------------------------------------------------

    async def _read(self, client: Client) -> None:
        while True:
            position = {self._keys.stream: str(self._switch.latest)}
            found = await client.xread(position, count=_READ_AT_ONCE, block=_BLOCK_MS)
            for entry in found[0][1] if found else ():
                await self._take(client, *entry)
            if found:
                self._around.advanced()
            while self._unloaded:
                await self._load(client, self._unloaded.pop())

    async def _take(self, client: Client, entry: bytes, fields: dict[bytes, bytes]) -> None:
        id, latest = read_id(entry.decode()) or NOTHING, self._switch.latest
        if id <= latest:
            return
        if id != Id(latest.epoch, latest.number + 1):
            self._break(Id(id.epoch, id.number - 1))
        try:
            if b"m" in fields:
                self._accept(id, fields[b"m"], int(fields[b"t"]))
                return
            self._switch.latest = id
            if b"p" in fields:
                self._hear(json.loads(fields[b"p"]))
            elif b"r" in fields and fields[b"r"].decode() != self._machine:
                # Before what comes after it is read, or older news would undo newer.
                await self._load(client, fields[b"r"].decode())
        except (Nonsense, ValueError, KeyError, TypeError) as error:
            emit("hub.redis_nonsense", WARNING, server=self.server, id=str(id), reason=str(error))
            self._switch.latest = id

    def _accept(self, id: Id, data: bytes, at: int) -> None:
        number, topic, payload, binary, keep = frames.read_publish(data[8:])
        publisher, now = Publisher(data[:8], number), time.monotonic()
        message = Message(topic, id, payload, binary=binary)
        self._switch.accept(message, min(now, at / 1000 + self._offset), keep, publisher)
        if self._pending:
            self._settle(publisher, id)

    def _hear(self, said: dict[str, Any]) -> None:
        if said["machine"] == self._machine:
            return
        for topic, member, joined, about in said["changes"]:
            change = Change(str(topic), str(member), joined=bool(joined), about=about)
            self._switch.tell(self._world.change(said["machine"], change, time.monotonic()))

    async def _load(self, client: Client, machine: str) -> None:
        if machine == self._machine:
            return
        members: Members = {}
        async for key, about in client.hscan_iter(self._keys.members + machine, count=500):
            topic, member = json.loads(key)
            members[topic, member] = json.loads(about)
        self._switch.tell(self._world.replace(machine, members, time.monotonic()))

    # --- writing ------------------------------------------------------------------------------------------

    async def _write(self, client: Client) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._unsent or self._changes:
                if self._unsent:
                    await self._say(client)
                if self._changes:
                    await self._tell(client)

    async def _say(self, client: Client) -> None:
        batch: list[Publisher] = []
        words: list[Any] = []
        size = 0
        while self._unsent and len(batch) < _AT_ONCE and size < _BYTES_AT_ONCE:
            publisher = self._unsent.popleft()
            if waits := self._pending.get(publisher):
                waits.sent = True
                size += len(waits.data)
                batch.append(publisher)
                words += [b"m", waits.data]
        try:
            await self._ask(client, SAY, [self._most, MOST_ENTRIES, *words])
        except ResponseError as error:
            if not str(error).startswith("OOM"):
                raise
            for publisher in batch:
                self._settle(publisher, HubError(f"Redis at {self.server} has no room: {error}"))

    async def _tell(self, client: Client) -> None:
        keys = list(self._changes)[:_AT_ONCE]
        changes = [self._changes.pop(key) for key in keys]
        said = {"machine": self._machine, "changes": [[c.topic, c.member, c.joined, c.about] for c in changes]}
        async with client.pipeline(transaction=True) as together:
            own = self._keys.members + self._machine
            for change in changes:
                field = json.dumps([change.topic, change.member])
                if change.joined:
                    together.hset(own, field, json.dumps(change.about))
                else:
                    together.hdel(own, field)
            self._queue(together, b"p", json.dumps(said))
            await together.execute()

    async def _rewrite(self, client: Client) -> None:
        """Have Redis know exactly who is here."""
        self._changes.clear()
        async with client.pipeline(transaction=True) as together:
            own = self._keys.members + self._machine
            together.delete(own)
            for (topic, member), about in self._world.of(self._machine).items():
                together.hset(own, json.dumps([topic, member]), json.dumps(about))
            self._queue(together, b"r", self._machine)
            await together.execute()

    def _queue(self, together: Any, kind: bytes, content: str) -> None:
        words = [self._machine, self._token, self._most, MOST_ENTRIES, kind, content]
        together.eval(SAY, 3, *self._keys[:3], *words)

    async def _beat(self, client: Client) -> None:
        while True:
            now = time.monotonic()
            if self._rewrite_at and now >= self._rewrite_at:
                self._rewrite_at = 0.0
                await self._rewrite(client)
            words = [int(LEASE * 1000), _KEPT_FOR * 1000]
            there = {name.decode() for name in await self._ask(client, BEAT, words, self._keys.members)}
            for machine in self._world.machines:
                # After an absence of Redis's the others need a moment, too, to renew their leases.
                if machine not in there and machine != self._machine and now >= self._since + LEASE:
                    emit("hub.machine_gone", WARNING, machine=machine)
                    self._switch.tell(self._world.lose(machine, now))
            self._unloaded |= there - set(self._world.machines) - {self._machine}
            await asyncio.sleep(_BEAT)

    async def _ask(self, client: Client, script: str, words: list[Any], *more: str) -> Any:
        keys = [*self._keys[:3], *more]
        run = client.register_script(script)
        return await run(keys=keys, args=[self._machine, self._token, *words])

    def facts(self) -> dict[str, Any]:
        """For a status page."""
        machines = len({*self._world.machines, self._machine})
        return {"redis": self.server, "connected": self.connected, "machines": machines, "waiting": len(self._pending)}


def _client(url: str) -> Client:
    words: dict[str, Any] = {"socket_timeout": _SILENCE, "socket_connect_timeout": _SILENCE, "protocol": 2}
    try:
        return redis.asyncio.Redis.from_url(url, retry=Retry(NoBackoff(), 0), max_connections=8, **words)
    except ValueError as error:
        raise UsageError(f"{redis_text(url)} is no address of a Redis server: {error}") from None


async def _first_to_fail(*works: Any) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
