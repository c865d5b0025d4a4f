"""What an unsafe request makes invalid (RFC 9111 section 4.4)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from hendrix.cache.purges import Purge, purge_url

#: RFC 9110 section 9.2.1.
SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"))


def invalidated(scheme: str, host: bytes, path: bytes, code: str, told: dict[str, str]) -> list[Purge]:
    """``told`` are Location and Content-Location; those of another origin have no say.

    Only an answer that is no error makes something invalid. The page is meant with every query.
    """
    if code[:1] not in ("2", "3"):
        return []
    places = [host + path]
    base = f"{scheme}://{host.decode('latin-1')}{path.decode('latin-1')}"
    for name in ("location", "content-location"):
        if name in told and (place := _of_same_origin(base, told[name])) is not None and place not in places:
            places.append(place)
    return [purge for place in places if (purge := _purge(place)) is not None]


def _of_same_origin(base: str, value: str) -> bytes | None:
    try:
        own, found = urlsplit(base), urlsplit(urljoin(base, value))
    except ValueError:
        return None
    if (found.scheme, found.netloc.lower()) != (own.scheme, own.netloc.lower()):
        return None
    query = f"?{found.query}" if found.query else ""
    return f"{found.netloc.lower()}{found.path or '/'}{query}".encode("latin-1", "replace")


def _purge(place: bytes) -> Purge | None:
    try:
        return purge_url(place)
    except ValueError:
        return None
