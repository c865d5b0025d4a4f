"""The application behind the cache: it hands each request on to the origin of the suite, whose port is in the
environment, and its answer back."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Iterable
from typing import Any

#: RFC 9110 section 7.6.1: of a connection; PEP 3333 leaves them to the server.
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    origin = http.client.HTTPConnection("127.0.0.1", int(os.environ["CACHE_TESTS_ORIGIN"]), timeout=30)
    body = environ["wsgi.input"].read()
    fields = {
        name[5:].replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and name[5:].replace("_", "-").lower() not in HOP_BY_HOP
    }
    if environ.get("CONTENT_TYPE"):
        fields["Content-Type"] = environ["CONTENT_TYPE"]
    if body:
        fields["Content-Length"] = str(len(body))
    query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
    origin.putrequest(
        environ["REQUEST_METHOD"], environ["PATH_INFO"] + query, skip_host=True, skip_accept_encoding=True
    )
    for name, value in fields.items():
        origin.putheader(name, value)
    origin.endheaders(body or None)
    answer = origin.getresponse()
    content = answer.read()
    named = {name.strip().lower() for name in (answer.getheader("Connection") or "").split(",")}
    headers = [pair for pair in answer.getheaders() if pair[0].lower() not in HOP_BY_HOP | named]
    start_response(f"{answer.status} {answer.reason or 'Unknown'}", headers)
    return [content]
