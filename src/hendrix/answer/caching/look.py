"""One GET on its way: what was found out about it, for those who see it through."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from hendrix.answer.around import Around
from hendrix.answer.caching.flight import Flight
from hendrix.cache.directives import Directives
from hendrix.cache.entry import Entry
from hendrix.cache.rules import Rule
from hendrix.cache.storing import Asked
from hendrix.cache.update import conditions
from hendrix.core.conditional import CONDITIONS, NOT_MODIFIED, judge, validators_of
from hendrix.core.exchange import Exchange
from hendrix.core.http import Request, ResponseHeaders

#: What the application is not asked, so that it makes the whole: conditions and parts are for the cache to judge.
_OURS = CONDITIONS | {b"range"}
#: RFC 9110 section 15.4.5: what is not said where no content goes with it.
_OF_CONTENT = frozenset(("content-encoding", "content-language", "content-length", "content-range", "content-type"))


@dataclass(slots=True)
class Look:
    """``key`` is where the answer is looked for; ``primary`` the same without Vary."""

    #: The client's.
    exchange: Exchange
    asked: Asked
    host: bytes
    path: bytes
    query: bytes
    primary: bytes
    key: bytes
    #: Among whom it waits, and whose answers tell what to expect.
    lane: bytes
    #: Of the journal, before anything was looked up.
    ticket: int
    #: What Cache-Status will say: uri-miss, vary-miss, stale, request.
    why: str
    #: Stale, and perhaps to be renewed.
    stale: Entry | None = None
    flight: Flight | None = None
    #: When the application was asked, in steady seconds.
    began: float = 0.0
    #: Does what the application was asked allow it to say that nothing has changed?
    validating: bool = False
    #: What of the answer has decided whether it is kept (``marks``).
    like: str = ""
    #: What the application was asked in place of the client's request.
    changed: Request | None = None

    @property
    def rule(self) -> Rule:
        """The rule that governs it."""
        return self.asked.rule

    @property
    def wants(self) -> Directives:
        """The request's directives that are obeyed."""
        return self.asked.directives

    @property
    def url(self) -> bytes:
        """For people."""
        query = b"?" + self.query if self.query else b""
        return b"%b://%b%b%b" % (self.exchange.origin.scheme.encode(), self.host, self.path, query)

    def asking(self, *, whole: bool) -> Exchange:
        """The exchange that the application gets; ``whole``: not asked for what the client's conditions leave of it.

        Its request knows of this, until somebody has read it.
        """
        request = self.exchange.request
        asked = conditions(self.stale) if self.validating and self.stale is not None else {}
        if not (whole and (asked or not _OURS.isdisjoint(request.fields))):
            request.kept = self
            return self.exchange
        headers = [pair for pair in request.headers if pair[0] not in _OURS]
        fields = {name: value for name, value in request.fields.items() if name not in _OURS}
        changed = replace(request, headers=[*headers, *asked.items()], fields={**fields, **asked}, kept=self)
        self.changed = changed
        return Asking(self.exchange, changed, self)

    def note(self) -> None:
        """Who has answered is noted of the client's request too."""
        changed, self.changed = self.changed, None
        if changed is not None and changed.noted is not None:
            self.exchange.request.noted, changed.noted = changed.noted, None


class Asking(Around):
    """The client's exchange with what the application is asked in place of its request."""

    __slots__ = ("_look",)

    def __init__(self, exchange: Exchange, request: Request, look: Look) -> None:
        super().__init__(exchange)
        self.request = request
        self._look = look

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``. It is not kept, so the client's conditions were taken away for nothing."""
        self._look.note()
        if self._is_known(status, headers):
            status, body = "304 Not Modified", b""
            headers = [pair for pair in headers if pair[0].lower() not in _OF_CONTENT]
        super().respond(status, headers, body)

    def _is_known(self, status: str, headers: ResponseHeaders) -> bool:
        """Does the client have what is answered (RFC 9110 section 13.2.2)?"""
        request = self.inner.request
        if status[:3] != "200" or CONDITIONS.isdisjoint(request.fields):
            return False
        now = time.time()
        return judge(request.method, request.fields, validators_of(headers, now), now) == NOT_MODIFIED

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        self._look.note()
        super().start(status, headers)
