"""Who asked for what over the control socket, and waits for the outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hendrix.core.console import Ask, Done
from hendrix.supervisor.console import Asker


class Asks:
    """Clients that wait: for the end of a reload, of the rehearsal of a restart, or of the server."""

    def __init__(
        self,
        facts: Callable[[], dict[str, Any]],
        reload: Callable[[], str],
        restart: Callable[[], str],
        stop: Callable[[bool], None],
        cache: Callable[[Asker, Ask], None] = lambda client, ask: None,
        renew: Callable[[Asker, list[str]], None] = lambda client, names: None,
        measures: Callable[[], dict[str, Any]] = dict,
        look: Callable[[Asker, Ask], None] = lambda client, ask: None,
        recycle: Callable[[Asker, Ask], None] = lambda client, ask: None,
    ) -> None:
        self._look, self._recycle = look, recycle
        self._measures = measures
        self._cache = cache
        self._facts, self._reload, self._restart, self._stop = facts, reload, restart, stop
        self._renew = renew
        self.reloading: list[Asker] = []
        self.restarting: list[Asker] = []
        self.stopping: list[Asker] = []

    def asked(self, client: Asker, ask: Ask) -> None:
        """One line came. ``reload`` and ``restart`` return why that cannot be, or nothing."""
        match ask.do:
            case "status":
                client.done(Done(0, facts=self._facts()))
            case "metrics":
                client.done(Done(0, facts={**self._facts(), "measures": self._measures()}))
            case "stop":
                self.stopping.append(client)
                self._stop(bool(ask.facts.get("fast")))
            case "reload":
                self._await(client, self._reload, self.reloading)
            case "restart":
                self._await(client, self._restart, self.restarting)
            case "cache":
                self._cache(client, ask)
            case "look":
                self._look(client, ask)
            case "recycle":
                self._recycle(client, ask)
            case "renew":
                names = ask.facts.get("names")
                self._renew(client, [str(name) for name in names] if isinstance(names, list) else [])
            case _:
                client.done(Done(1, f"this server does not know {ask.do!r}; is hx of another version?"))

    def _await(self, client: Asker, begin: Callable[[], str], waiting: list[Asker]) -> None:
        waiting.append(client)
        if reason := begin():
            waiting.remove(client)
            client.done(Done(1, reason))

    @property
    def waiting(self) -> list[Asker]:
        """Who waits for new code to serve: after a re-execution all of them wait for the same."""
        return [*self.reloading, *self.restarting]

    def say(self, text: str) -> None:
        """Progress, to all who wait."""
        for client in [*self.waiting, *self.stopping]:
            client.say(text)

    def reloaded(self, done: Done) -> None:
        """The reload is over, or that of the restart."""
        _tell(self.reloading, done)

    def restarted(self, done: Done) -> None:
        """The restart is over before it began."""
        _tell(self.restarting, done)

    def stopped(self, status: int) -> None:
        """Everything has ended."""
        _tell(self.reloading, Done(1, "the server was stopped meanwhile"))
        _tell(self.restarting, Done(1, "the server was stopped meanwhile"))
        _tell(self.stopping, Done(0, facts={"status": status}))


def _tell(clients: list[Asker], done: Done) -> None:
    """Nobody of them waits any more."""
    told = clients.copy()
    clients.clear()
    for client in told:
        client.done(done)
