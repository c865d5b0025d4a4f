"""Stacks of middleware of every kind: the same calls in the same order, and the same response, as in Django's.

The judge is Django itself: ``BaseHandler``, loaded for WSGI and for ASGI.
"""

from __future__ import annotations

import gc
import itertools
import logging
import warnings
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.base import BaseHandler
from django.test import AsyncRequestFactory, RequestFactory, override_settings
from django.urls import get_resolver

from hendrix.answer.django_handler import Handler, has_async_views
from hendrix.answer.layers import SyncLayer
from tests.answer.stacks import KINDS, VIEWS, failed, log, trail
from tests.answer.staged import Stage
from tests.kit.live import until

Told = tuple[list[str], int, bytes, str, str]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


class Judge:
    """One stack, in Django's two handlers and in ours."""

    def __init__(self, stage: Stage, kinds: tuple[str, ...]) -> None:
        self.names = [f"{kind}_{number}" for number, kind in enumerate(kinds)]
        self.acts = [f"{name}.{place}" for name in self.names for place in KINDS[name.rpartition("_")[0]]]
        self._stage = stage
        self._wsgi, self._asgi = BaseHandler(), BaseHandler()
        with override_settings(MIDDLEWARE=[f"tests.answer.stacks.{name}" for name in self.names]):
            self._wsgi.load_middleware()
            self._asgi.load_middleware(is_async=True)
            self._handler = Handler()

    def compare(self, target: str) -> None:
        """All give the same."""
        ours, judged = self._ours(target), self._by_asgi(target)
        assert ours == judged, f"{target} through {self.names}"

    def compare_three(self, target: str) -> None:
        """Django's two handlers agree as well."""
        self.compare(target)
        assert self._by_wsgi(target) == self._by_asgi(target), f"Django with itself: {target} through {self.names}"

    def _ours(self, target: str) -> Told:
        log.clear()
        answer = self._stage.answer(self._handler, target)
        seen, path = answer.headers.get("X-Seen", ""), answer.headers.get("X-Trail", "")
        return log[:], int(answer.status[:3]), answer.body, seen, path

    def _by_wsgi(self, target: str) -> Told:
        log.clear()
        token = trail.set(())
        try:
            return _told(self._wsgi.get_response(RequestFactory().get(target)))
        finally:
            trail.reset(token)

    def _by_asgi(self, target: str) -> Told:
        log.clear()
        token = trail.set(())
        try:
            return _told(async_to_sync(self._asgi.get_response_async)(AsyncRequestFactory().get(target)))
        finally:
            trail.reset(token)


def _told(response: object) -> Told:
    headers = response.headers
    return log[:], response.status_code, response.content, headers.get("X-Seen", ""), headers.get("X-Trail", "")


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def stacks(length: int) -> list[tuple[str, ...]]:
    return list(itertools.product(KINDS, repeat=length))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("way", ["sync", "async"])
def test_no_middleware(stage, way, view) -> None:
    Judge(stage, ()).compare_three(f"/{way}/{view}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_act_of_one(stage, kind) -> None:
    judge = Judge(stage, (kind,))
    for way in ("sync", "async"):
        for view in VIEWS:
            judge.compare_three(f"/{way}/{view}")
        for act, what in itertools.product(judge.acts, ("raise", "return", "deny")):
            for view in ("plain", "fails", "template"):
                judge.compare(f"/{way}/{view}?{act}={what}")


@pytest.mark.parametrize("kinds", stacks(2), ids="-".join)
def test_every_act_of_two(stage, kinds) -> None:
    """Half of them with a sync view, half with an async one."""
    judge = Judge(stage, kinds)
    ways = itertools.cycle(("sync", "async"))
    for way, view in itertools.product(("sync", "async"), ("plain", "fails", "template")):
        judge.compare(f"/{way}/{view}")
    for act in judge.acts:
        view = {"exception": "fails", "template": "template"}.get(act.rpartition(".")[2], "plain")
        judge.compare(f"/{next(ways)}/{view}?{act}=raise")
        judge.compare(f"/{next(ways)}/{view}?{act}=return")
        next(ways)


SHORT = [kind for kind in KINDS if kind not in ("unused", "overridden", "old_class")]


@pytest.mark.parametrize("first", SHORT)
def test_stacks_of_three(stage, first) -> None:
    for others in itertools.product(SHORT, repeat=2):
        judge = Judge(stage, (first, *others))
        for way, view in itertools.product(("sync", "async"), ("plain", "fails")):
            judge.compare(f"/{way}/{view}")


def test_long_stacks(stage) -> None:
    for kinds in (tuple(KINDS) * 2, tuple(reversed(KINDS)) * 2, ("hooks", "on_loop") * 4, ("either", "whole") * 4):
        judge = Judge(stage, kinds)
        for way, view in itertools.product(("sync", "async"), VIEWS):
            judge.compare(f"/{way}/{view}")


def test_what_is_around_a_held_thread_stays_in_it(stage) -> None:
    """Middleware that put something of its own in between is called as a whole, and holds its thread."""
    handler = Judge(stage, ("either", "wraps"))._handler
    assert isinstance(handler.chain, SyncLayer)
    assert handler.holding == ["tests.answer.stacks.either_0", "tests.answer.stacks.wraps_1"]


@pytest.mark.parametrize(
    "kinds", [(), ("hooks",), ("either",), ("on_loop", "hooks"), ("hooks", "on_loop", "either")], ids="-".join
)
@pytest.mark.parametrize("query", ["", "?hooks_0.exception=raise", "?hooks_0.exception=return"])
@pytest.mark.parametrize("way", ["sync", "async"])
def test_what_a_view_raised_does_not_wait_for_the_collector(stage, way, kinds, query, monkeypatch) -> None:
    """Its traceback has the frames of the view, with all that this had in memory."""
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)  # pytest keeps what is logged
    judge = Judge(stage, kinds)
    gc.collect()
    gc.disable()
    try:
        failed.clear()
        judge._ours(f"/{way}/fails{query}")
        # The thread has something to do yet after the answer.
        until(lambda: failed[0]() is None, "it to go", 20)
    finally:
        gc.enable()


def test_async_views_are_found() -> None:
    assert has_async_views(get_resolver())
