"""Databases that a project finds on its own machine: in containers, each is a container of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_KINDS = {
    "redis": "redis",
    "valkey": "redis",
    "postgres": "postgres",
    "postgresql": "postgres",
    "postgis": "postgres",
}
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_URL = re.compile(r"([a-z]+)://(?:([^/@\s]*)@)?(\[[0-9a-f:]+\]|[A-Za-z0-9_.-]+)(?::(\d+))?([/?][^\s]*)?", re.I)


@dataclass(frozen=True, slots=True)
class Beside:
    """``kind`` is redis or postgres, ``name`` the one of its container and its host."""

    kind: str
    name: str
    user: str = ""
    password: str = ""
    database: str = ""

    def moved(self, value: str) -> str:
        """``value``, if it is a URL of this machine, with the container's name in it."""
        found = _URL.fullmatch(value)
        if not found or _KINDS.get(found[1].lower()) != self.kind or found[3].lower() not in _LOCAL:
            return value
        return value[: found.start(3)] + self.name + value[found.end(3) :]


def found_in(variables: Mapping[str, str]) -> list[Beside]:
    """Those whose URLs name this machine, or a host without a domain. What is elsewhere stays there."""
    said: dict[str, Beside] = {}
    for value in variables.values():
        found = _URL.fullmatch(value)
        kind = _KINDS.get(found[1].lower()) if found else None
        if not found or not kind:
            continue
        host = found[3].lower()
        if host in _LOCAL or re.fullmatch(r"[a-z][a-z0-9_-]*", host):
            url = urlsplit(value)
            name = kind if host in _LOCAL else host
            user, password = unquote(url.username or ""), unquote(url.password or "")
            this = Beside(kind, name, user, password, unquote(url.path.strip("/")))
            if name not in said or (password and not said[name].password):
                said[name] = this
    return list(said.values())
