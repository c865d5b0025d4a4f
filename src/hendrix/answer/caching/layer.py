"""The layer that answers from the cache, and has made once what many wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hendrix.answer.caching.door import METHOD, PurgeDoor
from hendrix.answer.caching.flight import LATE, Flight
from hendrix.answer.caching.keeping import Keeping
from hendrix.answer.caching.look import Look
from hendrix.answer.caching.marks import Marked
from hendrix.answer.caching.passing import Passing, Unsafe
from hendrix.answer.caching.sink import Sink
from hendrix.answer.failure import failure
from hendrix.answer.late import answer_late
from hendrix.cache import status
from hendrix.cache.cookies import Cookies
from hendrix.cache.directives import NONE, Directives, parse_cache_control
from hendrix.cache.entry import Entry, Fork, Stored
from hendrix.cache.invalidation import SAFE
from hendrix.cache.key import normal_path, primary_key, query_of
from hendrix.cache.reuse import Use, is_for_one, serves_on_error, use_of
from hendrix.cache.rules import Rule
from hendrix.cache.store.interface import Store
from hendrix.cache.storing import Asked
from hendrix.cache.vary import values_of, variant_key
from hendrix.core.clock import steady
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import Request

_READS = ("GET", "HEAD")
_ONLY_IF_CACHED = "only-if-cached"
_NO_CACHE: Directives = {"no-cache": None}
_COOKIE = b"cookie"
#: RFC 9111 section 4.3.2: conditions that a cache must not evaluate.
_ORIGIN_S = frozenset((b"if-match", b"if-unmodified-since"))
#: Behind the key: who is known by a session or by credentials waits only for others who are.
_KNOWN = b"\n+"
#: Bytes of a request's Cache-Control that are looked at.
_LONGEST_FIELD = 512
#: Seconds between looks whether another worker has made what several want, at first and at most.
_LOOK, _LOOK_AT_MOST = 0.005, 0.1
#: A renewal in the background may take so many times what others wait for a page, before it is begun once more.
_RENEWALS = 12
#: Pages that are being made, from which on none is renewed in the background: nobody waits for those, so nothing else
#: keeps their number down.
_MOST_AT_ONCE = 256
#: Calls something after so many seconds, on the loop.
Later = Callable[[float, Callable[[], None]], object]
#: Put into ``Request.kept`` by the layer that knows of listeners: this one is not for the cache.
APART = "apart"


def at_port(port: int, inner: Answer) -> Answer:
    """Only what comes in at ``port``, and over TLS, is for the cache."""

    def answer(exchange: Exchange) -> None:
        origin = exchange.origin
        if origin.door != port and origin.scheme != "https":
            exchange.request.kept = APART
        inner(exchange)

    return answer


def never(_seconds: float, _call: Callable[[], None]) -> None:
    """A ``Later`` of where nothing is shared."""


def _why(rule: Rule, query: bytes | None, request: Request) -> str:
    if rule.bypass:
        return "rule"
    if query is None:
        return "query"
    if request.length:
        return "body"
    return "messages" if _ORIGIN_S.isdisjoint(request.fields) else "condition"


def _answers_others(entry: Entry, look: Look, *, failed: bool) -> bool:
    """May it be given to ``look``, too, without being validated (RFC 9111 sections 4.2.4 and 5.2.2.4)?

    ``failed``: the application has (RFC 5861 section 4).
    """
    now = steady()
    return use_of(entry, now, NONE) is not Use.RENEW or (failed and serves_on_error(entry, now, look.wants))


class Cached:
    """See ``core.exchange.Answer`` for ``answer``. ``inner`` ends in ``recording.record`` around the application."""

    def __init__(self, keeping: Keeping, inner: Answer, later: Later) -> None:
        self._keeping = keeping
        self._inner = inner
        self._later = later
        self._journal = keeping.journal
        self._rules = keeping.rules
        self._cookies = keeping.cookies
        self._serving = keeping.serving
        self._tally = keeping.tally
        self._obeys = keeping.settings.obeys
        self._lease = keeping.settings.wait
        self._flights = keeping.flights
        self._marks = keeping.quick
        self._token = keeping.settings.token
        keeping.on_store = self._use_store
        keeping.again = self._again
        self._use_store(keeping.store)

    def _use_store(self, store: Store) -> None:
        self._store = store
        self._get = store.get
        self._door = PurgeDoor(store, self._token)

    def answer(self, exchange: Exchange) -> None:
        """See ``core.exchange.Answer``."""
        request = exchange.request
        mark = self._marks.get(request.target)
        if (
            mark is not None
            and request.kept is None
            and request.method == "GET"
            and mark.authority == request.authority
            and mark.scheme == (origin := exchange.origin).scheme
            and not origin.proxied
            and not request.websocket
            and b"cache-control" not in request.fields
        ):
            # Nothing is kept for it, and nothing that it says could change that.
            self._inner(Marked(exchange, mark, self._marks, self._tally))
        elif request.kept is APART or request.websocket:
            self._inner(exchange)
        elif request.method in _READS:
            self._read(exchange, request)
        elif request.method in SAFE:
            self._inner(exchange)
        elif request.method == METHOD:
            self._door.answer(exchange)
        else:
            self._inner(Unsafe(exchange, self._store))

    def tick(self, _now: float) -> None:
        """Now and then: who has waited long enough goes on by itself."""
        now = steady()
        for key, flight in list(self._flights.items()):
            lasts = now - flight.began
            if lasts > (self._lease * _RENEWALS if flight.aside else self._lease):
                del self._flights[key]
                flight.land(LATE)
            elif lasts > self._lease and not flight.late:
                flight.give_up()
        self._keeping.forget_marks(now)
        self._get(b"")  # a worker with nothing to do still learns of purges, or it would miss too many

    # --- looking ---------------------------------------------------------------------------------------------

    def _read(self, exchange: Exchange, request: Request) -> None:
        fields = request.fields
        rule = self._rules.of(request.path)
        query = query_of(request.query, rule.query, rule.ignore) if request.query else b""
        if (
            rule.bypass
            or query is None
            or request.length
            or self._cookies.passes(fields.get(_COOKIE))
            or not _ORIGIN_S.isdisjoint(fields)
        ):
            self._pass(exchange, _why(rule, query, request))
            return
        wants = self._wants(fields) if self._obeys else NONE
        host, path = request.authority.lower(), normal_path(request.path)
        origin = exchange.origin
        primary = primary_key(origin.scheme, host, path, query, fields, proxied=origin.proxied)
        generation = self._journal.generation
        found = self._get(primary)
        key, why = primary, "uri-miss"
        if type(found) is Fork:
            if _COOKIE in found.names[0] and self._cookies.known_visitor(fields.get(_COOKIE)):
                self._pass(exchange, "visitor")
                return
            found, key = self._variant(primary, found, fields, rule)
            why = "vary-miss"
        if isinstance(found, Entry):
            now = steady()
            use = use_of(found, now, wants)
            if use is not Use.RENEW:
                self._hit(exchange, found, use, now, generation, wants)
                if use is not Use.MEANWHILE:
                    return
                why = "stale"
            else:
                why = "stale" if found.freshness(now) <= 0 else "request"
        secured = origin.secured
        certified = secured is not None and secured.client is not None
        asked = Asked(fields, wants, self._cookies_of(rule), rule, certified)
        entry = found if isinstance(found, Entry) else None
        lane = key + _KNOWN if self._is_known(asked) else key
        look = Look(exchange, asked, host, path, query, primary, key, lane, generation, why, entry)
        if why == "stale" and exchange.started:
            self._renew(look)
        else:
            self._miss(look)

    def _is_known(self, asked: Asked) -> bool:
        """What it gets may be for it alone: others do not wait for that."""
        return asked.credentials or self._cookies.known_visitor(asked.fields.get(_COOKIE))

    def _wants(self, fields: Mapping[bytes, bytes]) -> Directives:
        """Section 5.2.1; and 5.4: Pragma counts where there is no Cache-Control."""
        value = fields.get(b"cache-control")
        if value is not None:
            return parse_cache_control(value[:_LONGEST_FIELD].decode("latin-1"))
        return _NO_CACHE if b"no-cache" in fields.get(b"pragma", b"").lower() else NONE

    def _cookies_of(self, rule: Rule) -> Cookies:
        return self._cookies if rule.cookies is None else self._keeping.cookies_of(rule)

    def _variant(
        self, primary: bytes, fork: Fork, fields: Mapping[bytes, bytes], rule: Rule
    ) -> tuple[Stored | None, bytes]:
        """Section 4.1: of those that match, the one made last; and where one would be that is made now."""
        best: Entry | None = None
        first = b""
        cookies = self._cookies_of(rule)
        for names in fork.names:
            key = variant_key(primary, values_of(names, fields, cookies))
            first = first or key
            found = self._get(key)
            if isinstance(found, Entry) and (best is None or found.born > best.born):
                best, first = found, key
        return best, first

    def _hit(self, exchange: Exchange, entry: Entry, use: Use, now: float, generation: int, wants: Directives) -> None:
        if use is Use.FRESH:
            self._tally.hits += 1
        else:
            self._tally.stale += 1
        self._serving.hit(exchange, entry, now, generation, fresh=use is Use.FRESH and not wants)

    def _pass(self, exchange: Exchange, reason: str) -> None:
        self._tally.passed += 1
        self._tally.reasons[reason] += 1
        self._inner(Passing(exchange, status.forwarded("bypass", reason)))

    # --- not there ---------------------------------------------------------------------------------------------

    def _miss(self, look: Look) -> None:
        exchange = look.exchange
        if _ONLY_IF_CACHED in look.wants:
            self._tally.misses += 1
            exchange.respond(*failure(504, "it is not in the cache", exchange.request.fields.get(b"accept", b"")))
            return
        if exchange.request.method == "HEAD":
            self._pass(exchange, "head")
            return
        if look.stale is not None and is_for_one(look.stale):
            self._tally.misses += 1
            self._ask(look, whole=True)
            return
        flight = self._flights.get(look.lane)
        if flight is not None and not flight.late:
            self._tally.collapsed += 1
            flight.wait(lambda entry: self._on_landed(look, entry, failed=flight.failed))
            return
        self._tally.misses += 1
        if self._keeping.is_marked(look.lane) or "no-store" in look.wants or self._is_part(look):
            self._ask(look, whole=False)
            return
        self._lead(look)

    def _is_part(self, look: Look) -> bool:
        """Who wants a part gets that, and nothing is kept of it; unless all of it was, and may still be so."""
        return b"range" in look.exchange.request.fields and look.stale is None

    def _renew(self, look: Look) -> None:
        """In the background, once; not in vain, and not where so many are being made that this could only wait."""
        vain = len(self._flights) >= _MOST_AT_ONCE or "no-store" in look.wants
        if not vain and look.lane not in self._flights and look.exchange.request.method == "GET":
            look.exchange = Sink(look.exchange)
            self._lead(look)

    def _lead(self, look: Look) -> None:
        aside = isinstance(look.exchange, Sink)
        look.flight = self._flights[look.lane] = Flight(look.lane, steady(), aside=aside)
        if self._store.far:
            self._fetch(look, _LOOK)
        else:
            self._ask(look, whole=True)

    def _fetch(self, look: Look, pause: float) -> None:
        """Others may have it, or be at work on it."""

        def done(found: Stored | None, ours: bool) -> None:
            answer_late(look.exchange, lambda: self._fetched(look, found, pause, ours=ours))

        renews = look.flight is not None and look.flight.aside
        self._store.fetch(look.key, self._lease * _RENEWALS if renews else self._lease, done)

    def _fetched(self, look: Look, found: Stored | None, pause: float, *, ours: bool) -> None:
        flight = look.flight
        if flight is None or flight.landed:
            if ours:
                self._store.release(look.key)
            self._alone(look)
        elif isinstance(found, Fork):
            self._give_way(look)
        elif isinstance(found, Entry) and self._is_of_use(look, found):
            if ours:
                self._store.release(look.key)
            self._keeping.arrived(look, found)
        elif ours or (isinstance(found, Entry) and found.freshness(steady()) > 0):
            # What is fresh, and not to be had as it is, is for this one to ask for.
            look.stale = found or look.stale
            self._ask(look, whole=True)
        elif isinstance(look.exchange, Sink):
            self._keeping.drop(look)  # somebody else renews it
        else:
            self._later(pause, lambda: self._fetch(look, min(pause * 1.5, _LOOK_AT_MOST)))

    def _is_of_use(self, look: Look, found: Entry) -> bool:
        """Without asking the application? What is to be renewed is of use once it is fresh."""
        use = use_of(found, steady(), look.wants)
        return use is Use.FRESH or (use is not Use.RENEW and not isinstance(look.exchange, Sink))

    def _give_way(self, look: Look) -> None:
        """It has several forms, as another worker found out: all look again."""
        flight, look.flight = look.flight, None
        if flight is not None:
            self._flights.pop(flight.key, None)
            self._look_again(look)
            flight.land(None)

    def _alone(self, look: Look) -> None:
        look.flight = None
        if not (look.exchange.started or look.exchange.gone):
            self._ask(look, whole=True)

    # --- the application ---------------------------------------------------------------------------------------

    def _ask(self, look: Look, *, whole: bool) -> None:
        look.began = steady()
        look.validating = whole and look.stale is not None
        if whole:
            # Purges count from here: what was looked up before is not what the application makes now.
            look.ticket = self._journal.generation
        try:
            self._inner(look.asking(whole=whole))
        except BaseException:
            self._keeping.refuse(look, "failed")
            raise

    def _again(self, look: Look) -> None:
        answer_late(look.exchange, lambda: self._ask(look, whole=True))

    # --- those who waited --------------------------------------------------------------------------------------

    def _on_landed(self, look: Look, entry: object, *, failed: bool) -> None:
        if look.exchange.gone:
            return
        if isinstance(entry, Entry) and self._suits(look, entry):
            if _answers_others(entry, look, failed=failed):
                answer_late(look.exchange, lambda: self._keeping.give_waiting(look, entry))
                return
            look.stale = entry
        elif entry is not LATE:
            answer_late(look.exchange, lambda: self._look_again(look))
            return
        self._again(look)

    def _suits(self, look: Look, entry: Entry) -> bool:
        """Is it what this request is for, and was it not purged before the request came?"""
        cookies = look.asked.cookies
        names = tuple(name for name, _ in entry.vary)
        if values_of(names, look.asked.fields, cookies) != entry.vary:
            return False
        if look.ticket == entry.ticket:
            return True
        purges = self._journal.since(min(entry.ticket, look.ticket))
        return purges is not None and not any(purge.touches(entry.labels, entry.place) for purge in purges)

    def _look_again(self, look: Look) -> None:
        """It may have another variant, or be for nobody else: then it is made for this one alone."""
        self._read(look.exchange, look.exchange.request)
