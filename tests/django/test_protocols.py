"""One application made of several (ASGI 3)."""

from __future__ import annotations

import asyncio

import pytest

from hendrix.django.protocols import ProtocolRouter


async def asked(router, kind):
    """What the router has sent to a connection of this type."""
    sent = []

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    await router({"type": kind}, receive, send)
    return sent


def answering(name):
    async def application(scope, receive, send):
        await send({"type": name, "for": scope["type"], "got": (await receive())["type"]})

    return application


def test_each_gets_its_own():
    router = ProtocolRouter(http=answering("a"), websocket=answering("b"))
    assert asyncio.run(asked(router, "http")) == [{"type": "a", "for": "http", "got": "http.connect"}]
    assert asyncio.run(asked(router, "websocket")) == [{"type": "b", "for": "websocket", "got": "websocket.connect"}]


def test_a_websocket_for_nobody_is_refused():
    assert asyncio.run(asked(ProtocolRouter(http=answering("a")), "websocket")) == [{"type": "websocket.close"}]


@pytest.mark.parametrize("kind", ["lifespan", "carrier-pigeon"])
def test_other_scopes_are_unknown(kind):
    with pytest.raises(ValueError, match=f"no application for '{kind}'; there are http"):
        asyncio.run(asked(ProtocolRouter(http=answering("a")), kind))


def test_it_says_who_has_what():
    http = answering("a")
    assert ProtocolRouter(http=http).application_mapping == {"http": http}
