"""Who asked for what over the control socket, and waits for the outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hendrix.core.console import Ask, Done
from hendrix.supervisor.console import Client


class Asks:
    """Clients that wait: for the end of a reload, or for the end of the server."""

    def __init__(
        self,
        facts: Callable[[], dict[str, Any]],
        reload: Callable[[], str],
        restart: Callable[[], str],
        stop: Callable[[bool], None],
    ) -> None:
        self._facts, self._reload, self._restart, self._stop = facts, reload, restart, stop
        self.reloading: list[Client] = []
        self.stopping: list[Client] = []

    def asked(self, client: Client, ask: Ask) -> None:
        """One line came. ``reload`` and ``restart`` return why that cannot be, or nothing."""
        match ask.do:
            case "status":
                client.done(Done(0, facts=self._facts()))
            case "stop":
                self.stopping.append(client)
                self._stop(bool(ask.facts.get("fast")))
            case "reload":
                self._await(client, self._reload)
            case "restart":
                self._await(client, self._restart)
            case _:
                client.done(Done(1, f"this server does not know {ask.do!r}; is hx of another version?"))

    def _await(self, client: Client, begin: Callable[[], str]) -> None:
        self.reloading.append(client)
        if reason := begin():
            self.reloading.remove(client)
            client.done(Done(1, reason))

    def say(self, text: str) -> None:
        """Progress, to all who wait."""
        for client in [*self.reloading, *self.stopping]:
            client.say(text)

    def reloaded(self, done: Done) -> None:
        """The reload or restart is over."""
        clients, self.reloading = self.reloading, []
        for client in clients:
            client.done(done)

    def stopped(self, status: int) -> None:
        """Everything has ended."""
        self.reloaded(Done(1, "the server was stopped meanwhile"))
        clients, self.stopping = self.stopping, []
        for client in clients:
            client.done(Done(0, facts={"status": status}))
