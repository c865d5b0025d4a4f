"""What the relay and its peers say to each other: frames over a unix stream socket. Pure.

    | length of what follows: 4 bytes | kind: 1 byte | body |

Numbers are big-endian. A request carries a number (4 bytes) of the peer's choice, and its reply the same. What is said
thousands of times a second (``PUBLISH``, ``OK``, ``DELIVER``) is packed, the rest is JSON. Kinds from 128 on belong to
services that live in the relay beside the hub (``services``): a body of request number and bytes, answered by a
frame of the same kind with the same number and other bytes. The contract holds between versions: after a reload
workers of both speak to one relay, so kinds are added and never changed.
"""

from __future__ import annotations

import json
import struct
from typing import Any

from hendrix.hub.history import Keep
from hendrix.hub.message import LARGEST_PAYLOAD, Id, Message

VERSION = 1

#: From a peer. All but HELLO, UNSUBSCRIBE, UNWATCH, JOIN and LEAVE are answered.
HELLO, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, LAST, JOIN, LEAVE, WATCH, UNWATCH, MEMBERS, FACTS = range(1, 12)
#: From the relay. WELCOME answers HELLO, OK a PUBLISH, REPLY all others, ERROR any of them.
WELCOME, OK, DELIVER, REPLAYED, REPLY, CHANGED, ERROR = range(65, 72)
#: From here on: services.
SERVICE = 128

_HEAD = struct.Struct("!IB")
_NUMBER = struct.Struct("!I")
_PUBLISH = struct.Struct("!IBIdH")
_OK = struct.Struct("!IQQ")
_DELIVER = struct.Struct("!QQBH")
#: The same with the head before it, for one concatenation less.
_PUBLISH_FRAME = struct.Struct("!IBIBIdH")
_OK_FRAME = struct.Struct("!IBIQQ")
_DELIVER_FRAME = struct.Struct("!IBQQBH")
_BINARY, _KEEP = 1, 2
LARGEST_FRAME = LARGEST_PAYLOAD + 65536
#: Of the relay, which names all members of a topic in one.
LARGEST_REPLY = 1 << 29


class Nonsense(Exception):
    """The other side does not speak this language: its connection is to be closed."""


class Splitter:
    """Bytes in, frames out."""

    def __init__(self, largest: int = LARGEST_FRAME) -> None:
        self._buffer = b""
        self._largest = largest

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take what arrived; return the frames that are complete. Raises ``Nonsense``."""
        if self._buffer:
            data = self._buffer + data
        found: list[tuple[int, bytes]] = []
        at, end = 0, len(data)
        while end - at >= 5:
            length, kind = _HEAD.unpack_from(data, at)
            if not 1 <= length <= self._largest:
                raise Nonsense(f"a frame of {length} bytes")
            stop = at + 4 + length
            if stop > end:
                break
            found.append((kind, data[at + 5 : stop]))
            at = stop
        self._buffer = data[at:]
        return found


def frame(kind: int, body: bytes) -> bytes:
    """One frame."""
    return _HEAD.pack(len(body) + 1, kind) + body


def told(kind: int, number: int, facts: Any) -> bytes:
    """A frame of JSON."""
    return frame(kind, _NUMBER.pack(number) + json.dumps(facts, separators=(",", ":")).encode())


def read_told(body: bytes) -> tuple[int, Any]:
    """The reverse of ``told``. Raises ``Nonsense``."""
    try:
        return _NUMBER.unpack_from(body)[0], json.loads(body[4:])
    except (ValueError, struct.error, RecursionError):
        raise Nonsense("no JSON where it should be") from None


def numbered(kind: int, number: int, data: bytes) -> bytes:
    """A frame of a service."""
    return frame(kind, _NUMBER.pack(number) + data)


def read_numbered(body: bytes) -> tuple[int, bytes]:
    """The reverse of ``numbered``. Raises ``Nonsense``."""
    if len(body) < 4:
        raise Nonsense("a request without a number")
    return _NUMBER.unpack_from(body)[0], body[4:]


def publish(number: int, topic: str, payload: bytes, *, binary: bool = False, keep: Keep | None = None) -> bytes:
    """PUBLISH."""
    name = topic.encode()
    flags = (_BINARY if binary else 0) | (_KEEP if keep else 0)
    last, seconds = keep or (0, 0.0)
    length = 1 + _PUBLISH.size + len(name) + len(payload)
    head = _PUBLISH_FRAME.pack(length, PUBLISH, number, flags, last, seconds, len(name))
    return b"".join((head, name, payload))


def read_publish(body: bytes) -> tuple[int, str, bytes, bool, Keep | None]:
    """Number, topic, payload, whether that is binary, and what to keep. Raises ``Nonsense``."""
    try:
        number, flags, last, seconds, length = _PUBLISH.unpack_from(body)
        start = _PUBLISH.size + length
        topic = body[_PUBLISH.size : start].decode()
    except (struct.error, UnicodeDecodeError):
        raise Nonsense("no PUBLISH") from None
    if start > len(body):
        raise Nonsense("a PUBLISH that is cut short")
    return number, topic, body[start:], bool(flags & _BINARY), Keep(last, seconds) if flags & _KEEP else None


def ok(number: int, id: Id) -> bytes:
    """OK."""
    return _OK_FRAME.pack(1 + _OK.size, OK, number, *id)


def read_ok(body: bytes) -> tuple[int, Id]:
    """The reverse of ``ok``."""
    try:
        number, epoch, position = _OK.unpack(body)
    except struct.error:
        raise Nonsense("no OK") from None
    return number, Id(epoch, position)


def deliver(message: Message) -> bytes:
    """DELIVER. Made once for all peers."""
    made: bytes | None = message.__dict__.get("_frame")
    if made is None:
        topic, payload = message.topic.encode(), message.payload
        length = 1 + _DELIVER.size + len(topic) + len(payload)
        head = _DELIVER_FRAME.pack(length, DELIVER, *message.id, _BINARY if message.binary else 0, len(topic))
        made = message.__dict__["_frame"] = b"".join((head, topic, payload))
    return made


def replayed(number: int, message: Message) -> bytes:
    """REPLAYED: a message that came before, as part of the reply to that request."""
    return frame(REPLAYED, _NUMBER.pack(number) + _message(message))


def read_message(body: bytes, at: int = 0) -> Message:
    """The message of a DELIVER, or (``at`` 4) of a REPLAYED."""
    try:
        epoch, number, flags, length = _DELIVER.unpack_from(body, at)
        start = at + _DELIVER.size
        topic = body[start : start + length].decode()
    except (struct.error, UnicodeDecodeError):
        raise Nonsense("no message") from None
    return Message(topic, Id(epoch, number), body[start + length :], binary=bool(flags & _BINARY))


def _message(message: Message) -> bytes:
    topic = message.topic.encode()
    head = _DELIVER.pack(*message.id, _BINARY if message.binary else 0, len(topic))
    return b"".join((head, topic, message.payload))
