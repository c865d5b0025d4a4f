"""The project's services in one worker, without a worker."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from twisted.application.service import Service

from hendrix.core.errors import ProjectError
from hendrix.worker.services import Group
from hendrix.worker.wanted import Wanted


class Port(Service):
    """Opens its port early, as Twisted's ``TCPServer`` does."""

    opened: socket.socket | None = None

    def privilegedStartService(self) -> None:
        self.opened = socket.create_server(("127.0.0.1", 0))

    def stopService(self) -> None:
        super().stopService()
        assert self.opened is not None
        self.opened.close()


class Refused(Service):
    def privilegedStartService(self) -> None:
        raise OSError("the address is in use")

    def stopService(self) -> None:
        super().stopService()


class Plain(Service):
    """Needs no privilege, so it has nothing to stop before ``startService``."""

    stopped = 0

    def stopService(self) -> None:
        self.stopped += 1


def wanted(service: Any) -> Wanted:
    return Wanted("", service, "HENDRIX_SERVICES")


def test_what_opened_a_port_early_closes_it_when_another_cannot_start() -> None:
    """Else each further try of those that run once would leave one behind."""
    port, plain = Port(), Plain()

    async def tried() -> None:
        group = Group([wanted(port), wanted(plain), wanted(Refused())], None)
        with pytest.raises(ProjectError, match="the address is in use"):
            await group.start()
        await group.stop(asyncio.get_running_loop().time() + 5)

    asyncio.run(tried())
    assert port.opened is not None and port.opened.fileno() == -1
    assert plain.stopped == 0
