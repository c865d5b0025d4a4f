"""Which variant of an answer a request is for (RFC 9111 section 4.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from hendrix.cache.cookies import Cookies
from hendrix.core.negotiate import coding_weights

Fields = Mapping[bytes, bytes]
Names = tuple[bytes, ...]

#: Codings that applications use; what else a client may like makes no difference to them.
_CODINGS = (b"br", b"gzip", b"zstd", b"deflate")
_WHITE = re.compile(rb"[ \t]*,[ \t]*")
#: Fields that a Vary may name; past that an answer is not kept.
_MOST = 16


def names_of(vary: str) -> Names | None:
    """The fields that ``vary`` names, sorted; None for ``*``, which no request matches."""
    names = {name.strip().lower() for name in vary.split(",") if name.strip()}
    if "*" in names or len(names) > _MOST:
        return None
    return tuple(sorted(name.encode("latin-1", "replace") for name in names))


def values_of(names: Names, fields: Fields, cookies: Cookies) -> tuple[tuple[bytes, bytes], ...]:
    """What a request says in the fields ``names``, in one spelling for what means the same."""
    return tuple((name, _VALUES.get(name, _plain)(name, fields, cookies)) for name in names)


def variant_key(primary: bytes, values: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The key of one variant. No field's value can hold the line breaks that keep them apart."""
    return b"\n".join((primary, *(b"%b:%b" % pair for pair in values)))


def _plain(name: bytes, fields: Fields, _cookies: Cookies) -> bytes:
    """Section 4.1 lets white space be added or removed where the syntax does. Absent is not the same as empty."""
    value = fields.get(name)
    return b"\r" if value is None else _WHITE.sub(b",", value)


def _encodings(name: bytes, fields: Fields, _cookies: Cookies) -> bytes:
    value = fields.get(name)
    if value is None:
        return b"\r"
    weights = coding_weights(value)
    return b",".join(coding for coding in _CODINGS if weights.get(coding, weights.get(b"*", 0.0)) > 0)


def _cookies(name: bytes, fields: Fields, cookies: Cookies) -> bytes:
    return cookies.that_matter(fields.get(name))


def _languages(name: bytes, fields: Fields, cookies: Cookies) -> bytes:
    """RFC 5646 section 2.1.1: tags of languages are the same in any case. Their order is the visitor's.

    A language that was chosen by a cookie makes another variant, or the visitor's choice would be everybody's.
    """
    asked, chosen = _plain(name, fields, cookies).lower(), cookies.language_of(fields.get(b"cookie"))
    return b"%b\r%b" % (asked, chosen) if chosen else asked


_VALUES: dict[bytes, Callable[[bytes, Fields, Cookies], bytes]] = {
    b"accept-encoding": _encodings,
    b"accept-language": _languages,
    b"cookie": _cookies,
}
