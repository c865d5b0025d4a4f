"""`python3 -m bench.relay_load serve|listen|publish PATH [RATE SECONDS]`: a relay, and two processes beside it.

`serve` is a relay below the parent that it has in a server; it ends with its stdin. `listen` prints a line when it
hears, and one of JSON when `publish` is through: how many messages of 100 bytes it heard, and milliseconds from the
call of `publish` to the callback: median, 99 of 100, longest. `publish` prints how many were confirmed, how many were
refused, and in how many seconds; a rate of 0: as many as will go, with 1,000 unconfirmed ones at a time. Where a rate
is not reached there are never more than 5,000 of them.
"""

import asyncio
import json
import sys
import time

import uvloop

from bench.audience import SIZE, spread
from hendrix.hub.link import Link
from hendrix.hub.local import Hub
from hendrix.hub.message import HubError, Id, Message
from tests.kit.hub import be_parent

_TICK = 0.001
_UNDER_WAY, _MOST_UNDER_WAY = 1000, 5000
_PATIENCE = 15.0  # seconds until the last confirmation: longer than a publish waits for it
_STAMP = 20
_END = b"end"


def _hub(path: str) -> Hub:
    loop = asyncio.get_running_loop()
    return Hub(loop, lambda hub: Link(path, hub, loop))


async def _listen(path: str) -> None:
    took: list[float] = []
    begun, ended = asyncio.Event(), asyncio.Event()

    def hear(message: Message) -> None:
        if message.payload == _END:
            ended.set()
        else:
            took.append(time.monotonic() - float(message.payload[:_STAMP]))

    _hub(path).listen("news", hear, on_start=lambda position: begun.set())
    await begun.wait()
    print("hears", flush=True)
    await ended.wait()
    print(json.dumps({"heard": len(took), "each": spread(took)}), flush=True)


class _Publisher:
    def __init__(self, path: str) -> None:
        self._hub = _hub(path)
        self._said = self._confirmed = self._refused = 0
        self._all_said, self._all_confirmed = False, asyncio.Event()

    def _say(self) -> None:
        payload = (b"%0*.9f" % (_STAMP, time.monotonic())).ljust(SIZE, b"x")
        self._hub.publish("news", payload, binary=True, keep=None).add_done_callback(self._on_confirmed)
        self._said += 1

    def _on_confirmed(self, future: "asyncio.Future[Id]") -> None:
        if isinstance(future.exception(), HubError):
            self._refused += 1
        else:
            self._confirmed += 1
        if self._all_said and self._under_way == 0:
            self._all_confirmed.set()

    @property
    def _under_way(self) -> int:
        return self._said - self._confirmed - self._refused

    def _due(self, passed: float, rate: int) -> int:
        if not rate:
            return _UNDER_WAY - self._under_way
        return min(int(passed * rate) - self._said, _MOST_UNDER_WAY - self._under_way)

    async def run(self, rate: int, seconds: float) -> None:
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            for _ in range(self._due(passed, rate)):
                self._say()
            await asyncio.sleep(_TICK)
        self._all_said = True
        if self._under_way:
            async with asyncio.timeout(_PATIENCE):
                await self._all_confirmed.wait()
        took = time.monotonic() - begun
        print(json.dumps({"confirmed": self._confirmed, "refused": self._refused, "seconds": took}), flush=True)
        await self._hub.publish("news", _END, binary=True, keep=None)


async def _publish(path: str, rate: int, seconds: float) -> None:
    await _Publisher(path).run(rate, seconds)


def main() -> None:
    """See the head of this file."""
    what, path, *rest = sys.argv[1:]
    if what == "serve":
        be_parent(path, {})
    elif what == "listen":
        uvloop.run(_listen(path))
    else:
        uvloop.run(_publish(path, int(rest[0]), float(rest[1])))


if __name__ == "__main__":
    main()
