"""Which cookies make a difference.

Django says ``Vary: Cookie`` of every page that looked into the session, and browsers send the cookies of analytics
along with each request. Taken by the letter, no two visitors would ever share a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import translate

#: Cookies of analytics, advertising and consent-free measurement: scripts in the page read them, not applications.
ANALYTICS = (
    "_ga",
    "_ga_*",
    "_gid",
    "_gat*",
    "_gcl_*",
    "_gac_*",
    "__gads",
    "__gpi",
    "__utm*",
    "_fbp",
    "_fbc",
    "_pk_*",
    "_hj*",
    "__hs*",
    "hubspotutk",
    "_clck",
    "_clsk",
    "_uet*",
    "_tt_*",
    "_ttp",
    "_scid*",
    "_pin_*",
    "_mkto_trk",
    "ajs_*",
    "mp_*_mixpanel",
    "amp_*",
    "optimizely*",
    "_vwo_*",
    "_vis_opt_*",
    "plausible_*",
    "__cf_bm",
    "_cfuvid",
)
#: What tells one visitor of a Django site from another, unless the settings say otherwise.
VISITORS = ("sessionid", "csrftoken")
#: Shown once, to whom it is for (django.contrib.messages).
MESSAGES = "messages"
#: A language that the visitor has chosen. Django's LocaleMiddleware looks at it before Accept-Language, and says
#: ``Vary: Accept-Language`` alone.
LANGUAGE = "django_language"
_REMEMBERED = 4096


@dataclass(slots=True)
class Cookies:
    """Of one site. ``matter``: only these count (empty: all that are not ignored). Names may hold ``*``."""

    visitors: tuple[str, ...] = VISITORS
    matter: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ANALYTICS
    #: Requests with one of these are never answered from the cache.
    passing: tuple[str, ...] = (MESSAGES,)
    #: Counts wherever Accept-Language does.
    language: str = LANGUAGE
    _visitors: frozenset[bytes] = field(init=False, default=frozenset())
    _passing: frozenset[bytes] = field(init=False, default=frozenset())
    _names: dict[bytes, bool] = field(init=False, default_factory=dict)
    _of_value: dict[bytes, tuple[bool, bool, bytes, bytes]] = field(init=False, default_factory=dict)
    _language: bytes = field(init=False, default=b"")
    _matter: re.Pattern[str] | None = field(init=False, default=None)
    _ignored: re.Pattern[str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._visitors = frozenset(name.encode("latin-1", "replace") for name in self.visitors)
        self._passing = frozenset(name.encode("latin-1", "replace") for name in self.passing)
        self._language = self.language.encode("latin-1", "replace")
        self._matter = _any_of(self.matter)
        self._ignored = _any_of(self.ignored)

    def known_visitor(self, cookie: bytes | None) -> bool:
        """Does it carry a session, or a token of its own?"""
        return cookie is not None and self._read(cookie)[0]

    def passes(self, cookie: bytes | None) -> bool:
        """Must the application see the request, whatever is kept?"""
        return cookie is not None and self._read(cookie)[1]

    def that_matter(self, cookie: bytes | None) -> bytes:
        """The cookies that an answer may depend upon, in one order."""
        return b"" if cookie is None else self._read(cookie)[2]

    def language_of(self, cookie: bytes | None) -> bytes:
        """The cookie of the language that was chosen; empty where none was."""
        return b"" if cookie is None else self._read(cookie)[3]

    def _read(self, cookie: bytes) -> tuple[bool, bool, bytes, bytes]:
        known = self._of_value.get(cookie)
        if known is None:
            known = self._judge(cookie)
            if len(self._of_value) >= _REMEMBERED:
                self._of_value.clear()
            if len(cookie) <= 1024:
                self._of_value[cookie] = known
        return known

    def _judge(self, cookie: bytes) -> tuple[bool, bool, bytes, bytes]:
        pairs = [(name, pair.strip()) for pair in cookie.split(b";") for name in _names(pair)]
        # Of two with one name applications take the last: their order stays.
        pairs = sorted((pair for pair in pairs if pair[1]), key=lambda pair: pair[0])
        names = {name for name, _ in pairs}
        kept = [pair for name, pair in pairs if self._counts(name)]
        chosen = [pair for name, pair in pairs if name == self._language]
        known, passes = not names.isdisjoint(self._visitors), not names.isdisjoint(self._passing)
        return known, passes, b";".join(kept), b";".join(chosen)

    def _counts(self, name: bytes) -> bool:
        known = self._names.get(name)
        if known is None:
            known = name in self._visitors or self._named(name.decode())
            if len(self._names) < _REMEMBERED:
                self._names[name] = known
        return known

    def _named(self, name: str) -> bool:
        if self._matter is not None:
            return self._matter.fullmatch(name) is not None
        return self._ignored is None or self._ignored.fullmatch(name) is None


def _names(pair: bytes) -> tuple[bytes, ...]:
    """As Django reads it, in UTF-8, and by ASGI in latin-1; without any white space around it that Unicode knows."""
    name = pair.partition(b"=")[0]
    if name.isascii():
        return (name.decode().strip().encode(),)
    return (name.decode("utf-8", "replace").strip().encode(), name.decode("latin-1").strip().encode())


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(translate(pattern) for pattern in patterns)
    return re.compile(joined) if joined else None
