"""Whose pages may open a socket, and what a request keeps of its user."""

from __future__ import annotations

import asyncio
import gc
import weakref
from functools import partial
from types import SimpleNamespace

import pytest
from django.utils.functional import SimpleLazyObject

from hendrix.answer.sockets import admission
from hendrix.answer.sockets.admission import origin_is_ours, settle_user

OURS = ["shop.example", ".branches.example"]
TRUSTED = ["https://partner.example:8443", "https://*.friends.example"]


def asked(origin: str | None, host: str = "shop.example") -> SimpleNamespace:
    return SimpleNamespace(META={} if origin is None else {"HTTP_ORIGIN": origin}, get_host=lambda: host)


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    found = SimpleNamespace(ALLOWED_HOSTS=OURS, CSRF_TRUSTED_ORIGINS=TRUSTED, DEBUG=False)
    monkeypatch.setattr(admission, "settings", found)
    return found


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "https://shop.example",
        "http://shop.example:8000",
        "https://north.branches.example",
        "https://partner.example:8443",
        "https://some.friends.example",
        "https://friends.example",
    ],
)
def test_ours(origin: str | None) -> None:
    assert origin_is_ours(asked(origin))


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://evil-shop.example",
        "https://partner.example",
        "http://partner.example:8443",
        "http://some.friends.example",
        "https://some.friends.example:444",
        "https://evilfriends.example",
        "https://[",
    ],
)
def test_of_strangers(origin: str) -> None:
    assert not origin_is_ours(asked(origin))


def test_where_any_host_is_ours_the_one_that_is_asked_counts(settings: SimpleNamespace) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert origin_is_ours(asked("https://other.example", "other.example:8000"))
    assert not origin_is_ours(asked("https://evil.example", "other.example:8000"))


class Asked:
    """A request, as middleware leaves it."""

    def __init__(self) -> None:
        self.user = SimpleLazyObject(self.who)
        self.auser = partial(self.find, self)

    def who(self) -> SimpleNamespace:
        return SimpleNamespace(username="ann")

    async def find(self, request: Asked) -> SimpleNamespace:
        return self.who()


def test_a_request_whose_user_is_known_is_no_circle() -> None:
    request = Asked()
    assert request.user.username == "ann"
    settle_user(request)
    assert asyncio.run(request.auser()) is request.user
    assert request.user.username == "ann"
    gone = weakref.ref(request)
    gc.disable()
    try:
        del request
        assert gone() is None
    finally:
        gc.enable()


def test_a_user_that_was_not_asked_for_is_still_to_be_found() -> None:
    request = Asked()
    settle_user(request)
    assert type(request.user) is SimpleLazyObject
    settle_user(SimpleNamespace())  # of a project without users
