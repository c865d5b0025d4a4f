"""Certificates as a page for people, at most 80 columns wide. Pure.

NAME                           STATE         EXPIRES  RENEWAL ISSUER
shop.example                   valid           89d     59d R11, Let's Encrypt
*.shop.example                 placeholder       -   4m 3s -
  failed 3 times, 57s ago: the zone is locked
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from hendrix.cli.complaint import one_line
from hendrix.cli.quantity import duration
from hendrix.core.record import record

Facts = Mapping[str, Any]
_WIDTH = 80
_ROW = "{name:<30} {state:<11} {expires:>7} {renewal:>7} {issuer}"
_HEAD = _ROW.format(name="NAME", state="STATE", expires="EXPIRES", renewal="RENEWAL", issuer="ISSUER")


@record(frozen=True)
class Row:
    """One certificate. Moments are Unix time. ``renewal`` is ``None`` for one that is not ours to renew, 0: now.

    ``state``: valid, expired, or placeholder where there is none yet that anybody trusts.
    """

    names: tuple[str, ...]
    state: str
    issuer: str
    expires: float
    path: str = ""
    renewal: float | None = None
    busy: bool = False
    #: Another server on this machine cares for it.
    elsewhere: bool = False
    failures: int = 0
    error: str = ""
    error_at: float = 0.0


def rows(facts: Facts, now: float) -> list[Row]:
    """Of a server's facts: those that come by themselves, then the others."""
    own = [_own(row) for row in facts.get("renewals", [])]
    known = {row.names for row in own}
    served = [_served(row, now) for row in facts.get("certificates", [])]
    return own + [row for row in served if row.names not in known]


def _own(row: Facts) -> Row:
    return Row(
        (str(row.get("name", "?")),),
        str(row.get("state", "?")),
        str(row.get("issuer", "")),
        float(row.get("expires", 0.0)),
        renewal=float(row.get("next_renewal", 0.0)),
        busy=bool(row.get("busy")),
        elsewhere=not row.get("ours", True),
        failures=int(row.get("failures", 0)),
        error=str(row.get("error", "")),
        error_at=float(row.get("error_at", 0.0)),
    )


def _served(row: Facts, now: float) -> Row:
    expires = float(row.get("not_after", 0.0))
    state = "expired" if now >= expires else "valid"
    names = tuple(str(name) for name in row.get("names", ()))
    return Row(names, state, str(row.get("issuer", "")), expires, str(row.get("path", "")))


# --- the page ---------------------------------------------------------------------------------------------


def page(table: list[Row], now: float) -> Iterator[str]:
    """The lines."""
    yield _HEAD.rstrip()
    for row in table:
        yield from _lines(row, now)


def _lines(row: Row, now: float) -> Iterator[str]:
    first, *others = row.names or ("-",)
    trusted = row.state != "placeholder"
    line = _ROW.format(
        name=_fit(first, 30),
        state="asked for" if row.busy and not trusted else row.state,
        expires=_left(row.expires, now) if trusted else "-",
        renewal=_renewal(row, now),
        issuer=one_line(row.issuer) if trusted else "-",
    )
    yield line[:_WIDTH].rstrip()
    if others:
        yield from _wrapped(f"also {', '.join(others)}")
    if row.error:
        times = "once" if row.failures == 1 else f"{row.failures} times"
        yield from _wrapped(f"failed {times}, {duration(now - row.error_at)} ago: {row.error}")
    if row.elsewhere:
        yield from _wrapped("another server on this machine renews it")


def _renewal(row: Row, now: float) -> str:
    if row.renewal is None:
        return "by hand"
    return "now" if row.busy or row.renewal <= now else _left(row.renewal, now)


def _left(moment: float, now: float) -> str:
    if moment <= now:
        return "over"
    days = int((moment - now) / 86400)
    return f"{days}d" if days > 1 else duration(moment - now)


def _fit(name: str, width: int) -> str:
    shown = one_line(name)
    return shown if len(shown) <= width else shown[: width - 3] + "..."


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(one_line(text), _WIDTH, initial_indent="  ", subsequent_indent="    ")
