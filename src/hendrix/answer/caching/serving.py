"""A kept answer, given to whoever asks: whole, unchanged, or the part asked for (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Mapping

from hendrix.answer.caching.codings import Codings
from hendrix.answer.caching.shown import Shown
from hendrix.answer.caching.tally import Tally
from hendrix.answer.compress import fields as compressed
from hendrix.answer.failure import failure
from hendrix.cache.entry import IDENTITY, Entry
from hendrix.cache.rules import Rule, Rules
from hendrix.cache.store.interface import Journal, Store
from hendrix.cache.tags import FIELDS as TAGS
from hendrix.core.conditional import CONDITIONS, NOT_MODIFIED, PRECONDITION_FAILED, judge, range_applies
from hendrix.core.exchange import Exchange
from hendrix.core.http import ResponseHeaders
from hendrix.core.noted import CACHE
from hendrix.core.prepared import Prepared
from hendrix.core.ranges import Span, content_range, multipart, parse_range, unsatisfied_range
from hendrix.wire.prepare import prepare

#: Bytes that a form takes besides its body, which is mostly the entry's own.
_FORM = 4096
#: Where none of these is there, all of it is wanted.
PARTICULAR = CONDITIONS | {b"range"}
_OF_BROWSERS = frozenset(("cache-control", "expires", "pragma"))


class Made:
    """What was made ready of an entry: what it may be sent in, and each form that was."""

    __slots__ = ("offered", "shown", "vain")

    def __init__(self, offered: tuple[str, ...]) -> None:
        self.offered = offered
        self.shown: dict[str, Shown] = {}
        #: Codings that are being made, or that do not make it smaller.
        self.vain: set[str] = set()


class Serving:
    """Gives answers of one cache. Of the forms that are ready, those made first are let go past ``limit`` bytes."""

    def __init__(
        self, store: Store, journal: Journal, rules: Rules, codings: Codings, tally: Tally, limit: int
    ) -> None:
        self._limit = limit
        self._ready: deque[tuple[Made, str, int]] = deque()
        self._size = 0
        self.store = store
        self._journal = journal
        self._rules = rules
        self._codings = codings
        self._tally = tally

    def hit(self, exchange: Exchange, entry: Entry, now: float, generation: int, *, fresh: bool) -> None:
        """``generation``: of the journal, from before the entry was looked up. ``fresh``: others may get the same."""
        fields = exchange.request.fields
        exchange.request.noted = CACHE
        shown = self._shown(entry, _acceptable(fields))
        shown.generation = generation
        entry.hits += 1
        if PARTICULAR.isdisjoint(fields) or entry.status[:1] != "2":
            whole = shown.whole(now)
            if fresh:
                exchange.send(whole, until=shown.until(now), still=shown.still)
            else:
                exchange.send(whole)
        else:
            self._particular(exchange, shown, now, None, fresh=fresh)

    def give(self, exchange: Exchange, entry: Entry, now: float, said: str) -> None:
        """To one that waited while it was made; ``said`` is what Cache-Status tells of that."""
        fields = exchange.request.fields
        if exchange.request.noted is None:  # else it is whose answer was kept just now
            exchange.request.noted = CACHE
        shown = self._shown(entry, _acceptable(fields))
        if PARTICULAR.isdisjoint(fields) or entry.status[:1] != "2":
            exchange.send(shown.whole_as(now, said))
        else:
            self._particular(exchange, shown, now, said, fresh=False)

    # --- the form ------------------------------------------------------------------------------------------

    def _shown(self, entry: Entry, accept: bytes | None) -> Shown:
        made = entry.made
        if not isinstance(made, Made):
            made = entry.made = Made(self._codings.of(entry))
        offered = made.offered
        if offered and accept is not None and (coding := self._codings.missing(entry, offered, accept)):
            self._begin(entry, made, coding)
        coding = self._codings.chosen(entry, offered, accept)
        shown = made.shown.get(coding)
        if shown is None:
            shown = made.shown[coding] = self._show(entry, coding, varies=bool(offered))
            self._count(made, coding, _FORM + len(shown.body))
        return shown

    def _count(self, made: Made, coding: str, size: int) -> None:
        self._ready.append((made, coding, size))
        self._size += size
        while self._size > self._limit and len(self._ready) > 1:
            oldest, name, freed = self._ready.popleft()
            oldest.shown.pop(name, None)
            self._size -= freed

    def _begin(self, entry: Entry, made: Made, coding: str) -> None:
        """Have a coding that somebody likes best; meanwhile the next best one goes out."""
        if coding in made.vain or coding == IDENTITY:
            return
        made.vain.add(coding)

        def done(coded: bytes) -> None:
            if coded:
                self.store.amend(entry, coding, coded)

        self._codings.add(entry, coding, done)

    def _show(self, entry: Entry, coding: str, *, varies: bool) -> Shown:
        headers = for_browsers(entry.headers, self._rules.of(entry.path))
        if varies:
            headers = compressed.varied(headers) if coding == IDENTITY else compressed.coded(headers, coding)
        return Shown(entry, headers, entry.bodies[coding], self._journal, self._tally, time.time())

    # --- conditions and ranges -----------------------------------------------------------------------------

    def _particular(self, exchange: Exchange, shown: Shown, now: float, said: str | None, *, fresh: bool) -> None:
        request = exchange.request
        wall = time.time()
        outcome = judge(request.method, request.fields, shown.conditions, wall)
        if outcome == NOT_MODIFIED:
            if said is not None:
                exchange.send(shown.unmodified_as(now, said))
            elif fresh:
                exchange.send(shown.unmodified(now), until=shown.until(now), still=shown.still)
            else:
                exchange.send(shown.unmodified(now))
        elif outcome == PRECONDITION_FAILED:
            _fail(exchange, 412, "the page is not in the state that the request names", [])
        elif (
            b"range" in request.fields
            and request.method == "GET"
            and shown.entry.status[:3] == "200"
            and range_applies(request.fields, shown.validators, wall)
        ):
            self._part(exchange, shown, now, said)
        else:
            exchange.send(shown.whole(now) if said is None else shown.whole_as(now, said))

    def _part(self, exchange: Exchange, shown: Shown, now: float, said: str | None) -> None:
        whole = shown.whole(now) if said is None else shown.whole_as(now, said)
        spans = parse_range(exchange.request.fields[b"range"], len(shown.body))
        if spans is None:
            exchange.send(whole)
        elif not spans:
            told = [("Content-Range", unsatisfied_range(len(shown.body))), ("Accept-Ranges", "bytes")]
            _fail(exchange, 416, "the page has no such part", told)
        else:
            exchange.send(_parts(whole.headers, shown.body, spans))


def _acceptable(fields: Mapping[bytes, bytes]) -> bytes | None:
    """Parts are those of the content as it is, which has a tag that is worth something."""
    return None if b"range" in fields else fields.get(b"accept-encoding")


def for_browsers(headers: ResponseHeaders, rule: Rule) -> ResponseHeaders:
    """Without what is for caches alone, and with what browsers are to learn of how long to keep it."""
    passes = rule.browser == "pass"
    withheld = TAGS if passes else TAGS | _OF_BROWSERS
    kept = [pair for pair in headers if pair[0].lower() not in withheld]
    if passes:
        return kept
    return kept if rule.browser == "strip" else [*kept, ("Cache-Control", rule.browser)]


def _parts(headers: ResponseHeaders, body: bytes, spans: list[Span]) -> Prepared:
    """A 206 (RFC 9110 section 15.3.7)."""
    headers = [pair for pair in headers if pair[0].lower() != "content-length"]
    if len(spans) == 1:
        offset, length = spans[0]
        told = [*headers, ("Content-Range", content_range(spans[0], len(body)))]
        return prepare("206 Partial Content", told, body[offset : offset + length])
    boundary = secrets.token_hex(16)
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    parts = multipart(spans, len(body), kind, boundary)
    told = [pair for pair in headers if pair[0].lower() != "content-type"]
    told.insert(0, ("Content-Type", f"multipart/byteranges; boundary={boundary}"))
    pieces = [head + body[at : at + count] for head, (at, count) in zip(parts.heads, spans, strict=True)]
    return prepare("206 Partial Content", told, b"".join([*pieces, parts.tail]))


def _fail(exchange: Exchange, code: int, reason: str, told: ResponseHeaders) -> None:
    status, headers, body = failure(code, reason, exchange.request.fields.get(b"accept", b""))
    exchange.respond(status, [*headers, *told], body)
