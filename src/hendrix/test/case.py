"""``HendrixTestCase``: tests against a running server, by trial, unittest or pytest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.trial.unittest import TestCase

from hendrix.core.errors import UsageError
from hendrix.test.deployed import Deployed


class HendrixTestCase(TestCase):
    """Servers that a test deploys are stopped at its end, and must leave with exit status 0."""

    @property
    def reactor(self) -> Any:
        """Twisted's reactor of this process."""
        from twisted.internet import reactor  # noqa: PLC0415 - trial installs it

        return reactor

    def deploy(self, action: str = "start", options: Mapping[str, Any] | None = None) -> Deployed:
        """Serve with ``options``, those of ``hx`` and of ``HendrixDeploy``, at a port of its own."""
        if action != "start":
            raise UsageError(f"a test deploys by start, not by {action}; the server that it returns has stop()")
        server = Deployed(options or {})

        def stop() -> None:
            log = server.log()
            self.assertEqual(server.stop(), 0, log)

        self.addCleanup(stop)
        return server

    def wsgiDeploy(self, action: str = "start", options: Mapping[str, Any] | None = None) -> Deployed:
        """Serve ``options["wsgi"]``, a path; without it an application that says hello."""
        given = dict(options or {})
        if "settings" in given:
            raise UsageError("wsgiDeploy takes no settings; call settingsDeploy")
        return self.deploy(action, {"wsgi": "hendrix.test.wsgi:application", **given})

    def settingsDeploy(self, action: str = "start", options: Mapping[str, Any] | None = None) -> Deployed:
        """Serve ``options["settings"]``; without them a small Django project."""
        return self.deploy(action, {"settings": "hendrix.test.testproject.settings", **(options or {})})
