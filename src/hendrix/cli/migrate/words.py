"""Values as other servers write them, as ours are written."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NGINX_UNITS = {"k": "KB", "m": "MB", "g": "GB", "": ""}


def seconds(text: str) -> str:
    """``65``, ``65s`` or nginx's ``1m`` and ``500ms``."""
    found = re.fullmatch(r"(\d+)(ms|s|m|h|d)?", text.strip())
    if found is None:
        return text
    number, unit = int(found[1]), found[2] or "s"
    if unit == "d":
        return f"{number * 24}h"
    return f"{number}{unit}" if unit != "ms" else f"{number / 1000:g}s"


def size(text: str) -> str:
    """nginx's ``10m``."""
    found = re.fullmatch(r"(\d+)([kmg]?)", text.strip().lower())
    return f"{found[1]}{_NGINX_UNITS[found[2]]}" if found else text


def address(host: str, port: str) -> str:
    """``HOST:PORT``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def named(place: str, assigned: Iterable[str]) -> str:
    """``place (NAME, NAME)`` of ``NAME=value``: a value may be a password, and what is made is for many eyes."""
    return f"{place} ({', '.join(each.partition('=')[0].strip() for each in assigned)})"


def octal(number: int) -> str:
    """A mode as it is written everywhere but in Python."""
    return f"{number:03o}"
