"""Applications that use Twisted's reactor, and wsgiref's validator."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any
from wsgiref.validate import validator

from stage import Environ, apps, gates, journal, named, note, told
from twisted.internet import protocol, reactor, threads

reactor.callWhenRunning(journal["import"].append, "running")


@named
def blocking_call(_environ: Environ, start_response: Any) -> Any:
    loop_thread = threads.blockingCallFromThread(reactor, threading.get_ident)
    return told(start_response, [loop_thread != threading.get_ident(), reactor.running])


@named
def deferred(environ: Environ, start_response: Any) -> Any:
    """``deferToThread`` from the loop, and a delayed call."""
    gate = gates[environ["QUERY_STRING"]]

    def begin() -> None:
        work = threads.deferToThread(lambda: "from a thread")
        work.addCallback(lambda found: (note(environ, found), reactor.callLater(0, gate.set)))

    reactor.callFromThread(begin)
    gate.wait(20)
    return told(start_response, journal[environ["QUERY_STRING"]])


@named
def process(environ: Environ, start_response: Any) -> Any:
    """A child by ``spawnProcess``: its output and its end are seen."""
    gate = gates[environ["QUERY_STRING"]]

    class Seen(protocol.ProcessProtocol):
        def outReceived(self, data: bytes) -> None:
            note(environ, data.decode())

        def processEnded(self, reason: Any) -> None:
            note(environ, reason.value.exitCode)
            gate.set()

    command = [sys.executable, "-c", "print('child'); raise SystemExit(7)"]
    threads.blockingCallFromThread(reactor, reactor.spawnProcess, Seen(), sys.executable, command, os.environ)
    gate.wait(20)
    return told(start_response, journal[environ["QUERY_STRING"]])


def validated(environ: Environ, start_response: Any) -> Any:
    """What wsgiref.validate has to say about the server; it raises where the server is wrong."""

    def inner(environ: Environ, start_response: Any) -> Any:
        body = environ["wsgi.input"].read(-1)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body) + 2))])
        if environ["PATH_INFO"].endswith("stream"):
            return iter([b"ok", body])
        return [b"ok", body]

    return validator(inner)(environ, start_response)


apps["validated"] = validated
