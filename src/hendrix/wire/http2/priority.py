"""Which answer goes first (RFC 9218 sections 4 and 5)."""

from __future__ import annotations

#: Section 4.1.
DEFAULT_URGENCY = 3
LEAST_URGENT = 7

#: Urgency, and whether its pieces are of use before it is complete. A peer that says nothing of an answer gets it
#: interleaved with others like it: a long one must not hold up what is asked for after it.
Priority = tuple[int, bool]
UNSAID: Priority = (DEFAULT_URGENCY, True)

_LONGEST = 256
_REMEMBERED = 256
_known: dict[bytes, Priority] = {}


def read_priority(value: bytes) -> Priority:
    """The Priority field, or what a PRIORITY_UPDATE says. What is malformed or unknown counts as not said."""
    found = _known.get(value)
    if found is None:
        found = _read(value)
        if len(_known) < _REMEMBERED and len(value) <= _LONGEST:
            _known[bytes(value)] = found
    return found


def _read(value: bytes) -> Priority:
    urgency, incremental = DEFAULT_URGENCY, False
    if len(value) > _LONGEST:
        return UNSAID
    for member in value.split(b","):
        word = member.split(b";")[0].strip(b" \t")
        if len(word) == 3 and word.startswith(b"u=") and b"0" <= word[2:] <= b"7":
            urgency = int(word[2:])
        elif word in (b"i", b"i=?1"):
            incremental = True
        elif word == b"i=?0":
            incremental = False
    return urgency, incremental
