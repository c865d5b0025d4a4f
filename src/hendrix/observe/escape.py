"""Values of strangers inside a line of the access log.

What a peer sends must never end a line, close a quote or reach a terminal as a control sequence. So every byte
that is not printable ASCII is written in Apache's way: ``\\n``, ``\\t`` and the like, else ``\\xhh``; ``"`` and
``\\`` get a backslash before them.
"""

from __future__ import annotations

from json.encoder import encode_basestring_ascii

from hendrix.observe.known import Known

_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\f": "\\f", "\b": "\\b"}


def _written(code: int) -> str:
    char = chr(code)
    return _NAMED.get(char) or (char if 0x20 <= code < 0x7F else f"\\x{code:02x}")


_WRITTEN = tuple(_written(code) for code in range(256))
#: Maps each byte that needs no escape to itself and any other to ``?``. ``bytes.translate`` gives a clean value back
#: unchanged, which is the quickest way in CPython to learn that there is nothing to do.
CLEAN = bytes(code if len(_WRITTEN[code]) == 1 else ord("?") for code in range(256))


def escaped(value: bytes) -> str:
    """``value`` for a place between double quotes."""
    if value.translate(CLEAN) == value:
        return value.decode("ascii")
    return "".join([_WRITTEN[code] for code in value])


def octets(text: str) -> bytes:
    """The bytes that ``text`` stands for: latin-1 as PEP 3333 has it, where it fits."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def word(text: str) -> str:
    """``text`` for a place without quotes: no spaces either, and ``-`` for nothing."""
    return escaped(octets(text)).replace(" ", "\\x20") or "-"


def json_bytes(value: bytes) -> str:
    """``value`` as a JSON string in ASCII. Bytes that are not UTF-8 show as ``\\xhh``."""
    if value.translate(CLEAN) == value:
        return f'"{value.decode("ascii")}"'
    return json_text(value.decode("utf-8", "backslashreplace"))


def json_text(value: str) -> str:
    """``value`` as a JSON string in ASCII."""
    return encode_basestring_ascii(value).replace("\x7f", "\\u007f")


#: By value, for what comes again: addresses, methods, hosts (``WORDS``, ``JSON_TEXTS``), header fields (the others).
WORDS: Known[str] = Known(word)
QUOTED: Known[bytes] = Known(escaped)
JSON_TEXTS: Known[str] = Known(json_text)
JSON_BYTES: Known[bytes] = Known(json_bytes)
