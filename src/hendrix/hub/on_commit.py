"""Publishing with a transaction: only what has been committed is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hendrix.hub.door import outgoing, send
from hendrix.hub.history import Keep


def publish_on_commit(
    topic: str | Iterable[str], payload: Any, *, keep: Keep | None = None, using: str | None = None
) -> None:
    """As ``publish``, once the transaction that is under way is committed; at once where none is.

    Whoever hears of it finds it in the database. The payload is made now: what changes it later changes nothing. A
    failure to publish is logged by Django and breaks nothing: the transaction is done. ``using`` names the database.
    """
    from django.db import transaction  # noqa: PLC0415 - for those who have a database

    ready = outgoing(topic, payload, keep)

    transaction.on_commit(lambda: send(ready), using=using, robust=True)
