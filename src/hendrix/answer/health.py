"""Whether this server wants more work, for whoever distributes it: load balancers, Kubernetes, a rolling deploy.

It says no more than that: a database that is down must not take every machine out of the balance at once. Nothing of
the project runs for it, so that neither ``ALLOWED_HOSTS`` nor a slow view have a say.
"""

from __future__ import annotations

from collections.abc import Callable

from hendrix.core.exchange import Answer, Exchange

#: Does it want more?
Ready = Callable[[], bool]
_METHODS = ("GET", "HEAD")
#: A balancer that keeps the answer would not notice.
_HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]


def always() -> bool:
    """A ``Ready`` of where nothing ends."""
    return True


def tell_health(ready: Ready, inner: Answer) -> Answer:
    """200 while it does, else 503. Other methods are ``inner``'s to answer."""

    def answer(exchange: Exchange) -> None:
        if exchange.request.method not in _METHODS:
            inner(exchange)
        elif ready():
            exchange.respond("200 OK", _HEADERS, b"up\n")
        else:
            exchange.respond("503 Service Unavailable", _HEADERS, b"leaving\n")

    return answer
