"""What the files of a running server are called, without their ending: ``8000_site_settings``."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST = 64  # characters: the path of a unix socket has 107 bytes for everything


def server_name(addresses: Sequence[str], settings: str) -> str:
    """``addresses`` are those of its listeners; the first TCP port counts, or else the first unix socket.

    ``settings`` is its settings module or WSGI application.
    """
    return re.sub(r"[^\w-]", "_", f"{_place(addresses)}_{settings}")[:_LONGEST]


def serves(name: str, settings: str) -> bool:
    """Whether that is the name of a server of ``settings``, and not of others that end like them."""
    if not settings:
        return True
    port = name.partition("_")[0]
    if port.isdigit():
        return name == server_name([f":{port}"], settings)
    return name.endswith(server_name((), settings))


def _place(addresses: Sequence[str]) -> str:
    for address in addresses:
        if not address.startswith("unix:"):
            return address.rpartition(":")[2]
    return addresses[0].removeprefix("unix:").rpartition("/")[2] if addresses else ""
