"""Twisted's producers, kept to the pace of their peer (``IPushProducer``, ``IPullProducer``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

#: A pull producer that had nothing to give is asked again after so many seconds; one that gives is asked so many times
#: in a row.
_LATER = 0.01
_IN_A_ROW = 4


class Flow:
    """What makes the bytes of one consumer. ``writable()`` tells whether the peer takes more, ``failed(error)`` is
    called where the producer raises."""

    __slots__ = ("_asked", "_asking", "_failed", "_gave", "_loop", "_paused", "_streaming", "_writable", "producer")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, writable: Callable[[], bool], failed: Callable[[Exception], None]
    ) -> None:
        self._loop = loop
        self._writable = writable
        self._failed = failed
        self.producer: Any = None
        #: Does it push?
        self._streaming = False
        self._paused = False
        #: A pull producer is about to be asked; is being asked, and has given something.
        self._asked = self._asking = self._gave = False

    def register(self, producer: Any, streaming: bool) -> None:
        """See ``IConsumer.registerProducer``. Raises ``RuntimeError`` where there is one already."""
        if self.producer is not None:
            raise RuntimeError(f"cannot register {producer!r}: {self.producer!r} was never unregistered")
        self.producer, self._streaming, self._paused = producer, streaming, False
        if not streaming:
            self._ask_soon()
        elif not self._writable():
            self._pause()

    def unregister(self) -> None:
        """See ``IConsumer.unregisterProducer``."""
        self.producer = None

    def stop(self) -> None:
        """Nobody takes anything any more."""
        producer, self.producer = self.producer, None
        if producer is not None:
            self._call(producer.stopProducing)

    def wrote(self, *, more: bool) -> None:
        """Something was written; does the peer take ``more``?"""
        if self.producer is None:
            return
        if self._streaming:
            if not more and not self._paused:
                self._pause()
        elif self._asking:
            self._gave = True
        elif more:
            self._ask_soon()

    def drained(self) -> None:
        """The peer has caught up."""
        if self.producer is None:
            return
        if not self._streaming:
            self._ask_soon()
        elif self._paused:
            self._paused = False
            self._call(self.producer.resumeProducing)

    def _pause(self) -> None:
        self._paused = True
        self._call(self.producer.pauseProducing)

    def _ask_soon(self) -> None:
        if not self._asked:
            self._asked = True
            self._loop.call_soon(self._ask)

    def _ask(self) -> None:
        self._asked, self._asking = False, True
        for _ in range(_IN_A_ROW):
            self._gave = False
            if not self._may_ask or not self._call(self.producer.resumeProducing) or not self._gave:
                break
        self._asking = False
        if self._may_ask and not self._asked:
            self._asked = True
            self._loop.call_later(0 if self._gave else _LATER, self._ask)

    @property
    def _may_ask(self) -> bool:
        return self.producer is not None and not self._streaming and self._writable()

    def _call(self, method: Callable[[], object]) -> bool:
        try:
            method()
        except Exception as error:
            self.producer = None
            self._failed(error)
            return False
        return True
