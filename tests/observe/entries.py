"""An answered request to make lines of."""

from __future__ import annotations

from collections.abc import Callable

from hendrix.core.http import Origin, Request
from hendrix.observe.entry import Entry

MakeEntry = Callable[..., Entry]
#: 10 October 2000, 13:55:37 UTC: the end of a request that took 1.234567 seconds.
FINISHED = 971186137.734567


def make(
    *,
    method: str = "GET",
    target: bytes = b"/apache_pb.gif?size=2",
    version: str = "1.0",
    fields: dict[bytes, bytes] | None = None,
    client: tuple[str, int] = ("127.0.0.1", 51234),
    status: int = 200,
    sent: int = 2326,
    seconds: float = 1.234567,
    request_id: str = "abc123",
    headers: list[tuple[str, str]] | None = None,
    authority: bytes = b"example.com:8000",
    scheme: str = "http",
) -> Entry:
    path, _, query = target.partition(b"?")
    fields = fields if fields is not None else {b"referer": b"http://r.example/", b"user-agent": b"Mozilla/4.08"}
    request = Request(method, target, path, query, version, list(fields.items()), authority, fields=fields)
    origin = Origin(client, ("10.0.0.1", 8000), scheme)
    return Entry(request, origin, status, sent, FINISHED, seconds, request_id, headers or [], 4321)
