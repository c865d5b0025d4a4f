"""Twisted's own ``Request``, filled from one of ours instead of by Twisted's parser."""

from __future__ import annotations

from collections.abc import Callable
from io import SEEK_END
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote, unquote_to_bytes

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http, server, util
from twisted.web.resource import EncodingResourceWrapper

from hendrix.answer.failure import failure
from hendrix.answer.form import MOST_MEMORY, kind_of, memory_for
from hendrix.core.events import DEBUG, ERROR, emit

if TYPE_CHECKING:
    from hendrix.answer.resource_channel import Channel
    from hendrix.core.http import Request

_TRACEBACK = "<!doctype html><title>Traceback</title>{}"


class _Quiet(Logger):
    """Twisted tells of each HEAD that it has made a GET of; any peer could fill a log with that."""

    def info(self, format: str | None = None, **facts: object) -> None:
        self.debug(format, **facts)


class ResourceRequest(server.Request):
    """See ``IRequest``. ``channel`` is ours (``resource_channel``)."""

    _log = _Quiet(namespace="twisted.web.server.Request")
    #: Its form is being read, which Twisted ends by a call of ``process``; what kind of form it is.
    _reading = False
    _form: bytes | None = None

    @property
    def _ours(self) -> Channel:
        return cast("Channel", self.channel)

    def fill(self, request: Request, body: BinaryIO) -> bool:
        """Take over the head and the body. True where a form is to be read before ``process`` may be called."""
        add = self.requestHeaders.addRawHeader
        for name, value in request.headers:
            add(name, value)
        fields = request.fields
        if b"cookie" in fields:
            self.parseCookies()
        self.content = body
        self.method = request.method.encode("latin-1")
        self.path = request.path
        self.uri = request.target if request.target.startswith(b"/") else _origin_form(request)
        self.clientproto = b"HTTP/" + request.version.encode("latin-1")
        if self.method == b"POST" and request.length and b"content-type" in fields:
            self._form = kind_of(fields[b"content-type"])
            if self._form is not None:
                return True
        self.args = http.parse_qs(request.query, True) if request.query else {}
        return False

    def read_form(self) -> Callable[[], object]:
        """Have Twisted read the form; what comes back is to be called next, on the loop. May be run in a thread."""
        channel = self._ours
        assert self._form is not None and self.content is not None
        self._reading = True
        try:
            if memory_for(self.content, self._form) > MOST_MEMORY:
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
        self.prepath = []
        self.postpath = [unquote_to_bytes(segment) for segment in self.path[1:].split(b"/")]
        try:
            found = channel.site.getResourceFor(self)
            if isinstance(found, EncodingResourceWrapper):
                self._encoder = found.getEncoder(self)
            self.render(found)
        except BaseException:
            # SystemExit and the like end a request, not the loop that serves others.
            self.processingFailed(Failure())

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


def _origin_form(request: Request) -> bytes:
    return request.path + b"?" + request.query if request.query else request.path
