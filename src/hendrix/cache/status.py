"""Cache-Status (RFC 9211): what the cache did with a request, and why."""

from __future__ import annotations

from hendrix.cache.entry import Entry

NAME = "Hendrix"


def hit(entry: Entry, now: float) -> str:
    """Section 2.1 and 2.4: ``ttl`` is what is left of its freshness, and below nothing where it is stale."""
    left = entry.born + entry.lifetime - now if not entry.soft else 0
    return f"{NAME}; hit; ttl={int(left)}"


def forwarded(why: str, detail: str = "", *, code: str = "", stored: bool = False, collapsed: bool = False) -> str:
    """Sections 2.2 to 2.8. ``why``: bypass, method, uri-miss, vary-miss, miss, request or stale."""
    told = f"{NAME}; fwd={why}"
    if code:
        told += f"; fwd-status={code}"
    if stored:
        told += "; stored"
    if collapsed:
        told += "; collapsed"
    return f"{told}; detail={detail}" if detail else told
