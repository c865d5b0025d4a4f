"""What goes on in a worker, when somebody looks: requests under way, what each of them waits for, recent errors.

Nothing is kept for this while nobody looks: connections know their exchanges, threads their jobs, and the watchdog the
coroutines. Only errors are noted, as they come.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hendrix.answer.environ import id_key
from hendrix.answer.tasks import stack_of
from hendrix.core import events, redact
from hendrix.core.control import Look, Seen
from hendrix.worker.receiving import Receiving

if TYPE_CHECKING:
    from hendrix.worker.engine import Engine

_MOST_REQUESTS = 50
_MOST_ERRORS = 50
#: Characters of a stack: its end, where it is.
_LONGEST_STACK = 16 * 1024
_LONGEST = 80
_FAILURES = ("application.failed", "request.hung")


@dataclass(frozen=True, slots=True)
class _Hand:
    """What works on a request: a thread or a task, or neither at this moment."""

    where: str
    owner: object
    thread: int = 0
    task: asyncio.Task[Any] | None = None

    @property
    def request(self) -> object:
        return getattr(getattr(self.owner, "exchange", None), "request", None)

    def stack(self) -> str:
        """Where it is; empty where there is none."""
        if self.task is not None:
            return "".join(traceback.format_list(stack_of(self.task.get_coro())))
        frame = sys._current_frames().get(self.thread)
        return "".join(traceback.format_stack(frame)) if frame else ""


class Looking:
    """``id_field``: the header of request ids where Django answers, else None. Called on the loop."""

    def __init__(self, engine: Engine, id_field: str | None) -> None:
        self._engine = engine
        self._errors: deque[dict[str, Any]] = deque(maxlen=_MOST_ERRORS)
        events.listen(self._on_event)
        if id_field is not None:
            from django.core.signals import got_request_exception  # noqa: PLC0415

            self._id_key = id_key(id_field)
            got_request_exception.connect(self._on_exception, weak=False)

    def answer(self, asked: Look, now: float) -> Seen:
        """What was asked for. ``now`` is monotonic."""
        if wanted := asked.facts.get("stack"):
            return Seen(asked.number, self._stack(str(wanted)))
        most = asked.facts.get("most")
        return Seen(asked.number, self._requests(most if isinstance(most, int) else _MOST_REQUESTS, now))

    # --- requests ------------------------------------------------------------------------------------------

    def _under_way(self) -> list[Receiving]:
        connections = list(self._engine.site.connections)
        return [exchange for one in connections for exchange in getattr(one, "exchanges", ())]

    def _requests(self, most: int, now: float) -> dict[str, Any]:
        found = sorted(self._under_way(), key=lambda exchange: exchange.began)
        hands = self._hands()
        shown = [
            self._row(exchange, self._hand(exchange, hands), now)
            for exchange in found[: max(0, min(most, _MOST_REQUESTS))]
        ]
        return {"in_flight": len(found), "requests": shown, "errors": list(self._errors)}

    def _hands(self) -> dict[int, _Hand]:
        """What works on requests, by what these are: layers put exchanges of their own before ours."""
        tasks = [_Hand("task", owner, task=task) for task, owner in self._engine.tasks.items()]
        slots = list(self._engine.threads.slots.items())
        threads = [_Hand(f"thread {number}", slot.job, slot.ident) for number, slot in slots]
        return {id(hand.request): hand for hand in (*tasks, *threads) if hand.request is not None}

    def _hand(self, exchange: Receiving, hands: dict[int, _Hand]) -> _Hand:
        if found := hands.get(id(exchange.request)):
            return found
        # An ASGI application has all the time it wants, so nobody watches it; but it listens for the end of its peer.
        owner = getattr(exchange.on_gone, "__self__", None)
        task = getattr(owner, "task", None)
        if isinstance(task, asyncio.Task) and not task.done():
            return _Hand("task", owner, task=task)
        return _Hand("sending" if exchange.started else "waiting", owner)

    def _row(self, exchange: Receiving, hand: _Hand, now: float) -> dict[str, Any]:
        request = exchange.request
        return {
            "id": exchange.request_id,
            "method": request.method[:20],
            "url": redact.shown(request.path, request.query),
            "age": round(max(0.0, now - exchange.began), 3),
            "view": str(getattr(hand.owner, "view", "") or getattr(request.noted, "view", ""))[:_LONGEST],
            "where": hand.where,
            "peer": exchange.origin.client[0][:_LONGEST] or "unix",
            "started": exchange.started,
            "sent": exchange.sent,
        }

    def _stack(self, wanted: str) -> dict[str, Any]:
        """Of the thread or the task that works on it."""
        exchange = next((one for one in self._under_way() if one.request_id == wanted), None)
        if exchange is None:
            return {}
        hand = self._hand(exchange, self._hands())
        return {"request": self._row(exchange, hand, time.monotonic()), "stack": hand.stack()[-_LONGEST_STACK:]}

    # --- errors --------------------------------------------------------------------------------------------

    def _on_exception(self, sender: object, request: Any = None, **_: object) -> None:
        """Django's signal, in the thread of the request."""
        path = str(getattr(request, "path", "")).replace("?", "%3F")
        meta = getattr(request, "META", {})
        error = sys.exc_info()[1]
        self._note(f"{getattr(request, 'method', '')} {path}", error, meta.get(self._id_key, ""))

    def _on_event(self, name: str, level: int, facts: dict[str, object]) -> None:
        if name in _FAILURES:
            self._note(str(facts.get("request", "")), facts.get("exc") or name, facts.get("id", ""))

    def _note(self, request: str, error: object, request_id: object) -> None:
        kind = error if isinstance(error, str) else type(error).__name__
        shown, now = redact.described(request), time.time()
        told = {"at": now, "request": shown, "error": kind[:_LONGEST], "id": str(request_id)[:128]}
        self._errors.append(told)
