"""TLS of Twisted's on our reactor, which has imported none before: both ways to it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.kit.certificates import localhost

SCRIPT = """
import asyncio, sys

from hendrix.worker import reactor as ours

reactor = ours.install()
assert not {"OpenSSL", "cryptography", "service_identity"} & set(sys.modules)

from twisted.internet import protocol

how, cert, key = sys.argv[1:]


def contexts():
    from twisted.internet import ssl

    return ssl.DefaultOpenSSLContextFactory(key, cert), ssl.ClientContextFactory()


class Server(protocol.Protocol):
    def dataReceived(self, data):
        if data == b"start":
            self.transport.write(b"go")
            self.transport.startTLS(contexts()[0])
        else:
            self.transport.write(data.upper())


class Client(protocol.Protocol):
    def connectionMade(self):
        self.transport.write(b"start" if how == "startTLS" else b"secret")

    def dataReceived(self, data):
        if data == b"go":
            self.transport.startTLS(contexts()[1])
            self.transport.write(b"secret")
        else:
            print(data.decode(), self.transport.getHandle().get_protocol_version_name(), flush=True)
            self.transport.loseConnection()

    def connectionLost(self, reason):
        reactor.stop()


def begin():
    server = protocol.Factory.forProtocol(Server)
    if how == "startTLS":
        port = reactor.listenTCP(0, server, interface="127.0.0.1")
    else:
        port = reactor.listenSSL(0, server, contexts()[0], interface="127.0.0.1")
    client = protocol.ClientFactory.forProtocol(Client)
    where = "127.0.0.1", port.getHost().port, client
    reactor.connectTCP(*where) if how == "startTLS" else reactor.connectSSL(*where, contexts()[1])


loop = ours.new_loop()
asyncio.set_event_loop(loop)
reactor.adopt(loop)
reactor.callWhenRunning(begin)
reactor.callLater(30, reactor.stop)
reactor.run()
"""


@pytest.mark.parametrize("how", ["connectSSL", "startTLS"])
def test_it_comes_when_it_is_asked_for(how: str) -> None:
    cert, key, _ = localhost()
    done = subprocess.run([sys.executable, "-c", SCRIPT, how, cert, key], capture_output=True, text=True, timeout=60)
    assert done.stdout == "SECRET TLSv1.3\n", done.stderr
    assert done.stderr == ""
