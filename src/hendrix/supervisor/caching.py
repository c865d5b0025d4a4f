"""What the command line asks of the cache, passed on to the workers, which have it, and their answers together.

A purge is one worker's to do: it holds for all of them. How full the caches are and what they have done, each tells.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from hendrix.core import control
from hendrix.core.console import Ask, Done
from hendrix.supervisor.console import Asker
from hendrix.supervisor.crew import Crew
from hendrix.supervisor.entries import State
from hendrix.supervisor.fleet import Fleet

#: Seconds that workers have to answer.
_PATIENCE = 5.0


@dataclass(slots=True)
class _Question:
    client: Asker
    until: float
    waiting: set[int]
    answers: list[dict[str, Any]] = field(default_factory=list)


class CacheTalk:
    """Questions under way. ``look`` gives up on workers that say nothing."""

    def __init__(self, fleet: Fleet, crew: Crew) -> None:
        self._fleet, self._crew = fleet, crew
        self._numbers = itertools.count(1)
        self._questions: dict[int, _Question] = {}

    def asked(self, client: Asker, ask: Ask) -> None:
        """``ask.facts``: ``verb``, and what belongs to it."""
        ready = [worker.id for worker in self._fleet.workers.values() if worker.state is State.READY]
        members = {worker: self._crew.workers[worker] for worker in ready if worker in self._crew.workers}
        if ask.facts.get("verb") == "purge" and members:
            newest = max(members)
            members = {newest: members[newest]}
        if not members:
            client.done(Done(1, "no worker serves yet"))
            return
        number = next(self._numbers)
        self._questions[number] = _Question(client, monotonic() + _PATIENCE, set(members))
        for member in members.values():
            self._crew.send(member, control.AskCache(number, dict(ask.facts)))

    def said(self, worker: int, answer: control.CacheSays) -> None:
        """A worker has answered."""
        question = self._questions.get(answer.number)
        if question is not None and worker in question.waiting:
            question.waiting.discard(worker)
            question.answers.append({"worker": worker, **answer.facts})
            if not question.waiting:
                self._finish(answer.number)

    def look(self, now: float) -> None:
        """Who is gone, or takes too long, is not waited for."""
        for number, question in list(self._questions.items()):
            question.waiting &= self._crew.workers.keys()
            if not question.waiting or now >= question.until:
                self._finish(number)

    def deadline(self) -> float | None:
        """When ``look`` matters next."""
        return min((question.until for question in self._questions.values()), default=None)

    def _finish(self, number: int) -> None:
        question = self._questions.pop(number)
        wrong = next((str(answer["wrong"]) for answer in question.answers if answer.get("wrong")), "")
        if not question.answers:
            wrong = "no worker has answered; the server's log may say why"
        question.client.done(Done(1 if wrong else 0, wrong, facts={"workers": question.answers}))
