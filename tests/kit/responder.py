"""A web server of the standard library that answers challenges out of a vault."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from typing import ClassVar

from hendrix.tls import vault as vaults


class Responder(http.server.BaseHTTPRequestHandler):
    """Answers challenges out of a vault."""

    asked: ClassVar[list[str]] = []
    path_of_vault = ""

    def do_GET(self) -> None:
        folder, _, token = self.path.rpartition("/")
        self.asked.append(self.path)
        body = vaults.answer_to(self.path_of_vault, token) if folder == "/.well-known/acme-challenge" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def responder(path: str) -> Iterator[tuple[int, type[Responder]]]:
    """Its port, and what it was asked."""
    handler = type("Handler", (Responder,), {"path_of_vault": path, "asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05))
        thread.start()
        try:
            yield server.server_port, handler
        finally:
            server.shutdown()
            thread.join()
