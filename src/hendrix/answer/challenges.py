"""What an authority asks for before it signs a certificate for us (http-01, RFC 8555 section 8.3).

The answers are files in the vault: whichever worker is asked, and whichever process has put them there. What the vault
does not know is asked of the site: a project may have challenges of its own there.
"""

from __future__ import annotations

from hendrix.core.exchange import Answer, Exchange
from hendrix.tls.vault import answer_to

_PLACE = b"/.well-known/acme-challenge/"
_METHODS = ("GET", "HEAD")


def answer_challenges(vault: str, inner: Answer) -> Answer:
    """All other requests go to ``inner``."""

    def answer(exchange: Exchange) -> None:
        request = exchange.request
        if request.path.startswith(_PLACE) and request.method in _METHODS and (body := _known(vault, request.path)):
            headers = [("Content-Type", "application/octet-stream"), ("Cache-Control", "no-store")]
            exchange.respond("200 OK", headers, body)
        else:
            inner(exchange)

    return answer


def _known(vault: str, path: bytes) -> bytes:
    try:
        return answer_to(vault, path[len(_PLACE) :].decode("latin-1"))
    except OSError:
        return b""  # the vault is gone: as if it knew nothing
