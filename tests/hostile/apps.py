"""The application under attack. It remembers what reached it."""

import os
import resource
import tempfile
import time
from pathlib import Path

if os.environ.get("NOFILE"):
    # The workers are forked from the process that imports this.
    most = int(os.environ["NOFILE"])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

MIB = 1024 * 1024
BLOCK = b"x" * 65536
FILE = tempfile.TemporaryFile()  # noqa: SIM115 - for as long as the process lives
FILE.truncate(64 * MIB)

entered = []


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/seen":
        return answer(start_response, ("\n".join(entered)).encode())
    if path != "/probe":
        entered.append(f"{environ['REQUEST_METHOD']} {path}")
    return PAGES.get(path, plain)(environ, start_response)


def answer(start_response, body, status="200 OK"):
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def plain(environ, start_response):
    return answer(start_response, b"ok")


def sent(environ, start_response):
    """How many bytes of body came."""
    return answer(start_response, str(len(environ["wsgi.input"].read())).encode())


def forget(environ, start_response):
    entered.clear()
    return answer(start_response, b"")


def wait(environ, start_response):
    """Until the file named by the query is there."""
    gate = Path(environ["QUERY_STRING"])
    while not gate.exists():
        time.sleep(0.01)
    return answer(start_response, b"waited")


def block(environ, start_response):
    """A blocking view that takes the seconds of the query."""
    time.sleep(float(environ["QUERY_STRING"]))
    return answer(start_response, b"slept")


def whole(environ, start_response):
    return answer(start_response, b"x" * (8 * MIB))


def page(environ, start_response):
    return answer(start_response, b"x" * 200_000)


def stream(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return Stream()


class Stream:
    """8 MiB in pieces. Counts the open ones, so that a test sees whether all were closed."""

    opened = closed = 0

    def __init__(self):
        Stream.opened += 1

    def __iter__(self):
        return iter([BLOCK] * (8 * MIB // len(BLOCK)))

    def close(self):
        Stream.closed += 1


def open_streams(environ, start_response):
    return answer(start_response, str(Stream.opened - Stream.closed).encode())


def file(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(64 * MIB))])
    return environ["wsgi.file_wrapper"](os.fdopen(os.dup(FILE.fileno()), "rb"))


PAGES = {
    "/sent": sent,
    "/forget": forget,
    "/wait": wait,
    "/block": block,
    "/whole": whole,
    "/page": page,
    "/stream": stream,
    "/open-streams": open_streams,
    "/file": file,
}
