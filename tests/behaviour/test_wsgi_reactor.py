"""Twisted's reactor within a worker: imported by the application's module, used from its threads."""

from __future__ import annotations

import json


def test_what_was_asked_for_at_import_was_done(stage) -> None:
    assert stage.await_noted("import", "running") == ["running"]


def test_blocking_call_from_thread(client) -> None:
    assert json.loads(client.get("/blocking_call").body) == [True, True]


def test_defer_to_thread_and_delayed_calls(client, key) -> None:
    assert json.loads(client.get(f"/deferred?{key}").body) == ["from a thread"]


def test_children_and_their_ends_are_seen(client, key) -> None:
    *output, status = json.loads(client.get(f"/process?{key}").body)
    assert ("".join(output), status) == ("child\n", 7)
