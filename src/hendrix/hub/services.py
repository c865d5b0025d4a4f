"""What else lives in the relay beside the hub, for all processes of a machine: see ``relay``."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from hendrix.hub.frames import Nonsense

Service = Callable[[bytes, float], bytes]

#: ``mail``.
MAIL = 130
#: Kind of frame -> module:factory.
SERVICES: dict[int, str] = {MAIL: "hendrix.hub.mail:Counter"}


class Services:
    """Those that were asked for so far; none costs anything before."""

    def __init__(self) -> None:
        self._made: dict[int, Service] = {}

    def find(self, kind: int) -> Service:
        """Who answers frames of that kind. Raises ``Nonsense``."""
        found = self._made.get(kind)
        if found is None:
            module, _, name = SERVICES.get(kind, "").partition(":")
            if not module:
                raise Nonsense(f"a frame of kind {kind}")
            found = self._made[kind] = getattr(importlib.import_module(module), name)()
        return found
