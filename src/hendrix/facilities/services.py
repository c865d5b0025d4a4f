"""Services beside the site: the collection that they are in, and how code of the project finds them."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.python.threadpool import ThreadPool

from hendrix.worker import services
from hendrix.worker.services import HendrixService

__all__ = ["HendrixService", "ThreadPoolService", "get_service"]


def get_service(name: str) -> Any:
    """The service ``name`` of this process.

    Raises ``LookupError`` where it has none: it was never named, it runs once and in another worker, or this process
    is no worker.
    """
    if services.here is None:
        raise LookupError(f"no service {name!r}: no services run in this process")
    return services.here.named(name)


class ThreadPoolService(Service):
    """A pool of Twisted's threads that lives as long as the service: ``ThreadPoolService(ThreadPool(0, 5))``."""

    def __init__(self, pool: ThreadPool) -> None:
        self.pool = pool

    def startService(self) -> None:
        """Start the threads."""
        Service.startService(self)
        self.pool.start()

    def stopService(self) -> None:
        """Wait for jobs under way, and end the threads."""
        Service.stopService(self)
        self.pool.stop()
