"""Resources of twisted.web, each written as Twisted's documentation would have it."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from typing import Any

from twisted.internet import reactor, task
from twisted.web import proxy, resource, static, util
from twisted.web.server import NOT_DONE_YET
from twisted.web.wsgi import WSGIResource

from hendrix.facilities.resources import MediaResource, NamedResource

#: What resources have noted, by key.
journal: dict[str, list[Any]] = defaultdict(list)
#: Requests that wait, by key.
waiting: dict[str, Any] = {}


def key_of(request: Any) -> str:
    return request.args[b"key"][0].decode()


class Leaf(resource.Resource):
    isLeaf = True


class Text(Leaf):
    def render_GET(self, request: Any) -> bytes:
        request.setHeader(b"content-type", b"text/plain")
        return b"a resource"


class Told(Leaf):
    """What the request says of itself."""

    def render(self, request: Any) -> bytes:
        told = {
            "method": request.method.decode(),
            "uri": request.uri.decode(),
            "path": request.path.decode(),
            "prepath": [segment.decode("latin-1") for segment in request.prepath],
            "postpath": [segment.decode("latin-1") for segment in request.postpath],
            "args": {name.decode(): [v.decode("latin-1") for v in values] for name, values in request.args.items()},
            "content": len(request.content.read()),
            "client": request.getClientAddress().host,
            "ip": request.getClientIP(),
            "secure": request.isSecure(),
            "host": request.getRequestHostname().decode(),
            "url": request.prePathURL().decode(),
            "version": request.clientproto.decode(),
            "cookie": (request.getCookie(b"one") or b"").decode(),
            "user": request.getUser().decode(),
            "agent": request.getHeader("User-Agent"),
        }
        request.setHeader(b"content-type", b"application/json")
        return json.dumps(told).encode()


class Cookies(Leaf):
    def render_GET(self, request: Any) -> bytes:
        request.addCookie(b"one", b"1", path=b"/", httpOnly=True)
        request.addCookie("two", "2", max_age="5")
        request.setResponseCode(202, b"As you wish")
        request.setETag(b'"tag"')
        return b"" if request.code == 304 else b"cookies"


class Session(Leaf):
    def render_GET(self, request: Any) -> bytes:
        session = request.getSession()
        session.seen = getattr(session, "seen", 0) + 1
        return str(session.seen).encode()


class Raising(Leaf):
    def render_GET(self, request: Any) -> bytes:
        raise RuntimeError("a resource that raises")


class RaisingLate(Leaf):
    """After a part of its answer has been sent."""

    def render_GET(self, request: Any) -> bytes:
        request.write(b"x" * 100_000)
        raise RuntimeError("raised late")


class BadHeader(Leaf):
    def render_GET(self, request: Any) -> bytes:
        request.setHeader(b"X-Bad", b"one\0two")
        return b"never sent"


class NotBytes(Leaf):
    def render_GET(self, request: Any) -> Any:
        return "text"


class Later(Leaf):
    """A piece at once, the rest when ``Open`` is asked; the end is noted."""

    def render_GET(self, request: Any) -> Any:
        key = key_of(request)
        request.notifyFinish().addCallbacks(
            lambda _: journal[key].append("finished"), lambda failure: journal[key].append(failure.type.__name__)
        )
        waiting[key] = request
        if b"silent" in request.args:
            journal[key].append("asked")
        else:
            request.write(b"begin ")
        return NOT_DONE_YET


class Open(Leaf):
    def render_GET(self, request: Any) -> bytes:
        held = waiting.pop(key_of(request))
        held.write(b"middle ")
        held.write(b"end")
        held.finish()
        return b"opened"


class Deferring(Leaf):
    def render_GET(self, request: Any) -> Any:
        def done(_: None) -> None:
            request.setHeader(b"content-type", b"text/plain")
            request.write(b"after a while")
            request.finish()

        task.deferLater(reactor, 0.01, lambda: None).addCallback(done)
        return NOT_DONE_YET


class Journal(Leaf):
    def render_GET(self, request: Any) -> bytes:
        return json.dumps(journal[key_of(request)]).encode()


class Push:
    """Pushes ``count`` blocks (for ever: -1), as fast as it may."""

    def __init__(self, request: Any, key: str, count: int) -> None:
        self.request, self.key, self.left = request, key, count
        self.pushed, self.going = 0, False
        request.registerProducer(self, True)
        request.notifyFinish().addErrback(lambda failure: journal[key].append(failure.type.__name__))
        self.resumeProducing()

    def resumeProducing(self) -> None:
        self.going = True
        reactor.callLater(0, self.push)

    def push(self) -> None:
        while self.going and self.left:
            self.left -= 1
            self.pushed += 1
            self.request.write(b"%07d\n" % self.pushed * 1024)
        if self.going and not self.left:
            self.going = False
            self.request.unregisterProducer()
            self.request.finish()

    def pauseProducing(self) -> None:
        self.going = False
        journal[self.key].append(self.pushed)

    def stopProducing(self) -> None:
        self.going = False
        journal[self.key].append("stopped")


class Pushing(Leaf):
    def render_GET(self, request: Any) -> Any:
        Push(request, key_of(request), int(request.args[b"count"][0]))
        return NOT_DONE_YET


class Pull(Push):
    """A block for each time that it is asked."""

    def __init__(self, request: Any, key: str, count: int) -> None:
        self.request, self.key, self.left, self.pushed = request, key, count, 0
        request.registerProducer(self, False)

    def resumeProducing(self) -> None:
        self.left -= 1
        self.pushed += 1
        if self.pushed % 7:
            self.request.write(b"%07d\n" % self.pushed * 1024)
        if not self.left:
            self.request.unregisterProducer()
            self.request.finish()


class Pulling(Leaf):
    def render_GET(self, request: Any) -> Any:
        Pull(request, key_of(request), int(request.args[b"count"][0]))
        return NOT_DONE_YET


class BadProducer(Leaf):
    def render_GET(self, request: Any) -> Any:
        class Producer:
            def resumeProducing(self) -> None:
                raise RuntimeError("a producer that raises")

            def stopProducing(self) -> None: ...

        request.registerProducer(Producer(), False)
        return NOT_DONE_YET


class Heedless(Leaf):
    """Writes on and on, without a producer."""

    def render_GET(self, request: Any) -> Any:
        loop = task.LoopingCall(lambda: request.write(b"x" * 4_000_000))
        key = key_of(request)

        def over(failure: Any) -> None:
            journal[key].append(failure.type.__name__)
            loop.stop()

        request.notifyFinish().addErrback(over)
        loop.start(0.001)
        return NOT_DONE_YET


class Moved(Leaf):
    def render_GET(self, request: Any) -> bytes:
        return util.redirectTo(b"/res/text?a=1", request)


class Chunked(Leaf):
    """In pieces within one call, and a length that it states itself."""

    def render_GET(self, request: Any) -> Any:
        request.setHeader(b"content-length", b"6")
        request.setHeader(b"connection", b"close")
        request.setHeader(b"transfer-encoding", b"chunked")
        request.write(b"one")
        request.write(b"two")
        request.finish()
        return NOT_DONE_YET


class Empty(Leaf):
    def render_GET(self, request: Any) -> bytes:
        request.setResponseCode(204)
        return b""


class Cut(Leaf):
    """Ends the connection instead of answering."""

    def render_GET(self, request: Any) -> Any:
        request.loseConnection()
        return NOT_DONE_YET


class Greeting(Leaf):
    def __init__(self, name: bytes) -> None:
        super().__init__()
        self.name = name

    def render_GET(self, request: Any) -> bytes:
        return b"hello " + self.name


class Greetings(resource.Resource):
    """Children that are made on demand."""

    def getChild(self, path: bytes, request: Any) -> Any:
        return Greeting(path) if path else self

    def render_GET(self, request: Any) -> bytes:
        return b"nobody"


class Probe(resource.Resource):
    """A class is named in the settings: each worker has its own tree."""

    namespace = "/res/"

    def __init__(self) -> None:
        super().__init__()
        children = {
            "text": Text, "told": Told, "cookies": Cookies, "session": Session, "raising": Raising,
            "raising-late": RaisingLate, "bad-header": BadHeader, "not-bytes": NotBytes, "later": Later, "open": Open,
            "deferring": Deferring, "journal": Journal, "push": Pushing, "pull": Pulling, "bad-producer": BadProducer,
            "heedless": Heedless, "moved": Moved, "chunked": Chunked, "empty": Empty, "cut": Cut,
            "greetings": Greetings,
        }  # fmt: skip
        for name, kind in children.items():
            self.putChild(name.encode(), kind())


deep = Text()
deep.namespace = b"a/b/c"

named = NamedResource("named")
named.putChild("child", Text())

files = MediaResource(os.environ.get("BESIDE_FILES", "."), namespace=b"files")

proxied = proxy.ReverseProxyResource("127.0.0.1", int(os.environ.get("BESIDE_UPSTREAM", "1")), b"")
proxied.namespace = "proxied"


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    facts = [environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["REQUEST_METHOD"]]
    return ["\n".join(facts).encode(), b"\n", environ["wsgi.input"].read()]


wsgi_resource = WSGIResource(reactor, reactor.getThreadPool(), application)
wsgi_resource.namespace = "wsgi"


class Several:
    """Gives several, as the statics of the old Hendrix did."""

    def get_resources(self) -> Any:
        for number in (1, 2):
            found = static.Data(b"number %d" % number, "text/plain")
            found.namespace = f"several/{number}"
            yield found
