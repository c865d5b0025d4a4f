"""Sockets that say nonsense are refused at the start, and not when the first client comes."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import path

from hendrix.answer.sockets.routes import routes_of
from hendrix.answer.sockets.socket import WebSocket, websocket


def routes(monkeypatch: pytest.MonkeyPatch, view: Any) -> Any:
    module = ModuleType("sockets_of_a_test")
    module.__dict__["websocket_urlpatterns"] = [path("a/", view)]
    monkeypatch.setitem(sys.modules, "sockets_of_a_test", module)
    return routes_of("sockets_of_a_test")


def test_classes_and_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    for view in (WebSocket, websocket(lambda socket, data: None)):
        assert routes(monkeypatch, view).resolve("/a/").func is view


@pytest.mark.parametrize(
    "nonsense",
    [
        {"codec": "xml"},
        {"rate": "often"},
        {"on_full": "wait"},
        {"queue": -1},
        {"subprotocols": "v1"},
    ],
)
def test_nonsense(monkeypatch: pytest.MonkeyPatch, nonsense: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=str(*nonsense.values())):
        routes(monkeypatch, type("Odd", (WebSocket,), nonsense))


def test_a_view_is_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="must be a class derived of"):
        routes(monkeypatch, lambda request: None)
