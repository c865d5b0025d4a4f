"""Which interface a Django project is called by."""

from __future__ import annotations

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler

from hendrix.django.protocols import ProtocolRouter
from hendrix.worker.interface import Named, choose

ASGI = ASGIHandler.__new__(ASGIHandler)
WSGI = WSGIHandler.__new__(WSGIHandler)
NOTHING = Named("", None)


def own(*_):
    """What a project has made itself."""


class Channels:
    """As Channels' router says it."""

    def __init__(self, **mapping):
        self.application_mapping = mapping


@pytest.mark.parametrize(
    ("wsgi", "asgi", "name", "websockets"),
    [
        (None, None, "django", ""),
        (WSGI, None, "django", ""),
        (WSGI, ASGI, "django", ""),
        (own, None, "wsgi", ""),
        (own, ASGI, "wsgi", ""),
        (WSGI, own, "asgi", ""),
        (own, own, "asgi", ""),
        (WSGI, ProtocolRouter(http=ASGI, websocket=own), "django", "shop.asgi"),
        (WSGI, ProtocolRouter(websocket=own), "django", "shop.asgi"),
        (WSGI, ProtocolRouter(http=own, websocket=own), "asgi", ""),
        (own, ProtocolRouter(websocket=own), "wsgi", "shop.asgi"),
        (WSGI, Channels(http=ASGI, websocket=own), "django", "shop.asgi"),
        (WSGI, Channels(http=own), "asgi", ""),
    ],
)
def test_nothing_is_left_out(wsgi, asgi, name, websockets):
    chosen = choose("auto", Named("shop.wsgi", wsgi), Named("shop.asgi", asgi))
    assert (chosen.name, chosen.websockets) == (name, websockets)


@pytest.mark.parametrize(("asked", "websockets"), [("django", "shop.asgi"), ("wsgi", "shop.asgi"), ("asgi", "")])
def test_who_is_asked_for(asked, websockets):
    chosen = choose(asked, Named("shop.wsgi", own), Named("shop.asgi", own))
    assert (chosen.name, chosen.websockets) == (asked, websockets)
    assert chosen.reason == "the option interface says so"


def test_it_names_who_has_it_and_why():
    assert choose("auto", NOTHING, Named("shop.asgi", own)).reason.startswith("shop.asgi is not Django's own")
    assert choose("auto", Named("shop.wsgi", own), NOTHING).reason.startswith("shop.wsgi is not Django's own")
    assert choose("auto", NOTHING, NOTHING).reason == "sync and async views, as nothing has been put around Django"
