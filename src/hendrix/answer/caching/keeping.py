"""What becomes of an answer that the application gave: kept, renewed, replaced by what is stale, or passed on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from hendrix.answer.caching.codings import Codings
from hendrix.answer.caching.flight import Flight
from hendrix.answer.caching.look import Look
from hendrix.answer.caching.making import barred, coding_of, make_entry
from hendrix.answer.caching.marks import Mark, Marks, kind_of, until
from hendrix.answer.caching.serving import Serving, for_browsers
from hendrix.answer.caching.tally import Tally
from hendrix.cache import status
from hendrix.cache.answer import Head, read_head
from hendrix.cache.cookies import Cookies
from hendrix.cache.entry import Entry, Fork
from hendrix.cache.journal import GONE
from hendrix.cache.reuse import ERRORS, serves_on_error
from hendrix.cache.rules import Rule, Rules
from hendrix.cache.store.interface import Journal, Store
from hendrix.cache.storing import Terms, terms
from hendrix.cache.update import confirms, updated
from hendrix.core.clock import http_date, steady
from hendrix.core.http import ResponseHeaders
from hendrix.core.record import record
from hendrix.wire.prepare import prepare

#: The part of the store's limit that forms ready to be sent may take besides.
_FORMS = 8
#: And the part that streams may take while they are heard: many clients may read as many of them slowly.
_STREAMS = 4
#: Different lists in Vary that are remembered of one URL.
_MOST_FORKS = 4
#: Seconds for which an answer that was not to be shared lets others of its key run at once, and how many are known.
#: Longer than a mark of ``marks`` lasts: when that is over one is looked at in full, and still nobody waits for it.
_MARKED = 60.0
_MOST_MARKS = 10_000
#: Bytes of a key or target; longer ones are an attacker's, who would fill the memory with them.
_LONGEST_MARKED = 512
#: Reasons that the head of an answer gives, whoever asks.
_OF_ITS_HEAD = frozenset(
    ("no-freshness", "no-store", "private", "set-cookie", "vary-star", "must-understand", "stale-at-once", "send-file")
)
#: Reasons that lie in the request, or in what only its client gets: they say nothing of what is kept for others.
_OF_ITS_REQUEST = frozenset(("partial", "request-no-store", "authorization", "visitor", "set-cookie"))
#: Reasons that a stream shows only when Cache-Status has been sent.
_AFTER_ALL = frozenset(("file", "too-large", "trailers", "csrf-token", "service"))
#: Reasons that say nothing of the next answer.
_PASSING = frozenset(
    ("partial", "request-no-store", "client-gone", "broken-off", "failed", "no-room", "bad-answer", "prepared")
)


@record(frozen=True)
class Settings:
    """``largest`` in bytes, ``wait`` in seconds; ``obeys``: clients' Cache-Control; ``token``: see ``door``."""

    largest: int
    wait: float
    obeys: bool
    token: str = ""


class Keeping:
    """See ``recording.Judge``."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        journal: Journal,
        rules: Rules,
        cookies: Cookies,
        codings: Codings,
    ) -> None:
        self.settings = settings
        self.store = store
        self.journal = journal
        self.rules = rules
        self.cookies = cookies
        self.tally = Tally()
        forms = store.counts().limit // _FORMS
        self.serving = Serving(store, journal, rules, codings, self.tally, forms)
        self.largest = settings.largest
        self.held, self.most_held = 0, max(settings.largest, store.counts().limit // _STREAMS)
        self.flights: dict[bytes, Flight] = {}
        #: Asked before anything is kept: True: this is not to be (path, status, headers by lower-case name).
        self.vetoes: list[Callable[[str, int, dict[str, str]], bool]] = []
        self.on_store: Callable[[Store], None] = lambda store: None
        #: Asks the application once more.
        self.again: Callable[[Look], None] = lambda look: None
        self._codings = codings
        #: Until when, and why.
        self._marks: dict[bytes, tuple[float, str]] = {}
        #: Of targets that have one form only, for all.
        self.quick = Marks()
        self._own_cookies: dict[int, Cookies] = {}

    def use_store(self, store: Store) -> None:
        """From now on it is this one."""
        self.store = store
        self.serving.store = store
        self.on_store(store)

    def cookies_of(self, rule: Rule) -> Cookies:
        """Those that matter where ``rule`` governs."""
        found = self._own_cookies.get(rule.number)
        if found is None:
            all_of = self.cookies
            found = Cookies(all_of.visitors, rule.cookies or (), all_of.ignored, all_of.passing, all_of.language)
            self._own_cookies[rule.number] = found
        return found

    # --- keys whose answers are not shared ---------------------------------------------------------------------

    def is_marked(self, key: bytes) -> bool:
        """Was the last answer one for nobody else? Then nobody waits for the next."""
        known = self._marks.get(key)
        return known is not None and steady() < known[0]

    def forget_marks(self, now: float) -> None:
        """Those that are over."""
        if self._marks and next(iter(self._marks.values()))[0] <= now:
            self._marks = {key: known for key, known in self._marks.items() if known[0] > now}
        self.quick.forget(now)

    def _mark(self, key: bytes, reason: str) -> None:
        if len(key) > _LONGEST_MARKED:
            return
        self._marks.pop(key, None)
        if len(self._marks) >= _MOST_MARKS:
            del self._marks[next(iter(self._marks))]
        self._marks[key] = (steady() + _MARKED, reason)

    # --- the answer --------------------------------------------------------------------------------------------

    def judge(self, look: Look, head: Head, headers: ResponseHeaders) -> Terms | str | None:
        """See ``Judge.judge``."""
        stale = look.stale
        if stale is not None:
            if head.code in ERRORS and serves_on_error(stale, steady(), look.wants) and self._stands(stale):
                said = status.forwarded("stale", "stale-if-error", code=head.code)
                if look.flight is not None:
                    look.flight.failed = True
                self._end(look, stale, said)
                return None
            if head.code == "304" and look.validating:
                if confirms(stale, headers):
                    self._renew(look, stale, head, headers)
                else:
                    self._doubt(look, stale)
                return None
        look.like = kind_of(head.status, headers)
        received, delay = time.time(), steady() - look.began
        judged = terms(look.asked, head, received, delay)
        if isinstance(judged, str) and stale is not None and head.code[:1] != "5":
            self._forsake(stale, judged)
        return judged

    def _stands(self, entry: Entry) -> bool:
        """Has nobody purged it while the application was asked?"""
        return self.journal.verdict(entry.labels, entry.place, entry.ticket) != GONE

    def _forsake(self, stale: Entry, reason: str) -> None:
        """It is not what the application says any more; unless that was said to one client only."""
        if reason not in _OF_ITS_REQUEST:
            self.store.remove(stale.key)

    def _doubt(self, look: Look, stale: Entry) -> None:
        """Section 4.3.4: the 304 means something that is not here. So the whole is asked for, without conditions."""
        self.store.remove(stale.key)
        look.stale = None
        self.again(look)

    def _renew(self, look: Look, stale: Entry, head: Head, headers: ResponseHeaders) -> None:
        """Section 4.3.4."""
        # It is of now, whatever the date of what is kept (RFC 9110 section 6.6.1).
        told = headers if "date" in head.fields else [*headers, ("Date", http_date(time.time()).decode())]
        merged = updated(stale.headers, told)
        whole = read_head(stale.status, merged)
        judged = terms(look.asked, whole, time.time(), steady() - look.began)
        if isinstance(judged, str):
            self._forsake(stale, judged)
        if "set-cookie" in head.fields:
            # For this client, and what is kept is as old as before.
            cookies = [pair for pair in headers if pair[0].lower() == "set-cookie"]
            self.tally.not_kept(look.url, "set-cookie")
            said = self.said(look, "set-cookie", code="304")
            self._end(look, replace(stale, headers=[*merged, *cookies], made=None), said, share=False)
            return
        said = self.said(look, judged if isinstance(judged, str) else "", code="304")
        if isinstance(judged, str):
            self.tally.not_kept(look.url, judged)
            self._end(look, replace(stale, headers=merged, born=steady(), made=None), said, share=False)
            return
        made = make_entry(look, judged, whole, merged, dict(stale.bodies), steady(), time.time())
        if isinstance(made, str):
            self._end(look, stale, said, share=False)
            return
        self.tally.renewed += 1
        if made.key != stale.key:
            self.store.remove(stale.key)  # it varies on more than it had said
        self._put(look, made)
        self._end(look, made, said)

    def keep(self, look: Look, terms: Terms, head: Head, headers: ResponseHeaders, body: bytes, *, sent: bool) -> str:
        """See ``Judge.keep``."""
        reason = barred(head, body, self.largest) or self._vetoed(look, head, headers)
        if reason:
            return reason
        made = make_entry(look, terms, head, headers, {coding_of(head): body}, steady(), time.time())
        if isinstance(made, str):
            return made
        if not sent:
            prepare(made.status, made.headers)  # what cannot be sent is refused before anybody waits for it
        self._codings.begin(made, lambda: self._kept(look, made, sent=sent))
        return ""

    def _vetoed(self, look: Look, head: Head, headers: ResponseHeaders) -> str:
        if not self.vetoes:
            return ""
        path, named = look.path.decode("latin-1"), {name.lower(): value for name, value in headers}
        return "service" if any(veto(path, int(head.code), named) for veto in self.vetoes) else ""

    def _kept(self, look: Look, made: Entry, *, sent: bool) -> None:
        stored = self._put(look, made)
        if sent:
            self._over(look, made)
        else:
            self._end(look, made, self.said(look, "" if stored else "not-stored"))

    def _put(self, look: Look, made: Entry) -> bool:
        if made.vary:
            names = tuple(name for name, _ in made.vary)
            found = self.store.get(look.primary)
            others = tuple(known for known in found.names if known != names) if isinstance(found, Fork) else ()
            if not isinstance(found, Fork) or found.names[0] != names:
                self.store.put(Fork(look.primary, (names, *others)[:_MOST_FORKS]))
        stored = self.store.put(made)
        if stored:
            self.tally.stored += 1
            self._marks.pop(look.lane, None)
            self.quick.pop(look.exchange.request.target, None)
        else:
            self.tally.not_kept(look.url, "purged-or-too-large")
        return stored

    # --- the end of a look -------------------------------------------------------------------------------------

    def arrived(self, look: Look, entry: Entry) -> None:
        """Another worker has made it."""
        self.tally.hits += 1
        self._end(look, entry, status.hit(entry, steady()))

    def _end(self, look: Look, entry: Entry, said: str, *, share: bool = True) -> None:
        """To the client, and to all who wait."""
        if not look.exchange.gone:
            look.note()
            self.serving.give(look.exchange, entry, steady(), said)
        self._over(look, entry if share else None)

    def _over(self, look: Look, entry: Entry | None) -> None:
        flight, look.flight = look.flight, None
        if flight is None:
            return
        if self.flights.get(flight.key) is flight:
            del self.flights[flight.key]
        if self.store.far:
            self.store.release(look.key)
        flight.land(entry)

    def refuse(self, look: Look, reason: str) -> None:
        """See ``Judge.refuse``."""
        self.tally.not_kept(look.url, reason)
        if reason not in _PASSING:
            self._mark(look.lane, reason)
            self._mark_target(look, reason)
        self._over(look, None)

    def _mark_target(self, look: Look, reason: str) -> None:
        """Where what is asked for has no other forms, and nothing is kept of it."""
        exchange, like = look.exchange, look.like
        if (
            not like
            or len(exchange.request.target) > _LONGEST_MARKED
            or reason not in _OF_ITS_HEAD
            or look.key != look.primary
            or exchange.origin.proxied
            or self.store.get(look.primary) is not None
        ):
            return
        request, scheme = exchange.request, exchange.origin.scheme
        mark = Mark(request, scheme, until(steady()), like, reason, self.said(look, reason))
        self.quick.set(request.target, mark)

    def drop(self, look: Look) -> None:
        """It is for somebody else to make."""
        self._over(look, None)

    def give_waiting(self, look: Look, entry: Entry) -> None:
        """To one that waited for another's."""
        self.serving.give(look.exchange, entry, steady(), status.forwarded(look.why, collapsed=True))

    def said(self, look: Look, reason: str, *, code: str = "") -> str:
        """See ``Judge.said``."""
        return status.forwarded(look.why, reason, code=code, stored=not reason)

    def told(self, look: Look, headers: ResponseHeaders) -> ResponseHeaders:
        """See ``Judge.told``."""
        return for_browsers(headers, look.rule)

    def doubt(self, look: Look) -> str:
        """See ``Judge.doubt``."""
        reason = self._marks.get(look.lane, (0.0, ""))[1]
        return reason if reason in _AFTER_ALL else ""

    def wanted(self, look: Look) -> bool:
        """See ``Judge.wanted``."""
        return look.flight is not None and bool(look.flight.waiting)
