"""Requests told back: the journal, the environment, the body."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

from stage import TEXT, Environ, apps, gates, journal, named, told


@named
def hello(_environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    return [b"hello"]


@named
def echo(environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    return [environ["wsgi.input"].read()]


@named
def tell(environ: Environ, start_response: Any) -> Any:
    return told(start_response, journal[environ["QUERY_STRING"]])


apps["journal"] = tell


@named
def open(environ: Environ, start_response: Any) -> Any:
    gates[environ["QUERY_STRING"]].set()
    return told(start_response, True)


@named
def environ(environ: Environ, start_response: Any) -> Any:
    plain = {key: value for key, value in environ.items() if isinstance(value, str | bool | int | tuple)}
    kinds = {key: type(value).__name__ for key, value in environ.items()}
    return told(start_response, {"plain": plain, "kinds": kinds, "exact": type(environ) is dict})


@named
def input(environ: Environ, start_response: Any) -> Any:
    stream = environ["wsgi.input"]
    how = environ["PATH_INFO"].split("/")[2]
    ways: dict[str, Callable[[], list[bytes]]] = {
        "read": lambda: [stream.read(), stream.read()],
        "some": lambda: list(iter(lambda: stream.read(7), b"")),
        "readline": lambda: list(iter(stream.readline, b"")),
        "readline_n": lambda: list(iter(lambda: stream.readline(3), b"")),
        "readlines": stream.readlines,
        "hint": lambda: stream.readlines(1),
        "iterate": lambda: list(stream),
    }
    return told(start_response, [piece.decode("latin-1") for piece in ways[how]()])


@named
def weigh(environ: Environ, start_response: Any) -> Any:
    """Size and digest of the body, and the file that it is in (none: memory)."""
    stream = environ["wsgi.input"]
    digest = hashlib.sha256()
    size = 0
    while piece := stream.read(65536):
        digest.update(piece)
        size += len(piece)
    try:
        fd = stream.fileno()
        facts = os.fstat(fd).st_nlink, os.readlink(f"/proc/self/fd/{fd}")
    except (OSError, AttributeError):
        facts = None
    length = environ.get("CONTENT_LENGTH")
    return told(start_response, {"size": size, "digest": digest.hexdigest(), "file": facts, "length": length})
