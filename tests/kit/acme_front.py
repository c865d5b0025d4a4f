"""A door before Pebble that knows what Pebble does not: rate limits (RFC 8555 section 6.6) and advice (RFC 9773).

Everything else goes to Pebble as it is, which makes its URLs of the host that it is asked as.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.kit.pebble import Pebble


@dataclass
class Front:
    """What it says in Pebble's place. ``window`` (Unix time) is the advice on every certificate."""

    port: int
    pebble: Pebble
    window: tuple[float, float] | None = None
    retry_after: str = ""
    #: The status and the problem that new orders meet, if they do.
    refusal: tuple[int, dict[str, Any]] | None = None
    orders: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def server(self) -> str:
        """The URL of the directory."""
        return f"https://127.0.0.1:{self.port}/dir"

    @property
    def ca_file(self) -> str:
        """Its root is Pebble's."""
        return self.pebble.ca_file

    def refuse(self, retry_after: str) -> None:
        """New orders are too many from now on."""
        detail = "too many certificates already issued"
        problem = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": detail, "status": 429}
        self.refusal, self.retry_after = (429, problem), retry_after


class _Door(http.server.BaseHTTPRequestHandler):
    front: Front
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/renewal-info/"):
            self.front.asked.append(self.path.rpartition("/")[2])
            self._advise()
        else:
            self._pass_on()

    do_HEAD = do_GET

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "order-plz" in self.path:
            self.front.orders.append(_payload(body))
            if self.front.refusal:
                status, problem = self.front.refusal
                self._say(status, "application/problem+json", json.dumps(problem).encode(), self.front.retry_after)
                return
        self._pass_on(body)

    def _advise(self) -> None:
        if self.front.window is None:
            self._say(503, "text/plain", b"", "")
            return
        start, end = (datetime.fromtimestamp(moment, UTC).isoformat() for moment in self.front.window)
        advice = {"suggestedWindow": {"start": start, "end": end.replace("+00:00", "Z")}}
        self._say(200, "application/json", json.dumps(advice).encode(), self.front.retry_after)

    def _pass_on(self, body: bytes | None = None) -> None:
        context = ssl.create_default_context(cafile=self.front.ca_file)
        pebble = http.client.HTTPSConnection("127.0.0.1", self.front.pebble.port, context=context, timeout=20)
        pebble.request(self.command, self.path, body, dict(self.headers.items()))
        answer = pebble.getresponse()
        content = answer.read()
        if self.path == "/dir" and answer.status == 200:
            directory = {**json.loads(content), "renewalInfo": f"https://127.0.0.1:{self.front.port}/renewal-info"}
            content = json.dumps(directory).encode()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        pebble.close()

    def _say(self, status: int, kind: str, body: bytes, retry_after: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _payload(body: bytes) -> dict[str, Any]:
    text = json.loads(body)["payload"]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@contextlib.contextmanager
def front(pebble: Pebble) -> Iterator[Front]:
    """Open the door."""
    handler = type("Door", (_Door,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pebble.home / "tls.pem", pebble.home / "tls.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        handler.front = Front(server.server_port, pebble)
        thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05))
        thread.start()
        try:
            yield handler.front
        finally:
            server.shutdown()
            thread.join()
