"""What to do next about an order at an authority (RFC 8555 sections 7.1.6, 7.4 and 7.5). Pure.

An order holds an authorization for each name, and each of those challenges of several kinds, of which one is enough.
First the answers to all challenges are put in place, then the authority is told to look.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

HTTP, DNS = "http-01", "dns-01"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to prove that a name is ours."""

    kind: str
    url: str
    token: str
    status: str = "pending"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the authority wants to see before it believes in ``name``."""

    url: str
    name: str
    status: str
    challenges: tuple[Challenge, ...] = ()
    wildcard: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """As the authority shows it."""

    url: str
    status: str
    authorizations: tuple[Authorization, ...] = ()
    certificate: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """Put the answer to this challenge in place."""

    authorization: Authorization
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Answer:
    """Tell the authority to look."""

    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Look:
    """Nothing is to be done but to look again, a little later."""


@dataclass(frozen=True, slots=True)
class Finalize:
    """Send what is to be signed."""


@dataclass(frozen=True, slots=True)
class Download:
    """The certificate is there."""

    url: str


@dataclass(frozen=True, slots=True)
class Fail:
    """There will be no certificate by this order."""

    why: str


Step = Present | Answer | Look | Finalize | Download | Fail


def next_step(order: Order, kinds: Set[str], presented: Set[str], answered: Set[str]) -> Step:
    """``kinds`` of challenges can be met. ``presented`` and ``answered`` are the URLs of those that have been."""
    match order.status:
        case "pending":
            return _pending(order, kinds, presented, answered)
        case "ready":
            return Finalize()
        case "processing":
            return Look()
        case "valid" if order.certificate:
            return Download(order.certificate)
        case "invalid":
            return Fail(order.error or _faults(order) or "the authority gave the order up, and does not say why")
    return Fail(f"the authority shows an order that is {order.status!r}")


def _pending(order: Order, kinds: Set[str], presented: Set[str], answered: Set[str]) -> Step:
    if faults := _faults(order):
        return Fail(faults)
    chosen: list[tuple[Authorization, Challenge]] = []
    for authorization in order.authorizations:
        if authorization.status == "pending":
            challenge = _choice(authorization, kinds)
            if challenge is None:
                return Fail(_no_way(authorization, kinds))
            chosen.append((authorization, challenge))
    for authorization, challenge in chosen:
        if challenge.url not in presented:
            return Present(authorization, challenge)
    for _, challenge in chosen:
        if challenge.url not in answered and challenge.status == "pending":
            return Answer(challenge)
    return Look()


def _choice(authorization: Authorization, kinds: Set[str]) -> Challenge | None:
    """One that we can meet. A wildcard can be proven by DNS only (section 8.3)."""
    possible = kinds & {DNS} if authorization.wildcard else kinds
    return next((one for one in authorization.challenges if one.kind in possible), None)


def _no_way(authorization: Authorization, kinds: Set[str]) -> str:
    offered = ", ".join(one.kind for one in authorization.challenges) or "nothing"
    if authorization.wildcard and DNS not in kinds:
        return f"*.{authorization.name} can be proven by DNS only; give --dns-hook"
    return f"for {authorization.name} the authority offers {offered}, and we have {', '.join(sorted(kinds))}"


def _faults(order: Order) -> str:
    """Why authorizations of the order cannot become valid any more."""
    return "; ".join(_fault(one) for one in order.authorizations if one.status not in ("pending", "valid"))


def _fault(authorization: Authorization) -> str:
    told = [challenge.error for challenge in authorization.challenges if challenge.error]
    return f"{authorization.name}: {told[0] if told else 'the authorization is ' + authorization.status}"
