"""A request for a file, answered: whole, unchanged, or the parts asked for (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import secrets
import time

from hendrix.answer.failure import failure
from hendrix.answer.files.entry import Entry, Representation
from hendrix.answer.files.parts import Parts
from hendrix.core.conditional import CONDITIONS, NOT_MODIFIED, PRECONDITION_FAILED, judge, range_applies
from hendrix.core.exchange import Exchange
from hendrix.core.http import ResponseHeaders
from hendrix.core.noted import FILES
from hendrix.core.ranges import Span, content_range, multipart, parse_range, unsatisfied_range
from hendrix.wire.prepare import prepare

_READS = ("GET", "HEAD")
#: Where none of these is there, all of the file is wanted.
_PARTICULAR = CONDITIONS | {b"range"}


def serve(exchange: Exchange, entry: Entry) -> None:
    """Answer with the file of ``entry``."""
    request = exchange.request
    request.noted = FILES
    fields = request.fields
    found = entry.chosen(fields.get(b"accept-encoding"))
    until = entry.checked + entry.place.interval
    if request.method in _READS and _PARTICULAR.isdisjoint(fields):
        exchange.send(found.whole, until=until)
    else:
        serve_found(exchange, found, until)


def serve_found(exchange: Exchange, found: Representation, until: float = 0.0) -> None:
    """Answer with what of ``found`` is wanted. ``until``: see ``Exchange.send``."""
    request = exchange.request
    if request.method not in _READS:
        _fail(exchange, 405, "a file can only be read", [("Allow", "GET, HEAD")])
        return
    now = time.time()
    outcome = judge(request.method, request.fields, found.validators, now)
    if outcome == NOT_MODIFIED:
        exchange.send(found.unmodified, until=until)
    elif outcome == PRECONDITION_FAILED:
        _fail(exchange, 412, "the file is not in the state that the request names", [])
    elif (
        request.method == "GET" and b"range" in request.fields and range_applies(request.fields, found.validators, now)
    ):
        _send_ranges(exchange, found, parse_range(request.fields[b"range"], found.size))
    else:
        exchange.send(found.whole)


def _send_ranges(exchange: Exchange, found: Representation, spans: list[Span] | None) -> None:
    if spans is None:
        exchange.send(found.whole)
    elif not spans:
        told = [("Content-Range", unsatisfied_range(found.size)), ("Accept-Ranges", "bytes")]
        _fail(exchange, 416, "the file has no such part", told)
    elif len(spans) == 1:
        headers = [*found.headers, ("Content-Range", content_range(spans[0], found.size))]
        exchange.send(found.part("206 Partial Content", headers, *spans[0]))
    else:
        _send_parts(exchange, found, spans)


def _send_parts(exchange: Exchange, found: Representation, spans: list[Span]) -> None:
    """RFC 9110 section 15.3.7.2."""
    boundary = secrets.token_hex(16)
    kind = dict(found.headers)["Content-Type"]
    parts = multipart(spans, found.size, kind, boundary)
    headers = [(name, value) for name, value in found.headers if name != "Content-Type"]
    headers.insert(0, ("Content-Type", f"multipart/byteranges; boundary={boundary}"))
    if found.file is None:
        pieces = [head + found.body[at : at + count] for head, (at, count) in zip(parts.heads, spans, strict=True)]
        exchange.send(prepare("206 Partial Content", headers, b"".join([*pieces, parts.tail])))
    else:
        Parts(exchange, found.file, spans, parts).begin("206 Partial Content", headers)


def _fail(exchange: Exchange, code: int, reason: str, told: ResponseHeaders) -> None:
    status, headers, body = failure(code, reason, exchange.request.fields.get(b"accept", b""))
    exchange.respond(status, [*headers, *told], body)
