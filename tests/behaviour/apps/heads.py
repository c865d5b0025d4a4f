"""Applications that call ``start_response`` well, badly, late or never."""

from __future__ import annotations

import sys
from typing import Any

from stage import TEXT, Environ, Noted, named, note


@named
def status(environ: Environ, start_response: Any) -> Any:
    """Whatever status the request asks for in ``X-Status``; ``X-Body`` is the body."""
    start_response(environ["HTTP_X_STATUS"], TEXT)
    return [environ.get("HTTP_X_BODY", "").encode()]


HEADERS: dict[str, Any] = {
    "newline": [("X-Bad", "a\r\nSet-Cookie: smuggled=1")],
    "lf": [("X-Bad", "a\nSmuggled: 1")],
    "cr": [("X-Bad", "a\rSmuggled: 1")],
    "nul": [("X-Bad", "a\0b")],
    "name": [("X-Bad\r\nSmuggled", "1")],
    "space": [("X Bad", "1")],
    "empty": [("", "1")],
    "colon": [("Smuggled: 1\r\nX-Bad:", "1")],
    "unicode": [("X-Bad", "snow \u2603")],
    "bytes": [(b"X-Bad", b"1")],
    "number": [("X-Bad", 1)],
    "none": [("X-Bad", None)],
    "triple": [("X-Bad", "1", "2")],
    "word": ["X-Bad"],
    "connection": [("Connection", "close")],
    "coding": [("Transfer-Encoding", "chunked")],
    "upgrade": [("Upgrade", "h2c")],
    "keep-alive": [("Keep-Alive", "timeout=5")],
    "trailer": [("Trailer", "X-Bad")],
    "lengths": [("Content-Length", "1"), ("content-length", "1")],
    "length": [("Content-Length", "-1")],
    "length-list": [("Content-Length", "1, 1")],
    "nothing": None,
}


@named
def headers(environ: Environ, start_response: Any) -> Any:
    """Headers that cannot be sent, with a body in one piece or as a stream."""
    _, _, which, how = environ["PATH_INFO"].split("/")
    start_response("200 OK", HEADERS[which])
    return [b"1"] if how == "whole" else Noted(environ, [b"1"])


@named
def good_headers(_environ: Environ, start_response: Any) -> Any:
    start_response(
        "299 Fine \xe9", [("X-Latin", "caf\xe9"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-E", "")]
    )
    return [b"ok"]


@named
def twice(_environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    start_response("404 Not Found", TEXT)
    return [b"never"]


@named
def replaced(_environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    try:
        raise ValueError("before the head is sent")
    except ValueError:
        start_response("503 Sorry", [("X-Replaced", "yes")], sys.exc_info())
    return [b"sorry"]


@named
def too_late(environ: Environ, start_response: Any) -> Any:
    write = start_response("200 OK", TEXT)
    write(b"begun")
    try:
        raise ValueError("after the head is sent")
    except ValueError:
        try:
            start_response("500 Oops", TEXT, sys.exc_info())
        except ValueError as error:
            note(environ, f"raised again: {error}")
            raise
    return [b"never"]


@named
def no_start(_environ: Environ, _start_response: Any) -> Any:
    return [b"body"]


@named
def no_start_stream(environ: Environ, _start_response: Any) -> Any:
    return Noted(environ, [b"body"])


@named
def no_start_nothing(environ: Environ, _start_response: Any) -> Any:
    return Noted(environ, [])


@named
def late_start(environ: Environ, start_response: Any) -> Any:
    start_response("200 Late", TEXT)
    yield b"late"
    note(environ, "ended")


@named
def no_iterable(_environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", TEXT)


@named
def bad_status(environ: Environ, start_response: Any) -> Any:
    which = environ["PATH_INFO"].split("/")[2]
    bad: dict[str, Any] = {"bytes": b"200 OK", "int": 200, "short": "20 OK", "bare": "200", "break": "200 OK\r\nX: 1"}
    bad |= {"interim": "100 Continue", "words": "fine", "none": None, "snow": "200 \u2603"}
    start_response(bad[which], TEXT)
    return [b"never"]


@named
def writes(_environ: Environ, start_response: Any) -> Any:
    write = start_response("200 OK", TEXT)
    write(b"one ")
    write(b"")
    write(b"two ")
    return [b"three", b"", b" four"]


@named
def writes_text(_environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", TEXT)("text")
    return []
