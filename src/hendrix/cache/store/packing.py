"""Kept answers as bytes, for stores outside a process. Nothing in them is run: lengths, numbers and text."""

from __future__ import annotations

import struct

from hendrix.cache.entry import Entry, Fork, Stored

_ENTRY, _FORK = b"E2", b"F1"
#: born, lifetime, while_revalidate, if_error; ticket, flags; numbers of headers, bodies, labels, vary.
_FIXED = struct.Struct("<ddddQBHBHH")
_MUST, _NO_CACHE, _SOFT = 1, 2, 4


class Damaged(ValueError):
    """These bytes are no kept answer of this version."""


def pack(stored: Stored) -> bytes:
    """``stored`` as bytes; ``unpack`` has it back. Of an entry's last fields, which are a process's own, nothing."""
    return _joined(_FORK, _fork_words(stored)) if isinstance(stored, Fork) else _joined(_ENTRY, _words(stored))


def unpack(data: bytes) -> Stored:
    """The reverse. Raises ``Damaged``."""
    try:
        words = _split(data)
        return _fork(words) if data[:2] == _FORK else _entry(words)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise Damaged(str(error)) from None


def _words(entry: Entry) -> list[bytes]:
    flags = _MUST * entry.must_revalidate | _NO_CACHE * entry.no_cache | _SOFT * entry.soft
    times = (entry.born, entry.lifetime, entry.while_revalidate, entry.if_error)
    counts = (len(entry.headers), len(entry.bodies), len(entry.labels), len(entry.vary))
    words = [_FIXED.pack(*times, entry.ticket, flags, *counts)]
    words += [entry.key, entry.url, entry.status.encode("latin-1"), entry.place]
    words += [text.encode("latin-1") for pair in entry.headers for text in pair]
    for coding, body in entry.bodies.items():
        words += [coding.encode("latin-1"), body]
    words += entry.labels
    for name, value in entry.vary:
        words += [name, value]
    return words


def _entry(words: list[bytes]) -> Entry:
    fixed, key, url, status, place = words[:5]
    born, lifetime, revalidate, on_error, ticket, flags, headers, bodies, labels, vary = _FIXED.unpack(fixed)
    at = 5 + 2 * headers
    text = [word.decode("latin-1") for word in words[5:at]]
    coded = words[at : at + 2 * bodies]
    at += 2 * bodies
    forked = words[at + labels :]
    if len(forked) != 2 * vary:
        raise IndexError("words are missing")
    return Entry(
        key,
        url,
        status.decode("latin-1"),
        list(zip(text[::2], text[1::2], strict=True)),
        {coding.decode("latin-1"): body for coding, body in zip(coded[::2], coded[1::2], strict=True)},
        born,
        lifetime,
        revalidate,
        on_error,
        must_revalidate=bool(flags & _MUST),
        no_cache=bool(flags & _NO_CACHE),
        labels=tuple(words[at : at + labels]),
        place=place,
        ticket=ticket,
        soft=bool(flags & _SOFT),
        vary=tuple(zip(forked[::2], forked[1::2], strict=True)),
    )


def _fork_words(fork: Fork) -> list[bytes]:
    words = [fork.key]
    for names in fork.names:
        words += [struct.pack("<H", len(names)), *names]
    return words


def _fork(words: list[bytes]) -> Fork:
    found, at = [], 1
    while at < len(words):
        (count,) = struct.unpack("<H", words[at])
        found.append(tuple(words[at + 1 : at + 1 + count]))
        at += 1 + count
    return Fork(words[0], tuple(found))


def _joined(kind: bytes, words: list[bytes]) -> bytes:
    count = len(words)
    return b"".join((kind, struct.pack(f"<I{count}I", count, *map(len, words)), *words))


def _split(data: bytes) -> list[bytes]:
    if data[:2] not in (_ENTRY, _FORK):
        raise IndexError("of another kind")
    (count,) = struct.unpack_from("<I", data, 2)
    lengths = struct.unpack_from(f"<{count}I", data, 6)
    at, words = 6 + 4 * count, []
    for length in lengths:
        words.append(data[at : at + length])
        at += length
    if at != len(data):
        raise IndexError("cut short")
    return words
