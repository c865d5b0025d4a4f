"""``HendrixDeployCache``: with the HTTP cache, which is an option today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hendrix.deploy.base import HendrixDeploy
from hendrix.deploy.given import need


class HendrixDeployCache(HendrixDeploy):
    """``HendrixDeploy`` with ``options["cache"]``."""

    def __init__(self, action: str = "start", options: Mapping[str, Any] | None = None, *more: Any) -> None:
        need("cache", what="a cache")
        super().__init__(action, {**(options or {}), "cache": True}, *more)
