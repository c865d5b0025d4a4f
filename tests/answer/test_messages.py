"""Messages with a storage that is made late: what Django's own middleware gives, in every case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage.base import BaseStorage
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from hendrix.answer.messages import LazyMessages, quickened

Act = Callable[[HttpRequest], str]
STORAGES = [f"django.contrib.messages.storage.{name}" for name in
            ("fallback.FallbackStorage", "cookie.CookieStorage", "session.SessionStorage")]  # fmt: skip


def nothing(request: HttpRequest) -> str:
    return ""


def add(request: HttpRequest) -> str:
    messages.success(request, "saved")
    return ""


def read(request: HttpRequest) -> str:
    return ", ".join(f"{each.level_tag}: {each}" for each in messages.get_messages(request))


def count(request: HttpRequest) -> str:
    found = messages.get_messages(request)
    return f"{bool(found)} {len(found)} {isinstance(found, BaseStorage)}"


def add_and_read(request: HttpRequest) -> str:
    return add(request) + read(request)


def only_important(request: HttpRequest) -> str:
    messages.set_level(request, messages.ERROR)
    messages.info(request, "not said")
    return f"{messages.get_level(request)} {read(request)}"


def look(request: HttpRequest) -> str:
    found = messages.get_messages(request)
    text = read(request)
    found.used = False
    return text


ACTS: list[Act] = [nothing, add, read, count, add_and_read, only_important, look]


def visit(middleware: Any, session: dict[str, Any], cookies: dict[str, str], act: Act) -> tuple[str, dict[str, str]]:
    """One request of a browser, which keeps its cookies."""
    request = RequestFactory().get("/")
    request.COOKIES, request.session = cookies, session
    assert middleware.process_request(request) is None
    response = HttpResponse(act(request))
    assert middleware.process_response(request, response) is response
    return response.content.decode(), {name: cookie.value for name, cookie in response.cookies.items()}


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("first", ACTS)
@pytest.mark.parametrize("second", ACTS)
def test_two_requests_of_one_browser(storage: str, first: Act, second: Act) -> None:
    with override_settings(MESSAGE_STORAGE=storage):
        middleware = MessageMiddleware(lambda _request: HttpResponse())
        lazy = quickened(middleware)
        assert isinstance(lazy, LazyMessages)
        told = []
        for judge in (middleware, lazy):
            session: dict[str, Any] = {}
            said, cookies = visit(judge, session, {}, first)
            told.append((said, cookies, dict(session), visit(judge, session, cookies, second), session))
        assert told[0] == told[1]


def test_without_a_session() -> None:
    lazy = quickened(MessageMiddleware(lambda _request: HttpResponse()))
    with pytest.raises((ImproperlyConfigured, AssertionError)):
        lazy.process_request(RequestFactory().get("/"))


def test_nobody_else_has_stand_ins() -> None:
    class Own(MessageMiddleware):
        pass

    own = Own(lambda _request: HttpResponse())
    assert quickened(own) is own
    with override_settings(MESSAGE_STORAGE="project.Storage"):
        djangos = MessageMiddleware(lambda _request: HttpResponse())
        assert quickened(djangos) is djangos


def test_a_request_without_messages_is_left_alone() -> None:
    lazy = quickened(MessageMiddleware(lambda _request: HttpResponse()))
    response = HttpResponse()
    assert lazy.process_response(RequestFactory().get("/"), response) is response
