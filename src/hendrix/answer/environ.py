"""A request as a WSGI environment (PEP 3333, section "environ Variables")."""

from __future__ import annotations

import threading
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

from hendrix.core.events import ERROR, emit
from hendrix.core.http import Origin, Request, Secured

Environ = dict[str, Any]

#: What must not reach the application as a header: ``Proxy`` would become HTTP_PROXY, which libraries take for
#: configuration; a chunked body arrives whole, with its length.
_DROPPED = frozenset((b"proxy", b"transfer-encoding", b"content-length", b"content-type"))
_REMEMBERED = 1000

_keys: dict[bytes, str] = {}


class ErrorStream(threading.local):
    """``wsgi.errors``: each line becomes an event. One serves all requests; every thread has a line of its own."""

    def __init__(self) -> None:
        self._line = ""

    def write(self, text: str) -> int:
        """Take text; whole lines go out."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            emit("application.error", ERROR, text=line)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Take several."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Let an unfinished line out as well."""
        if self._line:
            self.write("\n")


def base_environ(*, multiprocess: bool, software: str, file_wrapper: object) -> Environ:
    """What is the same for every request."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_SOFTWARE": software,
        "wsgi.version": (1, 0),
        "wsgi.errors": ErrorStream(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": multiprocess,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": file_wrapper,
    }


def id_key(name: str) -> str:
    """The key of the header ``name`` that carries a request's id; empty where there is none."""
    return "HTTP_" + name.upper().replace("-", "_") if name else ""


def build_environ(
    base: Environ, id_key: str, request: Request, origin: Origin, body: BinaryIO, request_id: str
) -> Environ:
    """The environment of one request. ``base`` is copied; ``request_id`` stands under ``id_key``."""
    environ = base.copy()
    path = request.path
    environ["REQUEST_METHOD"] = request.method
    environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
    environ["QUERY_STRING"] = request.query.decode("latin-1")
    environ["RAW_URI"] = environ["REQUEST_URI"] = request.target.decode("latin-1")
    environ["SERVER_PROTOCOL"] = "HTTP/" + request.version
    environ["REMOTE_ADDR"], port = origin.client
    environ["REMOTE_PORT"] = str(port)
    environ["SERVER_NAME"], port = origin.server
    environ["SERVER_PORT"] = str(port)
    environ["wsgi.url_scheme"] = origin.scheme
    if origin.scheme == "https":
        _describe_security(environ, origin.secured)
    environ["wsgi.input"] = body
    known = _keys.get
    for name, value in request.fields.items():
        key = known(name)
        if key is None:
            key = _learn(name)
        if key:
            environ[key] = value.decode("latin-1")
    if id_key:
        environ[id_key] = request_id
    _describe_body(environ, request, body)
    return environ


def _describe_security(environ: Environ, secured: Secured | None) -> None:
    """In the words of Apache's mod_ssl, which libraries look for. Behind a proxy only that it is so is known."""
    environ["HTTPS"] = "on"
    if secured is None:
        return
    environ["SSL_PROTOCOL"], environ["SSL_CIPHER"] = secured.version, secured.cipher
    client = secured.client
    environ["SSL_CLIENT_VERIFY"] = "NONE" if client is None else "SUCCESS"
    if client is not None:
        environ["SSL_CLIENT_CERT"], environ["SSL_CLIENT_M_SERIAL"] = client.pem, client.serial
        environ["SSL_CLIENT_S_DN"], environ["SSL_CLIENT_I_DN"] = client.subject, client.issuer


def _describe_body(environ: Environ, request: Request, body: BinaryIO) -> None:
    fields = request.fields
    if b"content-type" in fields:
        environ["CONTENT_TYPE"] = fields[b"content-type"].decode("latin-1")
    if request.length < 0:
        environ["CONTENT_LENGTH"] = str(body.seek(0, 2))
        body.seek(0)
    elif b"content-length" in fields:
        environ["CONTENT_LENGTH"] = fields[b"content-length"].decode("latin-1")


def _learn(name: bytes) -> str:
    """The key of a header, empty where it is dropped; remembered for the next time.

    A name with an underscore would be one with the hyphenated spelling, which a proxy may have checked or set.
    """
    key = "" if name in _DROPPED or b"_" in name else "HTTP_" + name.decode().upper().replace("-", "_")
    if len(_keys) < _REMEMBERED:
        _keys[name] = key
    return key
