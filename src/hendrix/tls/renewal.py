"""When a certificate is asked for, asked about, or left alone. Pure: time and dice are arguments.

A certificate is renewed when the authority suggests (RFC 9773), or else when about two thirds of its lifetime are
over. Whatever goes wrong is tried again, later each time, and never sooner than the authority wants.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hendrix.tls.record import Record

Dice = Callable[[], float]
"""A number from 0 to 1, another one each time."""

RENEW_AT = 2 / 3
"""Part of the lifetime that is over when a certificate is renewed, where the authority has no opinion."""
JITTER = 1 / 20
"""... or up to this part of the lifetime sooner: not all servers at once."""
LATEST = 9 / 10
"""Part of the lifetime after which no advice is waited for."""
FIRST_RETRY = 60.0
RETRY_FACTOR = 4
"""One, four, sixteen, 64 minutes: four attempts in an hour, where Let's Encrypt allows five failures."""
LONGEST_RETRY_WITHOUT = 3600.0
"""Seconds between attempts while there is no certificate at all ..."""
LONGEST_RETRY = 6 * 3600.0
"""... and while the old one is good."""
LONGEST_WISH = 8 * 86400.0
"""Seconds of ``Retry-After`` that are believed; the rate limits of authorities are counted over a week."""
ASK_EVERY = (60.0, 86400.0)
"""Seconds between questions for advice, whatever the answer says (RFC 9773 section 4.3.2)."""
ASK_AGAIN = 6 * 3600.0
"""... and where it says nothing, or could not be had (section 4.3.3)."""


@dataclass(frozen=True, slots=True)
class Obtain:
    """Ask for a certificate now."""

    why: str


@dataclass(frozen=True, slots=True)
class AskAdvice:
    """Ask the authority when it wants the certificate renewed."""


@dataclass(frozen=True, slots=True)
class Wait:
    """There is nothing to do until then (Unix time)."""

    until: float


Decision = Obtain | AskAdvice | Wait


def decide(record: Record, server: str, now: float, *, advises: bool = True) -> Decision:
    """What to do about the certificate of ``record``, which the authority ``server`` is to have signed.

    ``advises``: the authority is not known to have no opinion on renewals.
    """
    why, at = _want(record, server)
    at = max(at, record.not_before)
    if now >= at:
        return Obtain(why)
    may_ask = bool(advises and record.identity and record.server == server and now < record.expires)
    if may_ask and now >= record.ask_at:
        return AskAdvice()
    return Wait(min(at, record.ask_at) if may_ask else at)


def _want(record: Record, server: str) -> tuple[str, float]:
    """Why a certificate will be asked for, and since when it may be."""
    if not record.server:
        return "there is none yet", 0.0
    if record.server != server:
        return "it is from another authority", 0.0
    return "it is due", record.planned


def next_renewal(record: Record, server: str) -> float:
    """When a certificate will be asked for as things are; 0: now."""
    return max(_want(record, server)[1], record.not_before)


# --- what became of it ------------------------------------------------------------------------------------


def obtained(record: Record, dice: Dice) -> Record:
    """``record`` has the facts of a new certificate: plan the next, forget what went wrong."""
    planned = record.issued + record.lifetime * (RENEW_AT - JITTER * dice())
    return replace(
        record,
        planned=planned,
        window=None,
        ask_at=0.0,
        ask_failures=0,
        failures=0,
        not_before=0.0,
        error="",
        error_at=0.0,
    )


def advised(record: Record, window: tuple[float, float] | None, again_in: float, now: float, dice: Dice) -> Record:
    """The authority has answered: a window, or none that makes sense. ``again_in`` is its Retry-After, or 0."""
    low, high = ASK_EVERY
    ask_at = now + (min(max(again_in, low), high) if again_in else ASK_AGAIN)
    if window is None or window[0] >= window[1]:
        return replace(record, ask_at=now + ASK_AGAIN, ask_failures=0)
    return replace(record, window=window, planned=_moment(record, window, dice), ask_at=ask_at, ask_failures=0)


def not_advised(record: Record, now: float) -> Record:
    """The authority could not be asked. What was planned stays; temporary trouble is over sooner."""
    delay = min(ASK_EVERY[0] * 2.0 ** min(record.ask_failures, 16), ASK_AGAIN)
    return replace(record, ask_at=now + delay, ask_failures=record.ask_failures + 1)


def _moment(record: Record, window: tuple[float, float], dice: Dice) -> float:
    """A moment in the window, each as likely as the others (RFC 9773 section 4.2); the one chosen before, if it fits.

    The window is the authority's advice; that something of the lifetime must be left for failures is ours.
    """
    start, end = window
    stays = record.window is not None and start <= record.planned <= end
    chosen = record.planned if stays else start + (end - start) * dice()
    return min(chosen, record.issued + record.lifetime * LATEST)


def failed(record: Record, error: str, retry_after: float, now: float, dice: Dice) -> Record:
    """An attempt was in vain. ``retry_after``: seconds that the authority wants us to wait, or 0."""
    good = bool(record.server) and now < record.expires
    delay = FIRST_RETRY * float(RETRY_FACTOR ** min(record.failures, 8))
    longest = min(LONGEST_RETRY, max(FIRST_RETRY, record.lifetime / 24)) if good else LONGEST_RETRY_WITHOUT
    delay = min(delay, longest) * (1 + dice() / 4)
    until = now + max(delay, min(retry_after, LONGEST_WISH))
    return replace(record, failures=record.failures + 1, not_before=until, error=error, error_at=now)


def forced(record: Record) -> Record:
    """Somebody wants a new one now, whatever was planned and went wrong before."""
    return replace(record, planned=0.0, not_before=0.0)
