"""What Django does between requests, at the price of what there is to do.

At each begin and end of a request signals have all database connections and caches of the thread looked for, which
are mostly the same, or none. That took a seventh of a plain request. Here the connections of a thread are known from
when they are made, Django's own receivers have stand-ins that ask nobody else, and the lists of receivers are not
sifted anew for each request. What projects connect to these signals is called as ever, in its order.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

from django.core.cache import caches, close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries
from django.dispatch import Signal

Receiver = Callable[..., Any]


class _Here(threading.local):
    """The database connections that were made in this thread, or have come to it."""

    def __init__(self) -> None:
        self.connections: list[Any] = []


here = _Here()
_state = {"caches": False, "installed": False}


def install() -> None:
    """For this process, once."""
    if _state["installed"]:
        return
    _state["installed"] = True
    _tell(connections, _made_connection)
    _tell(caches, _made_cache)
    stand_ins = {
        reset_queries: _reset_queries,
        close_old_connections: _close_old,
        close_caches: _close_caches,
        reset_urlconf: _ended_with_its_context,
    }
    for signal in (request_started, request_finished):
        signal.send = QuickSend(signal, stand_ins)


def uninstall() -> None:
    """As it was: the server has ended, and the process has not."""
    if _state["installed"]:
        _state["installed"] = _state["caches"] = False
        for owner, name in ((connections, "create_connection"), (caches, "create_connection")):
            delattr(owner, name)
        for signal in (request_started, request_finished):
            del signal.send


def begin_anew() -> None:
    """In a process that was forked: Django's checks have made every cache, in a thread that serves nobody."""
    _state["caches"] = False


def caches_in_use() -> bool:
    """Has any cache been used by a request in this process?"""
    return _state["caches"]


def _made_connection(connection: Any) -> None:
    here.connections.append(connection)


def _made_cache(_cache: Any) -> None:
    _state["caches"] = True


def _tell(handler: Any, made: Callable[[Any], object]) -> None:
    """Have ``made`` called with each connection that ``handler`` makes."""
    create = handler.create_connection

    def create_connection(alias: str) -> Any:
        connection = create(alias)
        made(connection)
        return connection

    handler.create_connection = create_connection


def _reset_queries(**_named: object) -> None:
    for connection in here.connections:
        connection.queries_log.clear()


def _close_old(**_named: object) -> None:
    for connection in here.connections:
        connection.close_if_unusable_or_obsolete()


def _ended_with_its_context(**_named: object) -> None:
    """A request has a context of its own: what was set there ends with it."""


def _close_caches(**named: object) -> None:
    if _state["caches"]:
        close_caches(**named)


class QuickSend:
    """``Signal.send`` of one signal, for as long as its receivers stay the same."""

    def __init__(self, signal: Signal, stand_ins: dict[Receiver, Receiver]) -> None:
        self._signal = signal
        self._send = signal.send
        self._stand_ins = stand_ins
        self._known: list[Any] = []
        #: By sender: references to the receivers, each with what is called in its place. None: they are to be sifted.
        self._calls: dict[Any, list[tuple[Callable[[], Any], Receiver | None]] | None] = {}

    def __call__(self, sender: Any, **named: Any) -> list[tuple[Receiver, Any]]:
        """See ``Signal.send``."""
        signal = self._signal
        if signal.receivers != self._known or signal._dead_receivers:
            self._known, self._calls = list(signal.receivers), {}
        if sender not in self._calls:
            self._calls[sender] = self._found(sender)
        calls = self._calls[sender]
        if calls is None:
            sifted: list[tuple[Receiver, Any]] = self._send(sender, **named)
            return sifted
        responses: list[tuple[Receiver, Any]] = []
        for reference, stand_in in calls:
            receiver = reference()
            if receiver is not None:
                responses.append((receiver, (stand_in or receiver)(signal=signal, sender=sender, **named)))
        return responses

    def _found(self, sender: Any) -> list[tuple[Callable[[], Any], Receiver | None]] | None:
        receivers, is_async = self._signal._live_receivers(sender)
        return None if is_async else [(_reference(each), self._stand_ins.get(each)) for each in receivers]


def _reference(receiver: Receiver) -> Callable[[], Any]:
    """Weak, so that nobody listens for longer than Django would let him."""
    if hasattr(receiver, "__self__") and hasattr(receiver, "__func__"):
        return weakref.WeakMethod(receiver)
    try:
        return weakref.ref(receiver)
    except TypeError:
        return lambda: receiver
