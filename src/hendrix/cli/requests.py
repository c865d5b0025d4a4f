"""Requests that are under way in a running server, the stack of one, and recent errors: asked for, and as lines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from hendrix.cli.asking import ask
from hendrix.cli.complaint import one_line
from hendrix.cli.console import Absent
from hendrix.cli.quantity import duration
from hendrix.cli.running import Running
from hendrix.cli.voice import Voice
from hendrix.core.console import Ask
from hendrix.core.errors import HendrixError
from hendrix.observe.glance import errors, rows

_PATIENCE = 10.0
_MOST_ERRORS = 10

Facts = Mapping[str, Any]


def looked(server: Running, voice: Voice, stack: str = "") -> dict[str, Any]:
    """What each worker says of itself, of all requests or of the ``stack`` of one. Raises ``HendrixError``."""
    with server.process() as process:
        try:
            done = ask(server, process, Ask("look", {"stack": stack} if stack else {}), voice, _PATIENCE)
        except Absent as error:
            raise HendrixError(f"{server} runs, but {error}; its log says how it is") from None
    if done.status:
        raise HendrixError(f"{server}: {done.summary}")
    return {"workers": list(done.facts.get("workers", ())), "silent": list(done.facts.get("silent", ()))}


def requests(seen: Facts) -> Iterator[str]:
    """Two lines for each request, then errors. Nothing here may reach a terminal as a control sequence."""
    found = rows(seen)
    total = sum(int(worker.get("in_flight", 0)) for worker in seen.get("workers", ()))
    yield f"{len(found)} of {total} requests under way" if total > len(found) else f"requests under way: {len(found)}"
    for row in found:
        yield from described(row)
    for worker in seen.get("silent", ()):
        yield f"worker {worker} does not answer: its event loop stands still"
    if told := errors(seen)[:_MOST_ERRORS]:
        yield ""
        yield "recent errors"
        yield from (failed(row) for row in told)


def described(row: Facts) -> Iterator[str]:
    """One request."""
    age = duration(float(row.get("age") or 0))
    yield one_line(f"{age:>8}  {row.get('method')} {row.get('url')}")
    view = f"{row['view']}, " if row.get("view") else ""
    yield one_line(
        f"          {view}worker {row.get('worker')} {row.get('where')}, from {row.get('peer')}, id {row.get('id')}"
    )


def failed(row: Facts) -> str:
    """One error."""
    ago = duration(time.time() - float(row.get("at") or 0))
    return one_line(f"{ago:>8} ago  {row.get('error')}  {row.get('request')}  id {row.get('id') or '-'}")


def stack(found: Facts) -> Iterator[str]:
    """Where a request is."""
    yield ""
    text = str(found.get("stack") or "")
    for line in text.splitlines() or ["no thread or task works on it at this moment"]:
        yield line if line.isprintable() else "  " + one_line(line)
