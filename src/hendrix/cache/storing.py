"""May an answer be kept, and for how long (RFC 9111 section 3)?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hendrix.cache import freshness
from hendrix.cache.answer import Head
from hendrix.cache.cookies import Cookies
from hendrix.cache.directives import Directives, delta_seconds
from hendrix.cache.rules import Rule
from hendrix.cache.vary import Names, names_of
from hendrix.core.dates import parse_http_date

#: Statuses whose meaning for a cache we know (section 5.2.2.3, ``must-understand``).
UNDERSTOOD = freshness.HEURISTIC | frozenset(
    ("201", "202", "302", "303", "307", "400", "401", "403", "409", "422", "429", "500", "502", "503", "504")
)
#: What a rule may give a lifetime to that says none itself: above all no error that is over in a moment.
_BY_RULE = freshness.HEURISTIC | frozenset(("302", "307"))
#: Section 3.3, and RFC 9110 section 15.4.5: not the whole answer to anything.
_INCOMPLETE = frozenset(("206", "304"))


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms an answer is kept. Seconds. ``names``: what it varies on."""

    lifetime: float
    age: float
    names: Names
    no_cache: bool = False
    must_revalidate: bool = False
    while_revalidate: float = 0.0
    if_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a GET matters for keeping its answer. ``directives`` are those of the request that are obeyed.

    ``certified``: the client has shown a certificate, which no Vary could name.
    """

    fields: Mapping[bytes, bytes]
    directives: Directives
    cookies: Cookies
    rule: Rule
    certified: bool = False

    @property
    def credentials(self) -> bool:
        """Does it say who asks, to whoever wants to know?"""
        return self.certified or b"authorization" in self.fields


def terms(asked: Asked, head: Head, received: float, delay: float) -> Terms | str:
    """The terms, or in one word why it is not kept.

    ``received`` is when it came, by the wall clock; ``delay`` how long it took. Section 3 gives the order; what Django
    says by its habits (``Vary: Cookie``, Set-Cookie) is among it.
    """
    reason = _barred(asked, head)
    if reason:
        return reason
    names = names_of(head.fields["vary"]) if "vary" in head.fields else ()
    if names is None:
        return "vary-star"
    found = _timed(asked, head, names, received, delay)
    if isinstance(found, Terms) and b"cookie" in names and asked.cookies.known_visitor(asked.fields.get(b"cookie")):
        return "visitor"
    return found


def _barred(asked: Asked, head: Head) -> str:
    """Everything that forbids it, but for time."""
    code, fields, told = head.code, head.fields, head.directives
    if code in _INCOMPLETE:
        return "partial"
    if "no-store" in asked.directives:
        return "request-no-store"
    if "must-understand" in told:
        if code not in UNDERSTOOD:
            return "must-understand"
    elif "no-store" in told:
        return "no-store"
    if "private" in told:
        return "private"
    if "set-cookie" in fields:
        return "set-cookie"
    if asked.credentials and told.keys().isdisjoint(("public", "must-revalidate", "s-maxage")):
        return "authorization"  # section 3.5
    if "x-sendfile" in fields or "x-accel-redirect" in fields:
        return "send-file"
    return ""


def _timed(asked: Asked, head: Head, names: Names, received: float, delay: float) -> Terms | str:
    fields, told, rule = head.fields, head.directives, asked.rule
    date = _date(fields.get("date"), received)
    lifetime = freshness.lifetime(
        told, fields.get("expires"), received if date is None else date, targeted=head.targeted
    )
    ttl = rule.ttl if head.code in _BY_RULE else None
    overridden = rule.override and ttl is not None
    if lifetime is None or overridden:
        lifetime = ttl
    if lifetime is None and rule.heuristic and (head.code in freshness.HEURISTIC or "public" in told):
        lifetime = freshness.guessed(fields.get("last-modified"), received if date is None else date)
    no_cache = "no-cache" in told and not overridden
    validated = "etag" in fields or "last-modified" in fields
    if lifetime is None:
        if not (no_cache and validated):
            return "no-freshness"
        lifetime = 0.0
    age = freshness.initial_age(freshness.age_value(fields.get("age")), date, received, delay)
    strict = not told.keys().isdisjoint(("must-revalidate", "proxy-revalidate"))
    while_revalidate = _grace(told, "stale-while-revalidate", rule.grace)
    if_error = _grace(told, "stale-if-error", rule.grace)
    if not validated and (
        no_cache or (lifetime <= age and (strict or max(while_revalidate, if_error) <= age - lifetime))
    ):
        return "stale-at-once"
    # Section 5.2.2.10: s-maxage means proxy-revalidate as well, unless the answer itself allows to serve it stale.
    strict = strict or ("s-maxage" in told and not (while_revalidate or if_error))
    return Terms(lifetime, age, names, no_cache, strict, while_revalidate, if_error)


def _date(value: str | None, received: float) -> float | None:
    moment = None if value is None else parse_http_date(value.strip().encode("latin-1", "replace"), received)
    return None if moment is None else float(moment)


def _grace(told: Directives, name: str, otherwise: float) -> float:
    """RFC 5861 sections 3 and 4; what the answer does not say, the rule does."""
    return float(delta_seconds(told[name]) or 0) if name in told else otherwise
