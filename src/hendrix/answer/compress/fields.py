"""What the head of an answer says about compressing it, and what has to be said instead once it is compressed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hendrix.answer.files.types import compressible
from hendrix.core.conditional import entity_tags
from hendrix.core.http import Request, ResponseHeaders

_NONE, _BARRED, _TYPE, _LENGTH, _ETAG, _VARY, _CACHE, _COOKIE, _RANGES = range(9)
_ROLES = {
    # Coded already; a part of a whole; to be sent as a file; or its very bytes are vouched for: RFC 1864, RFC 3230,
    # RFC 9530 and what signs them (RFC 9421).
    "content-encoding": _BARRED,
    "content-range": _BARRED,
    "x-sendfile": _BARRED,
    "x-accel-redirect": _BARRED,
    "content-md5": _BARRED,
    "digest": _BARRED,
    "content-digest": _BARRED,
    "repr-digest": _BARRED,
    "content-type": _TYPE,
    "content-length": _LENGTH,
    "etag": _ETAG,
    "vary": _VARY,
    "cache-control": _CACHE,
    "set-cookie": _COOKIE,
    "accept-ranges": _RANGES,
}
_roles: dict[str, int] = {}
_REMEMBERED = 1000

#: Schemes whose credentials a script must send itself, which one of another site cannot. All others (Basic, Digest,
#: Negotiate, ...) a browser may add by itself to whatever request.
_EXPLICIT = (b"bearer", b"token", b"jwt", b"apikey", b"dpop")
#: Of Vary, and of Cache-Control.
_CREDENTIALS = frozenset(("*", "cookie", "authorization"))
_VARIED = frozenset(("*", "accept-encoding"))
_KEPT_BACK = frozenset(("private", "no-store"))
_WORD = re.compile(r"[^\s,;=]+")


@dataclass(slots=True)
class Facts:
    """Of one answer's head. ``length`` is -1 where none is stated."""

    barred: bool = False
    type: str = ""
    length: int = -1
    etag: str = ""
    vary: str = ""
    cache: str = ""
    cookie: bool = False

    @property
    def compressible(self) -> bool:
        """May it be compressed, and would it help?"""
        return not self.barred and compressible(self.type) and "no-transform" not in _words(self.cache)


def read(headers: ResponseHeaders) -> Facts:
    """Raises ``TypeError``, ``ValueError`` or ``AttributeError`` where they are no headers at all."""
    facts = Facts()
    for name, value in headers:
        role = _role(name)
        if role:
            _note(facts, role, value)
    return facts


def _role(name: str) -> int:
    role = _roles.get(name)
    if role is None:
        role = _ROLES.get(name.lower(), _NONE)
        if len(_roles) < _REMEMBERED:
            _roles[name] = role
    return role


def _note(facts: Facts, role: int, value: str) -> None:
    if role == _TYPE:
        facts.type = value.partition(";")[0].strip().lower()
    elif role == _LENGTH:
        facts.length = int(value)
    elif role == _ETAG:
        facts.etag = value
    elif role == _VARY:
        facts.vary = f"{facts.vary},{value.lower()}"
    elif role == _CACHE:
        facts.cache = f"{facts.cache},{value.lower()}"
    elif role == _COOKIE:
        facts.cookie = True
    elif role == _BARRED:
        facts.barred = True


def is_private(request: Request, facts: Facts) -> bool:
    """Is it made for whoever sent the request, by what a browser adds to requests of any site? (docs/why/breach.md)"""
    if facts.cookie or not _CREDENTIALS.isdisjoint(_words(facts.vary)):
        return True
    fields = request.fields
    authorization = fields.get(b"authorization")
    if authorization is not None and not authorization.lower().startswith(_EXPLICIT):
        return "public" not in _words(facts.cache)
    if b"cookie" in fields:
        return not _KEPT_BACK.isdisjoint(_words(facts.cache))
    return False


def _words(value: str) -> list[str]:
    return _WORD.findall(value) if value else []


def coded(headers: ResponseHeaders, coding: str) -> ResponseHeaders:
    """``headers`` of an answer that is sent in ``coding`` (RFC 9110 sections 8.4, 8.6, 8.8.3, 14.3)."""
    made = [_weakened(name, value) for name, value in headers if _role(name) not in (_LENGTH, _RANGES)]
    return varied([*made, ("Content-Encoding", coding)])


def weakened(headers: ResponseHeaders) -> ResponseHeaders:
    """The bytes of a coded body are not always the same, so its tag is a weak one (RFC 9110 section 8.8.1)."""
    return [_weakened(name, value) for name, value in headers]


def _weakened(name: str, value: str) -> tuple[str, str]:
    strong = _role(name) == _ETAG and not value.startswith("W/")
    return (name, f"W/{value}") if strong else (name, value)


def varied(headers: ResponseHeaders) -> ResponseHeaders:
    """``headers`` of an answer that another Accept-Encoding might have changed (RFC 9110 section 12.5.5)."""
    named = [value for name, value in headers if _role(name) == _VARY]
    if not _VARIED.isdisjoint(_words(",".join(named).lower())):
        return headers
    if not any(value.strip() for value in named):
        return [*headers, ("Vary", "Accept-Encoding")]
    made = []
    for name, value in headers:
        if named and _role(name) == _VARY and value.strip():
            made.append((name, f"{value}, Accept-Encoding"))
            named = []
        else:
            made.append((name, value))
    return made


def is_our_weak_tag(request: Request, etag: str) -> bool:
    """Does the peer hold ``etag`` as we weakened it, and not as it is?"""
    tags = entity_tags(request.fields.get(b"if-none-match", b"")) or []
    own = etag.encode("latin-1", "replace")
    return not etag.startswith("W/") and b"W/" + own in tags and own not in tags


def strengthen(request: Request) -> None:
    """Let the application see the tags of If-Match as it gave them, not as we weakened them.

    A tag that it gave as a weak one does not match all the same: both must be strong (RFC 9110 section 13.1.1).
    """
    value = request.fields[b"if-match"]
    tags = entity_tags(value)
    if tags is None or b"W/" not in value:
        return
    value = b", ".join(tag.removeprefix(b"W/") for tag in tags)
    request.fields = {**request.fields, b"if-match": value}
    request.headers = [pair for pair in request.headers if pair[0] != b"if-match"] + [(b"if-match", value)]
