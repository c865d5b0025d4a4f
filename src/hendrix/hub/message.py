"""A message, its id, and what a topic may be called. Pure.

An id is ``EPOCH-NUMBER``. Numbers are counted over all topics of a hub, so that one id says how far somebody has heard
all of them; a hub that has lost its memory begins a later epoch. So ids only ever grow, and compare as pairs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cached_property
from typing import Any, NamedTuple

from hendrix.core.errors import HendrixError

LONGEST_TOPIC = 255
"""Bytes of a topic's name."""
LARGEST_PAYLOAD = 1 << 20
"""Bytes of a message. What is larger belongs into a store, and its address into the message."""

_ID = re.compile(r"(\d{1,19})-(\d{1,19})")
_LARGEST = (1 << 63) - 1
#: General categories of Unicode that no name holds: controls, line and paragraph ends, surrogates.
_UNPRINTABLE = frozenset(("Cc", "Zl", "Zp", "Cs"))


class HubError(HendrixError):
    """A message could not be published, or a topic not be subscribed to."""


class BadTopic(HubError, ValueError):
    """That is no name of a topic."""


class Id(NamedTuple):
    """How far somebody has heard. ``Id(0, 0)`` is before everything."""

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"


NOTHING = Id(0, 0)


def read_id(text: str) -> Id | None:
    """The reverse of ``str(id)``. ``None`` for anything else, as peers may say what they like."""
    found = _ID.fullmatch(text)
    if not found:
        return None
    epoch, number = int(found[1]), int(found[2])
    return Id(epoch, number) if max(epoch, number) <= _LARGEST else None


class Message:
    """One message. ``binary``: its payload is the bytes that were published, not JSON."""

    # No slots: what is made of the payload for the first of many subscribers is kept for the others.

    def __init__(self, topic: str, id: Id, payload: bytes, *, binary: bool = False) -> None:
        self.topic = topic
        self.id = id
        self.payload = payload
        self.binary = binary

    @cached_property
    def data(self) -> Any:
        """What was published, as JSON carries it, or bytes. All subscribers share it: do not change it."""
        return self.payload if self.binary else json.loads(self.payload)

    @cached_property
    def text(self) -> str:
        """The payload as text: its JSON. Raises ``UnicodeDecodeError`` for bytes that are none."""
        return self.payload.decode()

    def __repr__(self) -> str:
        return f"<Message {self.id} of {self.topic!r}, {len(self.payload)} bytes>"


def check_topic(topic: object) -> str:
    """``topic`` if it may be one: text of 1 to 255 bytes without control characters and ``*``.

    There are no wildcards; that is why the character is refused, which elsewhere is one. Raises ``BadTopic``.
    """
    if not isinstance(topic, str):
        raise BadTopic(f"a topic is text, not {type(topic).__name__}")
    if topic in _checked:
        return topic
    try:
        length = len(topic.encode())
    except UnicodeEncodeError:
        raise BadTopic(f"the topic {topic!r:.80} holds a lone surrogate") from None
    if not 0 < length <= LONGEST_TOPIC:
        raise BadTopic(f"the topic {topic!r:.80} has {length} bytes; 1 to {LONGEST_TOPIC} are possible")
    if "*" in topic:
        raise BadTopic(f"the topic {topic!r:.80} holds a *: there are no wildcards, publish to several topics instead")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in topic):
        raise BadTopic(f"the topic {topic!r:.80} holds a control character")
    if len(_checked) >= _MOST_CHECKED:
        _checked.clear()
    _checked.add(topic)
    return topic


_MOST_CHECKED = 4096
#: Names that were found good.
_checked: set[str] = set()
