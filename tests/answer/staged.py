"""A ``Call`` through real threads and a real loop, with the answer caught."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

from hendrix.answer.django import django
from hendrix.answer.django_handler import Handler
from hendrix.answer.sync_threads import adopt_loop
from hendrix.answer.tasks import Tasks
from hendrix.core.http import Origin, Request
from hendrix.worker.threads import ThreadPool

ORIGIN = Origin(("127.0.0.1", 1), ("testserver", 80), "http")


class Stage:
    """A loop in a thread of its own, and the pool."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.pool = ThreadPool(self.loop, 4, 1000, lambda: None)
        self.pool.on_start = adopt_loop(self.loop, self.pool)
        self.tasks = Tasks(self.loop)
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def answer(self, handler: Handler, target: str) -> Caught:
        """What ``handler`` answers to GET ``target``."""
        caught = Caught(target)
        facts: dict[str, Any] = {"multiprocess": False, "software": "tests", "id_field": "", "root_path": ""}
        answer = django(handler, self.pool, self.tasks, **facts)
        self.loop.call_soon_threadsafe(answer, caught)
        assert caught.over.wait(20), f"no answer to {target}"
        return caught

    def close(self) -> None:
        """End the threads."""

        def end() -> None:
            for slot in self.pool.slots.values():
                slot.leaving = True
                if slot.gate.locked():
                    slot.gate.release()

        self.loop.call_soon_threadsafe(end)
        while self.pool.slots:
            self._thread.join(0.01)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Caught:
    """``core.exchange.Exchange`` that keeps what it is given."""

    writable = True

    def __init__(self, target: str) -> None:
        path, _, query = target.encode().partition(b"?")
        self.request = Request("GET", target.encode(), path, query, "1.1", [])
        self.origin = ORIGIN
        self.request_id = ""
        self.gone = self.started = False
        self.on_gone = self.on_drained = self.on_eof = None
        self.over = threading.Event()
        self.status = ""
        self.headers: dict[str, str] = {}
        self.body = b""

    def collect(self, done: Callable[[BytesIO], None]) -> None:
        done(BytesIO())

    def respond(self, status: str, headers: Any, body: bytes) -> None:
        self.start(status, headers)
        self.write(body)
        self.finish()

    def start(self, status: str, headers: Any) -> None:
        self.started = True
        self.status, self.headers = status, dict(headers)

    def write(self, data: bytes) -> bool:
        self.body += data
        return True

    def finish(self) -> None:
        self.over.set()

    abort = finish
