"""An entry of an answer that may be kept."""

from __future__ import annotations

from hendrix.answer.caching.look import Look
from hendrix.cache.answer import Head
from hendrix.cache.entry import IDENTITY, Entry
from hendrix.cache.purges import labels_of, place_of
from hendrix.cache.storing import Terms
from hendrix.cache.tags import tags_of
from hendrix.cache.update import storable
from hendrix.cache.vary import values_of, variant_key
from hendrix.core.clock import http_date
from hendrix.core.http import ResponseHeaders

#: Django's token against forged requests is in the page of one visitor.
_TOKEN = b"csrfmiddlewaretoken"
_ENCODING = b"accept-encoding"


def barred(head: Head, body: bytes, largest: int) -> str:
    """Why a body is not kept, in one word."""
    if len(body) > largest:
        return "too-large"
    if _TOKEN in body and "html" in head.fields.get("content-type", ""):
        return "csrf-token"
    return ""


def make_entry(
    look: Look, terms: Terms, head: Head, headers: ResponseHeaders, bodies: dict[str, bytes], now: float, wall: float
) -> Entry | str:
    """``bodies`` are by coding; ``now`` is steady, ``wall`` the wall clock. A word where it cannot be purged."""
    tags = tags_of(head.fields)
    if tags is None:
        return "too-many-tags"
    # As it is it suits everybody, and we code it ourselves; what the application has coded does not, said or not.
    names = tuple(name for name in terms.names if name != _ENCODING)
    if IDENTITY not in bodies:
        names = tuple(sorted((*names, _ENCODING)))
    values = values_of(names, look.asked.fields, look.asked.cookies)
    kept = storable(headers)
    if "date" not in head.fields:
        kept.append(("Date", http_date(wall).decode()))
    labels = labels_of(look.host, look.path, look.query, tags)
    return Entry(
        key=variant_key(look.primary, values) if names else look.primary,
        url=look.url,
        status=head.status,
        headers=kept,
        bodies=bodies,
        born=now - terms.age,
        lifetime=terms.lifetime,
        while_revalidate=terms.while_revalidate,
        if_error=terms.if_error,
        must_revalidate=terms.must_revalidate,
        no_cache=terms.no_cache,
        labels=labels,
        place=place_of(look.host, look.path, look.query),
        ticket=look.ticket,
        vary=values,
    )


def coding_of(head: Head) -> str:
    """The coding that the application itself has put on it."""
    return head.fields.get("content-encoding", "").strip().lower() or IDENTITY
