"""The two formats that have a name, written out by hand since they are the hot path."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hendrix.core.redact import public, without_secrets
from hendrix.observe.atoms import claimed_user
from hendrix.observe.entry import Entry
from hendrix.observe.escape import JSON_BYTES, JSON_TEXTS, QUOTED, WORDS, escaped, json_bytes, json_text
from hendrix.observe.stamp import Stamps, apache, iso, iso_with_milliseconds


def _combined(stamps: Stamps, entry: Entry) -> str:
    """Apache's ``%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"``."""
    request = entry.request
    get = request.fields.get
    given = get(b"authorization")
    return (
        f"{WORDS[entry.origin.client[0]]} - {'-' if given is None else claimed_user(given)} "
        f'[{stamps[int(entry.finished - entry.seconds)]}] "{WORDS[request.method]} {escaped(public(request.target))} '
        f'HTTP/{WORDS[request.version]}" {entry.status} {entry.sent or "-"} '
        f'"{QUOTED[public(get(b"referer", b"-"))]}" "{QUOTED[get(b"user-agent", b"-")]}"'
    )


def _json(stamps: Stamps, entry: Entry) -> str:
    """One JSON object. ``time`` is when the request came; what the peer did not send is null."""
    request, origin = entry.request, entry.origin
    referer, agent = request.fields.get(b"referer"), request.fields.get(b"user-agent")
    return (
        f'{{"time": "{iso_with_milliseconds(stamps, entry.finished - entry.seconds)}", '
        f'"remote": {JSON_TEXTS[origin.client[0]]}, "method": {JSON_TEXTS[request.method]}, '
        f'"path": {json_bytes(request.path)}, "query": {json_bytes(without_secrets(request.query))}, '
        f'"protocol": {JSON_TEXTS["HTTP/" + request.version]}, "status": {entry.status}, '
        f'"bytes": {entry.sent}, "seconds": {entry.seconds:.6f}, '
        f'"referer": {"null" if referer is None else JSON_BYTES[public(referer)]}, '
        f'"agent": {"null" if agent is None else JSON_BYTES[agent]}, '
        f'"id": {json_text(entry.request_id)}, '
        f'"pid": {entry.pid}, "host": {JSON_BYTES[request.authority]}, "scheme": {JSON_TEXTS[origin.scheme]}}}'
    )


_APACHE = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'
_GUNICORN = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'


def preset(format: str) -> Callable[[Entry], str] | None:
    """The function for ``combined`` (or the same spelt out as Apache or gunicorn do) and ``json``; else None."""
    if format in ("combined", _APACHE, _GUNICORN):
        return partial(_combined, Stamps(apache))
    return partial(_json, Stamps(iso)) if format == "json" else None
