"""Applications whose bodies are lists, streams, broken or endless."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from plain import hello
from stage import MEGABYTE, TEXT, Environ, Noted, gates, named, note


@named
def body(environ: Environ, start_response: Any) -> Any:
    """A body of a given kind; ``X-Length`` states its length."""
    length = environ.get("HTTP_X_LENGTH")
    start_response(environ.get("HTTP_X_STATUS", "200 OK"), TEXT + ([("Content-Length", length)] if length else []))
    pieces = [b"one,", b"", b"two,", b"three"]
    kinds: dict[str, Callable[[], Any]] = {
        "list": lambda: pieces,
        "tuple": lambda: tuple(pieces),
        "many": lambda: [b"x"] * 10000,
        "nothing": list,
        "empty": lambda: [b""],
        "bytes": lambda: b"abc",  # iterates as numbers, which are no bytes
        "text": lambda: ["text"],
        "text_stream": lambda: Noted(environ, ["text"]),
        "bytearray": lambda: Noted(environ, [bytearray(b"x")]),
        "generator": lambda: Noted(environ, pieces),
        "empty_stream": lambda: Noted(environ, []),
        "empties": lambda: Noted(environ, [b"", b""]),
        "django": lambda: Whole(environ, pieces),
        "broken": lambda: Noted(environ, broken()),
        "broken_at_once": lambda: Noted(environ, broken(0)),
        "broken_close": lambda: BrokenClose(environ, [b"fine"]),
        "broken_close_list": lambda: Whole(environ, [b"fine"], broken=True),
    }
    return kinds[environ["PATH_INFO"].split("/")[2]]()


def broken(pieces: int = 2) -> Iterator[bytes]:
    for _ in range(pieces):
        yield b"piece"
    raise RuntimeError("broke while iterating")


class BrokenClose(Noted):
    def close(self) -> None:
        super().close()
        raise RuntimeError("broke while closing")


class Whole(Noted):
    """As Django's HttpResponse is: iterable, closable, and it says that it does not stream."""

    streaming = False

    def __init__(self, environ: Environ, pieces: Any, *, broken: bool = False) -> None:
        super().__init__(environ, pieces)
        self._broken = broken

    def close(self) -> None:
        super().close()
        if self._broken:
            raise RuntimeError("broke while closing")


@named
def raises(environ: Environ, _start_response: Any) -> Any:
    which = environ["PATH_INFO"].split("/")[2]
    raise {"error": RuntimeError, "exit": SystemExit, "interrupt": KeyboardInterrupt}[which]("secret of the project")


@named
def complains(environ: Environ, start_response: Any) -> Any:
    errors = environ["wsgi.errors"]
    errors.write("half a line, ")
    errors.writelines(["the other half\n", "second line"])
    errors.flush()
    return hello(environ, start_response)


@named
def gated(environ: Environ, start_response: Any) -> Any:
    """Two pieces; the second is made only once the gate is open."""
    start_response("200 OK", TEXT)

    def pieces() -> Iterator[bytes]:
        yield b"first"
        gates[environ["QUERY_STRING"]].wait(30)
        note(environ, "second is made")
        yield b"second"

    return Noted(environ, pieces())


@named
def waits(environ: Environ, start_response: Any) -> Any:
    """An answer in one piece, once the gate is open."""
    note(environ, "waits")
    gates[environ["QUERY_STRING"]].wait(30)
    return hello(environ, start_response)


@named
def endless(environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", TEXT)

    def pieces() -> Iterator[bytes]:
        while True:
            note(environ, "piece")
            yield MEGABYTE

    return Noted(environ, pieces())


@named
def endless_write(environ: Environ, start_response: Any) -> Any:
    write = start_response("200 OK", TEXT)
    try:
        while True:
            note(environ, "piece")
            write(MEGABYTE)
    finally:
        note(environ, "closed")


@named
def large(environ: Environ, start_response: Any) -> Any:
    """Ten megabytes: as a list or as a stream, with or without a stated length."""
    _, _, how, stated = environ["PATH_INFO"].split("/")
    start_response("200 OK", TEXT + ([("Content-Length", str(10 * len(MEGABYTE)))] if stated == "length" else []))
    return [MEGABYTE] * 10 if how == "list" else Noted(environ, [MEGABYTE] * 10)


@named
def counted(environ: Environ, start_response: Any) -> Any:
    """A megabyte in one piece."""
    note(environ, "counted")
    start_response("200 OK", TEXT)
    return [MEGABYTE]


@named
def pieces(environ: Environ, start_response: Any) -> Any:
    """Many small pieces."""
    start_response("200 OK", TEXT)
    return Noted(environ, (b"%d," % number for number in range(500)))
