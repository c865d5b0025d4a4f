"""What goes on in the workers at this moment, asked of each of them: requests under way, the stack of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hendrix.core import control
from hendrix.core.console import Ask, Done
from hendrix.supervisor.caching import Talk
from hendrix.supervisor.console import Asker
from hendrix.supervisor.crew import Crew, Member
from hendrix.supervisor.entries import State
from hendrix.supervisor.fleet import Fleet
from hendrix.supervisor.moves import Event, WorkerAsksRetire

#: Seconds: who does not say it at once stands still, and that is told of it.
_PATIENCE = 1.0
#: Requests that are told of, by all workers.
_MOST = 800
_FEWEST = 2
_LIVING = (State.READY, State.RETIRING, State.DRAINING)


class Looks(Talk):
    """Workers that serve no longer but have requests under way are asked, too."""

    patience = _PATIENCE

    def __init__(self, fleet: Fleet, crew: Crew, tell: Callable[[Event], None]) -> None:
        super().__init__(fleet, crew)
        self._tell = tell

    def _wanted(self, ask: Ask) -> dict[int, Member]:
        found = self._members(_LIVING)
        only = ask.facts.get("worker")
        return {worker: member for worker, member in found.items() if only in (None, worker)}

    def _question(self, number: int, ask: Ask, count: int) -> control.Message:
        most = max(_FEWEST, _MOST // count)
        return control.Look(number, {"most": most, "stack": str(ask.facts.get("stack") or "")})

    def _done(self, answers: list[dict[str, Any]], silent: list[int]) -> Done:
        return Done(0, facts={"workers": answers, "silent": silent})

    def recycle(self, client: Asker, ask: Ask) -> None:
        """Have a worker replaced: it serves until its successor does."""
        worker = self._fleet.workers.get(ask.facts.get("worker", -1))
        if worker is None or worker.state is not State.READY:
            client.done(Done(1, "there is no worker of that number that serves"))
            return
        self._tell(WorkerAsksRetire(worker.id, "asked for"))
        client.done(Done(0, f"worker {worker.id} is being replaced"))
