"""Error answers of the server itself: HTML or JSON as the peer asks, or the project's own pages."""

from __future__ import annotations

import json
from html import escape

from hendrix.core.events import WARNING, emit
from hendrix.core.exchange import Exchange
from hendrix.core.http import REASONS, ResponseHeaders

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{code} {title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 20vh auto 0; padding: 0 1.5rem }}
h1 {{ font-size: 1.6rem; margin: 0 }} h1 b {{ opacity: .45; margin-right: .5rem }} p {{ opacity: .8 }}
</style>
<h1><b>{code}</b>{title}</h1>
<p>{reason}</p>
</html>
"""
#: Seconds after which a peer that was shed may try again.
RETRY_AFTER = "2"

_own_pages: dict[int, bytes] = {}


def use_page(code: int, html: bytes) -> None:
    """From now on the project's ``html`` is the page of ``code``."""
    _own_pages[code] = html


def failure(code: int, reason: str, accept: bytes) -> tuple[str, ResponseHeaders, bytes]:
    """Status, headers and body. ``accept`` is the peer's Accept field, ``reason`` a short clause."""
    title = REASONS.get(code, "Error")
    if _prefers_json(accept):
        body = json.dumps({"status": code, "error": title, "detail": reason}).encode() + b"\n"
        headers = [("Content-Type", "application/json")]
    else:
        sentence = reason[:1].upper() + reason[1:] + "."
        page = _PAGE.format(code=code, title=escape(title), reason=escape(sentence))
        body = _own_pages.get(code) or page.encode()
        headers = [("Content-Type", "text/html; charset=utf-8")]
    headers.append(("X-Content-Type-Options", "nosniff"))
    headers.append(("Cache-Control", "no-store"))
    if code == 503:
        headers.append(("Retry-After", RETRY_AFTER))
    return f"{code} {title}", headers, body


def shed(exchange: Exchange) -> None:
    """Answer 503: there is more to do than this worker can queue."""
    emit("request.shed", WARNING, id=exchange.request_id)
    exchange.respond(*failure(503, "the server is busy", exchange.request.fields.get(b"accept", b"")))


def _prefers_json(accept: bytes) -> bool:
    """Is JSON named, and before HTML? Weights are not worth their cost on an error page."""
    at = accept.find(b"json")
    html = accept.find(b"text/html")
    return at >= 0 and (html < 0 or at < html)
