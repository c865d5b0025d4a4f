"""A resource's status and headers in our words."""

from __future__ import annotations

from twisted.web.http_headers import Headers

from hendrix.core.http import HOP_BY_HOP, ResponseHeaders

#: Names as they are sent; empty for those that are not a resource's to say. The second table leaves out the length.
_names: dict[bytes, str] = {}
_names_but_length: dict[bytes, str] = {b"Content-Length": ""}
_statuses: dict[tuple[int, bytes], str] = {}
_MOST = 1000


class AnswerHeaders(Headers):
    """``request.responseHeaders``."""

    __slots__ = ()

    def told(self) -> ResponseHeaders:
        """As they are to be sent, without those of the connection (RFC 9110 section 7.6.1)."""
        pairs = ((name, _names.get(name), values) for name, values in self._rawHeaders.items())
        told = ((_learn(name, _names) if word is None else word, values) for name, word, values in pairs)
        return [(word, value.decode("latin-1")) for word, values in told if word for value in values]

    def whole(self, default: bytes | None) -> ResponseHeaders:
        """The same for a whole answer, which knows its length, and has the type ``default`` if it says none."""
        headers = self._rawHeaders
        if default is not None and b"Content-Type" not in headers:
            headers[b"Content-Type"] = [default]
        out: ResponseHeaders = []
        for name, values in headers.items():
            word = _names_but_length.get(name)
            if word is None:
                word = _learn(name, _names_but_length)
            if word:
                for value in values:
                    out.append((word, value.decode("latin-1")))
        return out


def _learn(name: bytes, names: dict[bytes, str]) -> str:
    word = name.decode("latin-1")
    if word.lower() in HOP_BY_HOP:
        word = ""
    if len(names) < _MOST:
        names[name] = word
    return word


def status_line(code: int, reason: bytes) -> str:
    """``"200 OK"``."""
    if code == 200 and reason == b"OK":
        return "200 OK"
    line = _statuses.get((code, reason))
    if line is None:
        line = f"{code} {reason.decode('latin-1')}"
        if len(_statuses) < _MOST:
            _statuses[code, reason] = line
    return line
