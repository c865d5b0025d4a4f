"""What the command line asks of the cache, passed on to the workers, which have it, and their answers together.

A purge is one worker's to do: it holds for all of them. How full the caches are and what they have done, each tells.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from hendrix.core import control
from hendrix.core.console import Ask, Done
from hendrix.supervisor.console import Asker
from hendrix.supervisor.crew import Crew, Member
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


class Talk:
    """Questions under way. ``look`` gives up on workers that say nothing."""

    patience = _PATIENCE

    def __init__(self, fleet: Fleet, crew: Crew) -> None:
        self._fleet, self._crew = fleet, crew
        self._numbers = itertools.count(1)
        self._questions: dict[int, _Question] = {}

    def asked(self, client: Asker, ask: Ask) -> None:
        """Pass it on to those that it is for."""
        members = self._wanted(ask)
        if not members:
            client.done(Done(1, "no worker serves yet"))
            return
        number = next(self._numbers)
        self._questions[number] = _Question(client, monotonic() + self._patience(ask), set(members))
        for member in members.values():
            self._crew.send(member, self._question(number, ask, len(members)))

    def _patience(self, ask: Ask) -> float:
        """``within`` so many seconds the client wants what there is."""
        within = ask.facts.get("within")
        return min(self.patience, float(within)) if isinstance(within, int | float) and within > 0 else self.patience

    def said(self, worker: int, answer: control.CacheSays | control.Seen) -> None:
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
        question.client.done(self._done(question.answers, sorted(question.waiting)))

    def _members(self, states: Collection[State]) -> dict[int, Member]:
        """The web workers in one of ``states``."""
        rows = self._fleet.workers.values()
        found = [row.id for row in rows if row.state in states and not row.is_for_tasks]
        return {worker: self._crew.workers[worker] for worker in found if worker in self._crew.workers}

    # --- of the kind of talk -------------------------------------------------------------------------------

    def _wanted(self, ask: Ask) -> dict[int, Member]:
        """Who is asked."""
        raise NotImplementedError

    def _question(self, number: int, ask: Ask, count: int) -> control.Message:
        """What each of ``count`` workers is asked."""
        raise NotImplementedError

    def _done(self, answers: list[dict[str, Any]], silent: list[int]) -> Done:
        """The end; the ``silent`` workers have not answered."""
        raise NotImplementedError


class CacheTalk(Talk):
    """``facts`` of what is asked: ``verb``, and what belongs to it."""

    def _wanted(self, ask: Ask) -> dict[int, Member]:
        members = self._members((State.READY,))
        if ask.facts.get("verb") == "purge" and members:
            newest = max(members)
            members = {newest: members[newest]}
        return members

    def _question(self, number: int, ask: Ask, count: int) -> control.Message:
        return control.AskCache(number, dict(ask.facts))

    def _done(self, answers: list[dict[str, Any]], silent: list[int]) -> Done:
        wrong = next((str(answer["wrong"]) for answer in answers if answer.get("wrong")), "")
        if not answers:
            wrong = "no worker has answered; the server's log may say why"
        return Done(1 if wrong else 0, wrong, facts={"workers": answers})
