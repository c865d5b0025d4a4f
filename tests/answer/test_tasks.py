"""Coroutines that take long: where they wait, and for whom."""

from __future__ import annotations

import asyncio
import time

from hendrix.answer.tasks import Tasks
from hendrix.core import events

Heard = list[tuple[str, dict[str, object]]]


class Request:
    answering = False
    request_id = "r-1"
    expired = 0.0

    def describe(self) -> str:
        return "GET /slow"

    def expire(self, seconds: float) -> None:
        self.expired = seconds


async def warehouse(gate: asyncio.Event) -> None:
    await gate.wait()


async def view(gate: asyncio.Event) -> None:
    await warehouse(gate)


def test_the_line_has_the_stack_of_the_coroutine_and_the_id() -> None:
    heard: Heard = []

    def listener(name: str, level: int, facts: dict[str, object]) -> None:
        heard.append((name, facts))

    async def run() -> Request:
        tasks, gate, request = Tasks(asyncio.get_running_loop()), asyncio.Event(), Request()
        task = tasks.start(view(gate), None, request)
        await asyncio.sleep(0)
        for seconds in (1.0, 11.0, 12.0, 31.0):
            tasks.watch(time.monotonic() + seconds, 10.0, 30.0)
        gate.set()
        await task
        return request

    events.listen(listener)
    try:
        request = asyncio.run(run())
    finally:
        events.forget(listener)
    assert [name for name, _ in heard] == ["request.slow", "request.hung"], "each once"
    for _, facts in heard:
        assert facts["request"] == "GET /slow" and facts["id"] == "r-1"
        stack = str(facts["stack"])
        assert stack.index("in view") < stack.index("in warehouse") < stack.index("in wait"), "down to what it awaits"
    assert request.expired > 30
