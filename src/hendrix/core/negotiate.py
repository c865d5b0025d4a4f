"""Which content coding to send (RFC 9110 section 12.5.3), decided from one field.

The peer's weights come first, then the server's order. A peer that says nothing gets no coding: all would be
acceptable, but who does not name one seldom knows one.
"""

from __future__ import annotations

import re
from functools import lru_cache

IDENTITY = "identity"
#: Bytes past which the field is as good as absent; the longest of a sound client has some fifty.
LONGEST = 1000
#: Fields that are remembered with what came of them. All browsers together send a few dozen.
_MOST = 256

#: RFC 9110 sections 12.5.3 and 12.4.2: a coding and perhaps its weight, or what stands between two commas.
_MEMBER = re.compile(
    rb"[ \t]*+([!#$%&'*+.^_`|~0-9a-z-]++)[ \t]*+(?:;[ \t]*+q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*+|(;.*))?",
    re.DOTALL,
)
#: RFC 9110 sections 8.4.1.1 and 8.4.1.3.
_ALIASES = {b"x-gzip": b"gzip", b"x-compress": b"compress"}


def choose_coding(accept_encoding: bytes | None, offered: tuple[str, ...]) -> str | None:
    """The coding of ``offered`` to send, or ``"identity"``; None where the peer refuses whatever there is.

    ``accept_encoding`` is the value of the field, repeated ones joined; None where there is none. ``offered`` is in
    the server's order of preference; ``"identity"`` stands last unless it has a place there.
    """
    if accept_encoding is None or len(accept_encoding) > LONGEST:
        return IDENTITY
    return _chosen(accept_encoding, offered)


@lru_cache(_MOST)
def _chosen(value: bytes, offered: tuple[str, ...]) -> str | None:
    weights = coding_weights(value)
    best, heaviest = None, 0.0
    for coding in offered if IDENTITY in offered else (*offered, IDENTITY):
        weight = weights.get(coding.encode("latin-1"), weights.get(b"*"))
        if weight is None:
            # Not named: only no coding at all is acceptable then, and what was asked for is better.
            weight = 0.0001 if coding == IDENTITY else 0.0
        if weight > heaviest:
            best, heaviest = coding, weight
    return best


def coding_weights(value: bytes) -> dict[bytes, float]:
    """The weight, 0 to 1, of each coding that an Accept-Encoding field names, in lower case; ``*`` is one of them.

    A member that is malformed names nothing. Where only its weight is, the coding is not to be sent, nor found behind
    ``*``; but no coding at all is not refused by mistake. Of two weights for one coding the lower one counts.
    """
    weights: dict[bytes, float] = {}
    for member in value.lower().split(b","):
        match = _MEMBER.fullmatch(member)
        if match is None:
            continue
        coding, weight, malformed = match.groups()
        if malformed is not None and coding in (b"identity", b"*"):
            continue
        coding = _ALIASES.get(coding, coding)
        worth = 0.0 if malformed is not None else float(weight or b"1")
        weights[coding] = min(worth, weights.get(coding, 1.0))
    return weights
