"""Live figures: of this process, and of the shop."""

import asyncio
import itertools
import os
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from django.core.signals import request_started
from django.utils import timezone

from hendrix.django.sse import Event

from .models import Instrument, RepairRequest

FRESH = 1.0  # seconds that the shop's figures hold, however many watch

_requests = itertools.count()
_counted = 0
_watchers = 0


def _count(**facts: object) -> None:
    global _counted
    _counted = next(_requests) + 1


request_started.connect(_count, dispatch_uid="workshop.figures")


class Shop(NamedTuple):
    """What is in the books."""

    in_stock: int
    repairs: int
    latest: str


class _Books:
    """The shop's figures, read once for all who watch."""

    def __init__(self) -> None:
        self.shop = Shop(0, 0, "")
        self.until = 0.0

    async def read(self) -> Shop:
        if time.monotonic() >= self.until:
            self.until = time.monotonic() + FRESH  # first: whoever comes meanwhile takes the old ones
            latest = await RepairRequest.objects.afirst()
            self.shop = Shop(
                await Instrument.objects.filter(in_stock=True).acount(),
                await RepairRequest.objects.acount(),
                latest.instrument if latest else "",
            )
        return self.shop


_books = _Books()


def process() -> dict[str, object]:
    """This process, now. Counters only grow: who wants a rate subtracts."""
    return {
        "pid": os.getpid(),
        "at": time.monotonic(),
        "requests": _counted,
        "cpu_seconds": time.process_time(),
        "memory_mb": _resident() / 1e6,
        "threads": threading.active_count(),
        "watchers": _watchers,
    }


async def watch(pause: float) -> AsyncIterator[Event]:
    """The figures every `pause` seconds, for as long as somebody watches."""
    global _watchers
    _watchers += 1
    late = 0.0
    try:
        while True:
            shop = (await _books.read())._asdict()
            facts = process() | {"late_ms": late * 1000, "shop": shop, "clock": timezone.now()}
            yield Event(facts, event="figures")
            due = time.monotonic() + pause
            await asyncio.sleep(pause)
            late = max(0.0, time.monotonic() - due)
    finally:
        _watchers -= 1


def _resident() -> int:
    """Bytes of memory in use; 0 where the system does not tell it this way."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
