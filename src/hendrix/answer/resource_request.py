"""Twisted's own ``Request``, filled from one of ours instead of by Twisted's parser."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import SEEK_END, BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote, unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import server, util
from twisted.web.error import UnsupportedMethod
from twisted.web.http import NO_CONTENT, NOT_MODIFIED, datetimeToString, parse_qs
from twisted.web.http_headers import Headers
from twisted.web.resource import EncodingResourceWrapper, getChildForRequest
from twisted.web.server import NOT_DONE_YET

from hendrix.answer.failure import failure
from hendrix.answer.form import MOST_MEMORY, kind_of, memory_for
from hendrix.answer.resource_channel import address
from hendrix.answer.resource_headers import AnswerHeaders, status_line
from hendrix.core.events import DEBUG, ERROR, emit

if TYPE_CHECKING:
    from hendrix.answer.resource_channel import Channel
    from hendrix.core.http import Request

_VERSIONS = {"1.1": b"HTTP/1.1", "1.0": b"HTTP/1.0", "2": b"HTTP/2"}
#: Statuses whose answers have no type.
_WITHOUT_TYPE = (NOT_MODIFIED, NO_CONTENT)
_TRACEBACK = "<!doctype html><title>Traceback</title>{}"


class _Quiet(Logger):
    """Twisted tells of each HEAD that it has made a GET of; any peer could fill a log with that."""

    def info(self, format: str | None = None, **facts: object) -> None:
        self.debug(format, **facts)


class ResourceRequest(server.Request):
    """See ``IRequest``. ``channel`` is ours (``resource_channel``).

    What Twisted makes for each request and few resources ask for is made when it is asked for.
    """

    _log = _Quiet(namespace="twisted.web.server.Request")
    queued = False
    _parsePOSTFormSubmission = True  # noqa: N815 - Twisted's
    #: Its form is being read, which Twisted ends by a call of ``process``; what kind of form it is.
    _reading = False
    form: bytes | None = None
    #: Somebody has looked at the cookies of the answer, and may have added some.
    _has_cookies = False
    #: Made by the first who asks to be notified.
    notifications: Any = ()
    _content: Any = None
    _written: Any = None
    _finished: Any = None
    #: Has anybody replaced what the usual answer does without: ``write``, ``finish``, ``responseHeaders``?
    _is_touched = False

    def __init__(self, channel: Channel, body: BinaryIO | None) -> None:
        # Not Twisted's, see __getattr__.
        self.channel = channel  # type: ignore[assignment]
        head = self._head = channel.exchange.request
        self._origin = channel.exchange.origin
        self._headers = AnswerHeaders()
        self._content = body
        self.method = head.method.encode("latin-1")
        self.path = head.path
        self.uri = head.target if head.target.startswith(b"/") else _origin_form(head)
        self.clientproto = _VERSIONS.get(head.version) or b"HTTP/" + head.version.encode("latin-1")
        self.args = parse_qs(head.query, True) if head.query else {}
        if head.length and head.method == "POST" and b"content-type" in head.fields:
            self.form = kind_of(head.fields[b"content-type"])

    def __getattr__(self, name: str) -> Any:
        make = _MADE_LATE.get(name)
        if make is None:
            if name not in _known_to_twisted():
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            # A newer Twisted's, which we know nothing of.
            make = _as_twisted_makes(name)
        value = make(self)
        setattr(self, name, value)
        return value

    @property
    def _ours(self) -> Channel:
        return cast("Channel", self.channel)

    def read_form(self) -> Callable[[], object]:
        """Have Twisted read the form; what comes back is to be called next, on the loop. May be run in a thread."""
        channel = self._ours
        assert self.form is not None and self.content is not None
        self._reading = True
        try:
            if memory_for(self.content, self.form) > MOST_MEMORY:
                return lambda: channel.refuse(413, "the form takes too much memory; a file can be sent as a body")
            self.content.seek(0, SEEK_END)
            self.requestReceived(self.method, self.uri, self.clientproto)
        except Exception as error:
            # Twisted reads it by Python's parser of mail, which knows many ways to fail.
            emit("peer.bad_form", DEBUG, reason=str(error), id=channel.request_id)
            channel.is_bad = True
        finally:
            self._reading = False
        return (lambda: channel.refuse(400, "the form cannot be read")) if channel.is_bad else self.process

    def process(self) -> None:
        """Ask the resource. As in Twisted, but that ``Server`` and ``Date`` are not set here."""
        if self._reading:
            return
        channel = self._ours
        self.site = channel.site
        mount = channel.mount
        segments = self.path[1:].split(b"/")
        if b"%" in self.path:
            segments = [unquote_to_bytes(segment) for segment in segments]
        depth = len(mount.segments)
        self.sitepath: list[bytes] = []
        self.prepath, self.postpath = segments[:depth], segments[depth:]
        try:
            found = mount.resource
            if self.postpath and not found.isLeaf:
                found = getChildForRequest(found, self)
            if isinstance(found, EncodingResourceWrapper):
                self._encoder = found.getEncoder(self)
                self._is_touched = True
            self.render(found)
        except BaseException:
            # SystemExit and the like end a request, not the loop that serves others.
            self.processingFailed(Failure())

    def render(self, resrc: Any) -> None:
        """See ``server.Request.render``; the usual answer, all of it at once, is given here."""
        if self.method == b"HEAD":
            super().render(resrc)
            return
        try:
            body = resrc.render(self)
        except UnsupportedMethod as error:
            super().render(_Asked(resrc, error))
            return
        if type(body) is bytes and not self._is_touched and not self.startedWriting and self.producer is None:
            self._answer(body)
        elif isinstance(body, bytes):
            super().render(_Asked(resrc, body))
        elif body is not NOT_DONE_YET:
            # Twisted would show the peer what it was, and tell nobody else.
            raise TypeError(f"{resrc!r} gave {type(body).__name__}, and must give bytes or NOT_DONE_YET")

    def _answer(self, body: bytes) -> None:
        """What Twisted does by ``write`` and ``finish``."""
        if self._has_cookies or self.etag is not None or self.lastModified is not None:
            self._add_headers(self.responseHeaders)
        code = self.code
        default = self.defaultContentType if body and code not in _WITHOUT_TYPE else None
        headers = self.responseHeaders.whole(default)
        self.startedWriting = self.finished = 1
        self.sentLength = len(body)
        answer = self._ours.answer
        self.channel = None  # type: ignore[assignment]
        answer(status_line(code, self.code_message), headers, body)
        if self._content is not None:
            self._content.close()
            self._content = None
        if self.notifications:
            self._notify()

    def _notify(self) -> None:
        notifications, self.notifications = self.notifications, ()
        for deferred in notifications:
            deferred.callback(None)

    def notifyFinish(self) -> Deferred[None]:
        """See ``IRequest.notifyFinish``."""
        deferred: Deferred[None] = Deferred()
        self.notifications = [*self.notifications, deferred]
        return deferred

    def _add_headers(self, headers: Headers) -> None:
        if self.lastModified is not None and not headers.hasHeader(b"Last-Modified"):
            headers.setRawHeaders(b"Last-Modified", [datetimeToString(self.lastModified)])
        if self.etag is not None:
            headers.setRawHeaders(b"ETag", [self.etag])
        if self._has_cookies and self.cookies:
            headers.setRawHeaders(b"Set-Cookie", self.cookies)

    def processingFailed(self, reason: Failure) -> Failure:
        """The resource raised."""
        channel: Channel | None = getattr(self, "channel", None)
        described = f"{self.method.decode('latin-1')} {self.path.decode('latin-1')}"
        request_id = channel.request_id if channel is not None else ""
        emit("application.failed", ERROR, request=described, id=request_id, exc=reason.value)
        if channel is None or self.finished:
            return reason
        self._encoder = None
        if channel.say_instead(*self._page(channel, reason)):
            self.startedWriting = 1
            self.finish()
        else:
            channel.abortConnection()
        return reason

    def _page(self, channel: Channel, reason: Failure) -> tuple[str, list[tuple[str, str]], bytes]:
        accept = channel.exchange.request.fields.get(b"accept", b"")
        status, headers, body = failure(500, "the application failed", accept)
        if channel.site.displayTracebacks and b"json" not in dict(headers)["Content-Type"].encode():
            body = _TRACEBACK.format(util.formatFailure(reason).decode(errors="replace")).encode()
        return status, headers, body

    # --- what may be replaced, and is made late ----------------------------------------------------------------

    @property
    def responseHeaders(self) -> AnswerHeaders:
        """See ``IRequest.responseHeaders``."""
        return self._headers

    @responseHeaders.setter
    def responseHeaders(self, headers: Headers) -> None:
        self._headers = AnswerHeaders(dict(headers.getAllRawHeaders()))

    @property
    def content(self) -> Any:
        """The body. Most requests have none, and most resources do not ask."""
        if self._content is None and not self.finished:
            self._content = BytesIO()
        return self._content

    @content.setter
    def content(self, content: Any) -> None:
        self._content = content

    @content.deleter
    def content(self) -> None:
        self._content = None

    @property
    def write(self) -> Any:
        """See ``IRequest.write``. Wrappers replace it, and so does Twisted where there is nothing to write."""
        return self._written or super().write

    @write.setter
    def write(self, write: Any) -> None:
        self._written, self._is_touched = write, True

    @property
    def finish(self) -> Any:
        """See ``IRequest.finish``."""
        return self._finished or super().finish

    @finish.setter
    def finish(self, finish: Any) -> None:
        self._finished, self._is_touched = finish, True

    # --- what differs from a connection of Twisted's ---------------------------------------------------------

    @property
    def chunked(self) -> int:
        """Framing is done by our connection, whatever Twisted decides."""
        return 0

    @chunked.setter
    def chunked(self, value: int) -> None:
        pass

    @property
    def transport(self) -> Any:
        """Made when it is asked for, which is seldom."""
        channel = getattr(self, "channel", None)
        return channel.transport if channel is not None else None

    @transport.setter
    def transport(self, transport: Any) -> None:
        pass

    def _prePathURL(self, prepath: list[bytes]) -> bytes:
        """As the client sees it: Twisted would add the port that we listen at, which need not be the client's."""
        channel = getattr(self, "channel", None)
        authority = channel.exchange.request.authority if channel is not None else b""
        if not authority:
            return bytes(super()._prePathURL(prepath))
        scheme = b"https" if self.isSecure() else b"http"
        path = b"/".join(quote(segment, safe="").encode() for segment in prepath)
        return scheme + b"://" + authority + b"/" + path


class _Asked:
    """A resource that was asked already: what it gave, or raised, comes first when it is asked again."""

    def __init__(self, resource: Any, outcome: Any) -> None:
        self._resource = resource
        self._outcomes = [outcome]

    def render(self, request: Any) -> Any:
        """See ``IResource.render``."""
        if not self._outcomes:
            return self._resource.render(request)
        outcome = self._outcomes.pop()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def __repr__(self) -> str:
        return repr(self._resource)


def _request_headers(request: ResourceRequest) -> Headers:
    headers = Headers()
    for name, value in request._head.headers:
        headers.addRawHeader(name, value)
    return headers


def _received_cookies(request: ResourceRequest) -> dict[bytes, bytes]:
    cookies: dict[bytes, bytes] = {}
    if b"cookie" in request._head.fields:
        request.received_cookies = cookies
        request.parseCookies()
    return cookies


def _cookies(request: ResourceRequest) -> list[bytes]:
    request._has_cookies = True
    return []


_MADE_LATE: dict[str, Callable[[ResourceRequest], Any]] = {
    "requestHeaders": _request_headers,
    "received_cookies": _received_cookies,
    "client": lambda request: address(request._origin.client),
    "host": lambda request: address(request._origin.server),
    "cookies": _cookies,
    "_adapterCache": lambda _: {},
}


class _NoChannel:
    """Enough of a channel for a ``Request`` of Twisted's to be made."""

    transport = None
    site = server.Site

    def getPeer(self) -> None: ...
    def getHost(self) -> None: ...


@cache
def _known_to_twisted() -> frozenset[str]:
    """The attributes that Twisted's ``Request`` has from the beginning."""
    return frozenset(vars(server.Request(_NoChannel(), parsePOSTFormSubmission=True)))


def _as_twisted_makes(name: str) -> Callable[[ResourceRequest], Any]:
    return lambda request: vars(server.Request(request.channel, parsePOSTFormSubmission=True))[name]


def _origin_form(request: Request) -> bytes:
    return request.path + b"?" + request.query if request.query else request.path
