"""``HendrixDeploy``: a server launched, and extended, by a script of the project.

    deployer = HendrixDeploy("start", {"settings": "shop.settings", "http_port": 8000, "workers": 4})
    deployer.run()

The engine is that of ``hx``, with reload, workers and static files. ``run`` becomes ``hx start``, and each generation
executes the script again up to ``run``, so what stands before it (ports, services, applications) is there in every
worker; see docs/how-to/launch-from-python.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from hendrix.core.errors import UsageError
from hendrix.deploy import launch
from hendrix.deploy.given import split
from hendrix.deploy.rehearsed import RehearsedReactor
from hendrix.deploy.uncaught import tell_in_one_line
from hendrix.options import Defaults
from hendrix.worker import script
from hendrix.worker.script import Registration
from hendrix.worker.services import HendrixService


class HendrixDeploy:
    """Options are those of ``hx`` by their names, and the old ones. Raises ``UsageError`` for others and bad values.

    ``options["wsgi"]`` and ``options["asgi"]`` may be applications or dotted paths; ``options["services"]`` is like
    the setting ``HENDRIX_SERVICES``; ``options["resources"]`` has resources of ``twisted.web`` that have a namespace,
    or dotted paths to them. ``services`` and ``resources`` are lists that may be added to until ``run``.
    """

    def __init__(
        self,
        action: str = "start",
        options: Mapping[str, Any] | None = None,
        reactor: Any = None,
        threadpool: Any = None,
    ) -> None:
        tell_in_one_line()
        if threadpool is not None:
            raise UsageError("HendrixDeploy takes no threadpool any more; give options['threads'], the most threads")
        self.action = action
        self.options = Defaults()
        for name, value in split(options or {}, action):
            self.options.say(name, value)
        self.services: list[Any] = _listed(self.options.pop("services"))
        self.resources: list[Any] = _listed(self.options.pop("resources"))
        #: In a worker, the collection that services are added to.
        self.hendrix: HendrixService | None = None
        self._reactor = reactor
        if settings := self.options.get("settings"):
            os.environ["DJANGO_SETTINGS_MODULE"] = settings

    @property
    def reactor(self) -> Any:
        """Twisted's. What it is asked for before ``run``, such as ``listenTCP``, is done in each worker."""
        if not (script.executing() or script.registered()):
            return RehearsedReactor()
        from twisted.internet import reactor  # noqa: PLC0415 - which one is settled by the first import

        return self._reactor or reactor

    @property
    def application(self) -> Any:
        """What is served, as it was given: an application or its path, or None for a Django project."""
        return self.options.get("wsgi") or self.options.get("asgi")

    # --- to be extended ------------------------------------------------------------------------------------

    def addServices(self) -> None:
        """Called in each worker before it is ready: add services to ``self.hendrix``. They are started in order."""

    def addGlobalServices(self) -> None:
        """The same for services that run in one worker at a time."""

    def add_non_tls_websocket_service(self, websocket_factory: Any) -> None:
        """Serve ``websocket_factory``, such as one of autobahn's, at a port of its own: that of its URL."""
        from twisted.application.internet import TCPServer  # noqa: PLC0415

        port = getattr(websocket_factory, "port", None)
        if not isinstance(port, int):
            raise UsageError("the factory names no port; give it a url such as ws://127.0.0.1:9000")
        self.services.append(TCPServer(port, websocket_factory))

    # --- to be called --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do the action. ``start`` does not return; another ends the process where it fails (``SystemExit``)."""
        if script.executing():
            script.register(self._registration())
        launch.run(self.action, self._plain())

    def start(self) -> None:
        """``run`` with this action, as ``stop``, ``restart``, ``reload`` and ``status`` are."""
        self._do("start")

    def stop(self) -> None:
        """See ``start``."""
        self._do("stop")

    def restart(self) -> None:
        """See ``start``."""
        self._do("restart")

    def reload(self) -> None:
        """See ``start``."""
        self._do("reload")

    def status(self) -> None:
        """See ``start``."""
        self._do("status")

    def _do(self, action: str) -> None:
        self.action = action
        self.run()

    def _plain(self) -> dict[str, Any]:
        return launch.plain(dict(split(self.options, self.action)), self.services, self.resources)

    def _registration(self) -> Registration:
        kind = type(self)
        return Registration(
            self._plain(),
            wsgi=_callable(self.options.get("wsgi")),
            asgi=_callable(self.options.get("asgi")),
            services=tuple(launch.things(self.services)),
            resources=tuple(launch.things(self.resources)),
            hook=self._hooked("addServices") if kind.addServices is not HendrixDeploy.addServices else None,
            hook_once=(
                self._hooked("addGlobalServices")
                if kind.addGlobalServices is not HendrixDeploy.addGlobalServices
                else None
            ),
        )

    def _hooked(self, name: str) -> script.Hook:
        def hook(collection: HendrixService) -> None:
            self.hendrix = collection
            getattr(self, name)()

        return hook


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        return list(value.items())
    return list(value) if isinstance(value, list | tuple) else [value]


def _callable(value: Any) -> Any:
    return value if callable(value) else None
