"""The dashboard: one page, what it shows each second, and what it may have done. No build, nothing from elsewhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from importlib.resources import files
from typing import Any

from hendrix.core.redact import without_secrets
from hendrix.observe.admin.request import Refused
from hendrix.observe.admin.routes import Answer, Route, Visit, as_json
from hendrix.observe.computing import computed
from hendrix.observe.glance import Look, glance

_BEAT = 1.0
_LONGEST_ID = 128
#: As ``cache.purges.to_plain`` says it.
_EVERYTHING = ["all", "", False]


def _file(name: str) -> bytes:
    return (files("hendrix.observe.admin") / name).read_bytes()


async def page(visit: Visit) -> Answer:
    """The page. The token in it is what its scripts send with what changes anything."""
    return Answer(body=_file("dashboard.html").replace(b"CSRF", visit.csrf.encode()), type="text/html; charset=utf-8")


async def style(visit: Visit) -> Answer:
    """Its style."""
    return Answer(body=_file("dashboard.css"), type="text/css; charset=utf-8")


async def script(visit: Visit) -> Answer:
    """Its script."""
    return Answer(body=_file("dashboard.js"), type="text/javascript; charset=utf-8")


async def icon(visit: Visit) -> Answer:
    """Browsers ask for one, and complain where there is none."""
    return Answer(204)


async def events(visit: Visit) -> Answer:
    """A glance each second, as an event."""
    return Answer(type="text/event-stream", parts=_events(visit))


async def _events(visit: Visit) -> AsyncGenerator[bytes, None]:
    before: Look | None = None
    while True:
        try:
            facts = await visit.facts("metrics")
            reply = await visit.ask("look")
            now = Look(time.monotonic(), facts, {} if reply.status else reply.facts, computed(facts))
            yield b"data: " + json.dumps(glance(before, now)).encode() + b"\n\n"
            before = now
        except Refused:
            yield b": not now\n\n"
        await asyncio.sleep(_BEAT)


async def stack(visit: Visit) -> Answer:
    """Where one request is."""
    wanted = visit.request.query.get("id", "")
    if not 0 < len(wanted) <= _LONGEST_ID:
        raise Refused(400, "id is that of a request")
    seen = await visit.facts("look", stack=wanted)
    found = next((worker for worker in seen["workers"] if worker.get("request")), None)
    if found is None:
        raise Refused(404, "this request is not under way; it may be over by now")
    text = str(found.get("stack") or "no thread or task works on it at this moment\n")
    return Answer(body=text.encode("utf-8", "replace"))


async def cache(visit: Visit) -> Answer:
    """What the workers' caches hold, are asked for most, and have not kept lately."""
    found = await visit.facts("cache", verb="stats")
    return as_json({"workers": [_of_cache(worker) for worker in found.get("workers", ())]})


def _of_cache(worker: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: [[_public(url), *rest] for url, *rest in worker.get(name, ())] for name in ("top", "recent")}
    return {**worker, **shown}


def _public(url: str) -> str:
    path, mark, query = url.partition("?")
    return path + mark + without_secrets(query.encode("latin-1", "replace")).decode("latin-1")


# --- what changes something -------------------------------------------------------------------------------


async def reload(visit: Visit) -> Answer:
    """Answered once the new code serves."""
    return await _done(visit, "reload")


async def recycle(visit: Visit) -> Answer:
    """``{"worker": 3}``."""
    worker = _told(visit).get("worker")
    if type(worker) is not int:
        raise Refused(400, "worker is the number of one")
    return await _done(visit, "recycle", worker=worker)


async def purge(visit: Visit) -> Answer:
    """The whole cache."""
    return await _done(visit, "cache", verb="purge", purges=[_EVERYTHING])


async def _done(visit: Visit, do: str, **facts: Any) -> Answer:
    await visit.facts(do, **facts)
    return Answer(body=b"done\n")


def _told(visit: Visit) -> Mapping[str, Any]:
    try:
        told = json.loads(visit.request.body)
    except (ValueError, RecursionError):
        raise Refused(400, "this is no JSON") from None
    return told if isinstance(told, dict) else {}


DASHBOARD = (
    Route("GET", "/", page),
    Route("GET", "/dashboard.css", style),
    Route("GET", "/dashboard.js", script),
    Route("GET", "/favicon.ico", icon),
    Route("GET", "/events", events),
    Route("GET", "/stack", stack),
    Route("GET", "/cache.json", cache),
    Route("POST", "/reload", reload, changes=True),
    Route("POST", "/recycle", recycle, changes=True),
    Route("POST", "/purge", purge, changes=True),
)
