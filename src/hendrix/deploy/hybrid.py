"""``HendrixDeployHybrid``: TLS and the HTTP cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hendrix.deploy.given import need
from hendrix.deploy.tls import HendrixDeployTLS


class HendrixDeployHybrid(HendrixDeployTLS):
    """``HendrixDeployTLS`` with ``options["cache"]``."""

    def __init__(self, action: str = "start", options: Mapping[str, Any] | None = None, **more: Any) -> None:
        need("cache", what="a cache")
        super().__init__(action, {**(options or {}), "cache": True}, **more)
