"""``HendrixLiveServerTestCase``: in place of Django's ``StaticLiveServerTestCase``, with the engine that serves.

The wire, both kinds of views, static files without collectstatic, uploads and WebSockets are those of ``hx start``, in
a thread of the test's process at a port of its own. The database is the test's, as with Django's class.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.test.testcases import LiveServerTestCase

from hendrix.test.engine import EngineThread, prepare_reactor

prepare_reactor()


class HendrixLiveServerTestCase(LiveServerTestCase):  # type: ignore[misc]
    """See ``django.test.LiveServerTestCase``: ``live_server_url``, ``host``, ``port``, ``--parallel``.

    ``live_server_options`` are options of ``hx`` by name, such as ``{"threads": 4}``.
    """

    host = "127.0.0.1"
    server_thread_class = EngineThread
    live_server_options: ClassVar[dict[str, Any]] = {}

    def _fixture_teardown(self) -> None:
        """The tables are not emptied under the hands of threads that are not done: with a database in memory they use
        the very connection of the test."""
        self.server_thread.settle()
        super()._fixture_teardown()

    @classmethod
    def _create_server_thread(cls, connections_override: dict[str, Any]) -> EngineThread:
        return cls.server_thread_class(
            cls.host, cls.port, connections_override=connections_override, options=cls.live_server_options
        )
