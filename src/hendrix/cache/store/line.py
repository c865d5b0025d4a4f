"""The way to a Redis server: nobody waits longer than a moment, and nobody waits twice for one that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from hendrix.core.errors import UsageError
from hendrix.core.events import WARNING, emit
from hendrix.core.values import redis_text

Words = Sequence[Any]

#: Seconds for one question, whatever it takes.
PATIENCE = 0.5
#: Seconds for which a server that was away is not asked: at first, and at most.
_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_CONNECTIONS = 16


class Away(Exception):
    """The server did not answer, or is not asked for a while."""


class Line:
    """To the server at ``url``. Its name in logs has no password. Raises ``UsageError`` for what is no such URL."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self.name, self._clock = redis_text(url), clock
        pool: dict[str, Any] = {
            "socket_timeout": PATIENCE,
            "socket_connect_timeout": PATIENCE,
            "protocol": 2,
            "max_connections": _CONNECTIONS,
            "timeout": PATIENCE,
        }
        try:
            retry = AsyncRetry(NoBackoff(), 0)
            self._pool = redis.asyncio.BlockingConnectionPool.from_url(url, retry=retry, **pool)
            self._client = redis.asyncio.Redis(connection_pool=self._pool)
            # For threads, which come with nothing but a purge.
            blocking = redis.BlockingConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **pool)
            self._blocking = redis.Redis(connection_pool=blocking)
        except ValueError as error:
            raise UsageError(f"{self.name} is no address of a Redis server: {error}") from None
        self._scripts: dict[str, Any] = {}
        self._pause, self._until = _PAUSE, 0.0
        self._away = False

    @property
    def open(self) -> bool:
        """Is it worth asking?"""
        return not self._away or self._clock() >= self._until

    async def ask(self, script: str, keys: Words, words: Words) -> Any:
        """What ``script`` returns. Raises ``Away``."""
        if not self.open:
            raise Away
        run = self._scripts.get(script) or self._scripts.setdefault(script, self._client.register_script(script))
        try:
            async with asyncio.timeout(PATIENCE):
                found = await run(keys=keys, args=words)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
            raise Away from None
        self._found()
        return found

    def ask_from_thread(self, script: str, keys: Words, words: Words) -> Any:
        """The same, waiting for it. Raises ``Away``."""
        if not self.open:
            raise Away
        try:
            return self._blocking.register_script(script)(keys=list(keys), args=list(words))
        except (RedisError, OSError) as error:
            self._lost(error)
            raise Away from None

    async def hear(self, channel: str, begin: Callable[[], Any], told: Callable[[bytes], None], beat: float) -> None:
        """Listen until the connection breaks. ``begin`` is awaited once nothing more will be missed.

        A server that says nothing for two ``beat`` seconds, though asked, is away. Raises ``Away``.
        """
        listener = self._client.pubsub()
        try:
            async with asyncio.timeout(PATIENCE):
                await listener.subscribe(channel)
                while (await listener.get_message(timeout=PATIENCE) or {}).get("type") != "subscribe":
                    pass
            await begin()
            silent = False
            while True:
                message = await listener.get_message(timeout=beat)
                if message is None:
                    if silent:
                        raise TimeoutError("it fell silent")
                    await listener.ping()
                silent = message is None
                if message is not None and message["type"] == "message":
                    told(message["data"])
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
            raise Away from None
        finally:
            with suppress(RedisError, OSError, TimeoutError):
                await listener.aclose()  # type: ignore[no-untyped-call]

    def _lost(self, error: Exception) -> None:
        if not self._away:
            emit("cache.redis_away", WARNING, server=self.name, reason=str(error) or type(error).__name__)
            self._pause = _PAUSE
        elif self._clock() >= self._until:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        else:
            return  # one of those that were asked at the same time
        self._away, self._until = True, self._clock() + self._pause

    def _found(self) -> None:
        if self._away:
            self._away = False
            emit("cache.redis_back", WARNING, server=self.name)

    @property
    def rest(self) -> float:
        """Seconds until it is worth asking."""
        return max(0.0, self._until - self._clock()) if self._away else 0.0

    async def close(self) -> None:
        """End the connections."""
        with suppress(RedisError, OSError, TimeoutError):
            await self._pool.disconnect()
        self._blocking.close()
