"""Resources of twisted.web for attackers to meet."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor, task
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

BLOCK = b"x" * 65536


class Pusher:
    """Pushes without end, as fast as it may."""

    open = 0

    def __init__(self, request: Any) -> None:
        self.request = request
        Pusher.open += 1
        request.registerProducer(self, True)
        self.resumeProducing()

    def resumeProducing(self) -> None:
        self.going = True
        reactor.callLater(0, self.push)

    def push(self) -> None:
        if self.going:
            self.request.write(BLOCK)
            reactor.callLater(0, self.push)

    def pauseProducing(self) -> None:
        self.going = False

    def stopProducing(self) -> None:
        self.going = False
        Pusher.open -= 1


class Heedless:
    """Writes on and on, whatever its peer takes."""

    open = 0

    def __init__(self, request: Any) -> None:
        Heedless.open += 1
        self.request = request
        self.loop = task.LoopingCall(lambda: request.write(BLOCK * 16))
        request.notifyFinish().addErrback(self.over)
        self.loop.start(0.002)

    def over(self, _failure: Any) -> None:
        Heedless.open -= 1
        self.loop.stop()


class Hostage(Resource):
    namespace = "res"
    isLeaf = True

    def render_GET(self, request: Any) -> Any:
        match request.postpath[0]:
            case b"push":
                Pusher(request)
            case b"heedless":
                Heedless(request)
            case b"open":
                return b"%d" % (Pusher.open + Heedless.open)
            case b"session":
                request.getSession()
                return b"%d" % len(request.site.sessions)
            case b"never":
                request.notifyFinish().addErrback(lambda failure: print(f"never: {failure.type.__name__}", flush=True))
        return NOT_DONE_YET

    def render_POST(self, request: Any) -> bytes:
        return b"%d" % len(request.content.read())
