"""Pages whose last answer was not to be shared: the next is let pass at next to no cost, as long as it is like that.

A site's own pages for its visitors are most of what a cache sees and does not keep, so this is what it costs them.
"""

from __future__ import annotations

from hendrix.answer.around import Around
from hendrix.answer.caching.tally import Tally
from hendrix.core.exchange import Exchange
from hendrix.core.http import Request, ResponseHeaders

#: Seconds for which such a page is known, and how many are.
_LASTS = 30.0
_MOST = 10_000
#: Characters of headers that are held with each.
_HELD = 512
_CACHE, _COOKIE, _EXPIRES, _OTHER = "c", "k", "e", "o"
#: What decides whether an answer is kept; which of several, for those whose value matters not or not always.
_ROLES = {
    "cache-control": _CACHE,
    "cdn-cache-control": _OTHER,
    "hendrix-cache-control": _OTHER,
    "surrogate-control": _OTHER,
    "vary": _OTHER,
    "set-cookie": _COOKIE,
    "expires": _EXPIRES,
}
_roles: dict[str, str] = {}
_REMEMBERED = 1000
#: Where one of these is said, the date of Expires does not matter.
_FORBIDS = ("no-store", "private", "no-cache")


class Mark:
    """Of one target. ``like`` tells an answer of the same kind; ``said`` is the field that it gets.

    ``headers`` are those of the last answer of that kind with ``status``, and ``passed`` what was made of them: most
    answers say the same, word by word.
    """

    __slots__ = ("authority", "headers", "like", "passed", "reason", "said", "scheme", "status", "until")

    def __init__(self, request: Request, scheme: str, until: float, like: str, reason: str, said: str) -> None:
        self.authority = request.authority
        self.scheme = scheme
        self.until = until
        self.like = like
        self.reason = reason
        self.said = ("Cache-Status", said)
        self.status = ""
        self.headers: ResponseHeaders = []
        self.passed: ResponseHeaders = []

    def note(self, status: str, headers: ResponseHeaders, passed: ResponseHeaders) -> None:
        """Of an answer of the same kind. What is long is not held."""
        if sum(len(name) + len(value) for name, value in headers) <= _HELD:
            self.status, self.headers, self.passed = status, list(headers), passed


class Marks(dict[bytes, Mark]):
    """By target."""

    def set(self, target: bytes, mark: Mark) -> None:
        """From now on."""
        self.pop(target, None)
        if len(self) >= _MOST:
            del self[next(iter(self))]
        self[target] = mark

    def forget(self, now: float) -> None:
        """Those that are over."""
        while self and self[first := next(iter(self))].until <= now:
            del self[first]


def until(now: float) -> float:
    """How long a mark lasts that is made at ``now``."""
    return now + _LASTS


def kind_of(status: str, headers: ResponseHeaders) -> str:
    """What of an answer decides whether it is kept. Raises ``TypeError`` where they are no headers."""
    kind = status[:3]
    expires = ""
    known = _roles.get
    for name, value in headers:
        role = known(name)
        if role is None:
            role = _learn(name)
        if not role:
            continue
        if role is _COOKIE:
            kind += _COOKIE
        elif role is _EXPIRES:
            expires = value
        else:
            kind += role + value
    if expires and not any(word in kind for word in _FORBIDS):
        kind += _EXPIRES + expires
    return kind


def _learn(name: str) -> str:
    role = _ROLES.get(name.lower(), "")
    if len(_roles) < _REMEMBERED:
        _roles[name] = role
    return role


class Marked(Around):
    """An exchange for such a page. Each request of a site's own pages makes one, so it calls as little as may be."""

    __slots__ = ("_mark", "_marks", "_tally")

    def __init__(self, inner: Exchange, mark: Mark, marks: Marks, tally: Tally) -> None:
        # As Around's, without the call.
        self.inner = inner
        self.request = inner.request
        self.origin = inner.origin
        self.request_id = inner.request_id
        self._mark = mark
        self._marks = marks
        self._tally = tally

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        mark = self._mark
        if headers == mark.headers and status == mark.status:
            tally = self._tally
            tally.misses += 1
            tally.reasons[mark.reason] += 1
            self.inner.respond(status, mark.passed, body)
        else:
            self.inner.respond(status, self._passed(status, headers), body)

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        self.inner.start(status, self._passed(status, headers))

    def _passed(self, status: str, headers: ResponseHeaders) -> ResponseHeaders:
        mark, passed = self._mark, [*headers, self._mark.said]
        try:
            if kind_of(status, headers) == mark.like:
                mark.note(status, headers, passed)
            elif status[:3] != "304":
                # Another kind of answer: the next request is looked at in full. A 304 is no other one, as it need not
                # say all that decides.
                self._marks.pop(self.request.target, None)
        except (TypeError, AttributeError):
            return headers  # whoever sends them will refuse them
        tally = self._tally
        tally.misses += 1
        tally.reasons[mark.reason] += 1
        return passed
