"""What the text of an option may say: sizes, durations, numbers, addresses, networks. Each parser takes the text
and returns the value, or raises ``ValueError`` with a reason that fits behind the option's name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

Parser = Callable[[str], Any]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(|[kmgt]i?b?|b)", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(|ms|s|m|h|d)")
_SIZE_UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_DURATION_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def text(value: str) -> str:
    """Any text."""
    return value


def size(value: str) -> int:
    """Bytes: ``1048576``, ``64KB``, ``1.5MB`` (powers of 1024)."""
    match = _SIZE.fullmatch(value.strip())
    if not match:
        raise ValueError("is not a size: give bytes, or a number with KB, MB or GB")
    return int(float(match[1]) * _SIZE_UNITS[match[2][:1].lower()])


def duration(value: str) -> float:
    """Seconds: ``30``, ``1.5``, ``500ms``, ``2m``, ``6h``."""
    match = _DURATION.fullmatch(value.strip())
    if not match:
        raise ValueError("is not a duration: give seconds, or a number with ms, s, m, h or d")
    return float(match[1]) * _DURATION_UNITS[match[2]]


def number(low: int, high: int) -> Parser:
    """A parser of whole numbers from ``low`` to ``high``."""

    def parse(value: str) -> int:
        try:
            found = int(value)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if not low <= found <= high:
            raise ValueError(f"is not between {low} and {high}")
        return found

    return parse


def choice(*allowed: str) -> Parser:
    """A parser that takes one of ``allowed``."""

    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"is none of {', '.join(allowed)}")
        return value

    return parse


def switch(value: str) -> bool:
    """On or off, in the words of files and environments."""
    word = value.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("is not on or off")


def address(value: str) -> str:
    """A place to listen, in its normal form: ``HOST:PORT``, ``[v6]:PORT``, ``unix:/path`` or ``fd://N``."""
    if value.startswith("unix:"):
        return _unix_address(value)
    if value.startswith("fd://"):
        if not value[5:].isdigit():
            raise ValueError("is not fd://N with the number of an open descriptor")
        return value
    host, colon, port = value.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError("is not HOST:PORT, [v6]:PORT, unix:/path or fd://N")
    return f"{_host(host)}:{int(port)}"


def _unix_address(value: str) -> str:
    path = value.removeprefix("unix:")
    path = path.removeprefix("//") if path.startswith("///") else path
    if not path:
        raise ValueError("names no path after unix:")
    if len(path.encode()) > 107:
        raise ValueError("is longer than the 107 bytes that a unix socket's path may have")
    return f"unix:{path}"


def _host(host: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            raise ValueError("has no IPv6 address between its brackets") from None
    if ":" in host:
        raise ValueError("holds an IPv6 address without brackets: write [::1]:8000")
    return host if host not in ("", "*") else "0.0.0.0"


def networks(value: str) -> str:
    """Trusted peers, comma separated: addresses, CIDR networks, ``unix`` for unix sockets, ``*`` for all."""
    words = [word.strip() for word in value.split(",") if word.strip()]
    for word in words:
        if word not in ("*", "unix"):
            try:
                ipaddress.ip_network(word, strict=False)
            except ValueError:
                raise ValueError(f"has {word!r}, which is no address or network") from None
    return ",".join(words)
