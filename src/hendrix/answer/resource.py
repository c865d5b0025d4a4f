"""Resources of ``twisted.web`` beside the project: which requests are theirs, and how they come to them.

They run on the loop's thread, on Twisted's own ``Request`` and ``Site``; the connection is ours. A request's body is
complete before a resource is asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from io import SEEK_END
from typing import Any, BinaryIO

from twisted.web import server
from twisted.web.resource import Resource

from hendrix.answer.failure import shed
from hendrix.answer.mounts import Mount, Mounts
from hendrix.answer.resource_channel import Channel
from hendrix.answer.resource_request import ResourceRequest
from hendrix.answer.tasks import Tasks
from hendrix.core.events import WARNING, emit
from hendrix.core.exchange import Answer, Exchange, Threads
from hendrix.core.noted import RESOURCES

#: A form up to this size (bytes) is read at once, a larger one in a thread: it takes a second for 3 to 30 MB.
_SMALL_FORM = 16 * 1024
#: Sessions of Twisted's that one worker holds; past that the oldest goes. Anybody may begin one.
_MOST_SESSIONS = 20_000


class Site(server.Site):
    """What ``request.site`` is: sessions, and the root of all that is mounted."""

    #: What waits for an answer is watched there.
    tasks: Tasks

    def makeSession(self) -> Any:
        """See ``server.Site.makeSession``."""
        if len(self.sessions) >= _MOST_SESSIONS:
            oldest = next(iter(self.sessions.values()))
            emit("resource.too_many_sessions", WARNING, most=_MOST_SESSIONS)
            oldest.expire()
        return super().makeSession()


def resources(
    mounts: Mounts, inner: Answer, *, tasks: Tasks, threads: Threads, reactor: Any, tracebacks: bool = False
) -> Answer:
    """Requests for what is mounted go there, all others to ``inner``.

    ``tracebacks``: are they to be shown on the page of a resource that raised?
    """
    site = Site(_root(mounts), reactor=reactor)
    site.tasks = tasks
    site.displayTracebacks = tracebacks
    forms = _Forms(threads)
    find = mounts.find

    def begin(exchange: Exchange, mount: Mount, body: BinaryIO | None) -> None:
        channel = Channel(exchange, site, mount)
        request = ResourceRequest(channel, body)
        if request.form is None:
            channel.serve(request)
        elif body is None or body.seek(0, SEEK_END) <= _SMALL_FORM:
            channel.serve(request, request.read_form())
        else:
            forms.read(channel, request)

    def answer(exchange: Exchange) -> None:
        mount = find(exchange.request.path)
        if mount is None:
            inner(exchange)
            return
        exchange.request.noted = RESOURCES
        if exchange.request.length:
            exchange.collect(partial(begin, exchange, mount))
        else:
            begin(exchange, mount, None)

    return answer


def _root(mounts: Mounts) -> Resource:
    """The tree as Twisted has it, for those who look others up (``request.site.resource``)."""
    root = Resource()
    for mount in mounts.all:
        parent: Any = root
        for segment in mount.segments[:-1]:
            if type(parent) is Resource and segment not in parent.children:
                parent.children[segment] = Resource()
            parent = getattr(parent, "children", {}).get(segment)
        if type(parent) is Resource:  # what is below another resource is none of its children
            parent.putChild(mount.segments[-1], mount.resource)
    return root


class _Forms:
    """Large forms are read one at a time: Twisted needs several times their size for it."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._waiting: deque[_Form] = deque()
        self._busy = False

    def read(self, channel: Channel, request: ResourceRequest) -> None:
        """Read the form, then go on with the request."""
        self._waiting.append(_Form(channel, request, self._threads, self._done))
        if not self._busy:
            self._next()

    def _next(self) -> None:
        while self._waiting:
            form = self._waiting.popleft()
            if form.channel.exchange.gone:
                continue
            self._busy = True
            if self._threads.submit(form):
                return
            self._busy = False
            shed(form.channel.exchange)

    def _done(self) -> None:
        self._busy = False
        self._next()


class _Form:
    """One large form. See ``core.exchange.Job``."""

    def __init__(self, channel: Channel, request: ResourceRequest, threads: Threads, done: Callable[[], None]) -> None:
        self.channel = channel
        self._request = request
        self._threads = threads
        self._done = done
        self.request_id = channel.request_id

    def run(self) -> None:
        """See ``Job.run``."""
        self._threads.post(self._on_read, self._request.read_form())

    def _on_read(self, go_on: Callable[[], object]) -> None:
        self._done()
        if not self.channel.exchange.gone and not self.channel.exchange.started:
            self.channel.serve(self._request, go_on)

    def expire(self, seconds: float) -> None:
        """See ``Job.expire``."""
        self.channel.answer_failure(504, "the application took too long")

    def describe(self) -> str:
        """See ``Job.describe``."""
        return self.channel.describe()
