"""Files that a view lets somebody have: it answers with the name (``X-Sendfile``, ``X-Accel-Redirect``), not with the
bytes, and the server sends them as it sends its own: conditions, ranges, no thread.

The headers mean something to a server only, so they never reach a client: where nothing is allowed to be sent, or it
is not below what is, the answer is an error, and the log says why.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from hendrix.answer.around import Around
from hendrix.answer.failure import failure, shed
from hendrix.answer.files.entry import SANDBOX, is_settled, last_modified
from hendrix.answer.files.entry import Representation as Found
from hendrix.answer.files.opening import OpenFile, open_beneath
from hendrix.answer.files.roots import Astray, Named, Roots
from hendrix.answer.files.serving import serve_found
from hendrix.answer.files.types import content_type, inert
from hendrix.answer.static import Disk
from hendrix.core.clock import http_date
from hendrix.core.conditional import Validators
from hendrix.core.errors import AnswerError
from hendrix.core.events import ERROR, WARNING, emit
from hendrix.core.exchange import Answer, Exchange, Threads
from hendrix.core.http import ResponseHeaders
from hendrix.core.negotiate import IDENTITY
from hendrix.core.prepared import Descriptor
from hendrix.wire.prepare import prepare, prepare_file

_PATH, _URI = "x-sendfile", "x-accel-redirect"
#: What is not said of the file, or is said by the file itself, as with nginx.
_DROPPED = frozenset(
    (
        _PATH,
        _URI,
        "x-accel-buffering",
        "x-accel-charset",
        "x-accel-expires",
        "x-accel-limit-rate",
        "accept-ranges",
        "content-length",
        "content-md5",
        "content-digest",
        "content-range",
        "digest",
        "etag",
        "last-modified",
        "repr-digest",
    )
)
#: RFC 9110 section 15.4.5, and what Django keeps in a 304.
_OF_UNMODIFIED = frozenset(
    ("cache-control", "content-location", "etag", "expires", "last-modified", "set-cookie", "vary")
)
#: What Django calls a response that names no type.
_UNNAMED = ("", "text/html; charset=utf-8")
_PAGES = (".html", ".htm", ".shtml")
_READS = ("GET", "HEAD")

_REMEMBERED = 1000
_meant: dict[str, bool] = {}


def protect(roots: Roots, disk: Disk, threads: Threads, inner: Answer) -> Answer:
    """Where ``inner`` answers with the name of a file below ``roots``, that file is sent."""
    for root in roots.all:
        if not os.path.isdir(root.directory):
            emit("sendfile.no_root", WARNING, directory=root.directory, advice="files can be sent once it is there")

    def answer(exchange: Exchange) -> None:
        if exchange.origin.proxied and not roots.all:
            # Without roots of ours the headers are meant for the proxy in front of us.
            inner(exchange)
        else:
            inner(Protected(exchange, roots, disk, threads))

    return answer


class Protected(Around):
    """One exchange in whose place a file may be sent. ``_taken``: that is so, and what the view says is not heard."""

    __slots__ = ("_disk", "_dismissed", "_roots", "_taken", "_threads", "_told")

    def __init__(self, inner: Exchange, roots: Roots, disk: Disk, threads: Threads) -> None:
        super().__init__(inner)
        self._roots = roots
        self._disk = disk
        self._threads = threads
        self._taken = False
        #: The view has begun a body that nobody wants, and is to learn that.
        self._dismissed = False
        self._told: Callable[[], None] | None = None

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        if self._taken:
            return
        if _names_file(headers):
            self._take(status, headers, whole=not body)
        else:
            self.inner.respond(status, headers, body)

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        if self._taken:
            return
        if _names_file(headers):
            self._dismissed = True
            self._take(status, headers, whole=False)
            self._threads.post(self._dismiss)
        else:
            self.inner.start(status, headers)

    def _dismiss(self) -> None:
        """As if the peer had gone: so the view's own file is closed, its generator ended."""
        told, self._told = self._told, None
        if told is not None:
            told()

    # --- the file --------------------------------------------------------------------------------------------

    def _take(self, status: str, headers: ResponseHeaders, *, whole: bool) -> None:
        inner = self.inner
        self._told = inner.on_gone if self._dismissed else None
        inner.on_gone = inner.on_eof = inner.on_drained = None
        self._taken = True
        try:
            named = _named(headers, self._roots)
        except Astray as error:
            self._refuse(error.status, headers, str(error))
            return

        def done(file: object) -> None:
            self._found(status, headers, named, file, whole=whole)

        if not self._disk.run(lambda: open_beneath(named.directory, named.name), done):
            shed(inner)

    def _found(self, status: str, headers: ResponseHeaders, named: Named, file: object, *, whole: bool) -> None:
        if self.inner.gone:
            return
        if not isinstance(file, OpenFile):
            self._refuse(404, headers, "is no file that may be read")
            return
        try:
            self._send(status, _fields(headers, named.name, file, whole=whole), file)
        except AnswerError as error:
            emit(
                "application.bad_answer", ERROR, request=self.request.described, reason=str(error), id=self.request_id
            )
            self._fail(500, "the application failed")

    def _send(self, status: str, fields: ResponseHeaders, file: OpenFile) -> None:
        inner = self.inner
        if status[:3] == "206":
            # Of a view that knows ranges itself: which part it meant went with its own Content-Range, and without one
            # there is no 206 (RFC 9110 section 15.3.7).
            status = "200 OK"
        answer = prepare_file(status, fields, file, 0, file.stat.st_size)
        if status[:3] != "200" or self.request.method not in _READS:
            inner.send(answer)
            return
        etag = dict(fields)["ETag"].encode()
        unmodified = prepare("304 Not Modified", [pair for pair in fields if pair[0].lower() in _OF_UNMODIFIED])
        validators = Validators(etag, last_modified(file))
        serve_found(inner, Found(IDENTITY, file.stat.st_size, validators, fields, answer, unmodified, b"", file))

    def _refuse(self, status: int, headers: ResponseHeaders, reason: str) -> None:
        name, value = next(pair for pair in headers if pair[0].lower() in (_PATH, _URI))
        if not self._roots.all:
            reason = "no --sendfile-root says what may be sent"
        level = ERROR if status == 500 else WARNING
        request, number = self.request.described, self.request_id
        emit("sendfile.refused", level, request=request, header=name, value=value, reason=reason, id=number)
        self._fail(status, "the application failed" if status == 500 else "there is no such file")

    def _fail(self, status: int, reason: str) -> None:
        self.inner.respond(*failure(status, reason, self.request.fields.get(b"accept", b"")))

    # --- what the view still does ----------------------------------------------------------------------------

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        return self._taken or self.inner.write(data)

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``."""
        return self._taken or self.inner.send_file(file, offset, count)

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """See ``Exchange.finish``."""
        if not self._taken:
            self.inner.finish(trailers)

    def abort(self) -> None:
        """See ``Exchange.abort``."""
        if not self._taken:
            self.inner.abort()

    @property
    def gone(self) -> bool:
        """See ``Exchange.gone``."""
        return self._dismissed or self.inner.gone

    @property
    def started(self) -> bool:
        """See ``Exchange.started``."""
        return self._taken or self.inner.started

    @property
    def writable(self) -> bool:
        """See ``Exchange.writable``."""
        return self._taken or self.inner.writable

    @property
    def on_gone(self) -> Callable[[], None] | None:
        """See ``Exchange.on_gone``."""
        return self._told if self._taken else self.inner.on_gone

    @on_gone.setter
    def on_gone(self, call: Callable[[], None] | None) -> None:
        if not self._taken:
            self.inner.on_gone = call
        elif self._dismissed:
            self._told = call

    @property
    def on_drained(self) -> Callable[[], None] | None:
        """See ``Exchange.on_drained``."""
        return None if self._taken else self.inner.on_drained

    @on_drained.setter
    def on_drained(self, call: Callable[[], None] | None) -> None:
        if not self._taken:
            self.inner.on_drained = call

    @property
    def on_eof(self) -> Callable[[], None] | None:
        """See ``Exchange.on_eof``."""
        return None if self._taken else self.inner.on_eof

    @on_eof.setter
    def on_eof(self, call: Callable[[], None] | None) -> None:
        if not self._taken:
            self.inner.on_eof = call


def _names_file(headers: ResponseHeaders) -> bool:
    try:
        for name, value in headers:
            meant = _meant.get(name)
            if meant is None:
                meant = name.lower() in (_PATH, _URI)
                if len(_meant) < _REMEMBERED:
                    _meant[name] = meant
            if meant:
                return isinstance(value, str)
    except (TypeError, ValueError, AttributeError):
        pass  # no headers at all: whoever sends them says so
    return False


def _named(headers: ResponseHeaders, roots: Roots) -> Named:
    """Who does not know its server names the file in both ways; one of them is enough. Raises ``Astray``."""
    astray: Astray | None = None
    for name, value in headers:
        kind = name.lower()
        if kind in (_PATH, _URI):
            try:
                return roots.of_path(value) if kind == _PATH else roots.of_uri(value)
            except Astray as error:
                astray = error if astray is None or error.status == 404 else astray
    assert astray is not None
    raise astray


def _fields(headers: ResponseHeaders, name: str, file: OpenFile, *, whole: bool) -> ResponseHeaders:
    """The view's own, and what the file has to say. ``whole``: the view gave no body that they might be about."""
    names = {key.lower(): value for key, value in headers}
    dropped = _DROPPED if whole else _DROPPED | {"content-encoding"}
    given = names.get("content-type", "")
    kind = content_type(name) if given.lower() in _UNNAMED and not name.lower().endswith(_PAGES) else given
    fields = [(key, value) for key, value in headers if key.lower() not in dropped and key.lower() != "content-type"]
    fields.append(("Content-Type", kind or content_type(name)))
    if "cache-control" not in names and "expires" not in names:
        # Somebody was allowed to have it, now; a shared cache would give it to others, by its age alone.
        fields.append(("Cache-Control", "private, no-cache"))
    if "x-content-type-options" not in names:
        fields.append(("X-Content-Type-Options", "nosniff"))
    attached = names.get("content-disposition", "").strip().lower().startswith("attachment")
    if given.lower() in _UNNAMED and not attached and not inert(kind.partition(";")[0]):
        # The view did not say that a browser may run it.
        fields.append(("Content-Security-Policy", SANDBOX))
    weak = "" if is_settled(file) else "W/"
    fields.append(("ETag", f'{weak}"{file.stat.st_mtime_ns:x}-{file.stat.st_size:x}"'))
    fields.append(("Last-Modified", http_date(last_modified(file)).decode()))
    fields.append(("Accept-Ranges", "bytes"))
    return fields
