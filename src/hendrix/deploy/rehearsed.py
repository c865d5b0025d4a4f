"""The reactor as a script sees it that has not become a server yet, or only asks one: nothing is opened.

The script is executed again in each template; there ``deployer.reactor`` is Twisted's own. Here its ports may well be
those of the running server that ``stop`` or ``restart`` is for.
"""

from __future__ import annotations

from typing import Any, Literal

from twisted.internet.address import IPv4Address, IPv6Address

_LATER = {
    *("connectTCP", "connectSSL", "connectUNIX", "listenUNIX", "listenMulticast", "spawnProcess"),
    *("callWhenRunning", "callLater", "callFromThread", "callInThread", "addSystemEventTrigger", "run"),
}


class RehearsedPort:
    """Stands for a port that will be listened at."""

    def __init__(self, kind: Literal["TCP", "UDP"], interface: str, port: int) -> None:
        address = IPv6Address if ":" in interface else IPv4Address
        self._host = address(kind, interface or "0.0.0.0", port)

    def getHost(self) -> Any:
        """See ``IListeningPort``."""
        return self._host

    def startListening(self) -> None:
        """See ``IListeningPort``."""

    def stopListening(self) -> None:
        """See ``IListeningPort``."""


class RehearsedReactor:
    """Twisted's reactor but for what would open or begin something."""

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> RehearsedPort:
        """See ``IReactorTCP``."""
        return RehearsedPort("TCP", interface, port)

    def listenSSL(
        self, port: int, factory: Any, context: Any, backlog: int = 50, interface: str = ""
    ) -> RehearsedPort:
        """See ``IReactorSSL``."""
        return RehearsedPort("TCP", interface, port)

    def listenUDP(self, port: int, protocol: Any, interface: str = "", *_: Any) -> RehearsedPort:
        """See ``IReactorUDP``."""
        return RehearsedPort("UDP", interface, port)

    def __getattr__(self, name: str) -> Any:
        if name in _LATER:
            return _nothing
        from twisted.internet import reactor  # noqa: PLC0415 - installs one where there is none

        return getattr(reactor, name)


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    """It is done in the workers."""
