"""Answers that depend on the path."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from hendrix.core.exchange import Answer, Exchange


def files_first(handles: Callable[[str], bool], files: Answer, inner: Answer) -> Answer:
    """``files`` where it ``handles`` the (decoded) path, else ``inner``."""

    def answer(exchange: Exchange) -> None:
        path = unquote_to_bytes(exchange.request.path).decode(errors="replace")
        (files if handles(path) else inner)(exchange)

    return answer
