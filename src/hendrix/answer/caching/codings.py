"""The codings of a kept answer: gzip from the first, others when somebody likes them better, each made once."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from hendrix.answer.compress import coders
from hendrix.answer.compress.crew import Crew
from hendrix.answer.compress.fields import Facts, read
from hendrix.answer.compress.layer import SMALLEST
from hendrix.answer.compress.stream import ON_LOOP
from hendrix.cache.entry import IDENTITY, Entry
from hendrix.core.http import ResponseHeaders
from hendrix.core.negotiate import choose_coding

GZIP = "gzip"
#: Coded once and sent often: what gzip saves more at this level than at its fastest is worth it.
_LEVEL = 6


class Codings:
    """``wanted`` in the order of preference; those that this Python cannot make are left out."""

    def __init__(self, wanted: Sequence[str], crew: Crew) -> None:
        missing = coders.missing(wanted)
        self.offered = tuple(coding for coding in wanted if coding not in missing)
        self._small = {coding: _whole(coding, coders.for_small_bodies(coding)) for coding in self.offered}
        self._large = {coding: _whole(coding, coders.for_bodies(coding)) for coding in self.offered}
        self._crew = crew

    def of(self, entry: Entry) -> tuple[str, ...]:
        """What ``entry`` may be sent in, besides as it is."""
        body = entry.bodies.get(IDENTITY)
        if body is None or len(body) < SMALLEST or not self.offered or entry.status[:3] == "206":
            return ()
        return self.offered if _facts(entry.headers).compressible else ()

    def chosen(self, entry: Entry, offered: tuple[str, ...], accept: bytes | None) -> str:
        """The coding to send; it is among the entry's bodies then."""
        if IDENTITY not in entry.bodies:
            return next(iter(entry.bodies))
        if not offered or accept is None:
            return IDENTITY
        coding = choose_coding(accept, offered) or IDENTITY
        return coding if coding in entry.bodies else self._else(entry, offered, accept)

    def _else(self, entry: Entry, offered: tuple[str, ...], accept: bytes) -> str:
        """The best of those that there are."""
        there = tuple(coding for coding in offered if coding in entry.bodies)
        return (choose_coding(accept, there) if there else None) or IDENTITY

    def missing(self, entry: Entry, offered: tuple[str, ...], accept: bytes | None) -> str:
        """The coding that would be sent if it were there; empty where it is, or is not worth it."""
        if not offered or accept is None:
            return ""
        coding = choose_coding(accept, offered) or IDENTITY
        return "" if coding in entry.bodies else coding

    def begin(self, entry: Entry, done: Callable[[], None]) -> None:
        """Gzip it; ``done()`` now, or when it is."""
        if GZIP not in self.of(entry):
            done()
        else:
            self.add(entry, GZIP, lambda coded: _take(entry, GZIP, coded, done))

    def add(self, entry: Entry, coding: str, done: Callable[[bytes], None]) -> None:
        """Code it: ``done(coded)`` now, or when it is; with nothing where it does not get smaller, or cannot be."""
        body = entry.bodies[IDENTITY]
        if len(body) <= ON_LOOP:
            done(_if_smaller(self._small[coding](body), body))
            return

        def after(found: object) -> None:
            done(_if_smaller(found, body) if isinstance(found, bytes) else b"")

        if not self._crew.run(lambda: self._large[coding](body), after):
            done(b"")


def _take(entry: Entry, coding: str, coded: bytes, done: Callable[[], None]) -> None:
    if coded:
        entry.bodies[coding] = coded
    done()


def _if_smaller(coded: bytes, body: bytes) -> bytes:
    return coded if len(coded) < len(body) else b""


def _whole(coding: str, make: coders.MakeCoder) -> Callable[[bytes], bytes]:
    if coding == GZIP:
        return lambda body: zlib.compress(body, _LEVEL, 31)
    return lambda body: make(0).whole(body)


def _facts(headers: ResponseHeaders) -> Facts:
    try:
        return read(headers)
    except (TypeError, ValueError, AttributeError):
        return Facts(barred=True)
