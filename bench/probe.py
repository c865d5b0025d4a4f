"""Questions to a server before it is loaded: is it up, is it right, does it keep connections?"""

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Iterator

from bench.process import Child
from bench.workloads import Answer, Headers, Workload

HOST = "127.0.0.1"
_next_port = 18100


def free_port() -> int:
    """A port nobody listens on, below the range that clients' own ports come from."""
    global _next_port
    while True:
        _next_port += 1
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, _next_port))
            return _next_port


@contextlib.contextmanager
def connection(port: int, timeout: float, *, secure: bool = False) -> Iterator[http.client.HTTPConnection]:
    """One connection to a server, closed at the end. Whose certificate it is does not matter."""
    one = http.client.HTTPConnection(HOST, port, timeout=timeout)
    if secure:
        one = http.client.HTTPSConnection(HOST, port, timeout=timeout, context=ssl._create_unverified_context())
    try:
        yield one
    finally:
        one.close()


def ask(one: http.client.HTTPConnection, workload: Workload, headers: Headers = ()) -> Answer:
    """One request of a workload. The body is counted as it comes, and dropped."""
    one.request(workload.method, workload.path, workload.body or None, dict(headers))
    response = one.getresponse()
    length = 0
    while piece := response.read(1 << 20):
        length += len(piece)
    return Answer(response.status, length, {name.lower(): value for name, value in response.getheaders()})


def is_up(port: int, path: str = "/hello", timeout: float = 2.0, *, secure: bool = False) -> bool:
    """Whether the server answers anything at all on `path`."""
    try:
        with connection(port, timeout, secure=secure) as one:
            one.request("GET", path)
            one.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    return True


def wait_until_up(
    port: int, child: Child, limit: float = 15.0, path: str = "/hello", pause: float = 0.05, *, secure: bool = False
) -> bool:
    """Poll until the first answer; False when the program ended or `limit` seconds are over."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and child.popen.poll() is None:
        if is_up(port, path, secure=secure):
            return True
        time.sleep(pause)
    return False


def headers(port: int, workload: Workload) -> Headers:
    """What a workload sends to this server: for one about a known file, its validators are asked for first."""
    if not workload.known:
        return workload.headers()
    with contextlib.suppress(OSError, http.client.HTTPException), connection(port, 20) as one:
        return workload.headers(ask(one, workload, workload.headers()))
    return workload.headers()


def complaint(port: int, workload: Workload, connections: int, sent: Headers = ()) -> str:
    """Why a server's figures for a workload would not be comparable; empty when all is well."""
    try:
        with connection(port, 20) as one:
            answer = ask(one, workload, sent)
            kept = one.sock
            ask(one, workload, sent)
            if kept is None or one.sock is not kept:
                return "it does not keep the connection alive"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({type(error).__name__})"
    return workload.complaint(answer) or starved(port, connections)


def starved(port: int, connections: int) -> str:
    """Whether some of many open connections get no answer while the others stay open."""
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(connection(port, 2)) for _ in range(connections)]
        for number, one in enumerate(crowd):
            try:
                one.request("GET", "/hello")
                one.getresponse().read()
            except (OSError, http.client.HTTPException):
                return f"only {number} of {connections} open connections are answered"
    return ""
