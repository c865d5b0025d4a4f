"""Plain HTTP is sent to HTTPS."""

from __future__ import annotations

from hendrix.core.errors import PeerError
from hendrix.core.exchange import Answer, Exchange

_DEFAULT_PORT = 443


def redirect_to_https(port: int, inner: Answer) -> Answer:
    """All that is not secure gets 308, which keeps the method, to the same place at ``port``.

    A proxy that is trusted may have said that it is.
    """
    suffix = b"" if port == _DEFAULT_PORT else b":%d" % port

    def answer(exchange: Exchange) -> None:
        request = exchange.request
        if exchange.origin.scheme == "https" or not request.path.startswith(b"/"):
            inner(exchange)
            return
        host = _without_port(request.authority)
        if not host:
            raise PeerError(400, "without a host there is no way to HTTPS")
        target = b"https://" + host + suffix + request.path + (b"?" + request.query if request.query else b"")
        headers = [("Location", target.decode("latin-1")), ("Content-Length", "0")]
        exchange.respond("308 Permanent Redirect", headers, b"")

    return answer


def _without_port(authority: bytes) -> bytes:
    """``example.org:8000``, ``[::1]:8000``: the host alone."""
    host, colon, port = authority.rpartition(b":")
    return host if colon and (port.isdigit() or not port) else authority
