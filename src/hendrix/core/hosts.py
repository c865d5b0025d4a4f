"""Names of hosts, as certificates have them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253


def name(value: str) -> str:
    """A host's name in its normal form, in ASCII, perhaps with ``*.`` before it; ``ValueError`` with a reason."""
    plain = value.strip().rstrip(".").lower()
    star, host = ("*.", plain[2:]) if plain.startswith("*.") else ("", plain)
    if _is_address(host):
        raise ValueError("is an address; certificates are for names such as example.org")
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        raise ValueError("is no name of a host; give one such as example.org") from None
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(host) > _LONGEST:
        raise ValueError("is no name of a host; give one such as example.org or *.example.org")
    return star + host


def names(value: str) -> str:
    """Several of them, comma separated."""
    found = [name(part) for part in value.split(",") if part.strip()]
    if not found:
        raise ValueError("names no host; give one such as example.org")
    return ",".join(dict.fromkeys(found))


def public(hosts: Iterable[str], *, wildcards: bool) -> list[str]:
    """The names in Django's ``ALLOWED_HOSTS`` that an authority could sign.

    ``.example.org`` there means the name and all below it: those are in ``*.example.org`` where ``wildcards`` can be
    had.
    """
    found: list[str] = []
    for host in hosts:
        try:
            bare = name(host.removeprefix("."))
        except ValueError:
            continue
        if host.startswith("*") or not _is_public(bare):
            continue
        found += [bare, f"*.{bare}"] if wildcards and host.startswith(".") else [bare]
    return list(dict.fromkeys(found))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_public(host: str) -> bool:
    """No authority signs names of one label, or of those that are kept for private use (RFC 6761, RFC 6762)."""
    labels = host.split(".")
    return len(labels) > 1 and labels[-1] not in ("localhost", "local", "test", "example", "invalid", "internal")
