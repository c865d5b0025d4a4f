"""`python3 -m bench.tls_client PORT plain|full|resumed|count:N SECONDS`: connections in turn, a request on each.

`resumed`: each with the session of the first one; `count:N`: N after the first, each with that of the one before.
Prints how many were answered, and how many handshakes were resumed.
"""

import contextlib
import json
import socket
import ssl
import sys
import time

_REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def context() -> ssl.SSLContext:
    """A client of TLS 1.3 that trusts everybody."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE  # nobody trusts it, and judging it is the client's cost only
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def _once(
    port: int, security: ssl.SSLContext | None, session: ssl.SSLSession | None
) -> tuple[bool, ssl.SSLSession | None]:
    """Whether it was resumed, and its session. Raises `OSError`."""
    with contextlib.ExitStack() as stack:
        sock: socket.socket = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        if security:
            sock = stack.enter_context(security.wrap_socket(sock, server_hostname="localhost", session=session))
        sock.sendall(_REQUEST)
        answer = b""
        with contextlib.suppress(ssl.SSLEOFError):
            while part := sock.recv(65536):
                answer += part
        if b" 200 " not in answer[:20]:
            raise OSError("no answer")
        if isinstance(sock, ssl.SSLSocket):
            return bool(sock.session_reused), sock.session
        return False, None


def main() -> None:
    """See the head of this file."""
    port, kind, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    security = None if kind == "plain" else context()
    most = int(kind.partition(":")[2] or 1_000_000_000)
    count = reused = 0
    try:
        _, session = _once(port, security, None)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and count < most:
            resumed, latest = _once(port, security, None if kind == "full" else session)
            session = latest if kind.startswith("count") else session
            count, reused = count + 1, reused + resumed
    except OSError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print(json.dumps({"count": count, "reused": reused}))


if __name__ == "__main__":
    main()
